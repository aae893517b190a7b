"""Compute a survey piece by piece: here, in processes of this machine, or on an existing Dask cluster."""

import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
import pyarrow as pa
from tqdm import tqdm

from snlib.survey.pieces import read_slices
from snlib.survey.results import Results
from snlib.workers import one_thread_each

__all__ = ["Cluster", "Work", "run_pieces", "with_new"]

# The fault of a file, not of the machine: these may be left out.
_BAD = (ValueError, FileNotFoundError, PermissionError)


@dataclass(frozen=True)
class Cluster:
    """Who computes.

    Attributes
    ----------
    n_workers : int
        Processes of this machine, each with one thread and one model.
    memory : str or None
        That each of them may take, such as "2GB".
    scheduler : str or None
        Address of an existing Dask cluster, which is used in their place.

    Raises
    ------
    ValueError
        If there are no workers, or both are asked for.
    """

    n_workers: int = 1
    memory: str | None = None
    scheduler: str | None = None

    def __post_init__(self):
        if self.n_workers < 1:
            raise ValueError(f"workers is {self.n_workers}, expected at least 1")
        if self.scheduler is not None and (self.n_workers > 1 or self.memory is not None):
            raise ValueError("scheduler: a cluster has its own workers and memory; give one or the other")

    @property
    def is_here(self):
        """Whether this process computes by itself."""
        return self.n_workers == 1 and self.memory is None and self.scheduler is None

    def require_none(self, skip_bad):
        """Refuse what only a survey heeds.

        Raises
        ------
        ValueError
            If workers, their memory or a scheduler are given, or bad parts are to be left out.
        """
        if skip_bad or not self.is_here:
            raise ValueError(
                "workers, memory, scheduler and skip-bad are for surveys: light curves in Parquet, "
                "and results in Parquet too"
            )

    @contextmanager
    def client(self):
        """Yield a client of Dask.

        Raises
        ------
        ValueError
            If Dask is not installed, or the memory is no number of bytes.
        OSError
            If the scheduler does not answer.
        """
        try:
            import distributed
        except ImportError:
            raise ValueError("several workers need Dask: pip install 'snlib[survey]'") from None
        if self.scheduler is not None:
            with distributed.Client(self.scheduler) as client:
                yield client
            return
        settings = {"n_workers": self.n_workers, "threads_per_worker": 1, "dashboard_address": None}
        limit = "auto" if self.memory is None else self.memory
        with (
            one_thread_each(),
            distributed.LocalCluster(**settings, memory_limit=limit) as cluster,
            distributed.Client(cluster) as client,
        ):
            yield client


@dataclass(frozen=True)
class Work:
    """What is to be done with each piece.

    Attributes
    ----------
    results : Results
        Where they grow.
    kept : tuple of str
        Columns that are written beside each result.
    form : snlib.survey.forms.AtRest or snlib.survey.forms.AsObserved
        In which the light curves are.
    task : snlib.survey.tasks.Embedding
        Or another with its methods.
    """

    results: Results
    kept: tuple
    form: object
    task: object

    def run(self, piece):
        """Compute a piece; what is finished of it is not computed again.

        Parameters
        ----------
        piece : snlib.survey.pieces.Piece

        Yields
        ------
        int
            Rows that are done, slice after slice.

        Raises
        ------
        ValueError
            If it is bad; the message names file, object and column.
        """
        if self.results.is_whole(piece.name):
            yield piece.n_rows
            return
        names, seen, at_once = [], np.zeros(0, np.uint64), min(self.task.at_once, self.form.at_once)
        for path, rows, layout in read_slices(piece, partial(self.form.layout, kept=self.kept)):
            seen = with_new(path, seen, rows[layout.object_id])
            packed, said = _recorded(self.form.pack, path, rows, layout)
            packed.left_out.warnings |= said
            for first in range(0, len(packed), at_once):
                part = packed.part(first, min(first + at_once, len(packed)))
                names.append(self.results.slice_name(piece.name, len(names)))
                if not self.results.is_whole(names[-1]):
                    self._compute(path, names[-1], part, layout)
                before, behind = (count * len(rows) // len(packed) for count in (first, first + len(part)))
                yield behind - before
        if names:
            self.results.join(names, piece.name)

    def _compute(self, path, name, packed, layout):
        packed, said = _recorded(self.form.at_rest, path, packed)
        columns, said_too = _recorded(self.task.columns, packed.curves)
        packed.left_out.warnings |= said | said_too
        arrays = [packed.object_id, *packed.kept.columns, *columns.columns]
        names = [layout.object_id, *packed.kept.column_names, *columns.column_names]
        self.results.write(name, [pa.table(arrays, names)], packed.left_out)

    def whole(self, piece):
        """Compute a piece in another process: the rows that are done, and what is wrong with it."""
        n_rows = 0
        try:
            for done in self.run(piece):
                n_rows += done
        except _BAD as error:
            return n_rows, error
        return n_rows, None


def _recorded(function, *arguments):
    """What a function returns, and what it warns of: a dict whose keys are the texts, each once."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        returned = function(*arguments)
    return returned, {str(one.message): None for one in said}


def with_new(path, seen, column):
    """Add hashes of identifiers to those so far.

    Parameters
    ----------
    path : path-like
        For the message.
    seen : ndarray of uint64
        Hashes of the identifiers so far, ascending.
    column : pyarrow.ChunkedArray
        Identifiers.

    Returns
    -------
    ndarray of uint64

    Raises
    ------
    ValueError
        If one comes again, which would have two results; the message names it.
    """
    unique = column.unique()
    hashes = pd.util.hash_array(unique.to_numpy(zero_copy_only=False))
    there = np.searchsorted(seen, hashes)
    again = (there < len(seen)) & (np.append(seen, np.uint64(0))[there] == hashes)
    if again.any():
        name = str(unique[int(np.argmax(again))].as_py())
        raise ValueError(f"{path}: object {name!r} has rows in two places, expected them together")
    return np.sort(np.concatenate([seen, hashes]), kind="stable")


def run_pieces(work, pieces, cluster, skip_bad):
    """Compute all pieces, with a progress bar.

    Parameters
    ----------
    work : Work
    pieces : sequence of Piece
    cluster : Cluster
    skip_bad : bool
        Leave out those that are bad, with a warning that names them.

    Returns
    -------
    list of Piece
        Those that were computed.

    Raises
    ------
    ValueError
        If a piece is bad and not left out; the message names it.
    OSError
        If a worker process was killed.
    """
    compute = _compute_here if cluster.is_here else _compute_on(cluster)
    bad = {}
    total = sum(piece.n_rows for piece in pieces)
    with tqdm(total=total, desc=work.task.name, unit=" rows", mininterval=2) as bar:
        for piece, n_rows, error in compute(work, pieces):
            bar.update(n_rows)
            if error is not None:
                bad[piece] = _named(piece, error)
                if not skip_bad:
                    raise bad[piece] from None
    for error in bad.values():
        warnings.warn(f"left out: {error}", stacklevel=2)
    return [piece for piece in pieces if piece not in bad]


def _named(piece, error):
    paths = [path for path, _ in piece.sources]
    if isinstance(error, OSError) or any(str(error).startswith(f"{path}: ") for path in paths):
        return error
    return ValueError(f"{paths[0]}: {error}")


def _compute_here(work, pieces):
    for piece in pieces:
        try:
            for n_rows in work.run(piece):
                yield piece, n_rows, None
        except _BAD as error:
            yield piece, 0, error


def _compute_on(cluster):
    def compute(work, pieces):
        with cluster.client() as client:
            from distributed import KilledWorker, as_completed

            futures = {client.submit(work.whole, piece, pure=False): piece for piece in pieces}
            for future in as_completed(futures):
                piece = futures[future]
                try:
                    yield piece, *future.result()
                except KilledWorker as error:
                    reason = "a worker process was killed, for want of memory, perhaps"
                    raise OSError(f"{piece.sources[0][0]}: {reason}") from error

    return compute
