"""Spectra from a few points: what SALT3 with priors says, and which points are left."""

import numpy as np
import pytest

from snlib.observed import Salt3, read_observed
from snlib.replication.joint_few import EARLY, FEW, WHOLE, few_points_table, most_probable_spectra
from snlib.replication.joint_scores import JOINT_NAME
from tests.joint.small_model import small_model
from tests.joint.test_simulate import Surfaces
from tests.observed.small_table import N_OBJECTS, write_table


@pytest.fixture(scope="module")
def salt():
    return Salt3(Surfaces())


def observed(tmp_path, magnitude_of, **changed):
    """Six supernovae with points in five bands each five days."""
    days = np.arange(-10.0, 40.0, 5.0, dtype=np.float32)
    rows = [(i, t, b) for i in range(N_OBJECTS) for t in days for b in "ugriz"]
    place, phase, band = (np.array(column) for column in zip(*rows, strict=True))
    given = {
        "lc_object": place.astype(np.int16),
        "lc_phase_days": phase.astype(np.float32),
        "lc_band": band,
        "lc_magnitude": magnitude_of(place, phase).astype(np.float32),
        "lc_magnitude_error": np.full(len(place), 0.02, np.float32),
    }
    return read_observed(write_table(tmp_path / "observed.npz", **(given | changed)))


def test_many_points_overrule_the_priors(tmp_path, salt):
    level = np.linspace(-19.5, -18.7, N_OBJECTS)
    given = observed(tmp_path, lambda place, phase: level[place] + 0.03 * phase)
    found = -2.5 * most_probable_spectra(salt, given) - 48.6
    expected = level[given.spectrum_object] + 0.03 * given.spectrum_phase_days
    np.testing.assert_allclose(found.mean(1), expected, atol=0.01)


def test_one_point_and_the_prior_share_what_is_said(tmp_path, salt):
    """Of a grey surface: the prior of brightness, of stretch and of colour against one point, by hand."""
    days = np.full(N_OBJECTS, 0.0, np.float32)
    one = {
        "lc_object": np.arange(N_OBJECTS, dtype=np.int16),
        "lc_phase_days": days,
        "lc_band": np.full(N_OBJECTS, "r"),
        "lc_magnitude": np.full(N_OBJECTS, -20.0, np.float32),
        "lc_magnitude_error": np.full(N_OBJECTS, 0.02, np.float32),
    }
    given = observed(tmp_path, lambda place, phase: phase, **one)
    # M = bright + 10.5 + c - 2.5 log10(1 + .05 x1); bright about -29.6 - .14 x1 + 3.1 c, so that
    # c pulls M by 4.1 a magnitude, and x1 by -.14 - .054
    middle = -19.1 + 4.1 * 0.02 - (0.14 + 0.054) * -0.1
    variance = 0.25**2 + (4.1 * 0.11) ** 2 + (0.194 * 1.1) ** 2
    expected = middle + (-20.0 - middle) * variance / (variance + 0.042**2)
    at_peak = given.spectrum_phase_days == 0
    found = (-2.5 * most_probable_spectra(salt, given) - 48.6).mean(1)[at_peak]
    np.testing.assert_allclose(found, expected, atol=0.02)


def test_each_row_says_from_which_points(tmp_path, salt):
    given = observed(tmp_path, lambda place, phase: -19 + 0.03 * phase)
    table = few_points_table(given, [small_model(carries=True)] * 3, salt)
    assert table.groupby("points").size().to_dict() == {WHOLE: 24, FEW: 24, EARLY: 24}
    mine = table[table["method"] == JOINT_NAME].set_index("points")["raw_dex"]
    assert len({tuple(mine[name]) for name in (WHOLE, FEW, EARLY)}) == 3
    again = few_points_table(given, [small_model(carries=True)] * 3, salt)
    np.testing.assert_array_equal(table["raw_dex"], again["raw_dex"])


def test_supernovae_without_enough_points_are_left_out(tmp_path, salt):
    given = observed(tmp_path, lambda place, phase: -19 + 0.03 * phase)
    curves = given.light_curves
    later = type(given)(**vars(given) | {"light_curves": curves.only(curves.phase_days > -7)})
    table = few_points_table(later, [small_model(carries=True)] * 3, salt)
    assert set(table["points"]) == {WHOLE, FEW}
