"""Hidden points, what is said about spectra without them, and how it is averaged."""

from dataclasses import replace
from functools import partial
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from snlib.data.events import LightCurves
from snlib.evaluation import masking
from snlib.evaluation.masking import (
    HIDDEN_FRACTIONS,
    average_masking_scores,
    hide_points,
    hide_points_of,
    mask_event,
    masking_scores,
)
from snlib.figures import masking as plot_masking
from snlib.inference.embedding import retrieve_spectra
from snlib.inference.posteriors import from_light_curve, posterior_samples, spectrum_posteriors
from snlib.model.recipes import RECIPES
from snlib.model.registry import new_model

SEED, N_SAMPLES = 3, 4


def full(n, slots):
    """Light curves with a point in each slot."""
    return LightCurves(
        np.zeros((n, slots)), np.arange(1.0, n * slots + 1).reshape(n, slots), np.full((n, slots), 2)
    )


def with_light_curves(dataset, magnitude):
    curves = dataset.events.light_curves
    curves = LightCurves(curves.phase_days, magnitude, curves.band)
    return replace(dataset, events=replace(dataset.events, light_curves=curves))


def with_flux(dataset, log10_fnu):
    spectra = replace(dataset.events.spectra, log10_fnu=log10_fnu)
    return replace(dataset, events=replace(dataset.events, spectra=spectra))


@pytest.mark.parametrize("fraction", [0.1, 0.3, 0.5, 0.7, 0.9, 1.0])
def test_the_right_number_of_observed_points_is_hidden(events, fraction):
    before = events.light_curves
    after = hide_points(before, fraction, SEED)
    n = before.observed.sum(1)
    assert (np.abs(n - after.observed.sum(1) - fraction * n) <= 0.5).all()
    assert not (after.observed & ~before.observed).any()


def test_what_is_not_hidden_stays_as_it_was(events):
    before, given = events.light_curves, events.light_curves.magnitude.copy()
    after = hide_points_of(events, 0.5, SEED)
    left = after.light_curves.observed
    np.testing.assert_array_equal(after.light_curves.magnitude[left], given[left])
    np.testing.assert_array_equal(after.light_curves.phase_days, before.phase_days)
    np.testing.assert_array_equal(after.light_curves.band, before.band)
    np.testing.assert_array_equal(before.magnitude, given)
    assert after.spectra is events.spectra


def test_nothing_hidden_changes_nothing(events):
    after = hide_points(events.light_curves, 0.0, SEED)
    np.testing.assert_array_equal(after.magnitude, events.light_curves.magnitude)


def test_hidden_points_are_nested(events):
    left = [hide_points(events.light_curves, fraction, SEED).observed for fraction in HIDDEN_FRACTIONS]
    for more, fewer in pairwise(left):
        assert not (fewer & ~more).any()
        assert fewer.sum() < more.sum()


def test_a_light_curve_loses_the_same_points_whatever_the_others_are(events):
    curves = events.light_curves
    others = curves.magnitude.copy()
    others[1:] = np.where(np.random.default_rng(0).random(others[1:].shape) < 0.5, np.nan, others[1:] + 1)
    alone = hide_points(curves.select([0]), 0.5, SEED)
    for changed in (curves, LightCurves(curves.phase_days, others, curves.band)):
        np.testing.assert_array_equal(hide_points(changed, 0.5, SEED).magnitude[0], alone.magnitude[0])


def test_points_are_hidden_at_random():
    """Each slot as often as any other, each light curve and seed in its own way."""
    n, fraction = 1000, 0.3
    hidden = ~hide_points(full(n, 10), fraction, SEED).observed
    assert np.abs(hidden.mean(0) - fraction).max() < 4 * np.sqrt(fraction * (1 - fraction) / n)
    assert len(np.unique(hidden, axis=0)) > 100  # of 120 ways to choose 3 of 10
    assert (hidden != ~hide_points(full(n, 10), fraction, SEED + 1).observed).any()


def test_scores_by_hand(dataset, model):
    """One event, fraction and phase, pixel by pixel, decoded at all wavelengths."""
    place, phase, fraction = 1, 3, 0.7
    scores = masking_scores(model, dataset, N_SAMPLES, SEED)
    row = scores.query("hidden == @fraction and event == @place and phase_days == 20").squeeze()

    test = hide_points_of(dataset.part("test"), fraction, SEED)
    posterior = from_light_curve(model, dataset.scaling, test.select([place]))
    where = test.spectra.phase_days, test.spectra.wavelength_aa
    latent, _ = posterior_samples(
        posterior, model.spectrum, dataset.scaling, *where, N_SAMPLES, (SEED, place)
    )
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
        posterior_of = partial(from_light_curve, model, dataset.scaling)
        expected = spectrum_posteriors(
            posterior_of, model.spectrum, dataset.scaling, among_all, N_SAMPLES, SEED
        )
        np.testing.assert_array_equal(event.posterior.lower, expected["predictive"].lower)
        nearest = retrieve_spectra(
            contrastive, dataset.scaling, dataset.part("train"), among_all.light_curves
        )
        np.testing.assert_array_equal(event.nearest, nearest[0])


def test_hidden_points_are_drawn_in_grey(masked):
    _, found = masked
    fig, axes = plt.subplots(len(found), 1)
    plot_masking.plot_masked_light_curves(axes, found)
    n_points = found[0.0].light_curves.observed.sum()
    for ax, (fraction, event) in zip(axes, found.items(), strict=True):
        hidden, *left = (len(line.get_xdata()) for line in ax.get_lines())
        assert hidden == round(fraction * n_points)
        assert sum(left) == event.light_curves.observed.sum() == n_points - hidden
    plt.close(fig)


def test_every_error_bar_is_in_its_panel():
    """Panels of a row share their scale, and the first one has the smallest values."""
    measures = {"model_mean_dex": 0.1, "model_truth_dex": 0.5, "mean_truth_dex": 0.4, "rmse_dex": 0.9}
    averages = pd.DataFrame(
        {"recipe": recipe, "hidden": hidden, "phase_days": phase, "measure": measure}
        | {"estimate": value + phase, "low": value + phase - 0.05, "high": value + phase + 0.05}
        for recipe in RECIPES
        for hidden in HIDDEN_FRACTIONS
        for phase in (0.0, 10.0)
        for measure, value in measures.items()
    )
    fig, axes = plt.subplots(2, 3, sharey="row")
    plot_masking.plot_masking_scores(axes, averages)
    for row, phase in zip(axes, (0, 10), strict=True):
        for ax in row:
            assert ax.get_ylim()[0] == 0
            assert ax.get_ylim()[1] >= phase + 0.95
    plt.close(fig)


def test_running_mean_leaves_out_masked_pixels():
    curve = np.full(60, 3.0)
    curve[10:13] = np.nan
    np.testing.assert_allclose(plot_masking._smooth(curve), 3.0)
    ramp = np.arange(60.0)
    np.testing.assert_allclose(plot_masking._smooth(ramp)[7:-7], ramp[7:-7])
    assert np.isnan(plot_masking._smooth(np.full(60, np.nan))).all()
