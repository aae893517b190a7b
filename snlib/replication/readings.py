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
from snlib.evaluation.experts import expert_scores
from snlib.files.json_files import write_json
from snlib.files.places import DATA
from snlib.files.writing import replacing
from snlib.model.recipes import RECIPES, Recipe
from snlib.model.registry import recipe_for
from snlib.random_streams import read_seeds
from snlib.replication.ablations import ABLATIONS
from snlib.replication.run import open_run
from snlib.replication.stages import commit
from snlib.replication.trained import train_or_load_stack
from snlib.training.steps import new_fabric

__all__ = ["FOLDER", "READINGS", "Reading", "train_reading"]

FOLDER = DATA / "results" / "readings"
_N_WATCHED = 100  # test events at each evaluation; all of them at the end


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
        `snlib.evaluation.experts.expert_scores`); ``<name>-end.csv``, the scores of the weights that the
        recipe keeps, on all test events; and ``<name>.json``, from what they were made.
    """
    dataset, fabric = run.dataset(), new_fabric(run.device)
    test, scaling = dataset.part("test"), dataset.scaling
    all_pairs, some_pairs = (
        Pairs.from_events(events, scaling, fabric.device)
        for events in (test, test.select(np.arange(min(_N_WATCHED, len(test)))))
    )
    trained = train_or_load_stack(
        "mmvae",
        READINGS[name].recipe,
        dataset,
        n_steps,
        seeds,
        run.folder / "readings",
        fabric,
        watch=lambda model: expert_scores(model, some_pairs, scaling),
    )
    end = [expert_scores(one.model, all_pairs, scaling) for one in trained]
    histories = [one.history for one in trained]
    for suffix, tables in (("", histories), ("-end", [pd.DataFrame([row]) for row in end])):
        with replacing(Path(out) / f"{name}{suffix}.csv") as temporary:
            _of_seeds(seeds, tables).to_csv(temporary, index=False, float_format="%.4g")
    card = torch.cuda.get_device_name() if run.device == "cuda" else None
    made = {"reading": name, "commit": commit(), "device": run.device, "card": card, "seeds": list(seeds)}
    made |= {"torch": torch.__version__, "events": len(dataset.events), "dataset": dataset.digest()}
    made |= {"n_steps": int(histories[0]["step"].iloc[-1]), "seconds": trained[0].seconds()}
    write_json(Path(out) / f"{name}.json", made)


def _of_seeds(seeds, tables):
    """Tables, one a seed, below each other."""
    return pd.concat(dict(zip(seeds, tables, strict=True)), names=["seed", None]).reset_index("seed")


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
