"""Light curves in the JSON of the Open Supernova Catalog (Guillochon et al. 2017, ApJ 835, 64)."""

import warnings
from functools import partial

import numpy as np

from snlib.files.guard import guarded
from snlib.files.json_files import parse_json
from snlib.files.messages import listed
from snlib.observed.filter_names import open_catalog_filter
from snlib.observed.published_points import Published, magnitude_points, mjd_of, table_of

__all__ = ["read_open_catalog"]

# In models, in the host galaxy, or at other energies: no photometry of the supernova through a filter.
_NOT_SEEN = ("model", "realization", "host", "frequency", "energy")
_TRUE = (True, 1, "true", "True", "1")
_ERRORS = ("e_magnitude", "e_upper_magnitude", "e_lower_magnitude")
_BEST_KINDS = ("heliocentric", "", "spectroscopic", "host")


def read_open_catalog(path, text):
    """Read light curves and what is known of their objects.

    Parameters
    ----------
    path : path-like
        For messages.
    text : str
        Of the file.

    Returns
    -------
    snlib.observed.published_points.Published

    Raises
    ------
    ValueError
        If it is no JSON of the catalog, or a value is not a number; the message names the file and what is
        wrong.
    """
    with guarded(path, "JSON of the Open Supernova Catalog"):
        catalog = parse_json(text)
        entries = [_entry(path, name, entry) for name, entry in catalog.items()]
        rows = [row for name, entry in entries for row in _rows(path, name, entry)]
        if not rows:
            raise ValueError(f"{path}: no rows of photometry with magnitudes")
        _warn_of_systems(path, rows)
        names = ("object_id", "date", "magnitude", "magnitude_error", "upper_limit", "band")
        columns = {name: [row[name] for row in rows] for name in names}
        points = magnitude_points(path, columns["object_id"], columns)
        seen = set(columns["object_id"])
        objects = [_known(path, name, entry) for name, entry in entries if name in seen]
    return Published(points, table_of(**{key: [one[key] for one in objects] for key in objects[0]}))


def _entry(path, name, entry):
    if not isinstance(entry, dict) or not isinstance(entry.get("photometry", []), list):
        raise ValueError(f"{path}: object {name!r} is not described as in the Open Supernova Catalog")
    return str(entry.get("name", name)), entry


def _rows(path, name, entry):
    """The points of an object."""
    for point in entry.get("photometry", []):
        if not isinstance(point, dict):
            raise ValueError(f"{path}: object {name!r}, 'photometry': {str(point)[:40]!r}, expected a point")
        if "magnitude" not in point or any(point.get(word) for word in _NOT_SEEN):
            continue
        band, assumed = open_catalog_filter(point)
        errors = [point[key] for key in _ERRORS if key in point]
        yield {
            "object_id": name,
            "date": _middle(point.get("time")),
            "magnitude": point["magnitude"],
            "magnitude_error": errors[0] if errors else None,
            "upper_limit": point.get("upperlimit", False) in _TRUE or point.get("lowerlimit", False) in _TRUE,
            "band": band,
            "assumed": assumed,
        }


def _middle(time):
    """Of the beginning and the end of an exposure, where both are given."""
    if not isinstance(time, list):
        return time
    try:
        return float(np.mean([float(one) for one in time]))
    except (TypeError, ValueError):
        return str(time)


def _warn_of_systems(path, rows):
    assumed = sorted({row["band"] for row in rows if row["assumed"]})
    if assumed:
        count = sum(row["assumed"] for row in rows)
        warnings.warn(f"{path}: {count:,} points in no system, taken for {listed(assumed)}", stacklevel=4)


def _known(path, name, entry):
    """What is known of an object: of several values the best."""
    number = partial(_number, path, name)
    redshifts = _values(entry, "redshift")
    redshifts.sort(key=lambda one: _rank(str(one.get("kind", ""))))
    distances = [one for one in _values(entry, "lumdist") if not one.get("derived")]
    megaparsecs = [number("lumdist", one["value"]) for one in distances if _is_in_mpc(one)]
    peaks = _values(entry, "maxdate")
    return {
        "object_id": name,
        "redshift": number("redshift", redshifts[0]["value"]) if redshifts else np.nan,
        "ebv_mw": number("ebv", _values(entry, "ebv")[0]["value"]) if _values(entry, "ebv") else np.nan,
        "distance_modulus": 5 * np.log10(np.median(megaparsecs)) + 25 if megaparsecs else np.nan,
        "peak_mjd": _day(path, name, str(peaks[0]["value"])) if peaks else np.nan,
    }


def _values(entry, key):
    found = entry.get(key)
    return [one for one in found or [] if isinstance(one, dict) and "value" in one]


def _rank(kind):
    return _BEST_KINDS.index(kind) if kind in _BEST_KINDS else len(_BEST_KINDS)


def _is_in_mpc(distance):
    return str(distance.get("u_value", "Mpc")).casefold() == "mpc"


def _number(path, name, key, value):
    try:
        return float(value)
    except (TypeError, ValueError):
        raise ValueError(f"{path}: object {name!r}, {key!r}: {value!r} is not a number") from None


def _day(path, name, text):
    """The MJD at the noon of a day such as 2006/03/30, or of a month's middle."""
    from astropy.time import Time

    if text.replace(".", "", 1).isdigit() and "/" not in text:
        return float(mjd_of(np.array(float(text))))
    parts = text.split("/")
    if len(parts) < 3:  # only a year, or a month of it, is known
        return np.nan
    try:
        day = float(parts[2])
        return Time(f"{int(parts[0]):04d}-{int(parts[1]):02d}-{int(day):02d}").mjd + (day % 1 or 0.5)
    except ValueError:
        raise ValueError(
            f"{path}: object {name!r}, 'maxdate': {text!r} is no date such as 2006/03/30"
        ) from None
