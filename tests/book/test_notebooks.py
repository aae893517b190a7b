"""The notebooks: each pair in step, each cell short, each output committed."""

import ast
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


def without_imports(source):
    """The lines of a cell that do more than import."""
    imports = {
        number
        for node in ast.parse(source).body
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for number in range(node.lineno, node.end_lineno + 1)
    }
    lines = enumerate(source.splitlines(), start=1)
    return [line for number, line in lines if line.strip() and number not in imports]


@every_notebook
def test_cells_are_short(name):
    """But for what they import, which stands in one folded cell."""
    assert not [cell.source for cell in code_cells(name) if len(without_imports(cell.source)) > MAX_LINES]


def test_imports_are_not_counted():
    source = "import a\nfrom b import (\n    c,\n    d,\n)\n\nx = a(c)\ny = [\n    d\n]"
    assert without_imports(source) == ["x = a(c)", "y = [", "    d", "]"]


def bars_in_a_row(cells):
    """The folded cells that follow another with nothing to read or to see between their bars."""
    found, after_a_bar = [], False
    for cell in cells:
        tags = set(cell.metadata.get("tags", []))
        if cell.cell_type == "code" and "remove-cell" in tags:
            continue
        is_folded = cell.cell_type == "code" and "hide-input" in tags
        if is_folded and after_a_bar:
            found.append(cell.source)
        shown = [] if cell.cell_type != "code" or "remove-output" in tags else cell.outputs
        after_a_bar = is_folded and not [one for one in shown if one.get("name") != "stderr"]
    return found


@every_notebook
def test_between_two_bars_of_folded_code_there_is_something_to_read_or_to_see(name):
    assert not bars_in_a_row(nbformat.read(FOLDER / f"{name}.ipynb", as_version=4).cells)


def test_bars_in_a_row_are_found():
    def code(source, tags=("hide-input",), shows=False):
        outputs = [nbformat.v4.new_output("stream", text="1")] if shows else []
        return nbformat.v4.new_code_cell(source, metadata={"tags": list(tags)}, outputs=outputs)

    bar, drawn, text = code("bar"), code("drawn", shows=True), nbformat.v4.new_markdown_cell("text")
    away, plain = code("away", ["remove-cell"]), code("plain", ())
    between = [text, plain, drawn]
    assert [bars_in_a_row([bar, one, bar]) for one in between] == [[], [], ["drawn"]]
    assert bars_in_a_row([bar, away, bar]) == bars_in_a_row([bar, bar]) == ["bar"]
    assert bars_in_a_row([drawn, bar]) == []


def test_a_progress_bar_is_nothing_to_see():
    outputs = [nbformat.v4.new_output("stream", name="stderr", text="50%|")]
    bars = [nbformat.v4.new_code_cell(x, metadata={"tags": ["hide-input"]}, outputs=outputs) for x in "ab"]
    assert bars_in_a_row(bars) == ["b"]


def shown_under_one_name(cells):
    """The cells with more than one figure or table under the name of one, which a page can have once only."""
    named = [cell for cell in cells if cell.metadata.get("mystnb", {}).get("figure", {}).get("name")]
    rich = ("display_data", "execute_result")
    return [
        cell.source for cell in named if sum(one.output_type in rich for one in cell.get("outputs", [])) > 1
    ]


@every_notebook
def test_a_name_is_of_one_figure_or_table(name):
    assert not shown_under_one_name(nbformat.read(FOLDER / f"{name}.ipynb", as_version=4).cells)


def test_two_tables_of_one_name_are_found():
    def cell(source, *kinds):
        outputs = [nbformat.v4.new_output(kind) for kind in kinds]
        metadata = {"mystnb": {"figure": {"name": "tab-x"}}}
        return nbformat.v4.new_code_cell(source, metadata=metadata, outputs=outputs)

    one, two = cell("one", "stream", "display_data"), cell("two", "display_data", "execute_result")
    assert shown_under_one_name([one, two, nbformat.v4.new_markdown_cell("text")]) == ["two"]


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


def close_percents(cells):
    """Where a number touches its percent sign, or a format would make it; the words of others stay."""
    found = []
    for cell in cells:
        caption = cell.metadata.get("mystnb", {}).get("figure", {}).get("caption", "")
        words = re.sub("“.*?”", "", caption if cell.cell_type == "code" else cell.source, flags=re.S)
        source = cell.source if cell.cell_type == "code" else ""
        found += re.findall(r".*\d%.*", words) + re.findall(r".*\d%\}.*", source)
    return found


@every_notebook
def test_a_percent_sign_stands_apart_from_its_number(name):
    assert close_percents(nbformat.read(FOLDER / f"{name}.ipynb", as_version=4).cells) == []


def test_a_percent_sign_that_touches_its_number_is_found():
    text, code = nbformat.v4.new_markdown_cell, nbformat.v4.new_code_cell
    captioned = code("x", metadata={"mystnb": {"figure": {"caption": "90% intervals"}}})
    wrong = [text("About 35% of"), code('f"{x:.0%}"'), captioned]
    assert len(close_percents(wrong)) == 3
    assert close_percents([text("About 35 % of, “nearly\n70%”"), code('f"{percent(x)}"; 5%3')]) == []


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
