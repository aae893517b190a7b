"""Every row of a result comes from the model, the recipe and the part of the data that it names."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from snlib.evaluation import unlike
from snlib.evaluation.experts import expert_scores
from snlib.evaluation.lengths import length_scores
from snlib.evaluation.masking import masked_distances, masking_scores
from snlib.evaluation.recovery import parameter_errors
from snlib.evaluation.score_table import score_events
from snlib.inference.samplers import (
    REAL_MAGNITUDE_SCALE,
    SIMULATED_MAGNITUDE_SCALE,
    draw_events,
    fit_recalibration,
    forecast_sampler,
    light_curve_sampler,
    spectra_sampler,
    spectrum_posteriors,
    spectrum_retrieval_sampler,
)
from snlib.model.heads import HEADS
from snlib.model.recipes import RECIPES
from snlib.replication import results
from snlib.replication.methods import predictions
from snlib.replication.results import table
from snlib.replication.shipping import calibrated_forecaster
from snlib.replication.sources import PublishedModels
from snlib.replication.tables import TABLES

N_SAMPLES = 23  # of `small_run`
every_recipe = pytest.mark.parametrize("recipe", RECIPES)


@pytest.fixture(scope="module")
def predicted(small_run):
    return predictions(small_run, small_run.dataset().part("test"))


@every_recipe
@pytest.mark.parametrize(
    ("method", "model", "sampler_of"),
    [("MMVAE", "mmvae", light_curve_sampler), ("spectra-only VAE", "spectrum-vae", spectra_sampler)],
)
def test_predictions_are_of_the_named_model_and_recipe(
    small_run, predicted, recipe, method, model, sampler_of
):
    dataset, seed = small_run.dataset(), small_run.seed
    sampler = sampler_of(small_run.trained(model, recipe).model, dataset.scaling)
    expected = spectrum_posteriors(sampler, dataset.part("test"), N_SAMPLES, seed)
    for kind, posterior in expected.items():
        np.testing.assert_array_equal(predicted[f"{method} ({recipe})", kind].mean, posterior.mean)
    other = next(name for name in RECIPES if name != recipe)
    assert np.abs(predicted[f"{method} ({other})", "latent"].mean - expected["latent"].mean).max() > 1e-3


@every_recipe
def test_retrieved_spectra_are_of_training_events(small_run, predicted, recipe):
    known = small_run.dataset().part("train").spectra.log10_fnu
    for spectra in predicted[f"contrastive ({recipe})", "none"].mean:
        for phase, spectrum in enumerate(spectra):
            agree = (known[:, phase] == spectrum) | np.isnan(known[:, phase])
            assert agree.all(1).any()


@every_recipe
def test_rows_of_the_table_of_spectra_are_of_their_recipe(small_run, recipe):
    dataset, found = small_run.dataset(), table(small_run, "spectra")
    sampler = light_curve_sampler(small_run.trained("mmvae", recipe).model, dataset.scaling)
    test = dataset.part("test")
    expected = score_events(draw_events(sampler, test, N_SAMPLES, small_run.seed), test)
    rows = found[found["model"] == f"MMVAE ({recipe})"].drop(columns="model").reset_index(drop=True)
    pd.testing.assert_frame_equal(rows, expected[list(rows)], rtol=1e-3, check_dtype=False)


@every_recipe
def test_rows_of_the_nearest_spectrum_are_of_their_recipe(small_run, recipe):
    dataset, found = small_run.dataset(), table(small_run, "spectra")
    model, test = small_run.trained("contrastive", recipe).model, dataset.part("test")
    sampler = spectrum_retrieval_sampler(model, dataset.scaling, dataset.part("train"))
    expected = score_events(draw_events(sampler, test, N_SAMPLES, small_run.seed), test)
    rows = found[found["model"] == f"contrastive, nearest spectrum ({recipe})"]
    rows = rows.drop(columns="model").reset_index(drop=True)
    pd.testing.assert_frame_equal(rows, expected[list(rows)], rtol=1e-3, check_dtype=False)


@every_recipe
@pytest.mark.parametrize(
    "name, scores", [("masking", masking_scores), ("masked_distances", masked_distances)]
)
def test_rows_about_hidden_points_are_of_their_recipe(small_run, recipe, name, scores):
    model, found = small_run.trained("mmvae", recipe).model, table(small_run, name)
    expected = scores(model, small_run.dataset(), N_SAMPLES, small_run.seed)
    rows = found[found["recipe"] == recipe].drop(columns="recipe").reset_index(drop=True)
    pd.testing.assert_frame_equal(rows, expected, rtol=1e-3, check_dtype=False)


@every_recipe
def test_rows_of_the_table_of_experts_are_of_their_recipe(small_run, recipe):
    """All test events, and each expert's phases in their order."""
    model, dataset = small_run.trained("mmvae", recipe).model, small_run.dataset()
    scores = expert_scores(model, dataset.pairs("test", "cpu"), dataset.scaling)
    found = table(small_run, "experts")
    assert list(found) == ["recipe", "expert", "phase_days", "rmse_dex", "spread"]
    assert len(found) == 2 * 2 * 5
    for expert in ("light_curve", "spectrum"):
        rows = found[(found["recipe"] == recipe) & (found["expert"] == expert.replace("_", " "))]
        assert rows["phase_days"].tolist() == [-10, 0, 10, 20, 30]
        errors = [scores[f"{expert}_rmse_dex_{number}"] for number in range(5)]
        assert rows["rmse_dex"].tolist() == pytest.approx(errors, rel=1e-3)
        assert rows["spread"].tolist() == pytest.approx([scores[f"{expert}_spread"]] * 5, rel=1e-3)


@every_recipe
def test_rows_of_the_parameter_table_are_of_their_recipe(small_run, recipe):
    found, dataset = table(small_run, "parameters"), small_run.dataset()
    regressors = (f"{of}-regressor" for of in ("photometry", "spectrum", "joint"))
    models = {name: small_run.trained(name, recipe).model for name in ("mmvae", "contrastive", *regressors)}
    expected = parameter_errors(dataset, models, small_run.seed)
    mine = found[(found["recipe"] == recipe) & (found["fitted_to"] != "head")]
    rows = mine.drop(columns="recipe").reset_index(drop=True)
    pd.testing.assert_frame_equal(rows, expected, rtol=1e-3, check_dtype=False)


@every_recipe
@pytest.mark.parametrize("name", HEADS)
def test_rows_of_the_heads_are_of_their_recipe(small_run, recipe, name):
    """By hand, from pairs."""
    found, dataset = table(small_run, "parameters"), small_run.dataset()
    pairs, head = dataset.pairs("test", "cpu"), small_run.trained(name, recipe).model
    batch = pairs.take(torch.arange(len(pairs)))
    with torch.no_grad():
        z_errors = (head.predict(getattr(batch, head.modality)) - batch.parameters).abs()
    method = {"mmvae": "MMVAE", "contrastive": "contrastive"}[name.partition("-")[0]]
    data = {"photometry": "light curve", "spectrum": "spectra"}[head.modality]
    mine = found[(found["recipe"] == recipe) & (found["fitted_to"] == "head")]
    mine = mine[(mine["method"] == method) & (mine["data"] == data)]
    expected = z_errors.unflatten(0, (-1, 5)).mean(1)
    np.testing.assert_allclose(mine.iloc[:, -6:], expected, rtol=2e-3)


def counted(made):
    """A table that says how often it was made of its recipe."""

    def make(run, recipe):
        made.append(recipe)
        return pd.DataFrame({"made": [made.count(recipe)]})

    return make


def test_the_provenance_of_results_is_that_of_their_run(small_run):
    found = results.provenance(small_run)
    assert (found["seed"], found["device"]) == (3, "cpu")
    assert found["profile"]["name"] == "small" and found["events"]["total"] == 40


@pytest.mark.parametrize("change", ["profile", "events"])
def test_a_table_is_made_again_for_another_profile_or_other_events(small_run, tmp_path, monkeypatch, change):
    made = []
    monkeypatch.setitem(TABLES, "masking", counted(made))
    run = replace(small_run, folder=tmp_path)
    assert [table(run, "masking")["made"][0] for _ in range(2)] == [1, 1]
    if change == "profile":
        other = replace(run, profile=replace(run.profile, n_posterior_samples=24))
    else:
        other = replace(run, seed=4)  # whose events, in the same folder, are others
    assert table(other, "masking")["made"][0] == 2


@pytest.mark.parametrize("stage", ["training", "evaluation"])
def test_a_table_is_made_again_when_the_code_of_a_stage_changes(small_run, tmp_path, monkeypatch, stage):
    made = []
    monkeypatch.setitem(TABLES, "masking", counted(made))
    run, digest = replace(small_run, folder=tmp_path), results.digest
    run.dataset()
    assert table(run, "masking")["made"][0] == 1
    monkeypatch.setattr(results, "digest", lambda name: "newer" if name == stage else digest(name))
    assert table(run, "masking")["made"][0] == 2


def test_the_forecaster_that_is_shipped_is_recalibrated_on_the_validation_part(small_run, monkeypatch):
    monkeypatch.setattr(unlike, "_N_LIGHT_CURVES", 200)  # which takes long, and is not in question
    forecaster = calibrated_forecaster(small_run, "improved")
    sampler, dataset = forecast_sampler(replace(forecaster, recalibration=None)), small_run.dataset()
    validation, test = (
        fit_recalibration(sampler, dataset.part(part), small_run.seed) for part in ("validation", "test")
    )
    np.testing.assert_array_equal(forecaster.recalibration.truth_quantiles, validation.truth_quantiles)
    assert np.abs(forecaster.recalibration.truth_quantiles - test.truth_quantiles).max() > 0.01


def test_simulated_events_scatter_less_about_the_surrogate_than_real_ones(small_run, tmp_path):
    assert SIMULATED_MAGNITUDE_SCALE < REAL_MAGNITUDE_SCALE
    assert small_run.magnitude_scale == SIMULATED_MAGNITUDE_SCALE
    assert replace(small_run, source=PublishedModels(tmp_path)).magnitude_scale == REAL_MAGNITUDE_SCALE


@every_recipe
def test_rows_about_other_lengths_are_of_their_recipe(small_run, recipe):
    found, model = table(small_run, "lengths"), small_run.trained("mmvae", recipe).model
    rows = found[found["recipe"] == recipe].drop(columns="recipe").reset_index(drop=True)
    pd.testing.assert_frame_equal(
        rows, length_scores(model, small_run.dataset()), rtol=1e-3, check_dtype=False
    )
