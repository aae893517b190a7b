"""Supernovae as SALT3 knows them, where surfaces of known magnitudes stand for SALT3's."""

import numpy as np
import pytest

from snlib.data.quantities import LIGHT_AA_PER_S
from snlib.joint import MeanSupernova, simulate_salt
from snlib.observed import Salt3, read_observed
from tests.observed.small_table import write_table


class Surfaces:
    """Of AB magnitude 10.5 + 0.03 t + c at every wavelength, and 5 % brighter for each unit of x1."""

    def __init__(self):
        self.x1 = self.c = 0.0

    def set(self, x0=1.0, x1=None, c=None):
        self.x1, self.c = (old if new is None else new for old, new in ((self.x1, x1), (self.c, c)))

    def minwave(self):
        return 2000.0

    def maxwave(self):
        return 12000.0

    def flux(self, phase, wavelength):
        magnitude = 10.5 + 0.03 * np.asarray(phase)[:, None] + self.c
        fnu = 10 ** (-0.4 * (magnitude + 48.6)) * (1 + 0.05 * self.x1)
        return fnu * LIGHT_AA_PER_S / np.asarray(wavelength) ** 2


@pytest.fixture
def cadences(tmp_path):
    return read_observed(write_table(tmp_path / "observed.npz"))


def test_the_mean_supernova_has_the_magnitudes_of_salt(cadences):
    mean = MeanSupernova.from_salt(Salt3(Surfaces()), cadences.wavelength_aa)
    at, band = np.array([-5.0, 0.0, 12.5]), np.array([0, 3, 5])
    expected = -19.1 + 0.03 * at
    np.testing.assert_allclose(mean.magnitudes_at(at, band), expected, atol=2e-3)
    np.testing.assert_allclose(-2.5 * mean.spectra_at(at)[:, 50] - 48.6, expected, atol=2e-3)


def test_simulated_supernovae_are_as_they_were_drawn(cadences, monkeypatch):
    """Without noise and scatter, light curves and spectra have the magnitudes that were drawn."""
    for name in ("_PIXEL_DEX", "_MAG", "_SCATTER_DEX"):
        monkeypatch.setattr(f"snlib.joint.simulate.{name}", 0.0)
    made = simulate_salt(Salt3(Surfaces()), cadences, 40, seed=4)
    spectra = -2.5 * made.log10_fnu - 48.6 - 0.03 * made.spectrum_phase_days[:, None]
    assert np.nanmax(np.nanstd(spectra, axis=1)) < 2e-3
    level = np.nanmean(spectra, axis=1).reshape(40, 4)
    np.testing.assert_allclose(level, level[:, :1] * np.ones(4), atol=2e-3)
    curves = made.light_curves.padded(np.arange(40))
    of_points = curves.magnitude - 0.03 * curves.phase_days
    np.testing.assert_allclose(np.nanmean(of_points, axis=1), level[:, 0], atol=5e-3)
    # Tripp: brightness in B less what stretch and colour explain scatters by .15 mag
    peak_b = level[:, 0] + 2.5 * np.log10(1 + 0.05 * made.x1) - made.c
    left = peak_b + 19.1 + 0.14 * made.x1 - 3.1 * made.c
    assert abs(left.mean()) < 0.08 and 0.1 < left.std() < 0.2


def test_simulated_light_curves_have_the_bands_of_observed_ones(cadences):
    made = simulate_salt(Salt3(Surfaces()), cadences, 5, seed=1)
    known = cadences.light_curves.padded(np.arange(6))
    rows = {tuple(np.sort(band[seen])) for band, seen in zip(known.band, known.observed, strict=True)}
    curves = made.light_curves.padded(np.arange(5))
    for band, seen in zip(curves.band, curves.observed, strict=True):
        assert tuple(np.sort(band[seen])) in rows


def test_a_supernova_is_the_same_among_few_and_many(cadences):
    few, many = (simulate_salt(Salt3(Surfaces()), cadences, n, seed=2) for n in (3, 6))
    np.testing.assert_array_equal(few.log10_fnu, many.log10_fnu[:12])
    np.testing.assert_array_equal(few.x1, many.x1[:3])
