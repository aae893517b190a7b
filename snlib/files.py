"""Reading and writing files: whole or not at all, and nothing is ever unpickled."""

import json
import os
import zipfile
import zlib
from contextlib import contextmanager
from pathlib import Path

import numpy as np

__all__ = ["DATA", "generated_folder", "read_json", "read_npz", "replacing", "write_json", "write_npz"]

_PACKAGE = Path(__file__).resolve().parent
_SHIPPED = _PACKAGE / "shipped"  # a wheel has here what commands need of data/; see setup.py
# What comes with snlib: the repository's data folder, or that part of it which is in the wheel.
DATA = _SHIPPED if _SHIPPED.is_dir() else _PACKAGE.parent / "data"


def generated_folder():
    """The folder of all that runs make.

    Returns
    -------
    pathlib.Path
        What ``SNLIB_GENERATED`` names; else ``data/generated`` of the checkout or, where snlib is installed
        without one, of the working folder.
    """
    if named := os.environ.get("SNLIB_GENERATED"):
        return Path(named)
    return (Path.cwd() if DATA == _SHIPPED else _PACKAGE.parent) / "data" / "generated"


@contextmanager
def replacing(path):
    """Yield a temporary path beside `path`; rename it to `path` if the block succeeds.

    The temporary name keeps the suffix, since some writers choose the format by it.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{os.getpid()}-{path.name}")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_npz(path, **arrays):
    """Write a compressed npz file."""
    with replacing(path) as temporary:
        np.savez_compressed(temporary, allow_pickle=False, **arrays)


def read_npz(path, fields):
    """Read the named arrays of an npz file.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is damaged, holds pickled objects or lacks a field; the message names both.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file")
    if not zipfile.is_zipfile(path):
        raise ValueError(f"{path}: not an npz file, or not all of it")
    field = None
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {}
            for field in fields:
                arrays[field] = archive[field]
            return arrays
    except KeyError:
        raise ValueError(f"{path}: field {field!r} is missing") from None
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(f"{path}: field {field!r} is not a readable array ({error})") from None


def write_json(path, value):
    """Write a JSON file."""
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(value, indent=2, allow_nan=False) + "\n")


def read_json(path):
    """Read a JSON file.

    Raises
    ------
    ValueError
        If it is not valid JSON; the message names the file.
    """
    try:
        return json.loads(Path(path).read_text())
    except json.JSONDecodeError as error:
        raise ValueError(f"{path}: not valid JSON ({error})") from None
