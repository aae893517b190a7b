"""What axes of several figures have in common: panels, ticks, limits, marks side by side, words in a row."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import FixedLocator, NullLocator

__all__ = ["log_ticks", "panels", "rows_from_zero", "side_by_side", "write_above_row"]

_MOST_IN_A_ROW, _PANEL_INCHES = 3, (3.7, 3.6)


def log_ticks(axis, ticks):
    """Put ticks on a logarithmic axis, written as plain numbers, and no others.

    Parameters
    ----------
    axis : matplotlib.axis.Axis
        ``ax.xaxis`` or ``ax.yaxis``; its scale is logarithmic already.
    ticks : sequence of float
    """
    axis.set_major_locator(FixedLocator(ticks))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter("{x:g}")


def panels(n):
    """A new figure with panels of the same size, at most three in a row.

    Parameters
    ----------
    n : int

    Returns
    -------
    list of matplotlib.axes.Axes
        Of length n, from left to right and from top to bottom.
    """
    n_columns = min(n, _MOST_IN_A_ROW)
    n_rows = -(-n // n_columns)
    size = n_columns * _PANEL_INCHES[0], n_rows * _PANEL_INCHES[1]
    figure, axes = plt.subplots(n_rows, n_columns, figsize=size, squeeze=False)
    for empty in axes.flat[n:]:
        figure.delaxes(empty)
    return list(axes.flat[:n])


def side_by_side(n, step):
    """Shifts that set n marks side by side about one place, so that their bars do not meet.

    Parameters
    ----------
    n : int
    step : float
        From one mark to the next.

    Returns
    -------
    ndarray, shape (n,)
        Ascending, with mean zero.
    """
    return (np.arange(n) - (n - 1) / 2) * step


def rows_from_zero(axes):
    """Let the y axes begin at zero; once all is drawn, because a limit ends the scaling of shared axes.

    Parameters
    ----------
    axes : iterable of matplotlib.axes.Axes
    """
    for ax in axes:
        ax.set_ylim(0, None)


def write_above_row(ax, row, text, **style):
    """Write words above a row, inside the axes: on a phone there is no room beside them.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        With rows at whole numbers of y, which grows downwards.
    row : int
    text : str
    **style
        Of `matplotlib.text.Text`.
    """
    label = ax.text(0.01, row - 0.27, text, transform=ax.get_yaxis_transform(), size="small", **style)
    label.set_bbox({"facecolor": "white", "linewidth": 0, "pad": 0.5})  # over the lines
