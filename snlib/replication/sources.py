"""Where the events of a run come from: the embedded surrogate, or the published sample."""

import os
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from snlib.data.dataset import SPLIT_FRACTIONS
from snlib.data.published_sample import read_published_sample
from snlib.replication.cache import file_digest
from snlib.replication.stages import digest
from snlib.simulation.simulator import simulate

__all__ = ["PublishedModels", "SurrogateEvents"]

_WORTH_A_PROCESS = 500  # events: so many take as long as a process to start


@dataclass(frozen=True)
class SurrogateEvents:
    """Events simulated from a surrogate, by default the embedded one.

    Attributes
    ----------
    words : str
        For the pages.
    fractions : dict of str to float
        Of the parts of the split.
    """

    words = "simulated events (the embedded surrogate, seen by Rubin)"
    fractions = SPLIT_FRACTIONS

    def made_from(self, n_events, seed):
        """All that decides the events (JSON)."""
        return {"source": "surrogate", "n_events": n_events, "seed": seed, "code": digest("events")}

    def grid(self):
        """Models as `snlib.simulation.simulator.simulate` takes them; None for the embedded ones."""
        return None

    def make(self, n_events, seed):
        """Simulate the events.

        Parameters
        ----------
        n_events, seed : int

        Returns
        -------
        Events
        """
        workers = max(1, min(os.cpu_count() or 1, n_events // _WORTH_A_PROCESS))
        events = simulate(n_events, seed, self.grid(), workers=workers)
        return replace(events, provenance=self.made_from(n_events, seed))


@dataclass(frozen=True)
class PublishedModels:
    """The real models of the published sample, as many as there are.

    Attributes
    ----------
    folder : pathlib.Path
        See `snlib.data.published_sample.read_published_sample`.
    words, fractions
        As of `SurrogateEvents`.
    """

    folder: Path
    words = "real Sedona models (the published sample)"
    # With 60 models at hand, one in five is held out.
    fractions = MappingProxyType({"train": 0.7, "validation": 0.1, "test": 0.2})

    def made_from(self, n_events, seed):
        """All that decides the events (JSON): neither number nor seed."""
        files = {path.name: file_digest(path) for path in sorted(self.folder.glob("*.npz"))}
        return {"source": "published sample", "files": files, "code": digest("events")}

    def make(self, n_events, seed):
        """Read the events.

        Returns
        -------
        Events
        """
        return read_published_sample(self.folder).events
