"""Training objectives: bounds on the evidence of one or more modalities (Eq. 3), and InfoNCE.

Shapes: M modalities, K samples from each, B events of a batch.
"""

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.distributions import Distribution, kl_divergence

__all__ = ["elbo", "importance_log_weights", "info_nce", "iwae", "stratified_samples"]


def elbo(
    posterior: Distribution, log_likelihood: Float[Tensor, "K B"], prior: Distribution
) -> Float[Tensor, " B"]:
    """Evidence lower bound, ``E_q log p(x | z) - KL(q || p)``, with the divergence in closed form.

    For Laplace posterior (location mu, scale b) and standard Laplace prior the divergence is
    ``|mu| + b exp(-|mu| / b) - log b - 1`` for each latent number.

    Parameters
    ----------
    posterior : Distribution
        q(z | x), of shape (B, ...).
    log_likelihood : Tensor, shape (K, B)
        Log p(x | z) of K samples from the posterior.
    prior : Distribution
        Over single latent numbers.

    Returns
    -------
    Tensor, shape (B,)
        In nats.
    """
    return log_likelihood.mean(0) - kl_divergence(posterior, prior).flatten(1).sum(-1)


def stratified_samples(posteriors, noise: Float[Tensor, "M K B *latent"]) -> Float[Tensor, "MK B *latent"]:
    """K latent samples from each of M posteriors in turn, of a location and a scale.

    Parameters
    ----------
    posteriors : sequence of M Distribution, shape (B, ...)
    noise : Tensor, shape (M, K, B, ...)
        Draws from the posteriors' family with location 0 and scale 1.

    Returns
    -------
    Tensor, shape (M K, B, ...)
    """
    return torch.cat([q.loc + q.scale * draws for q, draws in zip(posteriors, noise, strict=True)])


def importance_log_weights(
    z: Float[Tensor, "MK B *latent"], posteriors, log_likelihoods, prior: Distribution
) -> Float[Tensor, "M K B"]:
    """Log importance weights of samples drawn from each expert in turn.

    ``log p(z) + sum_m log p(x_m | z) - log q(z | x)`` with the mixture ``q = (1/M) sum_m q_m`` (Eq. 1).

    Parameters
    ----------
    z : Tensor, shape (M K, B, ...)
        See `stratified_samples`.
    posteriors : sequence of M Distribution, shape (B, ...)
    log_likelihoods : sequence of M Tensor, shape (M K, B)
        Log p(x_m | z) of each modality.
    prior : Distribution
        Over single latent numbers.

    Returns
    -------
    Tensor, shape (M, K, B)
        In nats.
    """
    n_modalities = len(posteriors)
    log_q = torch.stack([posterior.log_prob(z).flatten(2).sum(-1) for posterior in posteriors])
    log_mixture = log_q.logsumexp(0) - math.log(n_modalities)  # (M K, B)
    log_joint = prior.log_prob(z).flatten(2).sum(-1)
    for log_likelihood in log_likelihoods:
        log_joint = log_joint + log_likelihood
    return (log_joint - log_mixture).unflatten(0, (n_modalities, -1))


def iwae(log_weights: Float[Tensor, "M K B"], bound: str) -> Float[Tensor, " B"]:
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
        In nats.

    Raises
    ------
    ValueError
        If there is no such bound.

    Examples
    --------
    One good and one bad expert, with a sample each: the tight bound hardly minds, the loose one does.

    >>> import torch
    >>> from snlib.model import iwae
    >>> log_weights = torch.tensor([[[0.0]], [[-100.0]]])
    >>> [round(iwae(log_weights, bound).item(), 2) for bound in ("tight", "loose")]
    [-0.69, -50.0]
    """
    n_modalities, n_samples, _ = log_weights.shape
    if bound == "tight":
        return log_weights.flatten(0, 1).logsumexp(0) - math.log(n_modalities * n_samples)
    if bound == "loose":
        return (log_weights.logsumexp(1) - math.log(n_samples)).mean(0)
    raise ValueError(f"bound is {bound!r}, expected 'tight' or 'loose'")


def info_nce(similarity: Float[Tensor, "B B"], event: Int[Tensor, " B"]) -> Float[Tensor, " B"]:
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
