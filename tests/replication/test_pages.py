"""A page of a book says how it was computed, as papermill and the pipeline have recorded it."""

import copy
import json
import re

import pytest

from snlib.files import DATA, read_json, write_json
from snlib.replication import measured
from snlib.replication.executed import finish, read_record
from snlib.replication.execution_times import execution_times
from snlib.replication.page_box import duration
from snlib.replication.page_facts import Training, training_of
from snlib.replication.pages import page
from tests.replication.boxes import faults, read_box
from tests.replication.executed_chapters import OPENED, PARAMETERS, PROVENANCE, executed


def made(tmp_path, title="First", provenance=PROVENANCE, **how):
    """The page of a chapter."""
    write_json(tmp_path / "01_first.ipynb", executed(title, **how))
    return json.loads(page(tmp_path / "01_first.ipynb", {"/a/sample": "published_sample"}, provenance))


def box(notebook):
    found = read_box(notebook)
    return found.title, found.rows


def test_the_box_is_between_title_and_text(tmp_path):
    text = made(tmp_path)["cells"][0]["source"]
    assert re.fullmatch(r"# First\n\n:::\{admonition\} Computed .*\n:::\n\n+Text\.", text, flags=re.DOTALL)


def test_a_page_has_no_faults_and_each_is_found(tmp_path):
    """By the checks that the committed pages are put to."""
    notebook = made(tmp_path)
    assert faults("01_first", notebook, PROVENANCE) == []
    wrong = {
        "run time": ("1 min 12 s", "1 min 14 s"),
        "date": ("08:12 UTC", "08:13 UTC"),
        "commit": ("commit `abc1234`", "commit `abc1235`"),
        "versions": ("NumPy 2.4.6", "NumPy 2.4.5"),
        "profile": ("profile quick,", "profile full,"),
        "seed": ("seed 3,", "seed 2,"),
        "seeds": ("seeds 4 and 5", "seeds 4 and 6"),
        "events": ("1,800 simulated", "1,801 simulated"),
        "notebook": ("notebooks/01_first", "notebooks/02_second"),
        "command": ("-p seed 3", "-p seed 4"),
    }
    for what, (old, new) in wrong.items():
        changed = copy.deepcopy(notebook)
        changed["cells"][0]["source"] = notebook["cells"][0]["source"].replace(old, new)
        assert changed != notebook and what in faults("01_first", changed, PROVENANCE), what
    for key, value in {"seed": 4, "versions": {"torch": "2.0"}, "profile": {"name": "full"}}.items():
        assert faults("01_first", notebook, PROVENANCE | {key: value}), key
    assert faults("01_first", executed_with_box(notebook), PROVENANCE) == [
        "parameters once",
        "parameters not shown",
        "parameters",
        "metadata",
    ]


def executed_with_box(notebook):
    """As papermill left it, but for the box."""
    found = executed("First")
    found["cells"][0]["source"] = notebook["cells"][0]["source"]
    return found


def test_what_the_box_says_of_a_page_about_the_run(tmp_path):
    title, told = box(made(tmp_path))
    assert title == (
        "Computed from 1,800 simulated events: profile quick, seed 3, repeated with seeds 4 and 5, on CPU"
    )
    assert told["Recipes"] == ["`evaluated-may`, `improved`, `large` and `text`"]
    steps = "optimiser steps of the MMVAE: 1,500 for `text` and 60 for `improved`"
    assert told["Training"] == [f"{steps}; the run's models were trained on CPU"]
    assert told["Profile"][0].startswith("`quick`: 1,800 events (1,440 train, 180 validation, 180 test), sim")
    assert told["Seeds"] == ["3 of this run; 4 and 5 of repeats, whose committed results it reads too"]
    assert told["Device"] == ["CPU"]
    assert told["Executed"] == ["27 November 2026, 08:12 UTC, in 1 min 12 s; commit `abc1234`"]
    assert told["Versions"] == ["Python 3.11.7, PyTorch 2.13.0+cpu, snlib 0.1.0 and NumPy 2.4.6"]
    own, *committed = told["Computed from"]
    assert own == "the events of this run; its models: `contrastive` and `mmvae`; its results: `spectra`"
    assert [text.partition(": ")[0] for text in committed] == ["`data/results/quick`", "`data/weights/large`"]
    command = "papermill notebooks/01_first.ipynb out.ipynb -p device auto -p profile quick -p seed 3"
    assert told["Run this page again"] == [f"`{command}`"]


def test_what_the_box_says_of_a_page_about_committed_files(tmp_path):
    """By their records in the repository: of the stacks where, and of the readings by which commits."""
    read = [
        "data/results/h100/stack.json",
        "data/results/readings/text.csv",
        "generated/smoke-seed4/events.npz",
    ]
    opened = {"read": read, "made": [], "runs": {"smoke-seed4": "NVIDIA H200"}}
    title, told = box(made(tmp_path, opened=opened))
    shown = "shown with profile quick, seed 3, on NVIDIA H200"
    assert title == f"Computed from committed files (made on CPU and GPU): {shown}"
    assert told["Seeds"] == ["3"] and "Training" not in told
    assert told["Profile"] == ["`quick`; this page opens no run of it"]
    other, stacks, readings = told["Computed from"]
    assert other == "the events of the run `smoke-seed4`"
    assert stacks.startswith(
        "`data/results/h100`: `stack` (made on Intel(R) Xeon(R) Processor and NVIDIA H100 80GB"
    )
    assert "PyTorch 2.11.0+cu130" in stacks
    assert f"commit `{read_json(DATA / 'results/readings/text.json')['commit']}`" in readings
    assert told["Recipes"] == ["`improved` and `text`"]  # of which the stacks are, and the reading


def test_recipes_of_committed_files(tmp_path, monkeypatch):
    """In the name of a file, behind the key "recipe" or in its column, and in brackets."""
    monkeypatch.setattr(measured, "DATA", tmp_path / "data")
    (tmp_path / "data").mkdir()
    (tmp_path / "data/rows.csv").write_text("recipe,method,n\ntext,MMVAE (large),1\nnone,mean (of all),2\n")
    write_json(
        tmp_path / "data/made.json", {"rows": [{"recipe": "improved"}], "of": {"recipe": {"name": "text"}}}
    )
    (tmp_path / "data/history-evaluated-may.csv").write_text("step\n1\n")
    (tmp_path / "data/evaluated-may.csv").write_text("step,words\n1,text\n")
    found = {
        path.name: set(measured.recipes_in(f"data/{path.name}")) for path in (tmp_path / "data").iterdir()
    }
    assert found == {
        "rows.csv": {"text", "large"},
        "made.json": {"improved", "text"},
        "history-evaluated-may.csv": set(),
        "evaluated-may.csv": {"evaluated-may"},
    }


def test_the_record_of_a_published_run_is_not_taken_for_one_of_what_lies_beside_it():
    """The ablations were trained on a card."""
    (ablations,) = measured.measured(["data/results/quick/ablations.csv"])
    assert (ablations.names, ablations.places, ablations.commits) == (("ablations",), (), ())


def test_models_trained_on_a_gpu_and_real_models_are_said(tmp_path):
    parameters = PARAMETERS | {"published_sample": "/a/sample"}
    provenance = PROVENANCE | {"source": "published sample", "trained_on": ["NVIDIA H100", "cpu"]}
    opened = json.loads(json.dumps(OPENED).replace("quick-seed3", "quick-seed3-published"))
    title, told = box(made(tmp_path, provenance=provenance, parameters=parameters, opened=opened))
    assert title == "Computed from 1,800 real models: profile quick, seed 3, on CPU"
    assert told["Training"][0].endswith("; the run's models were trained on NVIDIA H100 and CPU")
    assert told["Run this page again"][0].endswith("-p published_sample published_sample -p seed 3`")


def test_parameters_are_kept_once_and_not_shown(tmp_path):
    parameters = {"profile": "full", "device": "cuda", "seed": 12, "published_sample": "/a/sample"}
    notebook = made(tmp_path, parameters=parameters)
    tags = [cell["metadata"]["tags"] for cell in notebook["cells"]]
    assert tags == [[], ["parameters", "remove-cell"], []]
    source, values = notebook["cells"][1]["source"], {}
    exec(source, values)
    del values["__builtins__"]
    assert values == parameters | {"published_sample": "published_sample"}
    assert re.findall("#.*", source) == [
        "# smoke | quick | full",
        "# auto | cpu | cuda",
        '# a folder, or "#" for none',
    ]


def test_of_the_execution_only_what_readers_need_is_kept(tmp_path):
    notebook = made(tmp_path)
    kept = {"parameters", "start_time", "end_time", "duration", "version"}
    assert set(notebook["metadata"]["papermill"]) == kept
    assert all(set(cell["metadata"]) == {"tags"} for cell in notebook["cells"])
    assert notebook["metadata"]["snlib"]["commit"] == "abc1234"


@pytest.mark.parametrize("missing", ["papermill", "snlib"])
def test_a_chapter_without_a_record_is_refused(tmp_path, missing):
    notebook = executed("First")
    del notebook["metadata"][missing]
    write_json(tmp_path / "01_first.ipynb", notebook)
    with pytest.raises(ValueError, match=r"01_first: does not say how it was executed"):
        page(tmp_path / "01_first.ipynb", {}, PROVENANCE)


@pytest.mark.parametrize(
    ("file", "training"),
    [
        ("generated/r/mmvae-text-seed0.safetensors", Training("text", 0, "mmvae")),
        (
            "data/weights/full/spectrum-vae-evaluated-may-seed12.safetensors",
            Training("evaluated-may", 12, "spectrum-vae"),
        ),
        (
            "generated/r/mmvae-photometry-head-evaluated-982-seed1.safetensors",
            Training("evaluated-982", 1, "mmvae-photometry-head"),
        ),
        ("data/results/quick/none/seed2/masking.csv.gz", Training("none", 2, "masking")),
        ("data/results/quick/text/seed2/provenance.json", None),
        ("data/results/quick/ablations.csv", None),
        ("generated/r/events.npz", None),
    ],
)
def test_trainings_are_known_by_the_names_of_files(file, training):
    assert training_of(file) == training


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.4, "0 s"), (59.4, "59 s"), (59.6, "1 min 0 s"), (280.27, "4 min 40 s"), (3599.7, "1 h 0 min")],
)
def test_durations(seconds, words):
    assert duration(seconds) == words


def test_execution_times(tmp_path):
    write_json(tmp_path / "01_first.ipynb", executed("First"))
    text = execution_times([tmp_path / "01_first.ipynb"], PROVENANCE)
    lines = {
        line.split(" | ")[0]: line.strip("| ").split(" | ")[1:]
        for line in text.splitlines()
        if line[:1] == "|"
    }
    time, device, date, commit, source = lines["| {doc}`chapters/01_first`"]
    assert (time, device, date, commit) == ("1 min 12 s", "CPU", "27 November 2026, 08:12", "`abc1234`")
    assert source.startswith("1,800 simulated events: profile quick, seed 3")
    assert lines["| `spectra`"] == ["3 min 59 s"] and lines["| `masking`"] == ["1 h 0 min"]
    assert lines["| Model"] == ["`text`", "`improved`"]
    assert lines["| `mmvae`"] == ["3 min 44 s", "3 min 32 s"] and lines["| `contrastive`"] == ["58 s", "–"]
    assert "took 1 min 12 s and the tables of results 1 h 4 min" in text and "on CPU in 8 min 14 s" in text


def test_what_is_executed_gets_its_record(tmp_path):
    """Of two processes, each of which has written what it opened."""
    lines = [
        ["read", "data/b"],
        ["made", "generated/r/c"],
        ["read", "data/a"],
        ["run", "r", "cpu"],
        ["read", "data/b"],
    ]
    (tmp_path / "opened").write_text("".join(json.dumps(line) + "\n" for line in lines))
    known = {"read": ["data/a", "data/b"], "made": ["generated/r/c"], "runs": {"r": "cpu"}}
    assert read_record(tmp_path / "opened") == known
    notebook = executed("First")
    del notebook["metadata"]["snlib"]
    write_json(tmp_path / "log.ipynb", notebook)
    finish(tmp_path / "log.ipynb", tmp_path / "opened", tmp_path / "chapter.ipynb")
    found = read_json(tmp_path / "chapter.ipynb")
    added = found["metadata"].pop("snlib")
    assert found == notebook
    assert added.items() >= known.items() and set(added["versions"]) == {"Python", "torch", "snlib", "numpy"}
    with pytest.raises(FileNotFoundError):
        finish(tmp_path / "log.ipynb", tmp_path / "none", tmp_path / "other.ipynb")
