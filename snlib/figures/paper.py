"""Figures 4, 6, 7 and 8 in the layout of the paper, to be laid beside the published ones.

Each function draws into the axes that it is given; see `snlib.figures.style.paper_colours`.
"""

from snlib.data.quantities import PARAMETERS
from snlib.figures.masking import plot_masked_distances, plot_masked_light_curves, plot_masked_spectra
from snlib.figures.results import frame_scores
from snlib.figures.spectra import SMOOTHED_PIXELS, plot_prediction, running_mean
from snlib.figures.style import WAVELENGTH_LABEL, method_colour, phase_title

__all__ = ["plot_figure_4", "plot_figure_6", "plot_figure_7", "plot_figure_8"]

_ROWS = ("Residual [dex]", "Coverage", "Width [dex]")  # of 90 % intervals


def plot_figure_4(axes, wavelength_aa, phase_days, curves):
    """Draw residual, coverage and width of intervals against wavelength: a column for each phase.

    Parameters
    ----------
    axes : ndarray of matplotlib.axes.Axes, shape (3, P)
    wavelength_aa : ndarray, shape (L,)
    phase_days : ndarray, shape (P,)
    curves : dict of str to dict of str to ndarray, shape (P, L)
        By model: ``bias``, ``spread``, ``coverage`` and ``width``, the latter two NaN where a model has no
        intervals; see `snlib.evaluation.score_table.Curves`.
    """
    for model, curve in curves.items():
        style = {"color": method_colour(model), "linewidth": 1.2, "label": model}
        for index, (residual, coverage, width) in enumerate(axes.T):
            smooth = {name: running_mean(values[index], SMOOTHED_PIXELS) for name, values in curve.items()}
            ends = smooth["bias"] - smooth["spread"], smooth["bias"] + smooth["spread"]
            plot_prediction(residual, wavelength_aa, smooth["bias"], [ends], **style)
            coverage.plot(wavelength_aa, smooth["coverage"], **style)
            width.plot(wavelength_aa, smooth["width"], **style)
    for residual, coverage, width in axes.T:
        frame_scores(residual, coverage, width)
    for ax, phase in zip(axes[0], phase_days, strict=True):
        ax.set_title(phase_title(phase))
    for ax, name in zip(axes[:, 0], _ROWS, strict=True):
        ax.set_ylabel(name)
    _label_wavelengths(axes[-1])


def plot_figure_6(axes, spectra, average, masked):
    """Draw a light curve of which more and more is hidden, and the spectra predicted from the rest.

    Parameters
    ----------
    axes : ndarray of matplotlib.axes.Axes, shape (fractions, 1 + P)
        Light curves in the first column.
    spectra : Spectra
        The truth, for N = 1 and P phases.
    average : ndarray, shape (P, L)
        Mean spectrum of the training events, log10 F_nu.
    masked : dict of float to snlib.evaluation.masking.MaskedEvent
        By hidden fraction.
    """
    plot_masked_spectra(axes[:, 1:], spectra, average, masked, range(len(spectra.phase_days)))
    _finish(axes, spectra, masked)


def plot_figure_7(axes, spectra, average, masked):
    """Draw the same light curves, and how far prediction, mean spectrum and truth lie apart.

    Parameters
    ----------
    axes, spectra, average, masked
        As in `plot_figure_6`.
    """
    plot_masked_distances(axes[:, 1:], spectra, average, masked, range(len(spectra.phase_days)))
    _finish(axes, spectra, masked)


def plot_figure_8(axes, errors):
    """Draw mean and standard deviation of the absolute errors of the six parameters in their own units.

    Parameters
    ----------
    axes : sequence of 6 matplotlib.axes.Axes
    errors : dict of str to ndarray, shape (N, 6)
        By method.
    """
    for index, (ax, parameter) in enumerate(zip(axes, PARAMETERS, strict=True)):
        for place, (method, values) in enumerate(errors.items()):
            style = {"fmt": "o", "capsize": 3, "color": method_colour(method), "label": method}
            ax.errorbar(place, values[:, index].mean(), values[:, index].std(), **style)
        ax.set(title=f"{parameter.symbol} [{parameter.unit}]", xticks=[], xlim=(-0.7, len(errors) - 0.3))
        ax.set_ylim(0, None)


def _finish(axes, spectra, masked):
    """Light curves in the first column; the phase above each column, the hidden share before each row."""
    plot_masked_light_curves(axes[:, 0], masked)
    for ax in axes.flat:
        ax.set(title="", ylabel="")
    for ax, phase in zip(axes[0, 1:], spectra.phase_days, strict=True):
        ax.set_title(phase_title(phase))
    for ax, fraction in zip(axes[:, 0], masked, strict=True):
        ax.set_ylabel(f"{100 * fraction:.0f} % hidden")
    axes[0, 0].set_title("Light curve [mag]")
    axes[-1, 0].set_xlabel("Phase [d]")
    _label_wavelengths(axes[-1, 1:])


def _label_wavelengths(axes):
    for ax in axes:
        ax.set(xlabel=WAVELENGTH_LABEL, xticks=(4000, 6000))
