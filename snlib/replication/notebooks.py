"""Notebooks as others see them: executed at the smoke profile, or by a run; without traces of the machine.

``python -m snlib.replication.notebooks notebooks/*.md`` executes each text notebook and writes the ``.ipynb``
beside it; needs the extra "book".
"""

import json
import sys
from pathlib import Path

import jupytext
import nbclient

from snlib.files.json_files import read_json
from snlib.workers import one_thread_each

__all__ = ["execute", "public", "without_progress"]


def without_progress(notebook):
    """Drop what went to standard error, the progress bars, from a notebook's outputs (in place)."""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = [output for output in cell["outputs"] if output.get("name") != "stderr"]
    return notebook


def public(path, names):
    """Read an executed notebook without its progress bars and without this machine's folders.

    Parameters
    ----------
    path : path-like
        An ``.ipynb``.
    names : dict of str to str
        What to write for each folder; those within others come first.

    Returns
    -------
    str
        JSON.
    """
    text = json.dumps(without_progress(read_json(path)), indent=1, ensure_ascii=False) + "\n"
    for folder, name in names.items():
        text = text.replace(folder, name)
    return text


def execute(path):
    """Execute a text notebook with its default parameters and write the paired ``.ipynb``.

    Cell ids are numbered and times left out, so that only what has changed differs.
    """
    notebook = jupytext.read(path)
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"
    resources = {"metadata": {"path": str(Path(path).parent)}}
    with one_thread_each():
        nbclient.NotebookClient(
            notebook, record_timing=False, coalesce_streams=True, resources=resources
        ).execute()
    jupytext.write(without_progress(notebook), Path(path).with_suffix(".ipynb"))


if __name__ == "__main__":
    for name in sys.argv[1:]:
        execute(name)
