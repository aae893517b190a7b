"""Ways to damage a file: in its bytes, whatever its format, or in one of the values that it holds."""

import json
from pathlib import Path

import h5py
import numpy as np
import torch

from snlib.files import read_tensors, write_tensors

__all__ = ["DAMAGES"]

_WRONG = (
    None,
    True,
    False,
    "",
    "text",
    "é",
    -1,
    0,
    1,
    10**6,
    10**400,
    -1.5,
    0.0,
    1e-300,
    1e300,
    [],
    {},
    [[1]],
)
_WRONG_LITERALS = ("NaN", "Infinity", "-1e999", "1" * 5000, "[" * 100_000, '{"a":' * 5000, "\x00")


def damage_bytes(path, rng):
    """A few bytes replaced, removed, added, zeroed or moved, or the end cut off."""
    content = bytearray(path.read_bytes())
    for _ in range(rng.integers(1, 5)):
        first, last = sorted(rng.integers(0, len(content) + 1, 2).tolist())
        short = slice(first, min(last, first + int(rng.integers(1, 40))))
        how = rng.integers(7)
        if how == 0:
            content[short] = rng.bytes(len(content[short]))
        elif how == 1:
            content[first:first] = rng.bytes(int(rng.integers(1, 40)))
        elif how == 2:
            content[first:] = content[short]
        elif how == 3:
            content[short] = bytes(len(content[short]))
        elif how == 4:
            del content[short]
        elif how == 5:
            content[first:first] = content[short]
        elif content:  # one bit
            content[first % len(content)] ^= 1 << int(rng.integers(8))
    path.write_bytes(content)


def _damage_node(node, rng):
    """Replace, remove or add one value somewhere in JSON."""
    while isinstance(node, (dict, list)) and node:
        key = list(node)[rng.integers(len(node))] if isinstance(node, dict) else int(rng.integers(len(node)))
        child = node[key]
        if not isinstance(child, (dict, list)) or not child or rng.random() < 0.3:
            break
        node = child
    how = rng.random()
    if not node or how < 0.1:
        return
    if how < 0.25:
        del node[key]
    elif how < 0.35 and isinstance(node, list):
        node.append(child)
    elif how < 0.45 and isinstance(node, dict):
        node["unknown"] = 1
    else:
        node[key] = _WRONG[rng.integers(len(_WRONG))]


def damage_json(path, rng):
    """A value of another type or size, a key too much or too few, or what is no value."""
    value = json.loads(path.read_text())
    _damage_node(value, rng)
    text = json.dumps(value)
    if rng.random() < 0.3:
        numbers = [place for place, letter in enumerate(text) if letter.isdigit()]
        place = numbers[rng.integers(len(numbers))] if numbers else 0
        text = text[:place] + _WRONG_LITERALS[rng.integers(len(_WRONG_LITERALS))] + text[place + 1 :]
    path.write_text(text)


def _damage_array(values, rng):
    """Another type, shape or value."""
    how = rng.integers(9)
    if how == 0:
        text = values.dtype.kind in "US"
        kinds = ["S9", "U5", "O"] if text else ["f2", "f4", "f8", "i8", "u1", "c8", "U5", "?"]
        with np.errstate(all="ignore"):
            return values.astype(rng.choice(kinds))
    if how == 1:
        return values[None]
    if how == 2 and values.ndim:
        return values[: rng.integers(len(values) + 1)]
    if how == 3:
        return values.T[::-1] if values.ndim else values
    if how == 4:
        return np.empty((0,) * int(rng.integers(4)), values.dtype)
    if how == 5 and values.ndim:
        return np.concatenate([values, values])
    changed = values.copy()
    if changed.size:
        place = rng.integers(changed.size, size=rng.integers(1, 4))
        wrong = [np.nan, np.inf, -np.inf, 0, -1, 1, 255, 1e300, -1e300]
        if changed.dtype.kind in "iu":
            wrong = [0, -1, 6, 127, 2**62]
        elif changed.dtype.kind not in "fiu":
            wrong = ["", "x", "\0", values.flat[0]]
        with np.errstate(all="ignore"):
            changed.flat[place] = np.array(wrong[rng.integers(len(wrong))]).astype(changed.dtype)
    return changed


def _one_of(arrays, rng):
    name = list(arrays)[rng.integers(len(arrays))]
    if rng.random() < 0.1:
        del arrays[name]
    else:
        arrays[name] = _damage_array(arrays[name], rng)


def damage_npz(path, rng):
    """An array of another type, shape or value, or none."""
    with np.load(path) as archive:
        arrays = dict(archive)
    _one_of(arrays, rng)
    np.savez(path, **arrays)


def damage_hdf5(path, rng):
    """An array of another type, shape or value, or none; or a link, a group or nothing in its place."""
    with h5py.File(path, "a") as file:
        arrays = {name: file[name][()] for name in file}
        name = list(arrays)[rng.integers(len(arrays))]
        instead = (
            h5py.SoftLink("/nowhere"),
            h5py.SoftLink(f"/{name}"),
            h5py.ExternalLink("other.h5", "/x"),
            h5py.Empty("f8"),
            np.zeros(0),
            h5py.SoftLink("/"),
        )
        how = rng.integers(2 * len(instead))
        _one_of(arrays, rng)
        for each in list(file):
            del file[each]
        for each, values in arrays.items():
            file[each] = values.astype("S") if values.dtype.kind == "U" else values
        if how < len(instead):
            file.pop(name, None)
            file[name] = instead[how]


def damage_tensors(path, rng):
    """A tensor of another type, shape or value, or none, or other metadata; their checksum is right."""
    tensors, metadata = read_tensors(path)
    if rng.random() < 0.5:
        arrays = {name: tensor.numpy() for name, tensor in tensors.items()}
        _one_of(arrays, rng)
        kept = {name: array for name, array in arrays.items() if array.dtype.kind in "fiub"}
        tensors = {name: torch.from_numpy(array.copy()).clone() for name, array in kept.items()}
    else:
        _damage_node(metadata, rng)
    write_tensors(path, tensors, metadata)


def damage_cells(path, rng):
    """A cell, a row or the header of a table of text, or what separates them."""
    rows = [line.split(",") for line in path.read_text().splitlines()]
    row = rows[0 if rng.random() < 0.2 else rng.integers(len(rows))]
    cell = int(rng.integers(len(row)))
    wrong = ("", "nan", "inf", "-1e999", "1e5", "99", "-999", "x", "é", '"', "0", "-1", "\x00", "1" * 400)
    how = rng.integers(6)
    if how < 3:
        row[cell] = wrong[rng.integers(len(wrong))]
    elif how == 3:
        del row[cell]
    elif how == 4:
        row.insert(cell, wrong[rng.integers(len(wrong))])
    else:
        rows.insert(int(rng.integers(len(rows))), list(row))
    separator = rng.choice([",", ",", ",", ";", "\t", " ", "|", "\n"])
    path.write_text(rng.choice(["\n", "\r\n", "\n\n"]).join(separator.join(row) for row in rows))


DAMAGES = {
    ".json": damage_json,
    ".npz": damage_npz,
    ".h5": damage_hdf5,
    ".safetensors": damage_tensors,
    ".csv": damage_cells,
}


def damage(path, rng):
    """Damage a file in its bytes or, where its format is one of `DAMAGES`, in its values."""
    path = Path(path)
    by_value = DAMAGES.get(path.suffix)
    (by_value if by_value and rng.random() < 0.6 else damage_bytes)(path, rng)
