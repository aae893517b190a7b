"""Figures.  Each function draws into the axes that it is given and loads nothing."""

import matplotlib.pyplot as plt
import seaborn as sns

from snlib.data.quantities import BANDS

__all__ = [
    "BAND_COLOURS",
    "FNU_LABEL",
    "MODEL_COLOURS",
    "RECIPE_COLOURS",
    "WAVELENGTH_LABEL",
    "model_style",
    "plot_by_phase",
    "plot_light_curve",
    "plot_reconstruction",
    "plot_spectra",
    "use_style",
]

# Blue to red like the bands, and distinct for the colour-blind (Okabe & Ito 2008, with marks of their own).
BAND_COLOURS = dict(
    zip(BANDS, ("#332288", "#0072B2", "#009E73", "#E69F00", "#D55E00", "#7A1F1F"), strict=True)
)
BAND_MARKERS = dict(zip(BANDS, "v^osDP", strict=True))

# One colour per method across the book.
MODEL_COLOURS = {
    "truth": "black",
    "mean spectrum": "#009E73",
    "diffusion": "#CC79A7",
    "MMVAE": "#0072B2",
    "MMVAE (text)": "#56B4E9",
    "MMVAE (improved)": "#0072B2",
    "spectra-only VAE (text)": "#F0B084",
    "spectra-only VAE (improved)": "#D55E00",
    "contrastive": "#E69F00",
    "contrastive (text)": "#E69F00",
    "contrastive (improved)": "#E69F00",
    "end to end": "#7A1F1F",
    "training mean": "#009E73",
}
RECIPE_COLOURS = {name: MODEL_COLOURS[f"MMVAE ({name})"] for name in ("text", "improved")}
FNU_LABEL = r"$\log_{10} F_\nu$ [erg s$^{-1}$ cm$^{-2}$ Hz$^{-1}$]"
WAVELENGTH_LABEL = "Wavelength [Å]"


def use_style():
    """Set the look of every figure of the book."""
    sns.set_theme("notebook", "ticks")
    plt.rcParams.update(
        {
            "figure.dpi": 90,
            "savefig.dpi": 90,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "legend.frameon": False,
            "figure.constrained_layout.use": True,
        }
    )


def plot_light_curve(ax, light_curves, index=0):
    """Draw one light curve, a colour and a marker a band.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    light_curves : LightCurves
    index : int
    """
    for number, band in enumerate(BANDS):
        at = (light_curves.band[index] == number) & light_curves.observed[index]
        ax.plot(
            light_curves.phase_days[index][at],
            light_curves.magnitude[index][at],
            BAND_MARKERS[band],
            color=BAND_COLOURS[band],
            label=band,
            markersize=5,
        )
    if not ax.yaxis_inverted():  # axes that share theirs are inverted once
        ax.invert_yaxis()
    ax.set(xlabel="Phase [days from peak]", ylabel="Absolute AB magnitude")
    ax.legend(ncols=3, handletextpad=0.1, columnspacing=0.8)


def plot_spectra(axes, wavelength_aa, phase_days, log10_fnu, **line):
    """Draw the spectra of one event, a panel a phase.

    Parameters
    ----------
    axes : sequence of P matplotlib.axes.Axes
    wavelength_aa : ndarray, shape (L,)
    phase_days : ndarray, shape (P,)
    log10_fnu : ndarray, shape (P, L)
    """
    for ax, phase, flux in zip(axes, phase_days, log10_fnu, strict=True):
        ax.plot(wavelength_aa, flux, **{"linewidth": 1.2, **line})
        ax.set(title=f"{phase:+.0f} d", xlabel=WAVELENGTH_LABEL)
    axes[0].set_ylabel(FNU_LABEL)


def plot_reconstruction(axes, spectra, posteriors, index, phases, name="MMVAE (improved)"):
    """Draw Figure 3: truth, posterior of a model with its 90 % interval, and others, a panel a phase.

    Parameters
    ----------
    axes : sequence of matplotlib.axes.Axes
        As many as `phases`.
    spectra : Spectra
        The truth.
    posteriors : dict of (str, str) to SpectrumPosterior
        By model and kind of interval; see `snlib.replication.methods.predictions`.  Of the models that
        predict without looking (mean spectrum) or without an interval (contrastive) the line is drawn.
    index : int
        Of the event.
    phases : sequence of int
        Indices of the phases to show.
    name : str
        The model.
    """
    wavelength, ours = spectra.wavelength_aa, posteriors[name, "predictive"]
    others = [key for key in posteriors if key[0] == "mean spectrum" or key[1] == "none"]
    for ax, phase in zip(axes, phases, strict=True):
        at, colour = (index, phase), MODEL_COLOURS[name]
        for key in others:
            ax.plot(
                wavelength, posteriors[key].mean[at], color=MODEL_COLOURS[key[0]], label=key[0], linewidth=1.2
            )
        ax.fill_between(wavelength, ours.lower[at], ours.upper[at], color=colour, alpha=0.25, linewidth=0)
        ax.plot(wavelength, ours.mean[at], color=colour, label=f"{name}, 90 % interval")
        ax.plot(wavelength, spectra.log10_fnu[at], color=MODEL_COLOURS["truth"], linewidth=1, label="truth")
        ax.set(title=f"{spectra.phase_days[phase]:+.0f} d", xlabel=WAVELENGTH_LABEL)
    axes[0].set_ylabel(FNU_LABEL)
    axes[0].legend()


def model_style(model, kind):
    """Line style and label of a model's interval: colour by model, latent-only dashed."""
    style = {"color": MODEL_COLOURS[model], "linestyle": "--" if kind == "latent" else "-", "linewidth": 1.2}
    return style, f"{model}, latent only" if kind == "latent" else model


def plot_by_phase(axes, metrics):
    """Draw RMSE, coverage and width against phase, a line a model and kind of interval.

    Parameters
    ----------
    axes : sequence of 3 matplotlib.axes.Axes
    metrics : pandas.DataFrame
        With ``model, interval`` and the columns of `snlib.evaluation.scores.spectrum_metrics`.
    """
    columns = {
        "rmse_dex": "RMSE [dex]",
        "coverage_90": "Coverage of 90 % interval",
        "width_90_dex": "Interval width [dex]",
    }
    for (model, kind), table in metrics.groupby(["model", "interval"], sort=False):
        style, label = model_style(model, kind)
        for ax, column in zip(axes, columns, strict=True):
            if column != "rmse_dex" or kind != "latent":  # both kinds share the mean
                ax.plot(table["phase_days"], table[column], marker="o", label=label, **style)
    for ax, label in zip(axes, columns.values(), strict=True):
        ax.set(xlabel="Phase [days from peak]", ylabel=label, ylim=(0, None))
    axes[1].axhline(0.9, color="0.6", linewidth=0.8)
