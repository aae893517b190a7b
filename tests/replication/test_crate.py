"""The record of the published run: valid, true, and of what is committed."""

import io
import json
from importlib.resources import files
from pathlib import Path

import pytest
from requests.adapters import HTTPAdapter
from requests_cache import CachedSession
from rocrate_validator import services
from urllib3 import HTTPResponse

from snlib.files import read_json, write_json
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


def paths(folder):
    return {path.relative_to(ROOT).as_posix() for path in folder.rglob("*.*") if path.is_file()}


def test_it_is_of_what_is_committed(record, profile, repository):
    """`make publish` writes it; after other changes `python -m snlib.replication.crate PROFILE` does."""
    write(profile, repository)
    assert read_json(repository / RECORD) == record
    assert describe(profile, ROOT) == record


def test_it_names_all_results_and_chapters_and_nothing_that_is_not_there(entities, profile):
    results = paths(ROOT / "data/results" / profile)
    others = {
        name for name in results if "/seed" in name and f"/seed{entities['#seed']['value']}/" not in name
    }
    others |= {name for name in results if name.endswith("ablations.csv")}
    assert referred(entities, "result") >= (results - others) | paths(ROOT / "book/chapters")
    assert referred(entities, "result") & others == set() and referred(entities, "object") >= others
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
    second = len("2026-11-27T08:00:00")
    assert entities["#run"]["startTime"][:second] == min(one["start_time"] for one in times)[:second]
    assert entities["#run"]["endTime"][:second] == max(one["end_time"] for one in times)[:second]


def test_it_names_the_paper_and_the_authors(entities):
    assert "Mixture-of-Expert" in entities["https://doi.org/10.48550/arXiv.2507.16817"]["name"]
    assert entities[entities["./"]["license"]["@id"]]["identifier"] == "MIT"
    assert entities[entities["./"]["author"]["@id"]]["name"] == "The snlib authors"


# Validity

CONTEXT = "https://w3id.org/ro/crate/1.1/context"
# What version 1.1 of the context has for these words; the one that comes with rocrate is of version 1.3.
BIOSCHEMAS = "https://bioschemas.org/"
OLDER_WORDS = {
    "ComputationalWorkflow": f"{BIOSCHEMAS}ComputationalWorkflow",
    "FormalParameter": f"{BIOSCHEMAS}FormalParameter",
    "input": f"{BIOSCHEMAS}ComputationalWorkflow#input",
    "output": f"{BIOSCHEMAS}ComputationalWorkflow#output",
}


class OnDisk(HTTPAdapter):
    """Answers with the context, so that no other host is asked for it."""

    def send(self, request, **_):
        context = json.loads(files("rocrate").joinpath("data/ro-crate.jsonld").read_text())
        text = json.dumps({"@context": context["@context"] | OLDER_WORDS})
        head = {"status": 200, "headers": {"Content-Type": "application/ld+json"}, "preload_content": False}
        return self.build_response(request, HTTPResponse(body=io.BytesIO(text.encode()), **head))


@pytest.fixture(scope="module")
def issues(tmp_path_factory):
    """Return a function that validates the crate in a folder, without the network."""
    cache = tmp_path_factory.mktemp("cache") / "http"
    with CachedSession(str(cache), backend="sqlite", expire_after=-1) as session:
        session.mount("https://", OnDisk())
        session.get(CONTEXT, headers={"Accept": "application/ld+json, application/json, */*;q=0.1"})

    def issues(folder):
        settings = services.ValidationSettings(
            rocrate_uri=folder, profile_identifier="workflow-run-crate", offline=True, cache_path=cache
        )
        return {issue.message for issue in services.validate(settings).get_issues()}

    return issues


def test_it_is_a_workflow_run_crate(issues):
    assert issues(ROOT) == set()


def test_what_is_missing_is_found(issues, record, repository):
    entities = by_id(record)
    (workflow,) = (entity for entity in entities.values() if "ComputationalWorkflow" in entity["@type"])
    changed = [entity | {"@type": "File"} if entity is workflow else entity for entity in record["@graph"]]
    changed = [{k: v for k, v in one.items() if (one["@id"], k) != ("./", "license")} for one in changed]
    write_json(repository / RECORD, record | {"@graph": changed})
    found = " ".join(issues(repository))
    assert "license" in found and "ComputationalWorkflow" in found
