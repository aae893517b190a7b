"""The visits of an OpSim run, from its SQLite database of whatever version."""

import warnings

import numpy as np

from snlib.data.band_names import band_index
from snlib.files.columns import Wanted
from snlib.files.sqlite import read_sqlite

__all__ = ["read_opsim"]

_TABLES = ("observations", "SummaryAllProps", "Summary")
_NUMBERS = ("observationStartMJD", "fieldRA", "fieldDec", "fiveSigmaDepth")
_WANTED = Wanted((*_NUMBERS, "band"), other_names={"observationStartMJD": ("expMJD",), "band": ("filter",)})
_FIRST_MJD, _LAST_MJD = 15_000, 150_000  # of the years 1900 to 2269: others count from another day
_FAINTEST, _BRIGHTEST = 35, 5  # of depths


def read_opsim(path):
    """Read the visits of an OpSim run; a visit that is none is left out, with a warning that counts them.

    Parameters
    ----------
    path : path-like
        A database with a table ``observations``, ``SummaryAllProps`` or ``Summary``, which has the columns
        ``observationStartMJD`` or ``expMJD`` (days), ``fieldRA`` and ``fieldDec`` (degrees), ``band`` or
        ``filter`` ("i", "lssti" or "i_39"), and ``fiveSigmaDepth`` (AB magnitudes).

    Returns
    -------
    mjd, ra_deg, dec_deg, band, five_sigma_depth : ndarray, shape (V,)
        In time order; see `snlib.simulation.visits.Visits`.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is damaged, has no such table, lacks columns, gives positions in radians, or has no visit at
        all; the message names the file.
    """
    numbers, names = _read(path)
    mjd, ra_deg, dec_deg, depth = numbers
    _require_degrees(path, ra_deg, dec_deg)
    index = {name: band_index(name) for name in set(names.tolist())}
    band = np.array([index[name] for name in names], dtype=int)
    possible = {
        "observationStartMJD": (mjd >= _FIRST_MJD) & (mjd <= _LAST_MJD),
        "fieldRA": (ra_deg >= -180) & (ra_deg <= 360),
        "fieldDec": np.abs(dec_deg) <= 90,
        "fiveSigmaDepth": (depth >= _BRIGHTEST) & (depth <= _FAINTEST),
        "band": band >= 0,
    }
    columns = dict(zip(possible, (*numbers, names), strict=True))
    keep = np.all(list(possible.values()), axis=0)
    _say_of_impossible(path, possible, columns, keep)
    order = np.flatnonzero(keep)[np.argsort(mjd[keep], kind="stable")]
    return mjd[order], (ra_deg % 360)[order], dec_deg[order], band.astype(np.uint8)[order], depth[order]


def _read(path):
    """The numbers, shape (4, V), NaN where there is none; and the names of bands."""
    numbers, names = [np.empty((len(_NUMBERS), 0))], [np.empty(0, dtype=object)]
    for part in read_sqlite(path, _WANTED, _TABLES):
        numbers.append(np.array([_as_numbers(part[name]) for name in _NUMBERS]))
        names.append(np.array([str(name).strip() for name in part["band"]], dtype=object))
    return np.concatenate(numbers, axis=1), np.concatenate(names)


def _as_numbers(cells):
    try:
        return np.array(cells, dtype=float)
    except (TypeError, ValueError):
        return np.array([_as_number(cell) for cell in cells])


def _as_number(cell):
    try:
        return float(cell)
    except (TypeError, ValueError):
        return np.nan


def _require_degrees(path, ra, dec):
    there = np.isfinite(ra) & np.isfinite(dec)
    small = (np.abs(ra) <= 2 * np.pi) & (np.abs(dec) <= np.pi / 2)
    if there.any() and small[there].all():
        raise ValueError(
            f"{path}: fieldRA up to {np.abs(ra[there]).max():.4g} and fieldDec up to "
            f"{np.abs(dec[there]).max():.4g} are radians, expected degrees"
        )


def _say_of_impossible(path, possible, columns, keep):
    """Warn of visits that are left out; refuse if that is all of them."""
    if keep.all() and keep.size:
        return
    first = [(name, columns[name][np.argmin(ok)]) for name, ok in possible.items() if not ok.all()]
    found = ", ".join(f"{name} {value!s}" for name, value in first)
    if not keep.any():
        raise ValueError(f"{path}: no visit can be used: {found or 'there is none'}")
    count = np.count_nonzero(~keep)
    warnings.warn(f"{path}: {count} of {keep.size} visits are impossible and left out: {found}", stacklevel=3)
