"""The published pages say how they were computed, as it was recorded, and agree with each other.

They are those that `make publish` has left: after a change of what pages say, it goes before the tests.
"""

import re
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml

from snlib.files import DATA, read_json
from snlib.replication.pipeline import TABLES, read_chapters
from tests.replication.boxes import faults, numbers, read_box, repeats, seconds_of

BOOK = Path(__file__).parents[2] / "book"
CHAPTERS = read_chapters(BOOK.parent / "notebooks/chapters.yml")
TOC = yaml.safe_load((BOOK / "_toc.yml").read_text())
FILES = [entry["file"] for part in TOC["parts"] for entry in part["chapters"]]
SIMULATED_FROM = {"data/surrogate.npz", "data/rubin_visits.npz"}  # what decides the events of every run

every_chapter = pytest.mark.parametrize("name", CHAPTERS)


@pytest.fixture(scope="module")
def pages():
    return {name: read_json(BOOK / f"chapters/{name}.ipynb") for name in CHAPTERS}


@pytest.fixture(scope="module")
def results(pages):
    """The folder of the published run's results."""
    parameters = pages["01_data"]["metadata"]["papermill"]["parameters"]
    return DATA / "results" / (parameters["profile"] + "-published" * bool(parameters["published_sample"]))


def test_every_executed_page_of_the_book_is_a_chapter():
    assert {f"chapters/{name}" for name in CHAPTERS} == {
        file for file in FILES if (BOOK / f"{file}.ipynb").exists()
    }


@every_chapter
def test_a_page_says_what_was_recorded(pages, results, name):
    assert faults(name, pages[name], read_json(results / "provenance.json")) == []


def test_no_two_pages_contradict_each_other(pages, results):
    """Parameters and seeds are compared with the run's one by one; these only with each other."""
    boxes = {name: read_box(page) for name, page in pages.items()}
    assert len({box.rows["Versions"][0] for box in boxes.values()}) == 1
    seeds, claims = {tuple(repeats(box)) for box in boxes.values()} - {()}, read_json(results / "claims.json")
    own = pages["01_data"]["metadata"]["papermill"]["parameters"]["seed"]
    assert seeds == {tuple(seed for seed in claims["run"]["seeds"] if seed != own)} - {()}
    steps = read_json(results / "provenance.json")["steps"]
    assert claims["run"]["steps"].items() <= steps.items()
    trained = [box.rows["Training"][0] for box in boxes.values() if "Training" in box.rows]
    assert len({text.partition(";")[2] for text in trained}) == 1
    told = {name: n for text in trained for n, name in re.findall(r"([\d,]+) for `([\w-]+)`", text)}
    assert told.items() <= {name: f"{n:,}" for name, n in steps.items()}.items()


@every_chapter
def test_a_page_is_of_committed_code(pages, name):
    commit = pages[name]["metadata"]["snlib"]["commit"]
    assert re.fullmatch("[0-9a-f]{7,}", commit), f"executed by {commit!r}"


@every_chapter
def test_a_page_reads_what_the_table_of_chapters_says(pages, results, name):
    """Which the pipeline goes by; records that only decide what is taken are left out."""
    known, given = pages[name]["metadata"]["snlib"], pages[name]["metadata"]["papermill"]["parameters"]
    patterns = [pattern.replace("{profile}", results.name) for pattern in CHAPTERS[name].reads]
    # What the run takes for its own, where it is committed: chapters wait for those that would make it.
    patterns += [f"data/results/{results.name}/*/seed{given['seed']}/*", f"data/weights/{given['profile']}/*"]
    read = {
        file for file in known["read"] if file.startswith("data/") and not file.endswith("/provenance.json")
    }
    unknown = {file for file in read if not any(fnmatch(file, pattern) for pattern in patterns)}
    assert unknown - (SIMULATED_FROM if known["runs"] else set()) == set()
    named = [one for one in CHAPTERS[name].reads if one.startswith("data/") and "{profile}" not in one]
    assert [one for one in named if not any(fnmatch(file, one) for file in known["read"])] == []


def test_the_page_of_execution_times_says_the_same(pages, results):
    text, provenance = (BOOK / "execution_times.txt").read_text(), read_json(results / "provenance.json")
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    of_chapters = {row[0][len("{doc}`chapters/") : -1]: row for row in rows if row[0].startswith("{doc}")}
    assert list(of_chapters) == list(CHAPTERS)
    for name, (_, took, device, date, commit, short) in of_chapters.items():
        box = read_box(pages[name])
        assert box.rows["Executed"] == [f"{date} UTC, in {took}; commit {commit}"]
        assert box.title.lower() == f"computed from {short}, on {device}".lower()
        assert box.rows["Device"] == [device]
    of_tables = {row[0].strip("`"): row[1] for row in rows if row[0].strip("`") in TABLES}
    for name in TABLES:
        seconds, error = seconds_of(of_tables[name])
        assert abs(seconds - provenance["run_time_s"][f"table {name}"]) <= error
    models = {
        row[0].strip("`"): row[1:] for row in rows if row[0].strip("`") in provenance_models(provenance)
    }
    assert sum(bool(numbers(time)) for row in models.values() for time in row) == len(
        provenance["training_s"]
    )


def provenance_models(provenance):
    return {key.split()[0] for key in provenance["training_s"]}
