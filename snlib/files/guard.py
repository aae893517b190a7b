"""What all readers have in common: whatever goes wrong is the file's fault, and is said in one line."""

import math
from contextlib import contextmanager
from dataclasses import dataclass
from numbers import Integral, Real
from pathlib import Path

import numpy as np

__all__ = ["Array", "guarded", "number_array", "require_file", "require_number", "require_plausible_size"]

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


def require_number(
    name, value, integer=False, at_least=-math.inf, above=-math.inf, at_most=math.inf, below=math.inf
):
    """Refuse what is no finite number, or not one that can be.

    Parameters
    ----------
    name : str
        What the number is, for the message.
    value : object
    integer : bool
        Whether it must be of a type of integers.
    at_least, above, at_most, below : float
        Its limits.

    Raises
    ------
    ValueError
        If it is not; true and false are no numbers.  The message begins with the name.
    """
    kind = Integral if integer else Real
    if isinstance(value, bool) or not isinstance(value, kind) or not _is_finite(value):
        expected = "an integer" if integer else "a finite number"
        raise ValueError(f"{name} is {_short(value)}, expected {expected}")
    if not (at_least <= value <= at_most and above < value < below):
        lower = f"above {above:g}" if above > -math.inf else f"at least {at_least:g}"
        upper = f" and at most {at_most:g}" if at_most < math.inf else ""
        upper = f" and below {below:g}" if below < math.inf else upper
        raise ValueError(f"{name} is {_short(value)}, expected {lower}{upper}")


def _is_finite(value):
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer of hundreds of digits
        return False


def _short(value):
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def number_array(name, values, n_dim):
    """Nested lists of finite numbers, as JSON has them, as an array of float.

    Raises
    ------
    ValueError
        If they are no such lists, or not all of one length; the message begins with the name.
    """
    array = np.array(values, dtype=object)
    if array.ndim != n_dim:
        raise ValueError(f"{name} has {array.ndim} axes, expected {n_dim}")
    for value in array.flat:
        require_number(name, value)
    return array.astype(float)


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
