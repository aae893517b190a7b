"""Real light curves judged fold by fold: every method as it is, and recalibrated on the other folds."""

import numpy as np
import pandas as pd

from snlib.evaluation.bootstrap import draw_weights, interval
from snlib.evaluation.scores import sample_scores
from snlib.inference.embedding import retrieve_spectra
from snlib.inference.forecast import Forecaster
from snlib.inference.posteriors import from_spectra, posterior_samples
from snlib.inference.recalibration import Recalibration
from snlib.model.registry import new_model
from snlib.replication.folds import real_folds
from snlib.replication.intervals import N_SAMPLES, inverting, recalling, sampling

__all__ = [
    "METHODS",
    "REAL_MAGNITUDE_SCALE",
    "draw_all",
    "paired_differences",
    "real_scores",
    "recalibrate_folds",
]

# Real models scatter about the surrogate by more than their own noise.
REAL_MAGNITUDE_SCALE = 0.07
_FEWEST = 20  # samples that can be scored


def _mean_spectrum(fold, published):
    return recalling(fold.seen)


def _retrieval(fold, published):
    model, scaling = fold.trained("contrastive", "improved").model, fold.dataset.scaling
    train = fold.dataset.part("train")
    # One spectrum and no interval: the same again and again.
    return lambda event, n_samples, seed: np.repeat(
        retrieve_spectra(model, scaling, train, event.light_curves), _FEWEST, axis=0
    )


def _spectra_only(fold, published):
    vae, scaling = fold.trained("spectrum-vae", "improved").model, fold.dataset.scaling

    def sample(event, n_samples, seed):
        spectra, posterior = event.spectra, from_spectra(vae, scaling, event)
        where = (spectra.phase_days, spectra.wavelength_aa)
        return posterior_samples(posterior, vae, scaling, *where, n_samples, seed)[1]

    return sample


def _paper(fold, published):
    return sampling(fold.trained("mmvae", "text").model, fold.dataset.scaling, "predictive")


def _large(fold, published):
    return Forecaster(fold.trained("predictive-mmvae", "large").model, fold.dataset.scaling).of_event


def _fine_tuned(fold, published):
    trained, tuned = fold.trained("predictive-mmvae", "large").model, fold.fine_tuned("large").model
    model = new_model("predictive-mmvae", trained.recipe, 0)
    model.load_state_dict(trained.state_dict() | tuned.state_dict())
    return Forecaster(model, fold.dataset.scaling).of_event


def _inversion(fold, published):
    return inverting(fold.surrogate, REAL_MAGNITUDE_SCALE, fold.unseen)


def _diffusion(fold, published):
    place = {name: index for index, name in enumerate(published.events.object_id)}
    return lambda event, n_samples, seed: published.diffusion_log10_fnu[place[event.object_id[0]]]


# (fold, published sample) -> function as `sampling` gives, for the fold's unseen models.
METHODS = {
    "mean spectrum": _mean_spectrum,
    "contrastive": _retrieval,
    "spectra-only VAE": _spectra_only,
    "MMVAE (text)": _paper,
    "MMVAE (large)": _large,
    "MMVAE (large, fine-tuned)": _fine_tuned,
    "diffusion": _diffusion,
    "inversion": _inversion,
}
_WITHOUT_INTERVAL = ("contrastive",)
_OF_INTERVAL = ("coverage", "width", "log_score", "pit")


def draw_all(method, folds, published, seed=0):
    """Spectra of every real model, drawn by fits that have not seen it.

    Parameters
    ----------
    method : str
        A name in `METHODS`.
    folds : list of Fold
    published : snlib.data.published_sample.PublishedSample
    seed : int

    Returns
    -------
    list of list of ndarray, shape (S, P, L)
        By fold, in the order of its unseen models.
    """
    drawn = []
    for fold in folds:
        sample, unseen = METHODS[method](fold, published), fold.unseen
        drawn.append(
            [sample(unseen.select([i]), N_SAMPLES, (seed, fold.number, i)) for i in range(len(unseen))]
        )
    return drawn


def real_scores(published, folder, methods=tuple(METHODS)):
    """Score every method by the real models.

    A recalibration is fitted to the other folds' real models and what was drawn for these.

    Parameters
    ----------
    published : snlib.data.published_sample.PublishedSample
    folder : path
        Keeps what is trained.
    methods : sequence of str

    Returns
    -------
    pandas.DataFrame
        A row for each ``method``, ``recalibrated``, ``fold``, ``object_id`` and ``phase_days``, with the
        columns of `snlib.evaluation.scores.sample_scores`; NaN for intervals that a method does not have.
    """
    folds = real_folds(published.events, folder)
    tables = []
    for method in methods:
        drawn = draw_all(method, folds, published)
        tables.append(_scores(folds, drawn).assign(method=method, recalibrated=False))
        if method in _WITHOUT_INTERVAL:
            none = [name for name in tables[-1] if name.startswith(_OF_INTERVAL)]
            tables[-1][none] = np.nan
        else:
            tables.append(
                _scores(folds, recalibrate_folds(folds, drawn)).assign(method=method, recalibrated=True)
            )
    return pd.concat(tables, ignore_index=True)


def _scores(folds, drawn):
    rows = []
    for fold, of_fold in zip(folds, drawn, strict=True):
        spectra = fold.unseen.spectra
        for name, samples, truth in zip(fold.unseen.object_id, of_fold, spectra.log10_fnu, strict=True):
            scores = sample_scores(samples, truth, {"phase_days": spectra.phase_days})
            rows.append(scores.assign(fold=fold.number, object_id=name))
    return pd.concat(rows, ignore_index=True)


def recalibrate_folds(folds, drawn):
    """Recalibrate what was drawn for each fold by the real models of all the others.

    Parameters
    ----------
    folds : list of Fold
    drawn : list of list of ndarray, shape (S, P, L)
        See `draw_all`.

    Returns
    -------
    list of list of ndarray, shape (S, P, L)
    """
    phase_days, result = folds[0].unseen.spectra.phase_days, []
    for k in range(len(folds)):
        others = [
            pair
            for j, fold in enumerate(folds)
            if j != k
            for pair in zip(drawn[j], fold.unseen.spectra.log10_fnu, strict=True)
        ]
        recalibration = Recalibration.fit(others, phase_days)
        result.append([recalibration.apply(samples, phase_days) for samples in drawn[k]])
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
        weights = draw_weights(len(ours), seed)
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
