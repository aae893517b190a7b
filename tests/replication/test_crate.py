"""The record of the published run: valid, true, and of what is committed."""

from pathlib import Path

import pytest

from snlib.files import read_json
from snlib.replication.crate import RECORD, describe, write

ROOT = Path(__file__).parents[2]


def by_id(record):
    return {entity["@id"]: entity for entity in record["@graph"]}


@pytest.fixture(scope="module")
def record():
    return read_json(ROOT / RECORD)


@pytest.fixture(scope="module")
def entities(record):
    return by_id(record)


@pytest.fixture(scope="module")
def profile(entities):
    return entities["#profile"]["value"]


@pytest.fixture
def repository(tmp_path):
    """A folder with what is committed, without the record."""
    for name in ("data", "book", "notebooks", "Snakefile", "CITATION.cff"):
        (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path


def referred(entities, name):
    return {one["@id"] for one in entities["#run"][name]}


def test_it_is_of_what_is_committed(record, profile, repository):
    """`make publish` writes it; after other changes `python -m snlib.replication.crate PROFILE` does."""
    write(profile, repository)
    assert read_json(repository / RECORD) == record
    assert describe(profile, ROOT) == record


def test_it_names_all_results_and_chapters_and_nothing_that_is_not_there(entities, profile):
    folders = (ROOT / "data/results" / profile, ROOT / "book/chapters")
    made = {
        path.relative_to(ROOT).as_posix()
        for folder in folders
        for path in folder.rglob("*.*")
        if path.is_file()
    }
    assert made <= referred(entities, "result")
    files = [name for name, entity in entities.items() if "File" in entity["@type"]]
    assert [name for name in files if not (ROOT / name).is_file()] == []


def test_it_says_from_what_and_when_the_results_were_made(entities, profile):
    made_from = read_json(ROOT / "data/results" / profile / "provenance.json")
    given = {
        name.strip("#"): entities[name]["value"] for name in referred(entities, "object") if name[0] == "#"
    }
    assert given == {"profile": profile, "seed": made_from["seed"], "device": made_from["device"]}
    software = {
        entities[one["@id"]]["name"]: entities[one["@id"]]["softwareVersion"]
        for one in entities["Snakefile"]["softwareRequirements"]
    }
    assert software == made_from["versions"]
    assert entities["Snakefile"]["version"] == made_from["commit"]
    times = [read_json(path)["metadata"]["papermill"] for path in (ROOT / "book/chapters").glob("*.ipynb")]
    assert all(one["start_time"] >= entities["#run"]["startTime"] for one in times)
    assert all(one["end_time"] <= entities["#run"]["endTime"] for one in times)


def test_it_names_the_paper_and_the_authors(entities):
    assert "Mixture-of-Expert" in entities["https://doi.org/10.48550/arXiv.2507.16817"]["name"]
    assert entities[entities["./"]["license"]["@id"]]["identifier"] == "MIT"
    assert entities[entities["./"]["author"][0]["@id"]]["name"] == "The snlib authors"
