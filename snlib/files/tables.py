"""Tables in every kind of file that people have them in."""

from pathlib import Path

from snlib.files.csv_tables import read_csv, read_ecsv
from snlib.files.parquet_tables import read_parquet

__all__ = ["read_table", "require_suffix"]

_READERS = {
    ".csv": read_csv,
    ".ecsv": read_ecsv,
    ".parquet": read_parquet,
    **dict.fromkeys((".tsv", ".txt", ".dat", ".gz"), read_csv),
}


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


def read_table(path, wanted):
    """Read some columns of a table.

    Parameters
    ----------
    path : path-like
        ``.csv``, ``.tsv``, ``.txt`` or ``.dat``: text, separated by commas, tabs, semicolons, bars or
        blanks; ``.ecsv``; ``.gz``: any of these, compressed; ``.parquet``, or a folder of such files.
    wanted : snlib.files.columns.Wanted

    Returns
    -------
    snlib.files.columns.Table
        With one row at least; from text files all values are text.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the suffix is unknown, the file is no such table, lacks a column or has no rows; the message
        names the file.
    """
    folder = Path(path).is_dir()
    reader = read_parquet if folder else _READERS[require_suffix(path, _READERS)]
    table = reader(path, wanted)
    if not len(table):
        raise ValueError(f"{path}: no rows")
    return table
