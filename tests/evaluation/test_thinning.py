"""Light curves cut short, thinned and hidden: what is left, and that nothing else changes."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from snlib.data.events import LightCurves
from snlib.evaluation.masking import HIDDEN_FRACTIONS
from snlib.evaluation.thinning import ended, hide_points, shortened, thinned

SEED = 3

some_light_curves = st.integers(0, 12).flatmap(
    lambda slots: st.builds(
        LightCurves,
        arrays(float, (3, slots), elements=st.integers(-20, 60).map(float)),
        arrays(float, (3, slots), elements=st.sampled_from([np.nan, -19.0, -18.5, -17.0])),
        arrays(int, (3, slots), elements=st.integers(0, 5)),
    )
)


def assert_only_hidden(left, given):
    """What is left stays as it was."""
    assert not (left.observed & ~given.observed).any()
    np.testing.assert_array_equal(left.magnitude[left.observed], given.magnitude[left.observed])
    np.testing.assert_array_equal(left.phase_days, given.phase_days)
    np.testing.assert_array_equal(left.band, given.band)


@given(some_light_curves, st.sampled_from([-21.0, -5.0, 0.0, 7.5, 20.0, 60.0, np.inf]))
def test_the_points_up_to_the_last_phase_stay(light_curves, last):
    left = ended(light_curves, last)
    assert_only_hidden(left, light_curves)
    for index, slot in np.ndindex(light_curves.magnitude.shape):
        stays = light_curves.observed[index, slot] and not light_curves.phase_days[index, slot] > last
        assert left.observed[index, slot] == stays


@given(some_light_curves, st.sampled_from([0, 1, 3, 5, 12, np.inf]), st.integers(0, 99))
def test_the_right_number_of_points_stays(light_curves, n_points, seed):
    left = thinned(light_curves, n_points, seed)
    assert_only_hidden(left, light_curves)
    np.testing.assert_array_equal(left.observed.sum(1), np.minimum(light_curves.observed.sum(1), n_points))


@given(some_light_curves, st.integers(0, 99))
def test_fewer_points_are_among_more(light_curves, seed):
    for fewer, more in pairwise([0, 1, 2, 3, 5, 8, np.inf]):
        assert not (
            thinned(light_curves, fewer, seed).observed & ~thinned(light_curves, more, seed).observed
        ).any()


def test_thinning_is_random_and_of_each_place_alone():
    n, slots = 1000, 10
    light_curves = LightCurves(np.zeros((n, slots)), np.full((n, slots), -19.0), np.zeros((n, slots), int))
    kept = thinned(light_curves, 3, SEED).observed
    assert np.abs(kept.mean(0) - 0.3).max() < 4 * np.sqrt(0.3 * 0.7 / n)
    assert len(np.unique(kept, axis=0)) > 100  # of 120 ways to choose 3 of 10
    assert (kept != thinned(light_curves, 3, SEED + 1).observed).any()
    np.testing.assert_array_equal(thinned(light_curves.select(slice(0, 2)), 3, SEED).observed, kept[:2])


def full(n, slots):
    """Light curves with a point in each slot."""
    return LightCurves(
        np.zeros((n, slots)), np.arange(1.0, n * slots + 1).reshape(n, slots), np.full((n, slots), 2)
    )


@pytest.mark.parametrize("fraction", [0.1, 0.3, 0.5, 0.7, 0.9, 1.0])
def test_the_right_number_of_observed_points_is_hidden(events, fraction):
    before = events.light_curves
    after = hide_points(before, fraction, SEED)
    n = before.observed.sum(1)
    assert (np.abs(n - after.observed.sum(1) - fraction * n) <= 0.5).all()
    assert not (after.observed & ~before.observed).any()


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


def test_hiding_and_thinning_draw_different_points():
    """Two uses of one seed: each of 100 light curves loses half of its points in two ways."""
    light_curves = full(100, 10)
    hidden, thin = hide_points(light_curves, 0.5, SEED).observed, thinned(light_curves, 5, SEED).observed
    np.testing.assert_array_equal(hidden.sum(1), thin.sum(1))
    assert (hidden != thin).any(axis=1).mean() > 0.9


@given(some_light_curves, st.integers(0, 99), st.integers(0, 9))
def test_what_is_shortened_keeps_a_point(light_curves, seed, repetition):
    left = shortened(light_curves, seed, repetition)
    assert_only_hidden(left, light_curves)
    np.testing.assert_array_equal(left.observed.any(1), light_curves.observed.any(1))


def test_light_curves_end_anywhere_and_keep_any_share():
    """Of 4 points, of which the last left is j-th, and of j points k are left: each uniform."""
    n = 6000
    order = np.random.default_rng(0).permuted(np.tile(np.arange(4), (n, 1)), axis=1)  # of time, by slot
    light_curves = LightCurves(order.astype(float), np.full((n, 4), -19.0), np.zeros((n, 4), int))
    left = shortened(light_curves, SEED, 0).observed
    chance = np.zeros((5, 4))  # of a number of points left, the latest of them being a given one
    for end in range(1, 5):
        for k in range(1, end + 1):
            for latest in range(k - 1, end):
                chance[k, latest] += math.comb(latest, k - 1) / math.comb(end, k) / end / 4
    found = np.zeros((5, 4))
    np.add.at(found, (left.sum(1), np.where(left, order, -1).max(1)), 1 / n)
    error = np.sqrt(chance * (1 - chance) / n)
    assert chance.sum() == pytest.approx(1)
    assert (np.abs(found - chance) <= 4.5 * error).all()


def test_each_repetition_and_place_is_shortened_in_its_own_way():
    curves = full(50, 20)
    first = shortened(curves, SEED, 0).observed
    for other in (shortened(curves, SEED, 1), shortened(curves, SEED + 1, 0)):
        assert (other.observed != first).any(axis=1).mean() > 0.8
    np.testing.assert_array_equal(shortened(curves.select(slice(0, 2)), SEED, 0).observed, first[:2])
    assert len(np.unique(first, axis=0)) > 40
