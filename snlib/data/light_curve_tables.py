"""Tables of light curves that others made: read, checked, and put end to end."""

import warnings

import numpy as np

from snlib.data.band_names import read_bands
from snlib.data.cells import flags, numbers
from snlib.data.dense import thin
from snlib.data.identifiers import identifiers
from snlib.data.left_out import is_placeholder, usable_points, warn_of_points
from snlib.data.ragged import RaggedLightCurves
from snlib.data.table_points import points_of
from snlib.data.units import days_in, require_ab_magnitudes
from snlib.files.columns import Wanted
from snlib.files.guard import guarded
from snlib.files.messages import listed
from snlib.files.tables import read_table

__all__ = ["LIGHT_CURVE_COLUMNS", "read_light_curves"]

#: Columns that a table of light curves must have; ``upper_limit`` may come with them.
LIGHT_CURVE_COLUMNS = ("object_id", "phase_days", "band", "magnitude")
_WANTED = Wanted(LIGHT_CURVE_COLUMNS, ("upper_limit",), {"band": ("filter", "passband")})
# What lies outside is no odd supernova but another quantity: apparent magnitudes, dates.
_POSSIBLE = {
    "phase_days": (-10_000, 10_000, "days from peak"),
    "magnitude": (-25, 0, "an absolute magnitude"),
}


def read_light_curves(path):
    """Read light curves from a table with a row a point, or with lists of points and a row an object.

    Points that no training light curve has are left out with a warning: without a finite phase or
    magnitude, or with a number that only stands for none, such as 99; upper limits; in another band, before
    or after the simulated phases, or fainter than simulated; and exact duplicates.  An object of which
    nothing is left stays, without a point, and another warning names it.  Of a light curve with more than
    `snlib.data.dense.MOST_POINTS` points so many stay.

    Parameters
    ----------
    path : path-like
        A table of any kind that `snlib.files.tables.read_table` reads, with the columns of
        `LIGHT_CURVE_COLUMNS`, in any case and order: rest-frame days from peak (hours and other units of
        time if the file says so), absolute AB magnitudes, and bands like "r", "lsstr" or "LSST-r" or the
        numbers 0 to 5; maybe ``upper_limit``, true or false.  The order of rows does not matter.

    Returns
    -------
    RaggedLightCurves
        Of the objects in the order of first appearance.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is no such table, a value is not a number or impossible, or no point at all can be used;
        the message names file, object, column and value.
    """
    with guarded(path, "table of light curves"):
        object_id, points = _usable_points(path)
    light_curves = RaggedLightCurves.from_points(object_id, *points)
    _warn_of_objects(path, object_id[light_curves.n_points == 0])
    return thin(path, _without_duplicates(path, light_curves))


def _usable_points(path):
    """The identifiers; and of each usable point: index of its object, phase, magnitude and band."""
    table = read_table(path, _WANTED)
    days = days_in(f"{path}: column 'phase_days'", table.units.get("phase_days"))
    require_ab_magnitudes(f"{path}: column 'magnitude'", table.units.get("magnitude"))
    place, object_id = identifiers(path, table.columns["object_id"])
    row, columns = points_of(table, lambda row: f"{path}: object {object_id[place[row]]!r}")
    place = place[row]
    del table, row, columns["object_id"]  # text takes much memory: each column goes as soon as it is read

    def where(column):
        return lambda point: f"{path}: object {object_id[place[point]]!r}, column {column!r}"

    band, others = read_bands(path, columns.pop("band"))
    phase_days = days * numbers(columns.pop("phase_days"), where("phase_days"))
    magnitude = numbers(columns.pop("magnitude"), where("magnitude"))
    upper_limit = np.zeros(len(place), dtype=bool)
    if "upper_limit" in columns:
        upper_limit = flags(columns.pop("upper_limit"), where("upper_limit"))
    _require_possible("phase_days", phase_days, upper_limit, where)
    _require_possible("magnitude", magnitude, upper_limit | is_placeholder(magnitude), where)
    points = (place, phase_days, magnitude, band)
    keep = usable_points(path, object_id, *points, others, upper_limit)
    return object_id, tuple(values[keep] for values in points)


def _require_possible(column, values, is_none, where):
    low, high, meaning = _POSSIBLE[column]
    impossible = np.isfinite(values) & ~((values >= low) & (values <= high)) & ~is_none
    if impossible.any():
        point = int(np.argmax(impossible))
        value = float(values[point])
        raise ValueError(f"{where(column)(point)}: {value}, expected {meaning} between {low} and {high}")


def _warn_of_objects(path, object_id):
    if len(object_id):
        warnings.warn(
            f"{path}: no point left, so what follows is the prior's: object {listed(object_id.tolist())}",
            stacklevel=3,
        )


def _without_duplicates(path, light_curves):
    """Points that are the same in all that is known of them stand side by side, as they are sorted."""
    again = np.ones(len(light_curves.band), dtype=bool)
    again[light_curves.start[:-1][light_curves.n_points > 0]] = False
    for values in (light_curves.phase_days, light_curves.magnitude, light_curves.band):
        again[1:] &= values[1:] == values[:-1]
    if not again.any():
        return light_curves
    place = np.searchsorted(light_curves.start, np.flatnonzero(again), side="right") - 1
    warn_of_points(path, "exact duplicates", light_curves.object_id[place])
    return light_curves.only(~again)
