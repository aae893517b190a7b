"""The bounds, against models whose evidence is known."""

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import scipy.integrate
import scipy.stats
import torch
from torch.distributions import Laplace, MultivariateNormal
from torch.testing import assert_close

from snlib.model.linear_gaussian import (
    PRIOR,
    LinearGaussian,
    bounds,
    draw,
    log_evidence,
    mixture_log_weights,
)
from snlib.model.objectives import elbo, importance_log_weights, info_nce, iwae, stratified_samples
from snlib.model.registry import new_model
from snlib.model.vae import VAE, standard_laplace


def seeded(seed):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def linear_gaussian():
    """Two modalities, five events and their log evidence, written out."""
    experts = [LinearGaussian([1.0, -0.5, 2.0], 0.7), LinearGaussian([0.3, 0.8], 1.1)]
    inputs = draw(experts, 5, seeded(0))
    a = torch.tensor([1.0, -0.5, 2.0, 0.3, 0.8])
    covariance = torch.outer(a, a) + torch.diag(torch.tensor([0.49, 0.49, 0.49, 1.21, 1.21]))
    return experts, inputs, MultivariateNormal(torch.zeros(5), covariance).log_prob(torch.cat(inputs, 1))


def laplace(*shape):
    torch.manual_seed(7)
    return Laplace(0.0, 1.0).sample(shape)


def mean_and_error(bounds):
    return bounds.mean(0), bounds.std(0) / math.sqrt(len(bounds))


def log_weights_of(experts, inputs, k):
    """With K = k fresh normal numbers for each modality, event and latent number."""
    return mixture_log_weights(experts, inputs, torch.randn(len(experts), k, len(inputs[0]), 1))


def elbo_of(expert, x, prior, noise):
    """With K samples made from noise of shape (K, B, latent)."""
    posterior = expert.posterior(x)
    z = stratified_samples([posterior], noise[None])
    return elbo(posterior, expert.log_likelihood(z, x), prior)


def test_the_evidence_of_the_model(linear_gaussian):
    experts, inputs, evidence = linear_gaussian
    assert_close(log_evidence(experts, inputs), evidence)


def test_data_of_the_model_have_its_covariance(linear_gaussian):
    experts, _, _ = linear_gaussian
    data = torch.cat(draw(experts, 200_000, seeded(5)), 1)
    expected = torch.outer(a := torch.tensor([1.0, -0.5, 2.0, 0.3, 0.8]), a)
    expected += torch.diag(torch.tensor([0.49, 0.49, 0.49, 1.21, 1.21]))
    assert_close(data.T.cov(), expected, rtol=0, atol=0.05)


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
    mean, _ = bounds(experts, inputs, 2000, "tight", 20, seeded(0))
    assert_close(mean, evidence, rtol=0, atol=0.01)


@pytest.mark.parametrize("bound", ["tight", "loose"])
def test_bounds_stay_below_the_evidence_and_rise_with_k(linear_gaussian, bound):
    experts, inputs, evidence = linear_gaussian
    previous = torch.full_like(evidence, -torch.inf)
    for k in (1, 2, 8):
        mean, error = bounds(experts, inputs, k, bound, 20_000, seeded(k))
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


@pytest.fixture(params=[1.0, 1.6])
def widened(request):
    """A modality with the exact posterior, or a wider one; its data; its ELBO, in closed form.

    The ELBO is log p(x) - KL(q || posterior), and the divergence of two normals is closed.
    """
    expert = LinearGaussian([1.0, -0.5, 2.0], 0.7, widen=request.param)
    x = torch.randn(4, 3, generator=seeded(2))
    covariance = torch.outer(expert.a, expert.a) + 0.49 * torch.eye(3)
    evidence = MultivariateNormal(torch.zeros(3), covariance).log_prob(x)
    return expert, x, evidence - ((request.param**2 - 1) / 2 - math.log(request.param))


@pytest.mark.parametrize("bound", ["tight", "loose"])
def test_one_sample_is_the_elbo_in_expectation(widened, bound):
    expert, x, expected = widened
    mean, error = bounds([expert], [x], 1, bound, 50_000, seeded(4))
    assert ((mean - expected).abs() <= 5 * error + 1e-4).all()


@pytest.mark.parametrize("k", [1, 3])
def test_the_elbo_is_the_evidence_less_the_divergence(widened, k):
    expert, x, expected = widened
    noise = torch.randn(k, 4 * 50_000, 1, generator=seeded(5))
    mean, error = mean_and_error(elbo_of(expert, x.repeat(50_000, 1), PRIOR, noise).unflatten(0, (-1, 4)))
    assert ((mean - expected).abs() < 5 * error).all()
    assert (error < 0.02).all()


@pytest.mark.parametrize("loc, scale", [(0.0, 1.0), (0.7, 0.3), (-2.0, 1.8), (3.0, 0.05), (0.0, 0.2)])
def test_the_laplace_divergence_is_its_integral(loc, scale):
    """The ELBO of an expert without a likelihood is minus the divergence from the prior."""
    expert = SimpleNamespace(
        posterior=lambda x: Laplace(x[:, :1], x[:, 1:]), log_likelihood=lambda z, x: z.new_zeros(z.shape[:2])
    )
    x = torch.tensor([[loc, scale]], dtype=torch.float64)
    prior = standard_laplace(x)
    q, p = scipy.stats.laplace(loc, scale), scipy.stats.laplace()
    integral, _ = scipy.integrate.quad(
        lambda z: q.pdf(z) * (q.logpdf(z) - p.logpdf(z)),
        loc - 40 * scale, loc + 40 * scale, points=[loc, 0.0], limit=200,
    )  # fmt: skip
    divergence = -elbo_of(expert, x, prior, x.new_zeros(1, 1, 1)).item()
    assert divergence == pytest.approx(integral, abs=1e-8)
    assert divergence == pytest.approx(abs(loc) + scale * math.exp(-abs(loc) / scale) - math.log(scale) - 1)


class LaplaceExpert:
    """x = a z + Laplace noise, z standard Laplace; the posterior is a Laplace near the data."""

    a, scale = torch.tensor([1.0, -0.5, 2.0], dtype=torch.float64), 0.7

    def posterior(self, x):
        return Laplace((x @ self.a / self.a.square().sum())[:, None], 0.4)

    def log_likelihood(self, z, x):
        return Laplace(z * self.a, self.scale).log_prob(x).sum(-1)

    def log_evidence(self, x):
        """By numerical integration over z."""
        a, laplace = self.a.numpy(), scipy.stats.laplace

        def density(z):
            return laplace.pdf(z) * np.prod(laplace.pdf(x, z * a, self.scale))

        return math.log(scipy.integrate.quad(density, -30, 30, points=sorted([0.0, *(x / a)]), limit=400)[0])


def test_laplace_bounds_against_the_integrated_evidence():
    """IWAE <= evidence, and near it for large K; ELBO = IWAE at K = 1 in expectation."""
    expert, x = LaplaceExpert(), torch.tensor([[0.9, -0.2, 1.4], [-1.0, 1.5, -3.0]], dtype=torch.float64)
    prior = standard_laplace(x)
    evidence = torch.tensor([expert.log_evidence(row) for row in x.numpy()], dtype=torch.float64)
    torch.manual_seed(0)

    def draws(k, n):
        return Laplace(0.0, 1.0).sample((1, k, 2 * n, 1)).double()

    def mean_iwae(k, n):
        posteriors, repeated = [expert.posterior(x.repeat(n, 1))], x.repeat(n, 1)
        z = stratified_samples(posteriors, draws(k, n))
        log_weights = importance_log_weights(z, posteriors, [expert.log_likelihood(z, repeated)], prior)
        return mean_and_error(iwae(log_weights, "tight").unflatten(0, (n, 2)))

    one, error = mean_iwae(1, 40_000)
    closed, _ = mean_and_error(
        elbo_of(expert, x.repeat(40_000, 1), prior, draws(1, 40_000)[0]).unflatten(0, (-1, 2))
    )
    assert ((one - closed).abs() < 6 * error).all()
    many, _ = mean_iwae(5000, 20)
    assert (one + 5 * error < evidence).all()
    assert_close(many, evidence, rtol=0, atol=0.01)


def test_info_nce_by_hand():
    """Two pairs: each loss is the mean of two logistic losses of the differences."""
    similarity = torch.tensor([[2.0, 0.5], [-1.0, 1.0]])

    def softplus(x):
        return math.log1p(math.exp(x))

    expected = [
        (softplus(0.5 - 2.0) + softplus(-1.0 - 2.0)) / 2,
        (softplus(-1.0 - 1.0) + softplus(0.5 - 1.0)) / 2,
    ]
    assert_close(info_nce(similarity, torch.tensor([3, 8])), torch.tensor(expected))


def test_info_nce_of_no_information_is_the_log_of_the_batch():
    assert_close(info_nce(torch.zeros(7, 7), torch.arange(7)), torch.full((7,), math.log(7)))


def test_info_nce_does_not_count_other_phases_of_the_same_supernova():
    similarity = torch.randn(4, 4, generator=seeded(1))
    together = info_nce(similarity, torch.tensor([5, 5, 6, 7]))
    alone = info_nce(similarity[1:, 1:], torch.tensor([5, 6, 7]))
    assert_close(together[0], info_nce(similarity[[0, 2, 3]][:, [0, 2, 3]], torch.tensor([5, 6, 7]))[0])
    assert_close(together[1], alone[0])
    assert together[2] > alone[1]  # has both as counterexamples


def test_contrastive_loss_by_hand(pairs, small_recipe):
    """The negative Frobenius distance of every pair of 4 x 8 embeddings, over the temperature."""
    for temperature in (0.3, None):
        model = new_model("contrastive", replace(small_recipe, temperature=temperature), 0)
        batch = pairs[0].take(torch.tensor([0, 6, 14]))
        a, b = model.photometry(batch.photometry), model.spectrum(batch.spectrum)
        assert a.shape == b.shape == (3, 4, 8)
        distance = torch.stack([torch.stack([torch.linalg.matrix_norm(x - y) for y in b]) for x in a])
        logits = -distance / (temperature or 0.1)
        expected = torch.nn.functional.cross_entropy(logits, torch.arange(3), reduction="none")
        expected = expected + torch.nn.functional.cross_entropy(logits.T, torch.arange(3), reduction="none")
        assert_close(model(batch), expected / 2)
        assert any(name == "log_temperature" for name, _ in model.named_parameters()) == (temperature is None)


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
    drawn = [model.spectrum.log_likelihood(z, spectrum, torch.randperm(40)[:10]) for _ in range(400)]
    mean, error = mean_and_error(torch.stack(drawn))
    assert ((mean - full).abs() < 5 * error).all()
    assert (error > 0).all()


@torch.no_grad()
def test_decoding_all_wavelengths_at_random_is_full_decoding(model, photometry, spectrum):
    noise = laplace(2, 2, 3, 4, 4)
    everything = model.bound(photometry, spectrum, noise, torch.randperm(40))
    assert_close(everything, model.bound(photometry, spectrum, noise), rtol=1e-5, atol=1e-4)


def test_the_prior_is_a_standard_laplace(model):
    for prior in (model.prior(), model.photometry.prior()):
        assert_close(prior.log_prob(torch.tensor(1.5)), Laplace(0.0, 1.0).log_prob(torch.tensor(1.5)))


@torch.no_grad()
@pytest.mark.parametrize("modality", ["photometry", "spectrum"])
def test_the_elbo_of_a_vae_by_hand(small_recipe, modality, request):
    """Written out with the formulas of a Laplace density and of the divergence."""
    torch.manual_seed(0)
    vae, x = VAE(modality, small_recipe), request.getfixturevalue(modality)
    noise = laplace(3, 3, 4, 4)
    q = vae.posterior(x)
    out = vae.likelihood(q.loc + q.scale * noise, x)
    log_p = -(x.value - out.loc).abs() / out.scale - torch.log(2 * out.scale)
    divergence = q.loc.abs() + q.scale * torch.exp(-q.loc.abs() / q.scale) - q.scale.log() - 1
    expected = (log_p * x.observed).sum(-1).mean(0) - divergence.sum((1, 2))
    assert_close(vae.elbo(x, noise), expected, rtol=1e-5, atol=1e-4)


@torch.no_grad()
def test_a_vae_that_sees_nothing_has_nothing_to_explain(small_recipe, spectrum):
    """Likelihood 1 and posterior = prior: the ELBO is zero, exactly."""
    vae = VAE("spectrum", small_recipe)
    blind = replace(spectrum, observed=torch.zeros_like(spectrum.observed))
    assert torch.equal(vae.elbo(blind, laplace(2, 3, 4, 4)), torch.zeros(3))


@torch.no_grad()
@pytest.mark.parametrize("name", ["photometry-vae", "spectrum-vae", "mmvae"])
def test_masked_slots_contribute_exactly_nothing(pairs, small_recipe, name):
    """Whatever is written in them, to the last bit."""
    model, batch = new_model(name, small_recipe, 0), pairs[0].take(torch.arange(6))
    photometry, spectrum = batch.photometry, batch.spectrum
    assert not photometry.observed.all() and not spectrum.observed.all()
    other = replace(
        batch,
        photometry=replace(photometry, value=torch.where(photometry.observed, photometry.value, 7.0)),
        spectrum=replace(spectrum, value=torch.where(spectrum.observed, spectrum.value, -3.0)),
    )
    noise, pixels = laplace(model.n_posteriors, 2, 6, 4, 4), torch.arange(50)
    assert torch.equal(model(batch, noise, pixels), model(other, noise, pixels))


@torch.no_grad()
def test_the_loss_of_a_regressor_by_hand(pairs, small_recipe):
    batch = pairs[0].take(torch.tensor([0, 6, 14]))
    for modality in ("photometry", "spectrum"):
        model = new_model(f"{modality}-regressor", small_recipe, 0)
        error = model.predict(getattr(batch, modality)) - batch.parameters
        assert error.shape == (3, 6)
        assert_close(model(batch), (error**2).sum(1) / 6)


@torch.no_grad()
def test_the_joint_regressor_reads_both_modalities(pairs, small_recipe):
    """Its loss by hand; and what it says of an event changes with the light curve and with the spectrum."""
    batch, other = (pairs[0].take(torch.tensor(index)) for index in ([0, 6, 14], [7, 13, 1]))
    model = new_model("joint-regressor", small_recipe, 0)
    said = model.predict(batch.photometry, batch.spectrum)
    assert said.shape == (3, 6)
    assert_close(model(batch), ((said - batch.parameters) ** 2).sum(1) / 6)
    for changed in ((other.photometry, batch.spectrum), (batch.photometry, other.spectrum)):
        assert ((model.predict(*changed) - said).abs().amax(1) > 1e-6).all()


def test_the_weight_multiplies_the_light_curves_likelihood(small_recipe, pairs):
    """With one sample the bound is linear in it: 1, 3 and 5 times lie on a line."""
    recipe = replace(small_recipe, n_samples=1, bound="loose")
    batch = pairs[0].take(torch.arange(4))
    noise = torch.from_numpy(torch.distributions.Laplace(0.0, 1.0).sample((2, 1, 4, 4, 4)).numpy())
    models = [new_model("mmvae", replace(recipe, photometry_weight=weight), 0) for weight in (1.0, 3.0, 5.0)]
    losses = [model(batch, noise, None) for model in models]
    torch.testing.assert_close(losses[2] - losses[1], losses[1] - losses[0])
    assert (losses[1] - losses[0]).abs().min() > 1e-2
