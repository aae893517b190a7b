"""Scores of every kind of interval: toys whose truth is known, and each event with its own draws."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from snlib.data.events import Events, LightCurves, Spectra
from snlib.evaluation.features import FEATURES, features
from snlib.evaluation.scores import PIT_COLUMNS, sample_scores
from snlib.inference.forecast import fit_recalibration
from snlib.inference.posteriors import from_light_curve, posterior_samples
from snlib.inference.recalibration import Recalibration
from snlib.model.registry import new_model
from snlib.replication import intervals
from snlib.replication.intervals import average, interval_scores, inverting, recalibrated, sampling, score
from snlib.simulation.surrogate import Surrogate

PHASE_DAYS, WAVELENGTH_AA = np.array([0.0, 10.0]), np.linspace(3000.0, 8000.0, 51)
N = 160
COVERAGES = {"coverage_68": 0.6827, "coverage_90": 0.9}


def draws(rng, n, together=1.0):
    """Errors of n spectra, half of the variance shared by all pixels: (n, P, L)."""
    shared = rng.standard_normal((n, len(PHASE_DAYS), 1))
    own = rng.standard_normal((n, len(PHASE_DAYS), len(WAVELENGTH_AA)))
    return 0.1 * (together * shared + np.sqrt(2 - together**2) * own) / np.sqrt(2)


@pytest.fixture(scope="module")
def world():
    """Events whose light curves say nothing, and the spectrum that each of them should have."""
    rng = np.random.default_rng(0)
    mean = rng.normal(-12, 0.3, (N, len(PHASE_DAYS), 1)) + 0.1 * np.sin(WAVELENGTH_AA / 300)
    flux = mean + draws(rng, N)
    flux[::5, 0, :2] = np.nan  # where no feature looks
    nothing = np.full((N, 1), np.nan)
    events = Events(
        np.array([f"toy-{i}" for i in range(N)]),
        np.ones((N, 6)),
        LightCurves(nothing, nothing, np.zeros((N, 1), int)),
        Spectra(PHASE_DAYS, WAVELENGTH_AA, flux),
        {"source": "test"},
    )
    return events, dict(zip(events.object_id, mean, strict=True))


@pytest.fixture(scope="module")
def honest(world):
    return averaged(forecast(world), world[0])


def forecast(world, width=1.0, together=1.0):
    """Draw from what the truth was drawn from, but for the width or what pixels share."""

    def sample(event, n_samples, seed):
        return world[1][event.object_id[0]] + width * draws(np.random.default_rng(seed), n_samples, together)

    return sample


def averaged(sample, events):
    return average(score(sample, events, seed=1), ["feature", "phase_days"])


def assert_covers(table, expected=COVERAGES):
    for name, share in expected.items():
        error = table[f"{name}_error"].to_numpy()
        assert ((error > 0) & (error < 0.05)).all()
        np.testing.assert_array_less(np.abs(table[name] - share) / error, 4.5)


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


@pytest.mark.parametrize("width", [0.5, 2.0])
def test_wrong_widths_are_made_right(world, width):
    """Fitted to half of the events, judged by the others."""
    events, sample = world[0], forecast(world, width)
    fitted = fit_recalibration(sample, events.select(np.arange(N // 2)), seed=3)
    unseen = events.select(np.arange(N // 2, N))
    before, after = (
        averaged(one, unseen).query("feature == 'pixel'") for one in (sample, recalibrated(sample, fitted))
    )
    shares = {name: 1 - 2 * norm.sf(width * norm.isf((1 - share) / 2)) for name, share in COVERAGES.items()}
    assert_covers(before, shares)
    assert_covers(after)
    np.testing.assert_allclose(after["width_90"] / before["width_90"], 1 / width, rtol=0.15)


def test_recalibration_stretches_about_the_samples_mean_at_the_phases_of_the_event(world):
    ours = np.tile([0.5, 1.0, 2.0], (2, 1))
    sample, event = forecast(world), world[0].select([3])
    samples = sample(event, 30, 5)
    found = recalibrated(sample, Recalibration(PHASE_DAYS, ours, ours * [[2.0], [3.0]]))(event, 30, 5)
    mean = samples.mean(0)
    np.testing.assert_allclose(found - mean, [[[2.0], [3.0]]] * (samples - mean), atol=1e-9)


def test_each_event_is_drawn_by_itself_with_its_stream_and_scored_against_its_own_truth(world):
    events, calls = world[0].select(np.array([7, 2, 5])), []

    def sample(event, n_samples, seed):
        calls.append((event.object_id.tolist(), n_samples, seed))
        return forecast(world)(event, n_samples, seed)

    scores = score(sample, events, seed=4, n_samples=25)
    assert calls == [(["toy-7"], 25, (4, 0)), (["toy-2"], 25, (4, 1)), (["toy-5"], 25, (4, 2))]
    truth = world[0].spectra.log10_fnu[2]
    samples = forecast(world)(world[0].select([2]), 25, (4, 1))
    mine = scores[scores["object_id"] == "toy-2"]
    pixel = sample_scores(samples, truth, {"phase_days": PHASE_DAYS})
    np.testing.assert_array_equal(mine[mine["feature"] == "pixel"]["crps"], pixel["crps_dex"])
    at = list(FEATURES).index("g_mag")
    g_mag, true_g_mag = (features(WAVELENGTH_AA, values)[..., at] for values in (samples, truth))
    error = g_mag.mean(0) - true_g_mag
    np.testing.assert_allclose(mine[mine["feature"] == "g_mag"]["mse"], error**2)


def test_scores_do_not_depend_on_the_events_behind(world):
    few = score(forecast(world), world[0].select(np.arange(3)), seed=0, n_samples=20)
    more = score(forecast(world), world[0].select(np.arange(5)), seed=0, n_samples=20)
    pd.testing.assert_frame_equal(few, more[more["object_id"].isin(few["object_id"])])


def test_averages_by_hand():
    """Pixels count alike in the mean; events do in its error, but for those without pixels."""
    shares = pd.DataFrame({"coverage_68": [0.5, 0.8, np.nan, 1.0], "coverage_90": [0.9, 0.9, np.nan, 0.3]})
    scores = shares.assign(n_pixels=[10, 30, 0, 20], mse=[1.0, 2.0, np.nan, 4.0], phase_days=0.0)
    row = average(pd.concat([scores, scores.assign(phase_days=10.0)[:2]]), ["phase_days"])
    assert row["phase_days"].tolist() == [0, 10] and row["n_pixels"].tolist() == [60, 40]
    np.testing.assert_allclose(row["coverage_68"], [(5 + 24 + 20) / 60, 29 / 40])
    np.testing.assert_allclose(row["rmse"], np.sqrt([(10 + 60 + 80) / 60, 70 / 40]))
    # Variances about the means 2.3 / 3 and .65, 2.1 / 3 and .9
    variance = [(0.5**2 + 0.8**2 + 1 - 2.3**2 / 3) / 2, 0.045]
    np.testing.assert_allclose(row["coverage_68_error"], np.sqrt(np.array(variance) / [3, 2]))
    np.testing.assert_allclose(row["coverage_90_error"], [np.sqrt(0.12 / 3), 0.0], atol=1e-12)


@pytest.mark.parametrize("kind, place", [("latent", 0), ("predictive", 1)])
def test_an_mmvae_is_drawn_from_its_posterior(dataset, small_recipe, kind, place):
    model, event = new_model("mmvae", small_recipe, seed=0).eval(), dataset.part("test").select([1])
    posterior = from_light_curve(model, dataset.scaling, event)
    where = (event.spectra.phase_days, event.spectra.wavelength_aa)
    expected = posterior_samples(posterior, model.spectrum, dataset.scaling, *where, 20, (8, 1))
    found = sampling(model, dataset.scaling, kind)(event, 20, (8, 1))
    np.testing.assert_array_equal(found, expected[place])
    assert (expected[0] != expected[1]).any()


@pytest.fixture
def surrogate():
    shipped = Surrogate.load()
    return replace(shipped, residuals=shipped.residuals[:2])


def test_an_inversion_finds_its_event_by_name(surrogate, events):
    """Whatever its place among those that were inverted."""
    some, drawn = events.select(np.array([3, 8])), {}
    of_some = inverting(surrogate, 0.3, some)
    of_turned = inverting(surrogate, 0.3, some.select(np.array([1, 0])))
    for index in (3, 8):
        event = events.select([index])
        drawn[index] = of_some(event, 20, (0, index))
        assert drawn[index].shape == (20, 5, 50)
        np.testing.assert_allclose(of_turned(event, 20, (0, index)), drawn[index], atol=1e-3)
    # The brighter the light curve, the brighter the spectra: each was given its own.
    faint, bright = sorted(drawn, key=lambda i: -np.nanmean(events.light_curves.magnitude[i]))
    assert drawn[bright].mean() > drawn[faint].mean()


def test_every_method_is_scored_with_recalibrations_of_validation_events(
    dataset, small_recipe, surrogate, monkeypatch
):
    models = {name: new_model(name, small_recipe, seed=0).eval() for name in ("mmvae", "predictive-mmvae")}
    run = SimpleNamespace(
        dataset=lambda: dataset,
        device="cpu",
        seed=0,
        trained=lambda name, _: SimpleNamespace(model=models[name]),
    )
    fitted_to, scored = [], []

    def fit(sample, events, *args):
        fitted_to.append(set(events.object_id))
        return fit_recalibration(sample, events, *args)

    def judge(sample, events, *args):
        scored.append(set(events.object_id))
        return score(sample, events, *args)

    monkeypatch.setattr(intervals, "fit_recalibration", fit)
    monkeypatch.setattr(intervals, "score", judge)
    monkeypatch.setattr(intervals.Surrogate, "load", lambda: surrogate)
    table = interval_scores(run, "improved")
    validation, test = (set(dataset.part(part).object_id) for part in ("validation", "test"))
    assert fitted_to == [validation] * 4 and scored == [test] * 8
    keys = ["method", "recalibrated", "feature", "phase_days"]
    expected = pd.MultiIndex.from_product(
        [
            ["latent", "likelihood", "errors", "inversion"],
            [False, True],
            ["pixel", *FEATURES],
            dataset.events.spectra.phase_days,
        ]
    )
    found = pd.MultiIndex.from_frame(table[keys])
    assert found.is_unique and found.symmetric_difference(expected).empty
    measures = ["rmse", "crps", "log_score", "width_68", "width_90", *COVERAGES, *PIT_COLUMNS]
    assert set(table) == {*keys, "n_pixels", *measures, *(f"{name}_error" for name in COVERAGES)}
    assert table.query("feature == 'pixel'")[measures].notna().all(axis=None)
    # Latents alone leave out what the likelihood adds.
    width = table.query("feature == 'pixel' and not recalibrated").groupby("method")["width_90"].mean()
    assert width["latent"] < width["likelihood"]
