"""Arrays in HDF5 files."""

from math import prod

import h5py

from snlib.files.guard import guarded, require_file, require_plausible_size

__all__ = ["read_hdf5"]


def read_hdf5(path, fields):
    """Read the named datasets of an HDF5 file.

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
        If the file is damaged, lacks a field, or a field leads to another place or is not what it must be;
        the message names both.
    """
    path = require_file(path)
    with guarded(path, "HDF5 file"), h5py.File(path, "r") as file:
        return {name: _read_dataset(path, file, name, expected) for name, expected in fields.items()}


def _read_dataset(path, file, name, expected):
    """One dataset, which lies in the file itself: a link could lead anywhere, or nowhere."""
    if name not in file.keys():  # noqa: SIM118 - `in file` follows links
        raise ValueError(f"{path}: field {name!r} is missing")
    if not isinstance(file.get(name, getlink=True), h5py.HardLink):
        raise ValueError(f"{path}: field {name!r} is a link")
    dataset = file[name]
    if not isinstance(dataset, h5py.Dataset) or dataset.shape is None:
        raise ValueError(f"{path}: field {name!r} does not hold numbers")
    if dataset.external or dataset.is_virtual:
        raise ValueError(f"{path}: field {name!r} lies in another file")
    try:
        if dataset.dtype.kind not in expected.kinds:
            raise ValueError("does not hold numbers")
        require_plausible_size(prod(dataset.shape) * dataset.dtype.itemsize, path.stat().st_size)
        values = dataset[()]
        expected.check(name, values)
    except ValueError as error:
        raise ValueError(f"{path}: field {name!r} {str(error).removeprefix(f'field {name!r} ')}") from error
    return values
