"""Early and thin light curves: every score in its panel, every night with its own prediction."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from snlib.data.events import Events, LightCurves, Spectra
from snlib.figures.early import plot_early_scores, plot_nights
from snlib.figures.style import FNU_LABEL, PHASE_LABEL, WAVELENGTH_LABEL, method_colour
from tests.figures.artists import bands, colour, edges, errorbar, labelled, labels, legend, line, xy

METHODS = ("MMVAE", "inversion", "mean spectrum")
PHASES, VALUES = (0.0, 10.0, 30.0), (-5.0, 10.0, np.inf)
MEASURES = ("rmse_dex", "coverage_90", "width_90_dex")


def value_of(method, measure, phase, place):
    """A number that says where it belongs."""
    hundreds = METHODS.index(method) + 3 * MEASURES.index(measure)
    return hundreds + phase / 100 + place / 1000


def table(cut="last phase", phases=(*PHASES, 20.0)):
    return pd.DataFrame(
        {"cut": cut, "method": method, "phase_days": phase, "value": value, "coverage_90_error": 0.02}
        | {measure: value_of(method, measure, phase, place) for measure in MEASURES}
        for method in METHODS
        for place, value in enumerate(VALUES)
        for phase in phases
    )


def scores_axes(scores):
    _, axes = plt.subplots(3, 3, sharex=True, sharey="row")
    plot_early_scores(axes, scores)
    return axes


def test_every_score_is_in_the_panel_of_its_measure_and_phase():
    axes = scores_axes(table())
    for row, measure in zip(axes, MEASURES, strict=True):
        for ax, phase in zip(row, PHASES, strict=True):
            for method in METHODS:
                x, y = line(ax, method) if method == "mean spectrum" else series(ax, method)
                assert y == pytest.approx([value_of(method, measure, phase, place) for place in range(3)])
                assert np.abs(x - [0, 1, 2]).max() < 0.11


def series(ax, method):
    return xy(labelled(ax.containers, method)[0])


def test_only_coverage_has_bars_and_they_are_standard_errors():
    axes = scores_axes(table())
    for ax in axes[1]:
        for method in ("MMVAE", "inversion"):
            _, y, low, high = errorbar(ax, method)
            np.testing.assert_allclose((low, high), (y - 0.02, y + 0.02))
        assert len(ax.containers) == 2  # none of the mean spectrum
        assert [drawn.get_ydata()[0] for drawn in ax.lines if drawn.get_color() == "0.6"] == [0.9]
    for ax in (*axes[0], *axes[2]):
        assert not any(container.has_yerr for container in ax.containers)


def test_marks_of_methods_do_not_meet():
    ax = scores_axes(table())[0, 0]
    places = [series(ax, "MMVAE")[0][0], series(ax, "inversion")[0][0], line(ax, "mean spectrum")[0][0]]
    assert sorted(places) == places and np.diff(places).min() > 0.05


@pytest.mark.parametrize(
    ("cut", "label"), [("last phase", "Last observed phase [days]"), ("points", "Number of points")]
)
def test_labels_of_early_scores(cut, label):
    axes = scores_axes(table(cut))
    assert [ax.get_xlabel() for ax in axes[2]] == [label] * 3
    assert [tick.get_text() for tick in axes[2, 0].get_xticklabels()] == ["-5", "10", "all"]
    assert [ax.get_title() for ax in axes[0]] == [
        f"spectrum at {phase}" for phase in ("+0 d", "+10 d", "+30 d")
    ]
    assert [ax.get_ylabel() for ax in axes[:, 0]] == [
        "RMSE [dex]",
        "Coverage of 90 % interval",
        "Width of 90 % interval [dex]",
    ]
    assert axes[0, 0].get_ylim()[0] == axes[2, 0].get_ylim()[0] == 0
    assert sorted(legend(axes[0, 0])) == sorted(METHODS)
    assert colour(labelled(axes[0, 0].containers, "inversion")[0]) == method_colour("inversion")


def test_rows_of_a_method_may_come_in_another_order():
    scores = table()
    turned = pd.concat([scores[scores["method"] == "MMVAE"], scores[scores["method"] != "MMVAE"][::-1]])
    x, y = line(scores_axes(turned)[0, 0], "mean spectrum")
    expected = [value_of("mean spectrum", "rmse_dex", 0.0, place) for place in range(3)]
    assert y[np.argsort(x)] == pytest.approx(expected)


@pytest.fixture
def nights():
    """An event of three points, and samples that say night, phase and pixel."""
    wavelength, phases = np.array([3500.0, 5000, 7500]), np.array([0.0, 10.0])
    whole = LightCurves(np.array([[-5.0, 3, 20]]), np.array([[-18.0, -19, -17]]), np.array([[1, 2, 1]]))
    flux = np.arange(6.0).reshape(1, 2, 3)
    event = Events(np.array(["a"]), np.ones((1, 6)), whole, Spectra(phases, wavelength, flux), {})

    def until(last):
        magnitude = np.where(whole.phase_days <= last, whole.magnitude, np.nan)
        return LightCurves(whole.phase_days, magnitude, whole.band)

    order = np.random.default_rng(0).permutation(np.arange(1.0, 100))[:, None, None]
    return event, {last: (until(last), flux[0] + 1000 * n + order) for n, last in enumerate((0.0, np.inf))}


def test_nights_show_what_is_seen_and_what_is_predicted_from_it(nights):
    event, by_night = nights
    _, axes = plt.subplots(2, 2, sharex="row", sharey="row")
    plot_nights(axes, event, by_night, 10.0)
    assert [ax.get_title() for ax in axes[0]] == ["until +0 d: 1 points", "all: 3 points"]
    missing = [xy(ax.lines[0])[0].tolist() for ax in axes[0]]
    assert missing == [[3, 20], []]
    assert line(axes[0, 0], "g")[0].tolist() == [-5]
    wavelength, truth = event.spectra.wavelength_aa, event.spectra.log10_fnu[0, 1]
    for n, ax in enumerate(axes[1]):
        assert sorted(labels(ax)) == ["predicted, 68 and 90 %", "truth"]
        np.testing.assert_allclose(line(ax, "truth"), (wavelength, truth))
        np.testing.assert_allclose(line(ax, "predicted, 68 and 90 %"), (wavelength, truth + 1000 * n + 50))
        for band, (low, high) in zip(bands(ax), ((5, 95), (16, 84)), strict=True):
            expected = wavelength, truth + 1000 * n + low, truth + 1000 * n + high
            np.testing.assert_allclose(edges(band), expected)


def test_labels_of_nights(nights):
    _, axes = plt.subplots(2, 2, sharex="row", sharey="row")
    plot_nights(axes, *nights, 0.0)
    assert [ax.get_xlabel() for ax in axes.flat] == [*[PHASE_LABEL] * 2, *[WAVELENGTH_LABEL] * 2]
    assert [ax.get_ylabel() for ax in axes.flat] == ["Absolute AB magnitude", "", FNU_LABEL, ""]


def test_a_phase_without_a_spectrum_is_refused(nights):
    _, axes = plt.subplots(2, 2)
    with pytest.raises(ValueError):
        plot_nights(axes, *nights, 5.0)
