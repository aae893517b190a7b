"""What shipped weights are worth, from the committed results: the metrics of their model card."""

import numpy as np
import pandas as pd

from snlib.evaluation.scores import average_scores
from snlib.files.json_files import read_json
from snlib.replication.card import rounded
from snlib.replication.methods import MODEL_OF, NO_RECIPE, label
from snlib.replication.recorded_scores import N_RECORDED

__all__ = ["BASELINE", "INVERSION", "METRICS", "card_metrics", "rmse"]

BASELINE = "mean spectrum"
INVERSION = "inversion of the surrogate"
# Of the columns of tables of scores: what they are called.
METRICS = {
    "rmse_dex": "RMSE [dex]",
    "crps_dex": "CRPS [dex]",
    "coverage_90": "coverage of 90 % intervals",
    "width_90_dex": "mean width of 90 % intervals [dex]",
    "rmse_mag": "RMSE of the light curve [mag]",
    "rms_z": "RMS error [standard deviations]",
}
_COLUMNS = ["weights", "method", "phase_days", "metric", "value", "n_events", "source"]


def card_metrics(data, name, saved):
    """Metrics of all weights of a set, and of what they are to be compared with.

    Spectra on the test events are looked for in ``results/<set>/intervals.csv`` (of a predictive MMVAE),
    ``results/<set>/spectra.csv`` and ``results/<set>/<recipe>/seed<N>/spectra.csv.gz``.  For weights that
    none of them is of, ``scores.csv`` beside the weights is taken, which is of few events.

    Parameters
    ----------
    data : pathlib.Path
        The folder of ``weights`` and ``results``.
    name : str
        Of the set.
    saved : dict of str to snlib.model.weights.SavedModel
        By the name of the file without its ending.

    Returns
    -------
    pandas.DataFrame
        A row for each ``weights`` (empty: of what stands beside them), ``method``, ``phase_days`` and
        ``metric`` (a name in `METRICS`), with its ``value``, the number ``n_events`` of test events and the
        ``source``, a path from the repository's root.
    """
    tables = []
    for stem, one in saved.items():
        tables += _of_spectra(data, name, stem, one) or [_recorded(data, name, stem)]
    found = pd.concat(tables, ignore_index=True).dropna(subset="value").drop_duplicates(ignore_index=True)
    return found.assign(value=found["value"].map(rounded))[_COLUMNS]


def rmse(metrics, column, value):
    """Errors of spectra by number of events and phase, so that only those of the same events are compared.

    Parameters
    ----------
    metrics : pandas.DataFrame
        See `card_metrics`.
    column, value : str
        Which rows.

    Returns
    -------
    pandas.Series
    """
    found = metrics[(metrics[column] == value) & (metrics["metric"] == "rmse_dex")]
    key = ["n_events", "phase_days"]
    return found.drop_duplicates(key).set_index(key)["value"]


def _of_spectra(data, name, stem, saved):
    """Tables of the errors of spectra that were made with some weights; maybe none."""
    results = data / "results" / name
    if saved.name == "predictive-mmvae" and (results / "intervals.csv").is_file():
        return _of_intervals(data, results, stem)
    methods = [method for method, model in MODEL_OF.items() if model == saved.name]
    recipe, seed = saved.model.recipe.name, saved.provenance["made_from"]["seed"]
    own = results / recipe / f"seed{seed}" / "spectra.csv.gz"
    paths = [own, results / NO_RECIPE / own.parent.name / own.name, results / "spectra.csv"]
    if not methods:
        return []
    tables = []
    for path in (path for path in paths if path.is_file()):
        scores = pd.read_csv(path)
        for model in (*(label(method, recipe) for method in methods), BASELINE):
            of_model = scores[scores["model"] == model]
            if len(of_model):
                tables.append(_long(_averages(of_model), stem, model, path, data))
    return tables if any((table["weights"] == stem).any() for table in tables) else []


def _averages(scores):
    """Scores over events by phase, of the predictive intervals if there are any."""
    kinds = scores["interval"]
    kind = "predictive" if "predictive" in set(kinds) else kinds.iloc[0]
    scores = scores[kinds == kind]
    return average_scores(scores.drop(columns="interval"), ["phase_days"]).assign(
        n_events=scores["event"].nunique()
    )


def _of_intervals(data, results, stem):
    """The recalibrated predictive MMVAE, and the inversion of the surrogate beside it."""
    path = results / "intervals.csv"
    scores, n_scored = pd.read_csv(path), read_json(results / "provenance.json")["n_scored"]
    scores = scores[scores["feature"] == "pixel"]
    renamed = {"rmse": "rmse_dex", "crps": "crps_dex", "width_90": "width_90_dex"}
    tables = []
    for method, recalibrated, words in (
        ("errors", True, "predictive MMVAE, recalibrated"),
        ("inversion", False, INVERSION),
    ):
        of_method = scores[(scores["method"] == method) & (scores["recalibrated"] == recalibrated)]
        of_method = of_method.rename(columns=renamed).assign(n_events=n_scored["errors, inversion"])
        tables.append(_long(of_method, stem if method == "errors" else "", words, path, data))
    return tables


def _recorded(data, name, stem):
    """Of the few events whose scores are recorded beside the weights: root mean squares by phase."""
    path = data / "weights" / name / "scores.csv"
    scores = pd.read_csv(path)
    scores = scores[scores["weights"] == stem].drop(
        columns=["weights", "event", "scale_dex"], errors="ignore"
    )
    means = scores.groupby("phase_days").agg(lambda values: np.sqrt((values**2).mean())).reset_index()
    return _long(means.assign(n_events=N_RECORDED), stem, stem, path, data)


def _long(means, stem, method, path, data):
    """A row a metric."""
    metrics = [name for name in METRICS if name in means]
    table = means.melt(["phase_days", "n_events"], metrics, "metric", "value")
    known = "" if method == BASELINE else stem
    source = path.relative_to(data.parent).as_posix()
    return table.assign(weights=known, method=method, source=source)
