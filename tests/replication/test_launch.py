"""What Make starts: one line where it cannot be, and one run at a time in a folder."""

import fcntl
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SNAKEFILE = """
rule book:
    shell: "touch started; until test -e stop; do sleep .02; done; echo '{config}' > told"
"""


@pytest.fixture
def launch(tmp_path, monkeypatch):
    """Start the launcher in a folder with a pipeline of one step, which waits to be stopped."""
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.delenv("SNLIB_PUBLISHED_SAMPLE", raising=False)

    def launch(*pairs):
        command = [sys.executable, "-m", "snlib.replication.launch", "book", "CORES=1", *pairs]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen(command, cwd=tmp_path, **pipes)

    return launch


def ended(process):
    said = process.communicate()
    return process.returncode, *said


def test_one_run_at_a_time_in_a_folder(launch, tmp_path):
    first = launch("PROFILE=smoke", "SEED=3", "SEEDS=")
    while not (tmp_path / "started").exists() and first.poll() is None:
        time.sleep(0.02)
    line = "snlib: another process is bringing a run up to date here: .venv/lock is locked\n"
    assert ended(launch("SEED=4")) == (2, "", line)
    (tmp_path / "stop").touch()
    assert ended(first)[0] == 0
    assert (tmp_path / "told").read_text() == "{profile: smoke, seed: 3, seeds: None}\n"
    with open(tmp_path / ".venv/lock") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # it is free again


def test_nothing_runs_where_a_parameter_cannot_be(launch, tmp_path):
    expected = "snlib: seed is '007', expected a whole number from 0 to 2**63 - 1, such as 7\n"
    assert ended(launch("SEED=007")) == (2, "", expected)
    assert os.listdir(tmp_path) == ["Snakefile"]
