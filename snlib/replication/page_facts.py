"""What is known of an executed chapter: how it was executed, and from what it was computed.

All of it is recorded: by papermill and by `snlib.replication.executed` in the metadata of the notebook.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from snlib.model.heads import HEADS
from snlib.model.registry import MODELS
from snlib.replication.executed import KEY
from snlib.replication.tables import NO_RECIPE

__all__ = ["PageFacts", "Training", "read_facts", "training_of"]

_MODELS = "|".join(sorted((*MODELS, *HEADS), key=len, reverse=True))  # a head begins with its model's name
_OF_TRAINING = "(?P<recipe>[a-z][a-z0-9-]*)"
_WEIGHTS = re.compile(rf".*/(?P<what>{_MODELS})-{_OF_TRAINING}-seed(?P<seed>\d+)\.safetensors")
_TABLE = re.compile(rf".*/{_OF_TRAINING}/seed(?P<seed>\d+)/(?P<what>\w+)\.(csv\.gz|npz)")


@dataclass(frozen=True)
class Training:
    """A training whose weights or results a file holds.

    Attributes
    ----------
    recipe : str
        Or "none", for results that depend on no model.
    seed : int
    what : str
        The model, or the table of results.
    """

    recipe: str
    seed: int
    what: str

    @property
    def is_model(self):
        """Whether it holds a model, and not results."""
        return self.what in (*MODELS, *HEADS)


def training_of(file):
    """The training that a file is of, by its name; None if it is of none."""
    found = _WEIGHTS.fullmatch(file) or _TABLE.fullmatch(file)
    return Training(found["recipe"], int(found["seed"]), found["what"]) if found else None


@dataclass(frozen=True)
class PageFacts:
    """How a chapter was executed, and what it opened.

    Attributes
    ----------
    name : str
        Of the notebook.
    parameters : dict
        ``profile, device, seed, published_sample``, as papermill was given them.
    started : datetime
    seconds : float
    commit : str
        Empty where there was no repository.
    versions : dict of str to str
        Of Python and of packages.
    runs : dict of str to str
        By the folder of each run that was opened, its device: "cpu", or the name of a GPU.
    files : tuple of str
        What was read or made: below "data/" what is committed, below "generated/" what runs keep.
    """

    name: str
    parameters: dict
    started: datetime
    seconds: float
    commit: str
    versions: dict
    runs: dict
    files: tuple

    @property
    def run(self):
        """The folder of the run that the page belongs to."""
        return f"{self.parameters['profile']}-seed{self.parameters['seed']}{self._published}"

    @property
    def _published(self):
        return "-published" if self.parameters["published_sample"] else ""

    @property
    def is_of_run(self):
        """Whether the page shows the run that it belongs to, and not only what is committed."""
        return self.run in self.runs

    @property
    def device(self):
        """Where it was computed; only what a run trains or predicts leaves the processor."""
        return next((device for device in self.runs.values() if device != "cpu"), "cpu")

    @property
    def committed(self):
        """The committed files that it read."""
        return tuple(file for file in self.files if file.startswith("data/"))

    @property
    def trainings(self):
        """The trainings of the run and of its repeats that it shows."""
        of_run = (f"generated/{self.run}/", f"data/results/{self.parameters['profile']}{self._published}/")
        weights = f"data/weights/{self.parameters['profile']}/"
        found = [training_of(file) for file in self.files if file.startswith((*of_run, weights))]
        return tuple(training for training in found if training) if self.is_of_run else ()

    @property
    def repeats(self):
        """Seeds of the trainings beside the run's own."""
        seeds = {training.seed for training in self.trainings}
        return tuple(sorted(seeds - {self.parameters["seed"]}))

    @property
    def recipes(self):
        """Recipes whose weights or results it read or made."""
        found = {training.recipe for file in self.files if (training := training_of(file))}
        return tuple(sorted(found - {NO_RECIPE}))


def read_facts(name, metadata):
    """What the metadata of an executed notebook say.

    Parameters
    ----------
    name : str
        Of the notebook; for messages.
    metadata : dict

    Returns
    -------
    PageFacts

    Raises
    ------
    ValueError
        If papermill or `snlib.replication.executed` has not left its record.
    """
    try:
        executed, known = metadata["papermill"], metadata[KEY]
        return PageFacts(
            name,
            executed["parameters"],
            datetime.fromisoformat(executed["start_time"]),
            executed["duration"],
            known["commit"],
            known["versions"],
            known["runs"],
            tuple(sorted({*known["read"], *known["made"]})),
        )
    except KeyError as error:
        raise ValueError(f"{name}: does not say how it was executed: no {error}; execute it again") from error
