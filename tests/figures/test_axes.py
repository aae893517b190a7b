"""Ticks, limits, places and words of axes."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from snlib.figures.axes import log_ticks, panels, rows_from_zero, side_by_side, write_above_row


@pytest.mark.parametrize("axis", ["xaxis", "yaxis"])
def test_a_logarithmic_axis_has_the_ticks_it_is_given_and_no_others(ax, axis):
    ax.set(xscale="log", yscale="log", xlim=(0.05, 3), ylim=(0.05, 3))
    log_ticks(getattr(ax, axis), (0.1, 0.25, 2))
    ax.figure.canvas.draw()
    marked = getattr(ax, axis)
    assert [tick.get_text() for tick in marked.get_ticklabels()] == ["0.1", "0.25", "2"]
    assert marked.get_majorticklocs() == pytest.approx([0.1, 0.25, 2])
    assert len(marked.get_minorticklocs()) == 0
    other = ax.yaxis if axis == "xaxis" else ax.xaxis
    assert len(other.get_minorticklocs()) > 0


@pytest.mark.parametrize(
    ("n", "rows"),
    [(1, [[0]]), (2, [[0, 1]]), (3, [[0, 1, 2]]), (5, [[0, 1, 2], [3, 4]]), (6, [[0, 1, 2], [3, 4, 5]])],
)
def test_panels_read_like_a_page(n, rows):
    axes = panels(n)
    (figure,) = {ax.figure for ax in axes}
    assert figure.axes == axes
    places = [ax.get_position() for ax in axes]
    tops = sorted({round(place.y1, 6) for place in places}, reverse=True)
    found = [[index for index, place in enumerate(places) if round(place.y1, 6) == top] for top in tops]
    assert found == rows
    for row in rows:
        assert [places[index].x0 for index in row] == sorted(places[index].x0 for index in row)
    sizes = np.array([[place.width, place.height] for place in places]) * figure.get_size_inches()
    np.testing.assert_allclose(sizes, sizes[:1].repeat(n, axis=0))


def test_marks_stand_side_by_side_about_their_place():
    assert side_by_side(1, 5).tolist() == [0]
    assert side_by_side(2, 0.3) == pytest.approx([-0.15, 0.15])
    assert side_by_side(3, 2).tolist() == [-2, 0, 2]


def test_shared_axes_begin_at_zero_and_hold_all_that_was_drawn():
    _, axes = plt.subplots(2, 2, sharey="row")
    for ax, top in zip(axes.flat, (3, 50, 0.2, 0.1), strict=True):
        ax.plot([1, top])
    rows_from_zero(axes.flat)
    for row, top in zip(axes, (50, 1), strict=True):
        for ax in row:
            low, high = ax.get_ylim()
            assert low == 0 and high >= top


def test_words_stand_above_their_row_wherever_the_x_axis_ends(ax):
    ax.set(xlim=(100, 200), ylim=(2, -1))
    write_above_row(ax, 1, "words", weight="bold")
    (text,) = ax.texts
    assert (text.get_text(), text.get_weight()) == ("words", "bold")
    x, y = ax.transData.inverted().transform(text.get_transform().transform(text.get_position()))
    assert 100 <= x < 110  # in the axes, on the left
    assert 0.5 < y < 1  # between this row and the one before
    assert ax.yaxis_inverted() and np.isfinite(text.get_window_extent().width)
