"""From a survey of light curves to one of results: opened, computed, and put in its place whole."""

import hashlib
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from snlib.files.tables import require_suffix
from snlib.observed.alerts import is_alerts
from snlib.observed.command import Given, light_curves_at_rest
from snlib.survey.catalogs import HatsCatalog, is_hats
from snlib.survey.forms import find_form
from snlib.survey.left_out import LeftOut
from snlib.survey.pieces import plan_files
from snlib.survey.results import growing, versions, write_tables
from snlib.survey.running import Work, run_pieces, with_new

__all__ = ["is_survey", "run_survey", "run_survey_or_table"]

_NOTHING = Given()


def is_survey(path):
    """Whether a path is one of a Parquet table, or of a folder of them, which are read in pieces.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    bool
    """
    return Path(path).suffix.lower() == ".parquet" or (Path(path).is_dir() and not is_alerts(path))


def run_survey(path, out, task, code, cluster, skip_bad=False, given=_NOTHING):
    """Compute something of each light curve of a survey.

    The survey is read, computed and written piece by piece; a run that was killed goes on with what it had
    finished, to the same bytes.

    Parameters
    ----------
    path : path-like
        Of a HATS catalog, whose results are one too; or of a Parquet file or a folder of them.  They have a
        row an object, whose points are lists or a nested column; files may have a row a point too, with
        those of an object together, but in any order in a table of up to a million points.
    out : path-like
        A ``.parquet`` file, or a folder, which must not be there; it gets a file for each piece.
    task : snlib.survey.tasks.Embedding
        Or another with its methods.
    code : str
        What stands for the code that computes: what another has begun is not gone on with.
    cluster : snlib.survey.running.Cluster
    skip_bad : bool
        Leave out pieces that cannot be read or used, with a warning for each.
    given : snlib.observed.command.Given
        Beside observed light curves.  What is known of their objects may be columns of the survey too; how
        they were brought to rest is written beside each result.

    Raises
    ------
    FileNotFoundError
        If there is no survey.
    ValueError
        If a piece of it is bad; the message names file, object and column.
    """
    if cluster.scheduler is not None:  # whose workers were started elsewhere
        path, out = Path(path).absolute(), Path(out).absolute()
    out, hats = Path(out), is_hats(path)
    _require_name(path, out, hats)
    survey, form = _opened(path, hats, given)
    with growing(out, _digest(f"{code} {form.digest()} {task.digest()}", survey.pieces)) as results:
        done = run_pieces(Work(results, survey.kept, form, task), survey.pieces, cluster, skip_bad)
        names = [piece.name for piece in done if results.is_whole(piece.name)]
        if not names:
            raise ValueError(f"{path}: no rows" if done else f"{path}: no part of it can be used")
        left_out = _what_was_left_out(path, results, names)
        survey.complete(results, names, out.name)
        results.put_in_place(names, out)
    left_out.warn(path)


def _opened(path, hats, given):
    """The survey, and the form of its light curves."""
    if hats:
        survey = HatsCatalog.open(path)
        files = [file for piece in survey.pieces for file, _ in piece.sources]
        return survey, find_form(path, files, given)
    files = _files(path)
    form = find_form(path, files, given)
    return _Files(plan_files(files, partial(form.layout, kept=()))), form


def run_survey_or_table(path, out, task, code, cluster, skip_bad=False, given=_NOTHING):
    """Compute something of each light curve, of a table of another kind than Parquet in memory.

    Parameters
    ----------
    path : path-like
        As of `run_survey`; or what else `snlib.observed.command.light_curves_at_rest` reads.
    out, task, code, cluster, skip_bad, given
        As of `run_survey`; of another table a ``.parquet`` file, without workers or bad parts.

    Raises
    ------
    ValueError
        As of `run_survey`; or if what only a survey heeds is given with another table.
    """
    if is_survey(path):
        run_survey(path, out, task, code, cluster, skip_bad, given)
        return
    cluster.require_none(skip_bad)
    require_suffix(out, (".parquet",))
    with light_curves_at_rest(path, out, code, given) as (curves, _):
        object_id = pa.array(curves.object_id, pa.string())
        write_tables(out, [task.columns(curves).add_column(0, "object_id", object_id)])


def _require_name(path, out, hats):
    if hats and out.suffix:
        raise ValueError(f"{out}: expected the name of a folder, without a dot, for those of a HATS catalog")
    if out.suffix.lower() not in ("", ".parquet"):
        raise ValueError(f"{out}: the name should end in .parquet, or be that of a folder, without a dot")


@dataclass(frozen=True)
class _Files:
    """Parquet files, in place of a catalog."""

    pieces: list
    kept = ()

    def complete(self, results, names, _):
        """Each piece has been looked through by itself; no object may be in two of them either."""
        seen, sources = np.zeros(0, np.uint64), {piece.name: piece.sources for piece in self.pieces}
        for name in names:
            object_id = parquet.read_schema(results.path(name)).names[0]
            column = parquet.read_table(results.path(name), columns=[object_id]).column(0)
            seen = with_new(sources[name][0][0], seen, column)


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


def _what_was_left_out(path, results, names):
    """Of all results, which must have the same columns to be one table."""
    left_out, first = LeftOut(), parquet.read_schema(results.path(names[0]))
    for name in names:
        if not (schema := parquet.read_schema(results.path(name))).equals(first):
            other = next(both for both in zip(schema, first, strict=True) if both[0] != both[1])
            raise ValueError(f"{path}: column {other[0].name!r}: of type {other[0].type} and {other[1].type}")
        left_out.add(results.left_out(name))
    return left_out


def _digest(what, pieces):
    """Of all that decides the results."""
    files = sorted({path for piece in pieces for path, _ in piece.sources})
    return hashlib.sha256(f"{what} {pieces} {versions(files)}".encode()).hexdigest()[:16]
