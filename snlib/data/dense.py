"""Light curves with more points than any supernova needs: thinned, evenly in time."""

import warnings

import numpy as np

from snlib.data.quantities import BANDS

__all__ = ["MOST_POINTS", "thin"]

MOST_POINTS = 1000  # of a light curve; simulated ones have up to a few hundred
_FINEST_DAYS = 1e-5


def thin(path, light_curves):
    """Leave each light curve at most `MOST_POINTS` points, with a warning if that takes any.

    Time is divided into equal steps, the finest (within a hundredth) with which that many suffice, and of
    each step and band the first point stays: bands and phases with few points keep theirs.

    Parameters
    ----------
    path : path-like
        For the warning.
    light_curves : RaggedLightCurves

    Returns
    -------
    RaggedLightCurves
    """
    long = np.flatnonzero(light_curves.n_points > MOST_POINTS)
    if not long.size:
        return light_curves
    keep = np.ones(len(light_curves.phase_days), dtype=bool)
    for index in long:
        own = slice(*light_curves.start[index : index + 2])
        keep[own] = _first_of_steps(light_curves.phase_days[own], light_curves.band[own])
    warnings.warn(
        f"{path}: more than {MOST_POINTS:,} points: {len(long)} objects thinned to these, evenly in time, "
        f"first {light_curves.object_id[long[0]]!r}",
        stacklevel=2,
    )
    return light_curves.only(keep)


def _first_of_steps(phase_days, band):
    """Of phases in ascending order."""

    def kept(step):
        cells = np.floor((phase_days - phase_days[0]) / step).astype(int) * len(BANDS) + band
        keep = np.zeros(len(phase_days), dtype=bool)
        keep[np.unique(cells, return_index=True)[1]] = True
        return keep

    fine, coarse = _FINEST_DAYS, max(np.ptp(phase_days), _FINEST_DAYS) * 2
    while coarse > 1.01 * fine:
        middle = np.sqrt(fine * coarse)
        fine, coarse = (fine, middle) if kept(middle).sum() <= MOST_POINTS else (middle, coarse)
    return kept(coarse)
