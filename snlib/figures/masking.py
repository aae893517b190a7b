"""Figures 6 and 7 of the paper.  Each function draws into the axes that it is given and loads nothing."""

import numpy as np

from snlib.figures.axes import rows_from_zero, side_by_side
from snlib.figures.light_curves import plot_partial_light_curve
from snlib.figures.spectra import SMOOTHED_PIXELS, plot_prediction, plot_truth, running_mean
from snlib.figures.style import WAVELENGTH_LABEL, method_colour, phase_title, recipe_colour, recipe_label

__all__ = ["plot_masked_distances", "plot_masked_light_curves", "plot_masked_spectra", "plot_masking_scores"]

# Drawn in this order: what matters most comes last, on top.
_DISTANCES = {
    "mean_truth_dex": ("|mean − truth|", {"color": method_colour("mean spectrum"), "linestyle": "--"}),
    "model_mean_dex": ("|LC2spec − mean|", {"color": "#CC3311", "linewidth": 2}),
    "model_truth_dex": ("|LC2spec − truth|", {"color": method_colour("MMVAE")}),
}
_STEP_PERCENT = 1.2  # from one recipe's mark to the next


def plot_masked_light_curves(axes, masked):
    """Draw what is left of a light curve, a panel a hidden fraction; hidden points are grey.

    Parameters
    ----------
    axes : sequence of matplotlib.axes.Axes
        As many as fractions, with a common y axis.  Their labels are the caller's.
    masked : dict of float to MaskedEvent
        By hidden fraction, the first with nothing hidden; see `snlib.evaluation.masking.mask_event`.
    """
    whole = next(iter(masked.values())).light_curves
    for ax, (fraction, event) in zip(axes, masked.items(), strict=True):
        plot_partial_light_curve(ax, whole, event.light_curves, f"{100 * fraction:.0f} %")


def plot_masked_spectra(axes, spectra, average, masked, phases):
    """Draw the spectra predicted from what is left, a row a hidden fraction and a column a phase.

    Parameters
    ----------
    axes : ndarray of matplotlib.axes.Axes, shape (fractions, phases)
        The label of y, log10 F_nu, is the caller's.
    spectra : Spectra
        The truth, for N = 1.
    average : ndarray, shape (P, L)
        Mean spectrum of the training events, log10 F_nu.
    masked : dict of float to MaskedEvent
    phases : sequence of int
        Indices of the phases to show.
    """
    wavelength = spectra.wavelength_aa
    ours = {"color": method_colour("MMVAE"), "label": "MMVAE, 90 % interval"}
    for row, (fraction, event) in zip(axes, masked.items(), strict=True):
        for ax, phase in zip(row, phases, strict=True):
            at, posterior = (0, phase), event.posterior
            for name, flux in (("contrastive", event.nearest), ("mean spectrum", average)):
                plot_prediction(ax, wavelength, flux[phase], color=method_colour(name), label=name)
            plot_truth(ax, wavelength, spectra.log10_fnu[at])
            bands = [(posterior.lower[at], posterior.upper[at])]
            plot_prediction(ax, wavelength, posterior.mean[at], bands, **ours)
            ax.set_title(f"{100 * fraction:.0f} %: {phase_title(spectra.phase_days[phase])}")
    _label_wavelengths(axes)


def plot_masked_distances(axes, spectra, average, masked, phases):
    """Draw the distances of prediction, mean and truth against wavelength (Figure 7), smoothed.

    Parameters
    ----------
    axes, spectra, average, masked, phases
        As in `plot_masked_spectra`; distances are in dex.
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
                smooth = running_mean(distances[name][phase], SMOOTHED_PIXELS)
                ax.plot(spectra.wavelength_aa, smooth, label=label, **style)
        row[0].set_ylabel(f"{100 * fraction:.0f} % hidden [dex]")
    rows_from_zero(axes.flat)
    for ax, phase in zip(axes[0], phases, strict=True):
        ax.set_title(phase_title(spectra.phase_days[phase]))
    _label_wavelengths(axes)


def plot_masking_scores(axes, averages):
    """Draw distances and RMSE of the whole test set against the hidden share, a row a phase.

    Parameters
    ----------
    axes : ndarray of matplotlib.axes.Axes, shape (P, 3)
    averages : pandas.DataFrame
        See `snlib.evaluation.masking.average_masking_scores`.  Neither mean nor truth depends on the recipe:
        their distance is that of the first.
    """
    titles = {
        "model_mean_dex": "|LC2spec − mean|",
        "model_truth_dex": "|LC2spec − truth|",
        "rmse_dex": "RMSE",
    }
    recipes = averages["recipe"].unique()
    lines = dict(list(averages.sort_values("hidden").groupby(["phase_days", "measure", "recipe"])))
    for row, phase in zip(axes, averages["phase_days"].unique(), strict=True):
        for ax, measure in zip(row, titles, strict=True):
            for shift, recipe in zip(side_by_side(len(recipes), _STEP_PERCENT), recipes, strict=True):
                style = {"color": recipe_colour(recipe), "label": recipe_label(recipe)}
                _plot_with_interval(ax, lines[phase, measure, recipe], shift, **style)
        mean = lines[phase, "mean_truth_dex", recipes[0]].iloc[0]
        colour = method_colour("mean spectrum")
        row[1].axhspan(mean["low"], mean["high"], color=colour, alpha=0.2, linewidth=0)
        row[1].axhline(mean["estimate"], color=colour, label="|mean − truth|")
        row[0].set_ylabel(f"{phase_title(phase)}  [dex]")
    rows_from_zero(axes.flat)
    for ax, title in zip(axes[0], titles.values(), strict=True):
        ax.set_title(title)
    for ax in axes[-1]:
        ax.set(xlabel="Points hidden [%]", xticks=(0, 30, 60, 90))


def _label_wavelengths(axes):
    for ax in axes[-1]:
        ax.set(xlabel=WAVELENGTH_LABEL, xticks=(4000, 6000))  # few: the panels are narrow


def _plot_with_interval(ax, rows, shift, **style):
    error = rows["estimate"] - rows["low"], rows["high"] - rows["estimate"]
    style |= {"fmt": "o-", "capsize": 2, "markersize": 4, "linewidth": 1.2}
    ax.errorbar(100 * rows["hidden"] + shift, rows["estimate"], error, **style)
