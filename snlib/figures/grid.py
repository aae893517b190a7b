"""Figures of the grid: parameters, surfaces and spectra.  Functions draw into the axes given."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Rectangle

from snlib.data.quantities import LAST_PHASE_DAYS, PARAMETERS, SPECTRUM_PHASES_DAYS
from snlib.figures.spectra import plot_spectra
from snlib.figures.style import FNU_LABEL, PHASE_LABEL, WAVELENGTH_LABEL, method_colour
from snlib.simulation.spectra import SPECTRUM_RANGE_AA

__all__ = ["plot_corner", "plot_real_and_surrogate", "plot_spectrum_versions", "plot_surfaces"]

_UNITS = ("$10^{51}$ erg", *[r"$M_\odot$"] * 4, "passes")
_SHOWN_DEX = 3.5  # below the brightest of all


def plot_corner(axes, parameters):
    """Draw the distribution of the parameters of Table 1: each on the diagonal, pairs below it.

    Parameters
    ----------
    axes : ndarray of matplotlib.axes.Axes, shape (6, 6)
        Those above the diagonal are turned off.
    parameters : ndarray, shape (N, 6)
        In the order and units of `snlib.data.quantities.PARAMETERS`.
    """
    last, dots = len(PARAMETERS) - 1, {"color": "0.3", "markersize": 2, "rasterized": True}
    for (row, column), ax in np.ndenumerate(axes):
        if column > row:
            ax.axis("off")
        elif column == row:
            ax.hist(parameters[:, row], bins=20, color="0.4")
            ax.set_yticks([])
        else:
            ax.plot(parameters[:, column], parameters[:, row], ".", **dots)
        first = column == 0 and row > 0
        ax.tick_params(labelsize=7, labelbottom=row == last, labelleft=first)
        if row == last:
            ax.set_xlabel(f"{PARAMETERS[column].symbol} [{_UNITS[column]}]", fontsize=9)
        if first:
            ax.set_ylabel(f"{PARAMETERS[row].symbol} [{_UNITS[row]}]", fontsize=9)
    axes[0, 0].figure.align_ylabels(axes[:, 0])


def plot_surfaces(axes, surfaces):
    """Draw SED surfaces as images, with a frame around what spectra constrain.

    Parameters
    ----------
    axes : sequence of matplotlib.axes.Axes
    surfaces : dict of str to Surface
        By title; on the same colour scale, which ends 3.5 dex below the brightest.
    """
    top = max(surface.log10_fnu.max() for surface in surfaces.values())
    for ax, (title, surface) in zip(axes, surfaces.items(), strict=True):
        image = ax.pcolormesh(
            surface.wavelength_aa,
            surface.phase_days,
            np.maximum(surface.log10_fnu, top - _SHOWN_DEX),
            vmin=top - _SHOWN_DEX,
            vmax=top,
            cmap="viridis",
            rasterized=True,
        )
        (blue, red), (first, last) = SPECTRUM_RANGE_AA, SPECTRUM_PHASES_DAYS[[0, -1]]
        ax.add_patch(
            Rectangle((blue, first), red - blue, last - first, fill=False, color="white", linewidth=1.2)
        )
        ax.set(title=title, xlabel=WAVELENGTH_LABEL)
        ax.axhline(LAST_PHASE_DAYS, color="white", linestyle=":")
    axes[0].set_ylabel(PHASE_LABEL)
    axes[0].figure.colorbar(image, ax=axes, label=FNU_LABEL)


def plot_real_and_surrogate(axes, events, residual_dex, chosen):
    """Draw spectra of real models and what fits that have not seen them predict.

    Parameters
    ----------
    axes : ndarray of matplotlib.axes.Axes, shape (C, P)
        A row a model, with its mass of nickel in M_sun, a column a phase.
    events : Events
    residual_dex : ndarray, shape (N, P, L)
        Prediction minus truth; see `snlib.evaluation.surrogate_accuracy.cross_validate`.
    chosen : sequence of C int
        The models to show.
    """
    spectra, predicted = events.spectra, {"color": method_colour("surrogate"), "label": "surrogate"}
    truth = {"color": "0.35", "linewidth": 0.6, "label": "real model"}  # noisy: below the prediction
    where = spectra.wavelength_aa, spectra.phase_days
    for row, model in zip(axes, chosen, strict=True):
        flux = spectra.log10_fnu[model]
        plot_spectra(row, *where, flux, **truth)
        plot_spectra(row, *where, flux + residual_dex[model], **predicted)
        nickel = rf"$m_\mathrm{{Ni}}$ = {events.parameters[model, 2]:.2f} $M_\odot$"
        row[0].text(0.04, 0.06, nickel, transform=row[0].transAxes)
    for ax in axes[:-1].flat:
        ax.set_xlabel("")
    for ax in axes[1:].flat:
        ax.set_title("")
    for row, ax in enumerate(axes[:, 0]):
        ax.set_ylabel(FNU_LABEL if row == len(axes) // 2 else "")  # it is longer than a row is high
    axes[0, -1].legend(loc="lower right")


def plot_spectrum_versions(axes, spectra_by_name, phase_days, wavelength_aa):
    """Draw spectra of one model, a panel a phase, one curve a version of it.

    Parameters
    ----------
    axes : sequence of P matplotlib.axes.Axes
    spectra_by_name : dict of str to ndarray, shape (P, L)
    phase_days : ndarray, shape (P,)
    wavelength_aa : ndarray, shape (L,)
    """
    colours = plt.get_cmap("cividis")(np.linspace(0.75, 0.0, len(spectra_by_name)))
    for (name, spectra), colour in zip(spectra_by_name.items(), colours, strict=True):
        plot_spectra(axes, wavelength_aa, phase_days, spectra, color=colour, linewidth=0.9, label=name)
    axes[0].legend()
