"""Arrays in npz files, numpy's zip archives."""

import zipfile
from math import prod
from pathlib import Path

import numpy as np

from snlib.files.guard import guarded, require_file, require_plausible_size
from snlib.files.writing import replacing

__all__ = ["read_npz", "write_npz"]

_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 1  # bit of a member's flags
_LONGEST_HEADER = 10_000
_CHUNK = 1 << 24


def write_npz(path, **arrays):
    """Write a compressed npz file."""
    with replacing(path) as temporary, open(temporary, "wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)


def read_npz(path, fields):
    """Read the named arrays of an npz file; nothing is unpickled, whatever it holds.

    Parameters
    ----------
    path : path-like
    fields : dict of str to snlib.files.guard.Array
        What each of the arrays must be.

    Returns
    -------
    dict of str to ndarray

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is damaged or encrypted, lacks a field, or a field is not what it must be; the message
        names both.
    """
    path = require_file(path)
    with guarded(path, "npz file"), zipfile.ZipFile(path) as archive:
        arrays = {}
        for name, expected in fields.items():
            if f"{name}.npy" not in archive.namelist():
                raise ValueError(f"{path}: field {name!r} is missing")
            try:
                arrays[name] = _read_member(archive, archive.getinfo(f"{name}.npy"))
                expected.check(name, arrays[name])
            except Exception as error:
                reason = str(error).removeprefix(f"field {name!r} ")
                said = reason if reason != str(error) else f"is not a readable array ({_line(error)})"
                raise ValueError(f"{path}: field {name!r} {said}") from error
        return arrays


def _line(error):
    return " ".join(str(error).split()) or type(error).__name__


def _read_member(archive, info):
    if info.flag_bits & _ENCRYPTED:
        raise ValueError("it is encrypted")
    if info.compress_type not in _COMPRESSIONS:
        raise ValueError(f"its compression, number {info.compress_type}, is unknown")
    require_plausible_size(info.file_size, info.compress_size)
    require_plausible_size(info.compress_size, Path(archive.filename).stat().st_size)
    with archive.open(info) as member:
        shape, fortran_order, dtype = _read_header(member)
        if dtype.hasobject:
            raise ValueError("it holds Python objects")
        n_bytes = prod(shape) * dtype.itemsize
        if n_bytes > info.file_size:
            raise ValueError(f"it claims {n_bytes:,} bytes of the {info.file_size:,} that are there")
        content = bytearray()
        while part := member.read(_CHUNK):  # to its end, where the checksum is compared
            content += part
    if len(content) != n_bytes:
        raise ValueError(f"it has {len(content):,} bytes, expected {n_bytes:,}")
    values = np.frombuffer(content, dtype) if n_bytes else np.empty(0, dtype)
    values = values if n_bytes else np.empty(prod(shape), dtype)
    return values.reshape(shape, order="F" if fortran_order else "C")


def _read_header(member):
    version = np.lib.format.read_magic(member)
    readers = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    if version not in readers:
        raise ValueError(f"its format, version {version}, is unknown")
    return readers[version](member, max_header_size=_LONGEST_HEADER)
