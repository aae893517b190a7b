"""Results that come with the repository: ``data/results/<profile>/<recipe>/seed<N>/``.

Each folder holds the tables of one training of a recipe's models (of "none": what depends on no model), and
``provenance.json``, from what they were made.
"""

import pandas as pd

from snlib.files.json_files import read_json
from snlib.files.places import DATA
from snlib.model.registry import recipe_for
from snlib.replication.cache import file_digest
from snlib.replication.methods import NO_RECIPE
from snlib.replication.profiles import PROFILES
from snlib.replication.tables import OF_NO_RECIPE, TABLES

__all__ = [
    "committed_folder",
    "committed_seeds",
    "committed_table",
    "read_published",
    "rows_of_seed",
    "settings",
]


def committed_folder(run, recipe, seed):
    """Where the results of a training of a recipe's models are, or would be."""
    return DATA / "results" / run.results_name() / recipe / f"seed{seed}"


def settings(run, recipe):
    """What results of a recipe must have in common with a run's to stand beside them (JSON)."""
    steps = None
    if recipe != NO_RECIPE:
        steps = int(run.n_steps("mmvae", recipe_for("mmvae", recipe)))
    return {
        "profile": run.profile.name,
        "source": run.source.words,
        "n_events": len(run.dataset().events),
        "n_posterior_samples": run.profile.n_posterior_samples,
        "n_steps": steps,
    }


def committed_seeds(run, recipe):
    """Provenance of all committed results of a recipe that may stand beside a run's.

    Returns
    -------
    dict of int to dict
        By seed.
    """
    wanted, found = settings(run, recipe), {}
    for _, provenance in _of_seeds(committed_folder(run, recipe, 0).parent):
        if provenance["settings"] == wanted:
            found[provenance["seed"]] = provenance
    return found


def _of_seeds(folder):
    """The folder of each seed whose results of a recipe are committed, and from what they were made."""
    for path in sorted(folder.glob("seed*/provenance.json")):
        yield path.parent, read_json(path)


def _read(folder, name):
    """A committed table, or a `FileNotFoundError` that says what to do."""
    path = folder / f"{name}.csv.gz"
    if not path.is_file():
        raise FileNotFoundError(
            f"{path}: no such file; its results are of older code; `make repeats` makes them again"
        )
    return pd.read_csv(path)


def committed_table(run, recipe, name):
    """A table that was made from the committed weights of a recipe, if the run takes those; else None.

    Like the weights it is accepted by what it is, whatever code made it: model, recipe, events, length.
    """
    provenance = committed_seeds(run, recipe).get(run.training_seed)
    if provenance is None or not _is_of(run, recipe, provenance):
        return None
    return _read(committed_folder(run, recipe, run.training_seed), name)


def _is_of(run, recipe, provenance):
    """Whether results are of the run's own events, and of the weights that it takes."""
    return (
        (bool(provenance["weights"]) or recipe == NO_RECIPE)
        and run.shipped is not None
        and run.shipped.is_dir()
        and provenance["dataset"] == run.dataset().digest()
        and all(_is_file(run.shipped / name, sha) for name, sha in provenance["weights"].items())
    )


def _is_file(path, sha):
    return path.is_file() and file_digest(path) == sha


def rows_of_seed(results, seed, recipes, name):
    """A committed table of one seed: what depends on no model, of the same events, and what its recipes say.

    Parameters
    ----------
    results : str
        A folder in ``data/results``; see `snlib.replication.run.Run.results_name`.
    seed : int
    recipes : dict of str to dict
        From what the results of each recipe were made.
    name : str
        A name in `snlib.replication.tables.TABLES`.

    Returns
    -------
    pandas.DataFrame

    Raises
    ------
    FileNotFoundError
        If a table is not there.
    """
    folder = DATA / "results" / results
    parts = [folder / recipe / f"seed{seed}" for recipe in recipes]
    if name in OF_NO_RECIPE:
        parts.insert(0, _of_no_recipe(folder, next(iter(recipes.values()))["dataset"]))
    return pd.concat([_read(part, name) for part in parts], ignore_index=True)


def _of_no_recipe(folder, dataset):
    """Where the results that depend on no model are, for some events."""
    for of_seed, provenance in _of_seeds(folder / NO_RECIPE):
        if provenance["dataset"] == dataset:
            return of_seed
    raise FileNotFoundError(
        f"{folder / NO_RECIPE}: no results of the events {dataset}; `make repeats` makes them"
    )


def read_published(name):
    """All committed results of a profile, whatever run asks for them.

    Parameters
    ----------
    name : str
        A folder in ``data/results``: a profile, and "-published" after it on the published sample.

    Returns
    -------
    tables : dict of str to list of pandas.DataFrame
        By name, one a seed, with the recipes that it tells of.
    made : dict of int to dict of str to dict
        By seed and recipe, in the same order, from what they were made.
    """
    folder, made = DATA / "results" / name, {}
    for recipe in PROFILES[name.partition("-")[0]].lengths:
        for _, provenance in _of_seeds(folder / recipe):
            made.setdefault(provenance["seed"], {})[recipe] = provenance
    made = dict(sorted(made.items()))
    tables = {table: [rows_of_seed(name, *of_seed, table) for of_seed in made.items()] for table in TABLES}
    return tables, made
