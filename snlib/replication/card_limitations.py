"""The limitations of shipped weights, as far as the committed results tell them."""

import numpy as np
import pandas as pd

from snlib.evaluation.observed_scores import mean_over_supernovae
from snlib.files.json_files import read_json
from snlib.replication.cache import file_digest
from snlib.replication.card import days
from snlib.replication.card_metrics import BASELINE, INVERSION, rmse
from snlib.replication.observed import MEAN_OBSERVED, SIMULATED

__all__ = ["limitations"]

# A model whose error is nearly that of the mean spectrum has learned next to nothing from light curves.
_HARDLY_BETTER = 0.95


def limitations(folder, saved, metrics):
    """A list in Markdown.

    Parameters
    ----------
    folder : pathlib.Path
        ``weights/<set>`` in a data folder.
    saved : dict of str to snlib.model.weights.SavedModel
    metrics : pandas.DataFrame
        See `snlib.replication.card_metrics.card_metrics`.

    Returns
    -------
    str
    """
    results = folder.parents[1] / "results"
    rows = read_json(results / "surrogate" / "accuracy.json")["spectra"]
    errors = ", ".join(f"{row['surrogate']:.2g} dex at {days(row['phase_days'])}" for row in rows)
    lines = [
        "The weights were trained on events of the surrogate, and the metrics are of such events too, not of "
        "the original simulations. The surrogate has errors of its own on simulations to which it was not "
        f"fitted ({errors}), which the metrics do not include.",
        "The simulated light curves have almost no noise; those of real surveys have more.",
        *(words for stem in saved for words in _compared(stem, metrics)),
        *_unlike(folder, results / "unlike"),
        *_observed(folder, results / "observed"),
    ]
    return "\n".join(f"- {line}" for line in lines)


def _compared(stem, metrics):
    """What the metrics say against some weights."""
    own = rmse(metrics, "weights", stem)
    ratio = (own / rmse(metrics, "method", BASELINE)).dropna()
    if len(ratio) and ratio.min() > _HARDLY_BETTER:
        better = "no better" if ratio.min() >= 1 else "hardly better"
        yield (
            f"**`{stem}` predicts {better} than the mean spectrum** of the training events: its RMSE is "
            f"{ratio.min():.2f} to {ratio.max():.2f} times as large. Do not use it for predictions."
        )
    ratio = (rmse(metrics, "method", INVERSION) / own).dropna()
    if len(ratio) and ratio.max() < 1:
        yield (
            f"`{stem}` is not the most accurate method for simulated events: inverting the surrogate, from "
            f"which they come, has {ratio.min():.2f} to {ratio.max():.2f} times its RMSE."
        )


def _unlike(folder, results):
    """How many odd light curves are recognised, where that was judged with these very weights."""
    if not _judged_here(folder, results):
        return
    kinds = pd.read_csv(results / "kinds.csv")
    kinds = kinds[np.isinf(kinds["points"]) & (kinds["kind"] != "simulated")].sort_values("unlike")
    shares = ", ".join(f"{100 * row.unlike:.1f} % ({row.kind})" for row in kinds.itertuples())
    yield (
        "Light curves that are unlike simulated ones are reported, but not every one of them is recognised. "
        f"Of complete light curves with a mistake, or of another type, {shares} were."
    )


def _observed(folder, results):
    """How good these very weights are on observed supernovae, if they were judged by them."""
    if not _judged_here(folder, results):
        return
    means = mean_over_supernovae(
        pd.read_csv(results / "spectra.csv"), ["shape_dex", "coverage_90"], ["method"]
    ).set_index("method")
    own, mean = means.loc[SIMULATED], means.loc[MEAN_OBSERVED]
    yield (
        "**On observed supernovae the weights are less accurate than a mean spectrum.** They miss the shape "
        f"of {own['spectra']} spectra of {own['supernovae']} supernovae by {own['shape_dex']:.3f} dex (root "
        f"mean square), the mean observed spectrum of the same phase by {mean['shape_dex']:.3f} dex; the "
        f"90 % intervals hold {100 * own['coverage_90']:.0f} % of the observed pixels."
    )


def _judged_here(folder, results):
    """Whether results are of weights in a folder."""
    judged = read_json(results / "provenance.json")["weights"]
    path = folder / judged["file"]
    return path.is_file() and file_digest(path) == judged["sha256"]
