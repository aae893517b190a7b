"""Threads of worker processes, counted where they work: in processes started as ``python -m`` starts them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import snlib
from snlib.replication.notebooks import execute
from snlib.workers import one_thread_each, worker_pool

LIMITS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
# A program of its own, since what a process imports before its first task depends on how it was started.
COUNTING = """
from threadpoolctl import threadpool_info

class Grid:
    faintest_magnitude, n_models = 0.0, 100

    def surface(self, index, seed):
        import scipy.linalg, torch
        raise ValueError(sorted({(pool["internal_api"], pool["num_threads"]) for pool in threadpool_info()}))

def threads(_):
    try:
        Grid().surface(0, 0)
    except ValueError as error:
        return error.args[0]
"""
SIMULATING = """
import json
from snlib.simulation.simulator import simulate
from probe.counting import Grid

if __name__ == "__main__":
    try:
        simulate(4, 0, Grid(), workers=2)
    except ValueError as error:
        print(json.dumps(error.args[0]))
"""
SHARING = """
import json
from threadpoolctl import threadpool_info
from snlib.workers import worker_pool
from probe.counting import threads

if __name__ == "__main__":
    with worker_pool(2) as pool:
        print(json.dumps(list(pool.map(threads, range(2)))[0]))
"""


@pytest.fixture
def threads_of(tmp_path):
    """Run a program with ``python -m`` and tell the threads of each library in its workers."""

    def function(program):
        (tmp_path / "probe").mkdir()
        for name, source in {"__init__": "", "counting": COUNTING, "__main__": program}.items():
            (tmp_path / "probe" / f"{name}.py").write_text(source)
        # On a machine of one core, too, there would be more than one.
        environment = os.environ | dict.fromkeys(LIMITS, "3")
        environment["PYTHONPATH"] = os.pathsep.join([str(tmp_path), str(Path(snlib.__file__).parent.parent)])
        command = [sys.executable, "-W", "ignore", "-m", "probe"]
        done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True)
        assert done.stdout, done.stderr
        return dict(json.loads(done.stdout))

    return function


@pytest.mark.parametrize("program", [SIMULATING, SHARING], ids=["simulate", "worker_pool"])
def test_workers_have_one_thread_in_every_library(threads_of, program):
    found = threads_of(program)
    assert {"openblas", "openmp"} <= set(found)
    assert set(found.values()) == {1}


def test_this_process_keeps_its_environment(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    before = dict(os.environ)
    with pytest.raises(ZeroDivisionError), one_thread_each():
        assert os.environ["OMP_NUM_THREADS"] == os.environ["OPENBLAS_NUM_THREADS"] == "1"
        raise ZeroDivisionError
    assert dict(os.environ) == before


def test_a_process_is_made_ready_before_its_first_task():
    with worker_pool(1, os.setpgrp) as pool:
        assert pool.submit(os.getpgrp).result() != os.getpgrp()


NOTEBOOK = """---
jupytext:
  formats: ipynb,md:myst
  text_representation: {extension: .md, format_name: myst}
kernelspec: {display_name: Python 3, language: python, name: python3}
---

```{code-cell} ipython3
import numpy
from threadpoolctl import threadpool_info

print({pool["num_threads"] for pool in threadpool_info()})
```
"""


def test_the_kernel_of_a_notebook_has_one_thread(tmp_path):
    (tmp_path / "threads.md").write_text(NOTEBOOK)
    execute(tmp_path / "threads.md")
    (cell,) = json.loads((tmp_path / "threads.ipynb").read_text())["cells"]
    assert "".join(cell["outputs"][0]["text"]) == "{1}\n"
