"""What is known of each observed object beside its light curve: redshift, distance, reddening and peak."""

from dataclasses import dataclass

import numpy as np

from snlib.data.cells import numbers
from snlib.data.identifiers import identifiers
from snlib.files.columns import Wanted
from snlib.files.guard import guarded
from snlib.files.messages import listed
from snlib.files.tables import read_table

__all__ = ["Objects", "objects_of", "read_objects"]

_LIMITS = {
    "redshift": (-0.01, 2.0, "a redshift"),
    "ebv_mw": (0.0, 10.0, "a reddening E(B-V) in magnitudes"),
    "distance_modulus": (20.0, 50.0, "a distance modulus in magnitudes"),
    "peak_mjd": (15_000.0, 100_000.0, "an MJD, which is a Julian date less 2400000.5,"),
}
_WANTED = Wanted(("object_id", "redshift"), ("ebv_mw", "distance_modulus", "peak_mjd"))


@dataclass(frozen=True)
class Objects:
    """N objects.

    Attributes
    ----------
    object_id : ndarray of object, shape (N,)
    redshift : ndarray, shape (N,)
    ebv_mw, distance_modulus, peak_mjd : ndarray, shape (N,)
        Reddening by the Milky Way, distance modulus, and the day of the maximum in the B band; NaN where
        not known.
    """

    object_id: np.ndarray
    redshift: np.ndarray
    ebv_mw: np.ndarray
    distance_modulus: np.ndarray
    peak_mjd: np.ndarray


def read_objects(path, object_id):
    """Read the table that describes some objects, in their order; it may hold others too.

    Parameters
    ----------
    path : path-like
        A table of any kind that `snlib.files.tables.read_table` reads, with the columns ``object_id`` and
        ``redshift``, and maybe ``ebv_mw``, ``distance_modulus`` and ``peak_mjd``.
    object_id : ndarray of object, shape (N,)

    Returns
    -------
    Objects

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is no such table, lacks an object, names one twice, or a value is missing or impossible;
        the message names file, object, column and value.
    """
    with guarded(path, "table of objects"):
        return objects_of(path, read_table(path, _WANTED), object_id)


def objects_of(path, table, object_id):
    """What a table says of some objects, in their order.

    Parameters
    ----------
    path : path-like
        For messages.
    table : snlib.files.columns.Table
        As of `read_objects`.
    object_id : ndarray of object, shape (N,)

    Returns
    -------
    Objects

    Raises
    ------
    ValueError
        As of `read_objects`.
    """
    place, names = identifiers(path, table.columns["object_id"])
    if len(names) < len(place):
        row = int(np.argmax(np.bincount(place) > 1))
        raise ValueError(f"{path}: object {names[row]!r} has more than one row")

    def where(column):
        return lambda row: f"{path}: object {names[row]!r}, column {column!r}"

    known = {column: _column(table, column, where(column)) for column in _LIMITS}
    row_of = {name: row for row, name in enumerate(names)}
    if lacking := [name for name in object_id if name not in row_of]:
        raise ValueError(f"{path}: no row for object {listed(lacking)}")
    rows = np.array([row_of[name] for name in object_id], dtype=int)
    objects = Objects(object_id, **{column: values[rows] for column, values in known.items()})
    _require_distance(objects, lambda index: where("redshift")(rows[index]))
    return objects


def _column(table, column, where):
    """NaN where nothing is known."""
    if column not in table.columns:
        return np.full(len(table), np.nan)
    values, (low, high, meaning) = numbers(table.columns[column], where), _LIMITS[column]
    impossible = ~((values >= low) & (values <= high)) & ~np.isnan(values)
    if impossible.any():
        row = int(np.argmax(impossible))
        raise ValueError(f"{where(row)}: {values[row]:.10g}, expected {meaning} from {low:g} to {high:g}")
    return values


def _require_distance(objects, where):
    missing = np.isnan(objects.redshift)
    if missing.any():
        raise ValueError(f"{where(int(np.argmax(missing)))}: empty, and every object needs one")
    near = (objects.redshift <= 0) & np.isnan(objects.distance_modulus)
    if near.any():
        index = int(np.argmax(near))
        needed = "not positive, so that a distance_modulus is needed"
        raise ValueError(f"{where(index)}: {objects.redshift[index]:g}, {needed}")
