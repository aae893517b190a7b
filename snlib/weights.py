"""Weights on disk: safetensors beside a JSON file that says what they are."""

import json
from dataclasses import asdict
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from snlib.dataset import Scaling
from snlib.files import read_json, replacing, write_json
from snlib.mmvae import MMVAE
from snlib.recipes import Recipe

__all__ = ["load_mmvae", "read_tensors", "save_mmvae", "write_tensors"]


def write_tensors(path, tensors, metadata=None):
    """Write tensors and JSON metadata as safetensors (temporary name, then rename)."""
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    with replacing(path) as temporary:
        save_file(tensors, temporary, {"json": json.dumps(metadata)})


def read_tensors(path):
    """Read what `write_tensors` wrote: (tensors by name, metadata).

    Raises
    ------
    ValueError
        If the file is damaged; the message names it.
    """
    try:
        with safe_open(path, framework="pt") as archive:
            metadata = json.loads((archive.metadata() or {}).get("json", "null"))
            return {name: archive.get_tensor(name) for name in archive.keys()}, metadata  # noqa: SIM118
    except (SafetensorError, json.JSONDecodeError) as error:
        raise ValueError(f"{path}: not a readable safetensors file ({error})") from None


def save_mmvae(path, model, scaling, provenance):
    """Write weights to ``path`` and recipe, scaling and provenance to the JSON file beside it.

    Parameters
    ----------
    path : path
        Ends in ``.safetensors``.
    model : MMVAE
    scaling : Scaling
    provenance : dict
    """
    config = {"recipe": model.recipe.to_dict(), "scaling": asdict(scaling), "provenance": provenance}
    write_tensors(path, model.state_dict())
    write_json(Path(path).with_suffix(".json"), config)


def load_mmvae(path, device="cpu"):
    """Read what `save_mmvae` wrote.

    Returns
    -------
    model : MMVAE
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
    if not isinstance(config, dict) or set(config) != {"recipe", "scaling", "provenance"}:
        raise ValueError(f"{path.with_suffix('.json')}: expected the keys recipe, scaling and provenance")
    tensors, _ = read_tensors(path)
    try:
        model = MMVAE(Recipe.from_dict(config["recipe"]))
        _require_same_shapes(model.state_dict(), tensors)
        model.load_state_dict(tensors)
        scaling = Scaling(**{name: tuple(moments) for name, moments in config["scaling"].items()})
    except (TypeError, ValueError) as error:
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
