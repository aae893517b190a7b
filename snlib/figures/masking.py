"""Figures 6 and 7 of the paper.  Each function draws into the axes that it is given and loads nothing."""

import numpy as np

from snlib.figures.style import MODEL_COLOURS, RECIPE_COLOURS, WAVELENGTH_LABEL, plot_light_curve

__all__ = ["plot_masked_distances", "plot_masked_light_curves", "plot_masked_spectra", "plot_masking_scores"]

_WINDOW = 15  # pixels of the running mean over wavelength, as in Figure 4
# Drawn in this order: what matters most comes last, on top.
_DISTANCES = {
    "mean_truth_dex": ("|mean − truth|", {"color": MODEL_COLOURS["mean spectrum"], "linestyle": "--"}),
    "model_mean_dex": ("|LC2spec − mean|", {"color": "#AA4499", "linewidth": 2}),
    "model_truth_dex": ("|LC2spec − truth|", {"color": MODEL_COLOURS["MMVAE (improved)"]}),
}
_RECIPES = {
    "text": ("s--", -0.6),
    "improved": ("o-", 0.6),
}  # marker and line; shift, so that bars do not meet


def plot_masked_light_curves(axes, masked):
    """Draw what is left of a light curve, a panel a hidden fraction; hidden points are grey.

    Parameters
    ----------
    axes : sequence of matplotlib.axes.Axes
        As many as fractions, with a common y axis.
    masked : dict of float to MaskedEvent
        By hidden fraction, the first with nothing hidden; see `snlib.evaluation.masking.mask_event`.
    """
    whole = next(iter(masked.values())).light_curves
    for ax, (fraction, event) in zip(axes, masked.items(), strict=True):
        hidden = whole.observed & ~event.light_curves.observed
        ax.plot(whole.phase_days[hidden], whole.magnitude[hidden], ".", color="0.75", markersize=4)
        plot_light_curve(ax, event.light_curves)
        ax.get_legend().remove()
        n_points = event.light_curves.observed.sum()
        ax.set(title=f"{100 * fraction:.0f} %: {n_points} points", xlabel="", ylabel="")


def plot_masked_spectra(axes, spectra, average, masked, phases):
    """Draw the spectra predicted from what is left, a row a hidden fraction and a column a phase.

    Parameters
    ----------
    axes : ndarray of matplotlib.axes.Axes, shape (fractions, phases)
    spectra : Spectra
        The truth, for N = 1.
    average : ndarray, shape (P, L)
        Mean spectrum of the training events, log10 F_nu.
    masked : dict of float to MaskedEvent
    phases : sequence of int
        Indices of the phases to show.
    """
    wavelength, colours = spectra.wavelength_aa, MODEL_COLOURS
    ours = colours["MMVAE (improved)"]
    for row, (fraction, event) in zip(axes, masked.items(), strict=True):
        for ax, phase in zip(row, phases, strict=True):
            at = (0, phase)
            for name, flux in (("contrastive", event.nearest), ("mean spectrum", average)):
                ax.plot(wavelength, flux[phase], color=colours[name], label=name, linewidth=1.2)
            lower, upper = event.posterior.lower[at], event.posterior.upper[at]
            ax.fill_between(wavelength, lower, upper, color=ours, alpha=0.25, linewidth=0)
            ax.plot(wavelength, spectra.log10_fnu[at], color=colours["truth"], linewidth=1.2, label="truth")
            ax.plot(wavelength, event.posterior.mean[at], color=ours, label="MMVAE, 90 % interval")
            ax.set_title(f"{100 * fraction:.0f} %: {spectra.phase_days[phase]:+.0f} d")
    _label_wavelengths(axes)


def plot_masked_distances(axes, spectra, average, masked, phases):
    """Draw the distances of prediction, mean and truth against wavelength (Figure 7), smoothed.

    Parameters
    ----------
    axes, spectra, average, masked, phases
        As in `plot_masked_spectra`.
    """
    truth = spectra.log10_fnu[0]
    for row, (fraction, event) in zip(axes, masked.items(), strict=True):
        model = event.posterior.mean[0]
        distances = {
            "model_mean_dex": np.abs(model - average),
            "model_truth_dex": np.abs(model - truth),
            "mean_truth_dex": np.abs(average - truth),
        }
        for ax, phase in zip(row, phases, strict=True):
            for name, (label, style) in _DISTANCES.items():
                ax.plot(spectra.wavelength_aa, _smooth(distances[name][phase]), label=label, **style)
        row[0].set_ylabel(f"{100 * fraction:.0f} % hidden")
    _from_zero(axes)
    for ax, phase in zip(axes[0], phases, strict=True):
        ax.set_title(f"{spectra.phase_days[phase]:+.0f} d")
    _label_wavelengths(axes)


def plot_masking_scores(axes, averages):
    """Draw distances and RMSE of the whole test set against the hidden share, a row a phase.

    Parameters
    ----------
    axes : ndarray of matplotlib.axes.Axes, shape (P, 3)
    averages : pandas.DataFrame
        See `snlib.evaluation.masking.average_masking_scores`.
    """
    titles = {
        "model_mean_dex": "|LC2spec − mean|",
        "model_truth_dex": "|LC2spec − truth|",
        "rmse_dex": "RMSE",
    }
    lines = averages.set_index(["phase_days", "measure", "recipe"]).sort_index()
    for row, phase in zip(axes, averages["phase_days"].unique(), strict=True):
        for ax, measure in zip(row, titles, strict=True):
            for recipe, (mark, shift) in _RECIPES.items():
                line = lines.loc[(phase, measure, recipe)]
                colour, label = RECIPE_COLOURS[recipe], f"recipe “{recipe}”"
                _errorbar(ax, line, shift, fmt=mark, color=colour, label=label)
        mean = lines.loc[(phase, "mean_truth_dex", "improved")].iloc[0]
        colour = MODEL_COLOURS["mean spectrum"]
        row[1].axhspan(mean["low"], mean["high"], color=colour, alpha=0.2, linewidth=0)
        row[1].axhline(mean["estimate"], color=colour, label="|mean − truth|")
        row[0].set_ylabel(f"{phase:+.0f} d  [dex]")
    _from_zero(axes)
    for ax, title in zip(axes[0], titles.values(), strict=True):
        ax.set_title(title)
    for ax in axes[-1]:
        ax.set(xlabel="Points hidden [%]", xticks=(0, 30, 60, 90))


def _label_wavelengths(axes):
    for ax in axes[-1]:
        ax.set(xlabel=WAVELENGTH_LABEL, xticks=(4000, 6000))  # few: the panels are narrow


def _from_zero(axes):
    """Once all is drawn: a limit ends the scaling of all panels that share the axis."""
    for ax in axes.flat:
        ax.set_ylim(0, None)


def _errorbar(ax, line, shift, **style):
    error = np.abs(line[["low", "high"]].to_numpy().T - line["estimate"].to_numpy())
    ax.errorbar(
        100 * line["hidden"] + shift, line["estimate"], error, capsize=2, markersize=4, linewidth=1.2, **style
    )


def _smooth(curve):
    """Running mean over what is observed; NaN where nothing is."""
    seen, window = np.isfinite(curve), np.ones(_WINDOW)
    total = np.convolve(np.where(seen, curve, 0.0), window, mode="same")
    n = np.convolve(seen, window, mode="same")
    return np.divide(total, n, out=np.full(len(curve), np.nan), where=n > 0)
