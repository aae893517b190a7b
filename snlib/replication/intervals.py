"""How well every kind of interval covers the truth, as it is and recalibrated."""

import pandas as pd

from snlib.evaluation.score_table import score_features
from snlib.evaluation.scores import average_scores
from snlib.inference.samplers import draw_events, fit_recalibration, recalibrated
from snlib.replication.methods import sampler_of

__all__ = ["N_DECODED", "N_JUDGED", "interval_scores"]

# Most validation and test events each, fewer where each latent sample must be decoded.
N_JUDGED, N_DECODED = 450, 150
_N_DRAWN = 50  # samples
# Method, kinds of its intervals and what the table calls them, and number of events.
_JUDGED = (
    ("MMVAE", {"latent": "latent", "predictive": "likelihood"}, N_DECODED),
    ("predictive MMVAE", {"predictive": "errors"}, N_JUDGED),
    ("inversion", {"predictive": "inversion"}, N_JUDGED),
)


def interval_scores(run, recipe):
    """Coverage, width and proper scores of every kind of interval, as they are and recalibrated.

    Recalibrations are fitted to validation events; all is scored on test events.

    Parameters
    ----------
    run : snlib.replication.run.Run
        On surrogate events.
    recipe : str

    Returns
    -------
    pandas.DataFrame
        A row for each ``method`` ("latent", "likelihood", "errors" and "inversion"), ``recalibrated``,
        ``feature`` and ``phase_days``, with the columns of `snlib.evaluation.scores.average_scores`.
    """
    dataset, tables = run.dataset(), []
    for method, names, n_events in _JUDGED:
        sampler = sampler_of(run, method, recipe)
        validation, test = (
            dataset.events.select(dataset.split[part][:n_events]) for part in ("validation", "test")
        )
        fitted = {kind: fit_recalibration(sampler, validation, run.seed, _N_DRAWN, kind) for kind in names}
        drawn = draw_events(recalibrated(sampler, fitted), test, _N_DRAWN, run.seed)
        scores = score_features(drawn, test)
        scores[["kind", "recalibrated"]] = scores["interval"].str.partition(", ")[[0, 2]]
        scores["recalibrated"] = scores["recalibrated"] == "recalibrated"
        scores["method"] = scores["kind"].map(names)
        tables.append(scores[scores["method"].notna()])
    by = ["method", "recalibrated", "feature", "phase_days"]
    return average_scores(pd.concat(tables, ignore_index=True), by)
