"""What comes with the repository: the default weights, and what they are worth."""

from dataclasses import replace

from snlib.evaluation.unlike import fit_familiarity
from snlib.inference.forecast import Forecaster
from snlib.inference.samplers import fit_recalibration, forecast_sampler
from snlib.replication.early import early_table
from snlib.replication.intervals import N_DECODED, N_JUDGED, interval_scores
from snlib.replication.kept_tables import keep_tables

__all__ = ["calibrated_forecaster", "ship"]

_RECIPE = "large"


def ship(run, weights, results):
    """Train, recalibrate and judge the recipe "large"; what the run's folder holds is taken from there.

    Parameters
    ----------
    run : snlib.replication.run.Run
        What is committed already is not taken: it is to be replaced.
    weights : path
        File of the weights; see `snlib.inference.forecast.Forecaster.save`.
    results : path
        Folder; gets ``intervals.csv`` (`snlib.replication.intervals.interval_scores`), ``early.csv``
        (`snlib.replication.early.early_table`) and ``provenance.json``.
    """
    run = replace(run, shipped=None)
    trained = {name: run.trained(name, _RECIPE) for name in ("mmvae", "predictive-mmvae")}
    forecaster = calibrated_forecaster(run, _RECIPE)
    forecaster.save(weights, trained["predictive-mmvae"].provenance)
    tables = {
        "intervals": interval_scores(run, _RECIPE),
        "early": early_table(run, forecaster),
    }
    keep_tables(results, tables, _provenance(run, trained))


def calibrated_forecaster(run, recipe):
    """The forecaster of a run: trained; by the validation events it is recalibrated and knows what is unlike.

    Parameters
    ----------
    run : snlib.replication.run.Run
    recipe : str
        A name that `snlib.model.registry.recipe_for` knows.

    Returns
    -------
    Forecaster
    """
    dataset = run.dataset()
    forecaster = Forecaster(run.trained("predictive-mmvae", recipe).model, dataset.scaling)
    validation = dataset.part("validation")
    return replace(
        forecaster,
        recalibration=fit_recalibration(forecast_sampler(forecaster), validation, run.seed),
        familiarity=fit_familiarity(forecaster, validation, run.seed),
    )


def _provenance(run, trained):
    """From what the weights and the tables were made."""
    return {
        "profile": {name: getattr(run.profile, name) for name in ("name", "n_events", "n_steps")},
        "recipe": _RECIPE,
        "seed": run.seed,
        "events": {name: len(index) for name, index in run.dataset().split.items()},
        "n_scored": {
            name: min(most, len(run.dataset().split["test"]))
            for name, most in {"latent, likelihood": N_DECODED, "errors, inversion": N_JUDGED}.items()
        },
        "n_steps": {name: one.provenance["made_from"]["n_steps"] for name, one in trained.items()},
        "training_s": {name: round(one.seconds(), 1) for name, one in trained.items()},
        "trained_on": {name: one.provenance["device"] for name, one in trained.items()},
        "torch": {name: one.provenance["torch"] for name, one in trained.items()},
    }
