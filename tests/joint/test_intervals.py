"""Intervals that are scaled on other folds cover what they say, whatever the model says of itself."""

from dataclasses import replace

import numpy as np
import pytest

from snlib.joint import HeldOut, cross_recalibrated
from snlib.joint.intervals import scale_of
from snlib.observed import read_observed
from tests.observed.small_table import write_table

RNG = np.random.default_rng(2)


@pytest.fixture
def many(tmp_path):
    """200 supernovae with one to five spectra each, of 60 judged pixels, in five folds."""
    small = read_observed(write_table(tmp_path / "observed.npz"))
    of_object = np.repeat(np.arange(200), RNG.integers(1, 6, 200))
    n = len(of_object)
    return replace(
        small,
        fold=np.arange(200) % 5,
        object_id=np.array([f"SN {i}" for i in range(200)]),
        spectrum_object=of_object,
        spectrum_phase_days=RNG.uniform(-10, 30, n),
        wavelength_aa=np.linspace(3600, 7900, 60),
        log10_fnu=np.zeros((n, 60)),
    )


@pytest.mark.parametrize("coverage", [0.68, 0.9])
def test_errors_that_grow_with_phase_are_covered_at_each(many, coverage):
    """A model that says .05 dex everywhere and errs by .02 dex before peak and by .1 dex later."""
    phase = many.spectrum_phase_days
    error = np.interp(phase, [0, 15], [0.02, 0.1])
    wrong = error[:, None] * RNG.standard_normal(many.log10_fnu.shape)
    half = cross_recalibrated(HeldOut(wrong, np.full_like(wrong, 0.05)), many, coverage)
    inside = np.abs(wrong) <= half
    for first, last in ((-10, -4), (3, 12), (18, 30)):
        there = (phase >= first) & (phase < last)
        assert inside[there].mean() == pytest.approx(coverage, abs=0.04), (first, last)
    assert half[phase < 0].mean() < 0.6 * half[phase > 20].mean()


def test_what_was_observed_of_a_fold_does_not_decide_its_intervals(many):
    held_out = HeldOut(RNG.normal(0, 0.1, many.log10_fnu.shape), np.full(many.log10_fnu.shape, 0.05))
    own = many.fold[many.spectrum_object] == 2
    spectra = many.log10_fnu.copy()
    spectra[own] += 5.0
    before, after = (
        cross_recalibrated(held_out, one, 0.9) for one in (many, replace(many, log10_fnu=spectra))
    )
    np.testing.assert_array_equal(before[own], after[own])
    assert (after[~own] > before[~own]).all()


def test_a_supernova_with_many_spectra_does_not_rule():
    """One with 30 spectra that are all missed by 9 deviations, and 30 with one that is missed by 1."""
    away = np.repeat([9.0, 1.0], 30)[:, None] * np.ones(10)
    supernova = np.concatenate([np.zeros(30, int), np.arange(1, 31)])
    assert scale_of(away, supernova, np.zeros(60), 0.0, 0.8) == 1.0
