"""The tables of a run: complete, kept, right in their parts, and read together with those of other seeds."""

import gzip
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from snlib.model.recipes import RECIPES
from snlib.replication import results
from snlib.replication.methods import METHODS, predictions, sampler_of
from snlib.replication.profiles import PROFILES, Length, Profile
from snlib.replication.results import events_by_error, figure4_curves, table, write_results, write_table
from snlib.replication.run import open_run
from snlib.replication.tables import TABLES

DRAWN = {"mean spectrum"} | {
    f"{model} ({recipe})" for model in ("MMVAE", "spectra-only VAE", "contrastive") for recipe in RECIPES
}
COMPARED = DRAWN | {f"contrastive, nearest spectrum ({recipe})" for recipe in RECIPES}


@pytest.fixture(scope="module")
def small():
    """A run of 40 events, of which 4 are judged, with models trained for two steps."""
    lengths = {"text": Length(2, 1), "improved": Length(2, 1)}
    return Profile("small", n_events=40, n_steps=2, n_posterior_samples=20, lengths=lengths)


@pytest.fixture(scope="module")
def run(small, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PROFILES, "small", small)
        patch.setenv("SNLIB_GENERATED", str(tmp_path_factory.mktemp("generated")))
        yield open_run("small")


def test_every_method_of_the_figures_predicts_every_spectrum(run):
    test = run.dataset().part("test")
    found = predictions(run, test)
    assert {method for method, _ in found} == DRAWN
    for (method, kind), posterior in found.items():
        assert posterior.mean.shape == test.spectra.log10_fnu.shape
        assert np.isnan(posterior.lower).all() == (kind == "none") == method.startswith("contrastive")
    some = predictions(run, test.select([0]), ["text"])
    assert {method for method, _ in some} == {method for method in DRAWN if "improved" not in method}
    np.testing.assert_allclose(
        some["MMVAE (text)", "latent"].mean[0], found["MMVAE (text)", "latent"].mean[0], atol=1e-5
    )


def test_every_method_of_a_run_draws_spectra(run):
    """But those that need real models."""
    event = run.dataset().part("test").select([0])
    for method in set(METHODS) - {"fine-tuned MMVAE", "diffusion"}:
        for samples in sampler_of(run, method, "improved")(event, 20, np.random.default_rng(0)).values():
            assert samples.values.shape[1:] == event.spectra.log10_fnu.shape[1:]
            assert np.isfinite(samples.location()).any()


def test_events_are_in_the_order_of_the_error_of_their_predicted_spectrum(run):
    """Which is measured anew, from what the model predicts for each event."""
    test = run.dataset().part("test")
    order = events_by_error(run, "text", phase_days=20)
    predicted = predictions(run, test, ["text"])["MMVAE (text)", "latent"].mean[:, 3]
    error = np.nanmean((predicted - test.spectra.log10_fnu[:, 3]) ** 2, axis=1)
    assert order.tolist() == error.argsort().tolist()


def test_a_method_that_does_not_exist_is_refused(run):
    with pytest.raises(ValueError, match="method is 'guess', expected one of"):
        sampler_of(run, "guess")


def test_results_name_models_events_and_settings(run, tmp_path):
    write_results(run, tmp_path)
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    assert {row["model"] for row in metrics} == COMPARED
    assert set(metrics[0]) == {"model", "interval", "phase_days", "rmse_dex", "coverage_90", "width_90_dex"}
    scores, truth = table(run, "spectra"), run.dataset().part("test").spectra
    row = next(row for row in metrics if (row["model"], row["phase_days"]) == ("mean spectrum", 20))
    train = run.dataset().part("train").spectra.log10_fnu
    error = (np.nanmean(train, 0) - truth.log10_fnu)[:, 3]
    assert row["rmse_dex"] == pytest.approx(np.sqrt(np.nanmean(error**2)), rel=1e-3)
    assert {row["coverage_90"] for row in metrics if row["interval"] == "none"} == {None}
    assert len(scores) == (1 + 2 * (2 + 2 + 1 + 1)) * 4 * 5
    provenance = json.loads((tmp_path / "provenance.json").read_text())
    assert provenance["events"] == {"total": 40, "train": 32, "validation": 4, "test": 4}
    assert (provenance["source"], provenance["seed"], provenance["trained_on"]) == ("surrogate", 0, ["cpu"])
    columns = {"event", "phase_days", "n_pixels", "mse_dex2", "crps_dex", "coverage_90", "width_90_dex"}
    assert {"model", "interval"} | columns < set(scores) and not any(
        name.startswith("pit") for name in scores
    )
    assert set(TABLES) == {path.stem for path in tmp_path.glob("*.csv")}


def test_one_table_alone_comes_without_a_summary(run, tmp_path):
    write_results(run, tmp_path, ["generation"])
    assert [path.name for path in tmp_path.iterdir()] == ["generation.csv"]


def test_a_table_is_made_once(run, monkeypatch):
    first = table(run, "masking")
    monkeypatch.setitem(TABLES, "masking", lambda run, recipe: pytest.fail("made again"))
    pd.testing.assert_frame_equal(table(run, "masking"), first)
    monkeypatch.setattr(results, "digest", lambda stage: "newer code")
    monkeypatch.setitem(TABLES, "masking", lambda run, recipe: pd.DataFrame({"made": [1.23456]}))
    assert table(run, "masking")["made"].tolist() == [1.235, 1.235]


def test_the_same_rows_are_written_as_the_same_bytes(tmp_path):
    rows, paths = pd.DataFrame({"a": [1, 2], "b": [0.123456, np.nan]}), [tmp_path / x for x in ("one", "two")]
    for path in paths:
        write_table(rows, path.with_suffix(".csv.gz"))
    one, two = (path.with_suffix(".csv.gz").read_bytes() for path in paths)
    assert one == two
    assert gzip.decompress(one).decode() == "a,b\n1,0.1235\n2,\n"


def test_a_truncated_table_is_made_again(run):
    first = table(run, "generation")
    path = run.folder / "tables" / "text" / "seed0" / "generation.csv.gz"
    path.write_bytes(path.read_bytes()[:-5])
    pd.testing.assert_frame_equal(table(run, "generation"), first)


def test_truncated_curves_are_made_again(run):
    before = figure4_curves(run)
    path = run.folder / "tables" / "improved" / "seed0" / "curves.npz"
    path.write_bytes(path.read_bytes()[:-100])
    after = figure4_curves(run)
    for key, curves in before.items():
        for name, values in curves.items():
            np.testing.assert_array_equal(after[key][name], values)


def test_tables_are_made_again_when_committed_weights_change(run, tmp_path, monkeypatch):
    """Those of the recipe; another's do not matter."""
    made = []

    def make(run, recipe):
        made.append(recipe)
        return pd.DataFrame({"made": [made.count(recipe)]})

    monkeypatch.setitem(TABLES, "masking", make)
    run = replace(run, shipped=tmp_path, folder=tmp_path / "run")
    for content, times in ((b"1", 1), (b"1", 1), (b"2", 2)):
        (tmp_path / "contrastive-text-seed0.safetensors").write_bytes(content)
        assert table(run, "masking")["made"].tolist() == [times, 1]


def test_a_table_that_does_not_exist_is_refused(run):
    with pytest.raises(ValueError, match="table is 'colours', expected one of"):
        table(run, "colours")


def test_curves_agree_with_the_scores(run):
    """The mean over wavelengths of a curve and over events of the scores: two ways to one number."""
    table(run, "spectra")
    drawn, scores = figure4_curves(run), table(run, "spectra")
    assert {key[0] for key in drawn} == COMPARED
    rows = scores[(scores["model"] == "MMVAE (improved)") & (scores["interval"] == "predictive")]
    seen = run.dataset().part("test").spectra.observed
    width = drawn["MMVAE (improved)", "predictive"]["width"]
    of_curve = np.nansum(width * seen.sum(0), axis=1) / seen.sum((0, 2))
    of_scores = rows.groupby("phase_days").apply(
        lambda phase: np.average(phase["width_90_dex"], weights=phase["n_pixels"])
    )
    np.testing.assert_allclose(of_curve, of_scores, rtol=1e-3)


def test_errors_of_the_parameters(run):
    errors = table(run, "parameters")
    dataset = run.dataset()
    train, test = dataset.part("train").parameters, dataset.part("test").parameters
    baseline = errors[errors["method"] == "training mean"].iloc[:, -6:].to_numpy()
    np.testing.assert_allclose(baseline, np.abs(test - train.mean(0)) / train.std(0), rtol=1e-3)
    ways = errors[errors["method"] != "training mean"].groupby(["recipe", "method", "data", "fitted_to"])
    # Of each recipe and kind of data: two models in three ways and the end-to-end one; and one on both kinds.
    assert ways.ngroups == 2 * (2 * (2 * 3 + 1) + 1) and (ways.size() == 4).all()


def test_real_models_come_with_the_diffusion_posterior(small, published_folder, tmp_path, monkeypatch):
    monkeypatch.setitem(PROFILES, "small", small)
    monkeypatch.setenv("SNLIB_GENERATED", str(tmp_path))
    run = open_run("small", published_sample=str(published_folder))
    dataset = run.dataset()
    assert len(dataset.split["test"]) == round(0.2 * len(dataset.events))
    test = dataset.part("test")
    posterior = predictions(run, test, [])["diffusion", "predictive"]
    truth = test.spectra.log10_fnu
    # Each posterior lies nearer to its own event than to the others.
    own = abs(posterior.mean - truth)[:, 1:]
    others = abs(posterior.mean - truth[::-1])[:, 1:]
    assert (own[own == own].mean() < 0.5 * others[others == others].mean()).all()
