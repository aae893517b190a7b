"""Real radiative transfer in five folds: nothing that judges a model has seen it, the surrogate included.

Each fold's surrogate is fitted to the other four fifths of the real models, events are simulated from
it, and every model is trained on these.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from snlib.data.dataset import make_dataset, split_events, without_late_points
from snlib.data.events import Events
from snlib.data.published_sample import PublishedSample
from snlib.inference.samplers import REAL_MAGNITUDE_SCALE
from snlib.random_streams import stream
from snlib.replication.cache import make_unless_kept
from snlib.replication.profiles import PROFILES
from snlib.replication.run import Run
from snlib.replication.sources import SurrogateEvents
from snlib.replication.stages import digest
from snlib.replication.trained import train_or_load
from snlib.simulation.surrogate import Surrogate
from snlib.simulation.surrogate_fit import fit_with_residuals
from snlib.simulation.surrogate_grid import SurrogateGrid
from snlib.training.steps import new_fabric

__all__ = ["N_FOLDS", "PROFILE", "Fold", "FoldEvents", "real_folds", "train_folds"]

N_FOLDS = 5
PROFILE = replace(PROFILES["full"], name="folds", n_steps=12_000)  # the paper's number of events
# Enough for each to stop learning, but for the recipe "text".
_FEWER_STEPS = {"spectrum-vae": 3000, "contrastive": 2000}
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
class FoldEvents(SurrogateEvents):
    """Events simulated from a surrogate that has seen four fifths of the real models.

    Attributes
    ----------
    number : int
        Of the fold.
    seen : Events
        Real models.
    folder : pathlib.Path
        Keeps the surrogate.
    """

    number: int
    seen: Events
    folder: Path
    words = "simulated events (a surrogate of the real models of the other folds, seen by Rubin)"

    @cached_property
    def surrogate(self):
        """The surrogate fitted to the models that are seen."""
        path = self.folder / "surrogate.npz"
        made_from = {"seen": self.seen.digest(), "code": digest("events")}
        make_unless_kept([path], made_from, lambda: fit_with_residuals(self.seen).save(path))
        return Surrogate.load(path)

    def made_from(self, n_events, seed):
        """All that decides the events (JSON)."""
        return super().made_from(n_events, seed) | {"fold": self.number, "seen": self.seen.digest()}

    def grid(self):
        """Models drawn from the fold's surrogate."""
        return SurrogateGrid(self.surrogate)


@dataclass(frozen=True, kw_only=True)
class Fold(Run):
    """A run on the events of a fold, and the real models that it has not seen.

    Attributes
    ----------
    unseen : Events
        Real models; their light curves end at +60 d, like those that models train on.
    sample : snlib.data.published_sample.PublishedSample
        All the real models.
    """

    unseen: Events
    sample: PublishedSample
    magnitude_scale = REAL_MAGNITUDE_SCALE

    @property
    def number(self):
        """From 0."""
        return self.source.number

    @property
    def seen(self):
        """Real models that the surrogate, and the fine-tuning, have seen."""
        return self.source.seen

    @property
    def surrogate(self):
        """The surrogate fitted to the models that are seen."""
        return self.source.surrogate

    @property
    def published(self):
        """The published sample."""
        return self.sample

    def n_steps(self, model, recipe, n_pairs):
        """Optimiser steps of a model."""
        return _FEWER_STEPS.get(model, self.profile.n_steps)

    def fine_tuning_split(self):
        """Indices of the real models that are seen, by their part in the fine-tuning."""
        return split_events(len(self.seen), self.seed, _FINE_TUNING_SPLIT)

    def fine_tuned(self, recipe):
        """An MMVAE trained on simulated events, and then on the real models that are seen.

        Seven of these choose the best weights, two are not used; the scaling stays as it was.

        Returns
        -------
        snlib.replication.trained_files.Trained
        """
        start, real = self.trained("mmvae", recipe), make_dataset(self.seen, self.fine_tuning_split())
        return train_or_load(
            "mmvae",
            replace(start.model.recipe, **_FINE_TUNING),
            replace(real, scaling=self.dataset().scaling),
            _FINE_TUNING_STEPS,
            self.seed,
            self.folder,
            new_fabric(self.device),
            start=start,
        )


def real_folds(published, folder, device="cpu"):
    """Split real models into five folds.

    Parameters
    ----------
    published : snlib.data.published_sample.PublishedSample
    folder : path
        Gets a folder for each.
    device : {"cpu", "cuda"}

    Returns
    -------
    list of Fold
    """
    events = published.events
    number = stream("fits", 0).permutation(len(events)) % N_FOLDS
    folds = []
    for k in range(N_FOLDS):
        of_fold = Path(folder) / f"fold{k}"
        source = FoldEvents(k, events.select(number != k), of_fold)
        unseen = without_late_points(events.select(number == k))
        folds.append(Fold(PROFILE, device, _FIRST_SEED + k, of_fold, source, unseen=unseen, sample=published))
    return folds


def train_folds(folds):
    """Train all that the folds' simulated events are needed for, on any device; later it is loaded.

    Parameters
    ----------
    folds : list of Fold
    """
    for fold in folds:
        for model, recipe in _TRAINED:
            fold.trained(model, recipe)
