"""The survey and its cadences: visits and points are counted where they are."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from snlib.data.events import LightCurves
from snlib.data.quantities import BANDS
from snlib.figures.style import BAND_COLOURS, PHASE_LABEL
from snlib.figures.survey import (
    plot_cadence_statistics,
    plot_cadences,
    plot_points_kept,
    plot_sky,
    plot_window_visits,
)
from snlib.simulation.visits import Visits
from tests.figures.artists import colour, labelled, labels, legend, line, the, xy


def sky(ra_deg, dec_deg):
    n = len(ra_deg)
    numbers = np.arange(float(n)), np.array(ra_deg), np.array(dec_deg), np.zeros(n, int), np.full(n, 24.0)
    _, ax = plt.subplots(subplot_kw={"projection": "mollweide"})
    plot_sky(ax, Visits(*numbers), n_ra=36, n_dec=20)
    return ax


def cells(ax):
    """Density of each cell, NaN where there is none, and its lower and upper corner in degrees."""
    image = the(ax.collections)
    corners = np.degrees(image.get_coordinates())
    return np.ma.filled(image.get_array(), np.nan).reshape(20, 36), corners[:-1, :-1], corners[1:, 1:]


@pytest.mark.parametrize(("ra", "dec", "x"), [(90, -30, -90), (275, 10, 85), (355, -65, 5), (15, 0.1, -15)])
def test_visits_are_counted_where_they_are(ra, dec, x):
    """RA grows to the left, and 0 h is in the middle."""
    density, low, high = cells(sky([ra + 1.0] * 3, [dec + 1.0] * 3))
    row, column = np.argwhere(np.isfinite(density)).squeeze()
    assert (low[row, column] <= (x - 1, dec + 1)).all() and ((x - 1, dec + 1) <= high[row, column]).all()
    assert density[row, column] == pytest.approx(3 * 720 / 41252.96)  # 720 cells of one area


def test_labels_of_the_sky():
    ax = sky([10.0], [0.0])
    hours = {text.get_text(): np.degrees(text.get_position()[0]) for text in ax.texts}
    assert hours == pytest.approx({"16 h": 120, "20 h": 60, "0 h": 0, "4 h": -60, "8 h": -120})
    bar = the(other for other in ax.figure.axes if other is not ax)
    assert bar.get_ylabel() == "Field centres per square degree"


def test_visits_of_a_window_are_in_the_rows_of_their_bands(ax):
    band = np.array([1] * 12 + [3, 3, 5])
    days = np.arange(15.0)
    plot_window_visits(ax, days, band)
    for row, (name, drawn) in enumerate(zip(BANDS, ax.lines, strict=True)):
        x, y = xy(drawn)
        assert x.tolist() == days[band == row].tolist() and (y == row).all()
        assert colour(drawn) == BAND_COLOURS[name].lower()
    assert [text.get_text() for text in ax.texts] == ["0", "12 → 10", "0", "2", "0", "1"]
    assert [text.get_position()[1] for text in ax.texts] == list(range(6))
    assert [tick.get_text() for tick in ax.get_yticklabels()] == list(BANDS)
    assert ax.get_xlabel() == "Days in the window"
    assert ax.get_ylim()[0] > ax.get_ylim()[1]  # u at the top


def test_points_kept_of_windows_by_hand(ax):
    """At most ten a band are kept, and a light curve needs twelve."""
    counts = np.array([[3, 0, 0, 0, 0, 0], [25, 4, 0, 0, 0, 0], [2] * 6, [100] * 6, [11, 0, 0, 0, 0, 1]])
    plot_points_kept(ax, counts, 12)
    np.testing.assert_array_equal(line(ax, "too few points"), ([3, 12], [3, 11]))
    np.testing.assert_array_equal(line(ax, "enough points"), ([29, 12, 600], [14, 12, 60]))
    visits, most = xy(ax.lines[0])
    np.testing.assert_allclose(most, np.minimum(visits, 60))
    assert visits[[0, -1]] == pytest.approx([1, 600])
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("Visits in 100 days", "Points kept")
    assert ax.get_xscale() == "log" and legend(ax) == ["too few points", "enough points"]


@pytest.fixture
def light_curves():
    """Of 2, 3 and 1 points; what stands in slots without a point does not matter."""
    phase = np.array([[-5.0, 40, 300], [-10, 0, 20], [7, -400, 9]])
    magnitude = np.array([[-18.0, -17, np.nan], [-18, -19, -17], [-18, np.nan, np.nan]])
    return LightCurves(phase, magnitude, np.array([[0, 5, 0], [1, 1, 2], [5, 0, 0]]))


def test_cadences_are_ordered_by_their_points(ax, light_curves):
    plot_cadences(ax, light_curves)
    u, g, y = (line(ax, band) for band in "ugy")
    np.testing.assert_allclose(u, ([-5], [1 + 2.5 / 8]))
    np.testing.assert_allclose(g, ([-10, 0], [2 + 1.5 / 8] * 2))
    np.testing.assert_allclose(y, ([40, 7], [1 - 2.5 / 8, -2.5 / 8]))
    for band in BANDS:
        assert colour(labelled(ax.lines, band)) == BAND_COLOURS[band].lower()
    (bars,) = ax.collections
    assert bars.get_segments()[0].tolist() == [[-5, 1], [40, 1]]
    assert bars.get_segments()[1].tolist() == [[-10, 2], [20, 2]]
    assert bars.get_segments()[2].tolist() == [[7, 0], [7, 0]]
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_ylim()) == (PHASE_LABEL, "Light curve", (-1, 3))


def test_statistics_are_shares_below_a_value():
    samples = {
        "published": pd.DataFrame({"points": [30, 10, 20, 40], "span_days": [1.0, np.nan, 3, 2]}),
        "code": pd.DataFrame({"points": [50, 60], "span_days": [5.0, 6]}),
        "text": pd.DataFrame({"points": [70], "span_days": [8.0]}),
    }
    _, axes = plt.subplots(1, 2)
    plot_cadence_statistics(axes, samples, ["span_days", "points"])
    assert [ax.get_xlabel() for ax in axes] == ["Span [d]", "Points in all"]
    for ax, column in zip(axes, ("span_days", "points"), strict=True):
        assert labels(ax) == list(samples)
        for name, table in samples.items():
            values = np.sort(table[column].dropna())
            x, share = line(ax, name)
            assert x.tolist() == [values[0], *values]
            assert share == pytest.approx(np.arange(len(values) + 1) / len(values))
        assert len({(colour(drawn), drawn.get_linestyle()) for drawn in ax.lines}) == 3
        ax.figure.canvas.draw()
        assert ax.get_yticklabels()[-1].get_text() == "100%"
