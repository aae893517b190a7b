"""Where and by what the committed files of a page were made, by the records beside them and by git."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import PurePosixPath

import pandas as pd

from snlib.files.json_files import read_json
from snlib.files.places import DATA
from snlib.replication.page_facts import training_of

__all__ = ["Measured", "measured", "recipes_in"]

# How records name where something was made, and by which PyTorch and which commit.
_PLACES = ("card", "device", "processor", "trained_on")
_FIELDS = {"places": _PLACES, "torch": ("torch",), "commits": ("commit",)}
_KINDS = {"cpu": "CPU", "cuda": "GPU"}


@dataclass(frozen=True)
class Measured:
    """Committed files of one folder.

    Attributes
    ----------
    folder : str
        Such as "data/results/h100".
    names : tuple of str
        Of the files, without suffixes; of the results of trainings, their folders.
    places, torch, commits : tuple of str
        Devices, versions of PyTorch and commits, as far as records beside the files name them.
    changed : tuple of (str, date) or None
        Commit and date of the last change of these files; None where there is no repository.
    """

    folder: str
    names: tuple
    places: tuple
    torch: tuple
    commits: tuple
    changed: tuple | None


def measured(files):
    """Committed files by folder, with where and by what they were made.

    Parameters
    ----------
    files : iterable of str
        Below "data/".

    Returns
    -------
    list of Measured
    """
    folders = {}
    for file in files:
        folders.setdefault(_folder(file), []).append(file)
    return [_of_folder(folder, tuple(of_folder)) for folder, of_folder in sorted(folders.items())]


def _folder(file):
    """The folder of a file; all results of trainings of one profile are together."""
    parents = PurePosixPath(file).parents
    return str(parents[2] if _is_of_seed(file) else parents[0])


def _is_of_seed(file):
    return PurePosixPath(file).parent.name.startswith("seed")


def _name(file):
    path = PurePosixPath(file)
    return f"{path.parents[1].name}/{path.parent.name}" if _is_of_seed(file) else path.name.partition(".")[0]


@cache
def _of_folder(folder, files):
    found = {field: {} for field in _FIELDS}  # each once, in order
    for record in dict.fromkeys(record for file in files if (record := _record(file))):
        for name, text in _texts(read_json(record)):
            for field, names in _FIELDS.items():
                if name in names:
                    found[field][_KINDS.get(text, text)] = None
    places = [place for place in found["places"] if not _is_said_better(place, found["places"])]
    others = (tuple(sorted(found[field])) for field in ("torch", "commits"))
    names = sorted({_name(file) for file in files} - {"provenance"})  # which only tells of others
    return Measured(folder, tuple(names), tuple(sorted(places)), *others, _last_change(files))


def _is_said_better(place, places):
    """Whether "GPU" stands beside the name of one."""
    return place == "GPU" and any("NVIDIA" in other for other in places)


def _record(file):
    """The record beside a file, or the file itself where that is one."""
    path = DATA.parent / file
    beside = (path.with_name(path.name.partition(".")[0] + ".json"), path.with_name("provenance.json"))
    return next((one for one in beside if one.is_file()), None)


def _texts(value, name="") -> Iterator[tuple[str, str]]:
    """Each text in a record, with the key behind which it stands; rows of measurements are left out."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, list) and all(isinstance(one, str) for one in value):
        yield from ((name, one) for one in value)
    elif isinstance(value, dict):
        for key, inner in value.items():
            above = name in (*_PLACES, "torch")  # as in {"trained_on": {"text": "cuda"}}
            yield from _texts(inner, name if above else key)


def _last_change(files):
    command = ["git", "log", "-1", "--format=%h %cs", "--", *files]
    done = subprocess.run(command, cwd=DATA.parent, capture_output=True, text=True)
    commit, _, date = done.stdout.strip().partition(" ")
    return (commit, datetime.fromisoformat(date).date()) if commit else None


@cache
def recipes_in(file):
    """The recipes that a committed file names: a table in its column, a record behind the key "recipe".

    Parameters
    ----------
    file : str

    Returns
    -------
    frozenset of str
    """
    path = DATA.parent / file
    if training := training_of(file):
        return frozenset({training.recipe})
    if path.suffix == ".csv":
        if "recipe" not in pd.read_csv(path, nrows=0):
            return frozenset()
        return frozenset(pd.read_csv(path, usecols=["recipe"])["recipe"].unique())
    return frozenset(_recipes(read_json(path))) if path.suffix == ".json" else frozenset()


def _recipes(value):
    """Each recipe that JSON names."""
    for key, inner in value.items() if isinstance(value, dict) else ():
        if key == "recipe":
            yield inner["name"] if isinstance(inner, dict) else inner
        else:
            yield from _recipes(inner)
    for inner in value if isinstance(value, list) else ():
        yield from _recipes(inner)
