"""Figures 4 and 8 and the claims: numbers, bands and marks belong to their labels."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from snlib.figures.results import frame_scores, plot_claims, plot_parameter_errors, plot_wavelength_scores
from snlib.figures.style import WAVELENGTH_LABEL, method_colour, recipe_colour
from tests.figures.artists import bands, colour, edges, errorbar, labelled, labels, line, the, xy

WAVELENGTH, PHASES = np.linspace(3000.0, 8000, 40), np.array([-10.0, 20.0])
NAMES = ("bias", "spread", "coverage", "width")


def curve(code):
    """Constants that say the kind of interval, the quantity (in the order of its name) and the phase."""
    values = {name: code + 0.1 * (n + 1) + 0.01 * PHASES for n, name in enumerate(NAMES)}
    return {name: of_phase[:, None] * np.ones(len(WAVELENGTH)) for name, of_phase in values.items()}


@pytest.fixture
def drawn():
    curves = {
        ("mean spectrum", "predictive"): curve(1),
        ("MMVAE (text)", "latent"): curve(2),
        ("MMVAE (text)", "predictive"): curve(3),
        ("contrastive (text)", "none"): curve(4),
    }
    _, axes = plt.subplots(2, 3)
    plot_wavelength_scores(axes, WAVELENGTH, PHASES, curves)
    return axes


def test_figure_4_has_each_curve_in_its_panel(drawn):
    residual, coverage, width = (
        {"mean spectrum": 1, "MMVAE (text)": 3, "contrastive (text)": 4},
        *[{"mean spectrum": 1, "MMVAE (text), latent only": 2, "MMVAE (text)": 3}] * 2,
    )
    for row, phase in zip(drawn, PHASES, strict=True):
        for ax, expected, quantity in zip(row, (residual, coverage, width), (0.1, 0.3, 0.4), strict=True):
            assert sorted(label for label in labels(ax) if label) == sorted(expected)
            for label, code in expected.items():
                x, y = line(ax, label)
                np.testing.assert_array_equal(x, WAVELENGTH)
                assert y == pytest.approx(code + quantity + 0.01 * phase)
                latent = label.endswith("latent only")
                style = labelled(ax.lines, label)
                assert colour(style) == method_colour(label.removesuffix(", latent only"))
                assert style.get_linestyle() == ("--" if latent else "-")


def test_the_residual_is_shaded_by_its_scatter(drawn):
    for row, phase in zip(drawn, PHASES, strict=True):
        for band, code in zip(bands(row[0]), (1, 3, 4), strict=True):
            bias, spread = code + 0.1 + 0.01 * phase, code + 0.2 + 0.01 * phase
            _, low, high = edges(band)
            np.testing.assert_allclose(low, bias - spread, atol=1e-12)
            np.testing.assert_allclose(high, bias + spread, atol=1e-12)
        assert not bands(row[1]) and not bands(row[2])


def test_the_published_width_is_that_of_all_phases(drawn):
    for row in drawn:
        dotted = the(drawn for drawn in row[2].lines if drawn.get_linestyle() == ":")
        assert xy(dotted)[1] == pytest.approx(2.4 + 0.01 * PHASES.mean())
        assert colour(dotted) == method_colour("MMVAE (text)")


def test_labels_and_limits_of_figure_4(drawn):
    assert [ax.get_title() for ax in drawn[0]] == ["Residual [dex]", "Coverage of 90 %", "Width [dex]"]
    assert [ax.get_ylabel() for ax in drawn[:, 0]] == ["-10 d", "+20 d"]
    assert [ax.get_xlabel() for ax in drawn[1]] == [WAVELENGTH_LABEL] * 3
    for residual, coverage, width in drawn:
        grey = [
            line.get_ydata()[0]
            for ax in (residual, coverage)
            for line in ax.lines
            if line.get_color() == "0.6"
        ]
        assert grey == [0, 0.9]
        assert coverage.get_ylim() == (-0.02, 1.02)
        assert width.get_ylim()[0] == 0


def test_the_frame_of_scores_marks_what_they_should_be_and_keeps_all_that_is_drawn():
    _, (residual, coverage, width) = plt.subplots(1, 3)
    width.plot([0, 1], [2.0, 5.0])
    frame_scores(residual, coverage, width)
    assert [the(ax.lines).get_ydata()[0] for ax in (residual, coverage)] == [0, 0.9]
    assert coverage.get_ylim() == (-0.02, 1.02)
    assert width.get_ylim()[0] == 0 and width.get_ylim()[1] >= 5


def test_figure_4_is_smoothed_over_15_pixels():
    impulse = {name: np.where(np.arange(40) == 20, 15.0, 0.0)[None] for name in NAMES}
    _, axes = plt.subplots(1, 3)
    plot_wavelength_scores(axes[None], WAVELENGTH, PHASES[:1], {("MMVAE", "predictive"): impulse})
    expected = np.where(np.abs(np.arange(40) - 20) <= 7, 1.0, 0.0)
    for ax in axes:
        assert line(ax, "MMVAE")[1] == pytest.approx(expected, abs=1e-12)


def test_parameter_errors_are_means_with_standard_deviations(ax):
    parameter = np.arange(6.0)
    errors = {"MMVAE": [parameter + 1, parameter + 3], "contrastive": [parameter, parameter + 8]}
    errors |= {"training mean": [parameter + 2, parameter + 2]}
    plot_parameter_errors(ax, {name: np.array(rows) for name, rows in errors.items()})
    places = []
    for name, mean, spread in (("MMVAE", 2, 1), ("contrastive", 4, 4), ("training mean", 2, 0)):
        x, y, low, high = errorbar(ax, name)
        assert y == pytest.approx(parameter + mean)
        np.testing.assert_allclose((low, high), (y - spread, y + spread))
        assert colour(labelled(ax.containers, name)[0]) == method_colour(name)
        places.append(x - parameter)
    np.testing.assert_allclose(np.mean(places, axis=0), 0, atol=1e-12)
    assert (np.diff(places, axis=0) > 0.2).all() and np.ptp(places) < 0.8
    assert ax.get_ylabel() == "Absolute error\n[standard deviations]" and ax.get_ylim()[0] == 0
    symbols = [tick.get_text() for tick in ax.get_xticklabels()]
    assert symbols[0] == r"$E_\mathrm{k}$" and symbols[-1] == r"$n_\mathrm{mix}$" and len(symbols) == 6


def judged(recipes):
    """Claims whose numbers lie within and beyond the edges."""
    rows = [
        ("C1", 0.8, 1.25, (0.9, 1.0, 1.2), "holds"),
        ("C2a", -np.inf, 0.5, (0.01, 0.05, 2.0), "open"),
        ("C2b", 2.0, np.inf, (5.0, 20.0, 70.0), "fails"),
    ]
    return pd.DataFrame(
        {"id": name, "recipe": recipe, "at_least": at_least, "at_most": at_most}
        | dict(zip(("low", "estimate", "high"), np.array(numbers) * 1.01**n, strict=True))
        | {"verdict": verdict}
        for name, at_least, at_most, numbers, verdict in rows
        for n, recipe in enumerate(recipes)
    )


@pytest.mark.parametrize("recipes", [("text",), ("text", "improved"), ("text", "evaluated", "improved")])
def test_each_claim_has_its_numbers_range_and_verdict(ax, recipes):
    plot_claims(ax, judged(recipes))
    drawn = iter(ax.lines)
    clipped = ((0.9, 1.0, 1.2), (0.1, 0.1, 2.0), (5.0, 10.0, 10.0))
    for row, (numbers, marker) in enumerate(zip(clipped, "oDX", strict=True)):
        heights = []
        for n, recipe in enumerate(recipes):
            bar, mark = next(drawn), next(drawn)
            low, estimate, high = (
                value * 1.01**n if value not in (0.1, 10.0) else value for value in numbers
            )
            np.testing.assert_allclose(xy(bar)[0], (low, high))
            np.testing.assert_allclose(xy(mark)[0], estimate)
            assert mark.get_marker() == marker
            assert colour(bar) == colour(mark) == recipe_colour(recipe)
            heights.append(xy(mark)[1].item())
            assert xy(bar)[1] == pytest.approx(heights[-1])
        assert np.mean(heights) == pytest.approx(row) and (np.diff(heights) > 0.15).all()
        assert np.abs(np.array(heights) - row).max() < 0.4  # within the shade of the row
    expected = ((0.8, 1.25), (0.1, 0.5), (2.0, 10.0))
    for row, (band, (low, high)) in enumerate(zip(bands(ax), expected, strict=True)):
        vertices = band.get_paths()[0].vertices
        assert (vertices.min(0), vertices.max(0)) == (
            pytest.approx((low, row - 0.4)),
            pytest.approx((high, row + 0.4)),
        )


def test_labels_of_the_claims(ax):
    plot_claims(ax, judged(("text", "improved")))
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["C1", "C2a", "C2b"]
    assert ax.yaxis_inverted() and ax.get_xlim() == (0.1, 10) and ax.get_xscale() == "log"
    assert ax.get_xlabel() == "Estimate"
    handles, names = ax.get_legend_handles_labels()
    assert names == ["Recipe “text”", "Recipe “improved”", "holds", "fails", "open", "not applicable"]
    assert [colour(handle) for handle in handles[:2]] == [recipe_colour("text"), recipe_colour("improved")]
    assert [handle.get_marker() for handle in handles[2:]] == ["o", "X", "D", "_"]
