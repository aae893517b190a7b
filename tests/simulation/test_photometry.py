"""AB magnitudes through the LSST filters."""

import astropy.units as u
import numpy as np
import pytest
from astropy.constants import c, h, k_B
from speclite.filters import load_filter, load_filters

from snlib.data.quantities import BANDS, SURFACE_WAVELENGTH_AA
from snlib.simulation.grid import draw_parameters
from snlib.simulation.photometry import band_magnitudes
from snlib.simulation.surrogate import Surrogate

WAVELENGTH_AA = np.geomspace(2500.0, 11000.0, 1482)  # steps of .1 %, like the grid's
MMAG = 1e-3


def black_body(wavelength_aa, temperature_k=12000.0, radius_cm=1e15):
    """F_nu at 10 pc, erg/s/cm^2/Hz."""
    nu = (c / (wavelength_aa * u.AA)).to(u.Hz)
    b_nu = 2 * h * nu**3 / c**2 / np.expm1((h * nu / (k_B * temperature_k * u.K)).to_value(""))
    dilution = (radius_cm * u.cm / (10 * u.pc)).to_value("") ** 2
    return np.pi * dilution * b_nu.to_value(u.erg / u.s / u.cm**2 / u.Hz)


@pytest.mark.parametrize("step_aa", [2.0, 10.0, 30.0])
def test_flat_fnu_has_its_ab_magnitude_in_every_band(step_aa):
    wavelength_aa = np.arange(2500.0, 11031.0, step_aa)
    log10_fnu = np.full(len(wavelength_aa), -0.4 * (48.6 - 19.0))
    np.testing.assert_allclose(band_magnitudes(wavelength_aa, log10_fnu), -19.0, rtol=0, atol=MMAG)


def test_black_body_agrees_with_speclite():
    fnu = black_body(WAVELENGTH_AA)
    flambda = (fnu * u.erg / u.s / u.cm**2 / u.Hz).to(
        u.erg / u.s / u.cm**2 / u.AA, u.spectral_density(WAVELENGTH_AA * u.AA)
    )
    filters = load_filters(*[f"lsst2016-{band}" for band in BANDS])
    expected = list(filters.get_ab_magnitudes(flambda, WAVELENGTH_AA * u.AA)[0].values())
    np.testing.assert_allclose(band_magnitudes(WAVELENGTH_AA, np.log10(fnu)), expected, rtol=0, atol=MMAG)


def test_black_body_agrees_with_its_integral_in_astropy_units():
    expected = []
    for band in BANDS:
        curve = load_filter(f"lsst2016-{band}")
        fnu = black_body(curve.wavelength) * u.erg / u.s / u.cm**2 / u.Hz
        wavelength, photons = curve.wavelength * u.AA, curve.response / (curve.wavelength * u.AA)
        mean = np.trapezoid(photons * fnu, wavelength) / np.trapezoid(photons, wavelength)
        expected.append(mean.to_value(u.ABmag))
    found = band_magnitudes(WAVELENGTH_AA, np.log10(black_body(WAVELENGTH_AA)))
    np.testing.assert_allclose(found, expected, rtol=0, atol=MMAG)


def test_supernovae_agree_with_a_count_of_photons():
    """Photons counted at every Angstrom, against those of a source of 3631 Jy."""
    phase_days, fine_aa = np.arange(-12.0, 61.0, 4.0), np.arange(3000.0, 11001.0)
    parameters = np.array([draw_parameters(np.random.default_rng(seed)) for seed in range(20)])
    surrogate = Surrogate.load()
    fnu = 10 ** surrogate.log10_fnu(parameters, phase_days, fine_aa)
    expected = []
    for band in BANDS:
        curve = load_filter(f"lsst2016-{band}")
        response = np.interp(fine_aa, curve.wavelength, curve.response, left=0, right=0)
        counted, reference = (fnu * response / fine_aa).sum(-1), (3631e-23 * response / fine_aa).sum()
        expected.append(-2.5 * np.log10(counted / reference))
    surfaces = surrogate.log10_fnu(parameters, phase_days, SURFACE_WAVELENGTH_AA)
    found = band_magnitudes(SURFACE_WAVELENGTH_AA, surfaces)
    np.testing.assert_allclose(found, np.stack(expected, axis=-1), rtol=0, atol=MMAG)


def test_ten_times_the_flux_is_two_and_a_half_magnitudes_brighter():
    log10_fnu = np.log10(black_body(WAVELENGTH_AA)) + np.array([[[0.0], [1.0]]])
    magnitudes = band_magnitudes(WAVELENGTH_AA, log10_fnu)
    assert magnitudes.shape == (1, 2, 6)
    np.testing.assert_allclose(magnitudes[0, 0] - magnitudes[0, 1], 2.5, atol=1e-9)


def test_no_flux_is_not_observed():
    log10_fnu = np.full((2, len(WAVELENGTH_AA)), -8.0)
    log10_fnu[0, WAVELENGTH_AA < 4200] = -np.inf  # all of u, a part of g
    log10_fnu[1] = -np.inf
    assert np.isnan(band_magnitudes(WAVELENGTH_AA, log10_fnu)).tolist() == [[True] + [False] * 5, [True] * 6]


def test_unknown_flux_outside_a_filter_does_not_matter():
    log10_fnu = np.log10(black_body(WAVELENGTH_AA))
    whole = band_magnitudes(WAVELENGTH_AA, log10_fnu)
    log10_fnu[WAVELENGTH_AA < 4200] = np.nan
    magnitudes = band_magnitudes(WAVELENGTH_AA, log10_fnu)
    assert np.isnan(magnitudes[:2]).all()
    np.testing.assert_array_equal(magnitudes[2:], whole[2:])


@pytest.mark.parametrize(("span_aa", "band"), [((3200, 11000), "u"), ((3000, 10500), "y")])
def test_uncovered_filter_is_named(span_aa, band):
    wavelength_aa = np.linspace(*span_aa, 900)
    with pytest.raises(ValueError, match=f"lsst2016-{band}"):
        band_magnitudes(wavelength_aa, np.zeros(900))


def test_spectra_of_another_length_are_refused():
    with pytest.raises(ValueError, match="log10_fnu"):
        band_magnitudes(WAVELENGTH_AA, np.zeros((3, 5)))
