"""A run becomes the published one: all of it, in its places, without traces of the machine."""

import json
from pathlib import Path

import pytest

from snlib.files import read_json, write_json
from snlib.replication import publishing
from snlib.replication.publishing import public_names, publish, run_times, sum_up
from tests.replication.executed_chapters import PARAMETERS, PROVENANCE, executed
from tests.replication.ledgers import LEDGER


def chapter(title, folder):
    """An executed notebook with a result, a progress bar, and a path of this machine in both."""
    outputs = [
        {"output_type": "stream", "name": "stderr", "text": ["100%|####| at " + str(folder)]},
        {"output_type": "stream", "name": "stdout", "text": [f"{folder}/events.npz: 60 events"]},
    ]
    sample = str(folder.parent / "a sample")
    return executed(title, folder, PARAMETERS | {"published_sample": sample}, outputs=outputs)


@pytest.fixture
def finished(tmp_path, monkeypatch):
    """A finished run of one chapter in an empty working folder, whose name JSON writes otherwise."""
    tmp_path = tmp_path / 'a "ü" \\ folder'
    tmp_path.mkdir()
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "data/generated/quick-seed3"
    for name in ("results", "chapters"):
        (folder / name).mkdir(parents=True)
    write_json(folder / "chapters/01_first.ipynb", chapter("First", folder))
    write_json(folder / "claims.json", LEDGER)
    write_json(folder / "results/metrics.json", [{"rmse_dex": 0.1}])
    write_json(folder / "results/provenance.json", PROVENANCE)
    (folder / "results/masking.csv").write_text("a\n1\n")
    (folder / "light_curve_to_spectrum.png").write_bytes(b"cover")
    return folder


def contents(folder):
    return {str(path.relative_to(folder)): path for path in Path(folder).rglob("*") if path.is_file()}


def test_publish_fills_the_published_places(finished):
    chapters = [finished / "chapters/01_first.ipynb"]
    publish(finished, chapters, public_names("", "data/generated"), "data/results/quick")
    results, book = contents("data/results/quick"), contents("book")
    assert set(results) == {
        "claims.json",
        "metrics.json",
        "provenance.json",
        "light_curve_to_spectrum.png",
    }
    images = {"images/light_curve_to_spectrum.png"}
    assert set(book) == {"chapters/01_first.ipynb", "claims.html", "execution_times.txt"} | images
    assert read_json(results["claims.json"]) == LEDGER
    assert read_json(results["metrics.json"]) == [{"rmse_dex": 0.1}]
    assert read_json(results["provenance.json"]) == PROVENANCE
    assert "{doc}`chapters/01_first`" in book["execution_times.txt"].read_text()
    assert "chapters/01_first.html" in book["claims.html"].read_text()
    assert {path.read_bytes() for name, path in (results | book).items() if name.endswith(".png")} == {
        b"cover"
    }


def test_published_chapters_show_no_progress_bar_and_no_folder_of_the_machine(finished, tmp_path):
    """Nor the one of the published sample, which is a parameter too."""
    names = public_names(finished.parent / "a sample", "data/generated")
    publish(finished, [finished / "chapters/01_first.ipynb"], names, "results")
    text = Path("book/chapters/01_first.ipynb").read_text()
    assert tmp_path.name not in text
    *_, cell = json.loads(text)["cells"]
    (output,) = cell["outputs"]
    assert output["text"] == ["data/generated/quick-seed3/events.npz: 60 events"]


@pytest.mark.parametrize("missing", ["claims.json", "results/metrics.json", "light_curve_to_spectrum.png"])
def test_an_unfinished_run_is_not_published(finished, missing):
    (finished / missing).unlink()
    with pytest.raises(FileNotFoundError):
        publish(finished, [], {}, "data/results/quick")


def test_names_of_folders(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = public_names("/elsewhere/sample", "data/generated")
    assert list(names.values()) == ["published_sample", "data/generated", "."]
    assert names[str(tmp_path)] == "."


def test_run_times_are_those_of_chapters_and_tables(finished):
    table = finished / "masking.tsv"
    table.write_text("s\th:m:s\n72.5281\t0:01:12\n")
    times = run_times([finished / "chapters/01_first.ipynb"], [table])
    assert times == {"01_first": 72.3, "table masking": 72.5}


def test_summing_up_leaves_the_tables_alone(finished, monkeypatch):
    def write(run, folder):
        assert run == "the run"
        Path(folder, "masking.csv").write_text("other")
        write_json(Path(folder, "metrics.json"), [1])
        write_json(Path(folder, "provenance.json"), {"seed": 3})

    monkeypatch.setattr(publishing, "write_results", write)
    monkeypatch.setattr(publishing, "commit", lambda: "abc")
    sum_up("the run", finished / "results", {"01_first": 1.0})
    assert (finished / "results/masking.csv").read_text() == "a\n1\n"
    assert read_json(finished / "results/metrics.json") == [1]
    made_from = {"seed": 3, "commit": "abc", "run_time_s": {"01_first": 1.0}}
    assert read_json(finished / "results/provenance.json") == made_from
