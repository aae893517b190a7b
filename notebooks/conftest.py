"""Settings of `pytest --nbval`: its kernels import this checkout and start with nothing computed."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from snlib.workers import ONE_THREAD

ROOT = str(Path(__file__).parent.parent)


def pytest_configure(config):
    """Let the kernels write to a fresh folder, so that no result of older code is found."""
    generated = TemporaryDirectory(prefix="snlib-")
    config.add_cleanup(generated.cleanup)
    patch = pytest.MonkeyPatch()
    config.add_cleanup(patch.undo)
    patch.setenv("SNLIB_GENERATED", generated.name)
    patch.setenv("PYTHONPATH", ROOT, prepend=os.pathsep)
    for name, value in ONE_THREAD.items():
        patch.setenv(name, value)
