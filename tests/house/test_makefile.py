"""The Makefile in a folder of any name: what it starts, with a stub for Python that takes notes."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = ("Makefile", "pyproject.toml", "setup.py", "constraints.txt")
ODD = 'a folder\'s "name" $HOME `pwd` #1 \\n; é, 100%'
# Notes its arguments, a line each; the environment that steps are started with; and makes what -m venv makes.
STUB = """#!/bin/sh
printf '%s\\n' "$@" '' >> "$NOTES"
printf '%s' "$SNLIB_PUBLISHED_SAMPLE" > "$NOTES.sample"
if test "$2" = venv; then mkdir -p .venv/bin; cp "$0" .venv/bin/python; fi
"""
RUNS = ("book", "publish", "repeats", "ablations", "weights", "real")


@pytest.fixture(params=["plain", ODD])
def checkout(tmp_path, request):
    """A folder with the Makefile, and beside it the stub."""
    folder = tmp_path / request.param
    folder.mkdir()
    for name in FILES:
        shutil.copyfile(ROOT / name, folder / name)
    stub = folder / "stub's python"
    stub.write_text(STUB)
    stub.chmod(0o755)
    return folder


@pytest.fixture
def make(checkout, tmp_path):
    """Run make: what it says last, and the calls of Python."""
    notes = tmp_path / "notes"

    def make(*arguments, **environment):
        notes.unlink(missing_ok=True)
        clean = {name: os.environ[name] for name in ("PATH", "HOME")}
        variables = {"PYTHON": "./stub's python", "NOTES": str(notes)} | environment
        command = ["make", "--no-print-directory", *arguments]
        done = subprocess.run(
            command, cwd=checkout, env=clean | variables, capture_output=True, text=True, check=True
        )
        assert done.stderr == ""
        calls = notes.read_text().split("\n\n")[:-1] if notes.exists() else []
        return done.stdout.splitlines()[-1:], [call.splitlines() for call in calls]

    return make


def test_setup_installs_once(make):
    install = ["-m", "pip", "install", "-q", "-c", "constraints.txt", "-e", ".[book,test]"]
    assert make("setup")[1] == [["-m", "venv", ".venv"], install]
    assert make("setup")[1] == []


@pytest.mark.parametrize("target", RUNS)
def test_a_run_is_told_its_parameters_as_they_were_given(make, target):
    make("setup")
    given = ['PROFILE=full \' \\ "x"', "DEVICE=tpu", "SEED=a b;c#", "SEEDS=3", "CORES=0"]
    (call,) = make(target, *given)[1]
    assert call == ["-m", "snlib.replication.launch", target, *given]


def test_without_parameters_they_are_the_defaults(make):
    make("setup")
    (call,) = make("book")[1]
    cores = subprocess.run(["getconf", "_NPROCESSORS_ONLN"], capture_output=True, text=True).stdout.strip()
    assert call[3:] == ["PROFILE=quick", "DEVICE=auto", "SEED=0", "SEEDS=", f"CORES={cores}"]


def test_the_last_line_says_where_the_book_is(make, checkout, tmp_path):
    make("setup")
    where = "/_build/html/index.html"
    assert make("site")[0] == [f"The book: {checkout}{where}"]
    assert make("book")[0] == [f"The book: {checkout}/data/generated/quick-seed0{where}"]
    elsewhere = str(tmp_path / f"elsewhere {ODD}")
    said = make("book", "PROFILE=smoke", "SEED=2", SNLIB_GENERATED=elsewhere)[0]
    assert said == [f"The book: {elsewhere}/smoke-seed2{where}"]
    sample = f"/a sample {ODD}"
    said = make("book", SNLIB_PUBLISHED_SAMPLE=sample)[0]
    assert said == [f"The book: {checkout}/data/generated/quick-seed0-published{where}"]
    assert (tmp_path / "notes.sample").read_text() == sample


@pytest.mark.parametrize(
    "target, modules",
    [
        ("site", ["snlib.replication.rendering"]),
        ("lint", ["ruff", "ruff"]),
        ("test", ["ruff", "ruff", "pytest", "pytest"]),
        ("notebooks", ["snlib.replication.notebooks"]),
    ],
)
def test_tools_are_called_as_modules(make, target, modules):
    """The scripts that pip installs name their interpreter in a line that a blank would break."""
    make("setup")
    calls = make(target)[1]
    assert [call[:2] for call in calls] == [["-m", module] for module in modules]


def test_tests_share_the_cores_unless_pytest_is_told_otherwise(make):
    make("setup")
    for call in make("test", "CORES=3", "PYTEST=-x -n0")[1][2:]:
        place = call.index("-n")
        assert call[place + 1] == "3" and call[-2:] == ["-x", "-n0"]


def test_clean_leaves_nothing_that_was_generated(make, checkout):
    for name in ("_build/html", ".site-x", "data/generated/run", ".snakemake", "data/results"):
        (checkout / name).mkdir(parents=True)
    make("clean")
    left = {path.name for path in checkout.iterdir()} - {*FILES, "stub's python"}
    assert left == {"data"} and [path.name for path in (checkout / "data").iterdir()] == ["results"]


def test_help_names_every_target(checkout):
    targets = (checkout / "Makefile").read_text().split(".PHONY: ")[1].splitlines()[0].split()
    clean = {"PATH": os.environ["PATH"]}  # without what another make, that runs these tests, has put there
    command = {"args": ["make", "help"], "cwd": checkout, "env": clean}
    said = subprocess.run(**command, capture_output=True, text=True, check=True).stdout
    assert sorted(line.split()[1] for line in said.splitlines()) == sorted(targets)
