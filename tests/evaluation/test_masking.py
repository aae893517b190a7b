"""Hidden points, what is said about spectra without them, and how it is averaged."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from snlib.data.events import LightCurves
from snlib.evaluation import masking
from snlib.evaluation.masking import (
    HIDDEN_FRACTIONS,
    average_masking_scores,
    hide_points_of,
    mask_event,
    masking_scores,
)
from snlib.inference.embedding import retrieve_spectra
from snlib.inference.posteriors import from_light_curve, posterior_samples
from snlib.inference.samplers import light_curve_sampler, spectrum_posteriors
from snlib.model.recipes import RECIPES
from snlib.model.registry import new_model
from snlib.random_streams import stream

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


def test_scores_by_hand(dataset, model):
    """One event, fraction and phase, pixel by pixel, decoded at all wavelengths."""
    place, phase, fraction = 1, 3, 0.7
    scores = masking_scores(model, dataset, N_SAMPLES, SEED)
    row = scores.query("hidden == @fraction and event == @place and phase_days == 20").squeeze()

    test = hide_points_of(dataset.part("test"), fraction, SEED)
    posterior = from_light_curve(model, dataset.scaling, test.select([place]))
    where = test.spectra.phase_days, test.spectra.wavelength_aa
    rng = stream("posterior samples", SEED, place)
    latent, _ = posterior_samples(posterior, model.spectrum, dataset.scaling, *where, N_SAMPLES, rng)
    expected = {"model_mean_dex": [], "model_truth_dex": [], "mean_truth_dex": [], "mse_dex2": []}
    for pixel in range(0, len(where[1]), 8):
        truth = test.spectra.log10_fnu[place, phase, pixel]
        if np.isnan(truth):
            continue
        ours = latent[:, phase, pixel].mean()
        mean = np.nanmean([flux[phase, pixel] for flux in dataset.part("train").spectra.log10_fnu])
        expected["model_mean_dex"].append(abs(ours - mean))
        expected["model_truth_dex"].append(abs(ours - truth))
        expected["mean_truth_dex"].append(abs(mean - truth))
        expected["mse_dex2"].append((ours - truth) ** 2)
    assert row["n_pixels"] == len(expected["mse_dex2"])
    for name, values in expected.items():
        assert row[name] == pytest.approx(np.mean(values), rel=1e-4)


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
