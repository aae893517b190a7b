"""Light curves that are unlike simulated ones: the limit that tells them, and what it finds."""

import math

import numpy as np
import pandas as pd

from snlib.evaluation.early import cuts
from snlib.evaluation.odd_light_curves import KINDS, odd
from snlib.evaluation.thinning import shortened, thinned
from snlib.inference.misfit import Familiarity, misfits

__all__ = ["FEW_POINTS", "fit_familiarity", "judge_cuts", "judge_kinds", "judge_shortened", "roc", "shares"]

#: Points of the light curves that are judged as short ones.
FEW_POINTS = 8
_FALSE_ALARM = 0.01
_N_LIGHT_CURVES = 8000  # or some more: enough for one in a hundred not to be a matter of chance
_FALSE_ALARMS = np.geomspace(1e-3, 1, 31)


def fit_familiarity(forecaster, events, seed):
    """Find the limit that one in a hundred simulated light curves exceeds.

    Parameters
    ----------
    forecaster : snlib.inference.forecast.Forecaster
    events : Events
        That it was not trained on.
    seed : int
        See `judge_shortened`.

    Returns
    -------
    Familiarity

    Raises
    ------
    ValueError
        If no light curve has a point to judge it by.
    """
    surprise = judge_shortened(forecaster, events, seed)["surprise"]
    if surprise.empty:
        raise ValueError("light curves: none has a point by which it can be judged")
    limit = np.quantile(surprise, 1 - _FALSE_ALARM, method="higher")
    return Familiarity(float(limit), _FALSE_ALARM, len(surprise))


def judge_shortened(forecaster, events, seed):
    """Judge simulated light curves that are shortened at random: each called unlike is a false alarm.

    Parameters
    ----------
    forecaster : snlib.inference.forecast.Forecaster
    events : Events
        That it was not trained on.  Each is used as often as it takes to have thousands of light curves.
    seed : int
        See `snlib.evaluation.thinning.shortened`.

    Returns
    -------
    pandas.DataFrame
        A row for each light curve with a point to judge it by: ``misfit_mag`` and ``surprise``.
    """
    tables = []
    for repetition in range(math.ceil(_N_LIGHT_CURVES / len(events))):
        tables.append(_judge(forecaster, shortened(events.light_curves, seed, repetition)))
    return pd.concat(tables, ignore_index=True)


def judge_cuts(forecaster, events, seed):
    """Judge the same light curves with ever more of their points; also of these none should be called unlike.

    Parameters
    ----------
    forecaster, events
        As in `judge_shortened`.
    seed : int
        See `snlib.evaluation.early.cuts`.

    Returns
    -------
    pandas.DataFrame
        A row for each light curve with a point to judge it by: ``cut`` and ``value`` as in
        `snlib.evaluation.early.cuts`, ``misfit_mag`` and ``surprise``.
    """
    tables = []
    for cut, value, left in cuts(events, seed):
        tables.append(_judge(forecaster, left.light_curves).assign(cut=cut, value=float(value)))
    return pd.concat(tables, ignore_index=True)


def judge_kinds(forecaster, events, seed):
    """Judge light curves of each kind in `KINDS`, whole ones and such of a few points.

    Parameters
    ----------
    forecaster, events, seed
        As in `judge_shortened`; the kinds are made of these events.

    Returns
    -------
    pandas.DataFrame
        A row for each light curve with a point to judge it by: ``kind``, ``points`` (`FEW_POINTS`, or
        infinity for all), ``misfit_mag`` and ``surprise``.
    """
    tables = []
    for points in (FEW_POINTS, np.inf):
        simulated = thinned(events.light_curves, points, seed)
        for kind in KINDS:
            judged = _judge(forecaster, odd(kind, simulated, seed))
            tables.append(judged.assign(kind=kind, points=float(points)))
    return pd.concat(tables, ignore_index=True)


def shares(judged, by, limit):
    """How large misfits are, and which share of the light curves is called unlike.

    Parameters
    ----------
    judged : pandas.DataFrame
        Of one of the functions above, with the columns `by`.
    by : list of str
        Columns; a row for each combination of what they hold.
    limit : float
        See `Familiarity`.

    Returns
    -------
    pandas.DataFrame
        ``n_light_curves``; ``misfit_mag``, the median, and ``misfit_mag_5`` and ``misfit_mag_95``, within
        which nine in ten lie; and the share ``unlike``.
    """
    groups = judged.assign(unlike=judged["surprise"] > limit).groupby(by, sort=False)
    misfit = groups["misfit_mag"]
    columns = {
        "n_light_curves": groups.size(),
        "misfit_mag": misfit.median(),
        "misfit_mag_5": misfit.quantile(0.05),
        "misfit_mag_95": misfit.quantile(0.95),
        "unlike": groups["unlike"].mean(),
    }
    return pd.DataFrame(columns).reset_index()


def roc(kinds, simulated):
    """Which share of each kind is found at which rate of false alarms, as the limit moves.

    Parameters
    ----------
    kinds : pandas.DataFrame
        See `judge_kinds`.
    simulated : pandas.DataFrame
        See `judge_shortened`; false alarms are its light curves beyond the limit.

    Returns
    -------
    pandas.DataFrame
        ``kind``, ``points``, ``false_alarm`` from .1 % to 100 %, and the share ``unlike``.
    """
    limits = np.quantile(simulated["surprise"], 1 - _FALSE_ALARMS)
    tables = []
    for (kind, points), rows in kinds.groupby(["kind", "points"], sort=False):
        unlike = (rows["surprise"].to_numpy() > limits[:, None]).mean(1)
        tables.append(
            pd.DataFrame({"kind": kind, "points": points, "false_alarm": _FALSE_ALARMS, "unlike": unlike})
        )
    return pd.concat(tables, ignore_index=True)


def _judge(forecaster, light_curves):
    """Misfit and surprise of the light curves that have a point to judge them by."""
    judged = pd.DataFrame(
        dict(zip(("misfit_mag", "surprise"), misfits(forecaster, light_curves), strict=True))
    )
    return judged.dropna()
