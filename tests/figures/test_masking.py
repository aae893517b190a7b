"""Figures 6 and 7: every prediction beside its own truth, and every score in its panel."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from snlib.data.events import LightCurves, Spectra
from snlib.evaluation.masking import MaskedEvent
from snlib.figures.masking import (
    plot_masked_distances,
    plot_masked_light_curves,
    plot_masked_spectra,
    plot_masking_scores,
)
from snlib.figures.style import WAVELENGTH_LABEL, method_colour, recipe_colour
from snlib.inference.posteriors import SpectrumPosterior
from tests.figures.artists import bands, colour, edges, errorbar, labelled, labels, line, span, the, xy

WAVELENGTH = np.linspace(3000.0, 8000, 40)
PHASES = np.array([-10.0, 0.0, 10.0])
TRUTH = np.arange(3.0)[:, None] * 10 + np.linspace(0, 1, 40)  # phase by phase, shape (P, L)
AVERAGE = TRUTH + 3
HIDDEN = (0.0, 0.5)


@pytest.fixture
def masked():
    """Of four points two are hidden; predictions are 0.25 and 1.25 above the truth, the nearest 5 and 6."""
    phase, band = np.array([[-5.0, 0, 10, 20]]), np.array([[0, 1, 1, 2]])
    magnitudes = np.array([[-17.0, -18, -19, -18]]), np.array([[-17.0, np.nan, -19, np.nan]])
    events = {}
    for n, (fraction, magnitude) in enumerate(zip(HIDDEN, magnitudes, strict=True)):
        mean = (TRUTH + 0.25 + n)[None]
        posterior = SpectrumPosterior(mean, mean - 0.5, mean + 0.75)
        events[fraction] = MaskedEvent(LightCurves(phase, magnitude, band), posterior, TRUTH + 5 + n)
    return events


@pytest.fixture
def spectra():
    return Spectra(PHASES, WAVELENGTH, TRUTH[None])


def test_hidden_points_are_grey(masked):
    _, axes = plt.subplots(2, 1, sharey=True)
    plot_masked_light_curves(axes, masked)
    assert [ax.get_title() for ax in axes] == ["0 %: 4 points", "50 %: 2 points"]
    for ax, hidden, seen in zip(axes, ([], [0, 20]), ([-5, 0, 10, 20], [-5, 10]), strict=True):
        grey, *coloured = ax.lines
        assert grey.get_color() == "0.75" and xy(grey)[0].tolist() == hidden
        assert sorted(np.concatenate([xy(drawn)[0] for drawn in coloured])) == seen


def test_masked_spectra_are_in_the_panels_of_their_fraction_and_phase(masked, spectra):
    _, axes = plt.subplots(2, 2)
    plot_masked_spectra(axes, spectra, AVERAGE, masked, phases=[2, 0])
    for n, (row, share) in enumerate(zip(axes, ("0 %", "50 %"), strict=True)):
        for ax, phase, name in zip(row, (2, 0), ("+10 d", "-10 d"), strict=True):
            shifts = {"truth": 0, "mean spectrum": 3, "contrastive": 5 + n, "MMVAE, 90 % interval": 0.25 + n}
            assert sorted(labels(ax)) == sorted(shifts)
            for label, shift in shifts.items():
                np.testing.assert_allclose(line(ax, label), (WAVELENGTH, TRUTH[phase] + shift))
                method = label.removesuffix(", 90 % interval")
                assert colour(labelled(ax.lines, label)) == method_colour(method)
            band = the(bands(ax))
            low, high = TRUTH[phase] + n - 0.25, TRUTH[phase] + n + 1.0
            np.testing.assert_allclose(edges(band), (WAVELENGTH, low, high), atol=1e-12)
            assert colour(band) == method_colour("MMVAE")
            assert ax.get_title() == f"{share}: {name}"
    assert [ax.get_xlabel() for ax in axes.flat] == ["", "", WAVELENGTH_LABEL, WAVELENGTH_LABEL]


def test_distances_are_absolute_and_of_the_right_pair(masked, spectra):
    _, axes = plt.subplots(2, 2, sharey="row")
    plot_masked_distances(axes, spectra, AVERAGE, masked, phases=[0, 2])
    for n, row in enumerate(axes):
        distances = {
            "|mean − truth|": 3.0,
            "|LC2spec − mean|": 2.75 - n,
            "|LC2spec − truth|": 0.25 + n,
        }
        for ax in row:
            assert sorted(labels(ax)) == sorted(distances)
            for label, distance in distances.items():
                x, y = line(ax, label)
                np.testing.assert_array_equal(x, WAVELENGTH)
                assert y == pytest.approx(distance)
            assert ax.get_ylim()[0] == 0 and ax.get_ylim()[1] >= 3
    assert [ax.get_ylabel() for ax in axes[:, 0]] == ["0 % hidden [dex]", "50 % hidden [dex]"]
    assert [ax.get_title() for ax in axes[0]] == ["-10 d", "+10 d"]
    assert axes[1, 0].get_xlabel() == WAVELENGTH_LABEL


def test_distances_are_taken_before_they_are_smoothed(masked, spectra):
    """Of an error that changes its sign from pixel to pixel the mean is zero, but not the distance."""
    _, axes = plt.subplots(2, 1)
    average = TRUTH + np.where(np.arange(40) % 2, 1.0, -1.0)
    plot_masked_distances(axes[:, None], spectra, average, masked, phases=[1])
    assert line(axes[0], "|mean − truth|")[1] == pytest.approx(1.0)


MEASURES = {"model_mean_dex": 0.1, "model_truth_dex": 0.5, "mean_truth_dex": 0.4, "rmse_dex": 0.9}
SHARES = (0.0, 0.3, 0.9)


def averages(recipes):
    """Numbers that say phase, measure, recipe and share; intervals with unequal sides, rows in disorder."""
    table = pd.DataFrame(
        {"recipe": recipe, "hidden": hidden, "phase_days": phase, "measure": measure}
        | {"estimate": value + phase + hidden / 100 + n / 1000}
        for n, recipe in enumerate(recipes)
        for hidden in SHARES
        for phase in (0.0, 10.0)
        for measure, value in MEASURES.items()
    )
    table = table.assign(low=table["estimate"] - 0.03, high=table["estimate"] + 0.05)
    later = table["hidden"] == 0.9
    return pd.concat([table[later], table[~later]], ignore_index=True)


@pytest.mark.parametrize("recipes", [("text",), ("text", "improved"), ("text", "evaluated", "improved")])
def test_every_masking_score_is_in_its_panel(recipes):
    _, axes = plt.subplots(2, 3, sharey="row")
    plot_masking_scores(axes, averages(recipes))
    for row, phase in zip(axes, (0, 10), strict=True):
        for ax, measure in zip(row, ("model_mean_dex", "model_truth_dex", "rmse_dex"), strict=True):
            places = []
            for n, recipe in enumerate(recipes):
                x, y, low, high = errorbar(ax, f"Recipe “{recipe}”")
                assert y == pytest.approx(MEASURES[measure] + phase + np.divide(SHARES, 100) + n / 1000)
                np.testing.assert_allclose((low, high), (y - 0.03, y + 0.05))
                assert x == pytest.approx(100 * np.array(SHARES), abs=1.5)
                places.append(x[0])
                assert colour(labelled(ax.containers, f"Recipe “{recipe}”")[0]) == recipe_colour(recipe)
            assert len(ax.containers) == len(recipes)
            assert np.mean(places) == pytest.approx(0) and (np.diff(places) > 0.5).all()


def test_the_mean_spectrum_is_beside_the_distance_to_the_truth():
    _, axes = plt.subplots(2, 3, sharey="row")
    plot_masking_scores(axes, averages(["text", "improved"]))
    for row, phase in zip(axes, (0, 10), strict=True):
        assert line(row[1], "|mean − truth|")[1] == pytest.approx([0.4 + phase] * 2)
        assert span(the(row[1].patches)) == pytest.approx((0.37 + phase, 0.45 + phase))
        assert not row[0].patches and not row[2].patches
        assert row[0].get_ylabel() == f"+{phase} d  [dex]"
    assert [ax.get_title() for ax in axes[0]] == ["|LC2spec − mean|", "|LC2spec − truth|", "RMSE"]
    assert [ax.get_xlabel() for ax in axes[1]] == ["Points hidden [%]"] * 3


def test_every_error_bar_is_in_its_panel():
    """Panels of a row share their scale, and the first one has the smallest values."""
    _, axes = plt.subplots(2, 3, sharey="row")
    plot_masking_scores(axes, averages(["text", "improved"]))
    for row, phase in zip(axes, (0, 10), strict=True):
        for ax in row:
            assert ax.get_ylim()[0] == 0
            assert ax.get_ylim()[1] >= phase + 0.95
