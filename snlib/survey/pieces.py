"""Tables of light curves in pieces that are computed one by one, each read in slices that fit into memory."""

from contextlib import contextmanager
from dataclasses import dataclass

import pyarrow as pa
from pyarrow import compute as pc
from pyarrow import parquet

from snlib.files.guard import guarded, require_file

__all__ = ["Piece", "plan_files", "read_slices", "rows_of", "schema_of"]

# Rows that are read and computed at once.  They decide which light curves share a batch, and with that the
# last digits of the results: hence one number for all, whatever memory there is.
_SLICE_OBJECTS, _SLICE_POINTS = 1 << 13, 1 << 20
_PIECE_OBJECTS = 8 * _SLICE_OBJECTS
_BUFFER_BYTES = 1 << 20


@dataclass(frozen=True)
class Piece:
    """What one worker computes, into one file.

    Attributes
    ----------
    name : str
        Of this file, in the folder of results.
    sources : tuple of (str, tuple of int or None)
        Files, and which of their row groups; all by None.
    n_rows : int
        0 where it is not known, since the file cannot be read.
    """

    name: str
    sources: tuple
    n_rows: int


def plan_files(paths, find):
    """Share Parquet files among pieces.

    Files with a row an object are taken apart by their row groups.  Those with a row a point are one piece,
    read from the first to the last, since an object may go on in the next file.

    Parameters
    ----------
    paths : sequence of path-like
        In order.
    find : callable
        Path, schema of Arrow -> `snlib.survey.layouts.Layout`.

    Returns
    -------
    list of Piece
    """
    shares, points = [], []
    for path in paths:
        try:
            with _open(path) as file:
                layout = find(path, file.schema_arrow)
                groups = [file.metadata.row_group(index).num_rows for index in range(file.num_row_groups)]
        except (ValueError, OSError):  # the worker that tries again names it
            shares.append((path, None, 0))
            continue
        if layout.a_row_a_point:
            points.append((str(path), None, sum(groups)))
        else:
            shares += [(str(path), *share) for share in _shares(groups)]
    sources = [[((str(path), groups),), n_rows] for path, groups, n_rows in shares]
    if points:
        sources.append([tuple(one[:2] for one in points), sum(one[2] for one in points)])
    return [Piece(f"part-{index:05}.parquet", *one) for index, one in enumerate(sources)]


def _shares(groups):
    """Consecutive row groups, so many that a piece is worth its while; and their rows."""
    share, total = [], 0
    for index, n_rows in enumerate(groups):
        share.append(index)
        total += n_rows
        if total >= _PIECE_OBJECTS or index == len(groups) - 1:
            yield tuple(share), total
            share, total = [], 0


def rows_of(path):
    """Number of rows of a Parquet file; 0 if it cannot be read."""
    try:
        with _open(path) as file:
            return file.metadata.num_rows
    except (ValueError, OSError):
        return 0


def schema_of(path):
    """Schema of Arrow of a Parquet file; an empty one if it cannot be read."""
    try:
        with _open(path) as file:
            return file.schema_arrow
    except (ValueError, OSError):
        return pa.schema([])


def read_slices(piece, find):
    """Read a piece, some thousands of objects at a time.

    Parameters
    ----------
    piece : Piece
    find : callable
        As of `plan_files`.

    Yields
    ------
    path : str
    rows : pyarrow.Table
        All rows of each object in them, provided that those of an object stand together.
    layout : snlib.survey.layouts.Layout

    Raises
    ------
    FileNotFoundError
        If a file is missing.
    ValueError
        If one cannot be read to its end or has other columns; the message names it.
    """
    held = None
    for path, groups in piece.sources:
        with _open(path) as file:
            layout = find(path, file.schema_arrow)
            size = _SLICE_POINTS if layout.a_row_a_point else _SLICE_OBJECTS
            columns = layout.leaves(file.schema)
            groups = range(file.num_row_groups) if groups is None else groups
            for batch in file.iter_batches(size, row_groups=list(groups), columns=columns):
                rows = pa.Table.from_batches([batch])
                if not layout.a_row_a_point:
                    yield path, rows, layout
                    continue
                if held is not None:
                    whole, held = _split(held, layout.object_id)
                    if len(whole):  # not so if all of them are of one object
                        yield path, whole, layout
                    rows = pa.concat_tables([held, rows], promote_options="permissive")
                held = rows
    if held is not None:
        yield path, held, layout


def _split(rows, object_id):
    """Rows of all objects but that of the last row, and those of this one, which may go on."""
    of_last = pc.fill_null(pc.equal(rows[object_id], rows[object_id][-1]), False)
    return rows.filter(pc.invert(of_last)), rows.filter(of_last)


@contextmanager
def _open(path):
    """A Parquet file whose faults are named, read a little at a time."""
    with (
        guarded(path, "Parquet table"),
        parquet.ParquetFile(require_file(path), pre_buffer=False, buffer_size=_BUFFER_BYTES) as file,
    ):
        yield file
