"""What a run finds, as small tables: the figures, the claims and the committed results rest on them."""

from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

from snlib.evaluation.generation import conditional_spectra, generation_scores, prior_spectra
from snlib.evaluation.score_table import Curves, score_events
from snlib.evaluation.scores import PIT_COLUMNS, average_scores
from snlib.files.guard import Array
from snlib.files.json_files import read_json, write_json
from snlib.files.npz import read_npz, write_npz
from snlib.files.places import DATA
from snlib.files.writing import replacing
from snlib.inference.samplers import draw_events
from snlib.model.recipes import RECIPES
from snlib.model.registry import MODELS
from snlib.replication.cache import file_digest, make_unless_kept
from snlib.replication.methods import compared
from snlib.replication.recipe_tables import (
    experts_table,
    masked_distances_table,
    masking_table,
    parameters_table,
)
from snlib.replication.stages import digest

__all__ = [
    "GENERATED_AT_DAYS",
    "N_PRIOR",
    "TABLES",
    "describe_seeds",
    "figure4_curves",
    "generated_spectra",
    "read_seeds",
    "table",
    "write_results",
]

GENERATED_AT_DAYS = 10.0  # the phase of Figure 5
N_PRIOR = 200
_METRICS = ["rmse_dex", "coverage_90", "width_90_dex"]


def _spectra(run):
    """The score table of all that the paper compares; keeps the curves of Figure 4 on the way."""
    test, tables, drawn = run.dataset().part("test"), [], {}
    for method, sampler in compared(run):
        curves = Curves()
        samples = draw_events(sampler, test, run.profile.n_posterior_samples, run.seed)
        tables.append(score_events(samples, test, curves).drop(columns=["object_id", *PIT_COLUMNS]))
        tables[-1].insert(0, "model", method)
        drawn |= {
            f"{method}/{interval}/{name}": values
            for interval, of_interval in curves.means().items()
            for name, values in of_interval.items()
        }
    write_npz(_curves_path(run), names=np.array(list(drawn)), **drawn)
    return pd.concat(tables, ignore_index=True)


def generated_spectra(run):
    """The spectra of Figure 5, `GENERATED_AT_DAYS` after peak.

    Parameters
    ----------
    run : snlib.replication.run.Run

    Returns
    -------
    dict of (str, str) to ndarray, shape (N, L)
        log10 F_nu by recipe and kind: "truth" (of the recipe "none"), the spectra of the test events;
        "prior", `N_PRIOR` samples; and "conditional", a sample for the light curve of each test event.
    """
    dataset, at = run.dataset(), GENERATED_AT_DAYS
    test, scaling = dataset.part("test"), dataset.scaling
    spectra = {("none", "truth"): test.spectra.at_phase(at)}
    for recipe in RECIPES:
        model, wavelength = run.trained("mmvae", recipe).model, test.spectra.wavelength_aa
        spectra[recipe, "prior"] = prior_spectra(model, scaling, at, wavelength, N_PRIOR, run.seed)
        spectra[recipe, "conditional"] = conditional_spectra(model, scaling, test, at, run.seed, run.device)
    return spectra


def _generation(run):
    """`generation_scores` of `generated_spectra`."""
    wavelength = run.dataset().events.spectra.wavelength_aa
    tables = {key: generation_scores(values, wavelength) for key, values in generated_spectra(run).items()}
    return pd.concat(tables, names=["recipe", "kind", "sample"]).reset_index()


TABLES = {
    "spectra": _spectra,
    "masking": masking_table,
    "masked_distances": masked_distances_table,
    "experts": experts_table,
    "generation": _generation,
    "parameters": parameters_table,
}


def _made_from(run):
    """All that decides a run's results: code, data, length and, where weights are committed, these."""
    weights = sorted(run.shipped.glob("*.safetensors")) if run.shipped else []
    return {
        "code": [digest("training"), digest("evaluation")],
        "dataset": run.dataset().digest(),
        "profile": asdict(run.profile),
        "weights": {path.name: file_digest(path) for path in weights},
    }


def _curves_path(run):
    return run.folder / "tables" / "curves.npz"


def table(run, name):
    """A table of results, from the run's folder if it is there and up to date.

    Parameters
    ----------
    run : snlib.replication.run.Run
    name : str
        A name in `TABLES`.

    Returns
    -------
    pandas.DataFrame
        See the function behind the name; rounded to four digits.

    Raises
    ------
    ValueError
        If there is no such table.
    """
    if name not in TABLES:
        raise ValueError(f"table is {name!r}, expected one of {list(TABLES)}")
    path = run.folder / "tables" / f"{name}.csv"

    def make():
        made = TABLES[name](run)
        with replacing(path) as temporary:
            made.to_csv(temporary, index=False, float_format="%.4g")

    files = [path, _curves_path(run)] if name == "spectra" else [path]
    make_unless_kept(files, _made_from(run), make)
    return pd.read_csv(path)


def figure4_curves(run):
    """The curves of Figure 4.

    Returns
    -------
    dict of (str, str) to dict of str to ndarray, shape (P, L)
        By method and kind of interval; see `snlib.evaluation.score_table.Curves`.
    """
    table(run, "spectra")
    path = _curves_path(run)
    names = [name.split("/") for name in read_npz(path, {"names": Array(1, "U")})["names"]]
    values = read_npz(path, {"/".join(name): Array(2, "f", "gaps") for name in names})
    result = {}
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
        In `TABLES`.
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


def provenance(run):
    """From what a run's results were made, for ``provenance.json``."""
    dataset = run.dataset()
    compared = [name for name in MODELS if name != "predictive-mmvae"]
    trained = {(model, recipe): run.trained(model, recipe) for model in compared for recipe in RECIPES}
    return {
        "profile": asdict(run.profile),
        "source": dataset.events.provenance["source"],
        "events": {"total": len(dataset.events)}
        | {name: len(index) for name, index in dataset.split.items()},
        "recipes": {name: recipe.to_dict() for name, recipe in RECIPES.items()},
        "device": run.device,
        "seed": run.seed,
        "versions": {name: version(name) for name in ("snlib", "numpy", "scipy", "torch")},
        "trained_on": sorted({one.provenance["device"] for one in trained.values()}),
        "training_s": {" ".join(key): round(one.seconds(), 1) for key, one in trained.items()},
        "code": digest("training")[:12],
    }


def read_seeds(run, name):
    """A table of this run and of every other seed of its profile whose results are committed.

    Parameters
    ----------
    run : snlib.replication.run.Run
    name : str
        A name in `TABLES`.

    Returns
    -------
    dict of int to pandas.DataFrame
        By seed.

    Raises
    ------
    FileNotFoundError, ValueError
        If committed results lack the table, or one of the columns that it has today; the message names the
        file.
    """
    mine = table(run, name)
    others = {seed: folder / f"{name}.csv" for seed, folder in committed_seeds(run).items()}
    return {run.seed: mine} | {seed: _read_committed(path, list(mine)) for seed, path in others.items()}


def _read_committed(path, columns):
    older = "its results are of older code; `make repeats` makes those of further seeds again"
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file; {older}")
    found = pd.read_csv(path)
    if missing := [name for name in columns if name not in found]:
        raise ValueError(f"{path}: lacks the columns {missing}; {older}")
    return found


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
    mine = provenance(run)
    committed = (read_json(folder / "provenance.json") for folder in committed_seeds(run).values())
    rows = {
        made["seed"]: {
            "test events": made["events"]["test"],
            "trained on": ", ".join(made["trained_on"]),
            "PyTorch": made["versions"]["torch"].partition("+")[0],  # for which device is said above
            "code of models and training": "this" if made["code"] == mine["code"] else made["code"],
        }
        for made in (mine, *committed)
    }
    return pd.DataFrame(rows).T.rename_axis("seed").sort_index()


def committed_seeds(run):
    """Folders of the committed results of other seeds, for the same profile and source.

    Returns
    -------
    dict of int to pathlib.Path
    """
    results = DATA / "results" / run.results_name()
    found = {}
    for path in sorted(results.glob("seed*/provenance.json")):
        provenance = read_json(path)
        # What profiles have come to say since is not of models that were judged then.
        same = provenance["profile"].items() <= asdict(run.profile).items()
        if same and provenance["seed"] != run.seed:
            found[provenance["seed"]] = path.parent
    return found
