"""The examples in docstrings are run, and what they show is what comes out."""

import subprocess
import sys
from pathlib import Path

import snlib

ROOT = Path(snlib.__file__).parent


def test_examples_in_docstrings_are_true(tmp_path):
    """By a process of its own: the checks of shapes in this one hide functions from doctest."""
    with_examples = [path for path in ROOT.rglob("*.py") if ">>> " in path.read_text()]
    assert len(with_examples) > 5
    command = [sys.executable, "-m", "pytest", "--doctest-modules", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run([*command, *with_examples], cwd=ROOT.parent, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-5000:]
    n_docstrings = sum(path.read_text().count("    Examples\n    --------\n") for path in with_examples)
    assert f"{n_docstrings} passed" in done.stdout  # none was overlooked
