"""Hidden points, what is said about spectra without them, and how it is averaged."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from snlib.data.events import LightCurves
from snlib.data.quantities import WAVELENGTH_AA
from snlib.evaluation import masking
from snlib.evaluation.masking import (
    HIDDEN_FRACTIONS,
    average_masking_scores,
    hide_points_of,
    mask_event,
    masked_distances,
    masking_scores,
)
from snlib.inference.embedding import retrieve_spectra
from snlib.inference.posteriors import from_light_curve, mean_spectrum, posterior_samples
from snlib.inference.samplers import light_curve_sampler, spectrum_posteriors
from snlib.model.recipes import RECIPES
from snlib.model.registry import new_model
from snlib.random_streams import stream
from tests.replication.test_evaluated import small

SEED, N_SAMPLES = 3, 20


def with_light_curves(dataset, magnitude):
    curves = dataset.events.light_curves
    curves = LightCurves(curves.phase_days, magnitude, curves.band)
    return replace(dataset, events=replace(dataset.events, light_curves=curves))


def with_flux(dataset, log10_fnu):
    spectra = replace(dataset.events.spectra, log10_fnu=log10_fnu)
    return replace(dataset, events=replace(dataset.events, spectra=spectra))


def test_what_is_not_hidden_stays_as_it_was(events):
    before, given = events.light_curves, events.light_curves.magnitude.copy()
    after = hide_points_of(events, 0.5, SEED)
    left = after.light_curves.observed
    np.testing.assert_array_equal(after.light_curves.magnitude[left], given[left])
    np.testing.assert_array_equal(after.light_curves.phase_days, before.phase_days)
    np.testing.assert_array_equal(after.light_curves.band, before.band)
    np.testing.assert_array_equal(before.magnitude, given)
    assert after.spectra is events.spectra


def with_all_wavelengths(dataset):
    """The same events with 982 pixels, some of them without flux."""
    rng = np.random.default_rng(1)
    spectra = dataset.events.spectra
    flux = np.broadcast_to(np.nanmean(spectra.log10_fnu, axis=-1, keepdims=True), (20, 5, 982)).copy()
    flux[rng.random(flux.shape) < 0.05] = np.nan
    spectra = replace(spectra, wavelength_aa=WAVELENGTH_AA, log10_fnu=flux)
    return replace(dataset, events=replace(dataset.events, spectra=spectra))


def decoded(model, dataset, place, fraction, n_samples=N_SAMPLES, step=1):
    """Mean of the spectra of one test event at every so many wavelengths, asked of the decoder itself."""
    test = hide_points_of(dataset.part("test"), fraction, SEED)
    posterior = from_light_curve(model, dataset.scaling, test.select([place]))
    where = test.spectra.phase_days, test.spectra.wavelength_aa[::step]
    rng = stream("posterior samples", SEED, place)
    latent, _ = posterior_samples(posterior, model.spectrum, dataset.scaling, *where, n_samples, rng)
    return latent.mean(0)


def evaluated(recipe="evaluated"):
    """A model of the authors, in whose decoder positions attend to each other: not evenly, as untrained."""
    model = small("mmvae", recipe).eval()
    with torch.no_grad():
        for weights in model.spectrum.decoder.parameters():
            weights.mul_(3)
    return model


@pytest.fixture(params=["text", "improved", "evaluated"])
def any_model(request):
    if request.param == "evaluated":
        return evaluated()
    return new_model("mmvae", RECIPES[request.param], seed=0).eval()


def test_scores_by_hand(dataset, any_model):
    """One event, fraction and phase, pixel by pixel, decoded at all wavelengths."""
    place, phase, fraction = 1, 3, 0.7
    scores = masking_scores(any_model, dataset, N_SAMPLES, SEED)
    row = scores.query("hidden == @fraction and event == @place and phase_days == 20").squeeze()

    test, predicted = dataset.part("test"), decoded(any_model, dataset, place, fraction)
    expected = {"model_mean_dex": [], "model_truth_dex": [], "mean_truth_dex": [], "mse_dex2": []}
    for pixel in range(0, len(test.spectra.wavelength_aa), 8):
        truth = test.spectra.log10_fnu[place, phase, pixel]
        if np.isnan(truth):
            continue
        ours = predicted[phase, pixel]
        mean = np.nanmean([flux[phase, pixel] for flux in dataset.part("train").spectra.log10_fnu])
        expected["model_mean_dex"].append(abs(ours - mean))
        expected["model_truth_dex"].append(abs(ours - truth))
        expected["mean_truth_dex"].append(abs(mean - truth))
        expected["mse_dex2"].append((ours - truth) ** 2)
    assert row["n_pixels"] == len(expected["mse_dex2"])
    for name, values in expected.items():
        assert row[name] == pytest.approx(np.mean(values), rel=1e-4)


@pytest.mark.parametrize("recipe", ["evaluated", "evaluated-may"])
def test_evaluated_models_are_asked_for_all_wavelengths(dataset, recipe, monkeypatch):
    """Asked for every eighth one they say something else, or, with a vector for each of 982, nothing."""
    model, dataset, n_samples = evaluated(recipe), with_all_wavelengths(dataset), 3
    monkeypatch.setattr(masking, "HIDDEN_FRACTIONS", (0.9,))
    seen = dataset.part("test").spectra.observed[1]
    predicted = decoded(model, dataset, 1, 0.9, n_samples)
    expected = np.where(seen, abs(predicted - mean_spectrum(dataset.part("train"))), np.nan)

    rows = masking_scores(model, dataset, n_samples, SEED).query("event == 1")
    assert rows["model_mean_dex"].to_numpy() == pytest.approx(np.nanmean(expected[:, ::8], axis=1), rel=1e-4)
    if recipe == "evaluated":
        assert abs(decoded(model, dataset, 1, 0.9, n_samples, step=8) - predicted[:, ::8]).max() > 1e-3

    rows = masked_distances(model, dataset, n_samples, SEED).query("hidden == 0.9 and event == 1")
    for row in rows.itertuples():
        inside = (abs(WAVELENGTH_AA - row.wavelength_aa) < 250) & (np.arange(len(WAVELENGTH_AA)) % 8 == 0)
        assert row.n_pixels == seen[:, inside].sum()
        assert row.model_mean_dex == pytest.approx(np.nanmean(expected[:, inside]), rel=1e-4)


def test_distances_of_every_event_wavelength_and_fraction(dataset, model):
    """Over all wavelengths they add up to what the scores say."""
    distances = masked_distances(model, dataset, N_SAMPLES, SEED)
    n_test, by = len(dataset.split["test"]), ["hidden", "event", "wavelength_aa"]
    assert list(distances) == [*by, "n_pixels", "model_mean_dex"]
    assert len(distances.drop_duplicates(by)) == len(distances) == 2 * n_test * 10
    assert distances["wavelength_aa"].unique().tolist() == list(range(3250, 8000, 500))
    scores = masking_scores(model, dataset, N_SAMPLES, SEED)
    sums = [
        table.assign(total=table["n_pixels"] * table["model_mean_dex"])
        .groupby(["hidden", "event"])[["n_pixels", "total"]]
        .sum()
        for table in (distances, scores[scores["hidden"].isin([0.0, 0.9])])
    ]
    pd.testing.assert_frame_equal(*sums)


def test_an_offset_is_found_at_its_wavelengths(dataset, monkeypatch):
    """Predictions that are the mean spectrum but for one bin."""
    dataset = with_all_wavelengths(dataset)
    spectra = dataset.part("test").spectra
    offset = np.where(abs(spectra.wavelength_aa - 4250) < 250, -0.3, 0.0)
    ours = mean_spectrum(dataset.part("train")) + offset + np.zeros((len(spectra.log10_fnu), 1, 1))
    monkeypatch.setattr(masking, "_predicted", lambda *given: ours[..., ::8])
    rows = masked_distances(None, dataset, N_SAMPLES, SEED)
    expected = np.where(rows["wavelength_aa"] == 4250, 0.3, 0.0)
    np.testing.assert_allclose(rows["model_mean_dex"], expected, atol=1e-12)


def test_scores_of_every_event_phase_and_fraction(dataset, model):
    scores = masking_scores(model, dataset, N_SAMPLES, SEED)
    n_test = len(dataset.split["test"])
    by = ["hidden", "event", "phase_days"]
    assert list(scores)[:3] == by
    assert len(scores.drop_duplicates(by)) == len(scores) == len(HIDDEN_FRACTIONS) * n_test * 5
    assert tuple(scores["hidden"].unique()) == HIDDEN_FRACTIONS
    spread = scores.groupby(["event", "phase_days"])["mean_truth_dex"].agg(np.ptp)
    assert (spread == 0).all()  # neither mean nor truth has seen the light curve
    assert (scores["model_mean_dex"] <= scores["model_truth_dex"] + scores["mean_truth_dex"] + 1e-6).all()


def test_without_points_the_light_curve_does_not_matter(dataset, model, monkeypatch):
    monkeypatch.setattr(masking, "HIDDEN_FRACTIONS", (0.0, 1.0))
    fainter = with_light_curves(dataset, dataset.events.light_curves.magnitude + 2)
    here, there = (masking_scores(model, data, N_SAMPLES, SEED) for data in (dataset, fainter))
    distance = (here["model_truth_dex"] - there["model_truth_dex"]).abs()
    assert distance[here["hidden"] == 1].max() == 0
    assert distance[here["hidden"] == 0].min() > 0


def test_masked_pixels_do_not_count(dataset, model):
    """All but one pixel of a spectrum masked, and all of another."""
    test = dataset.split["test"]
    flux = dataset.events.spectra.log10_fnu.copy()
    flux[test[0], 0], flux[test[0], 1] = np.nan, np.nan
    flux[test[0], 0, 8] = -12.0
    scores = masking_scores(model, with_flux(dataset, flux), N_SAMPLES, SEED)
    first = scores.query("event == 0 and phase_days == -10")
    mean = np.nanmean(flux[dataset.split["train"], 0, 8])
    assert (first["n_pixels"] == 1).all()
    np.testing.assert_allclose(first["mean_truth_dex"], abs(mean + 12))
    np.testing.assert_allclose(first["mse_dex2"], first["model_truth_dex"] ** 2)
    second = scores.query("event == 0 and phase_days == 0")
    assert (second["n_pixels"] == 0).all() and scores.notna().all(axis=None)


def table_of(values, n_pixels):
    columns = ("model_mean_dex", "model_truth_dex", "mean_truth_dex", "mse_dex2")
    place = {"recipe": "text", "hidden": 0.5, "event": range(len(values)), "phase_days": 10.0}
    return pd.DataFrame(place | {"n_pixels": n_pixels} | dict.fromkeys(columns, values))


def test_averages_are_over_pixels_and_seeds():
    tables = [table_of([1.0, 3.0], [3, 1]), table_of([4.0, 4.0], [5, 1])]
    estimate = average_masking_scores(tables).set_index("measure")["estimate"]
    assert estimate["model_mean_dex"] == estimate["mean_truth_dex"] == pytest.approx((1.5 + 4) / 2)
    assert estimate["rmse_dex"] == pytest.approx((np.sqrt(1.5) + 2) / 2)


def test_intervals_are_those_of_a_mean():
    values = np.random.default_rng(0).normal(10, 2, 300)
    row = average_masking_scores([table_of(values, 7)]).iloc[0]
    half = 1.96 * values.std() / np.sqrt(len(values))
    assert row["low"] == pytest.approx(values.mean() - half, abs=0.15 * half)
    assert row["high"] == pytest.approx(values.mean() + half, abs=0.15 * half)


def test_the_events_of_each_seed_are_drawn_for_themselves():
    """Of two seeds two different ones are drawn half of the time, whose scatter is half in variance."""
    table = table_of(np.random.default_rng(0).normal(10, 2, 300), 7)
    one, two = (average_masking_scores([table] * n_seeds).iloc[0] for n_seeds in (1, 2))
    assert (two["high"] - two["low"]) / (one["high"] - one["low"]) == pytest.approx(np.sqrt(0.75), abs=0.07)


@pytest.fixture
def masked(dataset, model):
    contrastive = new_model("contrastive", RECIPES["improved"], seed=0).eval()
    return contrastive, mask_event(model, contrastive, dataset, 1, N_SAMPLES, SEED)


def test_one_event_loses_what_it_loses_among_all(dataset, model, masked):
    contrastive, found = masked
    assert tuple(found) == HIDDEN_FRACTIONS
    for fraction, event in found.items():
        among_all = hide_points_of(dataset.part("test"), fraction, SEED).select([1])
        np.testing.assert_array_equal(event.light_curves.magnitude, among_all.light_curves.magnitude)
        sampler = light_curve_sampler(model, dataset.scaling)
        expected = spectrum_posteriors(sampler, among_all, N_SAMPLES, SEED)
        np.testing.assert_array_equal(event.posterior.lower, expected["predictive"].lower)
        nearest = retrieve_spectra(
            contrastive, dataset.scaling, dataset.part("train"), among_all.light_curves
        )
        np.testing.assert_array_equal(event.nearest, nearest[0])
