"""A site is built aside, and is whole at any moment, whoever else builds it."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from snlib.replication import rendering

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A repository with a book of two pages, at a path that a shell would take apart."""
    folder = tmp_path / "it's a $book"
    (folder / "book/_static").mkdir(parents=True)
    (folder / "_config.yml").write_bytes((ROOT / "_config.yml").read_bytes())
    (folder / "book/_extensions").symlink_to(ROOT / "book/_extensions")
    (folder / "book/_toc.yml").write_text("format: jb-book\nroot: intro\nchapters:\n- file: two\n")
    (folder / "book/_static/favicon.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (folder / "book/references.bib").touch()
    (folder / "book/intro.md").write_text("# A book\n\nText, {doc}`two`.\n")
    (folder / "book/two.md").write_text("# Two\n\nThe first edition.\n")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return folder


def render(folder, umask=0o022):
    command = [sys.executable, "-m", "snlib.replication.rendering", "book", "."]
    return subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, umask=umask
    )


def left(folder):
    return sorted(path.name for path in folder.iterdir())


def test_two_at_once_and_a_book_with_a_broken_link(folder):
    two, first, second = folder / "_build/html/two.html", render(folder, 0o027), render(folder, 0o027)
    assert [process.communicate() for process in (first, second)] == [("", "")] * 2
    assert (first.returncode, second.returncode) == (0, 0)
    assert left(folder) == [".site-lock", "_build", "_config.yml", "book"]
    assert (folder / "_build/html/intro.html").exists() and "The first edition." in two.read_text()
    modes = {path: path.stat().st_mode & 0o777 for path in (folder / "_build").rglob("*")}
    assert [path for path, mode in modes.items() if mode != (0o750 if path.is_dir() else 0o640)] == []
    before = two.stat().st_ino
    (folder / "book/two.md").write_text("# Two\n\nThe second edition, {doc}`three`.\n")
    failed = render(folder)
    assert "two.md:3: WARNING: unknown document: 'three'" in failed.communicate()[1]
    assert failed.returncode != 0
    assert two.stat().st_ino == before and "The first edition." in two.read_text()
    assert left(folder) == [".site-lock", "_build", "_config.yml", "book"]


def site(folder, edition):
    folder.mkdir()
    (folder / "index.html").write_text(f"edition {edition}")
    return folder


def test_there_is_no_moment_without_a_site(tmp_path):
    place, stop, missing, seen = tmp_path / "_build", threading.Event(), [], set()
    rendering.put(site(tmp_path / "new", 0), place)

    def watch():
        while not stop.is_set():
            try:
                seen.add((place / "index.html").read_text())
            except FileNotFoundError as error:
                missing.append(error)

    watcher = threading.Thread(target=watch)
    watcher.start()
    for edition in range(1, 300):
        aside = tmp_path / f"aside{edition}"
        aside.mkdir()
        rendering.put(site(aside / "_build", edition), place)
    stop.set()
    watcher.join()
    assert missing == [] and len(seen) > 1
    assert (place / "index.html").read_text() == "edition 299"


def test_where_folders_cannot_be_exchanged_the_new_one_is_there_all_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(rendering, "_exchange", lambda one, other: False)
    for edition in range(3):
        aside = tmp_path / f"aside{edition}"
        aside.mkdir()
        rendering.put(site(aside / "_build", edition), tmp_path / "_build")
        assert (tmp_path / "_build/index.html").read_text() == f"edition {edition}"
