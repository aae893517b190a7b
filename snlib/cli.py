"""The command line: ``snlib COMMAND`` or ``python -m snlib COMMAND``.

A command imports what it needs when it runs, so that ``--help`` answers at once.
"""

import warnings
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from snlib.cli_book import BOOK_COMMANDS, Device
from snlib.data.quantities import SPECTRUM_PHASES_DAYS, WAVELENGTH_AA
from snlib.files.npz import write_npz
from snlib.joint.command import SpectraOption
from snlib.observed.command import ObjectsOption, Salt3Option, ZeroPointOption
from snlib.survey.command import MemoryOption, SchedulerOption, SkipBadOption, WorkersOption

__all__ = ["app"]

_PHASES = ",".join(f"{phase:g}" for phase in SPECTRUM_PHASES_DAYS)
_WAVELENGTHS = ",".join(str(wavelength_aa) for wavelength_aa in range(3000, 8001, 100))
_MODELS = (
    "One of mmvae, photometry-vae, spectrum-vae, contrastive, photometry-regressor, spectrum-regressor, "
    "joint-regressor, predictive-mmvae, or a parameter head on one of them: mmvae-photometry-head, "
    "mmvae-spectrum-head, contrastive-photometry-head, contrastive-spectrum-head."
)
_LightCurves = Annotated[
    Path,
    typer.Argument(
        help="Table with the columns object_id, phase_days, band, magnitude and maybe upper_limit: text "
        "(.csv, .tsv, .txt, .dat, .ecsv, maybe .gz), .parquet or a folder of such parts. Or as observed: mjd "
        "for phase_days, and apparent magnitude (AB) or flux; see --objects, --zero-point and --salt3."
    ),
]
_Weights = Annotated[
    str, typer.Option(help="Weights of an MMVAE: a file, or the name of a folder or set in data/weights.")
]

app = typer.Typer(
    help="Light curves and spectra of Type Ia supernovae, simulated and predicted.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def _numbers(text, name):
    try:
        return np.array([float(word) for word in text.split(",")])
    except ValueError:
        raise ValueError(f"{name}: {text!r} is not a list of numbers like -10,0,10") from None


def _forecaster(weights, device):
    from snlib.inference import Forecaster, find_weights
    from snlib.replication import open_run

    return Forecaster.load(find_weights(weights), open_run(device=device).device)


@app.command()
def surface(
    parameters: Annotated[
        Path, typer.Argument(help="Table (as for predict) of the six parameters of Table 1, a row a model.")
    ],
    out: Annotated[Path, typer.Option(help="npz file to write.")],
    phases: Annotated[str, typer.Option(help="Days from peak, separated by commas.")] = _PHASES,
):
    """Noise-free spectra of models, from the embedded surrogate of the grid.

    Writes phase_days (P,), wavelength_aa (L,) from 3000 to 8000 Angstrom, and log10_fnu (N, P, L) in
    erg/s/cm2/Hz at 10 pc.
    """
    from snlib.simulation import BeyondGridWarning, Surrogate, read_parameters

    phase_days = _numbers(phases, "--phases")
    values = read_parameters(parameters)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BeyondGridWarning)  # was said above, with the rows of the file
        log10_fnu = Surrogate.load().log10_fnu(values, phase_days, WAVELENGTH_AA)
    write_npz(out, phase_days=phase_days, wavelength_aa=WAVELENGTH_AA, log10_fnu=log10_fnu)


@app.command("simulate")
def simulate_dataset(
    events: Annotated[int, typer.Option(help="Number of supernovae.")],
    out: Annotated[Path, typer.Option(help="Folder to write events.npz and split.json to.")],
    seed: Annotated[int, typer.Option(help="Event i depends on the seed and on i only.")] = 0,
    grid: Annotated[str, typer.Option(help="'surrogate', or a folder of Sedona HDF5 files.")] = "surrogate",
    visits: Annotated[
        Path | None,
        typer.Option(
            help="Visits: a table made here, or an OpSim database of any version.",
            show_default="those in data",
        ),
    ] = None,
    selection: Annotated[
        str, typer.Option(help="How a supernova is placed among the visits: code or text.")
    ] = "code",
    workers: Annotated[int, typer.Option(help="Processes to share the work.")] = 1,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Leave out models that cannot be read.")
    ] = False,
):
    """Light curves, spectra and parameters of supernovae as Rubin would see them, and their split."""
    from snlib.data import split_events, write_dataset
    from snlib.simulation import RUBIN_VISITS, SedonaGrid, simulate

    split_events(events, seed)  # too few are refused before anything is simulated
    source = None if grid == "surrogate" else SedonaGrid(Path(grid))
    simulated = simulate(events, seed, source, visits or RUBIN_VISITS, selection, workers, skip_bad)
    write_dataset(out, simulated, split_events(len(simulated), seed))


@app.command("train")
def train_model(
    model: Annotated[str, typer.Argument(help=_MODELS)],
    out: Annotated[Path, typer.Option(help="Folder for weights, config and history.")],
    profile: Annotated[str, typer.Option(help="How long: smoke, quick, full or large.")] = "quick",
    recipe: Annotated[
        str,
        typer.Option(
            help="text, evaluated[-may][-982], evaluated-independent, improved or large; see the chapter on "
            "the code."
        ),
    ] = "improved",
    device: Device = "auto",
    seed: Annotated[
        int | None,
        typer.Option(help="Of weights and training, and of simulated events.", show_default="0"),
    ] = None,
    seeds: Annotated[
        str | None,
        typer.Option(help="Several, such as 0-7 or 0,3,5, trained at once; the events are those of seed 0."),
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="Folder written by snlib simulate; else the profile's events.")
    ] = None,
    precision: Annotated[str, typer.Option(help="32-true, tf32 (cuda) or bf16-mixed.")] = "32-true",
    processes: Annotated[int, typer.Option(help="Processes (on cuda: cards) that share each batch.")] = 1,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with what is in the folder.")] = False,
):
    """Train a model; one that begins with another trains that first, unless it is in the folder.

    Writes MODEL-RECIPE-seedSEED.safetensors (weights and all that is to be known of them), and to read, .json
    (recipe, scaling, provenance) and .csv (losses). After an interruption --resume goes on from the last
    checkpoint, to the same weights. With --seeds there are such files for each seed, as it makes them alone:
    on the cpu the same numbers, on cuda (where all take each step as one) but for rounding.
    """
    from snlib.data import read_dataset
    from snlib.model import recipe_for
    from snlib.random_streams import read_seeds
    from snlib.replication import open_run, train_or_load, train_or_load_stack
    from snlib.training import new_fabric
    from snlib.workers import one_thread_each

    if None not in (seed, seeds):
        raise ValueError(f"--seed {seed} and --seeds {seeds} are both given, expected one of them")
    several = None if seeds is None else read_seeds(seeds)
    settings, run = recipe_for(model, recipe), open_run(profile, device, seed or 0)
    fabric = new_fabric(run.device, precision, processes)
    dataset = run.dataset() if data is None else read_dataset(data)
    with one_thread_each():  # starts the other processes
        fabric.launch()
    if several is None:
        train_or_load(model, settings, dataset, run.n_steps, run.seed, out, fabric, resume)
    else:
        train_or_load_stack(model, settings, dataset, run.n_steps, several, out, fabric, resume)


@app.command()
def predict(
    light_curves: _LightCurves,
    out: Annotated[Path, typer.Option(help="npz or csv file to write.")],
    phases: Annotated[str, typer.Option(help="Days from peak, separated by commas.")] = _PHASES,
    samples: Annotated[int, typer.Option(help="Spectra to draw for each object and phase.")] = 200,
    seed: Annotated[int, typer.Option(help="Of the draws; each object has its own, by its id.")] = 0,
    latent_only: Annotated[
        bool, typer.Option("--latent-only", help="Draw from the latent posterior, without the likelihood.")
    ] = False,
    weights: Annotated[
        str | None,
        typer.Option(
            help="Weights of an MMVAE or a joint transceiver: a file, or the name of a folder or set in "
            "data/weights.",
            show_default="large; with --objects, observed",
        ),
    ] = None,
    device: Device = "auto",
    objects: ObjectsOption = None,
    zero_point: ZeroPointOption = None,
    salt3: Salt3Option = None,
    spectra: SpectraOption = None,
    summary: Annotated[
        bool, typer.Option("--summary", help="Mean, 90 % interval and features only, as for a survey.")
    ] = False,
    wavelengths: Annotated[
        str, typer.Option(help="Of a summary: Angstrom, separated by commas.", show_default="each 100")
    ] = _WAVELENGTHS,
    workers: WorkersOption = 1,
    memory: MemoryOption = None,
    scheduler: SchedulerOption = None,
    skip_bad: SkipBadOption = False,
):
    """Spectra of supernovae from their light curves, with their uncertainty.

    Light curves: absolute AB magnitudes over rest-frame days from peak. Writes object_id (N,), phase_days
    (P,), wavelength_aa (L,) and samples (N, S, P, L), log10 of erg/s/cm2/Hz at 10 pc; with --latent-only
    latent_samples instead. To a csv file: mean and 90 % interval, a row an object, phase and wavelength. With
    each object: n_points, misfit_mag (rms of synthetic minus given magnitudes after -3 d) and unlike, true
    where the light curve is unlike those of training. After a kill the same command goes on where it was.
    Observed light curves are predicted by weights that learned from observed supernovae, which read observed
    spectra of the same objects too (--spectra). What was done to them: OUT.steps.csv.

    With --summary a parquet file or, of a survey as for embed, a folder: in place of samples two nested
    columns, spectra (mean and 90 % interval) and features (g and r magnitudes, colour, lines, likewise).
    """
    from snlib.files import require_suffix
    from snlib.inference import PREDICTION_SUFFIXES, Request, find_weights, write_predictions
    from snlib.joint.command import knowing_spectra, load_joint
    from snlib.observed import read_any_light_curves, write_steps
    from snlib.replication import digest, open_run
    from snlib.survey import Cluster, Summary, run_survey_or_table

    cluster = Cluster(workers, memory, scheduler)
    if summary and objects is not None:
        raise ValueError("objects: a summary is of light curves at rest, not of observed ones")
    if spectra is not None and objects is None:
        raise ValueError(
            f"{spectra}: spectra have dates, so that light curves must have them too (--objects)"
        )
    if summary:
        phase_days, wavelength_aa = _numbers(phases, "--phases"), _numbers(wavelengths, "--wavelengths")
        model = (str(find_weights(weights or "large").absolute()), open_run(device=device).device)
        task = Summary(*model, tuple(phase_days), tuple(wavelength_aa), samples, seed, latent_only)
        run_survey_or_table(light_curves, out, task, digest("survey"), cluster, skip_bad)
        return
    cluster.require_none(skip_bad)
    require_suffix(out, PREDICTION_SUFFIXES)
    request = Request(_numbers(phases, "--phases"), samples, seed, latent_only)
    path = find_weights(weights or ("large" if objects is None else "observed"))
    joint = load_joint(path)
    forecaster, code = (joint, digest("joint")) if joint else (_forecaster(str(path), device), "")
    curves, steps = read_any_light_curves(light_curves, objects, zero_point, salt3)
    forecaster = knowing_spectra(forecaster, spectra, steps)
    write_predictions(out, forecaster, curves, request, digest("predictions") + code)
    write_steps(out, steps)


@app.command("embed")
def embed_light_curves(
    light_curves: _LightCurves,
    out: Annotated[Path, typer.Option(help="csv or parquet file to write; of a survey maybe a folder.")],
    weights: _Weights = "large",
    device: Device = "auto",
    objects: ObjectsOption = None,
    zero_point: ZeroPointOption = None,
    salt3: Salt3Option = None,
    workers: WorkersOption = 1,
    memory: MemoryOption = None,
    scheduler: SchedulerOption = None,
    skip_bad: SkipBadOption = False,
):
    """Where supernovae lie in the latent space, from their light curves.

    Light curves as for predict. Writes object_id, n_points, misfit_mag, unlike, and mean and scale of each
    number of the latent. Parquet is a survey unless a csv file is to be written: it is read and written piece
    by piece, however large it is, and after a kill the same command goes on where it was.
    """
    from snlib.files import require_suffix
    from snlib.inference import TABLE_SUFFIXES, embedding_table, find_weights, write_table
    from snlib.observed import read_any_light_curves, write_steps
    from snlib.replication import digest, open_run
    from snlib.survey import Cluster, Embedding, is_survey, run_survey

    cluster = Cluster(workers, memory, scheduler)
    if objects is None and is_survey(light_curves) and out.suffix.lower() != ".csv":
        task = Embedding(str(find_weights(weights).absolute()), open_run(device=device).device)
        run_survey(light_curves, out, task, digest("survey"), cluster, skip_bad)
        return
    cluster.require_none(skip_bad)
    require_suffix(out, TABLE_SUFFIXES)
    forecaster = _forecaster(weights, device)
    curves, steps = read_any_light_curves(light_curves, objects, zero_point, salt3)
    write_table(out, embedding_table(forecaster, curves))
    write_steps(out, steps)


for _name, _command in BOOK_COMMANDS.items():
    app.command(_name)(_command)
