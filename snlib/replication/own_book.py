"""The source of a run's own book: the pages of the published one, with the run's chapters and claims.

Every page says whose it is and links to its published counterpart.
"""

import json
import os
import shutil
from pathlib import Path

import yaml

from snlib.files.json_files import read_json
from snlib.replication.execution_times import TIMES, execution_times
from snlib.replication.ledger_page import ledger_html
from snlib.replication.page_box import below_title
from snlib.replication.pages import page
from snlib.replication.pipeline import COVER

__all__ = ["assemble"]


def assemble(folder, chapters, names, published="_build/html", book="book"):
    """Write the source of a run's own book to ``book`` in its folder; nothing else is touched.

    Parameters
    ----------
    folder : path-like
        Of the run.  Its site is meant to be rendered to ``_build/html`` there.
    chapters : iterable of path-like
        As the run executed them.
    names : dict of str to str
        See `snlib.replication.publishing.public_names`.
    published : path-like
        The site of the published run, to link to.
    book : path-like
        Source of the published book.

    Raises
    ------
    ValueError
        If a page has no title to put the words below, or a chapter does not say how it was executed.
    """
    folder, source = Path(folder), Path(folder) / "book"
    shutil.rmtree(source, ignore_errors=True)
    _copy_pages(Path(book), source)
    shutil.copyfile(folder / COVER, source / "images" / COVER)
    (source / "claims.html").write_text(ledger_html(read_json(folder / "claims.json"), "chapters/"))
    provenance = read_json(folder / "results" / "provenance.json")
    (source / TIMES).write_text(execution_times(chapters, provenance), encoding="utf-8")
    for path in chapters:
        text = page(path, names, provenance)
        (source / "chapters" / Path(path).name).write_text(text, encoding="utf-8")
    for file in _files(source):
        site = folder / "_build" / "html" / file.relative_to(source)
        there = Path(published) / file.relative_to(source).with_suffix(".html")
        _add_words(file, _words(provenance, os.path.relpath(there, site.parent)))


def _copy_pages(book, source):
    """Copy the pages that are not executed, and what all pages show, with the modes of new files here."""
    for path in book.rglob("*"):
        inner = path.relative_to(book)
        copy = source / inner
        if not {"_build", "_extensions"}.isdisjoint(inner.parts) or path.suffix == ".ipynb":
            continue
        if path.is_dir():
            copy.mkdir(parents=True, exist_ok=True)
        else:
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)


def _files(source):
    """The files of the pages in the table of contents."""
    toc = yaml.safe_load((source / "_toc.yml").read_text())
    documents = [toc["root"], *(name for part in toc["parts"] for name in _documents(part["chapters"]))]
    files = (source / f"{name}{suffix}" for name in documents for suffix in (".md", ".ipynb"))
    return [path for path in files if path.exists()]


def _documents(entries):
    for entry in entries:
        yield entry["file"]
        yield from _documents(entry.get("sections", ()))


def _words(provenance, link):
    profile, seed, device = provenance["profile"]["name"], provenance["seed"], provenance["device"]
    return (
        ":::{admonition} Your own run\n:class: attention own-run\n"
        f"Computed on your machine: profile `{profile}`, seed {seed}, device `{device}`. "
        f'<a href="{link}">The published page</a> is there once `make site` has rendered it.\n:::\n'
    )


def _add_words(file, words):
    """Write words below the title of a page."""
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".md":
        file.write_text(below_title(file, text, words), encoding="utf-8")
        return
    notebook = json.loads(text)
    first = notebook["cells"][0]
    first["source"] = below_title(file, "".join(first["source"]), words)
    file.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
