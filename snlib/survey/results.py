"""Results of a survey on disk: in parts, each whole or not at all, so that a killed run goes on."""

import json
import shutil
import sys
from contextlib import contextmanager
from glob import escape
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet
from tqdm import tqdm

from snlib.files.writing import lock, replacing
from snlib.survey.packing import LeftOut

__all__ = ["LOCK", "is_whole", "join", "partial_folder", "read_left_out", "write_part"]

#: Name of a file in the folder of `partial_folder` that is no result.
LOCK = "lock"
_KEY = b"snlib.survey"


@contextmanager
def partial_folder(path, digest):
    """Yield the folder where the results for `path` grow.

    It stays if the block fails or the process is killed, unless nothing is in it, and the next call with the
    same digest gets it as it is; one with another digest removes it.

    Parameters
    ----------
    path : path-like
        That will be written; its folder is made.
    digest : str
        Of all that decides what will be in it, in letters and digits.

    Yields
    ------
    pathlib.Path

    Raises
    ------
    FileExistsError
        If a folder of this name is there already.
    BlockingIOError
        If another process is making the same.
    """
    path = Path(path)
    if path.is_dir():
        raise FileExistsError(f"{path}: is there already; remove it, or choose another name")
    folder = path.with_name(f".{path.name}.{digest}.partial")
    folder.mkdir(parents=True, exist_ok=True)
    with lock(folder / LOCK, f"making {path}"):
        for other in path.parent.glob(f".{escape(path.name)}.*.partial"):
            if other != folder:
                shutil.rmtree(other, ignore_errors=True)
        try:
            yield folder
        finally:
            _tell_or_remove(path, folder)


def _tell_or_remove(path, folder):
    if any(folder.rglob("*.parquet")):
        said = f"snlib: {path}: what is finished stays in {folder}; the same command goes on with it"
        tqdm.write(said, file=sys.stderr)
    else:
        shutil.rmtree(folder, ignore_errors=True)


def write_part(path, table, left_out):
    """Write a Parquet file with what was left out on the way to it.

    Parameters
    ----------
    path : pathlib.Path
        Its folder is made.
    table : pyarrow.Table
    left_out : LeftOut
    """
    with _writer(path, table.schema, left_out) as writer:
        writer.write_table(table)


def join(parts, path):
    """Put Parquet files of the same columns end to end, a row group each.

    Parameters
    ----------
    parts : sequence of pathlib.Path
        At least one.
    path : pathlib.Path
    """
    left_out = LeftOut()
    for part in parts:
        left_out.add(read_left_out(part))
    with _writer(path, parquet.read_schema(parts[0]), left_out) as writer:
        for part in parts:
            with parquet.ParquetFile(part) as file:
                for index in range(file.num_row_groups):
                    writer.write_table(file.read_row_group(index))


@contextmanager
def _writer(path, schema, left_out):
    schema = schema.with_metadata({_KEY: json.dumps(vars(left_out)).encode()})
    with replacing(path) as temporary, parquet.ParquetWriter(temporary, schema, compression="zstd") as writer:
        yield writer


def read_left_out(path):
    """What was left out on the way to a file of `write_part` or `join`."""
    return LeftOut(**json.loads(parquet.read_schema(path).metadata[_KEY]))


def is_whole(path):
    """Whether a file of results is there, with its end: a lost power supply may leave one of zeros."""
    try:
        read_left_out(path)
    except (OSError, pa.ArrowInvalid):
        return False
    return True
