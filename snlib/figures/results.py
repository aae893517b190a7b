"""Figures 4 and 8 of the paper, and the claims.  Each function draws into the axes that it is given."""

import numpy as np

from snlib.data.quantities import PARAMETERS
from snlib.figures.axes import log_ticks, side_by_side
from snlib.figures.spectra import SMOOTHED_PIXELS, plot_prediction, running_mean
from snlib.figures.style import WAVELENGTH_LABEL, method_colour, phase_title, recipe_colour, recipe_label

__all__ = ["frame_scores", "plot_claims", "plot_parameter_errors", "plot_wavelength_scores"]

_EDGES = (0.1, 10.0)  # of the numbers behind the claims
_TICKS = (0.1, 0.2, 0.5, 1, 2, 5, 10)
_VERDICT_MARKERS = {"holds": "o", "fails": "X", "open": "D", "not applicable": "_"}


def plot_wavelength_scores(axes, wavelength_aa, phase_days, curves):
    """Draw Figure 4: residual with its scatter, coverage and width against wavelength, a row a phase.

    Dotted in the last column: the width averaged over all phases, which is what the published figure
    shows at every phase.

    Parameters
    ----------
    axes : ndarray of matplotlib.axes.Axes, shape (P, 3)
    wavelength_aa : ndarray, shape (L,)
    phase_days : ndarray, shape (P,)
    curves : dict of (str, str) to dict of str to ndarray, shape (P, L)
        By model and kind of interval ("latent", "predictive" or "none"); see
        `snlib.evaluation.score_table.Curves`.
    """
    for (model, kind), curve in curves.items():
        style = _interval_style(model, kind)
        for index, row in enumerate(axes):
            of_phase = {name: running_mean(values[index], SMOOTHED_PIXELS) for name, values in curve.items()}
            _plot_scores(row, wavelength_aa, of_phase, kind, style)
            if kind == "latent":
                width = running_mean(curve["width"].mean(0), SMOOTHED_PIXELS)
                row[2].plot(wavelength_aa, width, ":", color=style["color"], linewidth=1)
    for (residual, coverage, width), phase in zip(axes, phase_days, strict=True):
        frame_scores(residual, coverage, width)
        residual.set_ylabel(phase_title(phase))
    for ax, title in zip(axes[0], ("Residual [dex]", "Coverage of 90 %", "Width [dex]"), strict=True):
        ax.set_title(title)
    for ax in axes[-1]:
        ax.set_xlabel(WAVELENGTH_LABEL)


def frame_scores(residual, coverage, width):
    """Mark what residual and coverage of 90 % intervals should be, and set limits, once all is drawn.

    Parameters
    ----------
    residual, coverage, width : matplotlib.axes.Axes
    """
    residual.axhline(0, color="0.6", linewidth=0.8)
    coverage.axhline(0.9, color="0.6", linewidth=0.8)
    coverage.set_ylim(-0.02, 1.02)
    width.set_ylim(0, None)


def _plot_scores(row, wavelength_aa, curve, kind, style):
    """Draw residual, coverage and width at one phase."""
    residual, coverage, width = row
    if kind != "latent":  # its mean is the predictive one's
        ends = curve["bias"] - curve["spread"], curve["bias"] + curve["spread"]
        plot_prediction(residual, wavelength_aa, curve["bias"], [ends], **style)
    if kind != "none":
        coverage.plot(wavelength_aa, curve["coverage"], **style)
        width.plot(wavelength_aa, curve["width"], **style)


def _interval_style(model, kind):
    """Line and label of a model's interval: colour by model, latent-only dashed."""
    style = {"color": method_colour(model), "linewidth": 1.2, "label": model}
    return style | {"linestyle": "--", "label": f"{model}, latent only"} if kind == "latent" else style


def plot_parameter_errors(ax, errors):
    """Draw Figure 8: mean and scatter of the absolute errors of each parameter.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    errors : dict of str to ndarray, shape (N, 6)
        Absolute errors by method, in standard deviations of the parameter.  Bars are their standard
        deviation over the events.
    """
    shifts = side_by_side(len(errors), 0.8 / len(errors))
    for shift, (method, values) in zip(shifts, errors.items(), strict=True):
        style = {"fmt": "o", "capsize": 3, "markersize": 5, "color": method_colour(method)}
        x = np.arange(len(PARAMETERS)) + shift
        ax.errorbar(x, values.mean(0), values.std(0), label=method, **style)
    ax.set_xticks(range(len(PARAMETERS)), [parameter.symbol for parameter in PARAMETERS])
    ax.set(ylabel="Absolute error\n[standard deviations]", ylim=(0, None))


def plot_claims(ax, judged):
    """Draw the number that each claim rests on, its 95 % interval and the range that it should lie in.

    Each claim has a row, and in it each recipe a mark.  What lies beyond an edge is drawn on it.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    judged : pandas.DataFrame
        A row a claim and recipe: ``id, recipe, at_least, at_most, estimate, low, high, verdict``.
    """
    claims = dict(list(judged.groupby("id", sort=False)))
    for place, rows in enumerate(claims.values()):
        low, high = np.clip(rows[["at_least", "at_most"]].iloc[0], *_EDGES)
        ax.fill_betweenx([place - 0.4, place + 0.4], low, high, color="0.9", linewidth=0)
        heights = place + side_by_side(len(rows), 0.6 / len(rows))
        for height, row in zip(heights, rows.itertuples(), strict=True):
            style, marker = {"color": recipe_colour(row.recipe)}, _VERDICT_MARKERS[row.verdict]
            low, estimate, high = np.clip([row.low, row.estimate, row.high], *_EDGES)
            ax.plot([low, high], [height] * 2, linewidth=2, **style)
            ax.plot(estimate, height, marker, markersize=7, clip_on=False, **style)
    ax.set_yticks(range(len(claims)), claims)
    ax.invert_yaxis()
    ax.set(xscale="log", xlim=_EDGES, xlabel="Estimate")
    log_ticks(ax.xaxis, _TICKS)
    for recipe in judged["recipe"].unique():
        ax.plot([], [], "-", color=recipe_colour(recipe), linewidth=2, label=recipe_label(recipe))
    for verdict, marker in _VERDICT_MARKERS.items():
        ax.plot([], [], marker, color="0.4", label=verdict)
