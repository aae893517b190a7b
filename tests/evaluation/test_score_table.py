"""The one table of scores: each event by its own truth, each kind of interval, pixel by pixel."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from snlib.data.events import Events, LightCurves, Spectra
from snlib.evaluation.features import FEATURES, features
from snlib.evaluation.score_table import Curves, score_events, score_features
from snlib.evaluation.scores import average_scores, sample_scores
from snlib.inference.samplers import draw_events
from snlib.inference.samples import Samples, central_interval
from tests.evaluation.toy_worlds import PHASE_DAYS, WAVELENGTH_AA, N, assert_covers, forecast, make_world


@pytest.fixture(scope="module")
def world():
    return make_world()


@pytest.fixture(scope="module")
def honest(world):
    return averaged(forecast(world), world[0])


def averaged(sampler, events):
    return average_scores(
        score_features(draw_events(sampler, events, 100, 1), events), ["feature", "phase_days"]
    )


def test_exact_forecasts_cover_pixels_and_whole_spectra(honest):
    assert honest["feature"].unique().tolist() == ["pixel", *FEATURES]
    assert len(honest) == (1 + len(FEATURES)) * len(PHASE_DAYS)
    assert_covers(honest)
    pixels = honest[honest["feature"] == "pixel"].set_index("phase_days")
    assert pixels["n_pixels"].tolist() == [N * 51 - 2 * N // 5, N * 51]
    np.testing.assert_allclose(pixels["rmse"], 0.1, rtol=0.1)
    np.testing.assert_allclose(pixels["crps"], 0.1 / np.sqrt(np.pi), rtol=0.1)  # of a normal distribution
    np.testing.assert_allclose(pixels["width_90"], 0.2 * norm.ppf(0.95), rtol=0.03)


def test_what_pixels_share_is_seen_in_whole_spectra_only(world, honest):
    """Independent pixels of the right width say that errors average out over a filter."""
    table = averaged(forecast(world, together=0.0), world[0]).set_index("feature")
    assert_covers(table.loc["pixel"])
    assert (table.loc[["g_mag", "r_mag"], "coverage_90"] < 0.7).all()
    assert (honest.set_index("feature").loc["g_mag", "width_90"] > 2 * table.loc["g_mag", "width_90"]).all()


def test_each_event_and_kind_is_scored_against_its_own_truth(world):
    events, sampler = world[0].select(np.array([7, 2, 5])), forecast(world)
    drawn = list(draw_events(sampler, events, 25, seed=4))
    known = np.zeros((len(PHASE_DAYS), len(WAVELENGTH_AA)))
    drawn = [one | {"other": replace(one["predictive"], mean=known)} for one in drawn]
    table, with_features = score_events(drawn, events), score_features(drawn, events)
    assert table["object_id"].tolist() == np.repeat(["toy-7", "toy-2", "toy-5"], 4).tolist()
    assert table["event"].tolist() == np.repeat([0, 1, 2], 4).tolist()
    samples, truth = drawn[1]["predictive"].values, world[0].spectra.log10_fnu[2]
    for interval, mean in (("predictive", None), ("other", known)):
        mine = table[(table["object_id"] == "toy-2") & (table["interval"] == interval)]
        expected = sample_scores(samples, truth, {"phase_days": PHASE_DAYS}, mean)
        pd.testing.assert_frame_equal(mine[list(expected)].reset_index(drop=True), expected)
        pixels = with_features.query("object_id == 'toy-2' and interval == @interval and feature == 'pixel'")
        np.testing.assert_array_equal(pixels["mse"], expected["mse_dex2"])
    at = list(FEATURES).index("g_mag")
    g_mag, true_g_mag = (features(WAVELENGTH_AA, values)[..., at] for values in (samples, truth))
    mine = with_features.query("object_id == 'toy-2' and interval == 'predictive' and feature == 'g_mag'")
    np.testing.assert_allclose(mine["mse"], (g_mag.mean(0) - true_g_mag) ** 2)


def test_scores_do_not_depend_on_the_events_behind(world):
    few, more = (
        score_events(
            draw_events(forecast(world), world[0].select(np.arange(n)), 20, 0), world[0].select(np.arange(n))
        )
        for n in (3, 5)
    )
    pd.testing.assert_frame_equal(few, more[more["event"] < 3])


@pytest.fixture
def judged():
    """Three events, two phases, four pixels, some masked: what is drawn for them, and the truth."""
    rng = np.random.default_rng(0)
    flux = rng.normal(size=(3, 2, 4))
    flux[rng.random(flux.shape) < 0.3] = np.nan
    drawn = [{"latent": Samples(rng.normal(size=(20, 2, 4)), rng.normal(size=(2, 4)))} for _ in range(3)]
    nothing = np.full((3, 1), np.nan)
    events = Events(
        np.array(["a", "b", "c"]),
        np.ones((3, 6)),
        LightCurves(nothing, nothing, np.zeros((3, 1), int)),
        Spectra(np.array([0.0, 10.0]), np.linspace(4000.0, 5000.0, 4), flux),
        {"source": "test"},
    )
    return drawn, events


def test_scores_by_hand(judged):
    drawn, events = judged
    scores = score_events(drawn, events).set_index(["event", "phase_days"])
    for event, (index, phase) in ((e, p) for e in range(3) for p in enumerate((0.0, 10.0))):
        row, of_truth = scores.loc[event, phase], events.spectra.log10_fnu[event, index]
        pixels = [i for i in range(4) if not np.isnan(of_truth[i])]
        samples = drawn[event]["latent"]
        low, high = central_interval(samples.values[:, index], 0.9)
        truth, mean, low, high = (x[pixels] for x in (of_truth, samples.mean[index], low, high))
        assert row["n_pixels"] == len(pixels) > 0
        assert row["mse_dex2"] == pytest.approx(sum((mean - truth) ** 2) / len(pixels))
        assert row["coverage_90"] == pytest.approx(sum((low <= truth) & (truth <= high)) / len(pixels))
        assert row["width_90_dex"] == pytest.approx(sum(high - low) / len(pixels))


def test_curves_by_hand(judged):
    """Each wavelength by itself, over the events that are observed there."""
    drawn, events = judged
    curves = Curves()
    score_events(drawn, events, curves)
    found, truth = curves.means()["latent"], events.spectra.log10_fnu
    low, high = np.moveaxis([central_interval(one["latent"].values, 0.9) for one in drawn], 1, 0)
    error = np.array([one["latent"].mean for one in drawn]) - truth
    for at in np.ndindex(2, 4):
        seen, pixel = ~np.isnan(truth[:, *at]), (slice(None), *at)
        if not seen.any():
            assert np.isnan([values[at] for values in found.values()]).all()
            continue
        assert found["bias"][at] == pytest.approx(error[pixel][seen].mean())
        assert found["spread"][at] == pytest.approx(error[pixel][seen].std(), abs=1e-7)
        inside = (low[pixel] <= truth[pixel]) & (truth[pixel] <= high[pixel])
        assert found["coverage"][at] == pytest.approx(inside[seen].mean())
        assert found["width"][at] == pytest.approx((high - low)[pixel][seen].mean())


def test_a_prediction_without_interval_has_no_curve_of_coverage(judged):
    drawn, events = judged
    curves = Curves()
    points = [{"none": Samples(one["latent"].values[:1])} for one in drawn]
    table = score_events(points, events, curves)
    assert table["coverage_90"].isna().all() and table["mse_dex2"].notna().any()
    found = curves.means()["none"]
    assert np.isnan(found["coverage"]).all() and not np.isnan(found["bias"]).all()
