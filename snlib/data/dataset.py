"""Events, their split into training, validation and test, and their scaling."""

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from snlib.data.batches import Pairs
from snlib.data.events import Events
from snlib.data.quantities import LAST_PHASE_DAYS
from snlib.data.scaling import Scaling
from snlib.files.json_files import read_json, write_json
from snlib.random_streams import stream

__all__ = [
    "SPLIT_FRACTIONS",
    "Dataset",
    "make_dataset",
    "read_dataset",
    "split_events",
    "without_late_points",
    "write_dataset",
]

#: Shares of the events for training, validation and testing.
SPLIT_FRACTIONS = {"train": 0.8, "validation": 0.1, "test": 0.1}
_MOST_HELD_OUT = 450  # events in validation or test: more would tell no more, and cost time


@dataclass(frozen=True)
class Dataset:
    """Events, their split and their scaling.

    Attributes
    ----------
    events : Events
        Without light-curve points after `snlib.data.quantities.LAST_PHASE_DAYS`.
    split : dict of str to ndarray of int
        Indices of the "train", "validation" and "test" events, disjoint.
    scaling : Scaling
        Taken from the training events only.
    """

    events: Events
    split: dict
    scaling: Scaling

    def part(self, name):
        """The events of one part of the split.

        Parameters
        ----------
        name : {"train", "validation", "test"}

        Returns
        -------
        Events
        """
        return self.events.select(self.split[name])

    def digest(self):
        """SHA-256 of events and split: equal for equal datasets.

        Returns
        -------
        str
            64 hexadecimal digits.
        """
        split = {name: index.tolist() for name, index in self.split.items()}
        return hashlib.sha256(f"{self.events.digest()} {json.dumps(split)}".encode()).hexdigest()

    @property
    def n_train_pairs(self):
        """How many pairs of a light curve and a spectrum there are for training."""
        return len(self.split["train"]) * self.events.spectra.log10_fnu.shape[1]

    def pairs(self, name, device):
        """Standardised pairs of a light curve and one of its spectra, on a device.

        Parameters
        ----------
        name : {"train", "validation", "test"}
            Part of the split.
        device : str or torch.device

        Returns
        -------
        snlib.data.batches.Pairs
        """
        return Pairs.from_events(self.part(name), self.scaling, device)


def make_dataset(events, split):
    """Cut the light curves and fit the scaling to the training events.

    Parameters
    ----------
    events : Events
    split : dict of str to array of int
        Indices of the "train", "validation" and "test" events; see `split_events`.

    Returns
    -------
    Dataset

    Raises
    ------
    ValueError
        If the parts are not three disjoint sets of events, none of them empty.

    Examples
    --------
    >>> from snlib.data import make_dataset, split_events
    >>> from snlib.simulation import simulate
    >>> dataset = make_dataset(simulate(10, seed=0), split_events(10, seed=0))
    >>> {name: len(index) for name, index in dataset.split.items()}
    {'train': 8, 'validation': 1, 'test': 1}
    """
    if not isinstance(split, dict) or set(split) != set(SPLIT_FRACTIONS):
        raise ValueError(f"split: expected the parts {list(SPLIT_FRACTIONS)}")
    split = {name: _indices(name, values) for name, values in split.items()}
    index = np.concatenate(list(split.values()))
    if len(set(index.tolist())) < len(index) or index.min() < 0 or index.max() >= len(events):
        raise ValueError(f"split: an index is twice there or not one of {len(events)} events")
    events = without_late_points(events)
    return Dataset(events, split, Scaling.fit(events.select(split["train"])))


def _indices(name, values):
    """Indices of events, as they are or in a list from JSON, as an array of int."""
    index = np.asarray(values)
    if index.ndim != 1 or not len(index) or index.dtype.kind not in "iu":
        raise ValueError(f"split: {name!r} is not a row of integers; expected rows, none of them empty")
    if isinstance(values, list) and any(isinstance(value, bool) for value in values):
        raise ValueError(f"split: {name!r} holds true or false, expected integers")
    return index.astype(int)


def without_late_points(events):
    """The same events without light-curve points after `snlib.data.quantities.LAST_PHASE_DAYS`."""
    curves = events.light_curves
    magnitude = np.where(curves.phase_days > LAST_PHASE_DAYS, np.nan, curves.magnitude)
    return replace(events, light_curves=replace(curves, magnitude=magnitude))


def split_events(n_events, seed, fractions=SPLIT_FRACTIONS):
    """Split events at random.

    Parameters
    ----------
    n_events, seed : int
    fractions : dict of str to float
        Of the parts, in order; they sum to one.  No part is left empty, and all but the first have at
        most 450 events.

    Returns
    -------
    dict of str to ndarray of int
        Indices of the events of each part, ascending.

    Raises
    ------
    ValueError
        If there are too few events for the parts.
    """
    n_held_out = [
        max(1, min(round(fraction * n_events), _MOST_HELD_OUT)) for fraction in list(fractions.values())[1:]
    ]
    if sum(n_held_out) >= n_events:
        raise ValueError(f"{n_events} events are too few to split into {list(fractions)}")
    order = stream("split", seed).permutation(n_events)
    cuts = np.cumsum([n_events - sum(n_held_out), *n_held_out[:-1]])
    return {name: np.sort(index) for name, index in zip(fractions, np.split(order, cuts), strict=True)}


def write_dataset(folder, events, split):
    """Write events and their split to a folder, as ``events.npz`` and ``split.json``.

    The split holds the digest of its events, so that it never passes for that of others.

    Parameters
    ----------
    folder : path-like
    events : Events
    split : dict of str to ndarray of int
        See `split_events`.
    """
    folder = Path(folder)
    events.save(folder / "events.npz")
    parts = {name: index.tolist() for name, index in split.items()}
    write_json(folder / "split.json", {"events": events.digest()} | parts)


def read_dataset(folder):
    """Read what `write_dataset` wrote, and make a dataset of it; see `make_dataset`.

    Parameters
    ----------
    folder : path-like

    Returns
    -------
    Dataset

    Raises
    ------
    FileNotFoundError
        If one of its two files does not exist.
    ValueError
        If a file is damaged, or the split is not one of its events; the message names the file.
    """
    of_events, path = Path(folder) / "events.npz", Path(folder) / "split.json"
    events, split = Events.load(of_events), read_json(path)
    if not isinstance(split, dict) or split.pop("events", None) != events.digest():
        raise ValueError(f"{path}: not the split of {of_events}; snlib simulate makes both")
    try:
        return make_dataset(events, split)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
