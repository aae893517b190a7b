"""Real radiative transfer in five folds: nothing that judges a model has seen it, the surrogate included.

Each fold's surrogate is fitted to the other four fifths of the real models, events are simulated from
it, and every model is trained on these.
"""

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from snlib.data.dataset import make_dataset, split_events
from snlib.data.events import Events
from snlib.data.quantities import LAST_PHASE_DAYS
from snlib.model.registry import recipe_for
from snlib.replication.stages import digest
from snlib.replication.trained import train_or_load
from snlib.simulation.simulate import simulate
from snlib.simulation.surrogate import Surrogate
from snlib.simulation.surrogate_fit import fit_with_residuals
from snlib.simulation.surrogate_grid import SurrogateGrid

__all__ = ["N_EVENTS", "N_FOLDS", "Fold", "real_folds", "train_folds"]

N_FOLDS = 5
N_EVENTS = 4500  # the paper's number
# Enough for each to stop learning, but for the recipe "text".
_N_STEPS = {"mmvae": 12_000, "predictive-mmvae": 12_000, "spectrum-vae": 3000, "contrastive": 2000}
# Few steps with a small rate: 40 real models are soon learned by heart.
_FINE_TUNING_STEPS = 600
_FINE_TUNING = {"name": "fine-tuned", "learning_rate": 3e-4, "batch_size": 16}
_FINE_TUNING_SPLIT = {"train": 0.8, "validation": 0.15, "test": 0.05}
_FIRST_SEED = 100  # unlike those of other runs
# What is trained for each fold on simulated events: model and recipe.
_TRAINED = (
    ("mmvae", "large"),
    ("predictive-mmvae", "large"),
    ("mmvae", "text"),
    ("spectrum-vae", "improved"),
    ("contrastive", "improved"),
)


@dataclass(frozen=True)
class Fold:
    """A fifth of the real models, and all that is made without it.

    Attributes
    ----------
    number : int
    seen, unseen : Events
        Real models; the light curves of those unseen end at +60 d, like those that models train on.
    folder : pathlib.Path
        Keeps what is made.
    """

    number: int
    seen: Events
    unseen: Events
    folder: Path

    @cached_property
    def surrogate(self):
        """The surrogate fitted to the models that are seen."""
        path = self.folder / f"surrogate-{self._key}.npz"
        if not path.is_file():
            fit_with_residuals(self.seen).save(path)
        return Surrogate.load(path)

    @cached_property
    def _key(self):
        return hashlib.sha256((self.seen.digest() + digest("events")).encode()).hexdigest()[:12]

    def simulated(self, workers=1):
        """Events simulated from this fold's surrogate."""
        path, seed = self.folder / "events.npz", _FIRST_SEED + self.number
        made_from = {"source": "surrogate", "fold": self.number, "n_events": N_EVENTS, "seed": seed}
        made_from |= {"surrogate": self._key, "code": digest("events")}
        if path.is_file() and (events := Events.load(path)).provenance == made_from:
            return events
        events = simulate(N_EVENTS, seed, SurrogateGrid(self.surrogate), workers=workers)
        events = replace(events, provenance=made_from)
        events.save(path)
        return events

    @cached_property
    def dataset(self):
        """These events, cut at +60 d, split and scaled."""
        return make_dataset(self.simulated(), split_events(N_EVENTS, _FIRST_SEED + self.number))

    def trained(self, model, recipe, fabric=None):
        """A model of a recipe, trained on this fold's simulated events.

        Parameters
        ----------
        model : str
            A name in `snlib.model.registry.MODELS`.
        recipe : str
            A name that `snlib.model.registry.recipe_for` knows.
        fabric : lightning_fabric.Fabric, optional

        Returns
        -------
        snlib.replication.trained.Trained
        """
        settings, seed = recipe_for(model, recipe), _FIRST_SEED + self.number
        return train_or_load(model, settings, self.dataset, _N_STEPS[model], seed, self.folder, fabric)

    def fine_tuning_split(self):
        """Indices of the real models that are seen, by their part in the fine-tuning."""
        return split_events(len(self.seen), _FIRST_SEED + self.number, _FINE_TUNING_SPLIT)

    def fine_tuned(self, recipe):
        """An MMVAE trained on simulated events, and then on the real models that are seen.

        Seven of these choose the best weights, two are not used; the scaling stays as it was.

        Returns
        -------
        snlib.replication.trained.Trained
        """
        start, seed = self.trained("mmvae", recipe), _FIRST_SEED + self.number
        real = make_dataset(self.seen, self.fine_tuning_split())
        return train_or_load(
            "mmvae",
            replace(start.model.recipe, **_FINE_TUNING),
            replace(real, scaling=self.dataset.scaling),
            _FINE_TUNING_STEPS,
            seed,
            self.folder,
            start=start,
        )


def real_folds(events, folder):
    """Split real models into five folds.

    Parameters
    ----------
    events : Events
        See `snlib.data.published_sample.read_published_sample`.
    folder : path
        Gets a folder for each.

    Returns
    -------
    list of Fold
    """
    number = np.random.default_rng(0).permutation(len(events)) % N_FOLDS
    return [
        Fold(k, events.select(number != k), _cut(events.select(number == k)), Path(folder) / f"fold{k}")
        for k in range(N_FOLDS)
    ]


def _cut(events):
    light_curves = events.light_curves
    late = light_curves.phase_days > LAST_PHASE_DAYS
    magnitude = np.where(late, np.nan, light_curves.magnitude)
    return replace(events, light_curves=replace(light_curves, magnitude=magnitude))


def train_folds(folds, fabric):
    """Train all that the folds' simulated events are needed for, on any device; later it is loaded.

    Parameters
    ----------
    folds : list of Fold
    fabric : lightning_fabric.Fabric
    """
    for fold in folds:
        for model, recipe in _TRAINED:
            fold.trained(model, recipe, fabric)
