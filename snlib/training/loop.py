"""Training: AdamW on a loss, the best weights by validation, resumable after any kill."""

import math
import time
import warnings
from copy import deepcopy

import pandas as pd
import torch
from tqdm import tqdm

from snlib.files.tensors import read_tensors, write_tensors
from snlib.random_streams import torch_stream
from snlib.training.draws import draw_block, draw_noise, spread_pixels
from snlib.training.steps import BLOCK, Steps, new_fabric, new_optimiser

__all__ = ["learning_rate", "mean_loss", "require_equal_shares", "train"]

# Evaluate so often in a run, a short one at least every so many steps; save that often at least.
_N_EVALUATIONS, _MOST_EVALUATIONS, _MOST_STEPS_BETWEEN = 20, 100, 500
_MOST_SECONDS_UNSAVED = 60
_VALIDATION_BATCH = 256  # the same on every device: InfoNCE depends on it


def learning_rate(recipe, step, n_steps):
    """Learning rate at a step: constant, or a cosine rise over 30 % and a cosine fall (OneCycle)."""
    if recipe.schedule == "constant":
        return recipe.learning_rate
    peak = max(1.0, 0.3 * n_steps)
    if step < peak:
        fraction = 0.04 + 0.96 * (1 - math.cos(math.pi * step / peak)) / 2
    else:
        fraction = (1 + math.cos(math.pi * (step - peak) / max(1.0, n_steps - peak))) / 2
    return recipe.learning_rate * fraction


def train(model, train_pairs, validation_pairs, n_steps, seed, checkpoint=None, run=None, fabric=None):
    """Minimise the model's loss, and leave it with the weights that its recipe keeps, ready for use.

    All randomness of a step (batch, latent samples, wavelengths, hidden points) is drawn on the CPU
    from a stream of its own, seeded by the seed and the step; so an interrupted run goes on as if
    it had never stopped, and on every device the same numbers are drawn.  What is dropped out is
    drawn on the device, by a stream of each block of steps.

    Parameters
    ----------
    model : torch.nn.Module
        One of `snlib.model.registry.MODELS`.
    train_pairs, validation_pairs : snlib.data.batches.Pairs
        On the model's device.
    n_steps : int
    seed : int
    checkpoint : path, optional
        Written at each evaluation and once a minute, and resumed from if it is whole and of the same run;
        with a warning if it is not.
    run : JSON, optional
        What else, beside recipe, steps and seed, tells one run from another (data, code).
    fabric : lightning_fabric.Fabric, optional
        See `snlib.training.steps.new_fabric`; by default one process on the model's device.

    Returns
    -------
    pandas.DataFrame
        Columns ``step, learning_rate, train_loss, validation_loss, seconds``: losses a pair, the
        first averaged over the steps since the last row.

    Raises
    ------
    FloatingPointError
        If a loss is not finite; the message names the step and its pairs.
    ValueError
        If a batch cannot be shared equally among the processes.
    """
    recipe, optimiser = model.recipe, new_optimiser(model)
    fabric = fabric or new_fabric(train_pairs.flux.device.type)
    require_equal_shares(recipe, train_pairs, fabric)
    run = {"recipe": recipe.to_dict(), "n_steps": n_steps, "seed": seed, "run": run}
    state = _State(model, optimiser, run, checkpoint)
    steps = Steps(fabric, model, optimiser, train_pairs)
    every = evaluation_interval(n_steps)

    def prepare(first):
        stop = min(first + BLOCK, first - first % every + every, n_steps)
        rates = [learning_rate(recipe, step, n_steps) for step in range(first, stop)]
        return draw_block(model, train_pairs, first, stop, seed) if rates else None, rates

    shown, silent = {}, not fabric.is_global_zero
    with tqdm(total=n_steps, initial=state.step, desc="train", mininterval=2, disable=silent) as progress:
        draws, rates = prepare(state.step)
        while rates:
            with torch_stream("dropout", seed, state.step, fabric.global_rank):
                steps.start(draws, rates)
            upcoming = prepare(state.step + len(rates))  # meanwhile, on CUDA
            losses = steps.losses(len(rates))
            state.add(losses, draws.index)
            shown["loss"] = f"{losses.mean():.4g}"
            progress.update(len(rates))
            if state.step % every == 0 or state.step == n_steps:
                state.record(rates[-1], mean_loss(model, validation_pairs, seed))
                shown["validation"] = f"{state.history[-1]['validation_loss']:.4g}"
            progress.set_postfix(shown, refresh=False)
            if fabric.is_global_zero:
                state.save()
            draws, rates = upcoming
    if recipe.keeps == "best":
        model.load_state_dict(state.best)
    model.eval()
    return pd.DataFrame(state.history)


def require_equal_shares(recipe, pairs, fabric):
    """Refuse a number of processes that does not divide the pairs of a batch."""
    batch = min(recipe.batch_size, len(pairs))
    if batch % fabric.world_size:
        raise ValueError(f"{fabric.world_size} processes cannot share equally in batches of {batch}")


def evaluation_interval(n_steps):
    """Steps between evaluations: about 20 of a short run, 100 of a long one."""
    return max(1, n_steps // _MOST_EVALUATIONS, min(n_steps // _N_EVALUATIONS, _MOST_STEPS_BETWEEN))


@torch.no_grad()
def mean_loss(model, pairs, seed):
    """Mean loss over pairs: the same random numbers at every call, on any device.

    Decodes as many wavelengths as a training step, but spread evenly.
    """
    device = pairs.flux.device
    noise = draw_noise(model, len(pairs), seed).to(device)
    pixels = spread_pixels(pairs.flux.shape[-1], model.recipe.n_wavelengths).to(device)
    training = model.training
    model.eval()
    losses = [
        model(pairs.take(index), noise[:, :, index], pixels)
        for index in torch.arange(len(pairs), device=device).split(_VALIDATION_BATCH)
    ]
    model.train(training)
    return torch.cat(losses).mean().item()


class _State:
    """What a training run carries along, saved in one file: weights, place, history, best weights."""

    def __init__(self, model, optimiser, run, path):
        self.model, self.optimiser, self.run, self.path = model, optimiser, run, path
        self.step, self.history, self.best = 0, [], _copy(model)
        self.losses = 0.0  # sum over the steps since the last row of the history
        seconds = 0.0
        if path is not None and path.is_file():
            seconds = self._resume()
        self.started = time.monotonic() - seconds
        self.saved = time.monotonic()

    @property
    def seconds(self):
        return time.monotonic() - self.started

    def add(self, losses, index):
        """Count a block of steps, or stop at the first loss that is not finite."""
        for loss, pairs in zip(losses.tolist(), index, strict=True):
            if not math.isfinite(loss):
                raise FloatingPointError(f"step {self.step}: the loss is {loss} for pairs {pairs.tolist()}")
            self.losses += loss
            self.step += 1

    def record(self, rate, validation_loss):
        """Add a row to the history; keep the weights if they are the best so far."""
        if validation_loss < min((row["validation_loss"] for row in self.history), default=math.inf):
            self.best = _copy(self.model)
        since = self.history[-1]["step"] if self.history else 0
        self.history.append(
            {
                "step": self.step,
                "learning_rate": rate,
                "train_loss": self.losses / (self.step - since),
                "validation_loss": validation_loss,
                "seconds": self.seconds,
            }
        )
        self.losses = 0.0

    def save(self):
        """Write the checkpoint, if there is a new row or the last one is old."""
        recorded = bool(self.history) and self.history[-1]["step"] == self.step
        if self.path is None or not (recorded or time.monotonic() - self.saved > _MOST_SECONDS_UNSAVED):
            return
        place = {name: getattr(self, name) for name in ("run", "step", "losses", "seconds", "history")}
        write_tensors(self.path, self._tensors(), place)
        self.saved = time.monotonic()

    def _tensors(self):
        tensors = {f"model.{name}": tensor for name, tensor in self.model.state_dict().items()}
        tensors |= {f"best.{name}": tensor for name, tensor in self.best.items()}
        for index, moments in self.optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser.{index}.{name}": tensor for name, tensor in moments.items()}
        return tensors

    def _resume(self):
        """Take over a checkpoint of the same run; returns its seconds."""
        try:
            tensors, place = read_tensors(self.path)
            if not isinstance(place, dict) or place.get("run") != self.run:
                raise ValueError(f"{self.path}: of another training: other data, settings or code")
        except ValueError as error:
            warnings.warn(f"{error}; the training starts afresh, and replaces it", stacklevel=4)
            return 0.0
        parts = {"model": {}, "best": {}, "optimiser": {}}
        for name, tensor in tensors.items():
            part, key = name.split(".", 1)
            parts[part][key] = tensor
        self.model.load_state_dict(parts["model"])
        self.best = parts["best"]
        self.step, self.losses, self.history = place["step"], place["losses"], place["history"]
        state = self.optimiser.state_dict()
        for name, tensor in parts["optimiser"].items():
            index, key = name.split(".")
            state["state"].setdefault(int(index), {})[key] = tensor
        self.optimiser.load_state_dict(state)
        return place["seconds"]


def _copy(model):
    return deepcopy(model.state_dict())
