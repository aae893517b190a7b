"""The notebooks: each pair in step, each cell short, each output committed."""

import re
from pathlib import Path

import jupytext
import nbformat
import pandas as pd
import pytest
from jupytext.compare import NotebookDifference, compare_notebooks
from nbval.plugin import get_sanitize_patterns

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


TAGS = {"parameters", "hide-input", "remove-input", "remove-cell", "hide-output", "single-precision"}
IGNORES = ("nbval-ignore-output", "nbval-skip", "raises-exception", "nbval-raises-exception")


def unexplained(cells):
    """The cells whose outputs are not compared, and which do not say why in their metadata."""
    ignored = [
        cell
        for cell in cells
        if set(cell.metadata.get("tags", [])) & set(IGNORES) or re.search(r"#\s*(NBVAL|PYTEST)_", cell.source)
    ]
    return [cell.source for cell in ignored if len(cell.metadata.get("reason", "").split()) < 3]


@every_notebook
def test_every_output_that_is_ignored_has_a_reason(name):
    assert not unexplained(code_cells(name))


@pytest.mark.parametrize("source", ["x", "# NBVAL_IGNORE_OUTPUT\nx"])
@pytest.mark.parametrize(("reason", "accepted"), [("", False), ("so", False), ("names this machine", True)])
def test_an_output_that_is_ignored_without_a_reason_is_found(source, reason, accepted):
    tags = ["nbval-ignore-output"] if source == "x" else []
    cell = nbformat.v4.new_code_cell(source, metadata={"tags": tags, "reason": reason})
    assert bool(unexplained([cell])) != accepted


@pytest.mark.parametrize("show", [pd.DataFrame.to_html, repr])
@pytest.mark.parametrize(
    ("row", "left_out"), [("Training time [min]", True), ("Validation loss", False), ("Device", False)]
)
def test_only_training_times_are_left_out_of_the_comparison(show, row, left_out):
    """By the patterns that nbval reads from the file."""
    summary = {
        "Validation loss": "1",
        "Step of the stored weights": "57 of 60",
        "Training time [min]": "9",
        "Device": "2",
    }
    table = pd.DataFrame({"text": summary, "improved": summary})
    changed = table.replace({"text": {table.loc[row, "text"]: "10"}})
    patterns = get_sanitize_patterns((FOLDER / "not_compared.cfg").read_text())
    assert patterns

    def compared(text):
        for pattern, replacement in patterns:
            text = re.sub(pattern, replacement, text)
        return text

    assert (compared(show(table)) == compared(show(changed))) == left_out


@every_notebook
def test_tags_are_known(name):
    """A misspelt one would do nothing."""
    assert {tag for cell in code_cells(name) for tag in cell.metadata.get("tags", [])} <= TAGS | set(IGNORES)


@every_notebook
def test_nothing_random_is_drawn_but_from_a_stream(name):
    """`torch.manual_seed` is for the weights of a module."""
    own = r"default_rng|RandomState|np\.random|\.r?sample\(|torch\.(rand|normal|multinomial|bernoulli)"
    assert not [cell.source for cell in code_cells(name) if re.search(own, cell.source)]


@every_notebook
def test_figures_are_committed_with_their_contents(name):
    """Which nbval compares, as it does not compare images."""
    outputs = (output.get("data", {}) for cell in code_cells(name) for output in cell.outputs)
    shown = [data["text/plain"] for data in outputs if "image/png" in data]
    assert not [text for text in shown if not re.match(r"Figure of \d+ axes\n|<IPython", text)]
