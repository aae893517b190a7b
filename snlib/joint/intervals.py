"""Intervals of joint transceivers that cover what they say: scaled by how far they erred on other folds."""

import numpy as np

__all__ = ["cross_recalibrated", "scale_of"]

_WIDTH_DAYS = 4.0  # of the neighbourhood in phase
_JUDGED_AA = (3500.0, 8000.0)


def cross_recalibrated(held_out, observed, coverage):
    """Half widths of intervals, from the errors that were made on supernovae of other folds.

    Parameters
    ----------
    held_out : snlib.joint.folds.HeldOut
    observed : snlib.observed.table.ObservedSupernovae
    coverage : float
        From 0 to 1.

    Returns
    -------
    ndarray, shape (M, L)
        Dex.
    """
    of_object, phase = observed.spectrum_object, observed.spectrum_phase_days
    fold, half_width = observed.fold[of_object], np.empty_like(held_out.deviation)
    away = np.abs(observed.log10_fnu - held_out.mean) / held_out.deviation
    judged = (observed.wavelength_aa >= _JUDGED_AA[0]) & (observed.wavelength_aa <= _JUDGED_AA[1])
    away[:, ~judged] = np.nan
    for number, (one, at) in enumerate(zip(fold, phase, strict=True)):
        others = fold != one
        scale = scale_of(away[others], of_object[others], phase[others], at, coverage)
        half_width[number] = scale * held_out.deviation[number]
    return half_width


def scale_of(away, supernova, phase_days, at_days, coverage):
    """By how many standard deviations a share of the pixels of spectra near a phase is missed at most.

    Parameters
    ----------
    away : ndarray, shape (M, L)
        Distances in standard deviations; NaN where there is none.
    supernova, phase_days : ndarray, shape (M,)
        All supernovae count the same, however many spectra they have.
    at_days, coverage : float

    Returns
    -------
    float
    """
    near = np.exp(-0.5 * np.square((phase_days - at_days) / _WIDTH_DAYS))
    near[near < 1e-3] = 0.0
    total = np.bincount(supernova, near)[supernova]  # what a supernova counts for here
    of_spectrum = near / np.maximum(np.sqrt(total), 1e-12)
    seen = np.isfinite(away)
    weight = (of_spectrum / np.maximum(seen.sum(1), 1))[:, None] * seen
    order = np.argsort(away[seen])
    share = np.cumsum(weight[seen][order])
    return away[seen][order][np.searchsorted(share, coverage * share[-1])]
