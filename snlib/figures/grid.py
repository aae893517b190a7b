"""Figures of the grid: its parameters, its surfaces, and the surrogate against real models."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Rectangle

from snlib.data.quantities import LAST_PHASE_DAYS, PARAMETERS, SPECTRUM_PHASES_DAYS
from snlib.figures.style import FNU_LABEL, MODEL_COLOURS, WAVELENGTH_LABEL, plot_spectra
from snlib.simulation.spectra import SPECTRUM_RANGE_AA

__all__ = ["plot_corner", "plot_real_and_surrogate", "plot_scatter", "plot_surfaces"]


def plot_corner(parameters):
    """Draw the distribution of the parameters of Table 1, all pairs.

    Parameters
    ----------
    parameters : ndarray, shape (N, 6)

    Returns
    -------
    matplotlib.figure.Figure
    """
    units = ["$10^{51}$ erg", *[r"$M_\odot$"] * 4, "passes"]
    n = len(PARAMETERS)
    figure, axes = plt.subplots(n, n, figsize=(9, 9))
    for row in range(n):
        for column in range(n):
            ax = axes[row, column]
            ax.tick_params(labelsize=7)
            if column > row:
                ax.axis("off")
            elif column == row:
                ax.hist(parameters[:, row], bins=20, color="0.4")
                ax.set_yticks([])
            else:
                ax.plot(
                    parameters[:, column], parameters[:, row], ".", color="0.3", markersize=2, rasterized=True
                )
            ax.tick_params(labelbottom=row == n - 1, labelleft=column == 0 and row > 0)
            if row == n - 1:
                ax.set_xlabel(f"{PARAMETERS[column].symbol} [{units[column]}]", fontsize=9)
            if column == 0 and row > 0:
                ax.set_ylabel(f"{PARAMETERS[row].symbol} [{units[row]}]", fontsize=9)
    figure.align_ylabels(axes[:, 0])
    return figure


def plot_surfaces(axes, surfaces):
    """Draw SED surfaces as images, with a frame around what spectra constrain.

    Parameters
    ----------
    axes : sequence of matplotlib.axes.Axes
    surfaces : dict of str to Surface
        By title; on the same colour scale.
    """
    top = max(surface.log10_fnu.max() for surface in surfaces.values())
    for ax, (title, surface) in zip(axes, surfaces.items(), strict=True):
        image = ax.pcolormesh(
            surface.wavelength_aa,
            surface.phase_days,
            np.maximum(surface.log10_fnu, top - 3.5),
            vmin=top - 3.5,
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
    axes[0].set_ylabel("Phase [days from peak]")
    axes[0].figure.colorbar(image, ax=axes, label=FNU_LABEL)


def plot_real_and_surrogate(axes, events, residual_dex, chosen):
    """Draw spectra of real models and what fits that have not seen them predict.

    Parameters
    ----------
    axes : ndarray of Axes, shape (C, P)
        A row a model, a column a phase.
    events : Events
    residual_dex : ndarray, shape (N, P, L)
        Prediction minus truth; see `snlib.evaluation.surrogate_accuracy.cross_validate`.
    chosen : sequence of C int
        The models to show.
    """
    spectra = events.spectra
    for row, model in zip(axes, chosen, strict=True):
        for ax, phase, truth, residual in zip(
            row, spectra.phase_days, spectra.log10_fnu[model], residual_dex[model], strict=True
        ):
            ax.plot(spectra.wavelength_aa, truth, color="0.35", linewidth=0.6, label="real model")
            ax.plot(
                spectra.wavelength_aa,
                truth + residual,
                color=MODEL_COLOURS["MMVAE (improved)"],
                label="surrogate",
            )
            ax.set_title(f"{phase:+.0f} d" if row is axes[0] else "")
        nickel = rf"$m_\mathrm{{Ni}}$ = {events.parameters[model, 2]:.2f} $M_\odot$"
        row[0].text(0.04, 0.06, nickel, transform=row[0].transAxes)
    axes[len(axes) // 2, 0].set_ylabel(FNU_LABEL)
    for ax in axes[-1]:
        ax.set_xlabel(WAVELENGTH_LABEL)
    axes[0, -1].legend(loc="lower right")


def plot_scatter(axes, spectra_by_name, phase_days, wavelength_aa):
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
