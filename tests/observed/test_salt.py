"""The brightness of a fitted SALT3 model, with a surface of known magnitudes and with SALT3 itself."""

import os

import numpy as np
import pytest

from snlib.data.quantities import BANDS, LIGHT_AA_PER_S, SURFACE_WAVELENGTH_AA
from snlib.observed import Salt3, find_passband, fitted_spectra, read_observed, warped_spectra
from snlib.simulation import band_magnitudes
from tests.observed.small_table import write_table

SURFACES = os.environ.get("SNLIB_SALT3", "")


class FlatSurface:
    """Of AB magnitude 0.1 t + c at all wavelengths; x1 does nothing."""

    def set(self, x0=1.0, x1=0.0, c=None):
        self.c = self.c if c is None else c

    c = 0.0

    def minwave(self):
        return 2000.0

    def maxwave(self):
        return 12000.0

    def flux(self, phase, wavelength):
        fnu = 10 ** (-0.4 * (0.1 * np.asarray(phase)[:, None] + self.c + 48.6))
        return fnu * LIGHT_AA_PER_S / np.asarray(wavelength) ** 2


def test_the_brightness_is_that_of_the_light_curve():
    phase, band = np.array([-5.0, 0.0, 10.0, 20.0]), np.array([0, 1, 2, 4])
    magnitude = -19.3 + 0.1 * phase + 0.2
    assert Salt3(FlatSurface()).brightness(0.5, 0.2, phase, magnitude, band) == pytest.approx(-19.3, abs=2e-3)


def test_fitted_spectra_have_the_magnitudes_of_the_light_curves(tmp_path):
    """Whatever the level of the spectra that were observed."""
    phase = np.tile(np.arange(-10.0, 40.0, 5.0, dtype=np.float32), 6)
    level = np.repeat(np.arange(6) / 10 - 19.5, 10)
    colour = np.repeat(np.linspace(-0.1, 0.1, 6), 10)
    magnitude = (level + 0.1 * phase + colour).astype(np.float32)
    observed = read_observed(write_table(tmp_path / "o.npz", lc_phase_days=phase, lc_magnitude=magnitude))
    spectra, peak = fitted_spectra(Salt3(FlatSurface()), observed)
    expected = level[::10] + colour[::10]
    np.testing.assert_allclose(peak, expected, atol=3e-3)
    by_object = (-2.5 * spectra - 48.6).mean(1).reshape(6, 2)
    np.testing.assert_allclose(by_object, expected[:, None] + [0.0, 2.0], atol=3e-3)


def test_without_sncosmo_the_error_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setitem(__import__("sys").modules, "sncosmo", None)
    with pytest.raises(ModuleNotFoundError, match=r"snlib\[observed\]"):
        Salt3.load(tmp_path)


@pytest.fixture
def salt():
    pytest.importorskip("sncosmo")
    if not SURFACES:
        pytest.skip("SNLIB_SALT3 names no folder with the surfaces of SALT3")
    return Salt3.load(SURFACES)


def test_a_typical_supernova_of_salt3_looks_like_one(salt):
    """B - V about zero at peak, M_B = -2.5 log10 x0 + 10.5, fainter after 15 days by about 1.1 mag in B."""
    spectra = salt.log10_fnu(0.0, 0.0, np.array([0.0, 15.0]), SURFACE_WAVELENGTH_AA)
    g, r = (band_magnitudes(SURFACE_WAVELENGTH_AA, spectra)[:, BANDS.index(b)] for b in "gr")
    assert g[0] == pytest.approx(10.5, abs=0.15)
    assert abs(g[0] - r[0]) < 0.25 and 0.5 < g[1] - g[0] < 1.2


def test_redder_supernovae_of_salt3_are_redder(salt):
    blue, red = (salt.log10_fnu(0.0, c, np.zeros(1), np.array([4400.0, 5500.0]))[0] for c in (-0.1, 0.2))
    assert 2.5 * ((red - blue)[1] - (red - blue)[0]) == pytest.approx(0.3, abs=0.03)  # c is B - V


def test_warped_spectra_have_the_magnitudes_of_each_night(tmp_path):
    """Bands that are brighter than the model by other amounts, from 10 d on by more."""
    band = np.tile(np.array(list("ugriz")), 12)
    phase = np.tile(np.repeat(np.array([0.0, 20.0], np.float32), 5), 6)
    excess = np.tile(np.array([0.3, 0.0, -0.1, 0.1, 0.2]), 12) * np.where(phase > 10, 2, 1)
    colour = np.repeat(np.linspace(-0.1, 0.1, 6), 10)
    magnitude = (-19 + 0.1 * phase + colour + excess).astype(np.float32)
    given = {"lc_band": band, "lc_phase_days": phase, "lc_magnitude": magnitude}
    observed = read_observed(write_table(tmp_path / "o.npz", **given))
    salt = Salt3(FlatSurface())
    change = warped_spectra(salt, observed) - fitted_spectra(salt, observed)[0]
    centres = [find_passband(name).effective_wavelength_aa for name in "gri"]
    found = -2.5 * np.array([np.interp(centres, observed.wavelength_aa, one) for one in change])
    offset = salt.brightness(0.0, 0.0, *(phase[:10], magnitude[:10] - colour[0]), np.tile(np.arange(5), 2))
    expected = np.array([[0.0, -0.1, 0.1], [0.0, -0.2, 0.2]]) - (offset + 19)
    # half a point of its own weight pulls each towards the model
    np.testing.assert_allclose(found, np.tile(expected / 1.5, (6, 1)), atol=0.01)
