"""Odd light curves: what is made wrong, and that nothing else is."""

import numpy as np
import pytest

from snlib.data.events import LightCurves
from snlib.evaluation.odd_light_curves import KINDS, odd
from snlib.evaluation.thinning import thinned

SEED, N, SLOTS = 3, 40, 30


@pytest.fixture(scope="module")
def curves():
    """Far from the limits of phase and magnitude, so that no point is lost."""
    rng = np.random.default_rng(0)
    magnitude = rng.normal(-18, 0.5, (N, SLOTS))
    magnitude[rng.random(magnitude.shape) < 0.2] = np.nan
    return LightCurves(rng.uniform(-14, 40, (N, SLOTS)), magnitude, rng.integers(0, 6, (N, SLOTS)))


def changes(kind, curves):
    """How phases, magnitudes and bands of all points differ from those before."""
    made, seen = odd(kind, curves, SEED), curves.observed
    np.testing.assert_array_equal(made.observed, seen)
    return (made.phase_days - curves.phase_days)[seen], (made.magnitude - curves.magnitude)[seen], made.band


def test_simulated_ones_stay_as_they_are(curves):
    phase, magnitude, band = changes("simulated", curves)
    assert not phase.any() and not magnitude.any()
    np.testing.assert_array_equal(band[curves.observed], curves.band[curves.observed])


@pytest.mark.parametrize(
    "kind, days",
    [("phases from explosion", [18]), ("peak wrong by 5 d", [-5, 5]), ("peak wrong by 3 d", [-3, 3])],
)
def test_phases_move_together(curves, kind, days):
    phase, magnitude, band = changes(kind, curves)
    assert sorted({round(float(value), 6) for value in phase}) == days
    assert not magnitude.any() and (band == curves.band)[curves.observed].all()
    owner = np.nonzero(curves.observed)[0]
    assert all(np.ptp(phase[owner == i]) < 1e-9 for i in range(N))


@pytest.mark.parametrize("kind, mag", [("off by 1 mag", [-1, 1]), ("off by 0.5 mag", [-0.5, 0.5])])
def test_magnitudes_move_together(curves, kind, mag):
    phase, magnitude, band = changes(kind, curves)
    assert sorted({round(float(value), 6) for value in magnitude}) == mag
    assert not phase.any() and (band == curves.band)[curves.observed].all()
    owner = np.nonzero(curves.observed)[0]
    assert all(np.ptp(magnitude[owner == i]) < 1e-9 for i in range(N))


def test_noise_has_its_size_and_is_of_each_point_alone(curves):
    phase, magnitude, _ = changes("noise of 0.05 mag", curves)
    assert not phase.any()
    n = len(magnitude)
    assert abs(magnitude.std() - 0.05) < 4 * 0.05 / np.sqrt(2 * n)
    assert abs(magnitude.mean()) < 4 * 0.05 / np.sqrt(n) and len(np.unique(magnitude)) == n


def test_shuffled_magnitudes_are_the_same_in_another_order(curves):
    made = odd("shuffled magnitudes", curves, SEED)
    np.testing.assert_array_equal(made.observed, curves.observed)
    for before, after in zip(curves.magnitude, made.magnitude, strict=True):
        np.testing.assert_array_equal(np.sort(before), np.sort(after))
        assert np.nanmean(before != after) > 0.5
    np.testing.assert_array_equal(made.phase_days[made.observed], curves.phase_days[made.observed])


def test_only_g_and_i_are_swapped(curves):
    phase, magnitude, band = changes("g and i swapped", curves)
    assert not phase.any() and not magnitude.any()
    swap = np.array([0, 3, 2, 1, 4, 5])  # u g r i z y
    np.testing.assert_array_equal(band[curves.observed], swap[curves.band[curves.observed]])


def grid(band):
    """A hundred light curves of one band, daily from -15 to 60 days."""
    phase = np.tile(np.arange(-15.0, 61), (100, 1))
    return LightCurves(phase, np.full(phase.shape, -18.0), np.full(phase.shape, "ugrizy".index(band)))


def magnitude(kind, band, day):
    return odd(kind, grid(band), SEED).magnitude[:, int(day) + 15]


def test_a_plateau_stays_in_the_red_and_fades_in_the_blue():
    for band, fading in (("u", 2.4), ("g", 0.88), ("r", 0.2), ("y", 0.0)):
        np.testing.assert_allclose(
            magnitude("plateau (IIP)", band, 45) - magnitude("plateau (IIP)", band, 5), fading, atol=1e-9
        )
    peak = magnitude("plateau (IIP)", "r", 0)
    assert abs(peak.mean() + 17) < 4 * 0.5 / 10 and abs(peak.std() - 0.5) < 4 * 0.5 / np.sqrt(200)
    assert (magnitude("plateau (IIP)", "r", -15) > peak + 1).all()


def test_a_1991bg_like_one_is_faint_red_and_fast():
    kind = "1991bg-like"
    g, r = magnitude(kind, "g", 0), magnitude(kind, "r", 0)
    np.testing.assert_allclose(magnitude(kind, "g", 15) - g, 1.8)  # in 15 days; 1.1 is normal
    np.testing.assert_allclose(magnitude(kind, "g", 40) - magnitude(kind, "g", 15), 25 * 0.04)
    np.testing.assert_allclose(g - r, 0.6)
    assert abs(g.mean() + 16.8) < 4 * 0.3 / 10
    assert (np.diff([magnitude(kind, "i", day) for day in range(0, 61, 5)], axis=0) > 0).all()


def test_what_no_table_would_pass_is_left_out():
    phase = np.array([[-20.0, -16.0, 41.9, 42.1, 60.0, 0.0]])
    magnitudes = np.array([[-18.0, -18, -18, -18, -18, -12.4]])
    curves = LightCurves(phase, magnitudes, np.ones((1, 6), int))
    assert odd("phases from explosion", curves, SEED).observed.tolist() == [
        [True, True, True, False, False, True]
    ]
    seen = {
        name: [odd(name, curves, seed) for seed in range(12)]
        for name in ("peak wrong by 5 d", "off by 1 mag")
    }
    for made in seen["peak wrong by 5 d"]:
        later = np.nanmax(made.phase_days) == 65
        assert made.observed.tolist() == [[later, later, True, True, not later, True]]
    for made in seen["off by 1 mag"]:
        assert made.observed.tolist() == [[True] * 5 + [made.magnitude[0, 0] == -19]]
    assert len({made.observed[0, 5] for made in seen["off by 1 mag"]}) == 2
    assert len({made.observed[0, 0] for made in seen["peak wrong by 5 d"]}) == 2


@pytest.mark.parametrize("kind", KINDS)
def test_each_is_made_in_its_own_way_whatever_the_others_are(curves, kind):
    made, few = odd(kind, curves, SEED), odd(kind, curves.select(slice(0, 3)), SEED)
    for values, same in zip(vars(made).values(), vars(few).values(), strict=True):
        np.testing.assert_array_equal(values[:3], same)
    assert not odd(kind, thinned(curves, 0, SEED), SEED).observed.any()


def test_another_seed_makes_others(curves):
    for kind in ("shuffled magnitudes", "noise of 0.05 mag", "plateau (IIP)", "1991bg-like"):
        first, second = (odd(kind, curves, seed).magnitude for seed in (SEED, SEED + 1))
        assert (first != second)[curves.observed].mean() > 0.9
