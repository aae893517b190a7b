"""Figures of the judgement by real models.  Each function draws into the axes that it is given."""

import numpy as np
from matplotlib.ticker import FixedLocator, NullLocator

from snlib.figures.style import FNU_LABEL, MODEL_COLOURS, WAVELENGTH_LABEL, plot_light_curve

__all__ = ["COLOURS", "plot_differences", "plot_real_event", "plot_real_scores"]

# Of every method that is judged by real models.
COLOURS = MODEL_COLOURS | {
    "spectra-only VAE": MODEL_COLOURS["spectra-only VAE (improved)"],
    "MMVAE (large)": MODEL_COLOURS["MMVAE"],
    "MMVAE (large, fine-tuned)": "#332288",
    "inversion": "#7A1F1F",
}
_MARKERS = dict(
    zip(
        (
            "mean spectrum",
            "contrastive",
            "spectra-only VAE",
            "MMVAE (text)",
            "MMVAE (large)",
            "MMVAE (large, fine-tuned)",
            "inversion",
            "diffusion",
        ),
        "PvXos*D^",
        strict=True,
    )
)
_PHASE_LABEL = "Phase [days from peak]"
_SHOWN_DAYS = (0.0, 10.0, 30.0)
_DODGE_DAYS = 0.9
_TICKS_DEX = (0.02, 0.05, 0.1, 0.2, 0.5, 1, 2)
_TICKS_RATIO = (0.5, 0.7, 1, 1.5, 2, 3, 5)


def plot_real_scores(axes, average):
    """Draw error, score, coverage and width against phase, a line a method.

    Parameters
    ----------
    axes : ndarray of matplotlib.axes.Axes, shape (3, 2)
        RMSE and CRPS, then coverage and width of the 90 % interval as it is, then recalibrated.
    average : pandas.DataFrame
        With ``method, recalibrated, phase_days`` and the columns of
        `snlib.evaluation.scores.average_sample_scores`.  A method without recalibrated rows has no
        interval: its score is its absolute error.
    """
    titles = {False: "as it is", True: "recalibrated"}
    for above, below in axes[1:].T:
        below.sharey(above)
    for method, table in average.groupby("method", sort=False):
        style = {"color": COLOURS[method], "marker": _MARKERS[method], "linewidth": 1.2, "label": method}
        panels = [
            (axes[1 + step], of_step)
            for step, of_step in table.groupby("recalibrated")
            if of_step["coverage_90"].notna().any()
        ]
        first, last = (table[table["recalibrated"] == step] for step in (False, table["recalibrated"].any()))
        axes[0, 0].plot(first["phase_days"], first["rmse_dex"], **style)
        axes[0, 1].plot(last["phase_days"], last["crps_dex"], **style)
        for (coverage, width), of_step in panels:
            coverage.plot(of_step["phase_days"], of_step["coverage_90"], **style)
            width.plot(of_step["phase_days"], of_step["width_90_dex"], **style)
    axes[0, 0].set(ylabel="RMSE [dex]", yscale="log")
    axes[0, 1].set(ylabel="CRPS [dex]", yscale="log")
    for step, title in titles.items():
        axes[1 + step, 0].set(ylabel=f"90 % coverage, {title}", ylim=(None, 1.02))
        axes[1 + step, 0].axhline(0.9, color="0.6", linewidth=0.8)
        axes[1 + step, 1].set(ylabel=f"90 % width, {title} [dex]", yscale="log")
    for ax in axes[-1]:
        ax.set_xlabel(_PHASE_LABEL)
    for ax in (*axes[0], *axes[1:, 1]):
        _mark(ax, _TICKS_DEX)


def plot_differences(axes, differences, other):
    """Draw how the methods differ from one of them, phase by phase, with 95 % intervals.

    Parameters
    ----------
    axes : sequence of 2 matplotlib.axes.Axes
        RMSE ratio and difference of CRPS.
    differences : dict of str to pandas.DataFrame
        By method; see `snlib.replication.real_scores.paired_differences`.
    other : str
        With which they are compared.
    """
    for place, (method, table) in enumerate(differences.items()):
        x = table["phase_days"] + (place - (len(differences) - 1) / 2) * _DODGE_DAYS
        style = {"fmt": _MARKERS[method], "color": COLOURS[method], "markersize": 5, "label": method}
        for ax, name in zip(axes, ("rmse_ratio", "crps_difference"), strict=True):
            ends = [table[name] - table[f"{name}_low"], table[f"{name}_high"] - table[name]]
            ax.errorbar(x, table[name], ends, **style)
    for ax, same in zip(axes, (1, 0), strict=True):
        ax.axhline(same, color="0.6", linewidth=0.8)
    axes[0].set(title=f"against {other}", ylabel="RMSE ratio", yscale="log")
    axes[1].set(xlabel=_PHASE_LABEL, ylabel="Difference of CRPS [dex]")
    _mark(axes[0], _TICKS_RATIO)


def _mark(ax, ticks):
    ax.yaxis.set_major_locator(FixedLocator(ticks))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_major_formatter("{x:g}")


def plot_real_event(axes, truth, samples):
    """Draw the light curve of one real model, and its spectra beside what is predicted for them.

    Parameters
    ----------
    axes : sequence of 4 matplotlib.axes.Axes
        Of the light curve, and of the spectra 0, 10 and 30 days after peak.
    truth : Events
        With N = 1.
    samples : dict of str to ndarray, shape (S, P, L)
        By method; of each the mean is drawn, of the last the 90 % interval too.
    """
    (light_curve, *panels), spectra, last = axes, truth.spectra, list(samples)[-1]
    plot_light_curve(light_curve, truth.light_curves)
    for ax, phase in zip(panels, _SHOWN_DAYS, strict=True):
        at = spectra.phase_days.tolist().index(phase)
        low, high = np.quantile(samples[last][:, at], [0.05, 0.95], axis=0)
        band = {"color": COLOURS[last], "alpha": 0.25, "linewidth": 0, "label": "its 90 % interval"}
        ax.plot(
            spectra.wavelength_aa,
            spectra.log10_fnu[0, at],
            color=COLOURS["truth"],
            linewidth=0.8,
            label="truth",
        )
        for method, drawn in samples.items():
            ax.plot(
                spectra.wavelength_aa,
                drawn[:, at].mean(0),
                color=COLOURS[method],
                linewidth=1.2,
                label=method,
            )
        ax.fill_between(spectra.wavelength_aa, low, high, **band)
        ax.set(title=f"{phase:+.0f} d", xlabel=WAVELENGTH_LABEL, ylabel=FNU_LABEL)
    panels[-1].legend(fontsize="small")
