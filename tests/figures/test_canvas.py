"""Boxes, rows, lines and arrows are where they are said to be."""

from itertools import pairwise

import numpy as np
import pytest
from matplotlib.colors import to_hex

from snlib.figures.canvas import (
    Place,
    draw_arrow,
    draw_box,
    draw_cells,
    draw_funnel,
    draw_links,
    draw_rows,
    use_as_canvas,
    write,
)

PLACE = Place(1, 2, 4, 1)


def corners(patch):
    """Left, lower, right and upper end."""
    return patch.get_path().get_extents(patch.get_patch_transform()).extents.tolist()


def test_the_middles_of_its_edges():
    assert (PLACE.left, PLACE.right, PLACE.middle) == ((1, 2), (5, 2), (3, 2))
    assert (PLACE.top, PLACE.bottom) == ((3, 2.5), (3, 1.5))


@pytest.mark.parametrize("n", [1, 2, 7])
def test_rows_share_a_place_from_top_to_bottom(n):
    rows = PLACE.rows(n)
    assert rows[0].top == pytest.approx(PLACE.top) and rows[-1].bottom == pytest.approx(PLACE.bottom)
    for upper, lower in pairwise(rows):
        assert upper.bottom == pytest.approx(lower.top)
    assert {(row.x, row.width) for row in rows} == {(1, 4)}


def test_a_canvas_is_measured_in_inches(ax):
    use_as_canvas(ax, 9, 3)
    assert (ax.get_xlim(), ax.get_ylim(), ax.get_aspect(), ax.axison) == ((0, 9), (0, 3), 1, False)


def test_a_box_has_its_words_in_the_middle(ax):
    assert draw_box(ax, "name", PLACE, "words", facecolor="red") == PLACE
    (box,), (words,) = ax.patches, ax.texts
    assert corners(box) == [1, 1.5, 5, 2.5] and box.get_label() == "name"
    assert words.get_text() == "words" and words.get_position() == (3, 2)
    assert (words.get_ha(), words.get_va()) == ("center", "center")
    assert to_hex(box.get_facecolor()) == "#ff0000"


def test_words_may_stand_otherwise(ax):
    write(ax, (1, 2), "words", ha="left", color="red")
    assert (ax.texts[0].get_ha(), ax.texts[0].get_color()) == ("left", "red")


def test_rows_that_are_not_observed_are_hatched(ax):
    rows = draw_rows(ax, "row", PLACE, ["red", "blue", "red"], [True, False, True])
    assert rows == PLACE.rows(3)
    assert [patch.get_label() for patch in ax.patches] == ["row 0", "row 1", "row 2"]
    assert [bool(patch.get_hatch()) for patch in ax.patches] == [False, True, False]
    assert [to_hex(patch.get_facecolor()) for patch in ax.patches] == ["#ff0000", "#ffffff", "#ff0000"]
    for patch, row in zip(ax.patches, rows, strict=True):
        assert corners(patch) == pytest.approx([row.x, row.bottom[1], row.x + row.width, row.top[1]])


def test_cells_divide_a_box_evenly(ax):
    draw_cells(ax, PLACE, 4)
    segments = np.array(ax.collections[0].get_segments())
    assert segments[:, :, 0].tolist() == [[2, 2], [3, 3], [4, 4]]
    assert segments[:, :, 1].tolist() == [[1.5, 2.5]] * 3


def test_a_funnel_is_as_high_as_it_is_said_to_be(ax):
    assert draw_funnel(ax, "name", PLACE, 1, 0.5) == PLACE
    (funnel,) = ax.patches
    vertices = {tuple(vertex) for vertex in funnel.get_xy().tolist()}
    assert vertices == {(1, 1.5), (1, 2.5), (5, 2.25), (5, 1.75)}
    assert funnel.get_label() == ax.texts[0].get_text() == "name"


def test_links_join_each_to_each_but_none_to_itself(ax):
    points = [(0, 0), (0, 1), (0, 3)]
    draw_links(ax, "straight", points, [(2, 0), (2, 1)])
    draw_links(ax, "bent", points, points, bend=0.5)
    straight, bent = ([path.vertices for path in links.get_paths()] for links in ax.collections)
    ends = [(tuple(path[0]), tuple(path[-1])) for path in straight]
    assert sorted(ends) == [(a, b) for a in points for b in ((2, 0), (2, 1))]
    assert all(path[1].tolist() == ((path[0] + path[2]) / 2).tolist() for path in straight)
    assert len(bent) == 6
    assert all(path[1, 0] == 0.5 * abs(path[0, 1] - path[2, 1]) for path in bent)


@pytest.mark.parametrize("turn", [False, True])
def test_an_arrow_leads_from_its_start_to_its_end(ax, turn):
    draw_arrow(ax, (0.2, 0.1), (0.6, 0.5), turn=turn)
    arrow = ax.texts[0]
    assert (arrow.xyann, arrow.xy) == ((0.2, 0.1), (0.6, 0.5))
    ax.figure.canvas.draw()
    shaft = arrow.arrow_patch.get_path().vertices  # in pixels
    corner = ax.transData.transform([(0.6, 0.1)])
    assert np.isclose(shaft, corner, atol=0.01).all(1).any() == turn
