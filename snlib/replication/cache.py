"""What was made once is kept, and made again if it is no longer whole or was made from something else.

Beside the files of a kept thing lies a record, ``.<name>.made_from.json``: from what it was made, and the
SHA-256 of each file.  It is written last, so that what was interrupted or damaged never passes for whole.
"""

import hashlib
import json
import warnings
from pathlib import Path

from snlib.files.json_files import read_json, write_json

__all__ = ["file_digest", "is_kept", "keep", "make_unless_kept"]


def file_digest(path):
    """SHA-256 of the contents of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def make_unless_kept(paths, made_from, make):
    """Make some files, unless they are there, whole, and made from the same.

    Parameters
    ----------
    paths : sequence of path
        All files of the thing, in one folder.
    made_from : dict
        All that decides their contents (JSON).
    make : function
        Writes the files; takes no arguments.
    """
    if not is_kept(paths, made_from):
        make()
        keep(paths, made_from)


def is_kept(paths, made_from):
    """Whether all files are there, as they were written, and made from just this.

    Files or a record that are damaged come with a warning that names them.

    Parameters
    ----------
    paths, made_from
        As of `make_unless_kept`.

    Returns
    -------
    bool
    """
    try:
        wanted, kept = _content(paths, made_from), read_json(_record(paths))
    except FileNotFoundError:  # never made, or interrupted
        return False
    except (OSError, ValueError) as error:
        warnings.warn(f"{error}; what it tells of is made again", stacklevel=3)
        return False
    if kept == wanted:
        return True
    if isinstance(kept, dict) and kept.get("made_from") == wanted["made_from"]:
        recorded = kept["files"] if isinstance(kept.get("files"), dict) else {}
        changed = [path for path in paths if recorded.get(Path(path).name) != file_digest(path)] or paths
        warnings.warn(f"{changed[0]}: damaged or changed since it was made; it is made again", stacklevel=3)
    return False


def keep(paths, made_from):
    """Record from what files were made that have just been written.

    Parameters
    ----------
    paths, made_from
        As of `make_unless_kept`.

    Raises
    ------
    FileNotFoundError
        If one of the files is missing.
    """
    write_json(_record(paths), _content(paths, made_from))


def _record(paths):
    first = Path(paths[0])
    return first.with_name(f".{first.name}.made_from.json")


def _content(paths, made_from):
    files = {Path(path).name: file_digest(path) for path in paths}
    return json.loads(json.dumps({"made_from": made_from, "files": files}))  # a tuple is read back as a list
