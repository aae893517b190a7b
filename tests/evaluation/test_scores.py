"""Scores against closed forms and by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from snlib.evaluation.scores import PIT_COLUMNS, average_scores, reliability, sample_scores
from tests.evaluation.toy_forecasts import PHASES, ROWS, event, events, scored


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
    together = average_scores(table, ["phase_days"])
    expected = sample_scores(np.concatenate([a, b], -1), np.concatenate([at, bt], -1), ROWS)
    expected["mse_dex2"] = np.sqrt(expected["mse_dex2"])
    expected = expected.rename(columns={"mse_dex2": "rmse_dex"})
    pd.testing.assert_frame_equal(together[list(expected)], expected, check_dtype=False)


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


def test_averages_by_hand():
    """Pixels count alike in the mean; events do in its error, but for those without pixels."""
    shares = pd.DataFrame({"coverage_68": [0.5, 0.8, np.nan, 1.0], "coverage_90": [0.9, 0.9, np.nan, 0.3]})
    scores = shares.assign(n_pixels=[10, 30, 0, 20], mse=[1.0, 2.0, np.nan, 4.0], phase_days=0.0)
    row = average_scores(pd.concat([scores, scores.assign(phase_days=10.0)[:2]]), ["phase_days"])
    assert row["phase_days"].tolist() == [0, 10] and row["n_pixels"].tolist() == [60, 40]
    np.testing.assert_allclose(row["coverage_68"], [(5 + 24 + 20) / 60, 29 / 40])
    np.testing.assert_allclose(row["rmse"], np.sqrt([(10 + 60 + 80) / 60, 70 / 40]))
    # Variances about the means 2.3 / 3 and .65, 2.1 / 3 and .9
    variance = [(0.5**2 + 0.8**2 + 1 - 2.3**2 / 3) / 2, 0.045]
    np.testing.assert_allclose(row["coverage_68_error"], np.sqrt(np.array(variance) / [3, 2]))
    np.testing.assert_allclose(row["coverage_90_error"], [np.sqrt(0.12 / 3), 0.0], atol=1e-12)


def test_old_tables_have_averages_too():
    """Those of error, coverage and width only, as they were committed."""
    scores = pd.DataFrame({"model": "a", "n_pixels": [10, 30], "mse_dex2": [1.0, 2.0]})
    scores = scores.assign(coverage_90=[0.5, 0.9], width_90_dex=[1.0, 3.0])
    (row,) = average_scores(scores, ["model"]).itertuples()
    assert row.rmse_dex == pytest.approx(np.sqrt(70 / 40))
    assert (row.coverage_90, row.width_90_dex) == pytest.approx((32 / 40, 100 / 40))


def test_a_single_spectrum_has_an_error_and_no_interval():
    rng = np.random.default_rng(12)
    prediction, truth = rng.normal(size=(2, 2, 30))
    truth[0, :5] = np.nan
    table = sample_scores(prediction[None], truth, ROWS)
    assert table["n_pixels"].tolist() == [25, 30]
    error = prediction - truth
    np.testing.assert_allclose(table["mse_dex2"], np.nanmean(error**2, axis=1))
    np.testing.assert_allclose(table["crps_dex"], np.nanmean(np.abs(error), axis=1))
    none = table.drop(columns=["phase_days", "n_pixels", "mse_dex2", "crps_dex"])
    assert none.isna().all(axis=None)
    row = average_scores(table.assign(model="a"), ["model"]).iloc[0]
    assert np.isnan(row["coverage_90"]) and np.isnan(row["width_90_dex"]) and row["rmse_dex"] > 0


def test_a_mean_that_is_known_better_counts_for_the_error_only():
    samples, truth = event(np.random.default_rng(13))
    known = samples.mean(0) + 1.0
    before, after = sample_scores(samples, truth, ROWS), sample_scores(samples, truth, ROWS, known)
    np.testing.assert_allclose(after["mse_dex2"], ((known - truth) ** 2).mean(1))
    rest = [name for name in before if name != "mse_dex2"]
    pd.testing.assert_frame_equal(after[rest], before[rest])


def test_a_pixel_that_some_samples_lack_is_judged_by_the_others():
    samples, truth = event(np.random.default_rng(14), n_pixels=3)
    samples[:40, 0, 1] = np.nan
    samples[:81, 1, 2] = np.nan  # nineteen are left: too few
    table = sample_scores(samples, truth, ROWS)
    pixels = [sample_scores(samples[:, :, [i]], truth[:, [i]], ROWS) for i in (0, 2)]
    pixels.append(sample_scores(samples[40:, :1, [1]], truth[:1, [1]], {"phase_days": PHASES[:1]}))
    assert table["n_pixels"].tolist() == [3, 2] and pixels[1]["n_pixels"].tolist() == [1, 0]
    for name in ("mse_dex2", "crps_dex", "log_score", "coverage_90", "width_68_dex", *PIT_COLUMNS):
        assert table[name][0] == pytest.approx(np.mean([pixel[name][0] for pixel in pixels]))
