"""Spectra on the night it matters: from light curves that end early, or have few points."""

from dataclasses import replace

import numpy as np
import pandas as pd

from snlib.evaluation.score_table import score_events
from snlib.evaluation.thinning import ended, thinned
from snlib.inference.samplers import draw_events

__all__ = [
    "LAST_PHASES_DAYS",
    "N_POINTS",
    "cuts",
    "early_scores",
    "known_from",
    "uncovered",
    "value_label",
]

# Infinity is the whole light curve.
LAST_PHASES_DAYS = (-5.0, 0.0, 5.0, 10.0, 20.0, 40.0, np.inf)
N_POINTS = (3, 5, 8, 12, 20, 30, np.inf)


def cuts(events, seed):
    """The same events with ever more of their light curves.

    Parameters
    ----------
    events : Events
    seed : int
        See `snlib.evaluation.thinning.thinned`.

    Yields
    ------
    cut : {"last phase", "points"}
    value : float
        In `LAST_PHASES_DAYS` or `N_POINTS`.
    events : Events
    """
    light_curves = events.light_curves
    for value in LAST_PHASES_DAYS:
        yield "last phase", value, replace(events, light_curves=ended(light_curves, value))
    for value in N_POINTS:
        yield "points", value, replace(events, light_curves=thinned(light_curves, value, seed))


def early_scores(sampler, events, seed, n_samples):
    """Score what is drawn for some events as their light curves are cut.

    Parameters
    ----------
    sampler : function
        See `snlib.inference.samplers`.
    events : Events
    seed : int
        Event i is drawn with the same random numbers at every cut.
    n_samples : int

    Returns
    -------
    pandas.DataFrame
        A row for each ``cut``, ``value`` (see `cuts`), event, kind of interval and ``phase_days`` (of the
        spectrum), with the columns of `snlib.evaluation.score_table.score_events`.
    """
    tables = []
    for cut, value, left in cuts(events, seed):
        scores = score_events(draw_events(sampler, left, n_samples, seed), left)
        tables.append(scores.assign(cut=cut, value=float(value)))
    return pd.concat(tables, ignore_index=True)


def known_from(table, method, cut, phase_days, factor=2.0):
    """From what on the error of a spectrum stays within a factor of that from whole light curves.

    Parameters
    ----------
    table : pandas.DataFrame
        See `snlib.replication.early.early_table`.
    method, cut : str
    phase_days : float
        Of the spectrum.
    factor : float

    Returns
    -------
    float
        A ``value`` of the table.
    """
    rows = table[(table["method"] == method) & (table["cut"] == cut) & (table["phase_days"] == phase_days)]
    rows = rows.sort_values("value", ascending=False)
    within = rows["rmse_dex"] <= factor * rows["rmse_dex"].iloc[0]
    return rows["value"][within.cummin()].min()


def uncovered(table, n_errors=3.0):
    """The rows of such a table whose 90 % intervals are further from 90 % than some standard errors."""
    distance = (table["coverage_90"] - 0.9).abs()
    return table[distance > n_errors * table["coverage_90_error"]]


def value_label(value):
    """A value of a cut in words: a number, or "all" for the whole light curve."""
    return "all" if np.isinf(value) else f"{value:g}"
