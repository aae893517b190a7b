"""Figures of the chapter on the inversion: what it sees in a light curve, and where the MMVAE loses."""

import numpy as np

__all__ = ["plot_gap", "plot_two_predictions"]


def plot_gap(ax, rmse_dex, at_best):
    """Draw the error of each way of predicting spectra, a row a way, the best first.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    rmse_dex : pandas.Series
        By the words for the way.
    at_best : str
        The row whose error is drawn as a line to compare with.
    """
    ordered = rmse_dex.sort_values()
    rows = np.arange(len(ordered))
    colours = ["black" if name == at_best else "C0" for name in ordered.index]
    ax.axvline(ordered[at_best], color="0.6", linestyle="--", linewidth=1)
    ax.scatter(ordered, rows, color=colours, zorder=3)
    for row, (name, value) in enumerate(ordered.items()):
        label = ax.text(
            0.01, row - 0.3, f"{name}: {value:.3f}", transform=ax.get_yaxis_transform(), size="small"
        )
        label.set_bbox({"facecolor": "white", "linewidth": 0, "pad": 0.5})
    ax.set(ylim=(len(ordered) - 0.5, -0.8), yticks=[], xlabel="RMSE, mean over 0 to 30 d [dex]")
    ax.set_xlim(left=0)
    ax.spines["left"].set_visible(False)


def plot_two_predictions(ax, wavelength_aa, truth, predictions):
    """Draw a spectrum, and 90 % bands and means of samples of it.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    wavelength_aa : ndarray, shape (L,)
    truth : ndarray, shape (L,)
        log10 F_nu.
    predictions : dict of str to ndarray, shape (S, L)
        Samples by the name of the method.
    """
    ax.plot(wavelength_aa, truth, color="black", linewidth=1, label="truth")
    for place, (name, samples) in enumerate(predictions.items()):
        colour, (low, high) = f"C{place}", np.quantile(samples, [0.05, 0.95], axis=0)
        ax.fill_between(wavelength_aa, low, high, color=colour, alpha=0.25, linewidth=0)
        ax.plot(wavelength_aa, samples.mean(0), color=colour, linewidth=1.2, label=name)
    ax.set(xlabel="Wavelength [Å]", ylabel="log10 F_nu [erg/s/cm²/Hz, 10 pc]")
    ax.legend(frameon=False)
