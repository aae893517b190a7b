"""The identifiers of objects, which are text whatever a table makes of them."""

import re

import numpy as np
import pyarrow as pa

from snlib.data.cells import words

__all__ = ["LONGEST_IDENTIFIER", "identifiers"]

LONGEST_IDENTIFIER = 256  # characters
_FIRST_INEXACT = {16: 2**11, 32: 2**24, 64: 2**53}  # by bits: not all integers from here on are floats
# What is left of a long integer that went through a float: 1.7003e+17, 170032899999999990.0.
_ONCE_A_FLOAT = re.compile(r"\d(\.\d+)?[eE]\+\d+|\d+\.0*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def identifiers(path, column):
    """Read the identifiers of objects.

    Parameters
    ----------
    path : path-like
        For messages.
    column : pyarrow.ChunkedArray, shape (R,)

    Returns
    -------
    place : ndarray of int, shape (R,)
        Which object each row is of.
    object_id : ndarray of object, shape (N,)
        Of the objects, in the order of first appearance: strings without blanks around.

    Raises
    ------
    ValueError
        If one is empty, too long, holds a control character, or is an integer that a float has spoiled;
        the message names file and row.
    """
    place, names = words(column)
    object_id = np.array(names, dtype=object)
    first_inexact = _FIRST_INEXACT[column.type.bit_width if pa.types.is_floating(column.type) else 64]
    for index, name in enumerate(object_id):
        if fault := _fault(name, first_inexact):
            row = int(np.argmax(place == index))
            raise ValueError(f"{path}: row {row + 1}, column 'object_id': {fault}")
    return place, object_id


def _fault(name, first_inexact):
    if not name:
        return "empty"
    if len(name) > LONGEST_IDENTIFIER:
        return f"{name[:20]!r}… has {len(name):,} characters, expected at most {LONGEST_IDENTIFIER}"
    if _CONTROL.search(name):
        return f"{name!r} holds a control character"
    if _ONCE_A_FLOAT.fullmatch(name) and float(name) >= first_inexact:
        return f"{name!r} is a number that was stored as a float, which cannot hold all its digits"
    return ""
