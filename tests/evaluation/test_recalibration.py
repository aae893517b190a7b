"""Scores against closed forms, and a recalibration that makes intervals honest on new events."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from snlib.evaluation.scores import PIT_COLUMNS, average_sample_scores, reliability, sample_scores
from snlib.inference.recalibration import Recalibration

PHASES = np.array([0.0, 10.0])
ROWS = {"phase_days": PHASES}


def event(rng, n_samples=100, n_pixels=150, n_phases=2, narrow=1.0, noise=None):
    """Samples whose width is too small by `narrow`, and a truth; each pixel with its mean and scale."""
    shape = (n_phases, n_pixels)
    mean, scale = rng.normal(-12, 1, shape), rng.uniform(0.05, 0.5, shape)
    noise = noise or (lambda: rng.normal(size=shape))
    return mean + scale / narrow * rng.normal(size=(n_samples, *shape)), mean + scale * noise()


def events(seed, n=60, **options):
    rng = np.random.default_rng(seed)
    for _ in range(n):
        yield event(rng, **options)


def scored(predictions, recalibration=None):
    """Averages over phases and events."""
    tables = []
    for samples, truth in predictions:
        if recalibration is not None:
            samples = recalibration.apply(samples, PHASES)
        tables.append(sample_scores(samples, truth, ROWS))
    return average_sample_scores(pd.concat(tables).assign(model="a"), ["model"]).iloc[0]


def normal_crps(z, scale):
    return scale * (z * (2 * stats.norm.cdf(z) - 1) + 2 * stats.norm.pdf(z) - 1 / np.sqrt(np.pi))


def test_crps_of_a_normal_is_the_closed_form_even_from_twenty_samples():
    """The plain estimate, not the fair one, would be high by 1 / (20 sqrt(pi)) = .028 scales."""
    rng, scale = np.random.default_rng(0), 0.3
    for z in (0.0, 0.7, -2.5):
        samples = -11 + scale * rng.normal(size=(20, 1, 20_000))
        row = sample_scores(samples, np.full((1, 20_000), -11 + z * scale), {"phase_days": [0.0]}).iloc[0]
        assert row["crps_dex"] == pytest.approx(normal_crps(z, scale), abs=0.0015)


def test_crps_of_an_exact_forecast_is_what_it_should_be():
    rng = np.random.default_rng(1)
    row = sample_scores(rng.normal(size=(30, 1, 40_000)), rng.normal(size=(1, 40_000)), {"phase_days": [0]})
    assert row["crps_dex"][0] == pytest.approx(1 / np.sqrt(np.pi), abs=0.01)


def test_crps_is_the_mean_over_all_pairs():
    rng = np.random.default_rng(2)
    samples, truth = rng.normal(size=(25, 3, 7)), rng.normal(size=(3, 7))
    pairs = np.abs(samples[:, None] - samples[None]).sum((0, 1)) / (25 * 24)
    expected = (np.abs(samples - truth).mean(0) - pairs / 2).mean(-1)
    table = sample_scores(samples, truth, {"phase_days": [0, 1, 2]})
    np.testing.assert_allclose(table["crps_dex"], expected)


@pytest.mark.parametrize("n_samples", [20, 37, 100])
def test_exact_forecasts_are_calibrated_for_every_number_of_samples(n_samples):
    """Skewed on purpose: no interval may assume a shape."""
    rng, n = np.random.default_rng(n_samples), 30_000
    samples, truth = rng.gamma(2.0, size=(n_samples, 1, n)), rng.gamma(2.0, size=(1, n))
    row = sample_scores(samples, truth, {"phase_days": [0]}).iloc[0]
    for name, coverage in {"coverage_68": 0.6827, "coverage_90": 0.9}.items():
        assert abs(row[name] - coverage) < 4 * np.sqrt(coverage * (1 - coverage) / n)
    assert stats.chisquare(n * row[PIT_COLUMNS].to_numpy(dtype=float)).pvalue > 1e-3


def test_widths_and_log_score_of_a_normal():
    rng, scale = np.random.default_rng(3), 0.2
    samples = scale * rng.normal(size=(4000, 1, 200))
    row = sample_scores(samples, scale * np.ones((1, 200)), {"phase_days": [0]}).iloc[0]
    assert row["width_68_dex"] == pytest.approx(2 * scale, rel=0.01)
    assert row["width_90_dex"] == pytest.approx(2 * 1.6449 * scale, rel=0.01)
    assert row["log_score"] == pytest.approx(stats.norm.logpdf(1) - np.log(scale), abs=0.01)
    assert row["mse_dex2"] == pytest.approx(scale**2, rel=0.02)


def test_the_log_score_is_best_for_the_right_width():
    scores = {narrow: scored(events(4, narrow=narrow))["log_score"] for narrow in (0.7, 1.0, 1.4)}
    assert max(scores, key=scores.get) == 1.0


def test_histogram_shows_what_is_wrong():
    def pit(narrow):
        return scored(events(5, narrow=narrow))[PIT_COLUMNS].to_numpy(dtype=float)

    assert pit(2.0)[[0, -1]].min() > 0.09 and pit(0.5)[[0, -1]].max() < 0.02
    rng = np.random.default_rng(0)
    low = sample_scores(rng.normal(size=(50, 1, 9)), np.full((1, 9), -9.0), {"phase_days": [0]})
    assert low["pit_0"][0] == 1


def test_ties_fill_the_histogram_evenly():
    """Rain and no rain: the forecast is exact, and most values are equal."""
    rng = np.random.default_rng(6)
    samples, truth = (np.maximum(rng.normal(-1, 1, size), 0) for size in ((40, 1, 20_000), (1, 20_000)))
    table = sample_scores(samples, truth, {"phase_days": [0]})
    np.testing.assert_allclose(table[PIT_COLUMNS].to_numpy()[0], 1 / 20, atol=0.006)


def test_pixels_that_are_not_observed_do_not_count():
    rng = np.random.default_rng(7)
    samples, truth = event(rng)
    hidden = rng.random(truth.shape[1]) < 0.4
    expected = sample_scores(samples[..., ~hidden], truth[:, ~hidden], ROWS)
    truth[:, hidden] = np.nan
    pd.testing.assert_frame_equal(sample_scores(samples, truth, ROWS), expected)
    truth[1] = np.nan
    table = sample_scores(samples, truth, ROWS)
    assert table["n_pixels"].tolist() == [(~hidden).sum(), 0]
    assert table.iloc[1, 2:].isna().all() and table.iloc[0].notna().all()


def test_scores_of_other_axes_stand_in_their_rows():
    rng = np.random.default_rng(8)
    samples, truth = rng.normal(size=(30, 2, 3)), rng.normal(size=(2, 3))
    rows = {"phase_days": PHASES, "feature": ["a", "b", "c"]}
    table = sample_scores(samples[..., None], truth[..., None], rows).set_index(list(rows))
    assert table.loc[(10.0, "b"), "mse_dex2"] == pytest.approx((samples[:, 1, 1].mean() - truth[1, 1]) ** 2)


@given(shift=st.floats(-20, 20), scale=st.floats(0.01, 100))
def test_scores_follow_the_unit_of_the_data(shift, scale):
    samples, truth = event(np.random.default_rng(9), n_samples=20, n_pixels=10)
    before = sample_scores(samples, truth, ROWS)
    after = sample_scores(shift + scale * samples, shift + scale * truth, ROWS)
    linear = ["width_68_dex", "width_90_dex", "crps_dex"]
    np.testing.assert_allclose(after[linear], scale * before[linear], rtol=1e-6)
    np.testing.assert_allclose(after["mse_dex2"], scale**2 * before["mse_dex2"], rtol=1e-6)
    np.testing.assert_allclose(after["log_score"], before["log_score"] - np.log(scale), rtol=1e-6, atol=1e-9)
    same = ["coverage_68", "coverage_90", *PIT_COLUMNS]
    np.testing.assert_allclose(after[same], before[same], atol=1e-9)


def test_averages_count_pixels():
    rng = np.random.default_rng(10)
    (a, at), (b, bt) = event(rng, n_pixels=20), event(rng, n_pixels=60)
    table = pd.concat([sample_scores(a, at, ROWS), sample_scores(b, bt, ROWS)])
    together = average_sample_scores(table, ["phase_days"])
    expected = sample_scores(np.concatenate([a, b], -1), np.concatenate([at, bt], -1), ROWS)
    expected["mse_dex2"] = np.sqrt(expected["mse_dex2"])
    pd.testing.assert_frame_equal(
        together, expected.rename(columns={"mse_dex2": "rmse_dex"})[list(together)], check_dtype=False
    )


def test_samples_that_do_not_fit_are_refused():
    samples, truth = event(np.random.default_rng(0))
    with pytest.raises(ValueError, match="samples: shape"):
        sample_scores(samples, truth[:, :-1], ROWS)
    with pytest.raises(ValueError, match="rows of shape"):
        sample_scores(samples, truth, {"phase_days": [0.0]})
    with pytest.raises(ValueError, match="at least 20"):
        sample_scores(samples[:19], truth, ROWS)


def test_reliability_by_hand():
    nominal, empirical = reliability([[1, 1, 1, 1], [4, 0, 0, 4], [0, 3, 1, 0]])
    assert nominal.tolist() == [0, 0.5, 1]
    assert empirical.tolist() == [[0, 0.5, 1], [0, 0, 1], [0, 1, 1]]
    with pytest.raises(ValueError, match="5 bins"):
        reliability(np.ones(5))


@pytest.mark.parametrize("narrow", [2.0, 0.5, 1.0])
def test_a_wrong_width_is_made_right_on_new_events(narrow):
    before = scored(events(11, narrow=narrow))
    recalibration = Recalibration.fit(events(12, n=400, narrow=narrow), PHASES)
    after = scored(events(11, narrow=narrow), recalibration)
    # 400 events raise .9 by .0023; 18,000 pixels scatter by .0035 and .0022, plus the fit
    assert after["coverage_68"] == pytest.approx(0.6844, abs=0.015)
    assert after["coverage_90"] == pytest.approx(0.9023, abs=0.01)
    assert after["width_90_dex"] == pytest.approx(narrow * before["width_90_dex"], rel=0.04)
    assert after["rmse_dex"] == pytest.approx(before["rmse_dex"], rel=0.01)


def test_what_is_calibrated_stays_as_it_is():
    """But for the levels, which 400 events raise by 1 / 400."""
    recalibration = Recalibration.fit(events(13, n=400), PHASES)
    level = np.array([0.1, 0.3, 0.5, 0.7, 0.9, 0.95, 0.98, 0.99])
    u, expected = (stats.norm.ppf((1 + x) / 2) for x in (level, level * 401 / 400))
    for phase in PHASES:
        np.testing.assert_allclose(recalibration.stretch(u, phase), expected, rtol=0.05)
        np.testing.assert_allclose(recalibration.stretch(u[:5], phase), u[:5], rtol=0.03)


def test_heavy_tails_are_given_to_normal_samples():
    """One factor for all widths can't make both intervals right."""

    def predictions(seed, n):
        rng = np.random.default_rng(seed)
        for _ in range(n):
            yield event(rng, noise=lambda: rng.standard_t(2.5, size=(2, 150)))

    before = scored(predictions(14, 60))
    after = scored(predictions(14, 60), Recalibration.fit(predictions(15, 200), PHASES))
    assert before["coverage_90"] < 0.85
    assert after["coverage_68"] == pytest.approx(0.6827, abs=0.015)
    assert after["coverage_90"] == pytest.approx(0.90, abs=0.01)


@pytest.mark.parametrize("n_events", [19, 60])
def test_the_promise_holds_for_few_events(n_events):
    """Pixels that all err together: n cases.  Without raised levels 19 events would cover .855."""
    rng = np.random.default_rng(16)
    samples = stats.norm.ppf((np.arange(400) + 0.5) / 400)[:, None, None] + np.zeros((1, 4))
    coverage = []
    for _ in range(300):
        predictions = ((samples, np.full((1, 4), rng.normal())) for _ in range(n_events))
        edge = Recalibration.fit(predictions, [0.0]).stretch(stats.norm.ppf(0.95), 0.0)
        coverage.append(2 * stats.norm.cdf(edge) - 1)
    # A beta distribution, so the scatter of the mean is known
    assert np.mean(coverage) == pytest.approx(0.9, abs=4 * np.sqrt(0.09 / n_events / 300))


def test_levels_without_an_event_beyond_are_proportional():
    recalibration = Recalibration.fit(events(24, n=30), PHASES)  # .9 is known, .95 is not
    ratio = recalibration.truth_quantiles / recalibration.sample_quantiles
    np.testing.assert_allclose(ratio[:, 9:], np.repeat(ratio[:, [8]], 3, axis=1))


def test_a_few_quantiles_by_hand():
    """One pixel: |u| of the truth is known, whatever the event."""
    samples = np.random.default_rng(17).normal(size=(50, 1, 1))
    mean, scale = samples.mean(), samples.std(ddof=1)
    distances = np.arange(1, 100) / 20  # .05 ... 4.95
    predictions = ((samples, np.array([[mean + (-1) ** i * d * scale]])) for i, d in enumerate(distances))
    found = Recalibration.fit(predictions, [0.0]).truth_quantiles[0]
    # (n + 1) / n of 99 values: the k-th smallest for a level of k %; only 98 % has one beyond
    expected = distances[[9, 19, 29, 39, 49, 59, 69, 79, 89, 94, 97]]
    np.testing.assert_allclose(found[:-1], expected, rtol=0.008)


quantiles = st.lists(st.floats(0.01, 2.0), min_size=12, max_size=12).map(lambda steps: np.cumsum(steps)[None])


@given(ours=quantiles, theirs=quantiles, u=st.lists(st.floats(-50, 50), min_size=2, max_size=30))
def test_the_map_is_odd_and_monotone(ours, theirs, u):
    recalibration, u = Recalibration(np.zeros(1), ours, theirs), np.sort(u)
    mapped = recalibration.stretch(u, 3.0)
    assert (np.diff(mapped) >= -1e-9).all()
    np.testing.assert_array_equal(recalibration.stretch(-u, 3.0), -mapped)
    np.testing.assert_allclose(recalibration.stretch(ours[0], 3.0), theirs[0], rtol=1e-9)
    last = 7 * ours[0, -1]
    assert recalibration.stretch(last, 0.0) == pytest.approx(7 * theirs[0, -1])


@pytest.fixture(scope="module")
def recalibration():
    return Recalibration.fit(events(18, n=30, narrow=2.0), PHASES)


def test_phases_between_lie_between(recalibration):
    low, middle, high = (recalibration.stretch(2.0, phase) for phase in (0.0, 4.0, 10.0))
    assert min(low, high) <= middle <= max(low, high)
    assert recalibration.stretch(2.0, -5.0) == low and recalibration.stretch(2.0, 30.0) == high


def test_each_phase_has_its_own_map():
    def predictions(seed, n):
        for samples, truth in events(seed, n=n):
            samples[:, 1] = samples[:, 1].mean(0) + (samples[:, 1] - samples[:, 1].mean(0)) / 3
            yield samples, truth

    recalibration = Recalibration.fit(predictions(19, 100), PHASES)
    assert recalibration.stretch(1.0, 0.0) == pytest.approx(1, rel=0.05)
    assert recalibration.stretch(1.0, 10.0) == pytest.approx(3, rel=0.05)
    assert recalibration.stretch(1.0, 5.0) == pytest.approx(2, rel=0.05)


def test_ranks_are_kept_and_with_them_correlation(recalibration):
    rng = np.random.default_rng(20)
    common, own = rng.normal(size=(200, 1, 1)), rng.normal(size=(200, 2, 40))
    samples = (-12 + 0.3 * common + 0.1 * own).astype(np.float32)
    after = recalibration.apply(samples, PHASES)
    assert after.dtype == samples.dtype and after.shape == samples.shape
    assert (np.diff(np.take_along_axis(after, samples.argsort(0), 0), axis=0) >= 0).all()
    before, now = (np.corrcoef(x.reshape(200, -1), rowvar=False) for x in (samples, after))
    np.testing.assert_allclose(now, before, atol=0.02)


def test_the_step_does_not_depend_on_the_unit(recalibration):
    moved = Recalibration.fit(((3 * s + 5, 3 * t + 5) for s, t in events(18, n=30, narrow=2.0)), PHASES)
    np.testing.assert_allclose(moved.truth_quantiles, recalibration.truth_quantiles, rtol=1e-3)
    samples, _ = event(np.random.default_rng(21))
    np.testing.assert_allclose(
        recalibration.apply(3 * samples + 5, PHASES), 3 * recalibration.apply(samples, PHASES) + 5
    )


def test_pixels_that_are_not_observed_do_not_enter_the_fit(recalibration):
    def more():
        for samples, truth in events(18, n=30, narrow=2.0):
            wild = np.full((100, 2, 5), 1e3) + np.arange(100)[:, None, None]
            yield np.concatenate([samples, wild], -1), np.pad(truth, ((0, 0), (0, 5)), constant_values=np.nan)

    np.testing.assert_allclose(
        Recalibration.fit(more(), PHASES).truth_quantiles, recalibration.truth_quantiles
    )


def test_a_map_survives_json(recalibration):
    copy = Recalibration.from_dict(json.loads(json.dumps(recalibration.to_dict())))
    samples, _ = event(np.random.default_rng(22))
    np.testing.assert_array_equal(copy.apply(samples, [3.0, 9.0]), recalibration.apply(samples, [3.0, 9.0]))


def test_bad_maps_and_predictions_are_named(recalibration):
    content = recalibration.to_dict()
    with pytest.raises(ValueError, match="truth_quantiles"):
        Recalibration.from_dict({k: v for k, v in content.items() if k != "truth_quantiles"})
    with pytest.raises(ValueError, match="sample_quantiles: not positive"):
        Recalibration.from_dict(content | {"sample_quantiles": [[-1.0] * 12] * 2})
    with pytest.raises(ValueError, match="phase_days"):
        Recalibration.from_dict(content | {"phase_days": [10.0, 0.0]})
    samples, truth = event(np.random.default_rng(23))
    truth[1] = np.nan
    with pytest.raises(ValueError, match=r"\[10\.\] days"):
        Recalibration.fit([(samples, truth)] * 2, PHASES)
    with pytest.raises(ValueError, match="all the same"):
        recalibration.apply(np.zeros((30, 2, 4)), PHASES)
    samples[3, 0, 7] = np.nan
    with pytest.raises(ValueError, match="not finite"):
        recalibration.apply(samples, PHASES)
