"""Figures of early and thin light curves.  Each function draws into the axes that it is given."""

import numpy as np

from snlib.evaluation.early import value_label
from snlib.figures.axes import side_by_side
from snlib.figures.light_curves import plot_partial_light_curve
from snlib.figures.spectra import mean_and_bands, plot_prediction, plot_truth
from snlib.figures.style import (
    FNU_LABEL,
    PHASE_LABEL,
    WAVELENGTH_LABEL,
    method_colour,
    method_marker,
    phase_title,
)

__all__ = ["plot_early_scores", "plot_nights"]

_SHOWN_DAYS = (0.0, 10.0, 30.0)
_MEASURES = {
    "rmse_dex": "RMSE [dex]",
    "coverage_90": "Coverage of 90 % interval",
    "width_90_dex": "Width of 90 % interval [dex]",
}
_CUTS = {"last phase": "Last observed phase [days]", "points": "Number of points"}
_STEP = 0.1  # from one method's mark to the next, of the distance of two values


def plot_early_scores(axes, table):
    """Draw error, coverage and width against what is left of the light curves, a row a measure.

    Parameters
    ----------
    axes : ndarray of matplotlib.axes.Axes, shape (3, 3)
        A column for the spectra 0, 10 and 30 days after peak; those of a row share their y axis.
    table : pandas.DataFrame
        One ``cut`` of `snlib.replication.early.early_table`.  Bars are standard errors; the mean spectrum,
        the same everywhere, has none and is dashed.
    """
    values = table["value"].unique()
    for column, phase in zip(axes.T, _SHOWN_DAYS, strict=True):
        by_method = list(table[table["phase_days"] == phase].groupby("method", sort=False))
        for shift, (method, rows) in zip(side_by_side(len(by_method), _STEP), by_method, strict=True):
            places = rows["value"].map({value: place for place, value in enumerate(values)})
            for ax, measure in zip(column, _MEASURES, strict=True):
                _plot_scores(ax, places + shift, rows, measure, method)
        column[0].set_title(f"spectrum at {phase_title(phase)}")
        column[1].axhline(0.9, color="0.6", linewidth=0.8)
        column[2].set_xlabel(_CUTS[table["cut"].iloc[0]])
        column[2].set_xticks(range(len(values)), map(value_label, values))
    for (first, *_), (measure, label) in zip(axes, _MEASURES.items(), strict=True):
        first.set_ylabel(label)
        if not measure.startswith("coverage"):
            first.set_ylim(0, None)
    axes[0, 0].legend(fontsize="small")


def _plot_scores(ax, x, rows, measure, method):
    style = {"color": method_colour(method), "label": method, "linewidth": 1.2}
    if method == "mean spectrum":
        ax.plot(x, rows[measure], "--", **style)
    else:
        error, marker = rows.get(f"{measure}_error"), method_marker(method)
        ax.errorbar(x, rows[measure], error, marker=marker, markersize=4, **style)


def plot_nights(axes, event, nights, phase_days):
    """Draw one supernova as its light curve grows: what is seen, and the spectrum predicted from it.

    Parameters
    ----------
    axes : ndarray of matplotlib.axes.Axes, shape (2, nights)
        Light curves, points yet to come in grey, and spectra below, with their 68 and 90 % intervals; each
        row shares its axes.
    event : Events
        The truth, with N = 1.
    nights : dict of float to (LightCurves, ndarray of shape (S, P, L))
        By last observed phase: the light curve until then, and spectra drawn from it.
    phase_days : float
        Of the spectrum to show, one of the event's.
    """
    spectra = event.spectra
    at = spectra.phase_days.tolist().index(phase_days)
    style = {"color": method_colour("MMVAE"), "label": "predicted, 68 and 90 %"}
    for (upper, lower), (last, (light_curve, samples)) in zip(axes.T, nights.items(), strict=True):
        until = "all" if np.isinf(last) else f"until {last:+g} d"
        plot_partial_light_curve(upper, event.light_curves, light_curve, until)
        upper.set_xlabel(PHASE_LABEL)
        plot_prediction(lower, spectra.wavelength_aa, *mean_and_bands(samples[:, at], (90, 68)), **style)
        plot_truth(lower, spectra.wavelength_aa, spectra.log10_fnu[0, at])
        lower.set(xlabel=WAVELENGTH_LABEL, xticks=(4000, 6000, 8000))
    axes[0, 0].set_ylabel("Absolute AB magnitude")
    axes[1, 0].set_ylabel(FNU_LABEL)
