"""Notebooks as they are committed: executed at the smoke profile, without progress bars.

``python -m snlib.replication.notebooks notebooks/*.md`` executes each text notebook and writes the ``.ipynb``
beside it; needs the extra "book".
"""

import sys
from pathlib import Path

import jupytext
import nbclient

__all__ = ["execute", "without_progress"]


def without_progress(notebook):
    """Drop what went to standard error, the progress bars, from a notebook's outputs (in place)."""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = [output for output in cell["outputs"] if output.get("name") != "stderr"]
    return notebook


def execute(path):
    """Execute a text notebook with its default parameters and write the paired ``.ipynb``.

    Cell ids are numbered and times left out, so that only what has changed differs.
    """
    notebook = jupytext.read(path)
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"
    resources = {"metadata": {"path": str(Path(path).parent)}}
    nbclient.NotebookClient(
        notebook, record_timing=False, coalesce_streams=True, resources=resources
    ).execute()
    jupytext.write(without_progress(notebook), Path(path).with_suffix(".ipynb"))


if __name__ == "__main__":
    for name in sys.argv[1:]:
        execute(name)
