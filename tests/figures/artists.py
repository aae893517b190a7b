"""Read back the numbers of what a figure shows."""

import numpy as np
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_hex


def the(artists):
    """The only one of some artists."""
    (artist,) = artists
    return artist


def labelled(artists, label):
    return the(artist for artist in artists if artist.get_label() == label)


def line(ax, label):
    """x and y of the one line with a label, as arrays."""
    return xy(labelled(ax.lines, label))


def xy(line):
    x, y = line.get_data()
    return np.asarray(x, float), np.asarray(y, float)


def labels(ax):
    """Of the lines of an axes, in the order in which they were drawn; "" for those without one."""
    return [drawn.get_label() if drawn.get_label()[0] != "_" else "" for drawn in ax.lines]


def legend(ax):
    return [text.get_text() for text in ax.get_legend().texts]


def colour(artist):
    """The colour of a line, or the face of a band, as #rrggbb."""
    if hasattr(artist, "get_color"):
        return to_hex(artist.get_color())
    return to_hex(np.ravel(artist.get_facecolor())[:3])


def bands(ax):
    return [artist for artist in ax.collections if isinstance(artist, PolyCollection)]


def edges(band):
    """x, lower and upper end of a filled band."""
    vertices = np.concatenate([path.vertices for path in band.get_paths()])
    x = np.unique(vertices[:, 0])
    ends = [vertices[vertices[:, 0] == value, 1] for value in x]
    return x, np.array([end.min() for end in ends]), np.array([end.max() for end in ends])


def errorbar(ax, label):
    """x, y and the lower and upper ends of the bars of one series of points."""
    points, _, (bars,) = labelled(ax.containers, label)
    segments = np.array(bars.get_segments())
    x, y = xy(points)
    np.testing.assert_allclose(segments[:, :, 0], np.stack([x, x], 1))
    return x, y, segments[:, 0, 1], segments[:, 1, 1]


def span(patch):
    """Lower and upper end of a shaded range of y."""
    return patch.get_y(), patch.get_y() + patch.get_height()
