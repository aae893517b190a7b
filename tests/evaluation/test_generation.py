"""Samples follow the prior and their seeds; power, depth and diversity by hand."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from snlib.data.events import LightCurves
from snlib.data.quantities import WAVELENGTH_AA
from snlib.evaluation.generation import (
    SCALES_KM_S,
    absorption_depth,
    conditional_spectra,
    generation_scores,
    power_spectrum,
    prior_spectra,
)
from snlib.inference.posteriors import from_light_curve, posterior_samples
from snlib.model.likelihoods import Laplace
from snlib.random_streams import stream

LIGHT_KM_S = 299_792.458
GRID_AA = WAVELENGTH_AA[::4]  # 246 pixels: an even number, whose highest frequency has no partner


def latent_as_spectrum(z, x):
    """In place of a decoder: the sixteen pixels of a spectrum are its latent numbers."""
    location = z.flatten(2)
    return Laplace(location, torch.ones_like(location))


@pytest.fixture
def decoding(model, dataset):
    """A model whose spectra are their latent, its scaling, and a function from spectra to latent numbers."""
    mean, unit = dataset.scaling.log10_fnu
    model.spectrum.likelihood = latent_as_spectrum
    return model, dataset.scaling, lambda spectra: (spectra - mean) / unit


def conditional(model, dataset, events, seed=3):
    return conditional_spectra(model, dataset.scaling, events, 10.0, seed)


def without_points(events):
    """The same events, but nothing was observed of their light curves."""
    curves = events.light_curves
    nothing = np.full_like(curves.magnitude, np.nan)
    return replace(events, light_curves=LightCurves(curves.phase_days, nothing, curves.band))


def test_prior_samples_are_posterior_samples_of_nothing(model, dataset):
    """Of a light curve without points the posterior is the prior: same seed, same spectra."""
    event = without_points(dataset.part("test").select([0]))
    wavelength = event.spectra.wavelength_aa
    posterior = from_light_curve(model, dataset.scaling, event)
    phase = np.array([10.0])
    rng = stream("prior samples", 3)
    expected, _ = posterior_samples(posterior, model.spectrum, dataset.scaling, phase, wavelength, 7, rng)
    spectra = prior_spectra(model, dataset.scaling, 10.0, wavelength, 7, seed=3)
    assert spectra.shape == (7, len(wavelength))
    np.testing.assert_array_equal(spectra, expected[:, 0])
    mean, unit = dataset.scaling.log10_fnu
    assert np.abs(spectra - mean).max() < 10 * unit  # log10 F_nu, not z-scores


def test_prior_samples_have_the_moments_of_a_standard_laplace(decoding):
    """All sixteen latent numbers: mean 0, variance 2, mean absolute value 1; independent."""
    model, scaling, latent_of = decoding
    latent = latent_of(prior_spectra(model, scaling, 10.0, np.linspace(3000, 8000, 16), 20_000, seed=0))
    assert latent.shape == (20_000, 16)
    np.testing.assert_allclose(latent.mean(0), 0, atol=0.05)
    np.testing.assert_allclose(np.abs(latent).mean(0), 1, atol=0.04)
    np.testing.assert_allclose(np.cov(latent.T), 2 * np.eye(16), atol=0.2)


def test_prior_samples_follow_the_seed_alone(model, dataset):
    wavelength = np.linspace(3000, 8000, 12)

    def draw(n, seed, phase_days=10.0):
        torch.rand(3)  # what others draw does not matter
        return prior_spectra(model, dataset.scaling, phase_days, wavelength, n, seed)

    six = draw(6, seed=1)
    np.testing.assert_array_equal(six, draw(6, seed=1))
    np.testing.assert_allclose(six[:4], draw(4, seed=1), atol=1e-5)  # more samples: the first stay
    assert np.abs(six - draw(6, seed=2)).max() > 1e-3
    assert np.abs(six - draw(6, seed=1, phase_days=-10.0)).max() > 1e-3
    assert np.abs(np.diff(six, axis=0)).max(axis=1).min() > 1e-4  # no sample twice


def test_conditional_spectra_do_not_depend_on_the_other_events(model, dataset):
    """Event i keeps its sample with fewer events, and when the others are hidden."""
    events = dataset.part("train")
    spectra = conditional(model, dataset, events)
    assert spectra.shape == (len(events), len(events.spectra.wavelength_aa))
    np.testing.assert_array_equal(conditional(model, dataset, events.select(np.arange(3))), spectra[:3])
    magnitude = events.light_curves.magnitude.copy()
    magnitude[[0, 2]] = np.nan
    changed = replace(events, light_curves=replace(events.light_curves, magnitude=magnitude))
    differs = np.abs(conditional(model, dataset, changed) - spectra).max(1) > 0
    assert np.flatnonzero(differs).tolist() == [0, 2]


def test_conditional_spectra_follow_posterior_and_seed(decoding, dataset):
    """In latent numbers a sample is the location, and the scale times a standard Laplace number."""
    model, scaling, latent_of = decoding
    wavelength = np.linspace(3000, 8000, 16)
    event = dataset.part("test").select([0])
    spectra = replace(event.spectra, wavelength_aa=wavelength, log10_fnu=np.zeros((1, 5, 16)))
    event = replace(event, spectra=spectra)
    posterior = from_light_curve(model, scaling, event)
    scores = np.concatenate(
        [
            (latent_of(conditional(model, dataset, event, seed)) - posterior.loc.flatten(1).numpy())
            / posterior.scale.flatten(1).numpy()
            for seed in range(400)
        ]
    )
    assert scores.mean() == pytest.approx(0, abs=0.08)
    assert np.abs(scores).mean() == pytest.approx(1, abs=0.06)
    np.testing.assert_array_equal(conditional(model, dataset, event), conditional(model, dataset, event))


def test_same_light_curves_differ_in_their_samples(model, dataset):
    """Without any points all posteriors are one; each event still has a stream of its own."""
    spectra = conditional(model, dataset, without_points(dataset.part("train")))
    assert np.abs(np.diff(spectra, axis=0)).max(axis=1).min() > 1e-4


@pytest.mark.parametrize("wavelength_aa", [WAVELENGTH_AA[:-1], WAVELENGTH_AA], ids=["odd", "even"])
def test_power_sums_to_the_variance(wavelength_aa):
    """Parseval, after straight line and window are done by hand."""
    x, n = np.log(wavelength_aa), len(wavelength_aa)
    spectrum = np.random.default_rng(0).normal(size=n) + 3 * x
    scale, power = power_spectrum(spectrum[None], wavelength_aa)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n) / (n - 1))
    windowed = (spectrum - np.polyval(np.polyfit(x, spectrum, 1), x)) * window
    expected = np.var(windowed / np.sqrt(np.mean(window**2)))
    assert len(scale) == power.shape[1] == n // 2
    assert power.sum() == pytest.approx(expected, rel=1e-9)
    assert expected == pytest.approx(1, rel=0.2)  # the window keeps the variance of white noise


@pytest.mark.parametrize(
    ("scale_km_s", "name"), [(2_500, "fine"), (7_000, "lines"), (15_000, "lines"), (40_000, "broad")]
)
def test_a_sine_has_its_power_at_its_scale(scale_km_s, name):
    """A^2 / 2 in the few oscillations next to it, which the window spreads it over."""
    amplitude, phase = 0.3, 0.4
    wave = amplitude * np.sin(2 * np.pi * np.log(WAVELENGTH_AA) * LIGHT_KM_S / scale_km_s + phase)
    scale, power = power_spectrum(wave[None] - 12, WAVELENGTH_AA)
    assert (np.diff(scale) < 0).all()
    near = np.argsort(np.abs(1 / scale - 1 / scale_km_s))[:5]
    assert power[0, near].sum() == pytest.approx(amplitude**2 / 2, rel=0.02)
    assert scale[power[0].argmax()] == pytest.approx(scale_km_s, rel=0.1)
    scores = generation_scores(wave[None].repeat(2, 0), WAVELENGTH_AA).iloc[0]
    for other in SCALES_KM_S:
        expected = amplitude**2 / 2 if other == name else 0
        assert scores[f"power_{other}_dex2"] == pytest.approx(expected, abs=0.03 * amplitude**2)


def test_level_and_slope_have_no_power():
    lines = np.array([[-12.0], [-13.0]]) + np.array([[2.0], [-0.5]]) * np.log(GRID_AA / 5000)
    _, power = power_spectrum(lines, GRID_AA)
    assert power.max() < 1e-20


def test_missing_pixels_are_interpolated():
    x = np.log(GRID_AA)
    full = np.stack([np.sin(9 * x), np.cos(7 * x)])
    gappy, filled = full.copy(), full.copy()
    gappy[0, 100:103] = np.nan
    gappy[1, :2] = np.nan  # at the edge the nearest flux stands in
    for pixel in (100, 101, 102):
        share = (x[pixel] - x[99]) / (x[103] - x[99])
        filled[0, pixel] = full[0, 99] + share * (full[0, 103] - full[0, 99])
    filled[1, :2] = full[1, 2]
    np.testing.assert_allclose(power_spectrum(gappy, GRID_AA)[1], power_spectrum(filled, GRID_AA)[1])
    assert np.abs(power_spectrum(gappy, GRID_AA)[1] - power_spectrum(full, GRID_AA)[1]).max() > 1e-12


def test_uneven_wavelengths_have_no_power_spectrum():
    with pytest.raises(ValueError, match="evenly spaced"):
        power_spectrum(np.zeros((1, 50)), np.linspace(3000, 8000, 50))


def test_scores_by_hand():
    """Spectra +-a, +-b about a mean: variances that know of the number of spectra and of gaps."""
    shape = np.array([0.1, -0.1, 0.3, -0.3])[:, None] * np.ones(len(GRID_AA))
    spectra = -12 + 0.2 * np.log(GRID_AA / 5000) + shape
    scores = generation_scores(spectra, GRID_AA)
    assert scores["variance_dex2"].to_numpy() == pytest.approx(4 / 3 * np.array([0.01, 0.01, 0.09, 0.09]))
    assert scores["variance_dex2"].mean() == pytest.approx(np.var(shape[:, 0], ddof=1))
    powers = [f"power_{name}_dex2" for name in SCALES_KM_S]
    assert list(scores) == ["variance_dex2", *powers, "blend_depth_dex"]
    assert scores[powers].to_numpy() == pytest.approx(0, abs=1e-20)
    assert scores["blend_depth_dex"].to_numpy() == pytest.approx(absorption_depth(spectra, GRID_AA))
    spectra[3, 5:] = np.nan
    gappy = generation_scores(spectra, GRID_AA)["variance_dex2"]
    assert gappy[3] == pytest.approx(4 / 3 * 0.09)
    # Where it is missing, the other three have the mean 0.1.
    of_four, of_three = 4 / 3 * 0.01, 3 / 2 * 0.04
    assert gappy[1] == pytest.approx(of_three + 5 / len(GRID_AA) * (of_four - of_three))


def test_absorption_depth_by_hand():
    """A triangle between its shoulders on any slope; a bump is negative, nothing is zero."""
    slope = -12 + 1e-4 * WAVELENGTH_AA
    triangle = np.clip(1 - np.abs(WAVELENGTH_AA - 4250) / 200, 0, None)
    spectra = slope - np.array([[0.4], [0.0], [-0.2]]) * triangle
    mean_of_triangle = 1 - 25 / 200  # over 50 Angstrom to either side
    expected = np.array([0.4, 0.0, -0.2]) * mean_of_triangle
    assert absorption_depth(spectra, WAVELENGTH_AA) == pytest.approx(expected, abs=3e-3)
    spectra[:, np.abs(WAVELENGTH_AA - 4550) < 20] = np.nan
    assert absorption_depth(spectra, WAVELENGTH_AA) == pytest.approx(expected, abs=3e-3)
