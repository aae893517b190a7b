"""Light curves in SNANA text, for prediction: what a file lacks is not known, and may be given elsewhere.

Spectra and survey calibrations, which training needs, are read by `snlib.observed.snana`.
"""

import re
from pathlib import Path

import numpy as np
import pyarrow as pa

from snlib.data.cells import numbers
from snlib.observed.filter_names import snana_filter
from snlib.observed.natural import ab_offset
from snlib.observed.published_points import Published, mjd_of, table_of
from snlib.observed.snana import split_snana

__all__ = ["is_snana", "read_snana_points"]

_ZERO_POINT = 27.5  # of FLUXCAL, in the magnitudes of its own filter
_BEGINNING = re.compile(r"^(?:SNID|SURVEY|VARLIST):", re.MULTILINE)
# Where a number stands, in order of preference, and the least that it can be: less stands for none.
_KEYS = {
    "redshift": (("REDSHIFT_HELIO", "REDSHIFT_FINAL", "REDSHIFT_CMB"), -0.1),
    "ebv_mw": (("MWEBV",), 0.0),
    "peak_mjd": (("SEARCH_PEAKMJD",), 0.0),
}


def is_snana(text):
    """Whether the beginning of a file is that of SNANA text.

    Parameters
    ----------
    text : str

    Returns
    -------
    bool
    """
    return bool(_BEGINNING.search(text))


def read_snana_points(path):
    """Read the light curve in SNANA text.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    snlib.observed.published_points.Published

    Raises
    ------
    ValueError
        If the file is damaged, the name or a column is missing, or a value is not a number; the message names
        file, object, column and value.
    """
    header, rows, _ = split_snana(Path(path))
    if "SNID" not in header:
        raise ValueError(f"{path}: SNID is missing")
    name, names = header["SNID"], header.get("VARLIST", [])
    band = next((key for key in ("FLT", "BAND") if key in names), "FLT")
    if missing := [key for key in ("MJD", band, "FLUXCAL", "FLUXCALERR") if key not in names]:
        raise ValueError(f"{path}: the list of columns lacks {', '.join(missing)}")
    for row in rows:
        if len(row) < len(names):
            raise ValueError(f"{path}: a row has {len(row)} values for {len(names)} columns: {' '.join(row)}")
    if not rows:
        raise ValueError(f"{path}: no rows")

    def column(key):
        texts = pa.chunked_array([[row[names.index(key)] for row in rows]])
        return numbers(texts, lambda row: f"{path}: object {name!r}, column {key!r}")

    bands = [snana_filter(row[names.index(band)], header.get("SURVEY", "")) for row in rows]
    points = table_of(
        object_id=[name] * len(rows),
        mjd=mjd_of(column("MJD")),
        band=bands,
        flux=column("FLUXCAL"),
        flux_error=column("FLUXCALERR"),
        zero_point=np.array([_ZERO_POINT - ab_offset(one) for one in bands]),
    )
    known = {key: [_of_header(path, header, *where)] for key, where in _KEYS.items()}
    return Published(points, table_of(object_id=[name], **known))


def _of_header(path, header, keys, least):
    """NaN if no key is there."""
    for key in keys:
        try:
            value = float(header.get(key, "nan"))
        except ValueError:
            raise ValueError(f"{path}: {key} is not a number: {header[key]!r}") from None
        if value >= least:
            return value
    return np.nan
