"""Honest intervals: every number with its method, step, level and phase."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from snlib.evaluation.scores import PIT_COLUMNS
from snlib.figures.intervals import (
    LABELS,
    plot_coverage,
    plot_draws,
    plot_feature_coverage,
    plot_pit,
    plot_reliability,
    plot_widths_and_scores,
)
from snlib.figures.style import FNU_LABEL, PHASE_LABEL, WAVELENGTH_LABEL, method_colour, method_marker
from tests.figures.artists import colour, errorbar, labelled, labels, legend, line, span, the, xy

PHASES = np.array([0.0, 10.0])
METHODS = ("latent", "likelihood", "errors", "inversion")
# What the first number of each column begins with.
COLUMNS = {"coverage_68": 1, "coverage_90": 2, "width_90": 3, "crps": 4, "log_score": 5}


def code(method, recalibrated, phase):
    return 0.1 * METHODS.index(method) + 0.01 * recalibrated + 0.0001 * phase


def table(feature="pixel", start=0.0):
    return pd.DataFrame(
        {"feature": feature, "method": method, "recalibrated": step, "phase_days": phase, "n_pixels": 1}
        | {name: start + first + code(method, step, phase) for name, first in COLUMNS.items()}
        | {"coverage_68_error": 0.03, "coverage_90_error": 0.02}
        for method in METHODS
        for step in (False, True)
        for phase in PHASES
    )


def with_pit(shares):
    """The table, its histograms for each method and step those of a function of method, step and phase."""
    scores = table()
    columns = ["method", "recalibrated", "phase_days"]
    pit = np.array([shares(*row) for row in scores[columns].itertuples(index=False)])
    return scores.assign(**dict(zip(PIT_COLUMNS, pit.T, strict=True)))


FLAT, BOWL, HILL = np.full(20, 0.05), np.zeros(20), np.zeros(20)
BOWL[[0, -1]] = 0.5
HILL[[9, 10]] = 0.5


def test_reliability_by_hand():
    """Ranks all in the middle: every interval holds all.  All at the ends: none but the last does."""
    shapes = {("latent", False): BOWL, ("errors", True): HILL}
    pixels = with_pit(lambda method, step, phase: shapes.get((method, step), FLAT))
    _, axes = plt.subplots(1, 2)
    plot_reliability(axes, pixels)
    nominal = np.linspace(0, 1, 11)
    always, never = np.minimum(10 * nominal, 1), np.where(nominal == 1, 1.0, 0.0)
    for ax, step in zip(axes, (False, True), strict=True):
        for method in METHODS:
            shape = shapes.get((method, step), FLAT)
            expected = always if shape is HILL else never if shape is BOWL else nominal
            x, y = line(ax, LABELS[method])
            assert x == pytest.approx(nominal) and y == pytest.approx(expected)
            assert colour(labelled(ax.lines, LABELS[method])) == method_colour(method)
        assert ax.get_xlim() == ax.get_ylim() == (0, 1) and ax.get_xlabel() == "Nominal coverage"
    assert [ax.get_title() for ax in axes] == ["before recalibration", "recalibrated"]
    assert axes[0].get_ylabel() == "Empirical coverage"


def test_phases_count_by_their_pixels():
    pixels = with_pit(lambda method, step, phase: HILL if phase == 0 else BOWL)
    pixels["n_pixels"] = np.where(pixels["phase_days"] == 0, 1, 3)
    _, axes = plt.subplots(1, 2)
    plot_reliability(axes, pixels)
    assert line(axes[0], LABELS["errors"])[1] == pytest.approx([0, *[0.25] * 9, 1])


def test_histograms_are_densities_of_each_step():
    pixels = with_pit(lambda method, step, phase: HILL if step else BOWL if method == "latent" else FLAT)
    _, axes = plt.subplots(2, 2)
    plot_pit(axes.flat, pixels)
    for ax, method in zip(axes.flat, METHODS, strict=True):
        before = BOWL if method == "latent" else FLAT
        for label, shape in (("before recalibration", before), ("recalibrated", HILL)):
            stairs = labelled(ax.patches, label)
            density, edges, _ = stairs.get_data()
            assert density == pytest.approx(20 * shape) and edges == pytest.approx(np.linspace(0, 1, 21))
            assert (density * np.diff(edges)).sum() == pytest.approx(1)
            assert stairs.get_fill() == (label == "recalibrated")
        assert xy(the(ax.lines))[1].tolist() == [1, 1]  # honest
        assert ax.get_title() == LABELS[method]
        assert ax.get_xlabel() == "Share of the samples below the truth"
        assert legend(ax) == ["before recalibration", "recalibrated"]
    assert axes[0, 0].get_ylabel() == "Density"


def test_coverage_of_each_level_step_and_method():
    _, axes = plt.subplots(2, 2)
    plot_coverage(axes, table())
    for row, (percent, nominal, error) in zip(axes, ((68, 0.6827, 0.03), (90, 0.9, 0.02)), strict=True):
        for ax, step in zip(row, (False, True), strict=True):
            places = []
            for method in METHODS:
                x, y, low, high = errorbar(ax, LABELS[method])
                assert y == pytest.approx(COLUMNS[f"coverage_{percent}"] + code(method, step, PHASES))
                np.testing.assert_allclose((low, high), (y - error, y + error))
                points = labelled(ax.containers, LABELS[method])[0]
                assert (colour(points), points.get_marker()) == (method_colour(method), method_marker(method))
                places.append(x - PHASES)
            np.testing.assert_allclose(np.mean(places, axis=0), 0, atol=1e-12)
            assert (np.diff(places, axis=0) > 0.5).all() and np.ptp(places) < 5
            assert span(the(ax.patches)) == pytest.approx((nominal - 0.02, nominal + 0.02))
        assert row[0].get_ylabel() == f"Coverage of the {percent} % interval"
    assert [ax.get_title() for ax in axes.flat] == ["before recalibration", "recalibrated"] * 2
    assert [ax.get_xlabel() for ax in axes[1]] == [PHASE_LABEL] * 2


def test_widths_and_scores_before_and_after_recalibration():
    _, axes = plt.subplots(1, 3)
    plot_widths_and_scores(axes, table())
    for ax, name in zip(axes, ("width_90", "crps", "log_score"), strict=True):
        for method in METHODS:
            x, after = line(ax, LABELS[method])
            assert x.tolist() == PHASES.tolist()
            assert after == pytest.approx(COLUMNS[name] + code(method, True, PHASES))
            drawn = [line for line in ax.lines if colour(line) == method_colour(method)]
            before = the(line for line in drawn if line.get_linestyle() == "--")
            assert xy(before)[1] == pytest.approx(COLUMNS[name] + code(method, False, PHASES))
            assert len(drawn) == 2 and labels(ax).count("") == len(METHODS)
        assert ax.get_xlabel() == PHASE_LABEL
    titles = ["Width of the 90 % interval [dex]", "CRPS [dex]", "Log score [nats]"]
    assert [ax.get_title() for ax in axes] == titles
    assert axes[0].get_ylim()[0] == axes[1].get_ylim()[0] == 0


FEATURES = ["g_mag", "r_mag", "g_minus_r_mag", "blue_minus_red_dex"]
FEATURES += ["ca_ii_hk_pew_aa", "ca_ii_hk_depth", "si_ii_6355_pew_aa", "si_ii_6355_depth"]
TITLES = ["g", "r", "g − r", "blue − red"]
TITLES += ["Ca II H&K pEW", "Ca II H&K depth", "Si II 6355 pEW", "Si II 6355 depth"]


@pytest.mark.parametrize(
    "methods", [["errors"], ["likelihood", "errors"], ["latent", "likelihood", "errors"]]
)
def test_coverage_of_each_feature(methods):
    features = pd.concat(table(name, 10 * n) for n, name in enumerate(["pixel", *FEATURES]))
    features = features[features["recalibrated"]]
    _, axes = plt.subplots(2, 4)
    plot_feature_coverage(axes, features, methods)
    for n, (ax, title) in enumerate(zip(axes.T.flat, TITLES, strict=True), 1):
        assert ax.get_title() == title
        for percent, error in ((68, 0.03), (90, 0.02)):
            for method in methods:
                label = f"{LABELS[method]}, {percent} %"
                _, y, low, high = errorbar(ax, label)
                expected = 10 * n + COLUMNS[f"coverage_{percent}"] + code(method, True, PHASES)
                assert y == pytest.approx(expected)
                np.testing.assert_allclose((low, high), (y - error, y + error))
                points = labelled(ax.containers, label)[0]
                assert colour(points) == method_colour(method)
                assert (points.get_markerfacecolor() == "white") == (percent == 90)
        assert len(ax.containers) == 2 * len(methods)
        grey = [drawn.get_ydata()[0] for drawn in ax.lines if drawn.get_color() == "0.6"]
        assert grey == [0.6827, 0.9]
    assert [ax.get_ylabel() for ax in axes[:, 0]] == ["Coverage of the interval"] * 2
    assert [ax.get_xlabel() for ax in axes[1]] == [PHASE_LABEL] * 4


def test_draws_above_and_their_errors_below():
    wavelength = np.linspace(3000.0, 8000, 100)
    location = np.sin(wavelength / 500)
    truth = np.where(np.arange(100) < 50, location + 7, np.nan)
    draws = {kind: location + np.array([[1.0], [2.0]]) + 10 * n for n, kind in enumerate(("modes", "pixels"))}
    _, axes = plt.subplots(2, 2)
    plot_draws(axes, wavelength, truth, location, draws)
    for n, ((above, below), kind) in enumerate(zip(axes.T, draws, strict=True)):
        assert labels(above) == labels(below) == ["draw 1", "draw 2", "truth"]
        for shift in (1, 2):
            np.testing.assert_allclose(line(above, f"draw {shift}"), (wavelength, location + shift + 10 * n))
            assert line(below, f"draw {shift}")[1] == pytest.approx(shift + 10 * n)
        np.testing.assert_array_equal(line(above, "truth"), (wavelength, truth))
        error = line(below, "truth")[1]
        assert error[:62] == pytest.approx(7) and np.isnan(error[62:]).all()  # half a window beyond
        assert above.get_title() == kind and below.get_xlabel() == WAVELENGTH_LABEL
    assert axes[0, 0].get_ylabel() == FNU_LABEL
    assert axes[1, 0].get_ylabel() == "Deviation, running mean [dex]"
    assert legend(axes[0, -1]) == ["draw 1", "draw 2", "truth"]


def test_errors_are_smoothed_over_25_pixels():
    impulse = np.zeros((1, 100))
    impulse[0, 50] = 25.0
    _, axes = plt.subplots(2, 1)
    plot_draws(axes[:, None], np.arange(100.0), np.zeros(100), np.zeros(100), {"kind": impulse})
    expected = np.where(np.abs(np.arange(100) - 50) <= 12, 1.0, 0.0)
    assert line(axes[1], "draw 1")[1] == pytest.approx(expected, abs=1e-12)
