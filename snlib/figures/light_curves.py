"""Light curves.  Each function draws into the axes that it is given."""

from snlib.data.quantities import BANDS
from snlib.figures.style import BAND_COLOURS, BAND_MARKERS, PHASE_LABEL

__all__ = ["plot_light_curve", "plot_partial_light_curve"]


def plot_light_curve(ax, light_curves, index=0):
    """Draw one light curve with its legend, a colour and a marker a band, bright at the top.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    light_curves : LightCurves
    index : int
    """
    _plot_points(ax, light_curves, index)
    ax.set(xlabel=PHASE_LABEL, ylabel="Absolute AB magnitude")
    ax.legend(ncols=3, handletextpad=0.1, columnspacing=0.8)


def plot_partial_light_curve(ax, whole, part, name):
    """Draw a part of a light curve in the colours of the bands, and the other points in grey.

    Labels of the axes are the caller's: panels of one row or column share them.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    whole, part : LightCurves
        With N = 1; of `part` some points are missing.
    name : str
        Of the part; the title is this and the number of its points.
    """
    missing = whole.observed & ~part.observed
    ax.plot(whole.phase_days[missing], whole.magnitude[missing], ".", color="0.75", markersize=4)
    _plot_points(ax, part, 0)
    ax.set_title(f"{name}: {part.observed.sum()} points")


def _plot_points(ax, light_curves, index):
    for number, band in enumerate(BANDS):
        at = (light_curves.band[index] == number) & light_curves.observed[index]
        ax.plot(
            light_curves.phase_days[index][at],
            light_curves.magnitude[index][at],
            BAND_MARKERS[band],
            color=BAND_COLOURS[band],
            label=band,
            markersize=5,
        )
    if not ax.yaxis_inverted():  # axes that share theirs are inverted once
        ax.invert_yaxis()
