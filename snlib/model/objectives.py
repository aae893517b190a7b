"""Training objectives: bounds on the evidence of one or more modalities (Eq. 3), and InfoNCE."""

import math

import torch
from torch.distributions import kl_divergence

from snlib.training.side_by_side import side_by_side

__all__ = ["elbo", "importance_log_weights", "info_nce", "iwae"]


def elbo(expert, x, prior, noise):
    """Evidence lower bound, ``E_q log p(x | z) - KL(q || p)``, with the divergence in closed form.

    For Laplace posterior (location mu, scale b) and standard Laplace prior the divergence is
    ``|mu| + b exp(-|mu| / b) - log b - 1`` for each latent number.

    Parameters
    ----------
    expert : object
        With ``posterior(x) -> Distribution`` over latents (B, *latent), of a location and a scale,
        and ``log_likelihood(z, x) -> (K, B)`` for z of shape (K, B, *latent).
    x : input of the expert
    prior : torch.distributions.Distribution
        Over single latent numbers.
    noise : Tensor, shape (K, B, *latent)
        Draws from the posterior's family with location 0 and scale 1.

    Returns
    -------
    Tensor, shape (B,)
    """
    posterior = expert.posterior(x)
    z = posterior.loc + posterior.scale * noise
    divergence = kl_divergence(posterior, prior).flatten(1).sum(-1)
    return expert.log_likelihood(z, x).mean(0) - divergence


def importance_log_weights(experts, inputs, prior, noise):
    """Log importance weights of samples drawn from each expert in turn.

    For z from the posterior of modality m, ``log p(z) + sum_m' log p(x_m' | z) - log q(z | x)``
    with the mixture ``q = (1/M) sum_m q_m`` (Eq. 1).  The samples are stratified: K from each expert.

    Parameters
    ----------
    experts : sequence of M objects
        Each as in `elbo`.
    inputs : sequence of M inputs
    prior : torch.distributions.Distribution
        Over single latent numbers.
    noise : Tensor, shape (M, K, B, *latent)
        Draws from the posteriors' family with location 0 and scale 1.

    Returns
    -------
    Tensor, shape (M, K, B)
    """
    pairs = list(zip(experts, inputs, strict=True))
    posteriors = side_by_side(_posterior, pairs, noise.device)
    z = torch.cat(
        [q.loc + q.scale * draws for q, draws in zip(posteriors, noise, strict=True)]
    )  # (M K, B, ...)
    log_q = torch.stack([posterior.log_prob(z).flatten(2).sum(-1) for posterior in posteriors])
    log_mixture = log_q.logsumexp(0) - math.log(len(posteriors))
    log_joint = prior.log_prob(z).flatten(2).sum(-1)
    for log_likelihood in side_by_side(_log_likelihood, [(*pair, z) for pair in pairs], noise.device):
        log_joint = log_joint + log_likelihood
    return (log_joint - log_mixture).unflatten(0, noise.shape[:2])


def _posterior(expert, x):
    return expert.posterior(x)


def _log_likelihood(expert, x, z):
    return expert.log_likelihood(z, x)


def iwae(log_weights, bound):
    """Importance-weighted bound on the log evidence of each event (Eq. 3).

    Eq. 3 can be read in two ways (Shi et al. 2019).  ``"tight"`` averages all M K weights inside
    one logarithm; ``"loose"`` takes the logarithm of each expert's average of K weights, then the
    mean over experts, so that every expert must explain the data by itself.

    Parameters
    ----------
    log_weights : Tensor, shape (M, K, B)
    bound : {"tight", "loose"}

    Returns
    -------
    Tensor, shape (B,)
    """
    n_modalities, n_samples, _ = log_weights.shape
    if bound == "tight":
        return log_weights.flatten(0, 1).logsumexp(0) - math.log(n_modalities * n_samples)
    if bound == "loose":
        return (log_weights.logsumexp(1) - math.log(n_samples)).mean(0)
    raise ValueError(f"bound is {bound!r}, expected 'tight' or 'loose'")


def info_nce(similarity, event):
    """InfoNCE of each pair of a batch: finding its spectrum by its light curve, and the reverse.

    Parameters
    ----------
    similarity : Tensor, shape (B, B)
        Of light curve i (rows) and spectrum j (columns).
    event : Tensor of int, shape (B,)
        The supernova of each pair.  Other pairs of the same supernova are no counterexamples (a
        supernova has one light curve, but spectra at several phases), and are left out.

    Returns
    -------
    Tensor, shape (B,)
        Mean of the two cross-entropies, in nats.
    """
    itself = torch.eye(len(event), dtype=torch.bool, device=event.device)
    other_view = (event[:, None] == event) & ~itself
    logits = similarity.masked_fill(other_view, -torch.inf)
    by_light_curve, by_spectrum = (logits.log_softmax(dim).diagonal() for dim in (1, 0))
    return -(by_light_curve + by_spectrum) / 2
