"""Truth, mean and bands are where they should be, and bands are what they say."""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest

from snlib.data.events import Spectra
from snlib.figures.spectra import (
    mean_and_bands,
    plot_prediction,
    plot_predictions,
    plot_reconstruction,
    plot_spectra,
    plot_truth,
    running_mean,
)
from snlib.figures.style import FNU_LABEL, WAVELENGTH_LABEL, method_colour
from snlib.inference.posteriors import SpectrumPosterior
from tests.figures.artists import bands, colour, edges, labelled, labels, legend, line, the

WAVELENGTH = np.array([3000.0, 4500.0, 8000.0])
LEVEL = np.array([-12.0, -13.0, -12.5])  # of each pixel


def samples_about(level, n=99):
    """The numbers from 1 to n above a level, in no order: of 99, one more lies below k with k / 100."""
    numbers = np.random.default_rng(0).permutation(np.arange(1.0, n + 1))
    return level + numbers[:, None]


def test_bands_are_the_central_intervals_of_one_more_draw():
    mean, (wide, narrow) = mean_and_bands(samples_about(LEVEL), (90, 68))
    assert mean == pytest.approx(LEVEL + 50)
    assert wide[0] == pytest.approx(LEVEL + 5) and wide[1] == pytest.approx(LEVEL + 95)
    assert narrow[0] == pytest.approx(LEVEL + 16) and narrow[1] == pytest.approx(LEVEL + 84)
    _, (only,) = mean_and_bands(samples_about(LEVEL, 39))  # of 39, one more lies below k with k / 40
    assert only[0] == pytest.approx(LEVEL + 2) and only[1] == pytest.approx(LEVEL + 38)


def test_too_few_samples_have_no_band():
    with pytest.raises(ValueError, match="18 are too few"):
        mean_and_bands(samples_about(LEVEL, 18))
    assert mean_and_bands(samples_about(LEVEL, 18), ())[1] == []


def test_a_prediction_is_its_mean_and_its_bands(ax):
    inner, outer = (LEVEL - 0.1, LEVEL + 0.2), (LEVEL - 0.5, LEVEL + 0.6)
    plot_prediction(ax, WAVELENGTH, LEVEL, [outer, inner], color="#123456", label="ours")
    np.testing.assert_array_equal(line(ax, "ours"), (WAVELENGTH, LEVEL))
    assert len(ax.lines) == 1 and len(bands(ax)) == 2
    for band, (lower, upper) in zip(bands(ax), (outer, inner), strict=True):
        np.testing.assert_allclose(edges(band), (WAVELENGTH, lower, upper))
        assert colour(band) == colour(ax.lines[0]) == "#123456"
        assert 0 < band.get_alpha() < 1


def test_a_prediction_without_an_interval_is_a_line(ax):
    plot_prediction(ax, WAVELENGTH, LEVEL, color="red", label="nearest")
    assert labels(ax) == ["nearest"] and not bands(ax)


def test_the_truth_is_black_with_its_gaps(ax):
    gap = np.where(WAVELENGTH == 4500, np.nan, LEVEL)
    plot_truth(ax, WAVELENGTH, gap)
    np.testing.assert_array_equal(line(ax, "truth"), (WAVELENGTH, gap))
    assert colour(the(ax.lines)) == "#000000"


def test_each_prediction_has_its_own_samples_and_band(ax):
    samples = {"inversion": samples_about(LEVEL), "MMVAE (large)": samples_about(LEVEL + 7)}
    plot_predictions(ax, WAVELENGTH, LEVEL, samples)
    np.testing.assert_array_equal(line(ax, "truth"), (WAVELENGTH, LEVEL))
    assert legend(ax) == ["truth", "inversion, 90 % interval", "MMVAE (large), 90 % interval"]
    for band, (method, shift) in zip(bands(ax), {"inversion": 0, "MMVAE (large)": 7}.items(), strict=True):
        drawn = labelled(ax.lines, f"{method}, 90 % interval")
        assert drawn.get_ydata() == pytest.approx(LEVEL + shift + 50)
        np.testing.assert_allclose(edges(band)[1:], (LEVEL + shift + 5, LEVEL + shift + 95), atol=1e-12)
        assert colour(drawn) == colour(band) == method_colour(method)
    assert (ax.get_xlabel(), ax.get_ylabel()) == (WAVELENGTH_LABEL, FNU_LABEL)


def test_spectra_are_in_the_panels_of_their_phases():
    _, axes = plt.subplots(1, 2)
    flux = np.stack([LEVEL, LEVEL + 1])
    plot_spectra(axes, WAVELENGTH, np.array([-10.0, 20.0]), flux, color="#123456", label="x")
    for ax, title, values in zip(axes, ("-10 d", "+20 d"), flux, strict=True):
        assert (ax.get_title(), ax.get_xlabel()) == (title, WAVELENGTH_LABEL)
        np.testing.assert_array_equal(line(ax, "x"), (WAVELENGTH, values))
        assert colour(ax.lines[0]) == "#123456"
    assert [ax.get_ylabel() for ax in axes] == [FNU_LABEL, ""]


@pytest.fixture
def reconstruction():
    """Two events at three phases; every number says event, phase and model."""
    event, phase, pixel = np.indices((2, 3, 3))
    code = 100.0 * event + 10 * phase + 0.1 * pixel
    spectra = Spectra(np.array([-10.0, 0.0, 30.0]), WAVELENGTH, code)

    def posterior(shift, width=np.nan):
        return SpectrumPosterior(code + shift, code + shift - width, code + shift + 2 * width)

    posteriors = {
        ("mean spectrum", "predictive"): posterior(1, 0.5),
        ("MMVAE (improved)", "latent"): posterior(2, 0.25),
        ("MMVAE (improved)", "predictive"): posterior(3, 0.5),
        ("MMVAE (text)", "predictive"): posterior(4, 0.5),
        ("contrastive (improved)", "none"): posterior(5),
    }
    return spectra, posteriors


def test_figure_3_shows_the_right_model_event_and_phase(reconstruction):
    spectra, posteriors = reconstruction
    _, axes = plt.subplots(1, 2)
    plot_reconstruction(axes, spectra, posteriors, index=1, phases=[2, 0])
    expected = {
        "mean spectrum": 1,
        "contrastive (improved)": 5,
        "MMVAE (improved), 90 % interval": 3,
        "truth": 0,
    }
    for ax, phase, title in zip(axes, (2, 0), ("+30 d", "-10 d"), strict=True):
        truth = spectra.log10_fnu[1, phase]
        assert sorted(labels(ax)) == sorted(expected)
        for label, shift in expected.items():
            np.testing.assert_allclose(line(ax, label), (WAVELENGTH, truth + shift))
        np.testing.assert_allclose(edges(the(bands(ax))), (WAVELENGTH, truth + 2.5, truth + 4))
        assert colour(the(bands(ax))) == method_colour("MMVAE (improved)")
        assert (ax.get_title(), ax.get_xlabel()) == (title, WAVELENGTH_LABEL)
    assert axes[0].get_ylabel() == FNU_LABEL
    assert set(legend(axes[0])) == set(expected)


def test_figure_3_of_another_model(reconstruction):
    spectra, posteriors = reconstruction
    _, ax = plt.subplots()
    plot_reconstruction([ax], spectra, posteriors, 0, [1], "MMVAE (text)")
    np.testing.assert_allclose(line(ax, "MMVAE (text), 90 % interval")[1], spectra.log10_fnu[0, 1] + 4)
    assert "MMVAE (improved), 90 % interval" not in labels(ax)


def test_gaps_of_the_truth_are_not_bridged(reconstruction, ax):
    spectra, posteriors = reconstruction
    flux = spectra.log10_fnu.copy()
    flux[0, 1, 1] = np.nan
    plot_reconstruction([ax], replace(spectra, log10_fnu=flux), posteriors, 0, [1])
    assert np.isnan(line(ax, "truth")[1]).tolist() == [False, True, False]


def test_a_running_mean_is_over_the_window_and_no_more():
    impulse = np.zeros(40)
    impulse[20] = 15.0
    expected = np.zeros(40)
    expected[13:28] = 1.0
    assert running_mean(impulse, 15) == pytest.approx(expected, abs=1e-12)


def test_a_running_mean_leaves_out_masked_pixels():
    curve = np.full(60, 3.0)
    curve[10:13] = np.nan
    assert running_mean(curve, 15) == pytest.approx(3.0)
    assert running_mean(np.array([1.0, np.nan, 3.0, 8.0]), 3) == pytest.approx([1, 2, 5.5, 5.5])
    assert np.isnan(running_mean(np.full(60, np.nan), 15)).all()
    alone = np.full(60, np.nan)
    alone[30] = 2.0
    assert np.isfinite(running_mean(alone, 15)).sum() == 15


def test_the_window_ends_where_the_curve_does():
    ramp = np.arange(60.0)
    smooth = running_mean(ramp, 15)
    assert smooth[7:-7] == pytest.approx(ramp[7:-7])
    assert smooth[0] == pytest.approx(np.arange(8).mean())
    assert smooth[-1] == pytest.approx(np.arange(52, 60).mean())
    assert running_mean(np.array([1.0, 2.0, 6.0]), 15) == pytest.approx([3, 3, 3])  # shorter than the window
