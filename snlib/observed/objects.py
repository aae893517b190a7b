"""What is known of each observed object beside its light curve: redshift, distance, reddening and peak."""

from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
import pandas as pd

from snlib.data.cells import numbers
from snlib.data.identifiers import identifiers
from snlib.files.columns import Wanted
from snlib.files.guard import guarded
from snlib.files.messages import listed
from snlib.files.tables import read_table

__all__ = [
    "DESCRIBED",
    "Objects",
    "described_objects",
    "known_objects",
    "objects_of",
    "read_described",
    "read_objects",
]

_LIMITS = {
    "redshift": (-0.01, 2.0, "a redshift"),
    "ebv_mw": (0.0, 10.0, "a reddening E(B-V) in magnitudes"),
    "distance_modulus": (20.0, 50.0, "a distance modulus in magnitudes"),
    "peak_mjd": (15_000.0, 100_000.0, "an MJD, which is a Julian date less 2400000.5,"),
}
#: The columns that describe objects.
DESCRIBED = Wanted(("redshift",), ("ebv_mw", "distance_modulus", "peak_mjd"))


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

    @cached_property
    def _rows(self):
        return pd.Index(self.object_id, dtype=object)

    def rows_of(self, object_id):
        """Where some objects are among these.

        Parameters
        ----------
        object_id : ndarray of object, shape (K,)

        Returns
        -------
        ndarray of int, shape (K,)
            -1 for one that is not.
        """
        return self._rows.get_indexer(object_id)

    def of(self, object_id):
        """Some of these objects.

        Parameters
        ----------
        object_id : ndarray of object, shape (K,)
            Of any objects.

        Returns
        -------
        Objects
            In their order; of one that is none of these nothing is known.
        """
        rows = self.rows_of(object_id)
        known = (getattr(self, one.name)[rows] for one in fields(self)[1:])
        return Objects(object_id, *(np.where(rows < 0, np.nan, values) for values in known))

    def part(self, first, last):
        """Objects that stand side by side.

        Parameters
        ----------
        first, last : int

        Returns
        -------
        Objects
        """
        return Objects(*(getattr(self, one.name)[first:last] for one in fields(self)))

    def require_distances(self, path):
        """Refuse redshifts that tell no distance.

        Parameters
        ----------
        path : path-like
            For the message.

        Raises
        ------
        ValueError
            If a redshift is not positive and no distance modulus is given; the message names the object.
        """
        near = (self.redshift <= 0) & np.isnan(self.distance_modulus)
        if near.any():
            index = int(np.argmax(near))
            needed = "not positive, so that a distance_modulus is needed"
            what = f"{path}: object {self.object_id[index]!r}, column 'redshift'"
            raise ValueError(f"{what}: {self.redshift[index]:g}, {needed}")


def read_objects(path, object_id):
    """Read the table that describes some objects, in their order; it may hold others too.

    Parameters
    ----------
    path : path-like
        As of `read_described`.
    object_id : ndarray of object, shape (N,)

    Returns
    -------
    Objects

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        As of `read_described`; or if it lacks an object, or one has no redshift; the message names both.
    """
    return known_objects(path, read_described(path), object_id)


def known_objects(path, described, object_id):
    """Some of the objects that are described, in another order, if enough is known of each.

    Parameters
    ----------
    path : path-like
        For messages.
    described : Objects
    object_id : ndarray of object, shape (N,)

    Returns
    -------
    Objects

    Raises
    ------
    ValueError
        If one is not described, or has no redshift, or one that tells no distance; the message names it.
    """
    if len(lacking := object_id[described.rows_of(object_id) < 0]):
        raise ValueError(f"{path}: no row for object {listed(lacking.tolist())}")
    objects = described.of(object_id)
    if (unknown := np.isnan(objects.redshift)).any():
        name = object_id[np.argmax(unknown)]
        raise ValueError(f"{path}: object {name!r}, column 'redshift': empty, and every object needs one")
    objects.require_distances(path)
    return objects


def read_described(path):
    """Read all of a table that describes objects.

    Parameters
    ----------
    path : path-like
        A table of any kind that `snlib.files.tables.read_table` reads, with the columns ``object_id`` and
        ``redshift``, and maybe ``ebv_mw``, ``distance_modulus`` and ``peak_mjd``.

    Returns
    -------
    Objects

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is no such table, names an object twice, or a value is impossible; the message names file,
        object, column and value.
    """
    with guarded(path, "table of objects"):
        table = read_table(path, Wanted(("object_id", *DESCRIBED.required), DESCRIBED.optional))
        return described_objects(path, table)


def described_objects(path, table):
    """All objects of a table that describes them.

    Parameters
    ----------
    path : path-like
        For messages.
    table : snlib.files.columns.Table
        As of `read_described`.

    Returns
    -------
    Objects

    Raises
    ------
    ValueError
        If it names an object twice, or a value is impossible; the message names it.
    """
    place, names = identifiers(path, table.columns["object_id"])
    if len(names) < len(place):
        row = int(np.argmax(np.bincount(place) > 1))
        raise ValueError(f"{path}: object {names[row]!r} has more than one row")
    return objects_of(path, table.columns, names)


def objects_of(path, columns, object_id):
    """Objects of columns that describe them.

    Parameters
    ----------
    path : path-like
        For messages.
    columns : dict of str to pyarrow.ChunkedArray, shape (N,)
        Of `DESCRIBED`; of what is not there nothing is known.
    object_id : ndarray of object, shape (N,)

    Returns
    -------
    Objects

    Raises
    ------
    ValueError
        If a value is not a number or impossible; the message names file, object, column and value.
    """

    def where(column):
        return lambda row: f"{path}: object {object_id[row]!r}, column {column!r}"

    known = {
        column: _values(columns.get(column), len(object_id), column, where(column)) for column in _LIMITS
    }
    return Objects(object_id, **known)


def _values(column, n, name, where):
    """NaN where nothing is known."""
    if column is None:
        return np.full(n, np.nan)
    values, (low, high, meaning) = numbers(column, where), _LIMITS[name]
    impossible = ~((values >= low) & (values <= high)) & ~np.isnan(values)
    if impossible.any():
        row = int(np.argmax(impossible))
        raise ValueError(f"{where(row)}: {values[row]:.10g}, expected {meaning} from {low:g} to {high:g}")
    return values
