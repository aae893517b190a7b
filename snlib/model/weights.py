"""Weights on disk: one safetensors file, whose metadata say all that is to be known of them.

Beside it lie two copies of the metadata for people, the configuration as JSON and the history of the training
as CSV.  Nothing is read from them, and weights load without them; but one that says something else than the
weights' own file is refused, for whoever reads it would be misled.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import torch

from snlib.data.scaling import Scaling
from snlib.files.guard import number_array
from snlib.files.tensors import read_tensors, write_tensors
from snlib.files.writing import replacing
from snlib.model.registry import new_model, read_recipe

__all__ = ["SavedModel", "load_model", "save_model"]

_KEYS = ("model", "recipe", "scaling", "provenance")
_HISTORY = ("step", "learning_rate", "train_loss", "validation_loss", "seconds")


def _no_history():
    return pd.DataFrame(columns=list(_HISTORY))


@dataclass(frozen=True, eq=False)
class SavedModel:
    """A trained model, and what its file says of it.

    Attributes
    ----------
    name : str
        As of `snlib.model.registry.new_model`.
    model : torch.nn.Module
        With its `recipe`.
    scaling : snlib.data.scaling.Scaling
        Of the data that it was trained on.
    provenance : dict
        How it was made (JSON).
    history : pandas.DataFrame
        See `snlib.training.loop.train`; empty where it is not known.
    more : dict of str to JSON
        What else belongs to the weights, such as "recalibration"; written and read as it is.
    """

    name: str
    model: torch.nn.Module
    scaling: Scaling
    provenance: dict
    history: pd.DataFrame = field(default_factory=_no_history)
    more: dict = field(default_factory=dict)


def save_model(path, saved):
    """Write weights, and copies of what they are beside them.

    The copies are removed first and written last, so that after a kill the old weights are there or the new
    ones, and no copy of the others.

    Parameters
    ----------
    path : path
        Ends in ``.safetensors``; the copies end in ``.json`` and, if there is a history, ``.csv``.
    saved : SavedModel
    """
    path = Path(path)
    config = {
        "model": saved.name,
        "recipe": saved.model.recipe.to_dict(),
        "scaling": saved.scaling.to_dict(),
        "provenance": saved.provenance,
        **saved.more,
    }
    metadata = config if saved.history.empty else config | {"history": saved.history.to_dict("list")}
    for suffix in (".json", ".csv"):
        path.with_suffix(suffix).unlink(missing_ok=True)
    write_tensors(path, saved.model.state_dict(), metadata)
    for copy, text in _copies(path, metadata).items():
        with replacing(copy) as temporary:
            temporary.write_text(text, encoding="utf-8")


def load_model(path, device="cpu"):
    """Read what `save_model` wrote.

    Returns
    -------
    SavedModel
        Its model is on `device`.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is damaged, the weights are not those of the recipe, or a copy says something else; the
        message names the file.
    """
    path = Path(path)
    tensors, metadata = read_tensors(path)
    try:
        saved = _read(tensors, metadata)
    except (TypeError, ValueError, RuntimeError) as error:  # the last of torch, for want of memory
        raise ValueError(f"{path}: {' '.join(str(error).split())}") from None
    for copy, text in _copies(path, metadata).items():
        if copy.is_file() and copy.read_bytes().splitlines() != text.encode().splitlines():
            raise ValueError(f"{copy}: not the copy of what {path} says; restore both, or remove it")
    saved.model.to(device)
    return saved


def _read(tensors, metadata):
    """The saved model that tensors and metadata make, or a ValueError or TypeError."""
    if not isinstance(metadata, dict) or not set(_KEYS) <= set(metadata):
        raise ValueError(f"no weights of snlib: the metadata lack some of {', '.join(_KEYS)}")
    more = dict(metadata)
    name, recipe, scaling, provenance = map(more.pop, _KEYS)
    if not isinstance(provenance, dict):
        raise ValueError("provenance is not a table of names and values")
    recipe = read_recipe(recipe)
    with torch.device("meta"):  # only shapes: a damaged recipe may ask for more than the memory
        _require_same(new_model(name, recipe, seed=0).state_dict(), tensors)
    model = new_model(name, recipe, seed=0)
    model.load_state_dict(tensors)
    history = _read_history(more.pop("history")) if "history" in more else _no_history()
    return SavedModel(name, model, Scaling.from_dict(scaling), provenance, history, more)


def _read_history(columns):
    if not isinstance(columns, dict) or tuple(columns)[: len(_HISTORY)] != _HISTORY:  # others may follow
        raise ValueError(f"history: expected the columns {', '.join(_HISTORY)}")
    for name, values in columns.items():
        number_array(f"history: {name}", values, 1)
    return pd.DataFrame(columns)


def _require_same(expected, found):
    """Refuse tensors of other names, shapes or types."""
    expected, found = (
        {name: f"{tuple(x.shape)} {x.dtype}" for name, x in tensors.items()} for tensors in (expected, found)
    )
    wrong = sorted(name for name in expected | found if expected.get(name) != found.get(name))
    if wrong:
        was, should = (tensors.get(wrong[0], "none") for tensors in (found, expected))
        raise ValueError(
            f"the weights are not those of the recipe: {wrong[0]} is {was}, expected {should}; "
            f"and {len(wrong) - 1} more"
        )


def _copies(path, metadata):
    """Text of each copy by its path."""
    config = {name: value for name, value in metadata.items() if name != "history"}
    copies = {path.with_suffix(".json"): json.dumps(config, indent=2) + "\n"}
    if "history" in metadata:
        copies[path.with_suffix(".csv")] = pd.DataFrame(metadata["history"]).to_csv(index=False)
    return copies
