"""Cards of shipped weights and of the surrogate: current, complete, true, and with code that works."""

import re
import shlex
import shutil

import numpy as np
import pandas as pd
import pytest
import yaml
from huggingface_hub import DatasetCard, ModelCard

from snlib.data import SPECTRUM_PHASES_DAYS
from snlib.files import DATA, read_json
from snlib.inference import OBSERVED_WEIGHTS
from snlib.model.registry import MODELS
from snlib.replication import model_card as of_models
from snlib.replication.cards import cards, files

ROOT = DATA.parent
OBSERVED = OBSERVED_WEIGHTS.parent
SETS = sorted(path.name for path in (DATA / "weights").iterdir() if path != OBSERVED)
MODEL_CARDS = [DATA / "weights" / name / "README.md" for name in [*SETS, OBSERVED.name]]
DATA_CARD = DATA / "surrogate.README.md"
each_card = pytest.mark.parametrize("path", [*MODEL_CARDS, DATA_CARD], ids=lambda path: path.parent.name)
SHARED = {"Intended use", "Out-of-scope use", "Evaluation", "Limitations", "How to use", "Citation"}
OF_MODELS = {"Model details", "Training data", "Training procedure"}
OF_DATA = {"Dataset details", "Dataset structure", "Source data and creation"}


@pytest.fixture(scope="module")
def written():
    return files()


def test_committed_cards_are_what_is_written_today(written):
    """Also of a set that was added since; `python -m snlib.replication.cards` writes them."""
    assert set(written) == {*MODEL_CARDS, DATA_CARD, ROOT / "book" / "cards.md"}
    for path, text in written.items():
        assert path.read_text(encoding="utf-8") == text, f"{path}: run python -m snlib.replication.cards"


def test_the_page_shows_every_card_and_no_metadata(written):
    page = (ROOT / "book" / "cards.md").read_text(encoding="utf-8")
    for path in (*MODEL_CARDS, DATA_CARD):
        body = path.read_text(encoding="utf-8").split("\n---\n", 1)[1]
        for line in body.splitlines():
            assert line.removeprefix("#") in page
    assert "model-index" not in page and page.startswith("# ") and page.count("\n# ") == 0


def metadata(text):
    """The YAML, read without the library that the other tests use."""
    return yaml.safe_load(re.match(r"---\n(.*?)\n---\n", text, re.S)[1])


@each_card
def test_fields_that_hugging_face_asks_for(path):
    text = path.read_text(encoding="utf-8")
    head, sections = metadata(text), set(re.findall(r"^## (.+)$", text, re.M))
    assert head["license"] == "mit" and "MIT License" in (ROOT / "LICENSE").read_text()
    assert head["tags"] and all(isinstance(tag, str) for tag in head["tags"])
    if path == DATA_CARD:
        assert sections == SHARED | OF_DATA
        assert {"pretty_name", "size_categories", "task_categories"} <= set(head)
        card = DatasetCard(text, ignore_metadata_errors=False)
        assert card.data.to_dict() == head
    else:
        assert sections == SHARED | OF_MODELS
        assert head["library_name"] == "snlib"
        assert {entry["name"] for entry in head["model-index"]} == {
            file.stem for file in path.parent.glob("*.safetensors")
        }


@pytest.mark.parametrize("path", MODEL_CARDS, ids=lambda path: path.parent.name)
def test_hugging_face_reads_the_model_index(path):
    """Their parser wants task, data set and metric of each result; it takes one model at a time."""
    text = path.read_text(encoding="utf-8")
    head = metadata(text)
    for entry in head["model-index"]:
        alone = yaml.safe_dump(head | {"model-index": [entry]}, allow_unicode=True)
        card = ModelCard(f"---\n{alone}---\n{text}", ignore_metadata_errors=False)
        found = [(one.metric_type, one.metric_args, one.metric_value) for one in card.data.eval_results]
        metrics = [metric for result in entry["results"] for metric in result["metrics"]]
        assert found == [(one["type"], one["args"], one["value"]) for one in metrics] and found
        assert card.data.model_name == entry["name"] and card.data.license == head["license"]


def by_hand(data, stem, method, metric, phase):
    """A metric from the results file that the card names."""
    path = data.parent / metric["args"]["source"]
    table = pd.read_csv(path)
    table = table[table["phase_days"] == phase]
    column = metric["type"]
    if path.name == "intervals.csv":
        (row,) = table.query("method == 'errors' and recalibrated and feature == 'pixel'").to_dict("records")
        return row[column.removesuffix("_dex")]
    if path.name == "scores.csv":
        return np.linalg.norm(table.loc[table["weights"] == stem, column]) / 2  # of four events
    table = table[(table["model"] == method) & table["interval"].isin(["predictive", "none"])]
    values = table[column.replace("rmse_dex", "mse_dex2")].to_numpy()
    mean = (values * table["n_pixels"]).sum() / table["n_pixels"].sum()
    return np.sqrt(mean) if column == "rmse_dex" else mean


def check_metrics(data, head):
    """Every metric is that of its file, and no phase lacks."""
    sources = set()
    for entry in head["model-index"]:
        for result in entry["results"]:
            for metric in result["metrics"]:
                phase = metric["args"]["phase_days"]
                expected = by_hand(data, entry["name"], result["task"]["name"], metric, phase)
                assert metric["value"] == pytest.approx(expected, rel=1e-3), (entry["name"], metric)
                sources.add(metric["args"]["source"])
            phases = {metric["args"]["phase_days"] for metric in result["metrics"]}
            assert phases == set(SPECTRUM_PHASES_DAYS)
    return sources


@pytest.mark.parametrize("path", MODEL_CARDS[:-1], ids=lambda path: path.parent.name)
def test_metrics_are_those_of_the_results(path):
    text = path.read_text(encoding="utf-8")
    check_metrics(DATA, metadata(text))
    for number in (m["value"] for e in metadata(text)["model-index"] for m in e["results"][0]["metrics"]):
        assert f"| {number:.4g} |" in text.split("## Evaluation")[1]


def test_metrics_of_observed_supernovae_are_those_of_the_results():
    """Means over supernovae, each the mean over its spectra."""
    text = (OBSERVED / "README.md").read_text(encoding="utf-8")
    table = pd.read_csv(DATA / "results" / "joint" / "spectra.csv")
    table = table[(table["method"] == "joint transceiver") & table["phase_days"].between(-10, 30)]
    ((result,),) = (entry["results"] for entry in metadata(text)["model-index"])
    for metric in result["metrics"]:
        phases = metric["args"]["phases"]
        rows = table if phases == "all" else table[table["phase_bin"] == phases]
        assert metric["value"] == pytest.approx(
            rows.groupby("supernova")[metric["type"]].mean().mean(), rel=1e-3
        )
    assert len(result["metrics"]) == 25 and "| all |" in text.split("## Evaluation")[1]


@pytest.fixture(scope="module")
def another_folder(tmp_path_factory):
    """Data with results of a published run of many seeds, and with weights that have no results at all."""
    data = tmp_path_factory.mktemp("repository") / "data"
    for name in ("full", "smoke"):
        shutil.copytree(DATA / "weights" / "full_length", data / "weights" / name)
    others = {name: name for name in ("surrogate", "unlike", "observed")}
    for name, source in ({"full": "quick"} | others).items():
        shutil.copytree(DATA / "results" / source, data / "results" / name)
    shutil.copyfile(DATA / "surrogate.npz", data / "surrogate.npz")
    return data


def test_a_new_set_gets_a_card_without_work_by_hand(another_folder):
    every = cards(another_folder)
    heads = {path.parent.name: metadata(card.readme()) for path, card in every.items()}
    assert set(heads) == {"full", "smoke", "data"}
    sources = {name: check_metrics(another_folder, heads[name]) for name in ("full", "smoke")}
    assert sources["smoke"] == {"data/weights/smoke/scores.csv"}
    assert sources["full"] == {
        f"data/results/full/{recipe}/seed0/spectra.csv.gz" for recipe in ("text", "improved")
    }
    evaluation = every[another_folder / "weights" / "full" / "README.md"].sections["Evaluation"]
    assert "results/full/none/seed0/spectra.csv.gz" in evaluation and "| mean spectrum |" in evaluation


def test_every_model_can_be_described():
    assert set(of_models.MODEL_WORDS) == set(MODELS)


def test_events_and_times_are_those_that_were_recorded():
    """The card simulates nothing: it knows the parts from the profile."""
    for name in SETS:
        recorded = DATA / "results" / name / "provenance.json"
        if not recorded.is_file():
            continue
        recorded = read_json(recorded)
        card = (DATA / "weights" / name / "README.md").read_text(encoding="utf-8")
        parts = [
            f"{n:,} for {part}"
            for part, n in zip(
                ("training", "validation", "testing"),
                (recorded["events"][part] for part in ("train", "validation", "test")),
                strict=True,
            )
        ]
        assert all(part in card for part in parts)
        assert all(f"| {seconds:,.0f} |" in card for seconds in recorded["training_s"].values())


def test_weights_that_are_no_better_than_the_mean_spectrum_are_named():
    """Recomputed from the table, for the set where there are such."""
    table = pd.read_csv(DATA / "results" / "full_length" / "spectra.csv")
    table = table[table["interval"] == "predictive"]
    error = table.groupby(["model", "phase_days"])["mse_dex2"].mean().unstack("model")
    limitations = cards()[DATA / "weights" / "full_length" / "README.md"].sections["Limitations"]
    for recipe in ("text", "improved"):
        useless = (error[f"MMVAE ({recipe})"] > error["mean spectrum"]).all()
        assert (f"`mmvae-{recipe}-seed0` predicts no better" in limitations) == useless


@each_card
def test_code_of_the_cards_works(path, snlib, tmp_path, recwarn):
    """In the folder that the fixture has made the working one."""
    text, known = path.read_text(encoding="utf-8"), {}
    blocks = re.findall(r"^```(python|bash)\n(.*?)^```$", text, re.M | re.S)
    assert {language for language, _ in blocks} == {"python", "bash"}
    for language, code in blocks:
        if language == "python":
            exec(compile(code, str(path), "exec"), known)
        else:
            program, *arguments = shlex.split(code)
            assert program == "snlib" and snlib(*arguments)[0] == 0
            assert (tmp_path / arguments[arguments.index("--out") + 1]).exists()
    assert len(recwarn) == 0
    if path == DATA_CARD:
        assert known["log10_fnu"].shape == (1, 2, 401) and np.isfinite(known["log10_fnu"]).all()
    else:
        assert known["low"].shape == known["high"].shape == (2, 982)
        assert (known["low"] < known["high"]).all()
        assert type(known["model"]) is type(known["forecaster"].model)
