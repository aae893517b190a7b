"""Figures of objects to follow up.  Each function draws into the axes it is given."""

import numpy as np

from snlib.figures.axes import log_ticks

__all__ = ["plot_follow_up"]

_OTHERS, _UNLIKE, _TELLING = "#999999", "#D55E00", "#0072B2"
_TICKS_MAG = (0.01, 0.03, 0.1, 0.3, 1)


def plot_follow_up(axes, table, unlike, telling):
    """Draw the misfits of a survey over redshift, and the widths of its intervals over magnitude.

    Parameters
    ----------
    axes : sequence of two matplotlib.axes.Axes
    table : pandas.DataFrame
        An object a row: ``redshift, misfit_mag, r_mag, width_dex``.
    unlike, telling : pandas.Index
        Of the rows that are chosen in the first and in the second panel.
    """
    panels = (
        ("redshift", "misfit_mag", unlike, _UNLIKE, "most unlike"),
        ("r_mag", "width_dex", telling, _TELLING, "would teach most"),
    )
    for ax, (x, y, chosen, colour, label) in zip(axes, panels, strict=True):
        is_chosen = np.isin(table.index, chosen)
        for rows, colour_of, name in ((~is_chosen, _OTHERS, "others"), (is_chosen, colour, label)):
            ax.plot(table[x][rows], table[y][rows], "o", color=colour_of, markersize=5, label=name)
        ax.legend(fontsize="small")
    axes[0].set(xlabel="Redshift in the catalog", ylabel="misfit_mag [mag]", yscale="log")
    log_ticks(axes[0].yaxis, _TICKS_MAG)
    axes[1].set(xlabel="Predicted r [mag]", ylabel="Mean width of the 90 % interval [dex]")
