"""Draws, intervals and shares against textbook numbers."""

import numpy as np
import pytest

from snlib.evaluation.bootstrap import N_REPLICATES, draw_weights, interval, over_seeds, share_within
from snlib.random_streams import stream

N_ROWS = 1 + N_REPLICATES


def draw(n, seed=0):
    return draw_weights(n, stream("bootstrap of events", 0, seed, 0))


def test_weights_are_the_sample_then_draws_of_as_many():
    weights = draw(7)
    assert weights.shape == (N_ROWS, 7)
    assert (weights[0] == 1).all()
    assert (weights.sum(1) == 7).all()
    assert (weights >= 0).all() and (weights == weights.round()).all()


def test_draws_follow_their_stream():
    np.testing.assert_array_equal(draw(7), draw(7))
    assert (draw(7) != draw(7, seed=1)).any()


def test_each_event_is_left_out_as_often_as_theory_says():
    n = 10
    left_out = (draw(n)[1:] == 0).mean(0)
    np.testing.assert_allclose(left_out, (1 - 1 / n) ** n, atol=0.05)  # five standard errors


def test_spread_of_the_mean_is_the_standard_error():
    sample = np.random.default_rng(1).normal(3.0, 2.0, 50)
    means = draw(50) @ sample / 50
    assert means[0] == pytest.approx(sample.mean())
    assert means[1:].std() == pytest.approx(sample.std() / np.sqrt(50), rel=0.07)  # 2 % is one error
    assert means[1:].mean() == pytest.approx(sample.mean(), abs=0.1 * sample.std() / np.sqrt(50))


def test_over_seeds_begins_with_the_plain_mean():
    values = np.random.default_rng(0).normal(size=(3, N_ROWS, 2))
    mean = over_seeds(list(values))
    assert mean.shape == (N_ROWS, 2)
    np.testing.assert_allclose(mean[0], values[:, 0].mean(0))


def test_one_seed_is_left_as_it_is():
    values = np.random.default_rng(0).normal(size=(N_ROWS, 2))
    np.testing.assert_array_equal(over_seeds([values]), values)


def test_replicates_draw_seeds_again():
    mean = over_seeds([np.zeros(N_ROWS), np.ones(N_ROWS)])
    assert mean[0] == 0.5
    # Both draws the first seed, one of each, both the second.
    found, counts = np.unique(mean[1:], return_counts=True)
    np.testing.assert_array_equal(found, [0, 0.5, 1])
    np.testing.assert_allclose(counts / N_REPLICATES, [0.25, 0.5, 0.25], atol=0.05)


def test_replicates_of_different_draws_are_not_mixed():
    replicate = np.arange(float(N_ROWS))
    np.testing.assert_allclose(over_seeds([replicate] * 3), replicate)


def test_interval_by_hand():
    # Two hundred equal steps: quantiles are the steps themselves; the estimate is none of them.
    values = np.concatenate([[1000.0], np.random.default_rng(0).permutation(np.arange(201.0))])
    assert interval(values) == pytest.approx((1000, 5, 195))
    assert interval(values, 0.5) == pytest.approx((1000, 50, 150))


def test_interval_of_each_column():
    column = np.concatenate([[7.0], np.arange(201.0)])
    estimate, lower, upper = interval(np.stack([column, -column], axis=1))
    np.testing.assert_allclose([estimate, lower, upper], [[7, -7], [5, -195], [195, -5]])


@pytest.mark.parametrize(
    ("low", "high", "share"), [(1, 2, 0.5), (-np.inf, 1, 0.25), (3.5, np.inf, 0.25), (5, 6, 0), (1, 4, 1)]
)
def test_share_counts_both_limits_and_not_the_estimate(low, high, share):
    assert share_within(np.array([5.5, 1, 2, 3, 4]), low, high) == share
