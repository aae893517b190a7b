"""Real light curves judged fold by fold: every method as it is, and recalibrated on the other folds."""

from dataclasses import replace

import numpy as np
import pandas as pd

from snlib.evaluation.bootstrap import draw_weights, interval
from snlib.evaluation.score_table import score_events
from snlib.inference.recalibration import Recalibration
from snlib.random_streams import stream
from snlib.replication.folds import real_folds
from snlib.replication.methods import sampler_of

__all__ = [
    "JUDGED",
    "N_SAMPLES",
    "draw_all",
    "paired_differences",
    "real_scores",
    "recalibrate_folds",
]

N_SAMPLES = 100
# Method, recipe and kind of interval of each name.
JUDGED = {
    "mean spectrum": ("mean spectrum", None, "predictive"),
    "contrastive": ("contrastive", "improved", "none"),
    "spectra-only VAE": ("spectra-only VAE", "improved", "predictive"),
    "MMVAE (text)": ("MMVAE", "text", "predictive"),
    "MMVAE (large)": ("predictive MMVAE", "large", "predictive"),
    "MMVAE (large, fine-tuned)": ("fine-tuned MMVAE", "large", "predictive"),
    "diffusion": ("diffusion", None, "predictive"),
    "inversion": ("inversion", None, "predictive"),
}


def draw_all(name, folds, seed=0):
    """Spectra of every real model, drawn by fits that have not seen it.

    Parameters
    ----------
    name : str
        In `JUDGED`.
    folds : list of Fold
    seed : int

    Returns
    -------
    list of list of Samples
        By fold, in the order of its unseen models.
    """
    method, recipe, kind = JUDGED[name]
    drawn = []
    for fold in folds:
        sampler, unseen = sampler_of(fold, method, recipe), fold.unseen
        streams = [stream("real models", seed, fold.number, place) for place in range(len(unseen))]
        drawn.append(
            [sampler(unseen.select([place]), N_SAMPLES, rng)[kind] for place, rng in enumerate(streams)]
        )
    return drawn


def real_scores(published, folder, names=tuple(JUDGED)):
    """Score every method by the real models.

    A recalibration is fitted to the other folds' real models and what was drawn for these.

    Parameters
    ----------
    published : snlib.data.published_sample.PublishedSample
    folder : path
        Keeps what is trained.
    names : sequence of str
        In `JUDGED`.

    Returns
    -------
    pandas.DataFrame
        A row for each ``method``, ``recalibrated``, ``fold``, ``object_id`` and ``phase_days``, with the
        columns of `snlib.evaluation.scores.sample_scores`; NaN for intervals that a method does not have.
    """
    folds, tables = real_folds(published, folder), []
    for name in names:
        drawn = draw_all(name, folds)
        tables.append(_scores(folds, drawn).assign(method=name, recalibrated=False))
        if JUDGED[name][-1] != "none":
            drawn = recalibrate_folds(folds, drawn)
            tables.append(_scores(folds, drawn).assign(method=name, recalibrated=True))
    return pd.concat(tables, ignore_index=True)


def _scores(folds, drawn):
    tables = [
        score_events([{"": samples} for samples in of_fold], fold.unseen).assign(fold=fold.number)
        for fold, of_fold in zip(folds, drawn, strict=True)
    ]
    return pd.concat(tables, ignore_index=True).drop(columns=["event", "interval"])


def recalibrate_folds(folds, drawn):
    """Recalibrate what was drawn for each fold by the real models of all the others.

    Parameters
    ----------
    folds : list of Fold
    drawn : list of list of Samples
        See `draw_all`.

    Returns
    -------
    list of list of Samples
    """
    phase_days, result = folds[0].unseen.spectra.phase_days, []
    for k, of_fold in enumerate(drawn):
        others = [
            (samples.values, truth)
            for j, fold in enumerate(folds)
            if j != k
            for samples, truth in zip(drawn[j], fold.unseen.spectra.log10_fnu, strict=True)
        ]
        fitted = Recalibration.fit(others, phase_days)
        result.append([replace(one, values=fitted.apply(one.values, phase_days)) for one in of_fold])
    return result


def paired_differences(scores, method, other, seed=0):
    """How much better a method is than another, by the same models drawn again with replacement.

    Parameters
    ----------
    scores : pandas.DataFrame
        See `real_scores`; one kind of interval only.
    method, other : str
    seed : int

    Returns
    -------
    pandas.DataFrame
        A row for each value of ``phase_days`` (rows of one model that share it go together), and for
        ``rmse_ratio`` (method over other) and ``crps_difference`` (method minus other, dex) the estimate
        and, with the suffixes ``_low`` and ``_high``, its 95 % interval.

    Raises
    ------
    ValueError
        If the two were not scored by the same models.
    """
    rows = []
    for phase, of_phase in scores.groupby("phase_days"):
        ours, theirs = (_sums(of_phase[of_phase["method"] == name]) for name in (method, other))
        if not (len(ours) and ours.index.equals(theirs.index)):
            raise ValueError(f"scores: {method!r} and {other!r} are not of the same models at {phase}")
        weights = draw_weights(len(ours), stream("bootstrap of events", 0, seed, 0))
        (mse, crps), (other_mse, other_crps) = (
            (weights @ table[["mse_dex2", "crps_dex"]].to_numpy()).T
            / (weights @ table["n_pixels"].to_numpy())
            for table in (ours, theirs)
        )
        values = {"rmse_ratio": np.sqrt(mse / other_mse), "crps_difference": crps - other_crps}
        row = {"phase_days": phase}
        for name, replicates in values.items():
            row |= dict(zip((name, f"{name}_low", f"{name}_high"), interval(replicates), strict=True))
        rows.append(row)
    return pd.DataFrame(rows)


def _sums(scores):
    """Sums over the pixels of each model."""
    sums = scores[["mse_dex2", "crps_dex"]].mul(scores["n_pixels"], axis=0).fillna(0.0)
    return sums.assign(n_pixels=scores["n_pixels"]).groupby(scores["object_id"]).sum()
