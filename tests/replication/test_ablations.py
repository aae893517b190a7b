"""Ablations change what they say and nothing else, and their results are what the model gives."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from snlib.files import DATA
from snlib.inference.posteriors import from_light_curve, posterior_samples
from snlib.model.recipes import RECIPES
from snlib.model.weights import load_model
from snlib.random_streams import stream
from snlib.replication.ablations import ABLATIONS, ablate, read_ablations
from snlib.replication.profiles import PROFILES, Profile
from snlib.replication.run import open_run
from snlib.replication.variants import PublishedRecipe

PUBLISHED = {
    "self-attention": {"query_self_attention": True},
    "concatenated": {"concatenated": True},
    "swapped": {"swapped": True},
    "weighted": {"photometry_weight": pytest.approx(16.3667, abs=1e-4)},
    "augmented": {"augmented": True},
}
ALL_PUBLISHED = {field: value for fields in PUBLISHED.values() for field, value in fields.items()}
EXPECTED = {
    "text": {
        "frequencies": {"time_max_frequency": 8.0, "wavelength_max_frequency": 60.0},
        "bound": {"bound": "loose"},
        "scale": {"likelihood_scale": "learned"},
        "hidden": {"hidden_points": 0.9},
        "rate": {"learning_rate": 3e-3, "schedule": "onecycle", "clip_norm": 1.0},
        "slower": {"learning_rate": 2.5e-4},
        "published": ALL_PUBLISHED | {"learning_rate": 2.5e-4},
    },
    "improved": {
        "frequencies": {"time_max_frequency": 1.0, "wavelength_max_frequency": 1.0},
        "bound": {"bound": "tight"},
        "scale": {"likelihood_scale": "fixed"},
        "hidden": {"hidden_points": 0.0},
        "rate": {"learning_rate": 1e-3, "schedule": "constant", "clip_norm": None},
    },
}
CHANGES = {
    f"{base}-{name}": fields
    for base, others in EXPECTED.items()
    for name, fields in ({"itself": {}, "longer": {}} | PUBLISHED | others).items()
}
# What the MMVAE does not have.
ONLY_CONTRASTIVE = {"temperature"}


def differing(a, b):
    """Fields in which two recipes differ, with the values of the second."""
    a, b = (vars(PublishedRecipe(**vars(recipe))) for recipe in (a, b))
    return {name: b[name] for name, value in a.items() if b[name] != value and name != "name"}


def test_every_difference_has_its_ablation():
    assert set(ABLATIONS) == set(CHANGES)


@pytest.mark.parametrize("name", CHANGES)
def test_an_ablation_changes_what_it_names_and_nothing_else(name):
    ablation = ABLATIONS[name]
    assert ablation.base == name.split("-")[0]
    assert differing(RECIPES[ablation.base], ablation.recipe) == CHANGES[name]
    assert ablation.length == (16 if name.endswith("longer") else 1)


def test_taken_together_the_ablations_lead_from_one_recipe_to_the_other():
    """A field in which the recipes come to differ must not go untested."""
    apart = differing(RECIPES["text"], RECIPES["improved"])
    tested = {
        field
        for name in ("frequencies", "bound", "scale", "hidden", "rate")
        for field in differing(RECIPES["text"], ABLATIONS[f"text-{name}"].recipe)
    }
    assert tested == set(apart) - ONLY_CONTRASTIVE


def test_names_can_name_files_and_words_tell_the_ablations_apart():
    for name, ablation in ABLATIONS.items():
        assert re.fullmatch("[a-z-]+", name)
        assert ablation.name == ablation.recipe.name == name
    assert len({(ablation.base, ablation.change) for ablation in ABLATIONS.values()}) == len(ABLATIONS)


@pytest.fixture
def tiny_run(monkeypatch, tmp_path):
    """A run of 20 events and 3 steps, in which the longest ablation is that of a tiny model."""
    profile = Profile("tiny", n_events=20, n_steps=3, n_posterior_samples=25)
    monkeypatch.setitem(PROFILES, "tiny", profile)
    monkeypatch.setenv("SNLIB_GENERATED", str(tmp_path))
    longer = ABLATIONS["text-longer"]
    recipe = replace(longer.recipe, d_model=8, d_mlp=8, n_layers=1, n_heads=2, n_wavelengths=20)
    monkeypatch.setitem(ABLATIONS, "text-longer", replace(longer, recipe=recipe, length=2))
    return open_run("tiny", "cpu", seed=3)


def test_the_result_of_an_ablation_is_that_of_its_model(tiny_run):
    ablate(tiny_run, "text-longer")
    folder = tiny_run.folder / "ablations"
    table = read_ablations([folder / "text-longer-result.json"])
    assert set(table["name"]) == {"text-longer"}
    assert set(table["seed"]) == {3}
    assert set(table["n_steps"]) == {6}
    assert set(table["device"]) == {"cpu"}
    assert (table["seconds"] > 0).all()
    dataset = tiny_run.dataset()
    test = dataset.part("test")
    truth = test.spectra.log10_fnu
    assert len(truth) == 2
    model = load_model(folder / "mmvae-text-longer-seed3.safetensors").model
    drawn = []
    for index in range(len(test)):
        posterior = from_light_curve(model, dataset.scaling, test.select([index]))
        where = test.spectra.phase_days, test.spectra.wavelength_aa
        rng = stream("posterior samples", 3, index)
        drawn.append(posterior_samples(posterior, model.spectrum, dataset.scaling, *where, 25, rng))
    latent, predictive = np.moveaxis(np.array(drawn), 0, 2)  # each (sample, event, phase, pixel)
    error = np.where(np.isnan(truth), np.nan, latent.mean(0) - truth)
    expected = {"phase_days": test.spectra.phase_days, "rmse_dex": np.sqrt(np.nanmean(error**2, axis=(0, 2)))}
    for suffix, samples in (("", predictive), ("_latent", latent)):
        low, high = np.quantile(samples, [0.05, 0.95], axis=0, method="weibull")
        inside = np.where(np.isnan(truth), np.nan, (low <= truth) & (truth <= high))
        width = np.where(np.isnan(truth), np.nan, high - low)
        expected[f"coverage_90{suffix}"] = np.nanmean(inside, axis=(0, 2))
        expected[f"width_90_dex{suffix}"] = np.nanmean(width, axis=(0, 2))
    for column, values in expected.items():
        np.testing.assert_allclose(table[column], values, rtol=1e-5, err_msg=column)


def test_an_ablation_that_does_not_exist_is_refused(tiny_run):
    with pytest.raises(ValueError, match="'text-faster', expected one of"):
        ablate(tiny_run, "text-faster")


def test_the_committed_results_are_complete():
    table = pd.read_csv(DATA / "results" / "quick" / "ablations.csv")
    found = table.groupby(["name", "seed"])["phase_days"].apply(list)
    assert set(found.index) == {(name, seed) for name in ABLATIONS for seed in range(3)}
    assert all(phases == [-10, 0, 10, 20, 30] for phases in found)
    length = table["name"].map({name: ablation.length for name, ablation in ABLATIONS.items()})
    assert (table["n_steps"] == length * PROFILES["quick"].n_steps).all()
