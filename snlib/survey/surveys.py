"""From a survey of light curves to one of results: opened, computed, and put in its place whole."""

import hashlib
import shutil
from pathlib import Path

import numpy as np
from pyarrow import parquet

from snlib.survey.packing import LeftOut
from snlib.survey.pieces import plan_files
from snlib.survey.results import LOCK, join, partial_folder, read_left_out
from snlib.survey.running import SLICES, Work, run_pieces, with_new

__all__ = ["is_survey", "run_survey"]


def is_survey(path):
    """Whether a path is one of a Parquet table, or of a folder, which are read in pieces.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    bool
    """
    return Path(path).is_dir() or Path(path).suffix.lower() == ".parquet"


def run_survey(path, out, task, code, cluster, skip_bad=False):
    """Compute something of each light curve of a survey.

    The survey is read, computed and written piece by piece; a run that was killed goes on with what it had
    finished, to the same bytes.

    Parameters
    ----------
    path : path-like
        Of a Parquet file or of a folder of them: with a row an object, whose points are lists or a nested
        column, or a row a point, those of an object together.  A table of up to a million points may have
        them in any order.
    out : path-like
        A ``.parquet`` file, or a folder, which must not be there; it gets a file for each piece.
    task : snlib.survey.tasks.Embedding
        Or another with its methods.
    code : str
        What stands for the code that computes: what another has begun is not gone on with.
    cluster : snlib.survey.running.Cluster
    skip_bad : bool
        Leave out pieces that cannot be read or used, with a warning for each.

    Raises
    ------
    FileNotFoundError
        If there is no survey.
    ValueError
        If a piece of it is bad; the message names file, object and column.
    """
    out = Path(out)
    if out.suffix.lower() not in ("", ".parquet"):
        raise ValueError(f"{out}: the name should end in .parquet, or be that of a folder, without a dot")
    pieces = plan_files(_files(path))
    with partial_folder(out, _digest(task, code, pieces)) as folder:
        done = run_pieces(Work(folder, (), task), pieces, cluster, skip_bad)
        results = [folder / piece.name for piece in done if (folder / piece.name).is_file()]
        if not results:
            raise ValueError(f"{path}: no rows" if done else f"{path}: no part of it can be used")
        left_out = _what_was_left_out(path, results)
        _require_once(folder, done)
        _put_in_place(folder, results, out)
    left_out.warn(path)


def _files(path):
    path = Path(path)
    if not path.is_dir():
        if not path.is_file():
            raise FileNotFoundError(f"{path}: no such file")
        return [path]
    files = [file for file in sorted(path.rglob("*.parquet")) if file.is_file() and file.name[0] not in "._"]
    if not files:
        raise ValueError(f"{path}: no file *.parquet in this folder")
    return files


def _what_was_left_out(path, results):
    """Of all results, which must have the same columns to be one table."""
    left_out, first = LeftOut(), parquet.read_schema(results[0])
    for result in results:
        if not (schema := parquet.read_schema(result)).equals(first):
            other = next(both for both in zip(schema, first, strict=True) if both[0] != both[1])
            raise ValueError(f"{path}: column {other[0].name!r}: of type {other[0].type} and {other[1].type}")
        left_out.add(read_left_out(result))
    return left_out


def _require_once(folder, pieces):
    """Each piece has been looked through by itself."""
    seen = np.zeros(0, np.uint64)
    for piece in pieces:
        if (result := folder / piece.name).is_file():
            name = parquet.read_schema(result).names[0]
            seen = with_new(piece.sources[0][0], seen, parquet.read_table(result, columns=[name])[name])


def _put_in_place(folder, results, out):
    if out.suffix:
        join(results, out)
        shutil.rmtree(folder)
        return
    shutil.rmtree(folder / SLICES)
    (folder / LOCK).unlink()
    folder.rename(out)


def _digest(task, code, pieces):
    """Of all that decides the results; a file is taken for the same if its size and its time are."""
    sha = hashlib.sha256(f"{code} {task.digest()} {pieces}".encode())
    for path in sorted({path for piece in pieces for path, _ in piece.sources}):
        about = Path(path).stat()
        sha.update(f"{path} {about.st_size} {about.st_mtime_ns}".encode())
    return sha.hexdigest()[:16]
