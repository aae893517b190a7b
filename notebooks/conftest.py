"""Settings of `pytest --nbval`: its kernels import this checkout, start with nothing computed, and repeat.

All outputs are compared but training times (`not_compared.cfg`) and images, and figures by their contents
(`snlib.figures.contents`).  A cell tagged "single-precision" shows numbers that depend on the last bit
of a training: they are compared where `REPEATABLE` fixes it.  What is tagged "nbval-ignore-output" has its
reason in the cell's metadata.
"""

import os
import platform
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from snlib.replication.notebooks import REPEATABLE, is_progress

ROOT = str(Path(__file__).parent.parent)
IS_REPEATABLE = platform.machine().lower() in ("x86_64", "amd64")


def pytest_configure(config):
    """Let the kernels write to a fresh folder, so that no result of older code is found."""
    generated = TemporaryDirectory(prefix="snlib-")
    config.add_cleanup(generated.cleanup)
    patch = pytest.MonkeyPatch()
    config.add_cleanup(patch.undo)
    patch.setenv("SNLIB_GENERATED", generated.name)
    patch.setenv("PYTHONPATH", ROOT, prepend=os.pathsep)
    for name, value in REPEATABLE.items():
        patch.setenv(name, value)
    if config.getoption("nbval_sanitize_with", None) is None:
        config.option.nbval_sanitize_with = str(Path(__file__).with_name("not_compared.cfg"))


def pytest_itemcollected(item):
    """Compare the cells of a notebook without their progress bars."""
    if hasattr(item, "cell_num"):
        compare = item.compare_outputs
        item.compare_outputs = lambda test, committed: compare(without_bars(test), committed)
        if "single-precision" in item.cell.metadata.get("tags", []) and not IS_REPEATABLE:
            item.options["check"] = False


def without_bars(outputs):
    """The outputs of a cell that has run, less its progress bars."""
    return [output for output in outputs if output.get("name") != "stderr" or not is_progress(output["text"])]
