"""The names that tables give to the six bands of Rubin's LSST."""

import re
import warnings

import numpy as np

from snlib.data.cells import words
from snlib.data.quantities import BANDS

__all__ = ["band_index", "read_bands"]

# Numbers mean these bands where all are from 0 to 5, as in PLAsTiCC; pandas writes 1.0 if some are missing.
_CODES = {f"{code}{end}": code for code in range(len(BANDS)) for end in ("", ".0")} | {"": -1}
# Alone only as it is (Y and I are bands of others); with the survey's name in any case: lsstg, LSST-g,
# LSST_g, lsst2016-g, LSST/LSST.g; or with the number of a filter of the camera: i_39.
_NAME = re.compile(r"(?:lsst|lsstcam|rubin)(?:20\d\d)?(?:/lsst)?[-_.: ]*([ugrizy])", re.IGNORECASE)
_FILTER = re.compile(r"([ugrizy])(?:_\d\d?)?")


def band_index(name):
    """Which band of `snlib.data.quantities.BANDS` a name means.

    Parameters
    ----------
    name : str

    Returns
    -------
    int
        -1 if none of them: bands of other surveys, which are no better known than by their letter, are not
        these.
    """
    match = _NAME.fullmatch(name) or _FILTER.fullmatch(name)
    return BANDS.index(match[1].lower()) if match else -1


def read_bands(path, column):
    """Read the bands of points; if they are numbers from 0 to 5, a warning says for what they are taken.

    Parameters
    ----------
    path : path-like
        For the warning.
    column : pyarrow.ChunkedArray, shape (M,)
        Of names; or all of them numbers from 0 to 5.

    Returns
    -------
    band : ndarray of int8, shape (M,)
        Index into `snlib.data.quantities.BANDS`; -1 for others.
    others : list of str
        The names of those, as they occur.
    """
    code, names = words(column)
    if any(names) and set(names) <= set(_CODES):
        warnings.warn(f"{path}: bands 0 to {len(BANDS) - 1} are taken for {', '.join(BANDS)}", stacklevel=2)
        index = [_CODES[name] for name in names]
    else:
        index = [band_index(name) for name in names]
    others = [name for name, band in zip(names, index, strict=True) if band < 0]
    return np.array(index, dtype=np.int8)[code], others
