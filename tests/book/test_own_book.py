"""A run's own book: its pages say whose they are, link to the published ones, and build without warnings."""

import json
import os
import re
from pathlib import Path

import pytest
import yaml

from snlib.files import read_json, write_json
from snlib.replication.own_book import assemble
from tests.book.small_book import ROOT, build, plain
from tests.replication.boxes import faults
from tests.replication.executed_chapters import OPENED, PARAMETERS, PROVENANCE, executed
from tests.replication.ledgers import LEDGER

PAGES = ["intro.html", "chapters/01_first.html", "execution.html"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A finished run, in a repository whose published book has the same two pages."""
    tmp_path = tmp_path / "_build of mine"
    tmp_path.mkdir()
    monkeypatch.chdir(tmp_path)
    book, folder = tmp_path / "book", tmp_path / "data/generated/smoke-seed7"
    files = [{"file": "chapters/01_first"}, {"file": "execution"}]
    toc = {"format": "jb-book", "root": "intro", "parts": [{"chapters": files}]}
    write_json(book / "chapters/01_first.ipynb", executed("The published first"))
    (book / "_toc.yml").write_text(yaml.safe_dump(toc))
    (book / "intro.md").write_text("# A book\n\nIts text, {doc}`chapters/01_first`.\n")
    (book / "references.bib").write_text("")
    (book / "execution.md").write_bytes((ROOT / "book/execution.md").read_bytes())
    (book / "execution_times.txt").write_text("published times")
    (book / "claims.html").write_text("published claims")
    (book / "images").mkdir()
    (book / "_static").mkdir()
    (book / "_static/favicon.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    parameters = PARAMETERS | {"profile": "smoke", "seed": 7}
    opened = OPENED | {"runs": {"smoke-seed7": "cpu"}, "read": ["generated/smoke-seed7/events.npz"]}
    write_json(folder / "chapters/01_first.ipynb", executed("My first", tmp_path, parameters, opened))
    write_json(folder / "claims.json", LEDGER)
    write_json(folder / "results/provenance.json", PROVENANCE | {"profile": {"name": "smoke"}, "seed": 7})
    (folder / "light_curve_to_spectrum.png").write_bytes(b"my cover")
    return folder


def own_book(folder):
    before = {path: path.read_bytes() for path in Path("book").rglob("*") if path.is_file()}
    assemble(folder, [folder / "chapters/01_first.ipynb"], {})
    assert {path: path.read_bytes() for path in Path("book").rglob("*") if path.is_file()} == before
    return folder / "book"


def test_it_has_the_chapters_the_claims_and_the_cover_of_the_run(folder):
    source = own_book(folder)
    chapter = json.loads((source / "chapters/01_first.ipynb").read_text())
    assert chapter["cells"][0]["source"].startswith("# My first\n")
    assert faults("01_first", chapter, read_json(folder / "results/provenance.json")) == []
    assert "Spectra are good." in (source / "claims.html").read_text()
    assert (source / "images/light_curve_to_spectrum.png").read_bytes() == b"my cover"
    assert (source / "intro.md").read_text().startswith("# A book\n")


def test_a_page_that_is_no_longer_in_the_book_goes(folder):
    (own_book(folder) / "chapters/00_old.ipynb").write_text("{}")
    assert not (own_book(folder) / "chapters/00_old.ipynb").exists()


def test_what_it_leaves_follows_the_umask_of_the_user(folder):
    """Whatever the modes in the repository are, and wherever that lies."""
    for path in [*Path("book").rglob("*"), Path("book")]:
        path.chmod(0o500 if path.is_dir() else 0o400)
    before = os.umask(0o027)
    try:
        source = own_book(folder)
    finally:
        os.umask(before)
    modes = {path: path.stat().st_mode & 0o777 for path in source.rglob("*")}
    assert [path for path, mode in modes.items() if mode != (0o750 if path.is_dir() else 0o640)] == []


def test_a_rendered_book_is_not_part_of_its_source(folder):
    Path("book/_build/html").mkdir(parents=True)
    Path("book/_build/html/intro.html").touch()
    assert not (own_book(folder) / "_build").exists()


def test_a_page_without_a_title_is_refused(folder):
    Path("book/intro.md").write_text("No title.\n")
    with pytest.raises(ValueError, match=r"intro\.md: does not begin with a title"):
        own_book(folder)


def test_built_pages_say_whose_they_are_and_link_to_the_published_ones(folder):
    own_book(folder)
    build(folder / "book", folder)
    for page in PAGES:
        html = (folder / "_build/html" / page).read_text()
        (words,) = re.findall(r'<div class="[^"]*own-run[^"]*">.*?</div>', html, flags=re.DOTALL)
        assert "profile smoke, seed 7, device cpu" in plain(words)
        (link,) = re.findall(r'href="([^"]*)"', words)
        reached = os.path.normpath(folder / "_build/html" / Path(page).parent / link)
        assert reached == os.path.abspath(f"_build/html/{page}")
    chapter = (folder / "_build/html/chapters/01_first.html").read_text()
    (box,) = re.findall(r'<div class="[^"]*computed[^"]*">.*?</div>', chapter, flags=re.DOTALL)
    assert all(words in plain(box) for words in ("profile smoke, seed 7", "1 min 12 s", "-p profile smoke"))
    times = (folder / "_build/html/execution.html").read_text()
    assert re.search(r'href="chapters/01_first.html".*?My first.*?<td>.*?1 min 12 s', times, flags=re.DOTALL)
    assert "published times" not in times
