"""Intervals of joint transceivers that cover what they say: scaled by how far they erred on other folds."""

from dataclasses import dataclass

import numpy as np

from snlib.files.guard import number_array

__all__ = ["Widening", "cross_recalibrated", "scale_of"]

_WIDTH_DAYS = 4.0  # of the neighbourhood in phase
_JUDGED_AA = (3500.0, 8000.0)
_NORMAL = {0.6827: 1.0, 0.9: 1.645}  # by how many standard deviations a normal distribution is so covered
_AT_DAYS = np.arange(-10.0, 31.0, 5.0)


@dataclass(frozen=True)
class Widening:
    """How far draws are moved from their mean, so that intervals cover as they say.

    Distances from the mean, in standard deviations, are mapped linearly between 0 and those that 68 and
    90 % of draws and of truths keep to, and proportionally beyond.

    Attributes
    ----------
    phase_days : ndarray, shape (P,)
        Ascending; linear between them.
    scales : ndarray, shape (P, 2)
        Standard deviations that cover 68 and 90 %, ascending.

    Raises
    ------
    ValueError
        If they are no such numbers.
    """

    phase_days: np.ndarray
    scales: np.ndarray

    def __post_init__(self):
        whole = self.scales.shape == (len(self.phase_days), len(_NORMAL)) and len(self.phase_days)
        if not whole or not (np.diff(self.phase_days) > 0).all():
            raise ValueError(f"widening: scales of shape {self.scales.shape}, or phases that do not ascend")
        if not ((self.scales > 0).all() and (np.diff(self.scales, axis=1) > 0).all()):
            raise ValueError("widening: scales are not positive and ascending")

    @classmethod
    def fit(cls, held_out, observed):
        """Take it from errors that were made on supernovae that were not learned from.

        Parameters
        ----------
        held_out : snlib.joint.folds.HeldOut
        observed : snlib.observed.table.ObservedSupernovae
        """
        of_object, phase = observed.spectrum_object, observed.spectrum_phase_days
        away = _distances(held_out, observed)
        scales = [[scale_of(away, of_object, phase, at, c) for c in _NORMAL] for at in _AT_DAYS]
        return cls(_AT_DAYS, np.array(scales))

    def __call__(self, distance, phase_days):
        """Map distances in standard deviations, shape (..., P, L), at some phases (P,)."""
        inner, outer = (np.interp(phase_days, self.phase_days, column)[:, None] for column in self.scales.T)
        (_, first), (_, second) = _NORMAL.items()
        size = np.abs(distance)
        between = inner + (outer - inner) * (size - first) / (second - first)
        wider = np.where(size < first, inner * size / first, between)
        return np.sign(distance) * np.where(size < second, wider, outer * size / second)

    def to_dict(self):
        """JSON."""
        return {name: values.tolist() for name, values in vars(self).items()}

    @classmethod
    def from_dict(cls, content):
        """Read what `to_dict` gave.

        Raises
        ------
        ValueError
            If it is something else.
        """
        names = ("phase_days", "scales")
        if not isinstance(content, dict) or set(content) != set(names):
            raise ValueError(f"widening: expected the fields {', '.join(names)}")
        return cls(*(number_array(name, content[name], n) for n, name in enumerate(names, 1)))


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
    away = _distances(held_out, observed)
    for number, (one, at) in enumerate(zip(fold, phase, strict=True)):
        others = fold != one
        scale = scale_of(away[others], of_object[others], phase[others], at, coverage)
        half_width[number] = scale * held_out.deviation[number]
    return half_width


def _distances(held_out, observed):
    """Of what was observed from what was said, in standard deviations; NaN where it does not count."""
    away = np.abs(observed.log10_fnu - held_out.mean) / held_out.deviation
    judged = (observed.wavelength_aa >= _JUDGED_AA[0]) & (observed.wavelength_aa <= _JUDGED_AA[1])
    return np.where(judged, away, np.nan)


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
