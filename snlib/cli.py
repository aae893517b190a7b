"""The command line: ``snlib COMMAND`` or ``python -m snlib COMMAND``."""

import os
import sys
import warnings
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer

from snlib.data.dataset import make_dataset, split_events
from snlib.data.events import Events
from snlib.data.light_curve_tables import LIGHT_CURVE_COLUMNS, read_light_curves, read_table, require_suffix
from snlib.data.published_sample import read_published_sample
from snlib.data.quantities import PARAMETERS, SPECTRUM_PHASES_DAYS, WAVELENGTH_AA
from snlib.files import DATA, read_json, write_json, write_npz
from snlib.inference.forecast import Forecaster
from snlib.inference.predict import (
    DEFAULT_WEIGHTS,
    TABLE_SUFFIXES,
    Request,
    embedding_table,
    predict_spectra,
    write_samples,
    write_table,
)
from snlib.model.registry import MODELS, recipe_for
from snlib.replication.ablations import ABLATIONS, ablate
from snlib.replication.folds import real_folds, train_folds
from snlib.replication.real_results import write_real_results
from snlib.replication.results import TABLES, write_results
from snlib.replication.run import open_run
from snlib.replication.shipping import ship
from snlib.replication.trained import train_or_load
from snlib.simulation.sedona import SedonaGrid
from snlib.simulation.simulate import simulate
from snlib.simulation.surrogate import Surrogate
from snlib.simulation.surrogate_grid import SurrogateGrid
from snlib.simulation.visits import RUBIN_VISITS
from snlib.training.steps import new_fabric

__all__ = ["app", "main"]

_PHASES = ",".join(f"{phase:g}" for phase in SPECTRUM_PHASES_DAYS)

app = typer.Typer(
    help="Light curves and spectra of Type Ia supernovae, simulated and predicted.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def main():
    """Run a command; bad input ends with one line on stderr and exit code 2."""
    with warnings.catch_warnings():
        warnings.showwarning = lambda message, *_: print(f"snlib: {message}", file=sys.stderr)
        try:
            app()
        except (ValueError, OSError) as error:
            if os.environ.get("LOCAL_RANK", "0") == "0":  # of several processes, one speaks
                print(f"snlib: {' '.join(str(error).split())}", file=sys.stderr)
            sys.exit(2)


def _numbers(text, name):
    try:
        return np.array([float(word) for word in text.split(",")])
    except ValueError:
        raise ValueError(f"{name}: {text!r} is not a list of numbers like -10,0,10") from None


def read_parameters(path):
    """Read the parameters of models from a table.

    Parameters
    ----------
    path : path-like
        ``.csv``, ``.ecsv`` or ``.parquet`` with the columns of `snlib.data.quantities.PARAMETERS`, in any
        order, and maybe others.

    Returns
    -------
    ndarray, shape (N, 6)

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no table, lacks a column or holds something else than finite numbers; the message
        names file, row, column and value.
    """
    names = [parameter.name for parameter in PARAMETERS]
    table = read_table(path, names)
    values = table.apply(pd.to_numeric, errors="coerce").to_numpy(float)
    bad = np.argwhere(~np.isfinite(values))
    if bad.size:
        row, column = bad[0]
        raise ValueError(
            f"{path}: row {row + 1}, column {names[column]!r}: "
            f"{table[names[column]][row]!r} is not a finite number"
        )
    return values


@app.command()
def surface(
    parameters: Annotated[
        Path, typer.Argument(help="CSV file with the six parameters of Table 1, a row a model.")
    ],
    out: Annotated[Path, typer.Option(help="npz file to write.")],
    phases: Annotated[str, typer.Option(help="Days from peak, separated by commas.")] = _PHASES,
):
    """Noise-free spectra of models, from the embedded surrogate of the grid.

    Writes phase_days (P,), wavelength_aa (L,) from 3000 to 8000 Angstrom, and log10_fnu (N, P, L) in
    erg/s/cm2/Hz at 10 pc.
    """
    values = read_parameters(parameters)
    phase_days = _numbers(phases, "--phases")
    try:
        log10_fnu = Surrogate.load().log10_fnu(values, phase_days, WAVELENGTH_AA)
    except ValueError as error:
        raise ValueError(f"{parameters}: {error}") from None
    write_npz(out, phase_days=phase_days, wavelength_aa=WAVELENGTH_AA, log10_fnu=log10_fnu)


@app.command("simulate")
def simulate_dataset(
    events: Annotated[int, typer.Option(help="Number of supernovae.")],
    out: Annotated[Path, typer.Option(help="Folder to write events.npz and split.json to.")],
    seed: Annotated[int, typer.Option(help="Event i depends on the seed and on i only.")] = 0,
    grid: Annotated[str, typer.Option(help="'surrogate', or a folder of Sedona HDF5 files.")] = "surrogate",
    visits: Annotated[
        Path, typer.Option(help="Visits: a table made here, or an OpSim database.")
    ] = RUBIN_VISITS,
    selection: Annotated[
        str, typer.Option(help="How a supernova is placed among the visits: code or text.")
    ] = "code",
    workers: Annotated[int, typer.Option(help="Processes to share the work.")] = 1,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Leave out models that cannot be read.")
    ] = False,
):
    """Light curves, spectra and parameters of supernovae as Rubin would see them, and their split."""
    source = SurrogateGrid(Surrogate.load()) if grid == "surrogate" else SedonaGrid(Path(grid))
    simulated = simulate(events, seed, source, visits, selection, workers, skip_bad)
    split = {name: index.tolist() for name, index in split_events(len(simulated), seed).items()}
    simulated.save(out / "events.npz")
    write_json(out / "split.json", split)


def read_dataset(folder):
    """Read the dataset that ``snlib simulate`` wrote to a folder.

    Returns
    -------
    snlib.data.dataset.Dataset

    Raises
    ------
    FileNotFoundError
        If one of its two files does not exist.
    ValueError
        If a file is damaged, or the split is not one of its events; the message names the file.
    """
    events, path = Events.load(folder / "events.npz"), folder / "split.json"
    split = read_json(path)
    try:
        return make_dataset(events, split)
    except (ValueError, TypeError, AttributeError) as error:
        raise ValueError(f"{path}: {error}") from None


@app.command("train")
def train_model(
    model: Annotated[str, typer.Argument(help=f"One of {', '.join(MODELS)}.")],
    out: Annotated[Path, typer.Option(help="Folder for weights, config and history.")],
    profile: Annotated[str, typer.Option(help="How long: smoke, quick, full or large.")] = "quick",
    recipe: Annotated[str, typer.Option(help="How: text, improved or large.")] = "improved",
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    seed: Annotated[int, typer.Option(help="Of weights and training, and of simulated events.")] = 0,
    data: Annotated[
        Path | None, typer.Option(help="Folder written by snlib simulate; else the profile's events.")
    ] = None,
    precision: Annotated[str, typer.Option(help="32-true, tf32 (cuda) or bf16-mixed.")] = "32-true",
    processes: Annotated[int, typer.Option(help="Processes (on cuda: cards) that share each batch.")] = 1,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with what is in the folder.")] = False,
):
    """Train a model.

    Writes MODEL-RECIPE.safetensors (weights), .json (recipe, scaling, provenance) and .csv (losses). After an
    interruption --resume goes on from the last checkpoint, to the same weights.
    """
    settings, run = recipe_for(model, recipe), open_run(profile, device, seed)
    dataset = run.dataset() if data is None else read_dataset(data)
    fabric = new_fabric(run.device, precision, processes)
    fabric.launch()
    train_or_load(model, settings, dataset, run.profile.n_steps, seed, out, fabric, resume)


_LightCurves = Annotated[
    Path, typer.Argument(help=f".csv, .ecsv or .parquet with the columns {', '.join(LIGHT_CURVE_COLUMNS)}.")
]
_Weights = Annotated[
    Path, typer.Option(help="Weights of an MMVAE.", show_default=f"{DEFAULT_WEIGHTS.name} of data/weights")
]
_Device = Annotated[str, typer.Option(help="auto, cpu or cuda.")]


@app.command()
def predict(
    light_curves: _LightCurves,
    out: Annotated[Path, typer.Option(help="npz file to write.")],
    phases: Annotated[str, typer.Option(help="Days from peak, separated by commas.")] = _PHASES,
    samples: Annotated[int, typer.Option(help="Spectra to draw for each object and phase.")] = 200,
    seed: Annotated[int, typer.Option(help="Of the draws; each object has its own, by its id.")] = 0,
    latent_only: Annotated[
        bool, typer.Option("--latent-only", help="Draw from the latent posterior, without the likelihood.")
    ] = False,
    weights: _Weights = DEFAULT_WEIGHTS,
    device: _Device = "auto",
):
    """Spectra of supernovae from their light curves, with their uncertainty.

    Light curves: absolute AB magnitudes over rest-frame days from peak. Writes object_id (N,), phase_days
    (P,), wavelength_aa (L,) and samples (N, S, P, L), log10 of erg/s/cm2/Hz at 10 pc; with --latent-only
    latent_samples instead.
    """
    request = Request(_numbers(phases, "--phases"), samples, seed, latent_only)
    device = open_run(device=device).device
    forecaster = Forecaster.load(weights, device)
    object_id, curves = read_light_curves(light_curves)
    drawn = predict_spectra(forecaster, object_id, curves, request)
    write_samples(out, object_id, request, drawn)


@app.command("embed")
def embed_light_curves(
    light_curves: _LightCurves,
    out: Annotated[Path, typer.Option(help="csv or parquet file to write.")],
    weights: _Weights = DEFAULT_WEIGHTS,
    device: _Device = "auto",
):
    """Where supernovae lie in the latent space, from their light curves.

    Light curves as for predict. Writes object_id and mean and scale of each number of the latent.
    """
    require_suffix(out, TABLE_SUFFIXES)
    device = open_run(device=device).device
    forecaster = Forecaster.load(weights, device)
    object_id, curves = read_light_curves(light_curves)
    write_table(out, embedding_table(forecaster, object_id, curves))


@app.command()
def evaluate(
    out: Annotated[Path, typer.Option(help="Folder for the tables and provenance.json.")],
    tables: Annotated[
        list[str] | None, typer.Argument(help=f"Of {', '.join(TABLES)}; all by default.")
    ] = None,
    profile: Annotated[str, typer.Option(help="smoke, quick or full.")] = "quick",
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    seed: Annotated[int, typer.Option(help="Of events, weights and training.")] = 0,
    published_sample: Annotated[str, typer.Option(help="Folder of the published real models.")] = "",
):
    """Judge every model by the test events, a table a kind of result; trains what is not yet trained."""
    write_results(open_run(profile, device, seed, published_sample), out, tables or tuple(TABLES))


@app.command("ablate")
def ablate_model(
    name: Annotated[str, typer.Argument(help=f"One of {', '.join(ABLATIONS)}.")],
    profile: Annotated[str, typer.Option(help="smoke, quick or full.")] = "quick",
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    seed: Annotated[int, typer.Option(help="Of events, weights and training.")] = 0,
):
    """Train and judge the MMVAE with one change; the result goes to the run's folder."""
    ablate(open_run(profile, device, seed), name)


@app.command("ship")
def ship_weights(
    device: Annotated[str, typer.Option(help="auto, cpu or cuda; cuda is wanted.")] = "auto",
    profile: Annotated[str, typer.Option(help="smoke, quick, full or large.")] = "large",
    weights: Annotated[Path, typer.Option(help="File of the weights.")] = DEFAULT_WEIGHTS,
    results: Annotated[Path, typer.Option(help="Folder of the tables.")] = DATA / "results" / "large",
):
    """Train, recalibrate and judge the weights that predict and embed use."""
    ship(open_run(profile, device), weights, results)


@app.command("real")
def judge_real_models(
    published_sample: Annotated[str, typer.Option(help="Folder of the published real models.")],
    results: Annotated[Path, typer.Option(help="Folder of the table and the figures.")] = DATA
    / "results"
    / "published_sample",
    device: Annotated[str, typer.Option(help="auto, cpu or cuda; cuda is wanted.")] = "auto",
):
    """Judge every method by real models, fold by fold; trains what is not yet trained."""
    run, published = open_run(device=device), read_published_sample(published_sample)
    folder = run.folder.parent / "real"
    train_folds(real_folds(published.events, folder), new_fabric(run.device))
    write_real_results(published, folder, results)
