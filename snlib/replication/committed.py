"""Results that come with the repository: ``data/results/<profile>/<recipe>/seed<N>/``.

Each folder holds the tables of one training of a recipe's models (of "none": what depends on no model), and
``provenance.json``, from what they were made.
"""

import pandas as pd

from snlib.files.json_files import read_json
from snlib.files.places import DATA
from snlib.model.registry import recipe_for
from snlib.replication.cache import file_digest
from snlib.replication.profiles import PROFILES
from snlib.replication.tables import NO_RECIPE, OF_NO_RECIPE, TABLES

__all__ = [
    "committed_folder",
    "committed_seeds",
    "committed_table",
    "read_committed",
    "read_published",
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
    folder = committed_folder(run, recipe, 0).parent
    for path in sorted(folder.glob("seed*/provenance.json")):
        provenance = read_json(path)
        if provenance["settings"] == wanted:
            found[provenance["seed"]] = provenance
    return found


def read_committed(run, recipe, seed, name):
    """A committed table, or a `FileNotFoundError` that says what to do."""
    path = committed_folder(run, recipe, seed) / f"{name}.csv.gz"
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
    return read_committed(run, recipe, run.training_seed, name)


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
    folder, made, none = DATA / "results" / name, {}, {}
    for path in folder.glob(f"{NO_RECIPE}/seed*/provenance.json"):
        none[read_json(path)["dataset"]] = path.parent
    for recipe in PROFILES[name.partition("-")[0]].lengths:
        for path in folder.glob(f"{recipe}/seed*/provenance.json"):
            provenance = read_json(path)
            made.setdefault(provenance["seed"], {})[recipe] = provenance
    made = dict(sorted(made.items()))

    def rows(table, seed, recipes):
        parts = [folder / recipe / f"seed{seed}" for recipe in recipes]
        if table in OF_NO_RECIPE:
            dataset = next(iter(recipes.values()))["dataset"]
            parts.insert(0, none[dataset])
        return pd.concat([pd.read_csv(part / f"{table}.csv.gz") for part in parts], ignore_index=True)

    tables = {table: [rows(table, *of_seed) for of_seed in made.items()] for table in TABLES}
    return tables, made
