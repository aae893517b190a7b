"""The bounds, against models whose evidence is known."""

import math
from dataclasses import replace

import pytest
import torch
from torch.distributions import Laplace, MultivariateNormal, Normal
from torch.testing import assert_close

from snlib.mmvae import MMVAE, _SomePixels
from snlib.objectives import importance_log_weights, iwae


class LinearGaussian:
    """x = a z + noise, z standard normal in one dimension; the posterior is exact unless widened."""

    def __init__(self, a, noise, widen=1.0):
        self.a, self.noise, self.widen = torch.tensor(a), noise, widen

    def posterior(self, x):
        precision = 1 + (self.a**2).sum() / self.noise**2
        location = (x @ self.a) / self.noise**2 / precision
        return Normal(location[:, None], self.widen * precision**-0.5)

    def log_likelihood(self, z, x):
        return Normal(z * self.a, self.noise).log_prob(x).sum(-1)


@pytest.fixture
def linear_gaussian():
    experts = [LinearGaussian([1.0, -0.5, 2.0], 0.7), LinearGaussian([0.3, 0.8], 1.1)]
    generator = torch.Generator().manual_seed(0)
    z = torch.randn(5, 1, generator=generator)
    inputs = [z * e.a + e.noise * torch.randn(5, len(e.a), generator=generator) for e in experts]
    a = torch.cat([e.a for e in experts])
    noise = torch.cat([torch.full_like(e.a, e.noise**2) for e in experts])
    joint = MultivariateNormal(torch.zeros(5), torch.outer(a, a) + torch.diag(noise))
    return experts, inputs, joint.log_prob(torch.cat(inputs, 1))


PRIOR = Normal(0.0, 1.0)


def laplace(*shape):
    torch.manual_seed(7)
    return Laplace(0.0, 1.0).sample(shape)


def mean_and_error(bounds):
    return bounds.mean(0), bounds.std(0) / math.sqrt(len(bounds))


def log_weights_of(experts, inputs, k):
    """With K = k fresh normal numbers for each modality, event and latent number."""
    return importance_log_weights(experts, inputs, PRIOR, torch.randn(len(experts), k, len(inputs[0]), 1))


def estimate(experts, inputs, k, bound, repeats):
    """Bounds from independent draws, shape (repeats, B)."""
    repeated = [x.repeat(repeats, 1) for x in inputs]
    return iwae(log_weights_of(experts, repeated, k), bound).unflatten(0, (repeats, -1))


def test_with_one_modality_and_the_exact_posterior_every_sample_gives_the_evidence():
    expert = LinearGaussian([1.0, -0.5, 2.0], 0.7)
    x = torch.randn(4, 3, generator=torch.Generator().manual_seed(1))
    evidence = MultivariateNormal(
        torch.zeros(3), torch.outer(expert.a, expert.a) + 0.49 * torch.eye(3)
    ).log_prob(x)
    log_weights = log_weights_of([expert], [x], 3)
    assert log_weights.shape == (1, 3, 4)
    assert_close(log_weights, evidence.expand(1, 3, 4), rtol=0, atol=1e-4)


def test_tight_bound_converges_to_the_evidence(linear_gaussian):
    experts, inputs, evidence = linear_gaussian
    torch.manual_seed(0)
    bounds = estimate(experts, inputs, 2000, "tight", 20)
    assert_close(bounds.mean(0), evidence, rtol=0, atol=0.01)


@pytest.mark.parametrize("bound", ["tight", "loose"])
def test_bounds_stay_below_the_evidence_and_rise_with_k(linear_gaussian, bound):
    experts, inputs, evidence = linear_gaussian
    torch.manual_seed(1)
    previous = torch.full_like(evidence, -torch.inf)
    for k in (1, 2, 8):
        mean, error = mean_and_error(estimate(experts, inputs, k, bound, 20_000))
        assert (mean < evidence + 4 * error).all()
        assert (mean > previous).all()
        previous = mean


def test_loose_is_below_tight(linear_gaussian):
    experts, inputs, _ = linear_gaussian
    torch.manual_seed(2)
    log_weights = log_weights_of(experts, inputs, 2)
    assert (iwae(log_weights, "loose") < iwae(log_weights, "tight")).all()


def test_unweighted_average_is_an_unbiased_estimate_of_the_evidence(linear_gaussian):
    """E[w] = p(x) exactly: catches a wrong mixture, prior or factor in the weights."""
    experts, inputs, evidence = linear_gaussian
    torch.manual_seed(3)
    repeated = [x.repeat(200_000, 1) for x in inputs]
    weights = log_weights_of(experts, repeated, 1).unflatten(-1, (200_000, -1)).exp().mean((0, 1))
    mean, error = mean_and_error(weights)
    assert ((mean - evidence.exp()).abs() < 5 * error).all()
    assert (error < 0.02 * mean).all()


def test_one_sample_is_the_elbo_of_a_widened_posterior():
    """At K = 1, E[bound] = log p(x) - KL(q || posterior); the KL of two normals is closed."""
    expert = LinearGaussian([1.0, -0.5, 2.0], 0.7, widen=1.6)
    x = torch.randn(4, 3, generator=torch.Generator().manual_seed(2))
    evidence = MultivariateNormal(
        torch.zeros(3), torch.outer(expert.a, expert.a) + 0.49 * torch.eye(3)
    ).log_prob(x)
    kl = (1.6**2 - 1) / 2 - math.log(1.6)
    torch.manual_seed(4)
    for bound in ("tight", "loose"):
        mean, error = mean_and_error(estimate([expert], [x], 1, bound, 50_000))
        assert ((mean - (evidence - kl)).abs() < 5 * error).all()


def test_bounds_by_hand():
    log_weights = torch.tensor([[[1.0], [3.0]], [[2.0], [6.0]]]).log()
    assert_close(iwae(log_weights, "tight"), torch.tensor([3.0]).log())
    assert_close(iwae(log_weights, "loose"), torch.tensor([8.0]).log() / 2)
    with pytest.raises(ValueError, match="'wide'"):
        iwae(log_weights, "wide")


@torch.no_grad()
@pytest.mark.parametrize("k", [1, 2])
@pytest.mark.parametrize("missing", [None, "photometry", "spectrum"])
def test_mmvae_bound_is_finite_with_either_modality_missing(model, photometry, spectrum, k, missing):
    pair = {"photometry": photometry, "spectrum": spectrum}
    if missing:
        pair[missing] = replace(pair[missing], observed=torch.zeros_like(pair[missing].observed))
    bound = model.bound(**pair, noise=laplace(2, k, 3, 4, 4))
    assert bound.shape == (3,)
    assert torch.isfinite(bound).all()


@torch.no_grad()
def test_mmvae_bound_by_hand(model, photometry, spectrum):
    """One event, K = 1, written out with the formula of a Laplace density."""
    noise = laplace(2, 2, 3, 4, 4)
    bound = model.bound(photometry, spectrum, noise)
    q = [model.photometry.posterior(photometry), model.spectrum.posterior(spectrum)]
    z = [p.loc + p.scale * draws for p, draws in zip(q, noise, strict=True)]

    def log_laplace(x, location, scale):
        return -(x - location).abs() / scale - torch.log(2 * scale)

    log_w = []
    for m in range(2):
        for k in range(2):
            sample = z[m][k]
            log_q = (
                torch.stack([log_laplace(sample, p.loc, p.scale).sum((1, 2)) for p in q]).exp().mean(0).log()
            )
            log_p = log_laplace(sample, torch.tensor(0.0), torch.tensor(1.0)).sum((1, 2))
            for expert, x in ((model.photometry, photometry), (model.spectrum, spectrum)):
                out = expert.likelihood(sample[None], x)
                log_p = log_p + (log_laplace(x.value, out.loc[0], out.scale[0]) * x.observed).sum(1)
            log_w.append(log_p - log_q)
    log_w = torch.stack(log_w)
    tight = log_w.exp().mean(0).log() if log_w.min() > -80 else log_w.logsumexp(0) - math.log(4)
    loose = (log_w.unflatten(0, (2, 2)).logsumexp(1) - math.log(2)).mean(0)
    assert_close(bound, {"tight": tight, "loose": loose}[model.recipe.bound], rtol=1e-4, atol=1e-3)


@torch.no_grad()
def test_random_decoding_is_unbiased(model, spectrum):
    z = torch.randn(2, 3, 4, 4, generator=torch.Generator().manual_seed(8))
    full = model.spectrum.log_likelihood(z, spectrum)
    torch.manual_seed(9)
    drawn = [
        _SomePixels(model.spectrum, torch.randperm(40)[:10]).log_likelihood(z, spectrum) for _ in range(400)
    ]
    mean, error = mean_and_error(torch.stack(drawn))
    assert ((mean - full).abs() < 5 * error).all()
    assert (error > 0).all()


@torch.no_grad()
def test_decoding_all_wavelengths_at_random_is_full_decoding(model, photometry, spectrum):
    noise = laplace(2, 2, 3, 4, 4)
    everything = model.bound(photometry, spectrum, noise, torch.randperm(40))
    assert_close(everything, model.bound(photometry, spectrum, noise), rtol=1e-5, atol=1e-4)


def test_the_prior_is_a_standard_laplace(small_recipe):
    prior = MMVAE(small_recipe).prior()
    assert_close(prior.log_prob(torch.tensor(1.5)), Laplace(0.0, 1.0).log_prob(torch.tensor(1.5)))
