"""The one table of scores: all that is drawn for some events, judged by their spectra."""

from functools import partial

import numpy as np
import pandas as pd

from snlib.evaluation.features import feature_scores, features
from snlib.evaluation.scores import mean_scores, pixel_scores, without_unit

__all__ = ["Curves", "score_events", "score_features"]


class Curves:
    """What Figure 4 draws: scores at each phase and wavelength, over the events."""

    _NAMES = ("error_dex", "mse_dex2", "coverage_90", "width_90_dex")

    def __init__(self):
        self._sums = {}

    def add(self, interval, seen, scores):
        """Count the pixels of one event; see `snlib.evaluation.scores.pixel_scores`."""
        zeros = {name: np.zeros(seen.shape) for name in ("n_events", *self._NAMES)}
        sums = self._sums.setdefault(interval, zeros)
        sums["n_events"] += seen
        for name in self._NAMES:
            sums[name][seen] += scores[name]

    def means(self):
        """The curves.

        Returns
        -------
        dict of str to dict of str to ndarray, shape (P, L)
            By kind of interval: ``bias`` and ``spread`` (mean and standard deviation of the error) and
            ``width`` in dex, and ``coverage``; NaN where no event is observed or there is no interval.
        """
        curves = {}
        for interval, sums in self._sums.items():
            n = np.where(sums["n_events"] > 0, sums["n_events"], np.nan)
            bias, square, coverage, width = (sums[name] / n for name in self._NAMES)
            spread = np.sqrt(np.maximum(square - bias**2, 0))
            curves[interval] = {"bias": bias, "spread": spread, "coverage": coverage, "width": width}
        return curves


def score_events(drawn, events, curves=None):
    """Score what is drawn for some events.

    Parameters
    ----------
    drawn : iterable of dict of str to Samples
        For each event, by kind of interval; see `snlib.inference.samplers.draw_events`.
    events : Events
    curves : Curves, optional
        Gets each event's pixels on the way.

    Returns
    -------
    pandas.DataFrame
        A row for each event (its place ``event`` and its ``object_id``), kind of ``interval`` and
        ``phase_days``, with the columns of `snlib.evaluation.scores.sample_scores`.
    """
    rows = {"phase_days": events.spectra.phase_days}

    def score(samples, truth, interval):
        pixels = pixel_scores(samples.values, truth, samples.mean)
        if curves is not None:
            curves.add(interval, *pixels)
        return mean_scores(*pixels, rows)

    return _table(score, drawn, events)


def score_features(drawn, events):
    """The same for pixels and for features of whole spectra.

    Returns
    -------
    pandas.DataFrame
        As `score_events`, and ``feature``: "pixel", or a name in `snlib.evaluation.features.FEATURES`.
        Scores are in dex for pixels, in the unit of the feature otherwise; their names are without ``dex``.
    """
    phase_days = events.spectra.phase_days
    of = partial(features, events.spectra.wavelength_aa)

    def score(samples, truth, interval):
        pixels = mean_scores(*pixel_scores(samples.values, truth, samples.mean), {"phase_days": phase_days})
        whole = feature_scores(of(samples.values), of(truth), phase_days)
        return pd.concat([without_unit(pixels).assign(feature="pixel"), whole])

    return _table(score, drawn, events)


def _table(score, drawn, events):
    tables, truths = [], events.spectra.log10_fnu
    for place, (name, truth, of_event) in enumerate(zip(events.object_id, truths, drawn, strict=True)):
        for interval, samples in of_event.items():
            table = score(samples, truth, interval)
            for column, value in {"object_id": name, "event": place, "interval": interval}.items():
                table.insert(0, column, value)
            tables.append(table)
    return pd.concat(tables, ignore_index=True)
