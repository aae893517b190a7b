"""Light curves of any lengths: nothing is lost or mixed on the way there and back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snlib.data.ragged import RaggedLightCurves


def made_of(lengths, rng):
    place = rng.permutation(np.repeat(np.arange(len(lengths)), lengths))
    n = len(place)
    names = np.array([f"sn-{i}" for i in range(len(lengths))], dtype=object)
    points = (rng.normal(0, 10, n), rng.normal(-18, 1, n), rng.integers(0, 6, n))
    return place, points, RaggedLightCurves.from_points(names, place, *points)


@given(st.lists(st.integers(0, 30), min_size=1, max_size=12), st.integers(0, 99))
def test_points_come_back_from_side_by_side(lengths, seed):
    rng = np.random.default_rng(seed)
    place, points, curves = made_of(lengths, rng)
    assert curves.n_points.tolist() == lengths and len(curves) == len(lengths)
    index = rng.integers(0, len(lengths), 5)
    padded = curves.padded(index)
    assert padded.magnitude.shape == (5, max(1, *(lengths[i] for i in index)))
    for row, i in enumerate(index):
        mine = sorted(zip(*(values[place == i].tolist() for values in points), strict=True))
        seen = padded.observed[row]
        fields = (padded.phase_days, padded.magnitude, padded.band)
        assert list(zip(*(values[row][seen].tolist() for values in fields), strict=True)) == mine


def test_the_order_of_points_does_not_matter():
    rng = np.random.default_rng(0)
    place, points, curves = made_of([3, 0, 5], rng)
    order = rng.permutation(8)
    again = RaggedLightCurves.from_points(curves.object_id, place[order], *(p[order] for p in points))
    for name, values in vars(curves).items():
        np.testing.assert_array_equal(getattr(again, name), values)


@given(st.lists(st.integers(0, 30), min_size=1, max_size=40), st.integers(1, 100))
def test_every_light_curve_is_in_one_batch_and_none_is_too_large(lengths, most_slots):
    curves = made_of(lengths, np.random.default_rng(0))[2]
    batches = list(curves.batches(most_slots))
    assert sorted(np.concatenate(batches).tolist()) == list(range(len(lengths)))
    for index in batches:
        assert len(index) == 1 or curves.padded(index).magnitude.size <= most_slots


def test_one_long_light_curve_does_not_widen_the_others():
    curves = made_of([3] * 1000 + [20_000], np.random.default_rng(0))[2]
    slots = sum(curves.padded(index).magnitude.size for index in curves.batches(3000))
    assert slots == pytest.approx(curves.n_points.sum(), rel=0.01)


def test_the_points_of_very_many_light_curves_stay_with_theirs():
    """More than a number of 16 bits can tell apart."""
    place = np.random.default_rng(0).permutation(200_000)
    curves = RaggedLightCurves.from_points(
        place.astype(str).astype(object), place, place * 1e-4, place * 1.0, place % 6
    )
    np.testing.assert_array_equal(curves.magnitude, np.arange(200_000))
