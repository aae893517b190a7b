"""Tensors and what is to be known of them, in one safetensors file.

The format has no checksum, and a weight with a flipped bit is a number like any other; the metadata hold one.
"""

import hashlib
import json
import os
import sys

import torch
from safetensors import safe_open
from safetensors.torch import save

from snlib.files.guard import guarded, require_file
from snlib.files.json_files import parse_json
from snlib.files.writing import replacing

__all__ = ["read_tensors", "write_tensors"]


def write_tensors(path, tensors, metadata=None):
    """Write tensors and JSON metadata as safetensors.

    Parameters
    ----------
    path : path-like
    tensors : dict of str to Tensor
    metadata : JSON
    """
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    text = json.dumps(metadata, allow_nan=False)
    content = save(tensors, {"json": text, "sha256": _digest(tensors, text)})
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
    sys.audit("open", str(path), "r", os.O_RDONLY)  # as Python's own `open` does, and the library does not
    with guarded(path, "safetensors file"), safe_open(path, framework="pt") as archive:
        tensors = {name: archive.get_tensor(name) for name in archive.keys()}  # noqa: SIM118
        for name, tensor in tensors.items():
            if tensor.is_floating_point() and not torch.isfinite(tensor).all():
                raise ValueError(f"{path}: tensor {name!r} holds a number that is not finite")
        stored = archive.metadata() or {}
        metadata = parse_json(stored.get("json", "null"))
        if stored.get("sha256") != _digest(tensors, stored.get("json", "null")):
            raise ValueError(f"{path}: its checksum is not that of what it holds, so it is damaged")
        return tensors, metadata


def _digest(tensors, text):
    """SHA-256 of tensors, their names, types and shapes, and of the metadata."""
    sha = hashlib.sha256(text.encode())
    for name, tensor in sorted(tensors.items()):
        sha.update(f"\n{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        if tensor.numel():  # an empty one cannot be seen as bytes
            sha.update(tensor.reshape(-1).view(torch.uint8).numpy())
    return sha.hexdigest()
