"""The trainings of a run's models with several seeds: trained, judged, committed, and read together.

``python -m snlib.replication.seeds`` trains and judges what a profile wants of each recipe.  The results of
every seed go to ``data/results``, and the weights of the first to ``data/weights`` if that is asked for.
"""

import argparse
import shutil
from importlib.metadata import version
from itertools import product
from pathlib import Path

import pandas as pd

from snlib.files.json_files import write_json
from snlib.model.heads import HEADS
from snlib.model.registry import MODELS, recipe_for
from snlib.replication.cache import file_digest
from snlib.replication.committed import committed_folder, committed_seeds, rows_of_seed, settings
from snlib.replication.git import commit
from snlib.replication.methods import NO_RECIPE
from snlib.replication.results import (
    CURVES,
    own_curves_path,
    own_part,
    table,
    trained_models,
    write_table,
)
from snlib.replication.run import open_run
from snlib.replication.stages import digest
from snlib.replication.tables import OF_NO_RECIPE, TABLES
from snlib.replication.trained import train_or_load_stack
from snlib.training.steps import new_fabric

__all__ = [
    "commit_results",
    "commit_run",
    "commit_weights",
    "describe_seeds",
    "events_of_seeds",
    "read_seeds",
    "train_seeds",
]


def train_seeds(run, recipe, models=(*MODELS, *HEADS)):
    """Train models of a recipe with all seeds that the profile wants, as stacks; what is there is loaded.

    Parameters
    ----------
    run : snlib.replication.run.Run
    recipe : str
    models : sequence of str
    """
    for model in models:
        seeds = [one.training_seed for one in run.repeats() if one.has(model, recipe)]
        if seeds and model != "predictive-mmvae":
            train_or_load_stack(
                model,
                recipe_for(model, recipe),
                run.dataset(),
                run.n_steps,
                seeds,
                run.folder,
                new_fabric(run.device),
                shipped=run.shipped,
            )


def commit_weights(run, recipe):
    """Leave the run's models of a recipe where committed weights are.

    Not their heads: each would carry the encoder of its model once more.

    Parameters
    ----------
    run : snlib.replication.run.Run
    recipe : str
    """
    run.shipped.mkdir(parents=True, exist_ok=True)
    for name in _weights(run, trained_models(run, recipe)):
        for path in run.folder.glob(f"{Path(name).stem}.*"):
            shutil.copyfile(path, run.shipped / path.name)


def _weights(run, trained):
    """Names of the files of some models that are no heads."""
    models = {name: one.model.recipe for name, one in trained.items() if name not in HEADS}
    return [f"{name}-{recipe.name}-seed{run.training_seed}.safetensors" for name, recipe in models.items()]


def commit_results(run, recipe, with_curves=False):
    """Judge the models of a recipe, trained with the run's training seed, and leave that beside others.

    Parameters
    ----------
    run : snlib.replication.run.Run
    recipe : str
        Or "none".
    with_curves : bool
        The curves of Figure 4 too: half a megabyte.
    """
    names = OF_NO_RECIPE if recipe == NO_RECIPE else TABLES
    tables, made = {name: own_part(run, recipe, name) for name in names}, _provenance(run, recipe)
    folder = committed_folder(run, recipe, run.training_seed)
    shutil.rmtree(folder, ignore_errors=True)
    for name, rows in tables.items():
        write_table(rows, folder / f"{name}.csv.gz")
    if with_curves:
        shutil.copyfile(own_curves_path(run, recipe), folder / CURVES)
    write_json(folder / "provenance.json", made)


def _provenance(run, recipe):
    """From what the results of a recipe were made."""
    trained = {} if recipe == NO_RECIPE else trained_models(run, recipe)
    shipped = [run.shipped / name for name in _weights(run, trained)] if run.shipped else []
    return {
        "seed": run.training_seed,
        "settings": settings(run, recipe),
        "dataset": run.dataset().digest(),
        "n_steps": {name: one.provenance["made_from"]["n_steps"] for name, one in trained.items()},
        "weights": {path.name: file_digest(path) for path in shipped if path.is_file()},
        "training_s": {name: round(one.seconds(), 1) for name, one in trained.items()},
        "trained_on": sorted({one.place() for one in trained.values()}),
        "test_events": len(run.dataset().split["test"]),
        "versions": {name: version(name) for name in ("snlib", "numpy", "scipy", "torch")},
        "code": digest("training")[:12],
        "commit": commit(),
    }


def _others(run):
    """Committed results beside the run's own: by seed, and then by recipe, from what they were made."""
    found = {}
    for recipe in run.profile.lengths:
        for seed, provenance in committed_seeds(run, recipe).items():
            if seed != run.training_seed:
                found.setdefault(seed, {})[recipe] = provenance
    return dict(sorted(found.items()))


def read_seeds(run, name):
    """A table of this run and of every other seed of its profile whose results are committed.

    Parameters
    ----------
    run : snlib.replication.run.Run
    name : str
        A name in `snlib.replication.tables.TABLES`.

    Returns
    -------
    dict of int to pandas.DataFrame
        By seed; a seed may lack recipes, or models of a recipe.

    Raises
    ------
    FileNotFoundError, ValueError
        If committed results lack the table, or one of the columns that it has today; the message names the
        folder.
    """
    mine = table(run, name)
    tables = {run.training_seed: mine}
    for seed, recipes in _others(run).items():
        tables[seed] = rows_of_seed(run.results_name(), seed, recipes, name)
        if missing := [column for column in mine if column not in tables[seed]]:
            folder = committed_folder(run, next(iter(recipes)), seed)
            raise ValueError(f"{folder}: {name} lacks the columns {missing}; `make repeats` makes it again")
    return tables


def events_of_seeds(run):
    """By which events each of the seeds that `read_seeds` finds was judged: a digest, in the same order."""
    return [run.dataset().digest(), *(_events(recipes) for recipes in _others(run).values())]


def _events(recipes):
    return next(iter(recipes.values()))["dataset"]


def describe_seeds(run):
    """What each of the seeds that `read_seeds` finds was made from.

    Parameters
    ----------
    run : snlib.replication.run.Run

    Returns
    -------
    pandas.DataFrame
        A row a seed.
    """
    mine = {recipe: _provenance(run, recipe) for recipe in run.recipes}
    rows, this = {}, digest("training")[:12]
    for seed, recipes in ({run.training_seed: mine} | _others(run)).items():
        made = list(recipes.values())
        codes = sorted({one["code"] for one in made})
        rows[seed] = {
            "recipes": ", ".join(recipes),
            "test events": made[0]["test_events"],
            "trained on": ", ".join(sorted({device for one in made for device in one["trained_on"]})),
            # without the device, which is said before
            "PyTorch": ", ".join(sorted({one["versions"]["torch"].partition("+")[0] for one in made})),
            "code of models and training": "this" if codes == [this] else ", ".join(codes),
        }
    return pd.DataFrame(rows).T.rename_axis("seed").sort_index()


def commit_run(run, recipes=None, with_weights=False):
    """Judge a training of some recipes and leave the results beside others.

    Parameters
    ----------
    run : snlib.replication.run.Run
    recipes : sequence of str, optional
        All of its own by default.
    with_weights : bool
        If it is the first training, leave its weights too.
    """
    recipes, first = run.recipes if recipes is None else recipes, run.repeat == 0
    if first:
        commit_results(run, NO_RECIPE, with_weights)
    for recipe in recipes:
        if first and with_weights:
            commit_weights(run, recipe)
        commit_results(run, recipe, first and with_weights)


def main():
    """Train and judge what a profile wants, by the arguments of the command line.

    With some models, repeats or tables only, several processes share the work; what one has made the others
    find in the run's folder.
    """
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("profile")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--published-sample", default="")
    parser.add_argument("--recipes", nargs="+", help="all that the profile judges by default")
    parser.add_argument("--models", nargs="+", help="train these and judge nothing")
    parser.add_argument("--repeats", nargs="+", type=int, help="judge these trainings only, from 0")
    parser.add_argument("--tables", nargs="+", choices=TABLES, help="make these and commit nothing")
    parser.add_argument("--weights", action="store_true", help="commit the weights of the first one too")
    given = parser.parse_args()
    run = open_run(given.profile, given.device, given.seed, given.published_sample)
    recipes = given.recipes or run.recipes
    for recipe in recipes:
        train_seeds(run, recipe, given.models or (*MODELS, *HEADS))
    for repeated in () if given.models else run.repeats():
        if given.repeats is None or repeated.repeat in given.repeats:
            some = [recipe for recipe in recipes if recipe in repeated.recipes]
            for recipe, name in product(some, given.tables or ()):
                own_part(repeated, recipe, name)
            if not given.tables:
                commit_run(repeated, some, given.weights)


if __name__ == "__main__":
    main()
