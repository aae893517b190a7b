"""What all readers have in common: whatever goes wrong is the file's fault, and is said in one line."""

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

__all__ = ["Array", "guarded", "require_file", "require_plausible_size"]

# Deflate makes at most 1,032 bytes of one; a file that claims more than this is damaged or malicious.
_MOST_EXPANSION = 1100


@contextmanager
def guarded(path, kind):
    """Turn any failure to read a file into one error that names it.

    The libraries that read these formats raise errors of some fifteen types when a file is damaged, few of
    which are documented.  Errors of the system that name their file (no such file, no permission) and errors
    that begin with the path pass as they are.

    Parameters
    ----------
    path : path-like
    kind : str
        What the file should have been, such as "npz file".

    Raises
    ------
    ValueError
        In place of what the block raised; the message names the file.
    """
    try:
        yield
    except MemoryError as error:
        raise ValueError(f"{path}: holds more than fits into memory") from error
    except RecursionError as error:
        raise ValueError(f"{path}: not a readable {kind} (nested too deeply)") from error
    except Exception as error:
        named = isinstance(error, OSError) and error.filename is not None
        if named or str(error).startswith(f"{path}: "):
            raise
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ValueError(f"{path}: not a readable {kind}, or not all of it ({reason})") from error


def require_file(path):
    """The path, if it is that of a regular file.

    Raises
    ------
    FileNotFoundError, IsADirectoryError
        If it is not; the message names the file.
    """
    path = Path(path)
    if path.is_dir():
        raise IsADirectoryError(f"{path}: is a folder, expected a file")
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file")
    return path


def require_plausible_size(claimed_bytes, stored_bytes):
    """Refuse an array that is larger than its file can hold, before memory is asked for.

    Parameters
    ----------
    claimed_bytes : int
        Of the array, as its header says.
    stored_bytes : int
        Of the file, or of its part that holds the array.

    Raises
    ------
    ValueError
        If no compression could make that much of so little.
    """
    if claimed_bytes > _MOST_EXPANSION * stored_bytes + 4096:
        raise ValueError(f"it claims {claimed_bytes:,} bytes of the {stored_bytes:,} that are there")


@dataclass(frozen=True)
class Array:
    """What an array in a file must be.

    Attributes
    ----------
    n_dim : int
        Number of axes.
    kinds : str
        Letters of numpy's kinds of type: "f" for floating-point numbers, "i" and "u" for integers, "b" for
        booleans, "U" for text.
    holds : {"finite", "gaps", "anything"}
        Finite numbers; or NaN too, where there is no value; or whatever is there, where a mask says what
        counts.
    """

    n_dim: int
    kinds: str = "fiu"
    holds: str = "finite"

    def check(self, name, values):
        """Raise a ValueError that names the array unless it is one of these.

        Parameters
        ----------
        name : str
        values : ndarray
        """
        if values.dtype.kind not in self.kinds:
            raise ValueError(f"field {name!r} is of type {values.dtype}, expected a kind of {self.kinds!r}")
        if values.ndim != self.n_dim:
            raise ValueError(f"field {name!r} has shape {values.shape}, expected {self.n_dim} axes")
        if values.dtype.kind == "f" and self.holds != "anything":
            bad = np.isinf(values) if self.holds == "gaps" else ~np.isfinite(values)
            if bad.any():
                place = tuple(int(index) for index in np.argwhere(bad)[0])
                raise ValueError(f"field {name!r} holds {values[place]} at {place}, not a finite number")
