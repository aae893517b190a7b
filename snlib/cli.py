"""The command line: ``snlib COMMAND`` or ``python -m snlib COMMAND``.

A command imports what it needs when it runs, so that ``--help`` answers at once.
"""

import warnings
from pathlib import Path
from typing import Annotated

import typer

from snlib.cli_book import BOOK_COMMANDS, Device
from snlib.cli_light_curves import LIGHT_CURVE_COMMANDS, PHASES, numbers_in
from snlib.data.quantities import WAVELENGTH_AA
from snlib.files.npz import write_npz

__all__ = ["app"]

_MODELS = (
    "One of mmvae, photometry-vae, spectrum-vae, contrastive, photometry-regressor, spectrum-regressor, "
    "joint-regressor, predictive-mmvae, or a parameter head on one of them: mmvae-photometry-head, "
    "mmvae-spectrum-head, contrastive-photometry-head, contrastive-spectrum-head."
)
app = typer.Typer(
    help="Light curves and spectra of Type Ia supernovae, simulated and predicted.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.command()
def surface(
    parameters: Annotated[
        Path, typer.Argument(help="Table (as for predict) of the six parameters of Table 1, a row a model.")
    ],
    out: Annotated[Path, typer.Option(help="npz file to write.")],
    phases: Annotated[str, typer.Option(help="Days from peak, separated by commas.")] = PHASES,
):
    """Noise-free spectra of models, from the embedded surrogate of the grid.

    Writes phase_days (P,), wavelength_aa (L,) from 3000 to 8000 Angstrom, and log10_fnu (N, P, L) in
    erg/s/cm2/Hz at 10 pc.
    """
    from snlib.simulation import BeyondGridWarning, Surrogate, read_parameters

    phase_days = numbers_in(phases, "--phases")
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


for _name, _command in (LIGHT_CURVE_COMMANDS | BOOK_COMMANDS).items():
    app.command(_name)(_command)
