"""Trained models: loaded where they are up to date, trained where they are not."""

import hashlib
from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from lightning_fabric import Fabric

from snlib.data.dataset import Dataset
from snlib.files.writing import lock
from snlib.model.heads import HEADS
from snlib.model.recipes import Recipe
from snlib.model.registry import BEGINS_WITH, new_model, recipe_for
from snlib.model.weights import SavedModel, save_model
from snlib.replication.evaluated import EvaluatedRecipe
from snlib.replication.stages import digest
from snlib.replication.trained_files import Trained, load_own, load_shipped
from snlib.replication.variants import PublishedRecipe, augment
from snlib.training.loop import require_equal_shares, train_stack
from snlib.training.steps import new_fabric, precision_of

__all__ = ["train_or_load", "train_or_load_stack"]

PREDICTIVE_STEPS = 3000  # at most: enough for the errors of an MMVAE, which is left as it is


def train_or_load(
    name, recipe, dataset, n_steps, seed, folder, fabric=None, resume=True, start=None, shipped=None
):
    """A model trained on a dataset, from the folder if it is there and up to date.

    Weights in the folder are up to date if the same code made them from the same; damaged ones are made
    again, with a warning.  Committed weights are accepted by what they are, whatever code made them: model,
    recipe, dataset, seed and number of steps; that today's code gets the same from them is tested (see
    `snlib.replication.recorded_scores`).  A training that was interrupted goes on from its checkpoint in the
    folder.  Where a model begins with another of the same recipe and seed (see
    `snlib.model.registry.BEGINS_WITH`), that one is loaded or trained first.

    Parameters
    ----------
    name : str
        A name in `snlib.model.registry.MODELS`, or in `snlib.model.heads.HEADS`.
    recipe : snlib.model.recipes.Recipe
    dataset : snlib.data.dataset.Dataset
    n_steps : int, or callable (str, snlib.model.recipes.Recipe, int) -> int
        Of this model and of the one that it begins with, or of each by its name, its recipe and the number
        of training pairs.  A predictive MMVAE may stop earlier.
    seed : int
    folder : path
        Gets ``<name>-<recipe's name>-seed<seed>.safetensors``, ``.json`` and ``.csv``.
    fabric : lightning_fabric.Fabric, optional
        See `snlib.training.steps.new_fabric`; by default one process on the CPU.
    resume : bool
        If false, train afresh in any case.
    start : Trained, optional
        Another model whose weights to begin with; the model has them all, and maybe more, or it is a head,
        which has those of its modality.
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
    task = _Task(name, recipe, dataset, n_steps, Path(folder), fabric or new_fabric("cpu"), resume, shipped)
    (found,) = _train_or_load(task, [seed], start)
    return found


def train_or_load_stack(
    name, recipe, dataset, n_steps, seeds, folder, fabric=None, resume=True, shipped=None, watch=None
):
    """Models that differ by their seed, each as of `train_or_load`; those that are missing train as a stack.

    The stack holds the lock of each seed, and keeps one checkpoint; see `snlib.training.loop.train_stack`.

    Parameters
    ----------
    seeds : sequence of int
        Each once.
    name, recipe, dataset, n_steps, folder, fabric, resume, shipped
        As of `train_or_load`.
    watch : callable, optional
        See `snlib.training.loop.train_stack`; of models that are loaded, the history is as it was written.

    Returns
    -------
    list of Trained
        One a seed.

    Raises
    ------
    ValueError
        As `train_or_load`, and if there is no seed, or one is named twice.
    BlockingIOError
        If another process is training one of them in this folder.
    """
    if not seeds or len(set(seeds)) < len(seeds):
        raise ValueError(f"seeds are {list(seeds)}, expected one or more, each once")
    task = _Task(name, recipe, dataset, n_steps, Path(folder), fabric or new_fabric("cpu"), resume, shipped)
    return _train_or_load(replace(task, watch=watch), list(seeds))


@dataclass(frozen=True)
class _Task:
    """What models of any seed are to be, and where; see `train_or_load`."""

    name: str
    recipe: Recipe
    dataset: Dataset
    n_steps: int | Callable
    folder: Path
    fabric: Fabric
    resume: bool
    shipped: Path | None
    watch: Callable | None = None

    def file_name(self, seeds, suffix=".safetensors"):
        """Of what belongs to a seed, or to several."""
        first, last = min(seeds), max(seeds)
        of_seeds = f"seed{first}" if len(seeds) == 1 else f"seeds{first}-{last}"
        if len(seeds) != last - first + 1:  # some are left out
            of_seeds += f"-{hashlib.sha256(str(sorted(seeds)).encode()).hexdigest()[:8]}"
        return f"{self.name}-{self.recipe.name}-{of_seeds}{suffix}"

    @property
    def steps(self):
        """How many are taken; a predictive MMVAE needs fewer."""
        given = self.n_steps
        most = given(self.name, self.recipe, self.dataset.n_train_pairs) if callable(given) else given
        return min(most, PREDICTIVE_STEPS) if self.name == "predictive-mmvae" else most

    def wanted(self, seeds):
        """By seed, what tells weights from others, whatever code made them."""
        digest = self.dataset.digest()
        return {
            seed: {"model": self.name, "n_steps": self.steps, "seed": seed, "dataset": digest}
            for seed in seeds
        }

    def made_from(self, wanted, start):
        """What tells weights that are made here from others, given what tells them anywhere."""
        how = {
            "recipe": self.recipe.to_dict(),
            "precision": precision_of(self.fabric),
            "code": digest(_stage(self.recipe)),
        }
        return wanted | how | ({} if start is None else {"start": start.provenance["made_from"]})

    def starts(self, seeds, start):
        """By seed, the model whose weights to begin with, or None."""
        name = BEGINS_WITH.get(self.name)
        if name is None or start is not None:
            return dict.fromkeys(seeds, start)
        first = replace(self, name=name, recipe=recipe_for(name, self.recipe.name), resume=True)
        return dict(zip(seeds, _train_or_load(first, seeds), strict=True))

    def new_models(self, seeds, starts):
        """A model a seed, on the device, with the weights to begin with."""
        models = [new_model(self.name, self.recipe, seed).to(self.fabric.device) for seed in seeds]
        for model, start in zip(models, starts, strict=True):
            if start is not None and self.name in HEADS:
                model.begin_with(start.model)
            elif start is not None:
                model.load_state_dict(model.state_dict() | start.model.state_dict())
        return models

    def lessons(self, models, train, validation, seeds):
        """What of each model learns, and the pairs it learns from and is validated by, each one a model."""
        train, validation = [train] * len(models), [validation] * len(models)
        if _augments(self.recipe):
            train = [augment(pairs, seed) for pairs, seed in zip(train, seeds, strict=True)]
        if self.name not in HEADS:
            return models, train, validation
        embedded = (
            [head.embed(pairs) for head, pairs in zip(models, of_part, strict=True)]
            for of_part in (train, validation)
        )
        return [head.readout for head in models], *embedded


def _train_or_load(task, seeds, start=None):
    """A model a seed, as of `train_or_load`."""
    found, wanted, device = {}, task.wanted(seeds), task.fabric.device
    for seed in seeds if task.shipped else ():
        path = Path(task.shipped) / task.file_name([seed])
        found[seed] = load_shipped(path, task.recipe, wanted[seed], device)
    missing = [seed for seed in seeds if found.get(seed) is None]
    if missing:
        starts = task.starts(missing, start)
        made_from = {seed: task.made_from(wanted[seed], starts[seed]) for seed in missing}
        for seed in missing if task.resume else ():
            found[seed] = load_own(task.folder / task.file_name([seed]), made_from[seed], device)
        missing = [seed for seed in missing if found.get(seed) is None]
    if missing:
        columns = ([of[seed] for seed in missing] for of in (starts, made_from))
        found |= _train(task, missing, *columns, seeds)
    return [found[seed] for seed in seeds]


def _train(task, seeds, starts, made_from, asked_for):
    """Train a model a seed, by itself or in a stack, and write them; gives them by their seed."""
    fabric, device, folder = task.fabric, task.fabric.device, task.folder / "checkpoints"
    checkpoint, models = folder / task.file_name(asked_for), task.new_models(seeds, starts)
    pairs = [task.dataset.pairs(part, device) for part in ("train", "validation")]
    require_equal_shares(task.recipe, pairs[0], fabric)  # before a lock makes a folder
    how = {"device": device.type, "processes": fabric.world_size, "torch": torch.__version__}
    how |= {"card": torch.cuda.get_device_name(device)} if device.type == "cuda" else {}
    with ExitStack() as locks:
        for seed in sorted(seeds):
            locks.enter_context(_locked(folder / task.file_name([seed], ".lock"), fabric))
        if not task.resume:
            checkpoint.unlink(missing_ok=True)
        if len(asked_for) == 1:
            run = made_from[0]
        else:
            run, how["stack"] = _but_for_seeds(made_from[0]), seeds
        lessons = task.lessons(models, *pairs, seeds)
        histories = train_stack(*lessons, task.steps, seeds, checkpoint, run, fabric, watch=task.watch)
        trained = {
            seed: Trained(model, history, {"made_from": of_model, **how})
            for seed, model, history, of_model in zip(seeds, models, histories, made_from, strict=True)
        }
        for seed, one in trained.items() if fabric.is_global_zero else ():
            saved = SavedModel(task.name, one.model, task.dataset.scaling, one.provenance, one.history)
            save_model(task.folder / task.file_name([seed]), saved)
    return trained


def _stage(recipe):
    """The stage whose code makes a model of a recipe: variants of the paper's model are of this room."""
    own = type(recipe).__module__.startswith(f"{__package__}.")
    return "variants" if own else "training"


def _augments(recipe):
    return isinstance(recipe, (PublishedRecipe, EvaluatedRecipe)) and recipe.augmented


def _but_for_seeds(made_from):
    """What a model was made from, and that with which it began, without their seeds."""
    rest = {name: value for name, value in made_from.items() if name != "seed"}
    return rest | ({"start": _but_for_seeds(rest["start"])} if "start" in rest else {})


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
