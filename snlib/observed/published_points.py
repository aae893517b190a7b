"""The tables that are made of a published file: points with dates and AB magnitudes, and objects."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from snlib.data.cells import numbers
from snlib.data.left_out import is_placeholder
from snlib.files.columns import Table
from snlib.observed.natural import ab_offset

__all__ = ["Published", "magnitude_points", "mjd_of", "table_of"]

_JD_OF_MJD, _LEAST_JD = 2400000.5, 2400000.0
# The Carnegie Supernova Project publishes days since this Julian date.
_JD_OF_CSP, _LAST_CSP = 2453000.0, 10000.0


@dataclass(frozen=True)
class Published:
    """What a file holds of the supernovae that it publishes.

    Attributes
    ----------
    points : snlib.files.columns.Table
        A row a point: ``object_id``, ``mjd``, ``band``, and ``magnitude`` (AB), ``magnitude_error`` and
        ``upper_limit``, or ``flux``, ``flux_error`` and ``zero_point``.
    objects : snlib.files.columns.Table
        A row an object: ``object_id``, ``redshift`` and maybe ``ebv_mw``, ``distance_modulus`` and
        ``peak_mjd``.
    """

    points: Table
    objects: Table


def mjd_of(date):
    """Modified Julian dates of dates that may be Julian ones, or days since JD 2453000 as of CSP.

    Parameters
    ----------
    date : ndarray, shape (R,)

    Returns
    -------
    ndarray, shape (R,)
    """
    since = np.where(np.abs(date) < _LAST_CSP, _JD_OF_CSP - _JD_OF_MJD, 0.0)
    return date + np.where(date > _LEAST_JD, -_JD_OF_MJD, since)


def magnitude_points(path, object_id, columns):
    """Points of a light curve with magnitudes in the own systems of their filters.

    Parameters
    ----------
    path : path-like
        For messages.
    object_id : sequence of str, length R
    columns : dict of str to sequence, length R
        Texts, numbers or None for ``date``, ``magnitude`` and ``magnitude_error``; names for ``band``; true
        or false for ``upper_limit``.

    Returns
    -------
    snlib.files.columns.Table

    Raises
    ------
    ValueError
        If a value is not a number; the message names file, object, column and value.
    """

    def column(name):
        texts = [None if value is None else str(value) for value in columns[name]]
        cells = pa.chunked_array([pa.array(texts, pa.large_string())])
        return numbers(cells, lambda row: f"{path}: object {object_id[row]!r}, column {name!r}")

    magnitude = column("magnitude")
    offset = np.array([ab_offset(band) for band in columns["band"]], dtype=float)
    return table_of(
        object_id=object_id,
        mjd=mjd_of(column("date")),
        band=columns["band"],
        magnitude=np.where(is_placeholder(magnitude), magnitude, magnitude - offset),
        magnitude_error=column("magnitude_error"),
        upper_limit=columns["upper_limit"],
    )


def table_of(**columns):
    """A table of some columns, without units."""
    return Table({name: pa.chunked_array([pa.array(values)]) for name, values in columns.items()}, {})
