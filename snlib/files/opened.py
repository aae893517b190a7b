"""Which files a process reads and makes, written down where the pipeline asks for it.

A published page says from what it was computed.  No list of that is kept by hand: while a chapter is
executed, ``SNLIB_OPENED`` names a file, and each process that loads `snlib.files.places`, which alone knows
where files are, adds to it what it opens.  It listens to Python's audit events, so that no reader can be
forgotten.
"""

import json
import os
import sys

__all__ = ["RECORD", "record_opened"]

RECORD = "SNLIB_OPENED"
_TO_WRITE = os.O_WRONLY | os.O_RDWR


def record_opened(record, folders):
    """Record from now on which files below some folders are read or made, here and in processes started here.

    Parameters
    ----------
    record : path-like
        Each line that is added is a list (JSON): "read" or "made", and a file, such as "data/surrogate.npz";
        or "run", the folder of a run that was opened, and its device.
    folders : dict of str to path-like
        By the name that stands for each; those within others come first.
    """
    os.environ[RECORD] = os.path.abspath(record)  # for processes that start elsewhere
    sys.addaudithook(_Recorder(os.environ[RECORD], folders))


class _Recorder:
    """Hears what this process does."""

    def __init__(self, record, folders):
        self.folders = {name: os.path.abspath(folder) + os.sep for name, folder in folders.items()}
        self.file = os.open(record, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        self.written = set()

    def __call__(self, event, arguments):
        if event == "open" and not arguments[2] & _TO_WRITE:
            self.note("read", arguments[0])
        elif event == "os.rename":
            self.note("made", arguments[1])
        elif event == "snlib.open_run":
            self.write("run", *arguments)

    def note(self, what, path):
        """Record a file, if it lies in one of the folders and none of its names is hidden."""
        if not isinstance(path, (str, bytes, os.PathLike)):  # a descriptor
            return
        path = os.path.abspath(os.fsdecode(path))
        for name, folder in self.folders.items():
            if path.startswith(folder):
                parts = [name, *path.removeprefix(folder).split(os.sep)]
                if not any(part.startswith(".") for part in parts):
                    self.write(what, "/".join(parts))
                return

    def write(self, *line):
        """Add a line to the record, each once; not by `open`, which this hears."""
        if line not in self.written:
            self.written.add(line)
            os.write(self.file, json.dumps(line).encode() + b"\n")
