"""Train joint transceivers on observed supernovae, in folds, and judge each by the spectra that it never saw.

From the repository's root, with ``pip install -e '.[observed]'``::

    python data/train_observed.py OBSERVED_NPZ SALT3_FOLDER

The table of observed supernovae is not committed, since the surveys' terms of redistribution are unclear;
README beside this file says where it comes from.  What was trained is kept in the folder of generated files,
and a run that was stopped goes on there.  Writes results/joint, and weights/observed: a model that learned
from all folds, with intervals that are as wide as the errors on those that were left out.
"""

import argparse

import numpy as np

from snlib import __version__
from snlib.evaluation.observed_scores import judged
from snlib.files import DATA, generated_folder
from snlib.inference import OBSERVED_WEIGHTS
from snlib.joint import (
    JOINT,
    JOINT_TUNED,
    JointForecaster,
    MeanSupernova,
    ObservedForecaster,
    Widening,
    fine_tune,
    misfits_mag,
    pre_train,
    predict_held_out,
    simulate_salt,
)
from snlib.joint.predict import NAME
from snlib.model.registry import new_model
from snlib.model.weights import load_model
from snlib.observed import Salt3, read_observed
from snlib.replication.cache import file_digest
from snlib.replication.joint_few import few_points_table
from snlib.replication.joint_scores import held_out_table, neighbour_table
from snlib.replication.kept_tables import keep_tables
from snlib.training.steps import use_one_core

N_SIMULATED, PRE_STEPS, STEPS, SEED = 2500, 6000, 200, 0
UNLIKE = 0.01  # of the observed supernovae that were not learned from are called unlike them


def main():
    """Train what is not yet trained; write the tables, and from what they were made."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("observed")
    parser.add_argument("salt3")
    given = parser.parse_args()
    use_one_core()
    folder = generated_folder() / "observed"
    folder.mkdir(parents=True, exist_ok=True)
    observed, salt = read_observed(given.observed), Salt3.load(given.salt3)
    start = pre_trained(folder, observed, salt)
    folds = sorted(set(observed.fold.tolist()))
    models = [tuned(folder, start, observed, fold) for fold in folds]
    alone = predict_held_out(models, observed)
    tables = {
        "spectra": held_out_table(observed, alone, salt),
        "neighbours": neighbour_table(observed, models, alone),
        "few_points": few_points_table(observed, models, salt),
        "simulations_only": held_out_table(observed, predict_held_out([start] * len(folds), observed), salt),
    }
    made = made_from(given, observed, len(folds))
    keep_tables(DATA / "results" / "joint", tables, made)
    tuned(folder, start, observed, None)
    ship(folder, observed, models, alone, made)


def pre_trained(folder, observed, salt):
    """The model after the simulations; from the folder if it is there."""
    path = folder / "simulations.safetensors"
    if not path.is_file():
        model = new_model(NAME, JOINT, SEED).remember(MeanSupernova.from_salt(salt, observed.wavelength_aa))
        simulated = simulate_salt(salt, observed, N_SIMULATED, SEED)
        history = pre_train(model, simulated, PRE_STEPS, SEED, folder / "simulations.checkpoint")
        JointForecaster(model).save(path, {"simulated": N_SIMULATED, "seed": SEED}, history)
    return JointForecaster.load(path).model


def tuned(folder, start, observed, fold):
    """The model that learned from all folds but one, or from all; from the folder if it is there."""
    path = folder / (f"fold{fold}.safetensors" if fold is not None else "all.safetensors")
    if not path.is_file():
        model, history = fine_tune(start, observed, fold, STEPS, SEED, folder / f"fold{fold}.checkpoint")
        JointForecaster(model).save(path, {"fold": fold, "seed": SEED}, history)
    return JointForecaster.load(path).model


def ship(folder, observed, models, alone, made):
    """Write the weights that are used for observed supernovae."""
    misfit = np.full(len(observed.object_id), np.nan)
    for fold, one in enumerate(models):
        own = observed.fold == fold
        misfit[own] = misfits_mag(JointForecaster(one), observed.light_curves)[own]
    limit = float(np.nanquantile(misfit[np.unique(observed.spectrum_object)], 1 - UNLIKE))
    OBSERVED_WEIGHTS.parent.mkdir(parents=True, exist_ok=True)
    path = folder / "all.safetensors"
    forecaster = ObservedForecaster(JointForecaster.load(path), Widening.fit(alone, observed), limit)
    forecaster.save(OBSERVED_WEIGHTS, made, load_model(path).history)


def made_from(given, observed, n_folds):
    """What decides the results (JSON)."""
    counted = judged(observed.wavelength_aa)
    return {
        "observed": file_digest(given.observed),
        "supernovae": len(set(observed.spectrum_object)),
        "spectra": len(observed.spectrum_object),
        "wavelengths_aa": observed.wavelength_aa[counted][[0, -1]].tolist(),
        "folds": n_folds,
        "simulated": N_SIMULATED,
        "steps": {JOINT.name: PRE_STEPS, JOINT_TUNED.name: STEPS},
        "seed": SEED,
        "snlib": __version__,
    }


if __name__ == "__main__":
    main()
