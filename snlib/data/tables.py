"""Tables that others made, in three kinds of file, and what is read from their columns."""

from pathlib import Path

import numpy as np
import pandas as pd
from astropy.table import Table

from snlib.data.quantities import PARAMETERS

__all__ = ["read_parameters", "read_table", "require_suffix"]


def _read_csv(path):
    table = pd.read_csv(path, dtype=str, keep_default_na=False, skipinitialspace=True)
    if not isinstance(table.index, pd.RangeIndex):
        raise ValueError("rows with more fields than the header")
    return table


def _read_ecsv(path):
    table = Table.read(path, format="ascii.ecsv")
    plain = [name for name in table.colnames if getattr(table[name], "ndim", None) == 1]
    return table[plain].to_pandas(index=False)


_READERS = {".csv": _read_csv, ".ecsv": _read_ecsv, ".parquet": pd.read_parquet}


def require_suffix(path, suffixes):
    """Return the suffix of a path, in small letters.

    Parameters
    ----------
    path : path-like
    suffixes : iterable of str
        Such as ".csv".

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If it is none of `suffixes`; the message names the file.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in suffixes:
        raise ValueError(f"{path}: the name should end in {' or '.join(suffixes)}")
    return suffix


def read_table(path, columns):
    """Read a table from a ``.csv``, ``.ecsv`` or ``.parquet`` file.

    Parameters
    ----------
    path : path-like
    columns : sequence of str
        That it must have, in any order, and maybe others.

    Returns
    -------
    pandas.DataFrame
        With these columns only; from CSV all values are text.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the suffix is unknown, the file is no such table, lacks a column or has no rows; the message
        names the file.
    """
    suffix = require_suffix(path, _READERS)
    if not Path(path).is_file():
        raise FileNotFoundError(f"{path}: no such file")
    try:
        table = _READERS[suffix](path)
    except (ValueError, OSError, KeyError, TypeError) as error:  # all that the readers raise
        raise ValueError(f"{path}: not a {suffix[1:].upper()} table ({error})") from None
    if missing := [name for name in columns if name not in table]:
        raise ValueError(f"{path}: column {missing[0]!r} is missing")
    if table.empty:
        raise ValueError(f"{path}: no rows")
    return table[list(columns)].reset_index(drop=True)


def read_parameters(path):
    """Read the parameters of models from a table.

    Parameters
    ----------
    path : path-like
        ``.csv``, ``.ecsv`` or ``.parquet`` with the columns of `snlib.data.quantities.PARAMETERS`, in any
        order, and maybe others.

    Returns
    -------
    ndarray, shape (N, 6)

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no table, lacks a column or holds something else than finite numbers; the message
        names file, row, column and value.
    """
    names = [parameter.name for parameter in PARAMETERS]
    table = read_table(path, names)
    values = table.apply(pd.to_numeric, errors="coerce").to_numpy(float)
    bad = np.argwhere(~np.isfinite(values))
    if bad.size:
        row, column = bad[0]
        raise ValueError(
            f"{path}: row {row + 1}, column {names[column]!r}: "
            f"{table[names[column]][row]!r} is not a finite number"
        )
    return values
