"""The contents of a figure tell any two apart that show something else, and are the same for the same."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from snlib.figures.contents import contents

X = np.array([1.0, 2.0, 4.0])


def draw(y=(3.0, 1.0, 2.0), label="a", colour="#112233", **changes):
    """One of each kind of artist; what is drawn can be changed in one place."""
    figure, (ax, other) = plt.subplots(1, 2)
    drawn = {
        "band": 1.0,
        "bar": 2.0,
        "image": 0.0,
        "title": "t",
        "spread": 0.1,
        "span": 5.0,
        "word": "w",
        "order": 1,
        "point": 7.0,
        "key": "#00ff00",
        "falls": False,
    } | changes
    ax.plot(X, y, color=colour, label=label)
    ax.fill_between(X, 0, drawn["band"], color="0.5")
    ax.errorbar(X, X[:: drawn["order"]], drawn["spread"], color="#ff0000")
    ax.axhspan(0, drawn["span"])
    ax.scatter([1.0, 2.0, 3.0], [1.0, drawn["point"], 2.0])
    ax.text(1, 1, drawn["word"])
    ax.set_title(drawn["title"])
    other.bar([0, 1], [drawn["bar"], 1.0])
    other.pcolormesh(np.full((2, 3), drawn["image"]) + np.arange(3.0))
    figure.legend([plt.Line2D([], [], color=drawn["key"])], ["key"])
    if drawn["falls"]:
        ax.invert_yaxis()
    return contents(figure)


def test_the_same_figure_has_the_same_contents():
    assert draw() == draw()


@pytest.mark.parametrize(
    "changes",
    [
        {"y": (3.0, 1.001, 2.0)},
        {"y": (2.0, 1.0, 3.0)},  # in reversed order
        {"y": (np.nan, 1.0, 2.0)},
        {"label": "b"},
        {"colour": "#332211"},
        {"band": 0.5},  # half as wide
        {"bar": 1.5},
        {"image": 0.1},
        {"title": "u"},
        {"spread": 0.01},  # a variance in place of a deviation
        {"span": 4.0},
        {"word": "v"},
        {"order": -1},
        {"point": 6.0},
        {"key": "#0000ff"},
        {"falls": True},
    ],
    ids=str,
)
def test_what_is_drawn_otherwise_has_other_contents(changes):
    assert draw(**changes) != draw()


def test_numbers_are_those_of_the_artist(ax):
    ax.plot(X, [3.0, np.nan, 2.0], color="#112233", label="two\nlines")
    ax.set(title="t", xlabel="x", ylabel="y", yscale="log")
    assert contents(ax.figure).splitlines() == [
        "Figure of 1 axes",
        "[0] t | x | y (linear, log)",
        "  Line2D #112233 two lines: x of 3 1 … 4 in 1 … 4, mean 2.333, y of 3 3 … 2 in 2 … 3, mean 2.5",
    ]
