"""What git knows of the repository; nothing where there is none."""

import subprocess
from datetime import date

from snlib.files.places import DATA

__all__ = ["commit", "last_change"]

_MAKE_RESULTS = ("snlib", "notebooks", "Snakefile", "maintainers.smk")


def commit(root="."):
    """The commit that makes the results, with "-dirty" where what makes them has been changed since.

    Parameters
    ----------
    root : path-like
        Of the repository.

    Returns
    -------
    str
        Empty where there is no repository.
    """
    name = _git(root, "rev-parse", "--short", "HEAD").stdout.strip()
    changed = name and _git(root, "diff", "--quiet", "HEAD", "--", *_MAKE_RESULTS).returncode
    return name + ("-dirty" if changed else "")


def last_change(files, root=DATA.parent):
    """The last commit that changed any of some files, and its day.

    Parameters
    ----------
    files : sequence of str
        As seen from the root.
    root : path-like
        Of the repository.

    Returns
    -------
    (str, datetime.date) or None
        None where there is no repository, or none of the files is in it.
    """
    name, _, day = _git(root, "log", "-1", "--format=%h %cs", "--", *files).stdout.strip().partition(" ")
    return (name, date.fromisoformat(day)) if name else None


def _git(root, *arguments):
    return subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True)
