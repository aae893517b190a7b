"""Figure of the errors of many methods in one row each.  Draws into the axes that it is given."""

import numpy as np

from snlib.figures.axes import write_above_row
from snlib.figures.style import method_colour

__all__ = ["plot_error_ranking"]


def plot_error_ranking(ax, rmse_dex, reference):
    """Draw the error of each way of predicting spectra, a row a way, the best first.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    rmse_dex : pandas.Series
        By the words for the way: an MMVAE, or the method `reference`.
    reference : str
        The row whose error is drawn as a line to compare with.
    """
    ordered = rmse_dex.sort_values()
    ours, theirs = method_colour("MMVAE"), method_colour(reference)
    colours = [theirs if name == reference else ours for name in ordered.index]
    ax.axvline(ordered[reference], color="0.6", linestyle="--", linewidth=1)
    ax.scatter(ordered, np.arange(len(ordered)), color=colours, zorder=3)
    for row, (name, value) in enumerate(ordered.items()):
        write_above_row(ax, row, f"{name}: {value:.3f}")
    ax.set(ylim=(len(ordered) - 0.5, -0.8), yticks=[], xlabel="RMSE, mean over 0 to 30 d [dex]")
    ax.set_xlim(left=0)
    ax.spines["left"].set_visible(False)
