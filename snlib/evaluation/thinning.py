"""Light curves of which a part is left: a share of the points, a number of them, or those until a night."""

import numpy as np

from snlib.data.events import LightCurves
from snlib.random_streams import stream

__all__ = ["ended", "hide_points", "shortened", "thinned"]


def ended(light_curves, last_phase_days):
    """Leave out all points after a phase.

    Parameters
    ----------
    light_curves : LightCurves
    last_phase_days : float
        A point at this very phase stays.

    Returns
    -------
    LightCurves
        Of the same shape; a light curve may have no point left.
    """
    return _only(light_curves, light_curves.phase_days <= last_phase_days)


def hide_points(light_curves, fraction, seed):
    """Hide a share of the points of each light curve, at random.

    What is hidden at one fraction is hidden at a larger one too.  Each place has a stream of its own:
    the light curve there loses the same points whatever is in the other places.

    Parameters
    ----------
    light_curves : LightCurves
    fraction : float
        Of the observed points, rounded to whole points.
    seed : int

    Returns
    -------
    LightCurves
        Of the same shape.
    """
    return _at_random(light_curves, lambda n: n - round(fraction * n), "hidden points", seed)


def thinned(light_curves, n_points, seed):
    """Leave a number of points of each light curve, chosen at random.

    Of fewer points are left those that are also left of more.  Streams are as in `hide_points`.

    Parameters
    ----------
    light_curves : LightCurves
    n_points : int or inf
        A light curve that does not have more stays as it is.
    seed : int

    Returns
    -------
    LightCurves
        Of the same shape.
    """
    return _at_random(light_curves, lambda n: min(n_points, n), "fewer points", seed)


def shortened(light_curves, seed, repetition):
    """End each light curve at some point of its own, and leave some of those until then.

    Which point that is, and how many are left, is drawn uniformly from one to all of them.

    Parameters
    ----------
    light_curves : LightCurves
    seed, repetition : int
        Each repetition and place has a stream of its own, as in `hide_points`.

    Returns
    -------
    LightCurves
        Of the same shape; one that had a point still has one.
    """
    keep = np.zeros(light_curves.magnitude.shape, bool)
    for index, observed in enumerate(light_curves.observed):
        rng = stream("shortened light curves", seed, repetition, index)
        points = np.flatnonzero(observed)
        points = points[np.argsort(light_curves.phase_days[index, points], kind="stable")]
        if points.size:
            points = points[: rng.integers(1, len(points), endpoint=True)]
            keep[index, rng.permutation(points)[: rng.integers(1, len(points), endpoint=True)]] = True
    return _only(light_curves, keep)


def _at_random(light_curves, n_left, use, seed):
    keep = np.zeros(light_curves.magnitude.shape, bool)
    for index, observed in enumerate(light_curves.observed):
        points = stream(use, seed, index).permutation(np.flatnonzero(observed))
        keep[index, points[: n_left(len(points))]] = True
    return _only(light_curves, keep)


def _only(light_curves, keep):
    magnitude = np.where(keep, light_curves.magnitude, np.nan)
    return LightCurves(light_curves.phase_days, magnitude, light_curves.band)
