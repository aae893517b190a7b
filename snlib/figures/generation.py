"""Samples from the prior and from posteriors beside true spectra (Figure 5).

Each function draws into the axes that it is given.  Kinds of spectra are "truth", "no noise" (models of
the surrogate), "prior" and "conditional".
"""

import matplotlib.pyplot as plt
import numpy as np

from snlib.evaluation.generation import SCALES_KM_S, power_spectrum
from snlib.figures.style import WAVELENGTH_LABEL, method_colour, recipe_colour

__all__ = ["plot_diversity", "plot_power", "plot_samples"]

_LABELS = {
    "truth": "true spectra",
    "no noise": "surrogate without noise",
    "prior": "prior samples",
    "conditional": "conditional samples",
}
_LEAST_POWER_DEX2 = 1e-9  # far below the noise of the simulations, whose power is about 1e-6


def plot_samples(ax, wavelength_aa, log10_fnu):
    """Draw spectra as thin lines, coloured in the order of their mean brightness, dark to light.

    Labels of the axes are the caller's: panels share them.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    wavelength_aa : ndarray, shape (L,)
    log10_fnu : ndarray, shape (N, L)
    """
    order = np.nanmean(log10_fnu, axis=1).argsort()
    for index, colour in zip(order, plt.cm.viridis(np.linspace(0, 0.9, len(order))), strict=True):
        ax.plot(wavelength_aa, log10_fnu[index], color=colour, linewidth=0.6)


def plot_diversity(ax, wavelength_aa, spectra, recipe):
    """Draw the standard deviation over spectra at each wavelength, a line a kind.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    wavelength_aa : ndarray, shape (L,)
    spectra : dict of str to ndarray, shape (N, L)
        log10 F_nu by kind.
    recipe : str
        Of the model behind the samples.
    """
    for kind, values in spectra.items():
        ax.plot(wavelength_aa, np.nanstd(values, axis=0, ddof=1), **_style(kind, recipe))
    ax.set(xlabel=WAVELENGTH_LABEL, ylabel="Standard deviation\nover the spectra [dex]", ylim=(0, None))


def plot_power(ax, wavelength_aa, spectra, recipe):
    """Draw the mean power of spectra against the scale of their structure, finer to the right.

    Shaded are the ranges of `snlib.evaluation.generation.SCALES_KM_S`.

    Parameters
    ----------
    ax, wavelength_aa, spectra, recipe
        As of `plot_diversity`.
    """
    for kind, values in spectra.items():
        scale, power = power_spectrum(values, wavelength_aa)
        ax.loglog(scale, power.mean(0), **_style(kind, recipe))
    for shade, (name, (low, high)) in zip(("0.94", "0.88", "0.94"), SCALES_KM_S.items(), strict=True):
        low = max(low, scale[-1])
        ax.axvspan(low, high, color=shade, linewidth=0, zorder=0)
        ax.text(np.sqrt(low * high), 0.97, name, ha="center", va="top", transform=ax.get_xaxis_transform())
    ax.set(xlim=(scale[0], scale[-1]), ylim=(_LEAST_POWER_DEX2, 1))
    ax.set(xlabel="Scale of the structure [km/s]", ylabel="Power [dex$^2$]")


def _style(kind, recipe):
    """Truth in black, samples in the colour of their model."""
    of_model = kind in ("prior", "conditional")
    colour = recipe_colour(recipe) if of_model else method_colour("truth")
    line = {"truth": "-", "no noise": ":", "prior": "--", "conditional": "-"}[kind]
    return {"color": colour, "linestyle": line, "linewidth": 1.5, "label": _LABELS[kind]}
