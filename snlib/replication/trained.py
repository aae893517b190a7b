"""Trained models: loaded where they are up to date, trained where they are not."""

import warnings
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import torch

from snlib.files.writing import lock
from snlib.model.registry import new_model, recipe_for
from snlib.model.weights import SavedModel, load_model, save_model
from snlib.replication.evaluated import EvaluatedRecipe
from snlib.replication.stages import digest
from snlib.replication.variants import PublishedRecipe, augment
from snlib.training.loop import require_equal_shares, train
from snlib.training.steps import new_fabric, precision_of

__all__ = ["Trained", "train_or_load"]

PREDICTIVE_STEPS = 3000  # at most: enough for the errors of an MMVAE, which is left as it is


@dataclass(frozen=True)
class Trained:
    """A trained model, its history (see `snlib.training.loop.train`) and how it was made.

    The history is empty where committed weights come without one.
    """

    model: torch.nn.Module
    history: pd.DataFrame
    provenance: dict

    def n_parameters(self):
        """How many numbers were learned."""
        return sum(parameter.numel() for parameter in self.model.parameters())

    def seconds(self):
        """How long the training took."""
        return float(self.history["seconds"].iloc[-1])

    def best(self):
        """The row of the history whose weights these are."""
        if self.model.recipe.keeps == "last":
            return self.history.iloc[-1]
        return self.history.loc[self.history["validation_loss"].idxmin()]

    def summary(self):
        """A column of a table: how large the model is, how it trained, and for how long."""
        best, recipe = self.best(), self.model.recipe
        return {
            "Parameters": f"{self.n_parameters():,}",
            "Pairs a step": recipe.batch_size,
            "Validation loss": f"{best['validation_loss']:.4g}",
            "reached at step": f"{int(best['step']):,} of {int(self.history['step'].iloc[-1]):,}",
            "Training time [min]": f"{self.seconds() / 60:.0f}",
            "Device": self.provenance["device"],
        }


def _load(path, device):
    """What lies in a file of weights, and from what it was made."""
    saved = load_model(path, device)
    return Trained(saved.model, saved.history, saved.provenance), saved.provenance.get("made_from")


def _load_shipped(path, recipe, wanted, device):
    """Committed weights if they are what is wanted, else None; the code that made them does not matter."""
    if not path.is_file():
        return None
    shipped, made_from = _load(path, device)
    same = isinstance(made_from, dict) and wanted.items() <= made_from.items()
    return shipped if same and shipped.model.recipe == recipe else None


def _load_own(path, wanted, device):
    """The run's own weights if just this code made them from just this, else None.

    Damaged ones are as good as none, for they can be made again.
    """
    if not path.is_file():
        return None
    try:
        own, made_from = _load(path, device)
    except ValueError as error:
        warnings.warn(f"{error}; the model is trained again", stacklevel=3)
        return None
    return own if made_from == wanted else None


def train_or_load(
    name, recipe, dataset, n_steps, seed, folder, fabric=None, resume=True, start=None, shipped=None
):
    """A model trained on a dataset, from the folder if it is there and up to date.

    Weights in the folder are up to date if the same code made them from the same; damaged ones are made
    again, with a warning.  Committed weights are accepted by what they are, whatever code made them: model,
    recipe, dataset, seed and number of steps; that today's code gets the same from them is tested (see
    `snlib.replication.recorded_scores`).  A training that was interrupted goes on from its checkpoint in the
    folder.  A predictive MMVAE begins with the MMVAE of the same recipe, which is loaded or trained first.

    Parameters
    ----------
    name : str
        A name in `snlib.model.registry.MODELS`.
    recipe : snlib.model.recipes.Recipe
    dataset : snlib.data.dataset.Dataset
    n_steps : int
        At most; a recipe may stop earlier, and so does a predictive MMVAE.
    seed : int
    folder : path
        Gets ``<name>-<recipe's name>-seed<seed>.safetensors``, ``.json`` and ``.csv``.
    fabric : lightning_fabric.Fabric, optional
        See `snlib.training.steps.new_fabric`; by default one process on the CPU.
    resume : bool
        If false, train afresh in any case.
    start : Trained, optional
        Another model whose weights to begin with; the model has them all, and maybe more.
    shipped : path, optional
        Folder of committed weights; by default none are looked for.

    Returns
    -------
    Trained
        On the device of `fabric`.

    Raises
    ------
    ValueError
        If there is no such model, or committed weights are damaged; the message names the file.
    BlockingIOError
        If another process is training the same in this folder.
    """
    fabric, is_predictive = fabric or new_fabric("cpu"), name == "predictive-mmvae"
    path = Path(folder) / f"{name}-{recipe.name}-seed{seed}.safetensors"
    wanted = {
        "model": name,
        "n_steps": _n_steps(name, recipe, dataset, n_steps),
        "seed": seed,
        "dataset": dataset.digest(),
    }
    if shipped and (found := _load_shipped(Path(shipped) / path.name, recipe, wanted, fabric.device)):
        return found
    if is_predictive and start is None:
        of_mmvae = recipe_for("mmvae", recipe.name)
        start = train_or_load("mmvae", of_mmvae, dataset, n_steps, seed, folder, fabric, shipped=shipped)
    made_from = wanted | {
        "recipe": recipe.to_dict(),
        "precision": precision_of(fabric),
        "code": digest("training"),
    }
    if start is not None:
        made_from["start"] = start.provenance["made_from"]
    if resume and (found := _load_own(path, made_from, fabric.device)):
        return found
    return _train(path, made_from, recipe, dataset, fabric, resume, start)


def _n_steps(name, recipe, dataset, n_steps):
    """How many steps a model takes that may take so many."""
    if name == "predictive-mmvae":
        return min(n_steps, PREDICTIVE_STEPS)
    return recipe.n_steps(n_steps, dataset.n_train_pairs)


def _train(path, made_from, recipe, dataset, fabric, resume, start):
    """Train a model, and write it."""
    name, n_steps, seed = (made_from[key] for key in ("model", "n_steps", "seed"))
    device, checkpoint = fabric.device, path.parent / "checkpoints" / path.name
    model = new_model(name, recipe, seed).to(device)
    if start is not None:
        model.load_state_dict(model.state_dict() | start.model.state_dict())
    train_pairs, validation_pairs = (dataset.pairs(part, device) for part in ("train", "validation"))
    if isinstance(recipe, (PublishedRecipe, EvaluatedRecipe)) and recipe.augmented:
        train_pairs = augment(train_pairs, seed)
    require_equal_shares(recipe, train_pairs, fabric)  # before the lock makes a folder
    with _locked(checkpoint.with_suffix(".lock"), fabric):
        if not resume:
            checkpoint.unlink(missing_ok=True)
        history = train(model, train_pairs, validation_pairs, n_steps, seed, checkpoint, made_from, fabric)
        provenance = {
            "made_from": made_from,
            "device": device.type,
            "processes": fabric.world_size,
            "torch": torch.__version__,
        }
        if fabric.is_global_zero:
            save_model(path, SavedModel(name, model, dataset.scaling, provenance, history))
    return Trained(model, history, provenance)


@contextmanager
def _locked(path, fabric):
    """Hold the lock of a training; of several processes the first one does, and if it cannot, all fail."""
    with ExitStack() as held:
        refused = None
        if fabric.is_global_zero:
            try:
                held.enter_context(lock(path, "training"))
            except OSError as error:
                refused = error
        if refused := fabric.broadcast(refused):
            raise refused
        yield
