"""What a finished run leaves to others: its results summed up, and the published places that it may fill."""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from snlib.files.json_files import read_json, write_json
from snlib.files.writing import replacing
from snlib.replication.execution_times import TIMES, execution_times
from snlib.replication.git import commit
from snlib.replication.ledger_page import ledger_html
from snlib.replication.pages import page
from snlib.replication.pipeline import COVER
from snlib.replication.results import write_results

__all__ = ["public_names", "publish", "run_times", "sum_up"]


def run_times(chapters, tables):
    """How long each step of a run took.

    Parameters
    ----------
    chapters : iterable of path-like
        Executed by papermill.
    tables : iterable of path-like
        Snakemake's benchmarks of the tables, ``<name>.tsv``.

    Returns
    -------
    dict of str to float
        Seconds.
    """
    executed = {Path(path).stem: read_json(path)["metadata"]["papermill"]["duration"] for path in chapters}
    computed = {f"table {Path(path).stem}": pd.read_csv(path, sep="\t")["s"].iloc[0] for path in tables}
    return {name: round(float(seconds), 1) for name, seconds in (executed | computed).items()}


def sum_up(run, folder, run_time_s):
    """Write ``metrics.json`` and ``provenance.json`` of a run whose tables are computed.

    The tables are left as they are: written again, they would be newer than what was made from them.

    Parameters
    ----------
    run : snlib.replication.run.Run
    folder : path-like
    run_time_s : dict of str to float
        See `run_times`.
    """
    with TemporaryDirectory() as written:
        write_results(run, written)
        write_json(Path(folder, "metrics.json"), read_json(Path(written, "metrics.json")))
        made_from = read_json(Path(written, "provenance.json"))
    made_from |= {"commit": commit(), "run_time_s": run_time_s}
    write_json(Path(folder, "provenance.json"), made_from)


def public_names(published_sample, generated):
    """What pages say for the folders of this machine; see `snlib.replication.notebooks.public`."""
    folders = {published_sample: "published_sample", generated: "data/generated"}
    named = {str(Path(folder).resolve()): name for folder, name in folders.items() if folder}
    return named | {str(Path.cwd()): "."}


def publish(folder, chapters, names, results, book="book"):
    """Make the pages and the results of a run the published ones.

    Parameters
    ----------
    folder : path-like
        Of the run, which is complete.
    chapters : iterable of path-like
        As the run executed them.
    names : dict of str to str
        See `public_names`.
    results : path-like
        Gets ``claims.json``, ``metrics.json``, ``provenance.json`` and the cover.
    book : path-like
        Gets the chapters, the cover, ``claims.html``, and the table of execution times.

    Raises
    ------
    FileNotFoundError
        If the run is not complete.
    ValueError
        If a chapter does not say how it was executed.
    """
    folder, results, book = Path(folder), Path(results), Path(book)
    provenance = read_json(folder / "results" / "provenance.json")
    for path in chapters:
        _write(book / "chapters" / Path(path).name, page(path, names, provenance))
    _write(book / TIMES, execution_times(chapters, provenance))
    _write(book / "claims.html", ledger_html(read_json(folder / "claims.json"), "chapters/"))
    copies = {folder / "claims.json": results / "claims.json"}
    for name in ("metrics.json", "provenance.json"):
        copies[folder / "results" / name] = results / name
    copies |= {folder / COVER: results / COVER}
    for path, copy in [*copies.items(), (folder / COVER, book / "images" / COVER)]:
        with replacing(copy) as temporary:
            shutil.copyfile(path, temporary)


def _write(path, text):
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
