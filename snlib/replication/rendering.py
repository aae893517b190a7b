"""A book becomes a site: built aside, and put in its place when it is whole.

``python -m snlib.replication.rendering BOOK FOLDER`` renders the book in one folder to ``_build/html`` in
another, by the ``_config.yml`` of the working folder; warnings are errors.  Needs the extra "book".
"""

import ctypes
import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from snlib.files.writing import lock

__all__ = ["put", "render"]

_JUPYTER_BOOK = "import sys; from jupyter_book.cli.main import main; sys.exit(main())"
_HERE, _EXCHANGE = -100, 2  # AT_FDCWD and RENAME_EXCHANGE of Linux


def render(book, folder):
    """Render a book to ``_build`` in a folder; what is there stays whole until then.

    Two processes may do so at once: the one that is ready last leaves its site.

    Parameters
    ----------
    book : path-like
        Folder of its source.
    folder : path-like

    Raises
    ------
    subprocess.CalledProcessError
        If there was a warning, which has been printed; nothing is changed.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".site-", dir=folder) as aside:
        options = ["--path-output", aside, "--config", "_config.yml", "-W", "--keep-going", "-n", "-q"]
        command = [sys.executable, "-c", _JUPYTER_BOOK, "build", book, *options]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # there it says where it is aside
        built = Path(aside, "_build")
        shutil.rmtree(built / ".doctrees")  # of use only to go on with, and not all for others to read
        with lock(folder / ".site-lock", "putting a site in its place", wait=True):
            put(built, folder / "_build")


def put(new, place):
    """Put a folder in the place of another, which is left beside the new one's old place, or in it.

    Parameters
    ----------
    new, place : pathlib.Path
        On one file system.
    """
    if place.exists() and not _exchange(new, place):
        place.rename(new.with_name("old"))
    if not place.exists():
        new.rename(place)


def _exchange(one, other):
    """Whether this system could exchange two folders in one step, so that nobody sees a moment without."""
    try:
        renameat2 = ctypes.CDLL(None).renameat2
    except AttributeError:
        return False
    return renameat2(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE) == 0


if __name__ == "__main__":
    try:
        render(*sys.argv[1:])
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)
