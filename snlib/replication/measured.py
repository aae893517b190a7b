"""Where and by what the committed files of a page were made, by the records beside them and by git."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import PurePosixPath

import pandas as pd

import snlib.replication.evaluated  # noqa: F401, whose recipes are known then
from snlib.files.json_files import read_json
from snlib.files.places import DATA
from snlib.model.registry import recipe_for
from snlib.replication.git import last_change
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
    return Measured(folder, tuple(names), tuple(sorted(places)), *others, last_change(files))


def _is_said_better(place, places):
    """Whether "GPU" stands beside the name of one."""
    return place == "GPU" and any("NVIDIA" in other for other in places)


def _record(file):
    """The record beside a file, or the file itself where that is one."""
    path = DATA.parent / file
    beside = (path.with_name(path.name.partition(".")[0] + ".json"), path.with_name("provenance.json"))
    found = next((one for one in beside if one.is_file()), None)
    # That of a published run tells of its chapters and tables, not of what lies in the same folder.
    return None if found is None or "run_time_s" in read_json(found) else found


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


@cache
def recipes_in(file):
    """The recipes that a committed file is about: in its name, as "recipe", or as in "MMVAE (text)".

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
    words = {_name(file), _name(file).rpartition("-")[2]}
    if path.suffix == ".json":
        words.update(_named(read_json(path)))
    elif path.suffix == ".csv":
        texts = pd.read_csv(path).select_dtypes(include=["object", "str"])
        words.update(_named({name: texts[name].dropna().unique().tolist() for name in texts}))
    return frozenset(filter(_is_recipe, words))


def _named(value, key=""):
    """Each word of JSON that may be the name of a recipe."""
    if isinstance(value, dict):
        for inner_key, inner in value.items():
            yield from _named(inner_key)
            yield from _named(inner, "recipe" if key == "recipe" and inner_key == "name" else inner_key)
    elif isinstance(value, list):
        for inner in value:
            yield from _named(inner, key)
    elif isinstance(value, str):
        yield from [value] if key == "recipe" else re.findall(r"\(([a-z][a-z0-9-]*)\)$", value)


def _is_recipe(word):
    try:
        recipe_for("mmvae", word)
    except ValueError:
        return False
    return True
