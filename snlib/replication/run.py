"""A run: one profile, seed and source of events, and the folder that keeps what it makes.

Every notebook opens a run and asks it for what it needs; what is there and up to date is loaded,
the rest is made.
"""

import sys
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import torch

from snlib.data.dataset import make_dataset, split_events
from snlib.data.events import Events
from snlib.data.published_sample import read_published_sample
from snlib.files.places import DATA, generated_folder
from snlib.inference.samplers import REAL_MAGNITUDE_SCALE, SIMULATED_MAGNITUDE_SCALE
from snlib.model.registry import recipe_for
from snlib.replication.cache import make_unless_kept
from snlib.replication.parameters import require_parameters
from snlib.replication.profiles import PROFILES, Profile
from snlib.replication.sources import PublishedModels, SurrogateEvents
from snlib.replication.trained import train_or_load
from snlib.simulation.surrogate import Surrogate
from snlib.training.steps import new_fabric, use_one_core

__all__ = ["Run", "open_run"]


@dataclass(frozen=True)
class Run:
    """What a notebook works on; see `open_run`.

    Attributes
    ----------
    profile : snlib.replication.profiles.Profile
    device : {"cpu", "cuda"}
    seed : int
        Of events, split, weights and training.
    folder : pathlib.Path
        Keeps what the run makes.
    source : SurrogateEvents or PublishedModels
        Where its events come from; see `snlib.replication.sources`.
    shipped : pathlib.Path or None
        Folder of committed weights, which the run takes where they are what it would train.
    repeat : int
        How often `seed` has been trained and judged before, on the same events; see `training_seed`.
    """

    profile: Profile
    device: str
    seed: int
    folder: Path
    source: SurrogateEvents | PublishedModels
    shipped: Path | None = None
    repeat: int = 0

    @property
    def training_seed(self):
        """The seed of weights, of training, and of what is drawn to judge them."""
        return self.seed + self.repeat

    @property
    def recipes(self):
        """Names of the recipes whose MMVAE is judged by this training."""
        return tuple(name for name in self.profile.lengths if self.has("mmvae", name))

    def has(self, model, recipe):
        """Whether a model of a recipe is trained with this seed: fewer repeats are wanted of some."""
        return self.repeat < self.profile.n_seeds(model, recipe)

    def repeats(self):
        """The run itself, and the other trainings on its events that its profile wants.

        Returns
        -------
        list of Run
        """
        n = max((self.profile.n_seeds("mmvae", name) for name in self.profile.lengths), default=0)
        return [replace(self, repeat=number) for number in range(n)]

    @property
    def published_sample(self):
        """Folder of the published sample; None for a run on simulated events."""
        return self.source.folder if isinstance(self.source, PublishedModels) else None

    def events(self):
        """The events of the run.

        Returns
        -------
        Events
        """
        path, size = self.folder / "events.npz", (self.profile.n_events, self.seed)
        made_from = self.source.made_from(*size)
        make_unless_kept([path], made_from, lambda: self.source.make(*size).save(path))
        return Events.load(path)

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
        return make_dataset(events, split_events(len(events), self.seed, self.source.fractions))

    def n_steps(self, model, recipe, n_pairs=None):
        """Optimiser steps of a model; a predictive MMVAE takes fewer once its MMVAE is trained.

        Parameters
        ----------
        model : str
        recipe : snlib.model.recipes.Recipe
        n_pairs : int, optional
            For training; by default those of the run.

        Returns
        -------
        int
        """
        n_pairs = self.dataset().n_train_pairs if n_pairs is None else n_pairs
        return self.profile.steps_of(model, recipe, n_pairs)

    def trained(self, model, recipe):
        """A model of a recipe, trained on this run's training events.

        Parameters
        ----------
        model : str
            A name in `snlib.model.registry.MODELS`, or in `snlib.model.heads.HEADS`.
        recipe : str
            A name that `snlib.model.registry.recipe_for` knows.

        Returns
        -------
        snlib.replication.trained_files.Trained
        """
        settings = recipe_for(model, recipe)
        return train_or_load(
            model,
            settings,
            self.dataset(),
            self.n_steps,
            self.training_seed,
            self.folder,
            new_fabric(self.device),
            shipped=self.shipped,
        )

    @property
    def seen(self):
        """The events whose own spectra may be known: those for training."""
        return self.dataset().part("train")

    @property
    def surrogate(self):
        """The surrogate to invert: the embedded one."""
        return Surrogate.load()

    @property
    def magnitude_scale(self):
        """By how much magnitudes scatter about the surrogate's."""
        return REAL_MAGNITUDE_SCALE if self.published_sample else SIMULATED_MAGNITUDE_SCALE

    @property
    def published(self):
        """The published sample, if the events are its."""
        return read_published_sample(self.published_sample)

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
        Keeps its files in ``<profile>-seed<seed>[-published]`` of `snlib.files.generated_folder`, and
        takes the weights of ``data/weights/<profile>`` where they are what it would train.  On the CPU the
        process works with one thread from now on, and keeps the memory it frees.

    Raises
    ------
    ValueError, FileNotFoundError
        If a parameter has no such value; see `snlib.replication.parameters.require_parameters`.
    """
    require_parameters(profile, device, seed, published_sample)
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cpu":
        use_one_core()
    source = PublishedModels(Path(published_sample).resolve()) if published_sample else SurrogateEvents()
    folder = generated_folder() / f"{profile}-seed{seed}{'-published' if published_sample else ''}"
    sys.audit("snlib.open_run", folder.name, torch.cuda.get_device_name() if device == "cuda" else device)
    return Run(PROFILES[profile], device, seed, folder, source, DATA / "weights" / profile)
