"""Tables of light curves that others made: read, checked and padded."""

import warnings

import numpy as np
import pandas as pd

from snlib.data.quantities import BANDS, FAINTEST_MAGNITUDE, LAST_PHASE_DAYS, SURFACE_PHASES_DAYS
from snlib.data.ragged import RaggedLightCurves
from snlib.data.tables import read_table

__all__ = ["LIGHT_CURVE_COLUMNS", "read_light_curves"]

LIGHT_CURVE_COLUMNS = ("object_id", "phase_days", "band", "magnitude")
_BAND_INDEX = {name: i for i, band in enumerate(BANDS) for name in (band, f"lsst{band}")}
# What lies outside is no odd supernova but another quantity: apparent magnitudes, dates.
_POSSIBLE = {
    "phase_days": (-10_000, 10_000, "days from peak"),
    "magnitude": (-25, 0, "an absolute magnitude"),
}
_MOST_NAMES = 5  # that a warning lists


def read_light_curves(path):
    """Read light curves from a table with a row a point.

    Points that no training light curve has are left out with a warning: without a finite phase or
    magnitude, in another band, before or after the simulated phases, or fainter than simulated.  An object
    of which nothing is left stays, without a point, and another warning names it.

    Parameters
    ----------
    path : path-like
        ``.csv``, ``.ecsv`` or ``.parquet`` with the columns of `LIGHT_CURVE_COLUMNS`: rest-frame days from
        peak, absolute AB magnitudes, and bands like "r" or "lsstr".  The order of rows does not matter.

    Returns
    -------
    RaggedLightCurves
        In the order of first appearance, the points ascending in phase.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is no such table, or a value is not a number or impossible; the message names file,
        object, column and value.
    """
    table = read_table(path, LIGHT_CURVE_COLUMNS)
    names = _object_ids(path, table["object_id"])
    phase_days, magnitude = (_numbers(path, names, table[column]) for column in _POSSIBLE)
    band = table["band"].astype(str).str.strip().map(_BAND_INDEX).fillna(-1).to_numpy(int)
    first = SURFACE_PHASES_DAYS[0]
    left_out = {
        "phase_days not finite": np.isnan(phase_days),
        "magnitude not finite": np.isnan(magnitude),
        f"band none of {', '.join(BANDS)}": band < 0,
        f"phase_days before {first:g}": phase_days < first,
        f"phase_days after {LAST_PHASE_DAYS:g}": phase_days > LAST_PHASE_DAYS,
        f"magnitude fainter than {FAINTEST_MAGNITUDE:g}": magnitude > FAINTEST_MAGNITUDE,
    }
    for reason, points in left_out.items():
        _warn_of_points(path, reason, names[points])
    place, object_id = pd.factorize(names)
    keep = ~np.any(list(left_out.values()), axis=0)
    points = (values[keep] for values in (place, phase_days, magnitude, band))
    curves = RaggedLightCurves.from_points(np.array(object_id, dtype=object), *points)
    _warn_of_objects(path, curves.object_id[curves.n_points == 0])
    return curves


def _object_ids(path, values):
    names = values.astype(str).str.strip()
    empty = np.flatnonzero(values.isna() | (names == ""))
    if empty.size:
        raise ValueError(f"{path}: row {empty[0] + 1}, column 'object_id': empty")
    return names.to_numpy(object)


def _numbers(path, names, values):
    """Floats; NaN where there is none or it is not finite."""
    low, high, meaning = _POSSIBLE[values.name]
    result = np.full(len(values), np.nan)
    for row, (value, missing) in enumerate(zip(values, values.isna(), strict=True)):
        where = f"{path}: object {names[row]!r}, column {values.name!r}"
        if missing or value == "":
            continue
        try:
            result[row] = float(value)
        except (TypeError, ValueError):
            raise ValueError(f"{where}: {value!r} is not a number") from None
        if np.isfinite(result[row]) and not low <= result[row] <= high:
            raise ValueError(f"{where}: {value}, expected {meaning} between {low} and {high}")
    return np.where(np.isfinite(result), result, np.nan)


def _warn_of_points(path, reason, names):
    if len(names):
        count = f"{len(names)} points of {len(set(names))} objects"
        warnings.warn(f"{path}: {reason}: {count} left out, first of {names[0]!r}", stacklevel=3)


def _warn_of_objects(path, object_id):
    if len(object_id):
        more = len(object_id) - _MOST_NAMES
        listed = ", ".join(map(repr, object_id[:_MOST_NAMES].tolist()))
        warnings.warn(
            f"{path}: no point left, so what follows is the prior's: object {listed}"
            + (f" and {more} more" if more > 0 else ""),
            stacklevel=3,
        )
