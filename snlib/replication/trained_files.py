"""Trained models on disk: what is in a file, and whether it is what is wanted."""

import warnings
from dataclasses import dataclass

import pandas as pd
import torch

from snlib.model.weights import load_model

__all__ = ["Trained", "load_own", "load_shipped"]


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

    def place(self):
        """Where it was trained: the name of the GPU, if on one."""
        return self.provenance.get("card", self.provenance["device"])

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
            "Pairs in a batch": recipe.batch_size,
            "Validation loss": f"{best['validation_loss']:.4g}",
            "Step of the stored weights": f"{int(best['step']):,} of {int(self.history['step'].iloc[-1]):,}",
            "Training time [min]": f"{self.seconds() / 60:.0f}",
            "Device": self.provenance["device"],
        }


def _load(path, device):
    """What lies in a file of weights, and from what it was made."""
    saved = load_model(path, device)
    return Trained(saved.model.eval(), saved.history, saved.provenance), saved.provenance.get("made_from")


def load_shipped(path, recipe, wanted, device):
    """Committed weights if they are what is wanted, else None; the code that made them does not matter."""
    if not path.is_file():
        return None
    shipped, made_from = _load(path, device)
    same = isinstance(made_from, dict) and wanted.items() <= made_from.items()
    return shipped if same and shipped.model.recipe == recipe else None


def load_own(path, wanted, device):
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
