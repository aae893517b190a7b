"""Points of light curves that are left out, each kind with one warning that counts them."""

import warnings
from dataclasses import dataclass
from functools import reduce

import numpy as np

from snlib.data.quantities import BANDS, FAINTEST_MAGNITUDE, LAST_PHASE_DAYS, SURFACE_PHASES_DAYS
from snlib.files.messages import listed

__all__ = ["is_placeholder", "usable_points", "warn_of_points"]

# What stands where there is no magnitude: nothing but nines, as in 99, -999 and 99.99.
_PLACEHOLDERS = (99, 99.9, 99.99, 99.999, 999, 999.9, 999.99, 999.999, 9999, 99999)


def is_placeholder(magnitude):
    """Whether a number stands for "no magnitude".

    Parameters
    ----------
    magnitude : ndarray, shape (M,)

    Returns
    -------
    ndarray of bool, shape (M,)
    """
    return np.isin(np.abs(magnitude).round(3), _PLACEHOLDERS)


@dataclass(frozen=True)
class _Kind:
    reason: str
    is_one: np.ndarray
    values: np.ndarray | None = None  # of which a message gives the range


def usable_points(path, object_id, place, phase_days, magnitude, band, other_bands, upper_limit):
    """Which points the models know the like of; a warning for each kind of others.

    Left out are points without a finite phase or magnitude, upper limits, points in other bands, before or
    after the simulated phases, or fainter than simulated.

    Parameters
    ----------
    path : path-like
        For messages.
    object_id : ndarray of object, shape (N,)
        Of the objects.
    place : ndarray of int, shape (M,)
        Index of the object of each point.
    phase_days, magnitude : ndarray, shape (M,)
        NaN where there is none.
    band : ndarray of int, shape (M,)
        -1 for another band.
    other_bands : list of str
        What these are called.
    upper_limit : ndarray of bool, shape (M,)

    Returns
    -------
    ndarray of bool, shape (M,)

    Raises
    ------
    ValueError
        If there is none; the message says what was found instead.
    """
    first, last = SURFACE_PHASES_DAYS[0], LAST_PHASE_DAYS
    dated, measured, placeholder = np.isfinite(phase_days), np.isfinite(magnitude), is_placeholder(magnitude)
    too_faint = measured & ~placeholder & ~upper_limit & (magnitude > FAINTEST_MAGNITUDE)
    placeholders = listed(np.unique(magnitude[placeholder]).tolist())
    kinds = [
        _Kind("phase_days not finite", ~dated),
        _Kind("magnitude not finite", ~measured),
        _Kind(f"magnitude only a placeholder ({placeholders})", placeholder),
        _Kind("upper limits", upper_limit),
        _Kind(f"band none of {', '.join(BANDS)} ({listed(sorted(other_bands))})", band < 0),
        _Kind(f"phase_days before {first:g}", dated & (phase_days < first), phase_days),
        _Kind(f"phase_days after {last:g}", dated & (phase_days > last), phase_days),
        _Kind(f"magnitude fainter than {FAINTEST_MAGNITUDE:g}", too_faint, magnitude),
    ]
    keep = ~reduce(np.logical_or, (kind.is_one for kind in kinds))
    if not keep.any():
        raise ValueError(f"{path}: no point can be used: {_found(kinds) or 'there is none'}")
    for kind in kinds:
        warn_of_points(path, kind.reason, object_id[place[kind.is_one]])
    return keep


def warn_of_points(path, reason, names):
    """Warn of points that are left out, if there are any.

    Parameters
    ----------
    path : path-like
    reason : str
    names : ndarray of object, shape (K,)
        Of the object of each of these points.
    """
    if len(names):
        count = f"{len(names)} points of {len(set(names))} objects"
        warnings.warn(f"{path}: {reason}: {count} left out, first of {names[0]!r}", stacklevel=2)


def _found(kinds):
    said = []
    for kind in kinds:
        if kind.is_one.any():
            values = None if kind.values is None else kind.values[kind.is_one]
            found = "" if values is None else f" ({values.min():.6g} to {values.max():.6g})"
            said.append(f"{kind.is_one.sum()} points with {kind.reason}{found}")
    return ", ".join(said)
