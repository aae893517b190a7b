"""A run: one profile, seed and source of data, and the folder that keeps what it makes.

Every notebook opens a run and asks it for what it needs; what is there and up to date is loaded,
the rest is made.
"""

import os
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import torch

from snlib.data.dataset import SPLIT_FRACTIONS, make_dataset, split_events
from snlib.data.events import Events
from snlib.data.published_sample import read_published_sample
from snlib.files import DATA
from snlib.model.registry import recipe_for
from snlib.replication.profiles import PROFILES, Profile
from snlib.replication.stages import digest
from snlib.replication.trained import train_or_load
from snlib.simulation.simulate import simulate
from snlib.training.steps import new_fabric, use_one_core

__all__ = ["Run", "open_run"]

# With 60 models at hand, one in five is held out.
_PUBLISHED_FRACTIONS = {"train": 0.7, "validation": 0.1, "test": 0.2}


@dataclass(frozen=True)
class Run:
    """What a notebook works on; see `open_run`."""

    profile: Profile
    device: str
    seed: int
    published_sample: Path | None
    folder: Path

    def source(self):
        """Words for the page: where the supernovae come from."""
        if self.published_sample:
            return "real Sedona models (the published sample)"
        return "simulated events (the embedded surrogate, seen by Rubin)"

    def banner(self):
        """First words of a page that trains models: what they were trained on, and for how long."""
        return (
            f"This page was computed from **{self.source()}**, profile `{self.profile.name}` "
            f"({self.profile.n_steps:,} optimiser steps a model), seed {self.seed}."
        )

    def events(self):
        """The events of the run: the published sample, or surrogate events.

        Returns
        -------
        Events
        """
        path = self.folder / "events.npz"
        made_from = {"source": "surrogate", "n_events": self.profile.n_events, "seed": self.seed}
        made_from["code"] = digest("events")
        if self.published_sample:
            events = read_published_sample(self.published_sample).events
        elif path.is_file() and (events := Events.load(path)).provenance == made_from:
            return events
        else:
            events = replace(simulate(self.profile.n_events, self.seed), provenance=made_from)
        events.save(path)
        return events

    def dataset(self):
        """The events, cut at +60 d, split and scaled.

        Returns
        -------
        snlib.data.dataset.Dataset
        """
        return self._dataset

    @cached_property
    def _dataset(self):
        events = self.events()
        fractions = _PUBLISHED_FRACTIONS if self.published_sample else SPLIT_FRACTIONS
        return make_dataset(events, split_events(len(events), self.seed, fractions))

    def trained(self, model, recipe):
        """A model of a recipe, trained on this run's training events.

        Parameters
        ----------
        model : str
            A name in `snlib.model.registry.MODELS`.
        recipe : str
            A name in `snlib.model.recipes.RECIPES`.

        Returns
        -------
        snlib.replication.trained.Trained
        """
        return train_or_load(
            model,
            recipe_for(model, recipe),
            self.dataset(),
            self.profile.n_steps,
            self.seed,
            self.folder,
            new_fabric(self.device),
        )

    def results_name(self):
        """The folder of its committed results, in ``data/results``."""
        return f"{self.profile.name}{'-published' if self.published_sample else ''}"


def open_run(profile="smoke", device="cpu", seed=0, published_sample=""):
    """Open a run from the parameters of a notebook.

    Parameters
    ----------
    profile : str
        A name in `snlib.replication.profiles.PROFILES`.
    device : {"auto", "cpu", "cuda"}
    seed : int
    published_sample : str
        Folder of the published sample; empty to work on surrogate events.

    Returns
    -------
    Run
        Keeps its files in ``data/generated/<profile>-seed<seed>[-published]`` (``SNLIB_GENERATED``
        moves ``data/generated``).  On the CPU the process works with one thread from now on, and
        keeps the memory it frees.

    Raises
    ------
    ValueError
        If a parameter has no such value.
    """
    if profile not in PROFILES:
        raise ValueError(f"profile is {profile!r}, expected one of {list(PROFILES)}")
    if device not in ("auto", "cpu", "cuda"):
        raise ValueError(f"device is {device!r}, expected 'auto', 'cpu' or 'cuda'")
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    elif device == "cuda" and not torch.cuda.is_available():
        raise ValueError("device is 'cuda', but there is no CUDA device here")
    if device == "cpu":
        use_one_core()
    sample = Path(published_sample).resolve() if published_sample else None
    generated = Path(os.environ.get("SNLIB_GENERATED", DATA / "generated"))
    folder = generated / f"{profile}-seed{seed}{'-published' if sample else ''}"
    return Run(PROFILES[profile], device, seed, sample, folder)
