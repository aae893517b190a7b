"""Figures of intervals.  Each function draws into the axes that it is given and loads nothing."""

import numpy as np

from snlib.evaluation.scores import PIT_COLUMNS, reliability
from snlib.figures.axes import side_by_side
from snlib.figures.spectra import plot_truth, running_mean
from snlib.figures.style import FNU_LABEL, PHASE_LABEL, WAVELENGTH_LABEL, method_colour, method_marker

__all__ = [
    "LABELS",
    "NOMINAL",
    "TOLERANCE",
    "plot_coverage",
    "plot_draws",
    "plot_feature_coverage",
    "plot_pit",
    "plot_reliability",
    "plot_widths_and_scores",
]

NOMINAL = {68: 0.6827, 90: 0.90}
TOLERANCE = 0.02  # how near the coverage should be
LABELS = {
    "latent": "latent only (as in the paper)",
    "likelihood": "independent pixels",
    "errors": "modes of error",
    "inversion": "surrogate inversion",
}
_FEATURE_LABELS = {
    "g_mag": "g",
    "r_mag": "r",
    "g_minus_r_mag": "g − r",
    "blue_minus_red_dex": "blue − red",
    "ca_ii_hk_pew_aa": "Ca II H&K pEW",
    "ca_ii_hk_depth": "Ca II H&K depth",
    "si_ii_6355_pew_aa": "Si II 6355 pEW",
    "si_ii_6355_depth": "Si II 6355 depth",
}
_STEPS = {False: "before recalibration", True: "recalibrated"}
_STEP_DAYS = 1.2  # from one method's mark to the next
_WINDOW = 25  # pixels, a fraction of a filter


def plot_reliability(axes, pixels):
    """Draw empirical against nominal coverage of central intervals, over all phases.

    Parameters
    ----------
    axes : sequence of 2 matplotlib.axes.Axes
        Before and after recalibration.
    pixels : pandas.DataFrame
        Rows of the feature "pixel" of `snlib.replication.intervals.interval_scores`.
    """
    for (recalibrated, title), ax in zip(_STEPS.items(), axes, strict=True):
        ax.axline((0, 0), slope=1, color="0.6", linewidth=0.8)
        for method, rows in _methods(pixels[pixels["recalibrated"] == recalibrated]):
            ax.plot(*reliability(_pooled(rows)), **_style(method), markersize=4)
        ax.set(title=title, xlabel="Nominal coverage", xlim=(0, 1), ylim=(0, 1), aspect="equal")
    axes[0].set_ylabel("Empirical coverage")


def plot_pit(axes, pixels):
    """Draw histograms of the probability integral transform over all phases, a panel a method.

    Parameters
    ----------
    axes : sequence of 4 matplotlib.axes.Axes
    pixels : pandas.DataFrame
        See `plot_reliability`.
    """
    edges = np.linspace(0, 1, len(PIT_COLUMNS) + 1)
    for ax, (method, rows) in zip(axes, _methods(pixels), strict=True):
        for recalibrated, of_step in rows.groupby("recalibrated"):
            density = len(PIT_COLUMNS) * _pooled(of_step)
            style = {"fill": True, "alpha": 0.35} if recalibrated else {"linewidth": 1.4}
            ax.stairs(density, edges, color=method_colour(method), label=_STEPS[recalibrated], **style)
        ax.axhline(1, color="0.6", linewidth=0.8)
        ax.set(title=LABELS[method], xlabel="Share of the samples below the truth", xlim=(0, 1))
        ax.legend(fontsize="small")
    axes[0].set_ylabel("Density")


def plot_coverage(axes, pixels):
    """Draw coverage against phase with standard errors; grey: what is aimed at.

    Parameters
    ----------
    axes : ndarray of matplotlib.axes.Axes, shape (2, 2)
        A row for 68 % and 90 %, a column before and one after recalibration.
    pixels : pandas.DataFrame
        See `plot_reliability`.
    """
    for row, (percent, nominal) in zip(axes, NOMINAL.items(), strict=True):
        for ax, (recalibrated, title) in zip(row, _STEPS.items(), strict=True):
            ax.axhspan(nominal - TOLERANCE, nominal + TOLERANCE, color="0.88", linewidth=0)
            by_method = _methods(pixels[pixels["recalibrated"] == recalibrated])
            shifts = side_by_side(len(by_method), _STEP_DAYS)
            for shift, (method, rows) in zip(shifts, by_method, strict=True):
                x = rows["phase_days"] + shift
                y, error = rows[f"coverage_{percent}"], rows[f"coverage_{percent}_error"]
                ax.errorbar(x, y, error, **_style(method), markersize=5)
            ax.set_title(title)
        row[0].set_ylabel(f"Coverage of the {percent} % interval")
    for ax in axes[-1]:
        ax.set_xlabel(PHASE_LABEL)


def plot_widths_and_scores(axes, pixels):
    """Draw the mean width of the 90 % interval and two scores against phase; dashed: before recalibration.

    Parameters
    ----------
    axes : sequence of 3 matplotlib.axes.Axes
    pixels : pandas.DataFrame
        See `plot_reliability`.
    """
    titles = {
        "width_90": "Width of the 90 % interval [dex]",
        "crps": "CRPS [dex]",
        "log_score": "Log score [nats]",
    }
    for ax, (name, title) in zip(axes, titles.items(), strict=True):
        for method, rows in _methods(pixels):
            before, after = (rows[rows["recalibrated"] == step] for step in _STEPS)
            ax.plot(before["phase_days"], before[name], "--", color=method_colour(method), linewidth=1)
            ax.plot(after["phase_days"], after[name], **_style(method), markersize=5)
        ax.set(title=title, xlabel=PHASE_LABEL)
    for ax in axes[:2]:
        ax.set_ylim(bottom=0)
    axes[2].set_ylim(bottom=-3)  # latents alone fall far below before they are recalibrated


def plot_feature_coverage(axes, features, methods):
    """Draw how often whole spectra are as said, a panel a feature.

    Parameters
    ----------
    axes : ndarray of matplotlib.axes.Axes, shape (2, 4)
    features : pandas.DataFrame
        Rows of `snlib.replication.intervals.interval_scores`, one for each method, feature and phase; "pixel"
        is not drawn.
    methods : sequence of str
    """
    for ax, (name, label) in zip(axes.T.flat, _FEATURE_LABELS.items(), strict=True):
        of_feature = features[features["feature"] == name]
        for percent, nominal in NOMINAL.items():
            ax.axhline(nominal, color="0.6", linewidth=0.8)
            for shift, method in zip(side_by_side(len(methods), _STEP_DAYS), methods, strict=True):
                rows = of_feature[of_feature["method"] == method]
                x = rows["phase_days"] + shift
                y, error = rows[f"coverage_{percent}"], rows[f"coverage_{percent}_error"]
                style = _style(method) | {"label": f"{LABELS[method]}, {percent} %", "linestyle": "none"}
                filled = {} if percent == 68 else {"markerfacecolor": "white"}
                ax.errorbar(x, y, error, **style, **filled, markersize=5)
        ax.set(title=label, ylim=(-0.03, 1.04))
    for ax in axes[:, 0]:
        ax.set_ylabel("Coverage of the interval")
    for ax in axes[-1]:
        ax.set_xlabel(PHASE_LABEL)


def plot_draws(axes, wavelength_aa, truth, location, draws):
    """Draw a few samples of one spectrum, and what is left of their errors in a running mean.

    Parameters
    ----------
    axes : ndarray of matplotlib.axes.Axes, shape (2, number of kinds)
        Spectra above; below, less the location, means over 25 pixels.
    wavelength_aa, truth, location : ndarray, shape (L,)
        Å; log10 F_nu, NaN where the truth has no flux.
    draws : dict of str to ndarray, shape (S, L)
        By kind of noise.
    """
    for (above, below), (title, samples) in zip(axes.T, draws.items(), strict=True):
        for number, flux in enumerate(samples, 1):
            line = {"linewidth": 0.8, "alpha": 0.8, "label": f"draw {number}"}
            above.plot(wavelength_aa, flux, **line)
            below.plot(wavelength_aa, running_mean(flux - location, _WINDOW), **line)
        plot_truth(above, wavelength_aa, truth)
        plot_truth(below, wavelength_aa, running_mean(truth - location, _WINDOW))
        above.set_title(title)
        below.set_xlabel(WAVELENGTH_LABEL)
    axes[0, 0].set_ylabel(FNU_LABEL)
    axes[1, 0].set_ylabel("Deviation, running mean [dex]")
    axes[0, -1].legend(fontsize="small")


def _methods(table):
    """Rows of each method, in the order of `LABELS`."""
    return [(method, table[table["method"] == method]) for method in LABELS]


def _style(method):
    style = {"color": method_colour(method), "marker": method_marker(method), "linewidth": 1.2}
    return style | {"label": LABELS[method]}


def _pooled(rows):
    return np.average(rows[PIT_COLUMNS], axis=0, weights=rows["n_pixels"])
