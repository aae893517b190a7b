"""The points of a table: a row each, or a list of them in each cell."""

import numpy as np
import pyarrow as pa
from pyarrow import compute as pc

__all__ = ["points_of"]


def points_of(table, where):
    """Take the lists of a table apart.

    Parameters
    ----------
    table : snlib.files.columns.Table
        With R rows.  Where a column holds lists, a row has as many points as they are long, and a cell of
        the other columns counts for all of them.
    where : callable
        Row -> str, what a message begins with.

    Returns
    -------
    row : ndarray of int, shape (M,), or slice
        Of each point.
    columns : dict of str to pyarrow.ChunkedArray, shape (M,)
        Without lists.

    Raises
    ------
    ValueError
        If the lists of a row are of different lengths, or lists of lists; the message names it.
    """
    lists = {name: _as_list(column) for name, column in table.columns.items() if _is_list(column.type)}
    if not lists:
        return slice(None), dict(table.columns)
    lengths = {
        name: pc.fill_null(pc.list_value_length(column), 0).to_numpy() for name, column in lists.items()
    }
    first, *others = lengths
    for name in others:
        if (unequal := lengths[first] != lengths[name]).any():
            row = int(np.argmax(unequal))
            both = f"{lengths[first][row]} and {lengths[name][row]} values"
            raise ValueError(f"{where(row)}: columns {first!r} and {name!r} have {both}")
    row = np.repeat(np.arange(len(table)), lengths[first])
    flat = {name: pc.list_flatten(column) for name, column in lists.items()}
    for name, column in flat.items():
        if _is_list(column.type):
            raise ValueError(f"{where(0)}: column {name!r} has lists of lists")
    return row, {
        name: flat[name] if name in flat else column.take(row) for name, column in table.columns.items()
    }


def _is_list(kind):
    return pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)


def _as_list(column):
    """Of fixed lengths, a list that is null would still be as long."""
    return column.cast(pa.large_list(column.type.value_type))
