"""Notebooks as others see them: executed at the smoke profile, or by a run; without traces of the machine.

``python -m snlib.replication.notebooks notebooks/*.md`` executes each text notebook and writes the ``.ipynb``
beside it; needs the extra "book".
"""

import json
import os
import re
import sys
from pathlib import Path

import jupytext
import nbclient

from snlib.workers import ONE_THREAD

__all__ = ["REPEATABLE", "execute", "is_progress", "public", "without_progress"]

# What the kernels of the committed notebooks find in their environment.  A training of single precision
# amplifies the last bit of a sum, by a tenth of the result in sixty steps, and the last bit depends on the
# instructions that a library picks for the processor: these make it pick the same on every x86-64.
REPEATABLE = ONE_THREAD | {
    "ATEN_CPU_CAPABILITY": "avx2",
    "MKL_CBWR": "COMPATIBLE",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "OPENBLAS_CORETYPE": "Haswell",
}
_BAR = re.compile(r"[a-z ]+: +\d+%\|.*\|.*\[.*\] *")


def is_progress(text):
    """Whether what a cell wrote to standard error is nothing but progress bars."""
    return all(_BAR.fullmatch(line) for line in re.split(r"[\r\n]+", text) if line.strip())


def without_progress(notebook):
    """Drop what went to standard error, the progress bars, from a notebook's outputs (in place)."""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = [output for output in cell["outputs"] if output.get("name") != "stderr"]
    return notebook


def public(notebook, names):
    """A notebook as a text without this machine's folders.

    Parameters
    ----------
    notebook : dict
    names : dict of str to str
        What to write for each folder; those within others come first.

    Returns
    -------
    str
        JSON.
    """
    text = json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
    for folder, name in names.items():
        text = text.replace(json.dumps(folder, ensure_ascii=False)[1:-1], name)  # as it stands in JSON
    return text


def execute(path):
    """Execute a text notebook with its default parameters and write the paired ``.ipynb``.

    Cell ids are numbered and times left out, so that only what has changed differs; the kernel works as
    `REPEATABLE` says, so that every machine writes the same.
    """
    notebook = jupytext.read(path)
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"
    resources = {"metadata": {"path": str(Path(path).parent)}}
    nbclient.NotebookClient(
        notebook, record_timing=False, coalesce_streams=True, resources=resources
    ).execute(env=os.environ | REPEATABLE)
    jupytext.write(without_progress(notebook), Path(path).with_suffix(".ipynb"))


if __name__ == "__main__":
    for name in sys.argv[1:]:
        execute(name)
