"""What a training carries along and goes on from: weights, moments, place, histories, best weights."""

import math
import time
import warnings

import torch

from snlib.files.tensors import read_tensors, write_tensors

__all__ = ["State"]

_MOST_SECONDS_UNSAVED = 60


class State:
    """The state of one or more models that are trained at the same time, saved in one file.

    In the file each tensor has a leading dimension for the seeds, so that any of them can go on from it.

    Parameters
    ----------
    stack : snlib.training.stack.InTurn or snlib.training.stack.Together
        The models and their optimisers.
    run : JSON
        What tells one run from another, but for the seeds.
    seeds : sequence of int
    path : path or None
        Of the checkpoint: resumed from if it is whole, of the same run and has all these seeds.
    """

    def __init__(self, stack, run, seeds, path):
        self.stack, self.run, self.seeds, self.path = stack, run, list(seeds), path
        self.step, self.histories = 0, [[] for _ in seeds]
        self.best = [_copy(model) for model in stack.models]
        self.losses = [0.0] * len(seeds)  # sums over the steps since the last row of the histories
        seconds = 0.0
        if path is not None and path.is_file():
            seconds = self._resume()
        self.started = time.monotonic() - seconds
        self.saved = time.monotonic()

    @property
    def seconds(self):
        """How long the training took, all its parts together."""
        return time.monotonic() - self.started

    def add(self, losses, draws):
        """Count a block of steps, or stop at the first loss that is not finite."""
        for i, of_step in enumerate(losses.tolist()):
            for seed, loss, of_seed in zip(self.seeds, of_step, draws, strict=True):
                if not math.isfinite(loss):
                    where = f"step {self.step}" if len(self.seeds) == 1 else f"seed {seed}, step {self.step}"
                    raise FloatingPointError(
                        f"{where}: the loss is {loss} for pairs {of_seed.index[i].tolist()}"
                    )
            self.losses = [total + loss for total, loss in zip(self.losses, of_step, strict=True)]
            self.step += 1

    def record(self, rate, validation_losses, watched):
        """Add a row to each history, with what was watched; keep the weights that are the best so far."""
        for seed, validation_loss in enumerate(validation_losses):
            history = self.histories[seed]
            if validation_loss < min((row["validation_loss"] for row in history), default=math.inf):
                self.best[seed] = _copy(self.stack.models[seed])
            since = history[-1]["step"] if history else 0
            history.append(
                {
                    "step": self.step,
                    "learning_rate": rate,
                    "train_loss": self.losses[seed] / (self.step - since),
                    "validation_loss": validation_loss,
                    "seconds": self.seconds,
                    **watched[seed],
                }
            )
            self.losses[seed] = 0.0

    def save(self):
        """Write the checkpoint, if there is a new row or the last one is old."""
        recorded = bool(self.histories[0]) and self.histories[0][-1]["step"] == self.step
        if self.path is None or not (recorded or time.monotonic() - self.saved > _MOST_SECONDS_UNSAVED):
            return
        names = ("run", "seeds", "step", "losses", "seconds", "histories")
        write_tensors(self.path, self._tensors(), {name: getattr(self, name) for name in names})
        self.saved = time.monotonic()

    def _tensors(self):
        tensors = {f"optimiser.{name}": tensor for name, tensor in self.stack.moments().items()}
        of_part = {"model": [model.state_dict() for model in self.stack.models], "best": self.best}
        for part, states in of_part.items():
            for name in states[0]:
                tensors[f"{part}.{name}"] = torch.stack([state[name] for state in states])
        return tensors

    def _device(self):
        return next(self.stack.models[0].parameters()).device

    def _resume(self):
        """Take over the seeds of a checkpoint of the same run; returns its seconds."""
        try:
            tensors, place = read_tensors(self.path)
            same = isinstance(place, dict) and place.get("run") == self.run
            if not same or not set(self.seeds) <= set(place["seeds"]):
                raise ValueError(f"{self.path}: of another training: other data, settings or code")
        except ValueError as error:
            warnings.warn(f"{error}; the training starts afresh, and replaces it", stacklevel=4)
            return 0.0
        rows = [place["seeds"].index(seed) for seed in self.seeds]
        parts, device = {"model": {}, "best": {}, "optimiser": {}}, self._device()
        for name, tensor in tensors.items():
            part, key = name.split(".", 1)
            parts[part][key] = tensor[rows].to(device)
        for i, model in enumerate(self.stack.models):
            model.load_state_dict({name: tensor[i] for name, tensor in parts["model"].items()})
            self.best[i] = {name: tensor[i] for name, tensor in parts["best"].items()}
        self.stack.take_moments(parts["optimiser"])
        self.step = place["step"]
        self.losses, self.histories = ([place[name][row] for row in rows] for name in ("losses", "histories"))
        return place["seconds"]


def _copy(model):
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}
