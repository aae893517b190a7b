"""Committed results on real models: scores, three figures, and what every method was fitted to."""

from importlib.metadata import version
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd

from snlib.evaluation.scores import PIT_COLUMNS, average_scores
from snlib.figures import style as plotting
from snlib.figures.real_models import plot_real_event
from snlib.files.json_files import write_json
from snlib.files.writing import replacing
from snlib.inference.samplers import REAL_MAGNITUDE_SCALE
from snlib.replication.folds import N_FOLDS, PROFILE, real_folds
from snlib.replication.real_scores import N_SAMPLES, draw_all, real_scores, recalibrate_folds

__all__ = ["SHOWN", "TUNED", "fitted_to", "ranked_events", "write_real_figures", "write_real_results"]

TUNED = "MMVAE (large, fine-tuned)"
SHOWN = ("inversion", "diffusion", TUNED)  # in the figures of single models
# What is trained for a fold, by its name on the page.
_TRAINED = {
    "contrastive": lambda fold: fold.trained("contrastive", "improved"),
    "spectra-only VAE": lambda fold: fold.trained("spectrum-vae", "improved"),
    "MMVAE (text)": lambda fold: fold.trained("mmvae", "text"),
    "MMVAE (large)": lambda fold: fold.trained("mmvae", "large"),
    "its errors": lambda fold: fold.trained("predictive-mmvae", "large"),
    TUNED: lambda fold: fold.fine_tuned("large"),
}


def write_real_results(published, folder, results):
    """Judge every method by the real models, and write what was found.

    Parameters
    ----------
    published : snlib.data.published_sample.PublishedSample
    folder : path
        Keeps what is trained; what is there and up to date is not trained again.
    results : path
        Gets ``real.csv`` (`snlib.replication.real_scores.real_scores` but for the columns of the
        probability integral transform), ``real.json`` (from what it was made)
        and the figures of `write_real_figures`.
    """
    scores, results = real_scores(published, folder), Path(results)
    with replacing(results / "real.csv") as temporary:
        scores.drop(columns=PIT_COLUMNS).to_csv(temporary, index=False, float_format="%.4g")
    write_json(results / "real.json", _provenance(real_folds(published, folder)))
    write_real_figures(published, folder, results)


def write_real_figures(published, folder, results):
    """Draw the real models that the fine-tuned MMVAE predicts best, middling and worst.

    Parameters
    ----------
    published : snlib.data.published_sample.PublishedSample
    folder : path
        Keeps what is trained.
    results : path
        Holds ``real.csv``; gets ``real_best.png``, ``real_median.png`` and ``real_worst.png``.
    """
    results, folds = Path(results), real_folds(published, folder)
    ranked = ranked_events(pd.read_csv(results / "real.csv"))
    samples = {method: _of_events(method, folds, ranked["object_id"]) for method in SHOWN}
    plotting.use_style()
    for rank, name in ranked["object_id"].items():
        figure, axes = plt.subplots(2, 2, figsize=(9, 6.5))
        unseen = next(fold.unseen for fold in folds if name in fold.unseen.object_id)
        truth = unseen.select(unseen.object_id == name)
        plot_real_event(axes.flat, truth, {method: samples[method][name] for method in SHOWN})
        with replacing(results / f"real_{rank}.png") as temporary:
            figure.savefig(temporary, facecolor="white")
        plt.close(figure)


def ranked_events(scores):
    """The models that the fine-tuned MMVAE predicts best, middling and worst.

    Parameters
    ----------
    scores : pandas.DataFrame
        See `snlib.replication.real_scores.real_scores`.

    Returns
    -------
    pandas.DataFrame
        Rows ``best``, ``median`` and ``worst``, columns ``object_id`` and ``rmse_dex``, over all pixels of
        all phases.
    """
    ours = scores[(scores["method"] == TUNED) & ~scores["recalibrated"]]
    events = average_scores(ours, ["object_id"]).sort_values("rmse_dex", ignore_index=True)
    ranks = {"best": 0, "median": (len(events) - 1) // 2, "worst": len(events) - 1}
    return events.loc[list(ranks.values()), ["object_id", "rmse_dex"]].set_axis(list(ranks))


def _of_events(method, folds, names):
    """Recalibrated samples of a few of the models, by name."""
    drawn = recalibrate_folds(folds, draw_all(method, folds))
    return {
        name: samples.values
        for fold, of_fold in zip(folds, drawn, strict=True)
        for name, samples in zip(fold.unseen.object_id, of_fold, strict=True)
        if name in set(names)
    }


def _provenance(folds):
    trained = {name: [of(fold).provenance for fold in folds] for name, of in _TRAINED.items()}
    return {
        "n_models": sum(len(fold.unseen) for fold in folds),
        "n_folds": N_FOLDS,
        "seen": [len(fold.seen) for fold in folds],
        "fine_tuning": [
            {part: len(index) for part, index in fold.fine_tuning_split().items()} for fold in folds
        ],
        "n_simulated": PROFILE.n_events,
        "n_samples": N_SAMPLES,
        "magnitude_scale": REAL_MAGNITUDE_SCALE,
        "trained": {name: _training(of_folds) for name, of_folds in trained.items()},
        "versions": {name: version(name) for name in ("snlib", "numpy", "scipy", "torch")},
    }


def _training(of_folds):
    made_from = of_folds[0]["made_from"]
    return {
        "n_steps": made_from["n_steps"],
        "batch_size": made_from["recipe"]["batch_size"],
        "learning_rate": made_from["recipe"]["learning_rate"],
        "devices": sorted({one["device"] for one in of_folds}),
        "torch": sorted({one["torch"] for one in of_folds}),
    }


def fitted_to(provenance):
    """What saw what, in words for the page.

    Parameters
    ----------
    provenance : dict
        ``real.json``; see `write_real_results`.

    Returns
    -------
    pandas.DataFrame
        A row a method: what it sees of a model that it judges, to what it was fitted, and for how long.
    """
    seen, trained = _range(provenance["seen"]), provenance["trained"]
    simulated = f"{provenance['n_simulated']:,} events simulated from the fold's surrogate"
    tuned = provenance["fine_tuning"]

    def steps(name):
        one = trained[name]
        return f"{one['n_steps']:,} steps of {one['batch_size']}"

    rows = {
        "mean spectrum": ("nothing", f"the {seen} real models of the other folds", "–"),
        "contrastive": ("light curve", simulated, steps("contrastive")),
        "spectra-only VAE": ("the spectrum itself", simulated, steps("spectra-only VAE")),
        "MMVAE (text)": ("light curve", simulated, steps("MMVAE (text)")),
        "MMVAE (large)": (
            "light curve",
            simulated,
            f"{steps('MMVAE (large)')}; its errors {steps('its errors')}",
        ),
        TUNED: (
            "light curve",
            f"the same, then {_range([one['train'] for one in tuned])} of the {seen} real models; "
            f"{_range([one['validation'] for one in tuned])} chose the weights",
            f"the same, then {steps(TUNED)}",
        ),
        "inversion": ("light curve", f"its surrogate: the {seen} real models of the other folds", "–"),
        "diffusion": ("light curve", "about 3,600 other real models, by its authors", "theirs"),
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=["Sees", "Fitted to", "Trained for"])


def _range(numbers):
    low, high = min(numbers), max(numbers)
    return f"{low}" if low == high else f"{low}–{high}"
