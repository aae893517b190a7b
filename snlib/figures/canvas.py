"""What schematics are made of: boxes, rows of boxes, lines and arrows on a canvas measured in inches.

The name of a box or of a bundle of lines is the label of its artist.
"""

from dataclasses import dataclass, replace

import numpy as np
from matplotlib.collections import PathCollection
from matplotlib.patches import Polygon, Rectangle
from matplotlib.path import Path

__all__ = [
    "Place",
    "draw_arrow",
    "draw_box",
    "draw_cells",
    "draw_funnel",
    "draw_links",
    "draw_rows",
    "use_as_canvas",
    "write",
]

_LINE = {"edgecolor": "0.25", "linewidth": 0.8}


@dataclass(frozen=True)
class Place:
    """Where a rectangle is, in inches.

    Attributes
    ----------
    x, y : float
        Its left edge and its middle.
    width, height : float
    """

    x: float
    y: float
    width: float
    height: float

    @property
    def left(self):
        """The middle of the left edge, as (x, y)."""
        return self.x, self.y

    @property
    def right(self):
        """The middle of the right edge, as (x, y)."""
        return self.x + self.width, self.y

    @property
    def middle(self):
        """The middle, as (x, y)."""
        return self.x + self.width / 2, self.y

    @property
    def top(self):
        """The middle of the upper edge, as (x, y)."""
        return self.x + self.width / 2, self.y + self.height / 2

    @property
    def bottom(self):
        """The middle of the lower edge, as (x, y)."""
        return self.x + self.width / 2, self.y - self.height / 2

    def rows(self, n):
        """Divide into n places of equal height, from top to bottom."""
        height = self.height / n
        upper = self.y + self.height / 2
        return [replace(self, y=upper - height * (row + 0.5), height=height) for row in range(n)]


def use_as_canvas(ax, width, height):
    """Make axes a canvas of some inches, without ticks and frame."""
    ax.set(xlim=(0, width), ylim=(0, height), aspect="equal")
    ax.axis("off")


def write(ax, at, text, **style):
    """Write words, centred about a point unless the style says otherwise."""
    ax.text(*at, text, **{"ha": "center", "va": "center", "fontsize": 10, "linespacing": 1.15, **style})


def draw_box(ax, name, place, text="", **style):
    """Draw a box with words in it; return its place."""
    style = {**_LINE, "facecolor": "white", **style}
    corner = place.x, place.y - place.height / 2
    ax.add_patch(Rectangle(corner, place.width, place.height, label=name, **style))
    if text:
        write(ax, place.middle, text)
    return place


def draw_rows(ax, name, place, colours, observed=None):
    """Draw boxes one above the other; those that are not observed are hatched.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    name : str
        The first row is called ``name 0``.
    place : Place
        Of all rows together.
    colours : sequence of N str
    observed : sequence of N bool, optional
        All by default.

    Returns
    -------
    list of Place
    """
    rows = place.rows(len(colours))
    observed = [True] * len(rows) if observed is None else observed
    for number, (row, colour, seen) in enumerate(zip(rows, colours, observed, strict=True)):
        style = {"facecolor": colour} if seen else {"hatch": "/////", "edgecolor": "0.6"}
        draw_box(ax, f"{name} {number}", row, **style)
    return rows


def draw_cells(ax, place, n):
    """Divide a box into n columns."""
    edges = np.linspace(place.x, place.x + place.width, n + 1)[1:-1]
    ax.vlines(edges, place.bottom[1], place.top[1], color=_LINE["edgecolor"], linewidth=0.4)


def draw_funnel(ax, name, place, left, right, **style):
    """Draw a box whose left and right edges are parts of its height, its name in it; return its place."""
    (x, y), half = place.left, place.height / 2
    left, right = left * half, right * half
    corners = [(x, y - left), (x, y + left), (x + place.width, y + right), (x + place.width, y - right)]
    ax.add_patch(Polygon(corners, label=name, **_LINE, **style))
    write(ax, place.middle, name)
    return place


def draw_links(ax, name, starts, ends, bend=0.0):
    """Join each start to each end but itself by a thin line.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    name : str
        Of all lines together.
    starts, ends : sequence of (x, y)
    bend : float
        By how much of its height a line is bent to the right.
    """
    paths = []
    for a, b in ((a, b) for a in starts for b in ends if a != b):
        control = (a[0] + b[0]) / 2 + bend * abs(a[1] - b[1]), (a[1] + b[1]) / 2
        paths.append(Path([a, control, b], [Path.MOVETO, Path.CURVE3, Path.CURVE3]))
    style = {"facecolor": "none", "edgecolor": "0.45", "linewidth": 0.5, "zorder": 0.5, "label": name}
    ax.add_collection(PathCollection(paths, **style), autolim=False)


def draw_arrow(ax, start, end, turn=False, **style):
    """Draw an arrow between two points: straight, or level at first and upright at the end."""
    style = {"arrowstyle": "-|>", "color": "0.25", "linewidth": 1, "shrinkA": 0, "shrinkB": 0, **style}
    if turn:
        style["connectionstyle"] = "angle,angleA=0,angleB=90"
    ax.annotate("", end, start, arrowprops=style)
