"""Training: AdamW on a bound, the best weights by validation, resumable after any kill."""

import math
import time
from copy import deepcopy
from dataclasses import replace

import numpy as np
import pandas as pd
import torch
from tqdm import tqdm

from snlib.weights import read_tensors, write_tensors

__all__ = ["hide_points", "learning_rate", "mean_bound", "train"]

# Evaluate and save this often in a run, and at least every so many steps: minutes on a CPU.
_N_EVALUATIONS, _MOST_STEPS_UNSAVED = 20, 500


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


def train(model, train_pairs, validation_pairs, n_steps, seed, checkpoint=None, run=None):
    """Maximise the model's bound, and leave it with the weights of the best validation bound.

    All randomness of a step (batch, latent samples, wavelengths) is drawn from a stream of its
    own, seeded by the seed and the step; so an interrupted run goes on as if it had never stopped.

    Parameters
    ----------
    model : MMVAE
    train_pairs, validation_pairs : snlib.dataset.Pairs
    n_steps : int
    seed : int
    checkpoint : path, optional
        Written at each evaluation, and resumed from if it is of the same run.
    run : JSON, optional
        What else, beside recipe, steps and seed, tells one run from another (data, code).

    Returns
    -------
    pandas.DataFrame
        Columns ``step, learning_rate, train_bound, validation_bound, seconds``: bounds in nats
        per pair, the first averaged over the steps since the last row.

    Raises
    ------
    FloatingPointError
        If the loss is not finite; the message names the step.
    ValueError
        If the checkpoint is damaged.
    """
    recipe = model.recipe
    optimiser = torch.optim.AdamW(model.parameters(), lr=recipe.learning_rate)
    run = {"recipe": recipe.to_dict(), "n_steps": n_steps, "seed": seed, "run": run}
    state = _State(model, optimiser, run, checkpoint)
    every = max(1, min(n_steps // _N_EVALUATIONS, _MOST_STEPS_UNSAVED))
    started, bounds = time.monotonic() - state.seconds, []
    progress = tqdm(total=n_steps, initial=state.step, desc=f"train {recipe.name}", mininterval=2)
    with torch.random.fork_rng(), progress:
        for step in range(state.step, n_steps):
            bounds.append(_step(model, optimiser, train_pairs, step, n_steps, seed))
            progress.update()
            if (step + 1) % every and step + 1 < n_steps:
                continue
            row = {
                "step": step + 1,
                "learning_rate": learning_rate(recipe, step, n_steps),
                "train_bound": sum(bounds) / len(bounds),
                "validation_bound": mean_bound(model, validation_pairs, seed),
                "seconds": time.monotonic() - started,
            }
            progress.set_postfix(bound=f"{row['validation_bound']:.1f}")
            state.record(row)
            bounds = []
    model.load_state_dict(state.best)
    return pd.DataFrame(state.history)


def _step(model, optimiser, pairs, step, n_steps, seed):
    """One optimiser step; returns the mean bound of its batch."""
    recipe = model.recipe
    for group in optimiser.param_groups:
        group["lr"] = learning_rate(recipe, step, n_steps)
    index = _batch(len(pairs), recipe.batch_size, step, seed)
    torch.manual_seed(_stream(seed, 1, step))
    photometry, spectrum = pairs.take(index)
    photometry = hide_points(photometry, recipe.hidden_points)
    loss = -model.bound(photometry, spectrum, recipe.n_wavelengths).mean()
    if not torch.isfinite(loss):
        raise FloatingPointError(f"step {step}: the loss is {loss.item()} for pairs {index.tolist()}")
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    if recipe.clip_norm is not None:
        torch.nn.utils.clip_grad_norm_(model.parameters(), recipe.clip_norm)
    optimiser.step()
    return -loss.item()


def hide_points(photometry, most):
    """Hide a random share of the points of each light curve, uniform in 0 to `most`.

    Few light curves become many, and the encoder learns what little data cannot tell.
    """
    if most == 0:
        return photometry
    draw = torch.rand_like(photometry.value)
    share = most * torch.rand_like(photometry.value[:, :1])
    return replace(photometry, observed=photometry.observed & (draw >= share))


def _stream(seed, *path):
    """A seed for one stream of random numbers."""
    return int(np.random.SeedSequence((seed, *path)).generate_state(1, np.uint64)[0] >> np.uint64(1))


def _batch(n_pairs, batch_size, step, seed):
    """The pairs of a step: epochs are permutations, the remainder of each is left out."""
    per_epoch = max(1, n_pairs // batch_size)
    epoch, position = divmod(step, per_epoch)
    generator = torch.Generator().manual_seed(_stream(seed, 2, epoch))
    return torch.randperm(n_pairs, generator=generator)[position * batch_size : (position + 1) * batch_size]


@torch.no_grad()
def mean_bound(model, pairs, seed, batch_size=64):
    """Mean bound over pairs, in nats; the same random numbers at every call."""
    with torch.random.fork_rng():
        torch.manual_seed(_stream(seed, 3))
        bounds = [
            model.bound(*pairs.take(index), model.recipe.n_wavelengths)
            for index in torch.arange(len(pairs)).split(batch_size)
        ]
    return torch.cat(bounds).mean().item()


class _State:
    """What a training run carries along: step, history, best weights; saved in one file."""

    def __init__(self, model, optimiser, run, path):
        self.model, self.optimiser, self.run, self.path = model, optimiser, run, path
        self.history, self.best = [], deepcopy(model.state_dict())
        if path is not None and path.is_file():
            self._resume()

    @property
    def step(self):
        return self.history[-1]["step"] if self.history else 0

    @property
    def seconds(self):
        return self.history[-1]["seconds"] if self.history else 0.0

    def record(self, row):
        if row["validation_bound"] > max((r["validation_bound"] for r in self.history), default=-math.inf):
            self.best = deepcopy(self.model.state_dict())
        self.history.append(row)
        if self.path is not None:
            write_tensors(self.path, self._tensors(), {"run": self.run, "history": self.history})

    def _tensors(self):
        tensors = {f"model.{name}": tensor for name, tensor in self.model.state_dict().items()}
        tensors |= {f"best.{name}": tensor for name, tensor in self.best.items()}
        for index, moments in self.optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser.{index}.{name}": tensor for name, tensor in moments.items()}
        return tensors

    def _resume(self):
        tensors, metadata = read_tensors(self.path)
        if not isinstance(metadata, dict) or metadata.get("run") != self.run:
            return  # of other data or older code: start afresh, and replace it
        parts = {"model": {}, "best": {}, "optimiser": {}}
        for name, tensor in tensors.items():
            part, key = name.split(".", 1)
            parts[part][key] = tensor
        self.model.load_state_dict(parts["model"])
        self.best = parts["best"]
        self.history = metadata["history"]
        state = self.optimiser.state_dict()
        for name, tensor in parts["optimiser"].items():
            index, key = name.split(".")
            state["state"].setdefault(int(index), {})[key] = tensor
        self.optimiser.load_state_dict(state)
