"""Threads of worker processes, counted where they work: in processes started as ``python -m`` starts them."""

import json
import os
import signal
import subprocess
import sys
from concurrent.futures import Future, ProcessPoolExecutor
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


class Stopped(Exception):
    """What a handler of signals raises."""


def test_a_signal_waits_until_a_task_is_submitted(monkeypatch):
    """Whatever the pool has locked to take a task is open again when the signal is heeded."""

    def stop(number, frame):
        raise Stopped

    before = signal.signal(signal.SIGTERM, stop)
    try:
        with worker_pool(1) as pool:
            taken, put = [], pool._work_ids.put

            def interrupted(item):
                signal.raise_signal(signal.SIGTERM)
                put(item)
                taken.append(item)

            with monkeypatch.context() as patch, pytest.raises(Stopped):
                patch.setattr(pool._work_ids, "put", interrupted)
                pool.submit(int)
            assert len(taken) == 1 and signal.getsignal(signal.SIGTERM) is stop
            assert pool.submit(int).result() == 0
    finally:
        signal.signal(signal.SIGTERM, before)


def end_abruptly(item):
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_pool_ends_when_a_worker_is_killed_with_much_left_to_do():
    with pytest.raises(OSError, match="a worker process was killed"), worker_pool(2) as pool:
        processes = list(pool._processes.values())
        list(pool.map(end_abruptly, range(20_000)))
    assert not any(process.is_alive() for process in processes)


def test_tasks_may_come_while_others_are_marked_as_failed():
    with worker_pool(1) as pool:
        waiting = pool._pending_work_items
        waiting[-1] = None
        for number, _ in waiting.items():
            waiting[number - 1] = None
        assert set(waiting) >= {-1, -2}
        waiting.clear()


def test_a_task_that_comes_after_those_that_are_marked_as_failed_is_refused(monkeypatch):
    with pytest.raises(OSError, match="a worker process was killed"), worker_pool(1) as pool:
        monkeypatch.setattr(pool, "_broken", "broken")
        monkeypatch.setattr(ProcessPoolExecutor, "submit", lambda pool, function: Future())
        pool.submit(int)
    assert not pool._processes


@pytest.mark.parametrize("n_items, chunksize", [(0, 3), (1, 3), (6, 3), (7, 3), (5, 1)])
def test_results_come_in_order_however_they_are_shared(n_items, chunksize):
    with worker_pool(2) as pool:
        assert list(pool.map(abs, range(-n_items, 0), chunksize)) == list(range(n_items, 0, -1))


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
