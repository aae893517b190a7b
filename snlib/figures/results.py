"""Figures 4 and 8 of the paper, and the claims.  Each function draws into the axes that it is given."""

import numpy as np

from snlib.data.quantities import PARAMETERS
from snlib.figures.style import MODEL_COLOURS, RECIPE_COLOURS, WAVELENGTH_LABEL, model_style

__all__ = ["plot_claims", "plot_curves", "plot_parameter_errors"]

_WINDOW = 15  # pixels of the running mean over wavelength
_EDGES = (0.1, 10.0)  # of the numbers behind the claims


def _smooth(curve):
    padded = np.pad(curve, _WINDOW // 2, mode="edge")
    return np.convolve(padded, np.ones(_WINDOW) / _WINDOW, mode="valid")


def plot_curves(axes, wavelength_aa, phase_days, curves):
    """Draw Figure 4: residual, coverage and width against wavelength, a row a phase.

    Dotted in the last column: the width averaged over all phases, which is what the published figure
    shows at every phase.

    Parameters
    ----------
    axes : ndarray of matplotlib.axes.Axes, shape (P, 3)
    wavelength_aa : ndarray, shape (L,)
    phase_days : ndarray, shape (P,)
    curves : dict of (str, str) to dict of str to ndarray, shape (P, L)
        By model and kind of interval; see `snlib.evaluation.scores.curves`.
    """
    for (model, kind), curve in curves.items():
        style, label = model_style(model, kind)
        colour = style["color"]
        for (residual, coverage, width), index in zip(axes, range(len(phase_days)), strict=True):
            if kind != "latent":  # its mean is the predictive one's
                bias, spread = _smooth(curve["bias"][index]), _smooth(curve["spread"][index])
                band = {"color": colour, "alpha": 0.15, "linewidth": 0}
                residual.fill_between(wavelength_aa, bias - spread, bias + spread, **band)
                residual.plot(wavelength_aa, bias, label=label, **style)
            if kind != "none":
                coverage.plot(wavelength_aa, _smooth(curve["coverage"][index]), label=label, **style)
                width.plot(wavelength_aa, _smooth(curve["width"][index]), label=label, **style)
            if kind == "latent":
                width.plot(wavelength_aa, _smooth(curve["width"].mean(0)), ":", color=colour, linewidth=1)
    for (residual, coverage, width), phase in zip(axes, phase_days, strict=True):
        residual.axhline(0, color="0.6", linewidth=0.8)
        coverage.axhline(0.9, color="0.6", linewidth=0.8)
        coverage.set_ylim(-0.02, 1.02)
        width.set_ylim(0, None)
        residual.set_ylabel(f"{phase:+.0f} d")
    for ax, title in zip(axes[0], ("Residual [dex]", "Coverage of 90 %", "Width [dex]"), strict=True):
        ax.set_title(title)
    for ax in axes[-1]:
        ax.set_xlabel(WAVELENGTH_LABEL)


def plot_parameter_errors(ax, errors):
    """Draw Figure 8: mean and scatter of the absolute errors of each parameter.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    errors : dict of str to ndarray, shape (N, 6)
        Absolute errors by method, in standard deviations of the parameter.
    """
    width = 0.8 / len(errors)
    for place, (name, values) in enumerate(errors.items()):
        x = np.arange(len(PARAMETERS)) + (place - (len(errors) - 1) / 2) * width
        style = {"fmt": "o", "capsize": 3, "markersize": 5, "color": MODEL_COLOURS[name]}
        ax.errorbar(x, values.mean(0), values.std(0), label=name, **style)
    ax.set_xticks(range(len(PARAMETERS)), [parameter.symbol for parameter in PARAMETERS])
    ax.set(ylabel="Absolute error\n[standard deviations]", ylim=(0, None))


def plot_claims(ax, judged):
    """Draw every number that a claim rests on, its 95 % interval and the range that it should lie in.

    What lies beyond an edge is drawn on it.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    judged : pandas.DataFrame
        See `snlib.replication.claims.judge`.
    """
    marks = {"holds": "o", "fails": "X", "open": "D"}
    statements = list(judged.groupby(["id", "statement"], sort=False))
    for place, (_, rows) in enumerate(statements):
        low, high = rows[["at_least", "at_most"]].iloc[0]
        low, high = np.clip([low, high], *_EDGES)
        ax.fill_betweenx([place - 0.4, place + 0.4], low, high, color="0.9", linewidth=0)
        for shift, row in zip((-0.15, 0.15), rows.itertuples(), strict=True):
            colour = RECIPE_COLOURS[row.recipe]
            low, estimate, high = np.clip([row.low, row.estimate, row.high], *_EDGES)
            ax.plot([low, high], [place + shift] * 2, color=colour, linewidth=2)
            ax.plot(estimate, place + shift, marks[row.verdict], color=colour, markersize=7, clip_on=False)
    ids = [key[0] for key, _ in statements]
    ax.set_yticks(range(len(ids)), [name if name not in ids[:i] else "" for i, name in enumerate(ids)])
    ax.invert_yaxis()
    ax.set(xscale="log", xlim=_EDGES, xlabel="Value of the number that decides")
    ticks = (0.1, 0.2, 0.5, 1, 2, 5, 10)
    ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.minorticks_off()
    for recipe, colour in RECIPE_COLOURS.items():
        ax.plot([], [], "-", color=colour, linewidth=2, label=f"recipe “{recipe}”")
    for verdict, mark in marks.items():
        ax.plot([], [], mark, color="0.4", label=verdict)
