"""The pages of reference: glossary, symbols, questions, bibliography, API pages."""

import pkgutil
import re
import sys
from pathlib import Path

import pytest
import yaml
from docutils import nodes
from pybtex.database import parse_file
from sphinx.application import Sphinx

from book._extensions.api_pages import face_of, home_of, public_name
from snlib import ROOMS
from snlib.data.quantities import PARAMETERS
from snlib.model.recipes import Recipe

ROOT = Path(__file__).parents[2]
BOOK = ROOT / "book"
PAGES = {path.stem: path.read_text() for path in BOOK.glob("*.md")}
ENTRIES = parse_file(str(BOOK / "references.bib")).entries


# Bibliography


DOI, ARXIV = r"10\.\d{4,9}/\S+", r"(\d{4}\.\d{4,5})|(astro-ph/\d{7})"
IDENTIFIERS = {"doi": DOI, "eprint": ARXIV, "url": r"https?://\S+"}


def identified(fields):
    """By which of its identifiers an entry can be found."""
    return {name for name, pattern in IDENTIFIERS.items() if re.fullmatch(pattern, fields.get(name, ""))}


@pytest.mark.parametrize("key", ENTRIES)
def test_entry_can_be_found_by_doi_arxiv_number_or_address(key):
    assert identified(ENTRIES[key].fields)
    assert ENTRIES[key].type != "article" or "doi" in identified(ENTRIES[key].fields)


@pytest.mark.parametrize("fields", [{}, {"doi": "506588"}, {"eprint": "hep"}, {"url": "example.org"}])
def test_an_entry_that_cannot_be_found_is_noticed(fields):
    assert not identified(fields)


def test_every_entry_is_cited():
    sources = [*PAGES.values(), *(path.read_text() for path in (ROOT / "notebooks").glob("*.md"))]
    cited = {
        key
        for text in sources
        for keys in re.findall(r"\{cite:\w+\}`([^`]+)`", text)
        for key in keys.split(",")
    }
    assert cited == set(ENTRIES)


# API pages


def sections(page):
    toc = yaml.safe_load((BOOK / "_toc.yml").read_text())
    entries = [entry for part in toc["parts"] for entry in part["chapters"]]
    return next(entry for entry in entries if entry["file"] == page)["sections"]


def test_every_room_has_its_page():
    assert [entry["file"] for entry in sections("api")] == [f"api/{room}" for room in ROOMS]
    for room in ROOMS:
        text = (BOOK / f"api/{room}.md").read_text()
        assert text.startswith(f"# snlib.{room}\n") and f".. room:: {room}\n" in text


@pytest.mark.parametrize("room", ROOMS)
def test_every_public_name_is_documented(room):
    for name, value in face_of(room).items():
        module = sys.modules[home_of(room, name)]
        assert name in module.__all__ and getattr(module, name) is value
        assert public_name(f"{module.__name__}.{name}") == f"snlib.{room}.{name}"
        if callable(value):
            assert value.__doc__ and value.__doc__.strip()
        else:
            source = Path(module.__file__).read_text()
            assert re.search(rf"^#: .+\n(#: .+\n)*{name} = ", source, re.M), f"{module.__name__}.{name}"


def test_names_behind_a_face_lead_to_the_face():
    assert public_name("snlib.model.vae.VAE.prior") == "snlib.model.VAE.prior"
    assert public_name("snlib.model.vae.MIN_SCALE") is None
    assert public_name("snlib.model.vae") is None


# Pages


def test_symbols_name_what_is_there():
    names = re.findall(r"\{py:\w+\}`(?:[^`<]*<)?([\w.]+)>?`|`(snlib\.[\w.]+)`", PAGES["symbols"])
    assert len(names) > 20
    for name in (one or other for one, other in names):
        pkgutil.resolve_name(name)
    fields = set(re.findall(r"^\| [^|]+ \| [^|]+ \| `(\w+)`(?:, `(\w+)`)? \|$", PAGES["symbols"], re.M))
    known = {*Recipe.__dataclass_fields__, *(one.name for one in PARAMETERS), "band", ""}
    assert {name for pair in fields for name in pair} <= known


def test_symbols_of_the_explosion_are_those_of_the_code():
    for parameter in PARAMETERS:
        assert f"`{parameter.name}` |" in PAGES["symbols"]
        assert parameter.symbol.strip("$") in PAGES["symbols"]


def test_every_answer_leads_on():
    answers = re.split(r"^### ", PAGES["faq"], flags=re.M)[1:]
    assert 10 <= len(answers) <= 20
    assert [answer.splitlines()[0] for answer in answers if "{doc}`" not in answer] == []
    assert all(answer.splitlines()[0].endswith("?") for answer in answers)


# Links to the glossary

GLOSSARY = """# Glossary

```{glossary}
band
    A range of *wavelengths*. Rubin has six.

light curve
    Magnitudes in some {term}`band`.
```
"""
PAGE = """# Light curves

A light
curve in two bands, `band` and light curves; husband, band-pass. {term}`Bands <band>` and $band$.

## A band

Another **band**, another light curve.
"""


@pytest.fixture(scope="module")
def linked(tmp_path_factory):
    """The page, as Sphinx leaves it for the builder."""
    source = tmp_path_factory.mktemp("book")
    (source / "glossary.md").write_text(GLOSSARY)
    (source / "index.md").write_text(PAGE + "\n```{toctree}\nglossary\nplain\n```\n")
    (source / "plain.md").write_text("# Plain\n\nMore bands.\n")
    extensions = ["myst_parser", "book._extensions.glossary_links"]
    settings = {"extensions": extensions, "myst_enable_extensions": ["dollarmath"]}
    app = Sphinx(source, None, source / "out", source / "trees", "html", settings, status=None, warning=None)
    app.build()
    return {
        name: app.env.get_and_resolve_doctree(name, app.builder) for name in ("index", "plain", "glossary")
    }


def words(doctree):
    links = doctree.findall(nodes.reference)
    return [(link.astext(), link["refuri"]) for link in links if "glossary-word" in link["classes"]]


def test_the_first_use_of_a_word_leads_to_the_glossary(linked):
    # "Bands" has a link by hand.
    assert words(linked["index"]) == [("light\ncurve", "glossary.html#term-light-curve")]
    assert words(linked["plain"]) == [("bands", "glossary.html#term-band")]
    assert words(linked["glossary"]) == []


def test_a_word_shows_its_definition(linked):
    (link,) = (one for one in linked["plain"].findall(nodes.reference) if "glossary-word" in one["classes"])
    assert link["reftitle"] == "A range of wavelengths."


def test_the_text_stays_what_it_was(linked):
    assert "More bands." in linked["plain"].astext()
    assert "A light\ncurve in two bands, band and light curves; husband" in linked["index"].astext()
