"""Figures of the survey and its cadences.  Each function draws into the axes that it is given."""

import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.ticker import PercentFormatter

from snlib.data.quantities import BANDS
from snlib.evaluation.cadence_statistics import STATISTICS
from snlib.figures.style import BAND_COLOURS, PHASE_LABEL
from snlib.simulation.survey import POINTS_PER_BAND

__all__ = ["plot_cadence_statistics", "plot_cadences", "plot_points_kept", "plot_sky", "plot_window_visits"]

# Colour and line of each sample of light curves.
_SAMPLE_STYLES = {
    "published": ("black", "-"),
    "code": ("#0072B2", "-"),
    "text": ("#D55E00", "--"),
}
_SPHERE_SQUARE_DEG = 4 * np.pi * np.degrees(1) ** 2


def plot_sky(ax, visits, n_ra=180, n_dec=90):
    """Draw the density of visits on the sky, RA growing to the left.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Of projection "mollweide".
    visits : snlib.simulation.visits.Visits
    n_ra, n_dec : int
        Cells in RA and in sin Dec, all of one area.
    """
    ra = np.linspace(-np.pi, np.pi, n_ra + 1)
    sin_dec = np.linspace(-1, 1, n_dec + 1)
    centred_ra = np.radians((visits.ra_deg + 180) % 360 - 180)
    count, _, _ = np.histogram2d(np.sin(np.radians(visits.dec_deg)), -centred_ra, bins=(sin_dec, ra))
    density = np.where(count > 0, count * n_ra * n_dec / _SPHERE_SQUARE_DEG, np.nan)
    image = ax.pcolormesh(
        ra, np.arcsin(sin_dec), density, cmap="viridis", norm=LogNorm(1, 1000), rasterized=True
    )
    hours = np.arange(-8, 9, 4)
    ax.set_xticks(np.radians(-15 * hours), [""] * len(hours))
    label_dec = np.radians(48)  # where Rubin does not go
    for hour in hours:
        ax.text(np.radians(-15 * hour), label_dec, f"{hour % 24} h", ha="center", va="center", color="0.4")
    ax.set_yticks(np.radians([-60, -30, 0, 30, 60]))
    ax.grid(linewidth=0.4, color="0.6")
    ax.figure.colorbar(image, ax=ax, label="Field centres per square degree", shrink=0.8, extend="both")


def plot_window_visits(ax, days, band):
    """Draw the visits of a window, a row a band, with the numbers of visits and of points kept.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    days : ndarray, shape (K,)
        Since the window's start.
    band : ndarray of int, shape (K,)
        Index into `snlib.data.quantities.BANDS`.
    """
    for row, name in enumerate(BANDS):
        at = days[band == row]
        ax.plot(at, np.full(len(at), row), "|", color=BAND_COLOURS[name], markersize=14, markeredgewidth=1.5)
        kept = min(len(at), POINTS_PER_BAND)
        label = str(kept) if kept == len(at) else f"{len(at)} → {kept}"
        ax.text(106, row, label, va="center", fontsize=10)
    ax.set(xlabel="Days in the window", xticks=range(0, 101, 25))
    ax.set(xlim=(-2, 140), ylim=(len(BANDS) - 0.5, -0.5))
    ax.set_yticks(range(len(BANDS)), BANDS)


def plot_points_kept(ax, counts, min_observations):
    """Draw the points that are kept of a window against its visits.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    counts : ndarray of int, shape (N, 6)
        Visits by window and band.
    min_observations : int
        Fewest points that make a light curve.
    """
    visits, points = counts.sum(1), np.minimum(counts, POINTS_PER_BAND).sum(1)
    accepted = points >= min_observations
    at = np.geomspace(1, visits.max(), 200)
    ax.plot(at, np.minimum(at, POINTS_PER_BAND * len(BANDS)), color="0.6", linewidth=1)
    ax.plot(visits[~accepted], points[~accepted], "x", color="0.6", markersize=4, label="too few points")
    ax.plot(visits[accepted], points[accepted], ".", color="#0072B2", markersize=5, label="enough points")
    ax.set(xscale="log", xlabel="Visits in 100 days", ylabel="Points kept", ylim=(0, 62))
    ax.legend(loc="lower right")


def plot_cadences(ax, light_curves):
    """Draw when light curves were observed, a row each, those of the most points at the top.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    light_curves : LightCurves
    """
    observed = light_curves.observed
    rank = np.argsort(np.argsort(observed.sum(1), kind="stable"))
    rows = np.broadcast_to(rank[:, None], observed.shape)
    for number, name in enumerate(BANDS):
        at = observed & (light_curves.band == number)
        # Side by side within the row, so that bands of one night do not hide one another.
        offset = (2.5 - number) / 8
        ax.plot(
            light_curves.phase_days[at], rows[at] + offset, "o", color=BAND_COLOURS[name], ms=3, label=name
        )
    phases = np.where(observed, light_curves.phase_days, np.nan)
    ends = np.nanmin(phases, 1), np.nanmax(phases, 1)
    ax.hlines(rank, *ends, color="0.85", linewidth=0.8, zorder=0)
    ax.set(xlabel=PHASE_LABEL, ylabel="Light curve", yticks=[], ylim=(-1, len(observed)))
    ax.axvline(0, color="0.6", linewidth=0.8, zorder=0)


def plot_cadence_statistics(axes, samples, columns):
    """Draw how statistics are distributed in samples of light curves, a panel a statistic.

    Parameters
    ----------
    axes : sequence of matplotlib.axes.Axes
    samples : dict of str to pandas.DataFrame
        By name ("published" or that of a selection); see
        `snlib.evaluation.cadence_statistics.cadence_statistics`.
    columns : sequence of str
        Names in `snlib.evaluation.cadence_statistics.STATISTICS`.
    """
    for ax, column in zip(axes, columns, strict=True):
        for name, table in samples.items():
            colour, line = _SAMPLE_STYLES[name]
            ax.ecdf(table[column].dropna(), color=colour, linestyle=line, linewidth=1.5, label=name)
        ax.set(xlabel=STATISTICS[column], ylim=(0, 1))
        ax.yaxis.set_major_formatter(PercentFormatter(1))
