"""What other supernovae say of a spectrum that was not seen: their mean, or the nearest of them.

Spectra cover different wavelengths.  Their mean is therefore taken of spectra that are brought to one level
first; a mean of what happens to be observed would jump where a bright one ends.
"""

import numpy as np

__all__ = ["mean_of_others", "nearest_of_others"]

_WIDTH_DAYS = 3.0  # of the neighbourhood in phase
_LEAST_WEIGHT, _RIDGE, _RIDGE_OF_FEATURES = 0.5, 0.3, 3.0  # in spectra
_LEVELLINGS = 3
# Distances in stretch, colour, magnitude and days that count the same; spectra must overlap by so much.
_UNITS = {"x1": 1.0, "c": 0.1, "magnitude": 0.25, "phase_days": 1.5}
_LEAST_OVERLAP = 0.8


def mean_of_others(observed, base=0.0, features=None):
    """The mean spectrum of each spectrum's phase, of the supernovae in other folds.

    Parameters
    ----------
    observed : snlib.observed.table.ObservedSupernovae
    base : ndarray, shape (M, L), optional
        A model of each spectrum; the mean is of the differences from it, and added to it.
    features : ndarray, shape (N, F), optional
        Of each supernova; the mean is linear in them.

    Returns
    -------
    ndarray, shape (M, L)
        log10 F_nu; NaN where hardly any other spectrum was observed.
    """
    difference = observed.log10_fnu - base
    predicted = np.full_like(difference, np.nan)
    of_object, phase = observed.spectrum_object, observed.spectrum_phase_days
    fold, counts = observed.fold[of_object], np.bincount(of_object, minlength=len(observed.object_id))
    weight = counts[of_object] ** -0.5  # a supernova with many spectra shall not rule
    where = phase[:, None]
    if features is not None:
        where = np.hstack([where, features[of_object]])
    for number in np.unique(fold):
        known, asked = fold != number, fold == number
        predicted[asked] = _levelled_mean(where[known], difference[known], weight[known], where[asked])
    return predicted + base


def _levelled_mean(where, spectra, weight, at):
    """Mean spectra at some places: the mean of levelled spectra, and the mean level."""
    level = np.nanmedian(spectra, axis=1, keepdims=True)
    for _ in range(_LEVELLINGS):
        shape = local_mean(where, spectra - level, weight, where)
        level = np.nanmedian(spectra - shape, axis=1, keepdims=True)
    of_shape, of_level = (local_mean(where, values, weight, at) for values in (spectra - level, level))
    return of_shape + of_level


def local_mean(where, values, weight, at):
    """A weighted mean near each phase asked for: linear in phase and in what else is known.

    Parameters
    ----------
    where : ndarray, shape (M, 1 + F)
        Phase in days, and F further numbers of order one.
    values : ndarray, shape (M, L)
        NaN where not observed.
    weight : ndarray, shape (M,)
    at : ndarray, shape (A, 1 + F)

    Returns
    -------
    ndarray, shape (A, L)
        NaN where less than half a spectrum's weight is near.
    """
    seen = np.isfinite(values)
    filled, n_columns = np.where(seen, values, 0.0), 1 + where.shape[1]
    ridge = np.diag([0.0, _RIDGE, *[_RIDGE_OF_FEATURES] * (where.shape[1] - 1)])
    result = np.full((len(at), values.shape[1]), np.nan)
    for row, (phase, *features) in enumerate(at):
        away = (where[:, 0] - phase) / _WIDTH_DAYS
        near = weight * np.exp(-0.5 * away**2)
        columns = np.column_stack([np.ones(len(where)), away, where[:, 1:]])
        products = (columns[:, :, None] * columns[:, None, :]).reshape(len(where), -1)
        matrix = (seen.T * near @ products).reshape(-1, n_columns, n_columns)
        right = filled.T * near @ columns
        use = matrix[:, 0, 0] > _LEAST_WEIGHT
        solved = np.linalg.solve(matrix[use] + ridge, right[use, :, None])[..., 0]
        result[row, use] = solved @ np.array([1.0, 0.0, *features])
    return result


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
