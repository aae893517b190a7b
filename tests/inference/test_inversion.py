"""Surrogate inversion: against the surrogate itself, scipy's least squares, and the truth."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.optimize import least_squares
from scipy.stats import binom, chi2

from snlib.data import quantities
from snlib.data.events import LightCurves
from snlib.inference.inversion import (
    Inversion,
    _deviations,
    _Model,
    _Points,
    invert_light_curves,
    inverted_samples,
)
from snlib.simulation.grid_prior import N_PARAMETERS, grid_parameters
from snlib.simulation.packets import log10_packets_per_flux, with_packet_noise
from snlib.simulation.photometry import band_magnitudes
from snlib.simulation.spectra import observe_spectra
from snlib.simulation.surrogate import PHOTOMETRY_WAVELENGTH_AA, Surrogate
from snlib.simulation.surrogate_features import centred_parameters

SCALE = 0.05
WAVELENGTHS = quantities.WAVELENGTH_AA[::20]


@pytest.fixture(scope="module")
def surrogate():
    """The shipped one, with three of its residual surfaces."""
    shipped = Surrogate.load()
    return replace(shipped, residuals=shipped.residuals[:3])


def predicted_magnitudes(surrogate, u, phase_days, band):
    """By the surrogate itself, for one event."""
    surface = surrogate.log10_fnu(
        grid_parameters(u[None]), phase_days, PHOTOMETRY_WAVELENGTH_AA, u[None, N_PARAMETERS:]
    )[0]
    return band_magnitudes(PHOTOMETRY_WAVELENGTH_AA, surface)[np.arange(len(band)), band]


def simulate(surrogate, n_events, scale, seed=0, slots=30):
    """Unknowns drawn from the prior and light curves with Gaussian noise, some slots empty."""
    rng = np.random.default_rng(seed)
    u = rng.standard_normal((n_events, N_PARAMETERS + len(surrogate.residuals)))
    phase_days = rng.uniform(-8, 60, (n_events, slots))
    band = rng.integers(0, 6, (n_events, slots))
    magnitude = np.array(
        [predicted_magnitudes(surrogate, *event) for event in zip(u, phase_days, band, strict=True)]
    )
    magnitude += scale * rng.standard_normal(magnitude.shape)
    magnitude[rng.random(magnitude.shape) < 0.1] = np.nan
    return u, LightCurves(phase_days, magnitude, band)


@pytest.fixture(scope="module")
def simulated(surrogate):
    u, light_curves = simulate(surrogate, 40, SCALE)
    return u, light_curves, invert_light_curves(surrogate, light_curves, SCALE)


def test_magnitudes_and_their_jacobian_are_those_of_the_surrogate(surrogate):
    u, light_curves = simulate(surrogate, 3, SCALE)
    points = _Points.of(light_curves, SCALE)
    deviation, jacobian = _deviations(_Model.of(surrogate), points, torch.from_numpy(u))
    for i in range(3):
        seen = light_curves.observed[i]
        at = light_curves.phase_days[i][seen], light_curves.band[i][seen]

        def expected(u, i=i, seen=seen, at=at):
            return (predicted_magnitudes(surrogate, u, *at) - light_curves.magnitude[i][seen]) / SCALE

        np.testing.assert_allclose(deviation[i, seen], expected(u[i]), atol=1e-6)
        steps = 1e-5 * np.eye(u.shape[1])
        slopes = [(expected(u[i] + step) - expected(u[i] - step)) / 2e-5 for step in steps]
        np.testing.assert_allclose(jacobian[i, seen], np.transpose(slopes), rtol=1e-5, atol=1e-4)
        assert not deviation[i, ~seen].any() and not jacobian[i, ~seen].any()


def test_mean_and_covariance_are_those_of_least_squares(surrogate, simulated):
    """Where no point is beyond Huber's limit; the prior is one more deviation for each unknown."""
    _, light_curves, inversion = simulated
    compared = 0
    for i in range(10):
        seen = light_curves.observed[i]
        at = light_curves.phase_days[i][seen], light_curves.band[i][seen]

        def deviations(u, i=i, seen=seen, at=at):
            magnitude = predicted_magnitudes(surrogate, u, *at)
            return np.concatenate([(magnitude - light_curves.magnitude[i][seen]) / SCALE, u])

        at_mean = deviations(inversion.mean[i])
        if np.abs(at_mean[: seen.sum()]).max() > 1.9:
            continue
        expected = least_squares(deviations, inversion.mean[i], jac="3-point", xtol=1e-12)
        covariance = np.linalg.inv(expected.jac.T @ expected.jac)
        sigma = np.sqrt(np.diag(covariance))
        np.testing.assert_allclose(inversion.mean[i] / sigma, expected.x / sigma, atol=0.03)
        np.testing.assert_allclose(
            inversion.covariance[i] / np.outer(sigma, sigma), covariance / np.outer(sigma, sigma), atol=0.03
        )
        assert inversion.chi2[i] == pytest.approx((at_mean[: seen.sum()] ** 2).sum())
        compared += 1
    assert compared >= 2


def test_the_truth_is_found_without_noise(surrogate):
    plain = replace(surrogate, residuals=surrogate.residuals[:0])
    u, light_curves = simulate(plain, 8, 0.0, slots=60)
    inversion = invert_light_curves(plain, light_curves, 1e-3)
    assert inversion.converged.all()
    np.testing.assert_allclose(inversion.mean, u, atol=0.1)
    np.testing.assert_allclose(
        centred_parameters(grid_parameters(inversion.mean)), centred_parameters(grid_parameters(u)), atol=0.03
    )


def test_the_posterior_covers_the_truth(simulated):
    u, _, inversion = simulated
    assert inversion.converged.mean() > 0.9
    error = u - inversion.mean
    distance = np.einsum("nd,nde,ne->n", error, np.linalg.inv(inversion.covariance), error)
    # Shares of events and of unknowns; the mean distance would hang on the few posteriors with long tails.
    for level in (0.5, 0.9):
        low, high = binom(len(u), level).ppf([1e-3, 0.999]) / len(u)
        assert low <= np.mean(distance < chi2(u.shape[1]).ppf(level)) <= high
    sigma = np.sqrt(np.diagonal(inversion.covariance, axis1=1, axis2=2))
    assert 0.85 < np.mean(np.abs(error) < 1.645 * sigma) < 0.95
    # It says more than the prior.
    assert (np.linalg.slogdet(inversion.covariance)[1] < -4).all()


def test_a_light_curve_without_points_gives_the_prior(surrogate, simulated):
    light_curves = simulated[1].select([0, 1, 2, 3])  # a copy
    light_curves.phase_days[1] = 61.0
    light_curves.phase_days[2] = -21.0
    light_curves.magnitude[3] = -11.9
    light_curves.magnitude[0] = np.nan
    inversion = invert_light_curves(surrogate, light_curves, SCALE)
    assert inversion.converged.all()
    np.testing.assert_array_equal(inversion.mean, np.zeros((4, 8)))
    np.testing.assert_array_equal(inversion.covariance, np.tile(np.eye(8), (4, 1, 1)))


def test_an_event_is_the_same_whatever_the_others(surrogate, simulated):
    _, light_curves, together = simulated
    chosen = [33, 4]
    alone = invert_light_curves(surrogate, light_curves.select(chosen), SCALE)
    np.testing.assert_allclose(alone.mean, together.mean[chosen], atol=1e-6)
    np.testing.assert_allclose(alone.covariance, together.covariance[chosen], atol=1e-6)


def test_it_does_not_matter_how_far_out_an_outlier_is(surrogate, simulated):
    """Beyond Huber's limit a point pulls alike at any distance."""
    _, light_curves, clean = simulated
    light_curves = light_curves.select(np.arange(5))
    outlier = np.arange(5), light_curves.observed.argmax(1)
    means = []
    for offset in (0.0, 1.0, 3.0):
        magnitude = light_curves.magnitude.copy()
        magnitude[outlier] -= offset
        curves = LightCurves(light_curves.phase_days, magnitude, light_curves.band)
        means.append(invert_light_curves(surrogate, curves, SCALE).mean)
    sigma = np.sqrt(np.diagonal(clean.covariance[:5], axis1=1, axis2=2))
    assert (np.abs(means[2] - means[1]) / sigma).max() < 0.05
    assert 0.2 < (np.abs(means[1] - means[0]) / sigma).max() < 4


@pytest.mark.parametrize("scale", [0.0, -0.1, np.nan, np.inf])
def test_impossible_scales_are_refused(surrogate, simulated, scale):
    with pytest.raises(ValueError, match=r"magnitude_scale: .* expected a positive number"):
        invert_light_curves(surrogate, simulated[1], scale)


def drawn(*arguments, seed=0):
    return inverted_samples(*arguments, np.random.default_rng(seed))


def point_mass(u):
    """Certain of one event's unknowns."""
    return Inversion(u[None], np.zeros((1, len(u), len(u))), np.zeros(1), np.ones(1, bool))


def test_latent_samples_are_the_surrogate_at_draws_of_the_posterior(surrogate, simulated):
    inversion = simulated[2]
    at = np.array([-5.0, 20.0]), WAVELENGTHS
    certain = drawn(surrogate, point_mass(inversion.mean[3]), 0, *at, 2)[0]
    expected = surrogate.log10_fnu(
        grid_parameters(inversion.mean[3:4]), *at, inversion.mean[3:4, N_PARAMETERS:]
    )
    np.testing.assert_allclose(certain, np.repeat(expected, 2, axis=0))
    # Linear within the posterior, or nearly so.
    latent = drawn(surrogate, inversion, 3, *at, 400)[0]
    steps = 1e-3 * np.eye(len(inversion.mean[3]))
    slopes = [
        (drawn(surrogate, point_mass(inversion.mean[3] + s), 0, *at, 1)[0] - expected) / 1e-3 for s in steps
    ]
    slopes = np.concatenate(slopes).reshape(len(steps), -1)
    sigma = np.sqrt(np.einsum("dx,de,ex->x", slopes, inversion.covariance[3], slopes))
    assert np.median(latent.std(0).ravel() / sigma) == pytest.approx(1, abs=0.15)


def test_predictive_samples_have_the_noise_of_simulated_spectra(surrogate, simulated):
    u = simulated[2].mean[3]
    latent, predictive = drawn(
        surrogate, point_mass(u), 0, quantities.SPECTRUM_PHASES_DAYS, quantities.WAVELENGTH_AA, 100
    )
    nickel, rng = grid_parameters(u[None])[0, 2], np.random.default_rng(1)
    noise = quantities.WAVELENGTH_AA, nickel, surrogate.log10_packets, rng
    simulated_spectra = observe_spectra(np.array([with_packet_noise(fnu, *noise) for fnu in latent]))
    seen = ~np.isnan(simulated_spectra).any(0)
    assert seen.mean() > 0.9
    ratio = predictive.std(0)[seen] / simulated_spectra.std(0)[seen]
    assert np.mean(ratio) == pytest.approx(1, abs=0.02)
    difference = (predictive.mean(0) - simulated_spectra.mean(0))[seen]
    assert np.abs(difference.mean()) < 2e-3


def test_a_faint_pixel_still_has_a_packet(surrogate, simulated):
    """Where packets are rare every observed pixel holds one, whatever the flux."""
    dark = replace(surrogate, log10_packets=surrogate.log10_packets - 8)
    u = simulated[2].mean[3]
    phase_days = quantities.SPECTRUM_PHASES_DAYS
    predictive = drawn(dark, point_mass(u), 0, phase_days, quantities.WAVELENGTH_AA, 2)[1]
    nickel = grid_parameters(u[None])[0, 2]
    one = -log10_packets_per_flux(quantities.WAVELENGTH_AA, nickel, dark.log10_packets)
    np.testing.assert_allclose(predictive, np.broadcast_to(one, predictive.shape), atol=1e-3)


def test_samples_depend_on_the_seed_only_and_on_the_surrogate(surrogate, simulated):
    at = simulated[2], 5, np.array([0.0]), WAVELENGTHS, 3
    first, again, other = (drawn(surrogate, *at, seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first[1] != other[1]).all()
    with pytest.raises(ValueError, match="amplitudes: expected shape"):
        drawn(Surrogate.load(), *at)
