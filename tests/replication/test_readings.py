"""Readings: what is trained and written, and what the committed results say they were made from."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from snlib.evaluation.experts import expert_scores
from snlib.files import read_json
from snlib.model.weights import load_model
from snlib.replication import readings
from snlib.replication.readings import FOLDER, READINGS, Reading, read_readings, train_reading
from snlib.training import loop


def test_readings_of_the_text_change_what_they_say():
    text = READINGS["text"].recipe
    assert READINGS["text-weighted"].recipe == replace(text, name="text-weighted", photometry_weight=982 / 60)
    assert READINGS["text-slower"].recipe == replace(text, name="text-slower", learning_rate=2.5e-4)
    assert all(reading.recipe.name == name for name, reading in READINGS.items())


@pytest.fixture
def written(small_run, monkeypatch, tmp_path):
    """Two seeds of one reading, trained for four steps and judged after each second one."""
    monkeypatch.setattr(loop, "_N_EVALUATIONS", 2)
    monkeypatch.setattr(readings, "_N_WATCHED", 3)
    sizes = {"d_model": 8, "d_mlp": 8, "n_layers": 1, "n_heads": 2, "n_wavelengths": 20}
    recipe = replace(READINGS["text"].recipe, name="text-small", **sizes)
    monkeypatch.setattr(readings, "READINGS", {"text-small": Reading("small", recipe)})
    train_reading(small_run, "text-small", [0, 5], 4, tmp_path)
    return tmp_path


def test_what_is_watched_is_what_the_trained_model_scores(small_run, written):
    table, dataset = pd.read_csv(written / "text-small.csv"), small_run.dataset()
    assert table[["seed", "step"]].to_numpy().tolist() == [[0, 2], [0, 4], [5, 2], [5, 4]]
    pairs = dataset.pairs("test", "cpu")
    assert len(dataset.part("test")) == 4
    watched = replace(
        pairs,
        photometry=replace(pairs.photometry, **{k: x[:3] for k, x in vars(pairs.photometry).items()}),
        **{name: getattr(pairs, name)[:3] for name in ("flux", "observed", "parameters")},
    )
    for seed in (0, 5):
        folder = small_run.folder / "readings"
        kept = load_model(folder / f"mmvae-text-small-seed{seed}.safetensors")
        best = kept.history.loc[kept.history["validation_loss"].idxmin(), "step"]
        row = table[table["seed"] == seed].set_index("step").loc[best]
        for name, value in expert_scores(kept.model, watched, dataset.scaling).items():
            assert row[name] == pytest.approx(value, rel=1e-3)


def test_what_they_were_made_from_is_written_beside_them(small_run, written):
    made, dataset = read_json(written / "text-small.json"), small_run.dataset()
    assert made["dataset"] == dataset.digest() and made["n_steps"] == 4 and made["events_judged"] == 3
    train, test = dataset.part("train").spectra.log10_fnu, dataset.part("test").spectra.log10_fnu[:3]
    error = test - np.nanmean(train, axis=0)
    expected = [np.sqrt(np.nanmean(error[:, phase] ** 2)) for phase in range(5)]
    assert made["mean_spectrum_rmse_dex"] == pytest.approx(expected)


def test_a_row_says_what_is_dead_and_how_large_the_errors_are(written):
    table = pd.read_csv(written / "text-small.csv")
    table.loc[2, "light_curve_spread"] = 0.09
    table.to_csv(written / "text-small.csv", index=False)
    rows, made = read_readings(written)
    assert rows["dead"].tolist() == [False, False, True, False] and set(rows["reading"]) == {"text-small"}
    errors = table[[f"spectrum_rmse_dex_{phase}" for phase in range(5)]]
    assert rows["spectrum"].to_numpy() == pytest.approx(errors.mean(axis=1).to_numpy())
    assert made.index.tolist() == ["text-small"]


def test_committed_results_are_of_all_readings_and_one_dataset():
    rows, made = read_readings(FOLDER)
    assert rows.groupby("reading")["seed"].nunique().to_dict() == dict.fromkeys(READINGS, 8)
    assert made["dataset"].nunique() == 1 and (made["events"] == 4500).all()
    assert not rows[["light_curve", "spectrum"]].isna().any().any()
