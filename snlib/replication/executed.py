"""A chapter that papermill has executed, with what is to be known of it.

``python -m snlib.replication.executed NOTEBOOK RECORD CHAPTER`` adds to the metadata of an executed notebook
what it opened (see `snlib.files.opened`), by which commit, and with which versions.
"""

import json
import platform
import sys
from importlib.metadata import version
from pathlib import Path

from snlib.files.json_files import read_json, write_json
from snlib.replication.git import commit

__all__ = ["KEY", "VERSIONS", "finish", "read_record"]

KEY = "snlib"  # of the notebook's metadata
VERSIONS = ("torch", "snlib", "numpy")


def read_record(path):
    """What a notebook opened.

    Parameters
    ----------
    path : path-like
        As `snlib.files.opened.record_opened` writes it; several processes may have written the same.

    Returns
    -------
    dict
        ``read`` and ``made``, lists of files, and ``runs``, by the folder of each run that was opened its
        device: "cpu", or the name of a GPU.

    Raises
    ------
    FileNotFoundError
        If there is no record.
    """
    lines = [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]
    files = {what: sorted({line[1] for line in lines if line[0] == what}) for what in ("read", "made")}
    return files | {"runs": {line[1]: line[2] for line in lines if line[0] == "run"}}


def finish(notebook, record, chapter):
    """Write an executed notebook with what it opened, by which commit, and with which versions.

    Parameters
    ----------
    notebook : path-like
        As papermill left it; this process has the same Python and the same packages.
    record : path-like
        See `read_record`.
    chapter : path-like
    """
    content = read_json(notebook)
    versions = {"Python": platform.python_version()} | {name: version(name) for name in VERSIONS}
    content["metadata"][KEY] = read_record(record) | {"commit": commit(), "versions": versions}
    write_json(chapter, content)


if __name__ == "__main__":
    finish(*sys.argv[1:])
