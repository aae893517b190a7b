"""Digests tell numbers apart as far as machines agree on them, and no further."""

import numpy as np
import pytest

from snlib.data.digests import digest_of_arrays


def differ(a, b):
    return digest_of_arrays({"x": np.asarray(a)}) != digest_of_arrays({"x": np.asarray(b)})


@pytest.mark.parametrize(("dtype", "seen", "unseen"), [("float64", 2e-6, 1e-12), ("float32", 2e-4, 4e-6)])
def test_a_number_is_seen_to_its_decimals(dtype, seen, unseen):
    values = np.array([-19.2345, 0.5, np.nan, -np.inf, 3.0], dtype)
    for place in (0, 1, 4):
        for step, expected in ((seen, True), (-seen, True), (unseen, False), (-unseen, False)):
            other = values.copy()
            other[place] += dtype_of(dtype)(step)
            assert other[place] != values[place]
            assert differ(values, other) is expected, (place, step)


def dtype_of(name):
    return np.dtype(name).type


def test_what_is_missing_or_infinite_is_seen():
    values = np.array([1.0, np.nan, np.inf])
    for other in ([np.nan, np.nan, np.inf], [1.0, 0.0, np.inf], [1.0, np.nan, -np.inf]):
        assert differ(values, np.array(other))


def test_all_nans_and_both_zeros_are_one():
    assert not differ(np.array([np.nan, 0.0]), np.array([-np.nan, -0.0]))
    assert np.array([np.nan]).tobytes() != np.array([-np.nan]).tobytes()


def test_names_types_and_shapes_are_seen():
    x = np.arange(6.0)
    digests = {
        digest_of_arrays(arrays)
        for arrays in (
            {"x": x},
            {"y": x},
            {"x": x.astype(np.float32)},
            {"x": x.reshape(2, 3)},
            {"x": x, "y": x},
            {"x": np.arange(6)},
            {"x": np.array(["a", "b"])},
            {"x": np.array(["a", "c"])},
        )
    }
    assert len(digests) == 8


def test_integers_count_in_full():
    assert differ(np.array([2**60]), np.array([2**60 + 1]))
