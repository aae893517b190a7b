"""Figures of the judgement by real models.  Each function draws into the axes that it is given."""

from snlib.figures.axes import log_ticks, side_by_side
from snlib.figures.light_curves import plot_light_curve
from snlib.figures.spectra import mean_and_bands, plot_prediction, plot_truth
from snlib.figures.style import (
    FNU_LABEL,
    PHASE_LABEL,
    WAVELENGTH_LABEL,
    method_colour,
    method_marker,
    phase_title,
)

__all__ = ["plot_differences", "plot_real_event", "plot_real_scores"]

_SHOWN_DAYS = (0.0, 10.0, 30.0)
_STEP_DAYS = 0.9  # from one method's mark to the next
_TICKS_DEX = (0.02, 0.05, 0.1, 0.2, 0.5, 1, 2)
_TICKS_RATIO = (0.5, 0.7, 1, 1.5, 2, 3, 5)
_STEPS = {False: "before recalibration", True: "recalibrated"}


def plot_real_scores(axes, average):
    """Draw error, score, coverage and width against phase, a line a method.

    Parameters
    ----------
    axes : ndarray of matplotlib.axes.Axes, shape (3, 2)
        RMSE and CRPS, then coverage and width of the 90 % interval before recalibration, then recalibrated.
    average : pandas.DataFrame
        With ``method, recalibrated, phase_days`` and the columns of
        `snlib.evaluation.scores.average_scores`.  A method without recalibrated rows has no
        interval: its score is its absolute error.
    """
    for above, below in axes[1:].T:
        below.sharey(above)
    for method, table in average.groupby("method", sort=False):
        style = {"color": method_colour(method), "marker": method_marker(method)}
        style |= {"linewidth": 1.2, "label": method}
        by_step = dict(list(table.groupby("recalibrated")))
        first, last = by_step[False], by_step.get(True, by_step[False])
        axes[0, 0].plot(first["phase_days"], first["rmse_dex"], **style)
        axes[0, 1].plot(last["phase_days"], last["crps_dex"], **style)
        for step, of_step in by_step.items():
            if of_step["coverage_90"].notna().any():
                for ax, name in zip(axes[1 + step], ("coverage_90", "width_90_dex"), strict=True):
                    ax.plot(of_step["phase_days"], of_step[name], **style)
    axes[0, 0].set(ylabel="RMSE [dex]", yscale="log")
    axes[0, 1].set(ylabel="CRPS [dex]", yscale="log")
    for step, title in _STEPS.items():
        axes[1 + step, 0].set(ylabel=f"90 % coverage,\n{title}", ylim=(None, 1.02))
        axes[1 + step, 0].axhline(0.9, color="0.6", linewidth=0.8)
        axes[1 + step, 1].set(ylabel=f"90 % width [dex],\n{title}", yscale="log")
    for ax in axes[-1]:
        ax.set_xlabel(PHASE_LABEL)
    for ax in (*axes[0], *axes[1:, 1]):
        log_ticks(ax.yaxis, _TICKS_DEX)


def plot_differences(axes, differences, other):
    """Draw how the methods differ from one of them, phase by phase, with 95 % intervals.

    Parameters
    ----------
    axes : sequence of 2 matplotlib.axes.Axes
        RMSE ratio and difference of CRPS.
    differences : dict of str to pandas.DataFrame
        By method: ``phase_days``, ``rmse_ratio`` (method over other) and ``crps_difference`` (method minus
        other, dex), and with the suffixes ``_low`` and ``_high`` the ends of their intervals.
    other : str
        With which they are compared.
    """
    shifts = side_by_side(len(differences), _STEP_DAYS)
    for shift, (method, table) in zip(shifts, differences.items(), strict=True):
        style = {"fmt": method_marker(method), "color": method_colour(method)}
        for ax, name in zip(axes, ("rmse_ratio", "crps_difference"), strict=True):
            ends = [table[name] - table[f"{name}_low"], table[f"{name}_high"] - table[name]]
            ax.errorbar(table["phase_days"] + shift, table[name], ends, markersize=5, label=method, **style)
    for ax, same in zip(axes, (1, 0), strict=True):
        ax.axhline(same, color="0.6", linewidth=0.8)
    axes[0].set(title=f"against {other}", ylabel="RMSE ratio", yscale="log")
    axes[1].set(xlabel=PHASE_LABEL, ylabel="Difference of CRPS [dex]")
    log_ticks(axes[0].yaxis, _TICKS_RATIO)


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
        plot_truth(ax, spectra.wavelength_aa, spectra.log10_fnu[0, at])
        for method, drawn in samples.items():
            percents, label = ((90,), f"{method}, 90 % interval") if method == last else ((), method)
            style = {"color": method_colour(method), "label": label}
            plot_prediction(ax, spectra.wavelength_aa, *mean_and_bands(drawn[:, at], percents), **style)
        ax.set(title=phase_title(phase), xlabel=WAVELENGTH_LABEL, ylabel=FNU_LABEL)
    panels[-1].legend(fontsize="small")
