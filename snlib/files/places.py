"""Where files are: those that come with snlib, and those that runs make."""

import os
from pathlib import Path

from snlib.files.opened import RECORD, record_opened

__all__ = ["DATA", "generated_folder"]

_PACKAGE = Path(__file__).resolve().parent.parent
_SHIPPED = _PACKAGE / "shipped"  # a wheel has here what commands need of data/; see setup.py
#: What comes with snlib: the repository's data folder, or that part of it which is in the wheel.
DATA = _SHIPPED if _SHIPPED.is_dir() else _PACKAGE.parent / "data"


def generated_folder():
    """The folder of all that runs make.

    Returns
    -------
    pathlib.Path
        What ``SNLIB_GENERATED`` names; else ``data/generated`` of the checkout or, where snlib is installed
        without one, of the working folder.
    """
    if named := os.environ.get("SNLIB_GENERATED"):
        return Path(named)
    return (Path.cwd() if DATA == _SHIPPED else _PACKAGE.parent) / "data" / "generated"


if _record := os.environ.get(RECORD):
    record_opened(_record, {"generated": generated_folder(), "data": DATA})
