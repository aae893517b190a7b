"""Light curves of ZTF in the files of brokers and of its forced photometry, with the columns of our own."""

from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa

from snlib.data.cells import numbers, words
from snlib.files.columns import Table, Wanted
from snlib.files.guard import guarded
from snlib.files.tables import read_table

__all__ = ["read_broker_table"]

_ALERCE = Wanted(("mjd", "fid", "magpsf", "sigmapsf"), ("oid", "isdiffpos"))
_FILTERS = {"1": "ztfg", "2": "ztfr", "3": "ztfi"}
_NEGATIVE = ("-1", "-1.0", "f", "false", "0", "n")
_ZERO_POINT = 25.0  # of the fluxes made here from magnitudes; any would do
_FORCED = ("jd", "filter", "zpdiff", "forcediffimflux", "forcediffimfluxunc")
_MOST_LINES = 100  # before the names of the columns of forced photometry
_LONGEST_SHOWN = 80  # characters of a row, in a message
_JD_OF_MJD = 2400000.5


def read_broker_table(path):
    """Read a light curve of ZTF as brokers or its forced photometry give it.

    Parameters
    ----------
    path : path-like
        A table with ``mjd``, ``fid`` (1 for g, 2 for r), ``magpsf``, ``sigmapsf`` and maybe ``oid`` and
        ``isdiffpos``, as from ALeRCE; or text of ZTF's forced photometry service (Masci et al. 2023,
        arXiv:2305.16279), with ``jd``, ``filter``, ``zpdiff``, ``forcediffimflux`` and
        ``forcediffimfluxunc``.  Both are differences from a reference image, which should not hold the
        supernova.

    Returns
    -------
    snlib.files.columns.Table or None
        With the columns ``object_id`` (where the file has none, its name without suffix), ``mjd``,
        ``band``, ``flux``, ``flux_error`` and ``zero_point``; None if it is another file.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If a value is not a number; the message names the file.
    """
    if (header := _forced_header(path)) is not None:
        with guarded(path, "file of forced photometry"):
            return _forced(path, *header)
    try:
        table = read_table(path, _ALERCE)
    except ValueError:  # it lacks those columns
        return None
    with guarded(path, "table of a broker"):
        return _alerce(path, table.columns)


def _alerce(path, columns):
    def where(column):
        return lambda row: f"{path}: row {row + 1}, column {column!r}"

    mjd, magnitude, error = (numbers(columns[name], where(name)) for name in ("mjd", "magpsf", "sigmapsf"))
    code, names = words(columns["fid"])
    band = np.array([_FILTERS.get(name.removesuffix(".0"), name) for name in names], dtype=object)[code]
    sign = np.ones(len(mjd))
    if "isdiffpos" in columns:
        code, names = words(columns["isdiffpos"])
        sign = np.array([-1.0 if name.casefold() in _NEGATIVE else 1.0 for name in names])[code]
    flux = sign * 10 ** (-0.4 * (magnitude - _ZERO_POINT))
    flux_error = np.abs(flux) * np.log(10) / 2.5 * error
    object_id = columns.get("oid", _named(path, len(mjd)))
    return _table(object_id, mjd, band, flux, flux_error, np.full(len(mjd), _ZERO_POINT))


def _forced_header(path):
    """The names of the columns, and how many lines there are up to them; None if there are none."""
    path = Path(path)
    if not path.is_file():
        return None
    with open(path, encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(islice(lines, _MOST_LINES), 1):
            names = line.replace(",", " ").split()
            if set(_FORCED) <= set(names):
                return names, number
    return None


def _forced(path, names, n_before):
    rows = [line.split() for line in Path(path).read_text().splitlines()[n_before:]]
    rows = [row for row in rows if row and not row[0].startswith("#")]
    for row in rows:
        if len(row) != len(names):
            found = f"{len(row)} values for {len(names)} columns"
            raise ValueError(f"{path}: a row has {found}: {' '.join(row)[:_LONGEST_SHOWN]}")
    if not rows:
        raise ValueError(f"{path}: no rows")
    columns = {name: pa.chunked_array([[row[names.index(name)] for row in rows]]) for name in _FORCED}

    def column(name):
        return numbers(columns[name], lambda row: f"{path}: row {row + 1}, column {name!r}")

    mjd = column("jd") - _JD_OF_MJD
    flux, error, zero_point = (column(name) for name in ("forcediffimflux", "forcediffimfluxunc", "zpdiff"))
    return _table(_named(path, len(rows)), mjd, columns["filter"].to_numpy(), flux, error, zero_point)


def _named(path, n_rows):
    """The name of the file for that of the object."""
    return pa.chunked_array([[Path(path).stem] * n_rows])


def _table(object_id, mjd, band, flux, flux_error, zero_point):
    columns = {"mjd": mjd, "band": band, "flux": flux, "flux_error": flux_error, "zero_point": zero_point}
    arrow = {name: pa.chunked_array([pa.array(values)]) for name, values in columns.items()}
    return Table({"object_id": object_id} | arrow, {})
