"""The table of the chapters says what the notebooks say: which rooms and files each of them needs."""

import ast
import importlib
from fnmatch import fnmatch
from itertools import chain
from pathlib import Path

import jupytext
import pytest

from snlib import ROOMS
from snlib.files import DATA
from snlib.model.registry import MODELS
from snlib.replication.pipeline import read_chapters

ROOT = Path(__file__).parents[2]
CHAPTERS = read_chapters(ROOT / "notebooks/chapters.yml")
SEEDS = "data/results/{profile}/*/seed*/*"
SIMULATED_FROM = {"data/surrogate.npz", "data/rubin_visits.npz"}

every_chapter = pytest.mark.parametrize("name", CHAPTERS)


class Notebook(ast.NodeVisitor):
    """What the code of a notebook imports and which files it names, as far as can be read from its text.

    `files` are below the repository's root and `of_run` below the folder of the run, with * for what only the
    run of the notebook can tell.
    """

    def __init__(self, code):
        self.rooms, self.files, self.of_run, self.calls = set(), set(), set(), []
        self.names = {"DATA": "data", "run.folder": "run"}
        self.visit(ast.parse(code))

    def visit_ImportFrom(self, node):
        if (node.module or "").split(".")[0] == "snlib":
            assert node.module != "snlib", "import from rooms, not rooms"
            self.rooms.add(node.module.split(".")[1])
            for alias in node.names:
                self.know(alias.asname or alias.name, imported(node.module, alias.name))

    def know(self, name, value):
        """Remember a path of data/, or a module that has some."""
        if isinstance(value, Path) and value != DATA:
            self.names[name] = "data/" + value.relative_to(DATA).as_posix()
        for inner in getattr(value, "__all__", []):
            if isinstance(getattr(value, inner), Path):
                self.know(f"{name}.{inner}", getattr(value, inner))

    def visit_Assign(self, node):
        pairs = [(node.targets[0], node.value)]
        if isinstance(node.targets[0], ast.Tuple) and isinstance(node.value, ast.Tuple):
            pairs = zip(node.targets[0].elts, node.value.elts, strict=True)
        for target, value in pairs:
            if path := self.path(value):
                self.names[ast.unparse(target)] = path
        self.generic_visit(node)

    def path(self, node):
        """The path that an expression stands for, or None."""
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            folder = self.path(node.left)
            return folder and f"{folder}/{text(node.right)}"
        return self.names.get(ast.unparse(node))

    def visit(self, node):
        if path := self.path(node):
            top, _, rest = path.partition("/")
            if rest:
                (self.of_run if top == "run" else self.files).add(rest if top == "run" else path)
        else:
            super().visit(node)

    def visit_Call(self, node):
        self.calls.append((ast.unparse(node.func), [text(argument) for argument in node.args]))
        self.generic_visit(node)

    def visit_List(self, node):
        if [text(element) for element in node.elts[1:3]] == ["-m", "snlib"]:
            self.rooms.add("cli")
        self.generic_visit(node)

    def arguments(self, *functions):
        """Arguments of each call of one of some functions."""
        return [arguments for function, arguments in self.calls if function.split(".")[-1] in functions]


def imported(module, name):
    """What ``from module import name`` gives: an attribute or a module."""
    found = getattr(importlib.import_module(module), name, None)
    return importlib.import_module(f"{module}.{name}") if found is None else found


def text(node):
    """A string as it stands in the code, with * for what is computed."""
    if isinstance(node, ast.JoinedStr):
        return "".join(text(part) for part in node.values)
    return node.value if isinstance(node, ast.Constant) else "*"


def read(name):
    cells = jupytext.read(ROOT / f"notebooks/{name}.md").cells
    return Notebook("\n".join(cell.source for cell in cells if cell.cell_type == "code"))


def committed(patterns):
    return {path for pattern in patterns for path in ROOT.glob(pattern.replace("{profile}", "*"))}


def test_every_notebook_is_in_the_table_in_order():
    assert list(CHAPTERS) == sorted(path.stem for path in (ROOT / "notebooks").glob("[0-9]*.md"))


@every_chapter
def test_rooms_are_those_that_the_notebook_imports(name):
    assert set(CHAPTERS[name].rooms) == read(name).rooms & {*ROOMS, "cli"}


@every_chapter
def test_files_that_the_notebook_names_are_read(name):
    known = committed(file for file in CHAPTERS[name].reads if file.startswith("data/"))
    for pattern in read(name).files:
        found = list(ROOT.glob(pattern))
        assert found, f"{pattern}: no such file"
        for path in found:
            assert known & (set(path.iterdir()) if path.is_dir() else {path}), f"{path} is not read"


@every_chapter
def test_results_that_are_read_are_named_by_the_notebook(name):
    """Nothing is left in the table that a notebook has ceased to read."""
    named = {path for pattern in read(name).files for path in ROOT.glob(pattern)}
    for pattern in CHAPTERS[name].reads:
        if pattern.startswith("data/results/") and pattern != SEEDS:
            assert {part for path in committed([pattern]) for part in (path, path.parent)} & named, pattern


def test_committed_files_exist():
    reads = set(chain.from_iterable(chapter.reads for chapter in CHAPTERS.values()))
    for pattern in reads:
        if pattern.startswith("data/") and "weights/{profile}" not in pattern:
            assert committed([pattern]), f"{pattern}: no such file"


@every_chapter
def test_events_weights_and_tables_of_the_run_are_known(name):
    notebook, chapter = read(name), CHAPTERS[name]
    wanted = set()
    for profile, *_ in notebook.arguments("open_run"):
        wanted |= {"events.npz"} if profile == "*" else SIMULATED_FROM
    if notebook.arguments("simulate"):
        wanted |= SIMULATED_FROM
    if notebook.arguments("Surrogate.load") or ("Surrogate.load", []) in notebook.calls:
        wanted.add("data/surrogate.npz")
    wanted |= {f"{model}-x" for model, *_ in notebook.arguments("trained") if model in MODELS}
    wanted |= {f"results/{table}.csv" for _, table in notebook.arguments("table", "read_seeds")}
    if notebook.arguments("judge", "read_seeds"):
        wanted.add(SEEDS)
    if notebook.arguments("judge"):
        wanted.add("results/*.csv")
    if "cli" in notebook.rooms:
        wanted.add("data/weights/large/*")
    known = chapter.reads + chapter.makes
    assert {file for file in wanted if not any(fnmatch(file, pattern) for pattern in known)} == set()


@every_chapter
def test_files_that_the_notebook_writes_are_made(name):
    made = {file for file in CHAPTERS[name].makes if "*" not in file} - {"events.npz"}
    assert read(name).of_run == made


def test_every_model_and_file_is_made_by_one_chapter():
    makes = list(chain.from_iterable(chapter.makes for chapter in CHAPTERS.values()))
    models = [pattern.removesuffix("-*") for pattern in makes if pattern.endswith("-*")]
    assert sorted(models) == sorted(set(MODELS) - {"predictive-mmvae"})
    assert len(set(makes)) == len(makes)
