"""Supernovae in the files in which they are published: SNANA text, SNooPy text, Open Supernova Catalog JSON.

Such a file holds a light curve and what is known of its object, in one.
"""

import gzip
from pathlib import Path

from snlib.files.guard import guarded
from snlib.observed.open_catalog import read_open_catalog
from snlib.observed.snana_points import is_snana, read_snana_points
from snlib.observed.snoopy import is_snoopy, read_snoopy

__all__ = ["read_published"]

_SNIFFED = 20_000  # characters


def read_published(path):
    """Read the file of a supernova.

    Parameters
    ----------
    path : path-like
        Text of SNANA or of SNooPy, or JSON of the Open Supernova Catalog, maybe compressed (``.gz``).

    Returns
    -------
    snlib.observed.published_points.Published or None
        None if it is another file.

    Raises
    ------
    ValueError
        If it is damaged, or a value is not a number; the message names file, object, column and value.
    """
    beginning = _text(path, _SNIFFED)
    with guarded(path, "file of a supernova"):
        if is_snana(beginning):
            return read_snana_points(path)
        if is_snoopy(beginning):
            return read_snoopy(path, _text(path))
        if beginning.lstrip().startswith("{"):
            return read_open_catalog(path, _text(path))
    return None


def _text(path, length=-1):
    """The beginning of a file, or all of it; empty if it is no text."""
    path = Path(path)
    if not path.is_file():
        return ""
    opener = gzip.open if path.suffix.lower() == ".gz" else open
    try:
        with opener(path, "rt", encoding="utf-8") as file:
            return file.read(length)
    except (UnicodeDecodeError, EOFError, OSError):
        return ""
