"""A recalibration that makes intervals honest on new events."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from snlib.inference.recalibration import Recalibration
from tests.evaluation.toy_forecasts import PHASES, event, events, scored


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


def test_samples_of_each_phase_are_stretched_by_the_map_of_that_phase():
    """By factors that are known, in any order of the phases."""
    factor = {0.0: 1.0, 10.0: 2.0, 20.0: 4.0}
    ours = np.tile(np.arange(1.0, 13) / 4, (3, 1))
    theirs = ours * np.array([*factor.values()])[:, None]
    recalibration = Recalibration(np.array([*factor]), ours, theirs)
    samples, phases = np.random.default_rng(0).normal(3, 1, (50, 3, 4)), [20.0, 0.0, 10.0]
    moments = np.full((3, 4), 3.0), np.ones((3, 4))
    stretched = recalibration.apply(samples, phases, moments)
    expected = np.array([factor[phase] for phase in phases])[:, None]
    np.testing.assert_allclose(stretched - 3, expected * (samples - 3))


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
    samples[3, 0, 7] = np.inf
    with np.errstate(invalid="ignore"), pytest.raises(ValueError, match="not finite"):
        recalibration.apply(samples, PHASES)


def test_samples_without_a_value_are_left_out(recalibration):
    """A pixel that some samples lack is recalibrated by the others, as if they were alone."""
    samples, _ = event(np.random.default_rng(25))
    gappy = samples.copy()
    gappy[:30, 0, 7] = np.nan
    found, whole, few = (recalibration.apply(x, PHASES) for x in (gappy, samples, samples[30:]))
    np.testing.assert_allclose(found[30:, 0, 7], few[:, 0, 7])
    assert np.isnan(found[:30, 0, 7]).all()
    found[:, 0, 7] = whole[:, 0, 7]
    np.testing.assert_array_equal(found, whole)


def test_samples_without_a_value_do_not_change_the_fit():
    """Samples twice too narrow, a tenth of which is missing: the same map within its scatter."""

    def gappy(seed):
        rng = np.random.default_rng(seed)
        for samples, truth in events(seed, n=100, narrow=2.0):
            samples[rng.random(samples.shape) < 0.1] = np.nan
            yield samples, truth

    whole = Recalibration.fit(events(26, n=100, narrow=2.0), PHASES)
    found = Recalibration.fit(gappy(26), PHASES)
    np.testing.assert_allclose(found.sample_quantiles, whole.sample_quantiles, rtol=0.02)
    np.testing.assert_allclose(found.truth_quantiles, whole.truth_quantiles, rtol=0.03)
