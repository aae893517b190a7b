"""What other supernovae say of a spectrum that was not seen: their mean, or the nearest of them.

Spectra cover different wavelengths.  Their mean is therefore taken of spectra that are brought to one level
first; a mean of what happens to be observed would jump where a bright one ends.
"""

import numpy as np

__all__ = ["mean_of_others", "nearest_of_others"]

_WIDTH_DAYS = 3.0  # of the neighbourhood in phase
_LEAST_WEIGHT, _RIDGE = 0.5, 0.3  # in spectra
_LEVELLINGS = 3
# Distances in stretch, colour, magnitude and days that count the same; spectra must overlap by so much.
_UNITS = {"x1": 1.0, "c": 0.1, "magnitude": 0.25, "phase_days": 1.5}
_LEAST_OVERLAP = 0.8


def mean_of_others(observed):
    """The mean spectrum of each spectrum's phase, of the supernovae in other folds.

    Parameters
    ----------
    observed : snlib.observed.table.ObservedSupernovae

    Returns
    -------
    ndarray, shape (M, L)
        log10 F_nu; NaN where hardly any other spectrum was observed.
    """
    predicted = np.full_like(observed.log10_fnu, np.nan)
    fold, phase = observed.fold[observed.spectrum_object], observed.spectrum_phase_days
    counts = np.bincount(observed.spectrum_object, minlength=len(observed.object_id))
    weight = counts[observed.spectrum_object] ** -0.5  # a supernova with many spectra shall not rule
    for number in np.unique(fold):
        known, asked = fold != number, fold == number
        spectra = observed.log10_fnu[known]
        predicted[asked] = _levelled_mean(phase[known], spectra, weight[known], phase[asked])
    return predicted


def _levelled_mean(phase_days, spectra, weight, at_days):
    """Mean spectra at some phases: the mean of levelled spectra, and the mean level."""
    level = np.nanmedian(spectra, axis=1, keepdims=True)
    for _ in range(_LEVELLINGS):
        shape = local_mean(phase_days, spectra - level, weight, phase_days)
        level = np.nanmedian(spectra - shape, axis=1, keepdims=True)
    of_shape, of_level = (
        local_mean(phase_days, values, weight, at_days) for values in (spectra - level, level)
    )
    return of_shape + of_level


def local_mean(phase_days, values, weight, at_days):
    """A weighted mean that is linear in phase near each phase asked for.

    Parameters
    ----------
    phase_days : ndarray, shape (M,)
    values : ndarray, shape (M, L)
        NaN where not observed.
    weight : ndarray, shape (M,)
    at_days : ndarray, shape (A,)

    Returns
    -------
    ndarray, shape (A, L)
        NaN where less than half a spectrum's weight is near.
    """
    seen = np.isfinite(values)
    filled = np.where(seen, values, 0.0)
    away = (phase_days - at_days[:, None]) / _WIDTH_DAYS
    near = weight * np.exp(-0.5 * away**2)
    n, first, second = near @ seen, (near * away) @ seen, (near * away**2) @ seen + _RIDGE
    total, slope = near @ filled, (near * away) @ filled
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = (second * total - first * slope) / (second * n - first**2)
    return np.where(n > _LEAST_WEIGHT, mean, np.nan)


def nearest_of_others(observed, peak_magnitude):
    """The most similar spectrum of a supernova in another fold, by stretch, colour, brightness and phase.

    Parameters
    ----------
    observed : snlib.observed.table.ObservedSupernovae
    peak_magnitude : ndarray, shape (N,)

    Returns
    -------
    ndarray, shape (M, L)
        Of the nearest that covers four fifths of the wavelengths of the spectrum asked for; NaN elsewhere.
    """
    of_objects = {"x1": observed.x1, "c": observed.c, "magnitude": peak_magnitude}
    features = {name: values[observed.spectrum_object] for name, values in of_objects.items()}
    features["phase_days"] = observed.spectrum_phase_days
    place = np.stack([values / _UNITS[name] for name, values in features.items()], axis=1)
    distance = np.square(place[:, None] - place[None]).sum(-1)
    seen = np.isfinite(observed.log10_fnu).astype(float)
    overlap = seen @ seen.T / seen.sum(1)[:, None]
    fold = observed.fold[observed.spectrum_object]
    allowed = (fold[:, None] != fold) & (overlap >= _LEAST_OVERLAP)
    nearest = np.where(allowed, distance, np.inf).argmin(1)
    found = allowed[np.arange(len(nearest)), nearest]
    return np.where(found[:, None], observed.log10_fnu[nearest], np.nan)
