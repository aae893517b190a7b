"""Writing: whole or not at all, by one process at a time, where nobody can have planted anything."""

import os
import resource
import signal
import stat
import subprocess
import sys
import textwrap
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import h5py
import numpy as np
import pandas as pd
import pytest
import torch

from snlib.files import lock, replacing, require_space, resumable, write_json, write_npz, write_tensors


@pytest.fixture
def umask():
    before = os.umask(0o027)
    yield 0o027
    os.umask(before)


def write_hdf5(path):
    with replacing(path) as temporary, h5py.File(temporary, "w") as file:
        file["a"] = np.arange(3)


def write_parquet(path):
    with replacing(path) as temporary:
        pd.DataFrame({"a": [1]}).to_parquet(temporary)


WRITERS = {
    "a.json": lambda path: write_json(path, [1]),
    "a.npz": lambda path: write_npz(path, a=np.arange(3)),
    "a.safetensors": lambda path: write_tensors(path, {"a": torch.ones(2)}),
    "a.h5": write_hdf5,
    "a.parquet": write_parquet,
}


@pytest.mark.parametrize("name", WRITERS)
def test_files_have_the_mode_that_the_umask_leaves(tmp_path, umask, name):
    for _ in range(2):  # also in the place of another
        WRITERS[name](tmp_path / name)
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o666 & ~umask
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "results.json"
    path.write_text("old")
    with pytest.raises(RuntimeError), replacing(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_a_planted_link_is_not_followed(tmp_path, monkeypatch):
    """Whoever could guess the temporary name could have a file elsewhere overwritten."""
    victim = tmp_path / "victim"
    victim.write_text("mine")
    with replacing(tmp_path / "a.json") as temporary:
        pass
    monkeypatch.setattr("snlib.files.writing.uuid.uuid4", lambda: type("Id", (), {"hex": "guessed"}))
    (tmp_path / ".guessed.json").symlink_to(victim)
    with pytest.raises(FileExistsError, match=r"a\.json"):
        write_json(tmp_path / "a.json", [1])
    assert victim.read_text() == "mine" and temporary.name != ".guessed.json"


def test_an_output_that_cannot_be_is_refused_before_the_work(tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(IsADirectoryError, match="folder"), replacing(tmp_path / "folder"):
        pytest.fail("began")
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"), replacing(tmp_path / "file" / "a.json"):
        pytest.fail("began")


@contextmanager
def full_disk():
    """No file may grow beyond four bytes: as if the disk were full, for pytest's own output too."""
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)


@pytest.mark.parametrize("name", WRITERS)
def test_a_full_disk_is_named_and_leaves_nothing(tmp_path, name):
    with pytest.raises(OSError, match=rf"the disk is full: .*{name}"), full_disk():
        WRITERS[name](tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_what_the_disk_cannot_hold_is_refused_with_both_numbers(tmp_path, monkeypatch):
    require_space(tmp_path / "not" / "yet" / "a.npz", 1)
    monkeypatch.setattr("shutil.disk_usage", lambda folder: SimpleNamespace(free=2e9))
    require_space(tmp_path / "a.npz", 2e9)
    with pytest.raises(OSError, match=r"a\.npz: needs 3\.0 GB, and 2\.0 GB are free"):
        require_space(tmp_path / "a.npz", 3e9)


def test_a_lock_is_held_by_one_and_ends_with_its_process(tmp_path):
    path = tmp_path / "deep" / "a.lock"
    code = """
        import sys, time
        from snlib.files import lock
        with lock(sys.argv[1], "training"):
            print("locked", flush=True)
            time.sleep(60)
    """
    command = [sys.executable, "-c", textwrap.dedent(code), path]
    other = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert other.stdout.readline() == "locked\n"
    with (
        pytest.raises(BlockingIOError, match=r"another process is training here: .*a\.lock"),
        lock(path, "training"),
    ):
        pytest.fail("locked twice")
    other.send_signal(signal.SIGKILL)
    other.wait()
    with lock(path, "training"):
        assert Path(path).is_file()
    with lock(path, "training"):
        pass


def test_what_a_killed_process_left_is_handed_on_only_for_the_same(tmp_path):
    path, left = tmp_path / "a[1].npz", tmp_path / ".a[1].npz.same.partial"
    (tmp_path / ".a1.npz.other.partial").write_bytes(b"of another file")
    for digest, expected in (("same", b"begun"), ("else", b"")):
        left.write_bytes(b"begun")
        with resumable(path, digest) as file:
            assert file.read() == expected
            file.write(b" and ended")
        assert path.read_bytes() == expected + b" and ended"
        assert sorted(each.name for each in tmp_path.iterdir()) == [".a1.npz.other.partial", "a[1].npz"]


def test_two_processes_do_not_make_the_same_file(tmp_path):
    """Two open files of one process lock each other out just as those of two do."""
    path = tmp_path / "a.npz"
    with resumable(path, "same"):
        with pytest.raises(BlockingIOError, match=r"a\.npz: another process"), resumable(path, "same"):
            pytest.fail("began")
        with resumable(path, "else") as file:  # leaves the other one's alone
            file.write(b"else")
        assert len(list(tmp_path.glob(".*.same.partial"))) == 1
    assert [each.name for each in tmp_path.iterdir()] == ["a.npz"]


def test_a_planted_link_is_not_followed_by_what_can_be_resumed(tmp_path):
    (tmp_path / "victim").write_text("precious")
    (tmp_path / ".a.npz.same.partial").symlink_to(tmp_path / "victim")
    with pytest.raises(OSError, match=r"a\.npz"), resumable(tmp_path / "a.npz", "same"):
        pytest.fail("began")
    assert (tmp_path / "victim").read_text() == "precious"
