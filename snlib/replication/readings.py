"""What becomes of the MMVAE in each reading of the paper: errors, and experts that die, over the steps.

``python -m snlib.replication.readings`` trains the seeds of each reading as a stack and writes what the
chapter "Paper versus code" shows.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from snlib.data.batches import Pairs
from snlib.evaluation.experts import DEAD_BELOW, EXPERTS, expert_scores
from snlib.files.json_files import read_json, write_json
from snlib.files.places import DATA
from snlib.files.writing import replacing
from snlib.inference.posteriors import mean_spectrum
from snlib.model.recipes import RECIPES, Recipe
from snlib.model.registry import recipe_for
from snlib.random_streams import read_seeds
from snlib.replication.ablations import ABLATIONS
from snlib.replication.git import commit
from snlib.replication.run import open_run
from snlib.replication.trained import train_or_load_stack
from snlib.training.steps import new_fabric

__all__ = ["FOLDER", "READINGS", "Reading", "read_readings", "train_reading"]

FOLDER = DATA / "results" / "readings"
_N_WATCHED = 100  # test events, at each evaluation


@dataclass(frozen=True)
class Reading:
    """A way to read the paper.

    Attributes
    ----------
    words : str
    recipe : Recipe
    """

    words: str
    recipe: Recipe


#: The readings of the paper that chapter "Paper versus code" compares, by name.
READINGS = {
    "text": Reading("as the text says", RECIPES["text"]),
    "text-weighted": Reading("the text, light curves weighted by 982/60", ABLATIONS["text-weighted"].recipe),
    "text-slower": Reading("the text, learning rate 2.5e-4", ABLATIONS["text-slower"].recipe),
    "evaluated": Reading("as evaluated (June)", recipe_for("mmvae", "evaluated")),
    "evaluated-may": Reading("as evaluated (May)", recipe_for("mmvae", "evaluated-may")),
    "improved": Reading("improved", RECIPES["improved"]),
}


def train_reading(run, name, seeds, n_steps, out=FOLDER):
    """Train a reading's seeds as a stack and write how they went.

    Parameters
    ----------
    run : snlib.replication.run.Run
        Its events train all seeds; its folder keeps weights and checkpoints, from which a training goes on.
    name : str
        A name in `READINGS`.
    seeds : sequence of int
    n_steps : int
    out : path
        Gets ``<name>.csv``, a row a seed and evaluation (see `snlib.training.loop.train` and
        `snlib.evaluation.experts.expert_scores`), and ``<name>.json``, from what they were made.
    """
    dataset, fabric = run.dataset(), new_fabric(run.device)
    test = dataset.part("test")
    watched = test.select(np.arange(min(_N_WATCHED, len(test))))
    pairs = Pairs.from_events(watched, dataset.scaling, fabric.device)
    trained = train_or_load_stack(
        "mmvae",
        READINGS[name].recipe,
        dataset,
        n_steps,
        seeds,
        run.folder / "readings",
        fabric,
        watch=lambda model: expert_scores(model, pairs, dataset.scaling),
    )
    with replacing(Path(out) / f"{name}.csv") as temporary:
        histories = dict(zip(seeds, (one.history for one in trained), strict=True))
        table = pd.concat(histories, names=["seed", None]).reset_index("seed")
        table.to_csv(temporary, index=False, float_format="%.4g")
    card = torch.cuda.get_device_name() if run.device == "cuda" else None
    made = {"commit": commit(), "device": run.device, "card": card, "torch": torch.__version__}
    made |= {"events": len(dataset.events), "dataset": dataset.digest(), "events_judged": len(watched)}
    made |= {"n_steps": n_steps, "mean_spectrum_rmse_dex": _rmse_of_mean(dataset.part("train"), watched)}
    write_json(Path(out) / f"{name}.json", made)


def _rmse_of_mean(train, events):
    """Error of the mean training spectrum, by phase: what can be said of every event."""
    squares = (events.spectra.log10_fnu - mean_spectrum(train)) ** 2
    return np.sqrt(np.nanmean(squares, axis=(0, 2))).tolist()


def read_readings(folder):
    """What `train_reading` wrote of all readings.

    Parameters
    ----------
    folder : path

    Returns
    -------
    pandas.DataFrame
        A row a reading, seed and evaluation: ``reading, seed, step``, the error of each of the two experts as
        the mean over the phases, ``light_curve`` and ``spectrum`` [dex], and ``dead``, whether the expert for
        light curves says the same of every event.
    pandas.DataFrame
        From what they were made, a row a reading.
    """
    tables, made = {}, {}
    for name in READINGS:
        table, made[name] = (
            pd.read_csv(Path(folder) / f"{name}.csv"),
            read_json(Path(folder) / f"{name}.json"),
        )
        tables[name] = table[["seed", "step"]].assign(
            **{expert: table.filter(like=f"{expert}_rmse_dex_").mean(axis=1) for expert in EXPERTS},
            dead=table["light_curve_spread"] < DEAD_BELOW,
        )
    rows = pd.concat(tables, names=["reading", None]).reset_index("reading")
    return rows, pd.DataFrame.from_dict(made, orient="index")


def main():
    """Train readings, by the arguments of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("readings", nargs="+", choices=READINGS)
    parser.add_argument("--profile", default="full")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--seeds", type=read_seeds, default=list(range(8)))
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--out", type=Path, default=FOLDER)
    given = parser.parse_args()
    run = open_run(given.profile, given.device)
    for name in given.readings:
        train_reading(run, name, given.seeds, given.steps, given.out)


if __name__ == "__main__":
    main()
