"""Points of light curves are in the colour of their band, and what is missing is grey."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from snlib.data.events import LightCurves
from snlib.data.quantities import BANDS
from snlib.figures.light_curves import plot_light_curve, plot_partial_light_curve
from snlib.figures.style import BAND_COLOURS, BAND_MARKERS, PHASE_LABEL
from tests.figures.artists import colour, labelled, legend, line, xy


@pytest.fixture
def light_curves():
    """Two light curves of five slots; the second has u, r, r and z, and a slot without a point."""
    phase = np.array([[0.0, 1, 2, 3, 4], [-5, 10, 20, 30, 40]])
    magnitude = np.array([[-10.0] * 5, [-19, -18, np.nan, -17, -16.5]])
    return LightCurves(phase, magnitude, np.array([[0] * 5, [0, 2, 2, 2, 4]]))


def test_the_points_of_each_band(ax, light_curves):
    plot_light_curve(ax, light_curves, 1)
    expected = {"u": ([-5], [-19]), "r": ([10, 30], [-18, -17]), "z": ([40], [-16.5])}
    for band in BANDS:
        drawn = labelled(ax.lines, band)
        np.testing.assert_array_equal(line(ax, band), expected.get(band, ([], [])))
        assert colour(drawn) == BAND_COLOURS[band].lower()
        assert drawn.get_marker() == BAND_MARKERS[band]
    assert ax.yaxis_inverted()  # bright at the top
    assert (ax.get_xlabel(), ax.get_ylabel()) == (PHASE_LABEL, "Absolute AB magnitude")
    assert legend(ax) == list(BANDS)


def test_the_first_light_curve_is_drawn_if_none_is_named(ax, light_curves):
    plot_light_curve(ax, light_curves)
    np.testing.assert_array_equal(line(ax, "u"), ([0, 1, 2, 3, 4], [-10] * 5))


def test_shared_axes_are_inverted_once(light_curves):
    _, axes = plt.subplots(1, 2, sharey=True)
    for ax in axes:
        plot_light_curve(ax, light_curves)
    assert all(ax.yaxis_inverted() for ax in axes)


def test_missing_points_are_grey_and_the_others_are_not(ax, light_curves):
    whole = light_curves.select([1])
    part = LightCurves(
        whole.phase_days, np.where(whole.phase_days <= 10, whole.magnitude, np.nan), whole.band
    )
    plot_partial_light_curve(ax, whole, part, "until +10 d")
    missing, *seen = ax.lines
    np.testing.assert_array_equal(xy(missing), ([30, 40], [-17, -16.5]))
    assert missing.get_color() == "0.75"
    points = {drawn.get_label(): np.transpose(xy(drawn)).tolist() for drawn in seen}
    assert points == {band: [] for band in BANDS} | {"u": [[-5, -19]], "r": [[10, -18]]}
    assert ax.get_title() == "until +10 d: 2 points"
    assert ax.yaxis_inverted() and ax.get_legend() is None
