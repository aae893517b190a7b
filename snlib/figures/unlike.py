"""Figures of light curves that are unlike simulated ones.  Each function draws into the axes it is given."""

import numpy as np
import seaborn as sns

from snlib.evaluation.odd_light_curves import KINDS
from snlib.figures.axes import log_ticks

__all__ = ["kind_colour", "plot_misfits", "plot_roc"]

_TICKS_MAG = (0.01, 0.03, 0.1, 0.3, 1, 3)
_TICKS_PERCENT = (0.1, 1, 10, 100)


def kind_colour(kind):
    """The colour of a kind of light curve: black for simulated ones, and one each for the others."""
    others = [name for name in KINDS if name != "simulated"]
    if kind == "simulated":
        return "#000000"
    return sns.color_palette("colorblind", len(others)).as_hex()[others.index(kind)]


def plot_misfits(ax, table):
    """Draw the median misfit of each kind, a row a kind from the top, with bars that hold nine in ten.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    table : pandas.DataFrame
        With ``kind`` and the columns of `snlib.evaluation.unlike.shares`.
    """
    for row, values in enumerate(table.itertuples()):
        low, high = values.misfit_mag - values.misfit_mag_5, values.misfit_mag_95 - values.misfit_mag
        style = {"color": kind_colour(values.kind), "label": values.kind}
        ax.errorbar(values.misfit_mag, row, xerr=[[low], [high]], fmt="o", markersize=5, **style)
    ax.set(xscale="log", xlabel="misfit_mag [mag]", ylim=(len(table) - 0.5, -0.5))
    ax.set_yticks(range(len(table)), table["kind"])
    log_ticks(ax.xaxis, _TICKS_MAG)


def plot_roc(ax, table, familiarity):
    """Draw which share of each kind is found at which rate of false alarms, in percent.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    table : pandas.DataFrame
        Rows of one number of ``points`` of `snlib.evaluation.unlike.roc`.
    familiarity : Familiarity
        Its rate of false alarms is marked by a dashed line.
    """
    for kind, rows in table.groupby("kind", sort=False):
        style = {"color": kind_colour(kind), "label": kind, "linewidth": 1.2}
        ax.plot(100 * rows["false_alarm"], 100 * rows["unlike"], **style)
    ax.axvline(100 * familiarity.false_alarm, color="0.6", linewidth=0.8, linestyle="--")
    points = table["points"].iloc[0]
    ax.set(
        title="all points" if np.isinf(points) else f"{points:g} points",
        xlabel="False alarms [%]",
        ylabel="Called unlike [%]",
        xscale="log",
        ylim=(-2, 102),
    )
    log_ticks(ax.xaxis, _TICKS_PERCENT)
