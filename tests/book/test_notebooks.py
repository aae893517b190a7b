"""The notebooks: each pair in step, each cell short, each output committed."""

from pathlib import Path

import jupytext
import nbformat
import pytest
from jupytext.compare import NotebookDifference, compare_notebooks

FOLDER = Path(__file__).parents[2] / "notebooks"
NAMES = sorted({path.stem for path in FOLDER.glob("[0-9][0-9]_*") if path.suffix in (".md", ".ipynb")})
DEFAULTS = {"profile": "smoke", "device": "cpu", "seed": 0, "published_sample": ""}
MAX_LINES = 15

every_notebook = pytest.mark.parametrize("name", NAMES)


def read_pair(name):
    return jupytext.read(FOLDER / f"{name}.ipynb"), jupytext.read(FOLDER / f"{name}.md")


def code_cells(name):
    notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def assert_in_step(notebook, text):
    compare_notebooks(notebook, text, fmt="md:myst")


def test_there_are_notebooks():
    assert NAMES


@every_notebook
def test_pair_is_complete_and_in_step(name):
    assert_in_step(*read_pair(name))


@every_notebook
@pytest.mark.parametrize("cell_type", ["code", "markdown"])
def test_pair_out_of_step_is_detected(name, cell_type):
    notebook, text = read_pair(name)
    next(cell for cell in text.cells if cell.cell_type == cell_type).source += "\nx = 1"
    with pytest.raises(NotebookDifference):
        assert_in_step(notebook, text)


@every_notebook
def test_parameters(name):
    (cell,) = [cell for cell in code_cells(name) if "parameters" in cell.metadata.get("tags", [])]
    values = {}
    exec(cell.source, values)
    del values["__builtins__"]
    assert values == DEFAULTS


@every_notebook
def test_cells_are_short(name):
    long = [cell.source for cell in code_cells(name) if len(cell.source.splitlines()) > MAX_LINES]
    assert not long


@every_notebook
def test_no_cell_ends_with_a_semicolon(name):
    """nbval's kernels keep no history, so there a semicolon does not silence the last expression."""
    assert not [cell.source for cell in code_cells(name) if cell.source.rstrip().endswith(";")]


@every_notebook
def test_kernel(name):
    for notebook in read_pair(name):
        assert notebook.metadata.kernelspec.name == "python3"


@every_notebook
def test_outputs_are_committed_without_errors(name):
    cells = code_cells(name)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell.outputs]
    assert outputs
    assert not [output for output in outputs if output.output_type == "error"]
