"""Posteriors that mean what they say, and the mean spectrum."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from snlib.inference.posteriors import from_light_curve, from_spectra, mean_spectrum, posterior_samples


@pytest.fixture
def draw(model, dataset):
    events = dataset.part("test").select(np.array([0]))
    spectra = events.spectra

    def function(n_samples=40, phases=spectra.phase_days, wavelengths=spectra.wavelength_aa, seed=0):
        posterior = from_light_curve(model, dataset.scaling, events)
        return posterior_samples(
            posterior,
            model.spectrum,
            dataset.scaling,
            phases,
            wavelengths,
            n_samples,
            np.random.default_rng(seed),
        )

    return function


def test_posterior_samples_have_their_shape_and_unit(draw, dataset):
    latent, predictive = draw()
    assert latent.shape == predictive.shape == (40, 5, 50)
    mean, scale = dataset.scaling.log10_fnu
    assert abs(latent.mean() - mean) < 5 * scale


def test_the_likelihood_only_widens(draw):
    latent, predictive = draw(n_samples=400)
    assert (predictive.std(0) > latent.std(0)).mean() > 0.95
    np.testing.assert_allclose(predictive.mean(0), latent.mean(0), atol=6 * predictive.std() / 20)


@pytest.mark.parametrize("model", ["text"], indirect=True)
def test_the_likelihood_has_its_scale(draw, dataset):
    """With a fixed scale of one z-unit the added noise has the quantiles of a Laplace distribution."""
    latent, predictive = draw(n_samples=400)
    noise = (predictive - latent) / dataset.scaling.log10_fnu[1]
    assert np.quantile(noise, [0.05, 0.5, 0.95]) == pytest.approx([-np.log(10), 0, np.log(10)], abs=0.05)


def test_samples_follow_the_seed_and_not_what_else_is_asked_for(draw, dataset):
    spectra = dataset.events.spectra
    latent, _ = draw(seed=3)
    np.testing.assert_array_equal(latent, draw(seed=3)[0])
    assert np.abs(latent - draw(seed=4)[0]).max() > 0
    some, _ = draw(seed=3, phases=spectra.phase_days[[3]], wavelengths=spectra.wavelength_aa[10:20])
    np.testing.assert_allclose(some, latent[:, [3], 10:20], atol=1e-4)


def test_a_light_curve_without_points_gives_prior_samples(model, dataset):
    test = dataset.part("test").select(np.array([0]))
    nothing = np.full_like(test.light_curves.magnitude, np.nan)
    blind = replace(test, light_curves=replace(test.light_curves, magnitude=nothing))
    posterior = from_light_curve(model, dataset.scaling, blind)
    assert (posterior.loc == 0).all() and (posterior.scale == 1).all()
    latent, _ = posterior_samples(
        posterior, model.spectrum, dataset.scaling, test.spectra.phase_days, test.spectra.wavelength_aa, 10,
        np.random.default_rng(0),
    )  # fmt: skip
    assert np.isfinite(latent).all()


def test_spectra_are_encoded_each_by_itself(model, dataset):
    """Five spectra, five posteriors; decoded each at its own phase."""
    event = dataset.part("test").select([0])
    posterior = from_spectra(model.spectrum, dataset.scaling, event)
    assert posterior.loc.shape == (5, 4, 4)
    pairs = dataset.pairs("test", "cpu")
    one = model.spectrum.posterior(pairs.take(torch.tensor([3])).spectrum)
    np.testing.assert_allclose(posterior.loc[3], one.loc[0].detach(), atol=1e-5)
    spectra = event.spectra

    def draw(posterior, phase_days, seed):
        where, rng = (phase_days, spectra.wavelength_aa), np.random.default_rng(seed)
        return posterior_samples(posterior, model.spectrum, dataset.scaling, *where, 400, rng)[0]

    together, alone = draw(posterior, spectra.phase_days, 0), draw(one, spectra.phase_days[[3]], 1)
    error = np.hypot(together[:, 3].std(0), alone[:, 0].std(0)) / 20
    assert (abs(together[:, 3].mean(0) - alone[:, 0].mean(0)) < 5 * error + 1e-5).all()


def test_mean_spectrum_ignores_masked_pixels(events):
    mean = mean_spectrum(events)
    flux = events.spectra.log10_fnu
    seen = ~np.isnan(flux[:, 2, 7])
    assert mean.shape == (5, 50) and seen.sum() < len(seen)
    assert mean[2, 7] == pytest.approx(flux[seen, 2, 7].mean())
