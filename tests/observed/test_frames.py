"""Redshift and distance: no light is lost on the way but what the distance takes."""

import numpy as np
import pytest

from snlib.observed import distance_modulus_at, observer_frame
from tests.observed.invented_supernova import LIGHT_AA_PER_S, WAVELENGTH_AA, apparent_magnitudes, log10_fnu


@pytest.mark.parametrize("redshift", [0.0, 0.02, 0.5])
def test_the_flux_of_all_wavelengths_is_fainter_by_the_distance_modulus(redshift):
    spectra = log10_fnu([0.0, 20.0], WAVELENGTH_AA)
    observed_aa, f_lambda = observer_frame(WAVELENGTH_AA, spectra, redshift, 35.0)
    frequency = LIGHT_AA_PER_S / WAVELENGTH_AA
    at_ten_parsecs = -np.trapezoid(10**spectra, frequency)
    seen = np.trapezoid(f_lambda, observed_aa)
    np.testing.assert_allclose(-2.5 * np.log10(seen / at_ten_parsecs), 35.0, atol=1e-4)
    np.testing.assert_allclose(observed_aa / WAVELENGTH_AA, 1 + redshift)


def test_reddening_is_taken_where_the_dust_is():
    """Not at the wavelengths that the light had at rest."""
    pytest.importorskip("dust_extinction", reason="dust_extinction is not installed")
    law = pytest.importorskip("extinction", reason="extinction is not installed")
    wavelength = np.linspace(3000.0, 8000.0, 50)
    (observed_aa, clean), (_, dusty) = (
        observer_frame(wavelength, np.full(50, -12.0), 0.1, 36.0, ebv_mw) for ebv_mw in (0.0, 0.2)
    )
    taken = -2.5 * np.log10(dusty / clean)
    np.testing.assert_allclose(taken, law.fitzpatrick99(observed_aa, 3.1 * 0.2, 3.1), rtol=0.01)


@pytest.mark.parametrize("redshift", [0.005, 0.02, 0.05])
def test_near_distances_follow_the_law_of_hubble(redshift):
    """To second order, with 67.66 km/s/Mpc and a matter density of 0.311 in flat space."""
    slowing = 1.5 * 0.311 - 1
    megaparsecs = 299792.458 / 67.66 * redshift * (1 + (1 - slowing) * redshift / 2)
    assert distance_modulus_at(redshift) == pytest.approx(5 * np.log10(megaparsecs) + 25, abs=3e-3)


def test_what_is_seen_is_what_synthetic_photometry_sees():
    from speclite.filters import load_filter

    filters, phases = ("sdss2010-g", "bessell-R"), [0.0, 12.0]
    expected = apparent_magnitudes(phases, filters, 0.04, 36.2)
    observed_aa, f_lambda = observer_frame(WAVELENGTH_AA, log10_fnu(phases, WAVELENGTH_AA), 0.04, 36.2)
    seen = [load_filter(name).get_ab_magnitude(f_lambda, observed_aa) for name in filters]
    np.testing.assert_allclose(np.transpose(seen), expected, atol=1e-6)
