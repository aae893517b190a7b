"""What a finished run leaves to others: its results summed up, and the published places that it may fill.

``python -m snlib.replication.publishing PROFILE DEVICE SEED SAMPLE FOLDER`` judges every model with another
seed.
"""

import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from snlib.files.json_files import read_json, write_json
from snlib.files.writing import replacing
from snlib.replication.notebooks import public
from snlib.replication.pipeline import COVER
from snlib.replication.results import write_results
from snlib.replication.run import open_run
from snlib.replication.stages import commit
from snlib.replication.verdicts import ledger_html

__all__ = ["judge_seed", "public_names", "publish", "repeat", "run_times", "sum_up"]


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
        judge_seed(run, written)
        write_json(Path(folder, "metrics.json"), read_json(Path(written, "metrics.json")))
        made_from = read_json(Path(written, "provenance.json"))
    write_json(Path(folder, "provenance.json"), made_from | {"run_time_s": run_time_s})


def judge_seed(run, folder):
    """Write what `snlib.replication.results.write_results` does, and which commit made it.

    Parameters
    ----------
    run : snlib.replication.run.Run
    folder : path-like
    """
    write_results(run, folder)
    path = Path(folder, "provenance.json")
    write_json(path, read_json(path) | {"commit": commit()})


def repeat(run, folder):
    """Leave the tables of a seed, and from what they were made, beside the published ones.

    Parameters
    ----------
    run : snlib.replication.run.Run
    folder : path-like
    """
    judge_seed(run, folder)
    Path(folder, "metrics.json").unlink()


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
        Gets ``claims.json``, ``metrics.json``, ``provenance.json``, the cover; and in ``seed<N>`` the tables.
    book : path-like
        Gets the chapters, the cover and ``claims.html``.
    """
    folder, results, book = Path(folder), Path(results), Path(book)
    provenance = read_json(folder / "results" / "provenance.json")
    of_seed = results / f"seed{provenance['seed']}"
    for path in chapters:
        _write(book / "chapters" / Path(path).name, public(path, names))
    _write(book / "claims.html", ledger_html(read_json(folder / "claims.json"), "chapters/"))
    copies = {path: of_seed / path.name for path in sorted((folder / "results").glob("*.csv"))}
    copies[folder / "claims.json"] = results / "claims.json"
    for name in ("metrics.json", "provenance.json"):
        copies[folder / "results" / name] = results / name
    copies |= {folder / COVER: results / COVER}
    for path, copy in [*copies.items(), (folder / COVER, book / "images" / COVER)]:
        with replacing(copy) as temporary:
            shutil.copyfile(path, temporary)
    del provenance["run_time_s"]
    write_json(of_seed / "provenance.json", provenance)


def _write(path, text):
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    profile, device, seed, sample, folder = sys.argv[1:]
    repeat(open_run(profile, device, int(seed), sample), folder)
