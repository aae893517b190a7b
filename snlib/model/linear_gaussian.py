"""A model of two modalities whose evidence is known exactly, to test the objectives against.

Each modality is a linear map of one standard normal number plus normal noise, so that data of
both are jointly normal.  Its posteriors are exact for their own modality, unless widened.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor
from torch.distributions import MultivariateNormal, Normal

from snlib.model.objectives import importance_log_weights, iwae, stratified_samples

__all__ = ["PRIOR", "LinearGaussian", "bounds", "draw", "log_evidence", "mixture_log_weights"]

PRIOR = Normal(0.0, 1.0)


class LinearGaussian:
    """``x = a z + noise``: one modality, with what the objectives ask for.

    Parameters
    ----------
    a : sequence of float
        One slope for each number of x.
    scale : float
        Of the noise.
    widen : float
        Factor on the scale of the exact posterior.
    """

    def __init__(self, a, scale, widen=1.0):
        self.a, self.scale, self.widen = torch.tensor(a), scale, widen

    def posterior(self, x: Float[Tensor, "B n"]) -> Normal:
        """q(z | x): normal of shape (B, 1)."""
        precision = 1 + self.a.square().sum() / self.scale**2
        location = (x @ self.a) / self.scale**2 / precision
        scale = self.widen * precision.rsqrt()
        return Normal(location[:, None], scale.expand(len(x), 1))

    def log_likelihood(self, z: Float[Tensor, "K B 1"], x: Float[Tensor, "B n"]) -> Float[Tensor, "K B"]:
        """Log p(x | z), shape (K, B), for z of shape (K, B, 1)."""
        return Normal(z * self.a, self.scale).log_prob(x).sum(-1)


def draw(experts, n: int, generator) -> list:
    """Draw n events: a list with the data of each modality, shape (n, length of a)."""
    z = torch.randn(n, 1, generator=generator)
    return [z * e.a + e.scale * torch.randn(n, len(e.a), generator=generator) for e in experts]


def log_evidence(experts, inputs: list) -> Float[Tensor, " B"]:
    """Log p of the data of all modalities together, shape (B,): a multivariate normal."""
    a = torch.cat([expert.a for expert in experts])
    variance = torch.cat([torch.full_like(expert.a, expert.scale**2) for expert in experts])
    covariance = torch.outer(a, a) + torch.diag(variance)
    return MultivariateNormal(torch.zeros_like(a), covariance).log_prob(torch.cat(inputs, 1))


def mixture_log_weights(experts, inputs: list, noise: Float[Tensor, "M K B 1"]) -> Float[Tensor, "M K B"]:
    """Log importance weights of all modalities, shape (M, K, B), for noise of shape (M, K, B, 1)."""
    posteriors = [expert.posterior(x) for expert, x in zip(experts, inputs, strict=True)]
    z = stratified_samples(posteriors, noise)
    log_likelihoods = [expert.log_likelihood(z, x) for expert, x in zip(experts, inputs, strict=True)]
    return importance_log_weights(z, posteriors, log_likelihoods, PRIOR)


def bounds(experts, inputs: list, k: int, bound: str, repeats: int, generator):
    """Mean and standard error of a bound of Eq. 3 over independent draws, each of shape (B,).

    Parameters
    ----------
    experts : sequence of LinearGaussian
    inputs : list of Tensor, shape (B, n)
    k : int
        Samples per modality.
    bound : {"tight", "loose"}
    repeats : int
    generator : torch.Generator
    """
    repeated = [x.repeat(repeats, 1) for x in inputs]
    noise = torch.randn(len(experts), k, len(repeated[0]), 1, generator=generator)
    log_weights = mixture_log_weights(experts, repeated, noise)
    each = iwae(log_weights, bound).unflatten(0, (repeats, -1))
    return each.mean(0), each.std(0) / math.sqrt(repeats)
