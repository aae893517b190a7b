"""Weights on disk: safetensors beside a JSON file that says what they are."""

from pathlib import Path

from snlib.data.scaling import Scaling
from snlib.files.json_files import read_json, write_json
from snlib.files.tensors import read_tensors, write_tensors
from snlib.model.registry import new_model, read_recipe

__all__ = ["load_model", "save_model"]

_KEYS = {"model", "recipe", "scaling", "provenance"}


def save_model(path, name, model, scaling, provenance):
    """Write weights to ``path`` and what they are to the JSON file beside it.

    Parameters
    ----------
    path : path
        Ends in ``.safetensors``.
    name : str
        A name in `snlib.model.registry.MODELS`.
    model : torch.nn.Module
    scaling : Scaling
    provenance : dict
    """
    config = {"model": name, "recipe": model.recipe.to_dict(), "scaling": scaling.to_dict()}
    write_tensors(path, model.state_dict())
    write_json(Path(path).with_suffix(".json"), config | {"provenance": provenance})


def load_model(path, device="cpu"):
    """Read what `save_model` wrote.

    Returns
    -------
    model : torch.nn.Module
        On `device`.
    scaling : Scaling
    provenance : dict

    Raises
    ------
    FileNotFoundError
        If one of the two files does not exist.
    ValueError
        If a file is damaged, or the weights are not those of the recipe; the message names the file.
    """
    path = Path(path)
    config = read_json(path.with_suffix(".json"))
    if not isinstance(config, dict) or set(config) != _KEYS:
        raise ValueError(f"{path.with_suffix('.json')}: expected the keys {', '.join(sorted(_KEYS))}")
    tensors, _ = read_tensors(path)
    try:
        model = new_model(config["model"], read_recipe(config["recipe"]), seed=0)
        _require_same_shapes(model.state_dict(), tensors)
        model.load_state_dict(tensors)
        scaling = Scaling.from_dict(config["scaling"])
    except (TypeError, ValueError, KeyError) as error:
        raise ValueError(f"{path}: {error}") from None
    return model.to(device), scaling, config["provenance"]


def _require_same_shapes(expected, found):
    differs = {(name, x.shape) for name, x in expected.items()} ^ {
        (name, x.shape) for name, x in found.items()
    }
    if differs:
        raise ValueError(
            f"the weights are not those of the recipe: {min(differs)[0]} and {len(differs) - 1} more"
        )
