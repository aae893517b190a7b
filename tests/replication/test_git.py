"""What git knows of the repository, against a repository made for the test."""

import subprocess
from datetime import date

import pytest

from snlib.replication.git import commit, last_change


@pytest.fixture
def git(tmp_path):
    """A command of git in a folder that holds files but is no repository yet."""
    for name in ("snlib", "data"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text("1")

    def git(*arguments, **more):
        identity = ["-c", "user.name=A", "-c", "user.email=a@b.c"]
        command = ["git", *identity, *arguments]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, **more).stdout.strip()

    return git


def test_there_is_nothing_to_know_without_a_repository(tmp_path):
    assert commit(tmp_path) == ""
    assert last_change(["data/file"], tmp_path) is None


def test_commit_says_whether_what_makes_results_has_changed(tmp_path, git):
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "one")
    (tmp_path / "data/file").write_text("2")
    assert commit(tmp_path) == git("rev-parse", "--short", "HEAD")
    (tmp_path / "snlib/file").write_text("2")
    assert commit(tmp_path) == git("rev-parse", "--short", "HEAD") + "-dirty"


def test_the_last_change_is_that_of_the_files_that_are_named(tmp_path, git):
    git("init", "-q")
    for name, day in (("data", 3), ("snlib", 4)):
        git("add", name)
        git(
            "commit",
            "-qm",
            name,
            env={"GIT_COMMITTER_DATE": f"2026-11-0{day}T12:00:00Z", "PATH": "/usr/bin:/bin"},
        )
    first, second = git("log", "--format=%h", "--reverse").split()
    assert last_change(["data/file"], tmp_path) == (first, date(2026, 11, 3))
    assert last_change(["data/file", "snlib/file"], tmp_path) == (second, date(2026, 11, 4))
    assert last_change(["nothing"], tmp_path) is None
