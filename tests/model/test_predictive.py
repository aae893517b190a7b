"""A predictive MMVAE says what PyTorch's densities say, and leaves its MMVAE alone."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.distributions import LowRankMultivariateNormal, MultivariateNormal

from snlib.model.mmvae import MMVAE
from snlib.model.predictive import PredictiveMMVAE
from snlib.model.registry import new_model
from snlib.training.loop import train
from snlib.training.steps import Steps


@pytest.fixture
def recipe(small_recipe):
    return replace(small_recipe, ended_early=0.5)


@pytest.fixture
def predictive(recipe):
    return new_model("predictive-mmvae", recipe, seed=0).eval()


def the_mmvae(predictive):
    """The MMVAE inside, as a model of its own."""
    mmvae = MMVAE(predictive.recipe).eval()
    mmvae.load_state_dict({name: predictive.state_dict()[name] for name in mmvae.state_dict()})
    return mmvae


def covariance(normal):
    return normal.factors @ normal.factors.mT + torch.diag_embed(normal.scale.square())


def test_the_location_is_what_the_mmvae_decodes(predictive, photometry, spectrum):
    found, mmvae = predictive.predictive(photometry, spectrum), the_mmvae(predictive)
    z = mmvae.photometry.posterior(photometry).loc
    torch.testing.assert_close(found.loc, mmvae.spectrum.likelihood(z[None], spectrum).loc[0])
    assert found.factors.shape == (3, 40, 8) and (found.scale > 0).all()


def test_the_loss_is_minus_the_density_of_pytorch(predictive, pairs):
    index = torch.tensor([0, 7, 31])
    pairs[0].observed[:] = True
    batch, pixels = pairs[0].take(index), torch.arange(0, 50, 3)
    normal = predictive.predictive(batch.photometry, batch.spectrum.at(pixels))
    exact = LowRankMultivariateNormal(normal.loc, normal.factors, normal.scale.square())
    found = predictive(batch, torch.zeros(0, 2, 3, 4, 4), pixels)
    torch.testing.assert_close(found, -exact.log_prob(batch.spectrum.value[:, pixels]), rtol=1e-4, atol=1e-3)


def test_the_loss_of_some_pixels_is_the_marginal(predictive, pairs):
    """Of those that are drawn and observed, cut out of the covariance of all pixels."""
    batch, pixels = pairs[0].take(torch.tensor([3, 12])), torch.tensor([40, 2, 17, 5, 33, 18, 9, 48])
    batch.spectrum.observed[0, pixels[:3]] = False
    whole = predictive.predictive(batch.photometry, batch.spectrum)
    losses = predictive(batch, None, pixels)
    for i, loss in enumerate(losses):
        seen = pixels[batch.spectrum.observed[i, pixels]]
        exact = MultivariateNormal(whole.loc[i, seen], covariance(whole)[i][seen][:, seen])
        expected = -exact.log_prob(batch.spectrum.value[i, seen])
        torch.testing.assert_close(loss, expected, rtol=1e-4, atol=1e-3)


def test_points_that_are_hidden_do_not_matter(predictive, photometry, spectrum):
    hidden = ~photometry.observed
    other = replace(
        photometry,
        time=torch.where(hidden, 3.0, photometry.time),
        value=torch.where(hidden, -7.0, photometry.value),
        band=torch.where(hidden, 5, photometry.band),
    )
    shown = replace(photometry, value=photometry.value + photometry.observed)

    def numbers(photometry):
        return torch.cat([x.flatten() for x in vars(predictive.predictive(photometry, spectrum)).values()])

    torch.testing.assert_close(numbers(other), numbers(photometry))
    assert (numbers(shown) - numbers(photometry)).abs().max() > 0.01


def test_a_light_curve_without_points(predictive, photometry, spectrum):
    """Its prediction is finite, has a gradient, and is one and the same whatever is written in the slots."""
    nothing = torch.zeros_like(photometry.observed)
    spectrum = replace(spectrum, phase=spectrum.phase[:1].expand(3))
    found = predictive.predictive(replace(photometry, observed=nothing), spectrum)
    for x in vars(found).values():
        assert torch.isfinite(x).all()
        torch.testing.assert_close(x, x[:1].expand_as(x))
    at_prior = the_mmvae(predictive).spectrum.likelihood(torch.zeros(1, 3, 4, 4), spectrum).loc[0]
    torch.testing.assert_close(found.loc, at_prior)
    found.log_likelihood(spectrum.value, spectrum.observed).sum().backward()
    gradients = [parameter.grad for parameter in predictive.errors.parameters()]
    assert all(torch.isfinite(gradient).all() for gradient in gradients)


def test_the_mmvae_inside_stays_as_it_is(predictive, pairs):
    before = {name: tensor.clone() for name, tensor in predictive.state_dict().items()}
    train(predictive.train(), *pairs, n_steps=20, seed=0)
    after = predictive.state_dict()
    inside = set(the_mmvae(predictive).state_dict())
    assert all(torch.equal(before[name], after[name]) for name in inside)
    learned = {name for name in before if not torch.equal(before[name], after[name])}
    assert learned == {f"errors.{name}" for name in predictive.errors.state_dict()}
    assert learned == {name for name, parameter in predictive.named_parameters() if parameter.requires_grad}


def test_a_killed_training_resumes_bit_for_bit(recipe, pairs, tmp_path, monkeypatch):
    """Though most weights have no state of the optimiser."""
    unbroken, killed, resumed = (new_model("predictive-mmvae", recipe, seed=0) for _ in range(3))
    checkpoint, step, calls = tmp_path / "checkpoint.safetensors", Steps._step, []
    train(unbroken, *pairs, n_steps=20, seed=3)

    def dies(steps):
        if len(calls) == 13:
            raise KeyboardInterrupt
        calls.append(step(steps))

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Steps, "_step", dies)
        train(killed, *pairs, n_steps=20, seed=3, checkpoint=checkpoint)
    monkeypatch.setattr(Steps, "_step", lambda steps: calls.append(step(steps)))
    train(resumed, *pairs, n_steps=20, seed=3, checkpoint=checkpoint)
    assert 20 <= len(calls) < 25
    for a, b in zip(unbroken.state_dict().values(), resumed.state_dict().values(), strict=True):
        assert torch.equal(a, b)


def test_it_learns_how_pixels_err_together(pairs, recipe):
    """Spectra that differ from what is decoded by a number of their own, plus noise of each pixel."""
    recipe = replace(recipe, hidden_points=0.0, ended_early=0.0, learning_rate=1e-2)
    torch.manual_seed(0)
    predictive = PredictiveMMVAE(recipe, n_modes=1)
    rng, index = np.random.default_rng(0), torch.arange(len(pairs[0]))
    batch = pairs[0].take(index)
    with torch.no_grad():
        decoded = predictive.predictive(batch.photometry, batch.spectrum).loc
    error = 0.5 * rng.standard_normal((len(index), 1)) + 0.2 * rng.standard_normal(decoded.shape)
    flux = (decoded + torch.from_numpy(error.astype(np.float32))).view_as(pairs[0].flux)
    pairs = replace(pairs[0], flux=flux, observed=torch.ones_like(pairs[0].observed))
    train(predictive, pairs, pairs, n_steps=200, seed=0)
    with torch.no_grad():
        normal = predictive.predictive(batch.photometry, batch.spectrum)
    assert normal.scale.mean().item() == pytest.approx(0.2, rel=0.1)
    correlation = normal.factors[..., 0].square() / covariance(normal).diagonal(dim1=-2, dim2=-1)
    assert correlation.mean().item() == pytest.approx(0.25 / (0.25 + 0.04), abs=0.1)
