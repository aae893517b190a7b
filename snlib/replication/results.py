"""What a run finds, as small tables: the figures, the claims and the committed results rest on them."""

import gzip
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

from snlib.evaluation.scores import average_scores
from snlib.files.guard import Array
from snlib.files.json_files import write_json
from snlib.files.npz import read_npz, write_npz
from snlib.files.writing import replacing
from snlib.model.heads import HEADS
from snlib.model.registry import MODELS, recipe_for
from snlib.replication.cache import file_digest, make_unless_kept
from snlib.replication.committed import committed_folder, committed_table
from snlib.replication.methods import NO_RECIPE, label
from snlib.replication.stages import digest
from snlib.replication.tables import OF_NO_RECIPE, TABLES, spectra_and_curves

__all__ = [
    "CURVES",
    "events_by_error",
    "figure4_curves",
    "own_curves_path",
    "own_part",
    "part",
    "parts_of",
    "provenance",
    "table",
    "trained_models",
    "write_results",
    "write_table",
]

CURVES = "curves.npz"
_METRICS = ["rmse_dex", "coverage_90", "width_90_dex"]


def table(run, name):
    """A table of results for one training of every model.

    Parameters
    ----------
    run : snlib.replication.run.Run
    name : str
        A name in `snlib.replication.tables.TABLES`.

    Returns
    -------
    pandas.DataFrame
        See the function behind the name; rounded to four digits.  Its parts are from the run's folder where
        they are up to date.

    Raises
    ------
    ValueError
        If there is no such table.
    """
    if name not in TABLES:
        raise ValueError(f"table is {name!r}, expected one of {list(TABLES)}")
    return pd.concat([part(run, recipe, name) for recipe in parts_of(run, name)], ignore_index=True)


def events_by_error(run, recipe="improved", phase_days=10):
    """The test events in the order of the MMVAE's error at a phase: the one in the middle is a typical one.

    Parameters
    ----------
    run : snlib.replication.run.Run
    recipe : str
    phase_days : float

    Returns
    -------
    ndarray of int
        Places among the test events, that with the smallest error first.
    """
    where = {"model": label("MMVAE", recipe), "interval": "latent", "phase_days": phase_days}
    scores = table(run, "spectra")
    mine = scores[(scores[list(where)] == list(where.values())).all(axis=1)]
    return mine.sort_values("mse_dex2")["event"].to_numpy()


def parts_of(run, name):
    """The recipes of which a table of a run tells, "none" for what depends on no model."""
    return ((NO_RECIPE,) if name in OF_NO_RECIPE else ()) + run.recipes


def part(run, recipe, name):
    """The part of a table that is about a recipe.

    Where the recipe's weights are committed, with results, these are taken.

    Parameters
    ----------
    run : snlib.replication.run.Run
    recipe : str
        Or "none".
    name : str

    Returns
    -------
    pandas.DataFrame
    """
    found = committed_table(run, recipe, name)
    return own_part(run, recipe, name) if found is None else found


def own_part(run, recipe, name):
    """The same by the run's own models, from its folder if it is there and up to date."""
    path = _path(run, recipe, f"{name}.csv.gz")

    def make():
        if name == "spectra":
            made, curves = spectra_and_curves(run, recipe)
            write_npz(_path(run, recipe, CURVES), names=np.array(list(curves)), **curves)
        else:
            made = TABLES[name](run, recipe)
        write_table(made, path)

    files = [path, _path(run, recipe, CURVES)] if name == "spectra" else [path]
    make_unless_kept(files, _made_from(run, recipe), make)
    return pd.read_csv(path)


def write_table(rows, path):
    """Write a table to a compressed CSV, rounded to four digits; the same bytes for the same rows."""
    text = rows.to_csv(index=False, float_format="%.4g")
    with replacing(path) as temporary:
        temporary.write_bytes(gzip.compress(text.encode(), mtime=0))  # without the name of the file


def _path(run, recipe, name):
    return run.folder / "tables" / recipe / f"seed{run.training_seed}" / name


def _made_from(run, recipe):
    """All that decides results of a recipe: code, data, length, and weights that the run did not make."""
    return {
        "code": [digest("training"), digest("evaluation")],
        "dataset": run.dataset().digest(),
        "profile": asdict(run.profile),
        "weights": {} if recipe == NO_RECIPE else _given_weights(run, recipe),
    }


def _given_weights(run, recipe):
    """Digests of the committed weights of a recipe, but for copies of the run's own."""
    names = sorted({f"{name}-{recipe_for(name, recipe).name}" for name in MODELS})
    given = {}
    for name in (f"{name}-seed{run.training_seed}.safetensors" for name in names if run.shipped):
        committed, own = run.shipped / name, run.folder / name
        if committed.is_file():
            sha = file_digest(committed)
            if not own.is_file() or file_digest(own) != sha:
                given[name] = sha
    return given


def own_curves_path(run, recipe):
    """The file of the curves of Figure 4 by the run's own models of a recipe, or of "none"."""
    own_part(run, recipe, "spectra")
    return _path(run, recipe, CURVES)


def figure4_curves(run):
    """The curves of Figure 4.

    Returns
    -------
    dict of (str, str) to dict of str to ndarray, shape (P, L)
        By method and kind of interval; see `snlib.evaluation.score_table.Curves`.
    """
    result = {}
    for recipe in parts_of(run, "spectra"):
        if committed_table(run, recipe, "spectra") is None:
            path = own_curves_path(run, recipe)
        else:
            path = committed_folder(run, recipe, run.training_seed) / CURVES
        names = [name.split("/") for name in read_npz(path, {"names": Array(1, "U")})["names"]]
        values = read_npz(path, {"/".join(name): Array(2, "f", "gaps") for name in names})
        for method, interval, name in names:
            result.setdefault((method, interval), {})[name] = values[f"{method}/{interval}/{name}"]
    return result


def write_results(run, folder, names=tuple(TABLES)):
    """Write tables of a run to a folder; with all of them, what sums them up and from what they were made.

    Parameters
    ----------
    run : snlib.replication.run.Run
    folder : path
        Gets ``<name>.csv``; if it gets all, ``metrics.json`` and ``provenance.json`` too.
    names : sequence of str
        In `snlib.replication.tables.TABLES`.
    """
    for name in names:
        made = table(run, name)
        with replacing(Path(folder) / f"{name}.csv") as temporary:
            made.to_csv(temporary, index=False)
    if set(names) == set(TABLES):
        by = ["model", "interval", "phase_days"]
        metrics = average_scores(table(run, "spectra"), by)[[*by, *_METRICS]]
        # No interval, no coverage: null, for NaN is no JSON.
        rows = metrics.round(5).astype(object).where(metrics.notna(), None).to_dict("records")
        write_json(Path(folder) / "metrics.json", rows)
        write_json(Path(folder) / "provenance.json", provenance(run))


def trained_models(run, recipe):
    """Every model of a recipe that is judged by this training, by its name."""
    names = [name for name in (*MODELS, *HEADS) if name != "predictive-mmvae" and run.has(name, recipe)]
    return {name: run.trained(name, recipe) for name in names}


def provenance(run):
    """From what a run's results were made, for ``provenance.json``."""
    dataset = run.dataset()
    trained = {
        f"{name} {recipe}": one for recipe in run.recipes for name, one in trained_models(run, recipe).items()
    }
    return {
        "profile": asdict(run.profile),
        "source": dataset.events.provenance["source"],
        "events": {"total": len(dataset.events)}
        | {name: len(index) for name, index in dataset.split.items()},
        "recipes": {name: recipe_for("mmvae", name).to_dict() for name in run.recipes},
        "steps": {name: int(run.n_steps("mmvae", recipe_for("mmvae", name))) for name in run.profile.lengths},
        "device": run.device,
        "seed": run.seed,
        "versions": {name: version(name) for name in ("snlib", "numpy", "scipy", "torch")},
        "trained_on": sorted({one.place() for one in trained.values()}),
        "training_s": {key: round(one.seconds(), 1) for key, one in trained.items()},
        "code": digest("training")[:12],
    }
