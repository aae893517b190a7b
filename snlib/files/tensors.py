"""Tensors and what is to be known of them, in one safetensors file."""

import json

import torch
from safetensors import safe_open
from safetensors.torch import save

from snlib.files.guard import guarded, require_file
from snlib.files.json_files import parse_json
from snlib.files.writing import replacing

__all__ = ["read_metadata", "read_tensors", "write_tensors"]


def write_tensors(path, tensors, metadata=None):
    """Write tensors and JSON metadata as safetensors.

    Parameters
    ----------
    path : path-like
    tensors : dict of str to Tensor
    metadata : JSON
    """
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    content = save(tensors, {"json": json.dumps(metadata, allow_nan=False)})
    with replacing(path) as temporary:  # the library's own writer hides full disks and has its own file mode
        temporary.write_bytes(content)


def read_tensors(path):
    """Read what `write_tensors` wrote.

    Returns
    -------
    tensors : dict of str to Tensor
        All their numbers are finite.
    metadata : JSON

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is damaged, or a tensor holds a number that is not finite; the message names the file.
    """
    path = require_file(path)
    with guarded(path, "safetensors file"), safe_open(path, framework="pt") as archive:
        tensors = {name: archive.get_tensor(name) for name in archive.keys()}  # noqa: SIM118
        for name, tensor in tensors.items():
            if tensor.is_floating_point() and not torch.isfinite(tensor).all():
                raise ValueError(f"{path}: tensor {name!r} holds a number that is not finite")
        return tensors, _metadata(archive)


def read_metadata(path):
    """Read what `write_tensors` wrote beside the tensors, without them.

    Raises
    ------
    FileNotFoundError, ValueError
        As `read_tensors`.
    """
    path = require_file(path)
    with guarded(path, "safetensors file"), safe_open(path, framework="pt") as archive:
        return _metadata(archive)


def _metadata(archive):
    return parse_json((archive.metadata() or {}).get("json", "null"))
