"""A run makes what is missing, keeps what is up to date and nothing else."""

import json
from dataclasses import replace

import pandas as pd
import pytest
import torch

from snlib.model.recipes import RECIPES
from snlib.model.registry import MODELS, recipe_for
from snlib.replication import run as runs
from snlib.replication import trained
from snlib.replication.profiles import PROFILES, Profile
from snlib.replication.run import open_run


@pytest.fixture
def tiny(monkeypatch, tmp_path):
    monkeypatch.setitem(
        PROFILES, "tiny", Profile("tiny", n_events=12, n_steps=3, n_posterior_samples=4, n_seeds=1)
    )
    monkeypatch.setenv("SNLIB_GENERATED", str(tmp_path))
    return "tiny"


@pytest.mark.parametrize(
    "parameters, message",
    [({"profile": "huge"}, "'huge', expected one of"), ({"device": "tpu"}, "'tpu', expected 'auto'")],
)
def test_parameters_without_meaning_are_refused(parameters, message):
    with pytest.raises(ValueError, match=message):
        open_run(**parameters)


def test_a_device_that_is_not_there_is_refused(monkeypatch):
    monkeypatch.setattr(runs.torch.cuda, "is_available", lambda: False)
    with pytest.raises(ValueError, match="no CUDA device"):
        open_run(device="cuda")
    assert open_run(device="auto").device == "cpu"


def test_runs_of_different_settings_do_not_share_a_folder(tmp_path):
    folders = {
        open_run(profile, "cpu", seed, sample).folder
        for profile in PROFILES
        for seed in (0, 1)
        for sample in ("", str(tmp_path))
    }
    assert len(folders) == len(PROFILES) * 4


def test_events_are_made_once_and_again_when_the_code_changes(tiny, monkeypatch):
    calls = []
    simulate = runs.simulate
    monkeypatch.setattr(runs, "simulate", lambda *args: calls.append(args) or simulate(*args))
    first = open_run(tiny).events()
    assert open_run(tiny).events().digest() == first.digest()
    assert calls == [(12, 0)]
    monkeypatch.setattr(runs, "digest", lambda stage: "newer code")
    assert open_run(tiny).events().digest() == first.digest()
    assert len(calls) == 2


def test_weights_are_trained_once_and_again_when_the_events_change(tiny, monkeypatch):
    calls = []
    train = trained.train
    monkeypatch.setattr(trained, "train", lambda *args: calls.append(args) or train(*args))
    first = open_run(tiny).trained("mmvae", "improved")
    again = open_run(tiny).trained("mmvae", "improved")
    assert len(calls) == 1
    assert again.provenance == first.provenance
    pd.testing.assert_frame_equal(again.history, first.history)
    (open_run(tiny).folder / "events.npz").unlink()
    simulate = runs.simulate
    monkeypatch.setattr(runs, "simulate", lambda n, seed: simulate(n, seed + 1))
    open_run(tiny).trained("mmvae", "improved")
    assert len(calls) == 2


@pytest.mark.parametrize("name", MODELS)
def test_every_model_is_trained_and_found_again(tiny, name, monkeypatch):
    first = open_run(tiny).trained(name, "text")
    monkeypatch.setattr(trained, "train", None)
    again = open_run(tiny).trained(name, "text")
    for key, tensor in first.model.state_dict().items():
        assert torch.equal(tensor, again.model.state_dict()[key])
    assert again.n_parameters() == first.n_parameters() > 10_000
    assert again.best()["validation_loss"] == min(first.history["validation_loss"])
    assert again.seconds() > 0


@pytest.mark.parametrize("damage", [b"", b"{}", b'{"recipe": 1}', b"[1]"])
def test_weights_that_are_damaged_or_of_another_version_are_trained_again(tiny, damage):
    run = open_run(tiny)
    first = run.trained("photometry-regressor", "text")
    path = run.folder / "photometry-regressor-text.json"
    path.write_bytes(damage)
    again = run.trained("photometry-regressor", "text")
    assert again.provenance["made_from"] == first.provenance["made_from"]
    assert json.loads(path.read_text())["model"] == "photometry-regressor"


def test_the_summary_of_a_training(tiny):
    result = open_run(tiny).trained("contrastive", "improved")
    rows = [
        row.split(",") for row in (open_run(tiny).folder / "contrastive-improved.csv").read_text().split()
    ]
    step, loss = min(((int(row[0]), float(row[3])) for row in rows[1:]), key=lambda row: row[1])
    summary = result.summary()
    assert summary["Best validation loss"] == f"{loss:.4g}"
    assert summary["reached at step"] == f"{step} of 3"
    assert summary["Pairs a step"] == 64


def test_a_recipe_may_differ_for_a_model():
    assert recipe_for("mmvae", "improved") == RECIPES["improved"]
    assert recipe_for("contrastive", "text") == RECIPES["text"]
    assert recipe_for("contrastive", "improved") == replace(RECIPES["improved"], batch_size=64)


@pytest.mark.parametrize(
    "name, recipe, message",
    [
        ("vae", "text", "model is 'vae', expected one of"),
        ("mmvae", "best", "recipe is 'best', expected one"),
    ],
)
def test_models_and_recipes_that_do_not_exist_are_refused(tiny, name, recipe, message):
    with pytest.raises(ValueError, match=message):
        open_run(tiny).trained(name, recipe)
