"""Results of a survey on disk: in parts, each whole or not at all, so that a killed run goes on."""

import json
import shutil
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from glob import escape
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet
from tqdm import tqdm

from snlib.files.json_files import read_json
from snlib.files.writing import lock, replacing
from snlib.survey.left_out import LeftOut

__all__ = ["Results", "growing", "read_tables", "versions", "write_tables"]

# What is no result, in the folder where they grow.
_SLICES, _NOTES, _LOCK = "slices", "notes", "lock"


@dataclass(frozen=True)
class Results:
    """The folder where results grow: Parquet files, and what was left out on the way to each.

    Attributes
    ----------
    folder : pathlib.Path
    """

    folder: Path

    def path(self, name):
        """Of the file of results of a piece, by the name of the piece."""
        return self.folder / name

    def slice_name(self, name, number):
        """What the results of a slice of a piece are called until the piece is finished."""
        return f"{_SLICES}/{_flat(name)}.{number}.parquet"

    def is_whole(self, name):
        """Whether a file is there, with its end: a lost power supply may leave one of zeros."""
        try:
            parquet.read_metadata(self.path(name))
        except (OSError, pa.ArrowInvalid):
            return False
        return self._notes(name).is_file()

    def write(self, name, tables, left_out):
        """Write a file, a row group for each table.

        Parameters
        ----------
        name : str
        tables : iterable of pyarrow.Table
            At least one; all with the same columns.
        left_out : LeftOut
        """
        path, notes = self.path(name), self._notes(name)
        notes.parent.mkdir(exist_ok=True)
        with replacing(notes) as temporary:  # before the results, which are whole only with it
            temporary.write_text(json.dumps(vars(left_out)), encoding="utf-8")
        write_tables(path, tables)

    def join(self, names, name):
        """Put files of slices end to end, and remove them."""
        left_out = LeftOut()
        for one in names:
            left_out.add(self.left_out(one))
        self.write(name, read_tables([self.path(one) for one in names]), left_out)
        for one in names:
            self.path(one).unlink()

    def left_out(self, name):
        """What was left out on the way to a file."""
        return LeftOut(**read_json(self._notes(name)))

    def put_in_place(self, names, out):
        """Make the file or folder of all results, whole, and remove the folder where they grew.

        Parameters
        ----------
        names : sequence of str
        out : pathlib.Path
            Of a file if it has a suffix.
        """
        if out.suffix:
            write_tables(out, read_tables([self.path(name) for name in names]))
            shutil.rmtree(self.folder)
            return
        for folder in (_SLICES, _NOTES):
            shutil.rmtree(self.folder / folder, ignore_errors=True)  # a killed run may have begun this
        self.path(_LOCK).unlink()
        self.folder.rename(out)

    def _notes(self, name):
        return self.folder / _NOTES / f"{_flat(name)}.json"


def _flat(name):
    return name.replace("/", " ")


def read_tables(paths):
    """The row groups of Parquet files, one after the other."""
    for path in paths:
        with parquet.ParquetFile(path) as file:
            for index in range(file.num_row_groups):
                yield file.read_row_group(index)


def write_tables(path, tables):
    """Write a Parquet file, a row group for each table; all have the same columns."""
    tables = iter(tables)
    first = next(tables)
    with (
        replacing(path) as temporary,
        parquet.ParquetWriter(temporary, first.schema, compression="zstd") as writer,
    ):
        writer.write_table(first)
        for table in tables:
            writer.write_table(table)


def versions(paths):
    """What tells files from others that were in their place: text; the same if sizes and times are.

    Parameters
    ----------
    paths : iterable of path-like

    Returns
    -------
    str
    """
    found = [(str(path), Path(path).stat() if Path(path).exists() else None) for path in paths]
    return repr([(path, about and (about.st_size, about.st_mtime_ns)) for path, about in found])


@contextmanager
def growing(path, digest):
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
    Results

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
    with lock(folder / _LOCK, f"making {path}"):
        for other in path.parent.glob(f".{escape(path.name)}.*.partial"):
            if other != folder:
                shutil.rmtree(other, ignore_errors=True)
        try:
            yield Results(folder)
        finally:
            _tell_or_remove(path, folder)


def _tell_or_remove(path, folder):
    if any(folder.rglob("*.parquet")):
        said = f"snlib: {path}: what is finished stays in {folder}; the same command goes on with it"
        tqdm.write(said, file=sys.stderr)
    else:
        shutil.rmtree(folder, ignore_errors=True)
