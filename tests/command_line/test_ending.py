"""How the program ends: in one line, with nothing left, whatever stopped it."""

import os
import re
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from snlib.__main__ import main
from snlib.workers import worker_pool

TOO_MANY = ("simulate", "--events", "100000", "--workers", "2", "--out", "set")


def last_line(said):
    """The last line, where a progress bar is one line however often it is drawn."""
    return re.split(r"[\r\n]+", said.strip())[-1]


def workers_of(pid):
    """Its worker processes, without the one that only watches over shared resources."""
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True)
    return [int(pid) for pid in found.stdout.split() if "spawn_main" in command_of(pid)]


def command_of(pid):
    """How a process was started; nothing if it has ended in the meantime."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


def start(folder, *command, **options):
    command = [sys.executable, "-m", "snlib", *command]
    return subprocess.Popen(
        command, cwd=folder, stderr=subprocess.PIPE, text=True, start_new_session=True, **options
    )


def wait_for_workers(process):
    while len(workers_of(process.pid)) < 2 and process.poll() is None:
        time.sleep(0.05)
    return workers_of(process.pid)


def heed_signals():
    """What a shell starts in the background ignores Ctrl-C, and under nohup a hangup: so would the tests."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda n: n.name)
def test_a_signal_ends_it_with_its_workers(tmp_path, number):
    with start(tmp_path, *TOO_MANY, preexec_fn=heed_signals) as process:
        workers = wait_for_workers(process)
        if number == signal.SIGINT:
            os.killpg(process.pid, number)  # as Ctrl-C does: to all of them
        else:
            process.send_signal(number)
        said = process.communicate()[1]
    assert process.returncode == 128 + number
    assert last_line(said) == f"snlib: stopped by {number.name}" and "Traceback" not in said
    assert not [pid for pid in workers if Path(f"/proc/{pid}").exists()]
    assert list(tmp_path.iterdir()) == []


def test_a_worker_that_is_killed_ends_it_in_one_line(tmp_path):
    with start(tmp_path, *TOO_MANY) as process:
        os.kill(wait_for_workers(process)[0], signal.SIGKILL)
        said = process.communicate()[1]
    assert process.returncode == 2 and "Traceback" not in said
    assert last_line(said) == "snlib: a worker process was killed; for want of memory, perhaps"
    assert list(tmp_path.iterdir()) == []


def test_what_a_task_raises_is_raised():
    with pytest.raises(ValueError, match="no-number"), worker_pool(1) as pool:
        list(pool.map(int, ["no-number"]))


def test_a_hangup_that_is_ignored_stays_so(monkeypatch):
    """As under nohup."""
    seen = []
    monkeypatch.setattr("snlib.__main__.app", lambda: seen.append(signal.getsignal(signal.SIGHUP)))
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        main()
    finally:
        signal.signal(signal.SIGHUP, before)
    assert seen == [signal.SIG_IGN]


def test_signals_mean_afterwards_what_they_meant_before(monkeypatch):
    asked = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in asked]
    monkeypatch.setattr("snlib.__main__.app", lambda: None)
    main()
    assert [signal.getsignal(number) for number in asked] == before


@pytest.mark.parametrize(
    "error, code, line",
    [
        (ValueError("a:\n b"), 2, "snlib: a: b"),
        (FileNotFoundError("x: no such file"), 2, "snlib: x: no such file"),
        (FloatingPointError("step 3: the loss is nan"), 1, "snlib: step 3: the loss is nan"),
        (MemoryError(), 1, "snlib: out of memory"),
    ],
)
def test_errors_end_in_one_line(monkeypatch, capsys, error, code, line):
    def fail():
        raise error

    monkeypatch.setattr("snlib.__main__.app", fail)
    with pytest.raises(SystemExit) as stopped:
        main()
    assert (stopped.value.code, capsys.readouterr().err) == (code, line + "\n")


def test_a_fault_of_the_program_itself_is_not_hidden(monkeypatch):
    def fail():
        raise KeyError("a fault")

    monkeypatch.setattr("snlib.__main__.app", fail)
    with pytest.raises(KeyError):
        main()


def allow_short_files_only():
    """A limit on the size of files stands for a full disk."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))


def test_a_full_disk_ends_it_in_one_line(tmp_path):
    simulate = ("simulate", "--events", "10", "--out", "set")
    with start(tmp_path, *simulate, preexec_fn=allow_short_files_only) as process:
        said = process.communicate()[1]
    assert process.returncode == 2 and "Traceback" not in said
    assert re.fullmatch(r"snlib: .*the disk is full: 'set/events.npz'", last_line(said))
    assert list((tmp_path / "set").iterdir()) == []
