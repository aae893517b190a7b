"""Figures of observed supernovae: every number is drawn where it belongs."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from snlib.figures.observed import (
    plot_neighbours,
    plot_observed_errors,
    plot_observed_residuals,
    plot_observed_spectra,
    plot_reliability,
)
from snlib.figures.style import method_colour
from tests.figures.artists import colour, errorbar, labelled, line, xy

METHODS = (
    "MMVAE (trained on simulations)",
    "mean spectrum (observed)",
    "nearest supernova",
    "SALT3 (fitted)",
)
BINS = ("-10 to -5", "-5 to 5", "5 to 15", "15 to 30")
COVERAGES = (50, 68, 90)


def table():
    return pd.DataFrame(
        {
            "method": method,
            "phase_bin": name,
            "raw_dex": 0.1 * i + 0.01 * j,
            "raw_dex_error": 0.002 * (j + 1),
            "shape_dex": 0.05 * i + 0.005 * j,
            "shape_dex_error": 0.001 * (i + 1),
        }
        | {f"coverage_{percent}": percent / 100 - 0.1 * j for percent in COVERAGES}
        | {f"coverage_{percent}_error": 0.001 * percent for percent in COVERAGES}
        for i, method in enumerate(METHODS)
        for j, name in enumerate(BINS)
    )


def test_errors_stand_at_their_phase_with_their_bars():
    _, axes = plt.subplots(1, 2)
    floor = {"raw_dex": 0.03, "shape_dex": 0.02}
    plot_observed_errors(axes, table(), floor)
    for ax, column in zip(axes, ("raw_dex", "shape_dex"), strict=True):
        for method, rows in table().groupby("method"):
            x, y, low, high = errorbar(ax, method)
            assert np.abs(x - range(4)).max() < 0.25
            np.testing.assert_allclose(y, rows[column])
            np.testing.assert_allclose(high - low, 2 * rows[f"{column}_error"])
            assert colour(labelled(ax.containers, method)[0]) == method_colour(method)
        assert line(ax, "repeated observations")[1] == pytest.approx([floor[column]] * 2)
        assert [tick.get_text() for tick in ax.get_xticklabels()] == [b.replace("-", "−") for b in BINS]
        assert ax.get_ylim()[0] == 0


def test_each_phase_bin_has_the_residuals_of_its_panel():
    wavelength = np.linspace(3550, 7950, 45)
    residuals = pd.concat(
        pd.DataFrame(
            {"phase_bin": name, "wavelength_aa": wavelength, "residual_dex": 0.1 * j, "error_dex": 0.01}
        )
        for j, name in enumerate(BINS)
    )
    _, axes = plt.subplots(2, 2)
    plot_observed_residuals(axes.flat, residuals)
    for j, (ax, name) in enumerate(zip(axes.flat, BINS, strict=True)):
        x, y = xy(ax.lines[0])
        np.testing.assert_array_equal(x, wavelength)
        np.testing.assert_allclose(y, 0.1 * j)
        assert xy(ax.lines[1])[1] == pytest.approx([0, 0])
        (band,) = ax.collections
        ends = band.get_paths()[0].vertices[:, 1]
        assert (ends.min(), ends.max()) == pytest.approx((0.1 * j - 0.0196, 0.1 * j + 0.0196))
        assert ax.get_title() == name.replace("-", "−") + " d"


def test_coverage_is_drawn_against_what_it_should_be():
    _, ax = plt.subplots()
    plot_reliability(ax, table()[table()["method"] == METHODS[0]])
    for j, name in enumerate(BINS):
        x, y, low, high = errorbar(ax, name.replace("-", "−") + " d")
        assert x == pytest.approx([0.5, 0.68, 0.9])
        assert y == pytest.approx([p / 100 - 0.1 * j for p in COVERAGES])
        assert high - low == pytest.approx([0.002 * p for p in COVERAGES])
    x, y = line(ax, "calibrated")
    np.testing.assert_array_equal(x, y)


def test_spectra_predictions_and_the_observed_are_told_apart():
    wavelength, phases = np.linspace(3500, 8000, 30), np.array([-7.0, 10.0])
    observed, others = np.stack([np.full(30, -12.0), np.full(30, -12.5)]), {}
    for i, method in enumerate(METHODS[1:]):
        others[method] = observed + 0.1 * (i + 1)
    samples = observed[:, None] - 0.3 + np.zeros((2, 40, 1))
    _, axes = plt.subplots(1, 2)
    plot_observed_spectra(axes, wavelength, phases, observed, samples, others)
    for i, (ax, title) in enumerate(zip(axes, ("-7 d", "+10 d"), strict=True)):
        assert ax.get_title() == title
        np.testing.assert_allclose(line(ax, "observed")[1], observed[i])
        np.testing.assert_allclose(line(ax, "MMVAE (trained on simulations), 90 %")[1], observed[i] - 0.3)
        for method, spectra in others.items():
            np.testing.assert_allclose(line(ax, method)[1], spectra[i])
            assert colour(labelled(ax.lines, method)) == method_colour(method)


def test_of_the_plain_ways_the_best_is_drawn_at_each_separation():
    values = {
        "alone_dex": [0.06, 0.061],
        "plain_25_dex": [0.05, 0.054],
        "plain_100_dex": [0.04, 0.07],
        "joint_dex": [0.035, 0.05],
    }
    errors = {f"{name}_error": [0.001 * (i + 1), 0.002] for i, name in enumerate(values)}
    _, ax = plt.subplots()
    plot_neighbours(ax, pd.DataFrame(values | errors, index=["1 to 3", "3 to 6"]))
    for label, expected, error in (
        ("light curve alone", [0.06, 0.061], 0.001),
        ("residual carried over, best share", [0.04, 0.054], 0.003),
        ("joint transceiver", [0.035, 0.05], 0.004),
    ):
        x, y, low, high = errorbar(ax, label)
        np.testing.assert_allclose(y, expected)
        assert (high - low)[0] == pytest.approx(2 * error)
        assert np.abs(x - range(2)).max() < 0.25
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["1 to 3", "3 to 6"]
