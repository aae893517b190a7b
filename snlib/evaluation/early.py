"""Spectra on the night it matters: from light curves that end early, or have few points."""

from dataclasses import replace

import numpy as np
import pandas as pd
from tqdm import tqdm

from snlib.data.events import LightCurves
from snlib.evaluation.scores import sample_scores
from snlib.replication.intervals import N_SAMPLES, SIMULATED_MAGNITUDE_SCALE, average, inverting, recalling
from snlib.simulation.surrogate import Surrogate

__all__ = [
    "LAST_PHASES_DAYS",
    "N_POINTS",
    "cuts",
    "early_scores",
    "early_table",
    "ended",
    "known_from",
    "thinned",
    "uncovered",
    "value_label",
]

# Infinity is the whole light curve.
LAST_PHASES_DAYS = (-5.0, 0.0, 5.0, 10.0, 20.0, 40.0, np.inf)
N_POINTS = (3, 5, 8, 12, 20, 30, np.inf)
_N_EVENTS = 100
_N_TRAIN = 500  # whose spectra stand for the prior
_BY = ["cut", "value", "phase_days"]
_MEASURES = ["rmse_dex", "crps_dex", "coverage_68", "coverage_90", "width_90_dex"]
_MEASURES += ["coverage_68_error", "coverage_90_error"]


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


def thinned(light_curves, n_points, seed):
    """Leave a number of points of each light curve, chosen at random.

    Of fewer points are left those that are also left of more.  Each place has a stream of its own, so
    that what is in the other places does not matter.

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
    keep = np.zeros(light_curves.magnitude.shape, bool)
    for index, observed in enumerate(light_curves.observed):
        points = np.random.default_rng((seed, 6, index)).permutation(np.flatnonzero(observed))
        keep[index, points[: min(n_points, len(points))]] = True
    return _only(light_curves, keep)


def _only(light_curves, keep):
    magnitude = np.where(keep, light_curves.magnitude, np.nan)
    return LightCurves(light_curves.phase_days, magnitude, light_curves.band)


def cuts(events, seed):
    """The same events with ever more of their light curves.

    Parameters
    ----------
    events : Events
    seed : int
        See `thinned`.

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


def early_scores(sample_of, events, seed, n_samples=N_SAMPLES):
    """Score what is drawn for some events as their light curves are cut.

    Parameters
    ----------
    sample_of : function
        Of events with cut light curves: a function that draws for one of them, as
        `snlib.replication.intervals.sampling` gives it.
    events : Events
    seed : int
        Event i has the stream (seed, i), at every cut.
    n_samples : int

    Returns
    -------
    pandas.DataFrame
        A row for each ``cut``, ``value`` (see `cuts`), ``object_id`` and ``phase_days`` (of the spectrum),
        with the columns of `snlib.evaluation.scores.sample_scores`.
    """
    tables = []
    n_cuts = len(LAST_PHASES_DAYS) + len(N_POINTS)
    for cut, value, left in tqdm(cuts(events, seed), desc="cuts", total=n_cuts, mininterval=2):
        scores = _scores(sample_of(left), left, seed, n_samples)
        tables.append(scores.assign(cut=cut, value=float(value)))
    return pd.concat(tables, ignore_index=True)


def _scores(sample, events, seed, n_samples):
    """`snlib.replication.intervals.score` for pixels only."""
    spectra, tables = events.spectra, []
    for index, name in enumerate(events.object_id):
        samples, truth = sample(events.select([index]), n_samples, (seed, index)), spectra.log10_fnu[index]
        scores = sample_scores(samples, truth, {"phase_days": spectra.phase_days})
        tables.append(scores.assign(object_id=name))
    return pd.concat(tables, ignore_index=True)


def early_table(run, forecaster):
    """Error, coverage and width of predicted spectra against what is left of the light curves.

    Parameters
    ----------
    run : snlib.replication.run.Run
        On surrogate events; the first hundred test events judge.
    forecaster : snlib.inference.forecast.Forecaster
        Trained on the run's training events.

    Returns
    -------
    pandas.DataFrame
        A row for each ``method`` ("MMVAE": the forecaster; "inversion"; "mean spectrum": some training
        spectra, whatever the light curve), ``cut``, ``value`` and ``phase_days``, with the columns
        ``rmse_dex, crps_dex, coverage_68, coverage_90, width_90_dex`` and, over events, the standard
        errors ``coverage_68_error`` and ``coverage_90_error``.
    """
    dataset = run.dataset()
    test = dataset.events.select(dataset.split["test"][:_N_EVENTS])
    train = dataset.events.select(dataset.split["train"][:_N_TRAIN])
    surrogate = Surrogate.load()

    def inversion(events):
        return inverting(surrogate, SIMULATED_MAGNITUDE_SCALE, events)

    methods = {"MMVAE": lambda events: forecaster.of_event, "inversion": inversion}
    tables = {
        name: average(early_scores(sample_of, test, run.seed), _BY) for name, sample_of in methods.items()
    }
    tables["mean spectrum"] = _whatever_the_light_curve(train, test, run.seed)
    table = pd.concat([table.assign(method=name) for name, table in tables.items()], ignore_index=True)
    return table[["method", *_BY, *_MEASURES]]


def _whatever_the_light_curve(train, test, seed):
    """Training spectra in the place of samples: their scores are the same at every cut."""
    scores = average(_scores(recalling(train), test, seed, len(train)), ["phase_days"])
    every = [(cut, float(value)) for cut, value, _ in cuts(test.select([0]), seed)]
    return pd.DataFrame(every, columns=_BY[:2]).merge(scores, how="cross")


def known_from(table, method, cut, phase_days, factor=2.0):
    """From what on the error of a spectrum stays within a factor of that from whole light curves.

    Parameters
    ----------
    table : pandas.DataFrame
        See `early_table`.
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
    """The rows of `early_table` whose 90 % intervals are further from 90 % than some standard errors."""
    distance = (table["coverage_90"] - 0.9).abs()
    return table[distance > n_errors * table["coverage_90_error"]]


def value_label(value):
    """A value of a cut in words: a number, or "all" for the whole light curve."""
    return "all" if np.isinf(value) else f"{value:g}"
