"""``CITATION.cff``: of the form that version 1.2.0 of the Citation File Format asks for, and true.

The official schema is in no package that can be installed beside ours (cffconvert wants an old jsonschema):
the part of the specification that the file uses is written down here.
"""

import tomllib
from pathlib import Path

import jsonschema
import pytest
import yaml
from pybtex.database import parse_file

import snlib

ROOT = Path(__file__).parents[2]
TEXT = {"type": "string", "minLength": 1}
PERSON = {
    "type": "object",
    "properties": dict.fromkeys(["family-names", "given-names", "affiliation"], TEXT)
    | {"orcid": {"pattern": r"^https://orcid\.org/\d{4}-\d{4}-\d{4}-\d{3}[\dX]$"}},
    "additionalProperties": False,
    "minProperties": 1,
}
ENTITY = {"type": "object", "properties": {"name": TEXT}, "required": ["name"], "additionalProperties": False}
AUTHORS = {"type": "array", "items": {"anyOf": [PERSON, ENTITY]}, "minItems": 1, "uniqueItems": True}
IDENTIFIER = {
    "type": "object",
    "properties": {
        "type": {"const": "doi"},
        "value": {"type": "string", "pattern": r"^10\.\d{4,9}(\.\d+)?/[A-Za-z0-9:/_;\-\.\(\)\[\]\\]+$"},
        "description": TEXT,
    },
    "required": ["type", "value"],
    "additionalProperties": False,
}
REFERENCE = {
    "type": "object",
    "properties": {
        "type": {"enum": ["article", "conference-paper", "report", "unpublished"]},
        "title": TEXT,
        "year": {"type": "integer"},
        "authors": AUTHORS,
        "identifiers": {"type": "array", "items": IDENTIFIER, "minItems": 1},
    },
    "required": ["authors", "title", "type"],
    "additionalProperties": False,
}
FILE = {
    "type": "object",
    "properties": {
        "cff-version": {"const": "1.2.0"},
        "message": TEXT,
        "title": TEXT,
        "type": {"enum": ["software", "dataset"]},
        "version": TEXT,
        "license": {"const": "MIT"},
        "repository-code": {"type": "string", "format": "uri"},
        "url": {"type": "string", "format": "uri"},
        "date-released": {"type": "string", "format": "date"},
        "keywords": {"type": "array", "items": TEXT},
        "abstract": TEXT,
        "authors": AUTHORS,
        "references": {"type": "array", "items": REFERENCE, "minItems": 1},
    },
    "required": ["cff-version", "message", "title", "authors"],
    "additionalProperties": False,
}


@pytest.fixture
def citation():
    return yaml.safe_load((ROOT / "CITATION.cff").read_text())


def test_it_has_the_form_of_the_specification(citation):
    jsonschema.validate(citation, FILE)


@pytest.mark.parametrize(
    "change", [{"title": ""}, {"authors": []}, {"cff-version": "1.0"}, {"licence": "MIT"}]
)
def test_a_file_of_another_form_is_refused(citation, change):
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(citation | change, FILE)


def test_it_says_what_the_package_says(citation):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert citation["version"] == project["version"] == snlib.__version__
    assert citation["license"] == project["license"]
    assert [one["name"] for one in citation["authors"]] == [one["name"] for one in project["authors"]]


def test_it_names_the_paper_as_the_bibliography_does(citation):
    entry = parse_file(str(ROOT / "book/references.bib")).entries["shen2025mmvae"]
    (paper,) = citation["references"]
    assert paper["identifiers"] == [{"type": "doi", "value": entry.fields["doi"]}]
    assert paper["title"] == entry.fields["title"].replace("{", "").replace("}", "")
    assert [one["family-names"] for one in paper["authors"]] == ["Shen", "Gagliano"]
