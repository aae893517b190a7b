"""How near the surrogate comes to real models that it has not seen."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.stats import ks_2samp
from sklearn.compose import TransformedTargetRegressor
from sklearn.decomposition import PCA
from sklearn.linear_model import RidgeCV

from snlib.data.quantities import LAST_PHASE_DAYS, PARAMETERS, SPECTRUM_PHASES_DAYS, WAVELENGTH_AA
from snlib.random_streams import stream
from snlib.simulation.grid import draw_parameters
from snlib.simulation.packets import log10_packets_per_flux, pixel_variance, with_packet_noise
from snlib.simulation.photometry import band_magnitudes
from snlib.simulation.spectra import extract_spectra, observe_spectra
from snlib.simulation.surrogate import PHOTOMETRY_WAVELENGTH_AA
from snlib.simulation.surrogate_features import centred_parameters, polynomial_features
from snlib.simulation.surrogate_fit import fit, residual_surfaces
from snlib.simulation.surrogate_grid import SurrogateGrid

__all__ = ["OutOfFold", "accuracy", "compare_noise", "cross_validate", "residuals", "simulated_scatter"]

_LIGHT_CURVE_RANGES_DAYS = ((-20, -10), (-10, -5), (-5, 20), (20, 50), (50, 60))
_FOLDS = 5
_DRAWN = 10_000
_PACKET_LIMITS = (1, 3, 10, 30, 100, 300)


@dataclass(frozen=True)
class OutOfFold:
    """Predictions of models by fits that have not seen them.

    Attributes
    ----------
    residual_dex : dict of str to ndarray, shape (N, P, L)
        Prediction minus truth of the spectra, by method; NaN where nothing was observed.
    residual_mag : ndarray, shape (N, T)
        Of the light curves; NaN where nothing was observed and after +60 d.
    surfaces : ndarray, shape (N, 22, 92)
        See `snlib.simulation.surrogate_fit.residual_surfaces`.
    """

    residual_dex: dict
    residual_mag: np.ndarray
    surfaces: np.ndarray


def cross_validate(events):
    """Predict each model from a fit to the other four fifths.

    Beside the surrogate stand two that know only the five phases: the mean spectrum, and a ridge
    regression of principal components on the same quadratic features.

    Parameters
    ----------
    events : Events

    Returns
    -------
    OutOfFold
    """
    fold = stream("fits", 0).permutation(len(events)) % _FOLDS
    truth = events.spectra.log10_fnu
    spectra = {name: np.empty(truth.shape) for name in ("surrogate", "PCA + ridge", "mean spectrum")}
    magnitudes, surfaces = np.empty(events.light_curves.magnitude.shape), {}
    for k in range(_FOLDS):
        seen, unseen, at = events.select(fold != k), events.select(fold == k), fold == k
        surrogate = fit(seen)
        spectra["surrogate"][at], magnitudes[at] = residuals(surrogate, unseen)
        spectra["mean spectrum"][at] = np.nanmean(seen.spectra.log10_fnu, axis=0) - truth[at]
        spectra["PCA + ridge"][at] = _regress(seen, unseen) - truth[at]
        surfaces |= zip(np.flatnonzero(at), residual_surfaces(surrogate, unseen), strict=True)
    return OutOfFold(spectra, magnitudes, np.stack([surfaces[i] for i in range(len(events))]))


def residuals(surrogate, events):
    """Prediction minus truth of a surrogate.

    Parameters
    ----------
    surrogate : Surrogate
    events : Events

    Returns
    -------
    spectra : ndarray, shape (N, P, L)
        Dex; NaN where nothing was observed.
    magnitudes : ndarray, shape (N, T)
        NaN where nothing was observed, and after +60 d.
    """
    spectra, light_curves = events.spectra, events.light_curves
    predicted = surrogate.log10_fnu(events.parameters, spectra.phase_days, spectra.wavelength_aa)
    deviations = np.full(light_curves.magnitude.shape, np.nan)
    for i in range(len(events)):
        seen = light_curves.observed[i] & (light_curves.phase_days[i] <= LAST_PHASE_DAYS)
        surface = surrogate.log10_fnu(
            events.parameters[i : i + 1], light_curves.phase_days[i][seen], PHOTOMETRY_WAVELENGTH_AA
        )[0]
        at_band = np.arange(seen.sum()), light_curves.band[i][seen]
        observed = light_curves.magnitude[i][seen]
        deviations[i, seen] = band_magnitudes(PHOTOMETRY_WAVELENGTH_AA, surface)[at_band] - observed
    return predicted - spectra.log10_fnu, deviations


def _regress(seen, unseen):
    """Predict the spectra of each phase by a ridge regression of ten principal components."""
    x, x_unseen = (polynomial_features(centred_parameters(e.parameters))[:, 1:] for e in (seen, unseen))
    predicted = np.empty(unseen.spectra.log10_fnu.shape)
    for phase in range(predicted.shape[1]):
        y = seen.spectra.log10_fnu[:, phase]
        y = np.where(np.isnan(y), np.nanmean(y, axis=0), y)
        model = TransformedTargetRegressor(
            RidgeCV(np.logspace(-2, 3, 11)), transformer=PCA(10, random_state=0), check_inverse=False
        )
        predicted[:, phase] = model.fit(x, y).predict(x_unseen)
    return predicted


def accuracy(events, out_of_fold):
    """Tables of the accuracy on unseen models, and of what the models are.

    Parameters
    ----------
    events : Events
    out_of_fold : OutOfFold

    Returns
    -------
    dict
        JSON: ``spectra`` (RMSE in dex by phase and method), ``light_curves`` (RMS in magnitudes by
        range of phases) and ``parameters`` (range, and Kolmogorov-Smirnov p against
        `snlib.simulation.grid.draw_parameters`).
    """
    phase_days, light_curves = events.spectra.phase_days, events.light_curves
    rng = stream("fits", 0)
    drawn = np.array([draw_parameters(rng) for _ in range(_DRAWN)])
    within = [
        (light_curves.phase_days >= a) & (light_curves.phase_days < b) for a, b in _LIGHT_CURVE_RANGES_DAYS
    ]
    return {
        "n_models": len(events),
        "n_folds": _FOLDS,
        "spectra": [
            {"phase_days": phase} | {name: _rms(r[:, p]) for name, r in out_of_fold.residual_dex.items()}
            for p, phase in enumerate(phase_days.tolist())
        ],
        "light_curves": [
            {"phase_days": list(limits), "rms_mag": _rms(out_of_fold.residual_mag[at])}
            for limits, at in zip(_LIGHT_CURVE_RANGES_DAYS, within, strict=True)
        ],
        "parameters": [
            {
                "name": parameter.name,
                "range": [float(values.min()), float(values.max())],
                "ks_p": round(float(ks_2samp(values, draws).pvalue), 3),
            }
            for parameter, values, draws in zip(PARAMETERS, events.parameters.T, drawn.T, strict=True)
        ],
    }


def compare_noise(surrogate, events):
    """Compare the pixel noise of real spectra with packet noise on the surrogate's.

    Parameters
    ----------
    surrogate : Surrogate
    events : Events
        Real models.

    Returns
    -------
    list of dict
        JSON, by phase (-10 d, and later) and expected number of packets in a pixel: the number of
        pixels, and the median standard deviation of the noise in dex, real and simulated.
    """
    spectra = events.spectra
    packets, simulated = np.empty((2, *spectra.log10_fnu.shape))
    for i, parameters in enumerate(events.parameters):
        noise = spectra.wavelength_aa, parameters[2], surrogate.log10_packets
        mean = surrogate.log10_fnu(parameters[None], spectra.phase_days, spectra.wavelength_aa)[0]
        packets[i] = 10 ** (mean + log10_packets_per_flux(*noise))
        simulated[i] = observe_spectra(with_packet_noise(mean, *noise, stream("fits", 0, i)))
    variances = pixel_variance(spectra.log10_fnu), pixel_variance(simulated)
    rows = []
    for first, last in ((-10, -10), (0, 30)):
        phases = (spectra.phase_days >= first) & (spectra.phase_days <= last)
        for limits in pairwise(_PACKET_LIMITS):
            at = (packets >= limits[0]) & (packets < limits[1]) & phases[:, None]
            real, ours = (round(float(np.sqrt(np.median(v[at]))), 4) for v in variances)
            rows.append({"phase_days": [first, last], "packets": list(limits), "pixels": int(at.sum())})
            rows[-1] |= {"real_dex": real, "simulated_dex": ours}
    return rows


def _rms(residual):
    return round(float(np.sqrt(np.nanmean(residual**2))), 4)


def simulated_scatter(surrogate, n_events, seed):
    """How far simulated spectra lie from the surrogate's mean for their parameters.

    Parameters
    ----------
    surrogate : Surrogate
    n_events, seed : int

    Returns
    -------
    ndarray, shape (N, 5, 982)
        Mean minus simulated spectrum, dex; to compare with the residuals of unseen real models.
    """
    grid = SurrogateGrid(surrogate)
    surfaces = [grid.surface(i, seed) for i in range(n_events)]
    mean = surrogate.log10_fnu(
        np.array([surface.parameters for surface in surfaces]), SPECTRUM_PHASES_DAYS, WAVELENGTH_AA
    )
    return mean - np.array([extract_spectra(surface)[1] for surface in surfaces])
