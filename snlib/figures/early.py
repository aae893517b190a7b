"""Figures of early and thin light curves.  Each function draws into the axes that it is given."""

import numpy as np

from snlib.evaluation.early import value_label
from snlib.figures.style import MODEL_COLOURS, WAVELENGTH_LABEL, plot_light_curve

__all__ = ["plot_bands", "plot_early", "plot_nights"]

_SHOWN_DAYS = (0.0, 10.0, 30.0)
_MEASURES = {
    "rmse_dex": "RMSE [dex]",
    "coverage_90": "Coverage of 90 % interval",
    "width_90_dex": "Width of 90 % interval [dex]",
}
_CUTS = {"last phase": "Last observed phase [days]", "points": "Number of points"}
_STYLES = {
    "MMVAE": {"color": MODEL_COLOURS["MMVAE"], "marker": "o"},
    "inversion": {"color": "black", "marker": "s"},
    "mean spectrum": {"color": MODEL_COLOURS["mean spectrum"], "linestyle": "--", "elinewidth": 0},
}
_SHIFTS = dict(zip(_STYLES, (-0.08, 0.08, 0.0), strict=True))  # so that bars do not meet
_BANDS = {90: 0.2, 68: 0.35}  # opacity


def plot_early(axes, table):
    """Draw error, coverage and width against what is left of the light curves, a row a measure.

    Parameters
    ----------
    axes : ndarray of matplotlib.axes.Axes, shape (3, 3)
        A column for the spectra 0, 10 and 30 days after peak; those of a row share their y axis.
    table : pandas.DataFrame
        One ``cut`` of `snlib.evaluation.early.early_table`.  Bars are standard errors; the mean spectrum, the
        same everywhere, has none.
    """
    for column, phase in zip(axes.T, _SHOWN_DAYS, strict=True):
        column[0].set_title(f"spectrum at {phase:+.0f} d")
        for method, rows in table[table["phase_days"] == phase].groupby("method", sort=False):
            style = {"label": method, "linewidth": 1.2, "markersize": 4, **_STYLES[method]}
            x = np.arange(len(rows)) + _SHIFTS[method]
            for ax, measure in zip(column, _MEASURES, strict=True):
                error = rows.get(f"{measure}_error")
                ax.errorbar(x, rows[measure], error, **style)
        values = rows["value"].map(value_label)
        column[1].axhline(0.9, color="0.6", linewidth=0.8)
        column[2].set(xlabel=_CUTS[table["cut"].iloc[0]], xticks=np.arange(len(rows)), xticklabels=values)
    for (first, *_), (measure, label) in zip(axes, _MEASURES.items(), strict=True):
        first.set_ylabel(label)
        if not measure.startswith("coverage"):
            first.set_ylim(0, None)
    axes[0, 0].legend(fontsize="small")


def plot_bands(ax, wavelength_aa, samples, **line):
    """Draw a predicted spectrum: mean, and the central 68 and 90 % intervals of each pixel.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    wavelength_aa : ndarray, shape (L,)
    samples : ndarray, shape (S, L)
        log10 F_nu.
    **line
        Of `matplotlib.axes.Axes.plot`, for the mean.
    """
    line = {"color": MODEL_COLOURS["MMVAE"], "linewidth": 1.2, "label": "predicted, 68 and 90 %", **line}
    for percent, opacity in _BANDS.items():
        low, high = np.quantile(samples, (0.5 - percent / 200, 0.5 + percent / 200), axis=0)
        ax.fill_between(wavelength_aa, low, high, color=line["color"], alpha=opacity, linewidth=0)
    ax.plot(wavelength_aa, samples.mean(0), **line)


def plot_nights(axes, event, nights, phase_days):
    """Draw one supernova as its light curve grows: what is seen, and the spectrum predicted from it.

    Parameters
    ----------
    axes : ndarray of matplotlib.axes.Axes, shape (2, nights)
        Light curves, points yet to come in grey, and spectra below; each row shares its axes.
    event : Events
        The truth, with N = 1.
    nights : dict of float to (LightCurves, ndarray of shape (S, P, L))
        By last observed phase: the light curve until then, and spectra drawn from it.
    phase_days : float
        Of the spectrum to show, one of the event's.
    """
    whole, spectra = event.light_curves, event.spectra
    at = spectra.phase_days.tolist().index(phase_days)
    for (upper, lower), (last, (light_curve, samples)) in zip(axes.T, nights.items(), strict=True):
        hidden = whole.observed & ~light_curve.observed
        upper.plot(whole.phase_days[hidden], whole.magnitude[hidden], ".", color="0.75", markersize=4)
        plot_light_curve(upper, light_curve)
        upper.get_legend().remove()
        n_points, until = light_curve.observed.sum(), "all" if np.isinf(last) else f"until {last:+g} d"
        upper.set(title=f"{until}: {n_points} points", xlabel="Phase [days]", ylabel="")
        plot_bands(lower, spectra.wavelength_aa, samples[:, at])
        truth = {"color": MODEL_COLOURS["truth"], "linewidth": 1, "label": "truth"}
        lower.plot(spectra.wavelength_aa, spectra.log10_fnu[0, at], **truth)
        lower.set(xlabel=WAVELENGTH_LABEL, xticks=(4000, 6000, 8000))
