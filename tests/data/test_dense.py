"""Light curves of very many points: thinned evenly, and the others left alone."""

import warnings

import numpy as np
import pytest

from snlib.data.dense import MOST_POINTS, thin
from snlib.data.ragged import RaggedLightCurves


def made_of(*curves):
    """Each a pair of phases and bands."""
    place = np.repeat(np.arange(len(curves)), [len(phase) for phase, _ in curves])
    phase, band = (np.concatenate(values) for values in zip(*curves, strict=True))
    names = np.array([f"sn-{i}" for i in range(len(curves))], dtype=object)
    return RaggedLightCurves.from_points(names, place, phase, -18 + 0.01 * phase, band)


def test_a_dense_light_curve_is_thinned_and_said():
    rng = np.random.default_rng(0)
    short = (rng.uniform(-20, 60, 30), rng.integers(0, 6, 30))
    dense = (np.linspace(-15, 30, 20_000), np.arange(20_000) % 2)
    curves = made_of(short, dense, short)
    with pytest.warns(UserWarning) as caught:
        thinned = thin("t", curves)
    said = "t: more than 1,000 points: 1 objects thinned to these, evenly in time, first 'sn-1'"
    assert [str(one.message) for one in caught] == [said]
    assert 0.97 * MOST_POINTS < thinned.n_points[1] <= MOST_POINTS
    given = set(zip(curves.phase_days, curves.magnitude, curves.band, strict=True))
    assert set(zip(thinned.phase_days, thinned.magnitude, thinned.band, strict=True)) <= given
    for i in (0, 2):
        for name, values in vars(curves.padded([i])).items():
            np.testing.assert_array_equal(vars(thinned.padded([i]))[name], values)
    own = slice(*thinned.start[1:3])
    for band in (0, 1):
        phase = thinned.phase_days[own][thinned.band[own] == band]
        assert np.diff(phase).max() < 1.1 * 45 / (MOST_POINTS / 2) + 0.005
        assert phase[0] < -14.99 and phase[-1] > 29.8


def test_what_is_rare_is_kept():
    """A night of ten thousand points, beside points of other nights and one in another band."""
    night = (np.linspace(0, 0.3, 10_000), np.full(10_000, 2))
    others = (np.arange(-19.5, 60), np.full(80, 2))
    one = (np.array([0.1]), np.array([4]))
    curves = made_of(tuple(np.concatenate(values) for values in zip(night, others, one, strict=True)))
    with pytest.warns(UserWarning):
        thinned = thin("t", curves)
    assert set(others[0]) <= set(thinned.phase_days) and 4 in thinned.band
    assert 900 < thinned.n_points[0] <= MOST_POINTS


@pytest.mark.parametrize("n_points", [1, MOST_POINTS])
def test_up_to_the_limit_nothing_happens(n_points):
    curves = made_of((np.linspace(0, 50, n_points), np.zeros(n_points, int)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert thin("t", curves) is curves


def test_points_at_one_time_are_thinned_too():
    curves = made_of((np.zeros(5000), np.arange(5000) % 6))
    with pytest.warns(UserWarning):
        assert thin("t", curves).n_points.tolist() == [6]
