"""The commands of the command line that make and judge what the book shows."""

from pathlib import Path
from typing import Annotated

import typer

from snlib.files.places import DATA

__all__ = ["BOOK_COMMANDS", "Device"]

#: Where a model computes.
Device = Annotated[str, typer.Option(help="auto, cpu or cuda.")]


def evaluate(
    out: Annotated[Path, typer.Option(help="Folder for the tables and provenance.json.")],
    tables: Annotated[
        list[str] | None,
        typer.Argument(
            help="Of spectra, masking, masked_distances, experts, lengths, generation, parameters; all by "
            "default."
        ),
    ] = None,
    profile: Annotated[str, typer.Option(help="smoke, quick or full.")] = "quick",
    device: Device = "auto",
    seed: Annotated[int, typer.Option(help="Of events, weights and training.")] = 0,
    published_sample: Annotated[str, typer.Option(help="Folder of the published real models.")] = "",
):
    """Judge every model by the test events, a table a kind of result; trains what is not yet trained."""
    from snlib.replication import TABLES, open_run, write_results

    write_results(open_run(profile, device, seed, published_sample), out, tables or tuple(TABLES))


def ablate_model(
    name: Annotated[str, typer.Argument(help="Like text-bound; a wrong name is answered with all of them.")],
    profile: Annotated[str, typer.Option(help="smoke, quick or full.")] = "quick",
    device: Device = "auto",
    seed: Annotated[int, typer.Option(help="Of events, weights and training.")] = 0,
):
    """Train and judge the MMVAE with one change; the result goes to the run's folder."""
    from snlib.replication import ablate, open_run

    ablate(open_run(profile, device, seed), name)


def ship_weights(
    device: Annotated[str, typer.Option(help="auto, cpu or cuda; cuda is wanted.")] = "auto",
    profile: Annotated[str, typer.Option(help="smoke, quick, full or large.")] = "large",
    weights: Annotated[
        Path | None, typer.Option(help="File of the weights.", show_default="in data/weights/large")
    ] = None,
    results: Annotated[Path, typer.Option(help="Folder of the tables.")] = DATA / "results" / "large",
):
    """Train, recalibrate and judge the weights that predict and embed use."""
    from snlib.inference import DEFAULT_WEIGHTS
    from snlib.replication import open_run, ship

    ship(open_run(profile, device), weights or DEFAULT_WEIGHTS, results)


def judge_real_models(
    published_sample: Annotated[str, typer.Option(help="Folder of the published real models.")],
    results: Annotated[Path, typer.Option(help="Folder of the table and the figures.")] = DATA
    / "results"
    / "published_sample",
    device: Annotated[str, typer.Option(help="auto, cpu or cuda; cuda is wanted.")] = "auto",
):
    """Judge every method by real models, fold by fold; trains what is not yet trained."""
    from snlib.data import read_published_sample
    from snlib.replication import open_run, real_folds, train_folds, write_real_results

    run, published = open_run(device=device), read_published_sample(published_sample)
    folder = run.folder.parent / "real"
    train_folds(real_folds(published, folder, run.device))
    write_real_results(published, folder, results)


#: Functions by the names of their commands.
BOOK_COMMANDS = {
    "evaluate": evaluate,
    "ablate": ablate_model,
    "ship": ship_weights,
    "real": judge_real_models,
}
