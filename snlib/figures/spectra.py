"""Spectra: the truth, predictions with their intervals, and Figure 3.  Functions draw into the axes given."""

import numpy as np

from snlib.figures.style import FNU_LABEL, WAVELENGTH_LABEL, method_colour, phase_title
from snlib.inference.samples import central_interval

__all__ = [
    "SMOOTHED_PIXELS",
    "mean_and_bands",
    "plot_prediction",
    "plot_predictions",
    "plot_reconstruction",
    "plot_spectra",
    "plot_truth",
    "running_mean",
]

#: Width of the running mean over wavelength of what Figure 4 shows, wherever it is drawn.
SMOOTHED_PIXELS = 15
_BAND_OPACITY = 0.25


def mean_and_bands(samples, percents=(90,)):
    """Summarise samples of a spectrum as `plot_prediction` draws them.

    Parameters
    ----------
    samples : ndarray, shape (S, L)
        log10 F_nu.
    percents : sequence of float
        Coverages of the intervals.

    Returns
    -------
    mean : ndarray, shape (L,)
    bands : list of (ndarray, ndarray)
        Lower and upper ends of the central interval of each coverage; see
        `snlib.inference.samples.central_interval`.

    Raises
    ------
    ValueError
        If there are too few samples for an interval.
    """
    return samples.mean(0), [central_interval(samples, percent / 100) for percent in percents]


def plot_prediction(ax, wavelength_aa, mean, bands=(), **line):
    """Draw a predicted spectrum: its mean as a line, and its intervals as bands.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    wavelength_aa, mean : ndarray, shape (L,)
        Å; log10 F_nu.
    bands : sequence of (ndarray, ndarray), each of shape (L,)
        Lower and upper ends of intervals; where two of them overlap the shade is darker.
    **line
        Of `matplotlib.axes.Axes.plot`, for the mean: colour and label at least.
    """
    (drawn,) = ax.plot(wavelength_aa, mean, **{"linewidth": 1.2, **line})
    style = {"color": drawn.get_color(), "alpha": _BAND_OPACITY, "linewidth": 0}
    for lower, upper in bands:
        ax.fill_between(wavelength_aa, lower, upper, **style)


def plot_truth(ax, wavelength_aa, log10_fnu):
    """Draw the true spectrum, black and thin.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    wavelength_aa, log10_fnu : ndarray, shape (L,)
        Å; log10 F_nu, NaN where there is no flux.
    """
    ax.plot(wavelength_aa, log10_fnu, color=method_colour("truth"), linewidth=0.9, label="truth")


def plot_predictions(ax, wavelength_aa, truth, samples):
    """Draw a true spectrum, and means and 90 % intervals of samples of it, a colour a method.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    wavelength_aa, truth : ndarray, shape (L,)
        Å; log10 F_nu.
    samples : dict of str to ndarray, shape (S, L)
        By the name of the method.
    """
    plot_truth(ax, wavelength_aa, truth)
    for method, drawn in samples.items():
        style = {"color": method_colour(method), "label": f"{method}, 90 % interval"}
        plot_prediction(ax, wavelength_aa, *mean_and_bands(drawn), **style)
    ax.set(xlabel=WAVELENGTH_LABEL, ylabel=FNU_LABEL)
    ax.legend()


def plot_spectra(axes, wavelength_aa, phase_days, log10_fnu, **line):
    """Draw the spectra of one event, a panel a phase.

    Parameters
    ----------
    axes : sequence of P matplotlib.axes.Axes
    wavelength_aa : ndarray, shape (L,)
    phase_days : ndarray, shape (P,)
    log10_fnu : ndarray, shape (P, L)
    **line
        Of `matplotlib.axes.Axes.plot`.
    """
    for ax, phase, flux in zip(axes, phase_days, log10_fnu, strict=True):
        ax.plot(wavelength_aa, flux, **{"linewidth": 1.2, **line})
        ax.set(title=phase_title(phase), xlabel=WAVELENGTH_LABEL)
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
        By model and kind of interval.  Of the models that predict without looking (mean spectrum) or without
        an interval (contrastive) the line is drawn.
    index : int
        Of the event.
    phases : sequence of int
        Indices of the phases to show.
    name : str
        The model, whose interval is that of the kind "predictive".
    """
    wavelength, ours = spectra.wavelength_aa, posteriors[name, "predictive"]
    others = [key for key in posteriors if key[0] == "mean spectrum" or key[1] == "none"]
    for ax, phase in zip(axes, phases, strict=True):
        at = index, phase
        for key in others:
            style = {"color": method_colour(key[0]), "label": key[0]}
            plot_prediction(ax, wavelength, posteriors[key].mean[at], **style)
        style = {"color": method_colour(name), "label": f"{name}, 90 % interval"}
        plot_prediction(ax, wavelength, ours.mean[at], [(ours.lower[at], ours.upper[at])], **style)
        plot_truth(ax, wavelength, spectra.log10_fnu[at])
        ax.set(title=phase_title(spectra.phase_days[phase]), xlabel=WAVELENGTH_LABEL)
    axes[0].set_ylabel(FNU_LABEL)
    axes[0].legend()


def running_mean(curve, n_pixels):
    """Mean of a curve over the pixels around each, as it is drawn against wavelength.

    Parameters
    ----------
    curve : ndarray, shape (L,)
        Pixels that are NaN are left out.
    n_pixels : int
        Width of the window, odd.  It ends where the curve does: near the ends it holds fewer pixels.

    Returns
    -------
    ndarray, shape (L,)
        NaN where the window holds no number.
    """
    seen, window, half = np.isfinite(curve), np.ones(n_pixels), n_pixels // 2
    total, n = (
        np.convolve(values, window)[half : half + len(curve)] for values in (np.where(seen, curve, 0.0), seen)
    )
    return np.divide(total, n, out=np.full(len(curve), np.nan), where=n > 0)
