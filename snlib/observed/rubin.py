"""Rubin's own columns as those of observed light curves: dates, fluxes of difference images, and bands.

Names and meanings are those of the schema of Data Preview 1 (https://sdm-schemas.lsst.io/dp1.html).
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import compute as pc

from snlib.data.cells import flags, numbers
from snlib.files.columns import Table, Wanted
from snlib.files.tables import read_table

__all__ = [
    "PRESETS",
    "ZERO_POINT",
    "Preset",
    "Visits",
    "columns_of",
    "measured",
    "preset_alone",
    "read_rubin",
]

#: AB magnitude of a flux of one nJy.
ZERO_POINT = 31.4
_DATE, _VISIT, _BAND = "midpointMjdTai", "visit", "band"
_VISITS = Wanted(("visit", "expMidptMJD"))


@dataclass(frozen=True)
class Preset:
    """Where one of Rubin's tables has the brightness of what has changed.

    Attributes
    ----------
    nested : str
        What a column is called that holds this table, nested in one of objects.
    identifier : str
        A column by which the table is known where it stands alone.
    flux, flux_error, flag : str
        On difference images, in nJy; the last is true where no flux could be measured.
    """

    nested: str
    identifier: str
    flux: str
    flux_error: str
    flag: str


#: In order of preference.  In the table of forced photometry ``psfFlux`` is that of the visit image, with the
#: light of the host; in the others it is that of the difference.
PRESETS = (
    Preset(
        *("diaObjectForcedSource", "forcedSourceOnDiaObjectId"),
        *("psfDiffFlux", "psfDiffFluxErr", "psfDiffFlux_flag"),
    ),
    Preset("diaSource", "diaSourceId", "psfFlux", "psfFluxErr", "psfFlux_flag"),
    Preset("diaForcedSource", "diaForcedSourceId", "psfFlux", "psfFluxErr", "psfFlux_flag"),
)


@dataclass(frozen=True)
class Visits:
    """When visits were.

    Attributes
    ----------
    visit : ndarray of int, shape (V,)
        Ascending.
    mjd : ndarray, shape (V,)
        Of the middle of each.
    """

    visit: np.ndarray
    mjd: np.ndarray

    @classmethod
    def read(cls, path):
        """Read a table with ``visit`` and ``expMidptMJD``, as Rubin's ``Visit``; once, unless it changes.

        Raises
        ------
        FileNotFoundError, ValueError
            As of `snlib.files.tables.read_table`; or if a cell is not a number.
        """
        about = Path(path).stat()
        return _visits(cls, str(path), (about.st_size, about.st_mtime_ns))

    def dates(self, path, visit):
        """The dates of some visits.

        Parameters
        ----------
        path : path-like
            For messages.
        visit : ndarray, shape (M,)

        Returns
        -------
        ndarray, shape (M,)

        Raises
        ------
        ValueError
            If one is not among these; the message names it.
        """
        place = np.minimum(np.searchsorted(self.visit, visit), len(self.visit) - 1)
        if (unknown := self.visit[place] != visit).any():
            number = visit[np.argmax(unknown)]
            raise ValueError(f"{path}: column 'visit': {number:.20g} is none of the visits given")
        return self.mjd[place]


@lru_cache(maxsize=1)
def _visits(kind, path, version):
    table = read_table(path, _VISITS)
    visit, mjd = (
        numbers(table.columns[name], lambda row, name=name: f"{path}: row {row + 1}, column {name!r}")
        for name in _VISITS.required
    )
    order = np.argsort(visit)
    return kind(visit[order], mjd[order])


def columns_of(preset, visits=None):
    """The columns of points that are needed of one of Rubin's tables.

    Parameters
    ----------
    preset : Preset
    visits : Visits or path-like, optional
        If there are any, dates are those of the visits.

    Returns
    -------
    snlib.files.columns.Wanted
    """
    date = _DATE if visits is None else _VISIT
    return Wanted((date, _BAND, preset.flux, preset.flux_error), (preset.flag,), {_DATE: ("expMidptMJD",)})


def preset_alone(path, names):
    """Which of Rubin's tables has these columns, not nested in another.

    Parameters
    ----------
    path : path-like
        For the message.
    names : container of str

    Returns
    -------
    Preset

    Raises
    ------
    ValueError
        If it is none of them; the message names the file.
    """
    for preset in PRESETS:
        if preset.flux in names and (preset.identifier in names or "Diff" in preset.flux):
            return preset
    known = ", ".join(f"{preset.identifier} with {preset.flux}" for preset in PRESETS)
    raise ValueError(f"{path}: none of Rubin's tables of differences, which are known by {known}")


def measured(path, table, visits=None):
    """Points of Rubin's tables with the columns of observed light curves.

    Parameters
    ----------
    path : path-like
        For messages.
    table : snlib.files.columns.Table
        A row a point, with the columns of `columns_of`.
    visits : Visits, optional
        Of points that have no date of their own.

    Returns
    -------
    snlib.files.columns.Table
        ``mjd`` (TAI), ``band``, ``flux``, ``flux_error`` and ``zero_point``.  A flux that could not be
        measured is null.

    Raises
    ------
    ValueError
        If a visit is not known, or a cell is not what it must be; the message names file and column.
    """
    there, n = table.columns, len(table)
    preset = next(one for one in PRESETS if one.flux in there)
    where = {name: lambda row, name=name: f"{path}: column {name!r}" for name in there}
    if visits is None:
        mjd = there[_DATE]
    else:
        mjd = pa.chunked_array([visits.dates(path, numbers(there[_VISIT], where[_VISIT]))])
    flux = there[preset.flux]
    if preset.flag in there:
        flux = pc.if_else(pa.array(~flags(there[preset.flag], where[preset.flag])), flux, None)
    columns = {"mjd": mjd, "band": there[_BAND], "flux": flux, "flux_error": there[preset.flux_error]}
    columns["zero_point"] = pa.chunked_array([pa.array(np.full(n, ZERO_POINT))])
    own_names = {_DATE: "mjd", preset.flux: "flux"}
    units = {own: table.units[name] for name, own in own_names.items() if name in table.units}
    return Table(columns, units)


def read_rubin(path, visits=None):
    """Read ``DiaSource``, ``DiaForcedSource`` or ``ForcedSourceOnDiaObject`` from a table of its own.

    Parameters
    ----------
    path : path-like
        Of any kind that `snlib.files.tables.read_table` reads.
    visits : path-like, optional
        A table as of `Visits.read`, for points that have no date of their own, which forced photometry has
        not.

    Returns
    -------
    snlib.files.columns.Table
        As of `measured`, with ``object_id``.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no such table, or lacks a column; the message names both.
    """
    names = {name for preset in PRESETS for name in (preset.identifier, preset.flux)}
    preset = preset_alone(path, read_table(path, Wanted(("diaObjectId",), tuple(sorted(names)))).columns)
    wanted = columns_of(preset, visits)
    table = read_table(path, Wanted(("diaObjectId", *wanted.required), wanted.optional, wanted.other_names))
    points = measured(path, table, None if visits is None else Visits.read(visits))
    return Table({"object_id": table.columns["diaObjectId"], **points.columns}, points.units)
