"""Filters by their many names, and magnitudes through them against speclite's."""

import numpy as np
import pytest
from speclite.filters import load_filter

from snlib.observed import find_passband
from snlib.observed.passbands import ab_magnitudes
from tests.observed.invented_supernova import LIGHT_AA_PER_S, WAVELENGTH_AA, log10_fnu

NAMES = {
    "lsst2016-g": ("g", "lsstg", "LSST-g", "lsst2016-g", "g_57"),
    "lsst2023-u": ("lsst2023-u",),
    "sdss2010-r": ("sdss2010-r", "sdssr", "SDSS r", "sdss::r"),
    "bessell-V": ("bessell-V", "bessellv", "Bessell V"),
    "panstarrs-i": ("PS1-i", "ps1::i", "panstarrs-i", "Pan-STARRS i"),
    "decam2014-Y": ("DES-Y", "decamY", "decam2014-Y"),
    "twomass-J": ("twomass-J",),
    "ztf-g": ("ztfg", "ZTF_g", "ztf::g", "zg"),
    "ztf-r": ("ztfr", "zr"),
}


@pytest.mark.parametrize("name, written", [(name, one) for name, many in NAMES.items() for one in many])
def test_a_filter_has_many_names(name, written):
    assert find_passband(written).name == name


def test_the_curves_are_speclites():
    curve, found = load_filter("sdss2010-i"), find_passband("sdss i")
    np.testing.assert_array_equal(found.wavelength_aa, curve.wavelength)
    np.testing.assert_array_equal(found.transmission, curve.response)


OTHERS = ("", "clear", "ztfi", "Palomar-x", "no-such", "../a-b.ecsv", "u2", "ps1q", "7")
LETTERS = {"V": "bessell-V", "R": "bessell-R", "g'": "sdss2010-g", "Y": "decam2014-Y"}


@pytest.mark.parametrize("name", OTHERS)
def test_other_names_mean_no_filter(name):
    assert find_passband(name) is None


@pytest.mark.parametrize("name, hint", LETTERS.items())
def test_a_letter_alone_does_not_name_a_system(name, hint):
    with pytest.raises(ValueError, match=f"{name!r} alone names no system, .*{hint}"):
        find_passband(name)


@pytest.mark.parametrize("name", ["lsst2016-u", "sdss2010-g", "bessell-V", "decam2014-z", "panstarrs-r"])
def test_magnitudes_are_those_of_speclite(name):
    f_lambda = 10 ** log10_fnu([0.0, 20.0], WAVELENGTH_AA) / WAVELENGTH_AA**2
    expected = load_filter(name).get_ab_magnitude(f_lambda, WAVELENGTH_AA)
    magnitudes = ab_magnitudes(WAVELENGTH_AA, f_lambda, find_passband(name))
    np.testing.assert_allclose(magnitudes, expected, atol=1e-3)


def test_the_filters_of_ztf_let_through_what_lies_between_their_edges():
    flat = LIGHT_AA_PER_S / WAVELENGTH_AA**2  # of magnitude -48.6 at all wavelengths
    blue = np.where(WAVELENGTH_AA < 5560, flat, 0.01 * flat)
    for name, spectrum in {"ztf-g": blue, "ztf-r": flat - 0.999 * blue}.items():
        (magnitude,) = ab_magnitudes(WAVELENGTH_AA, spectrum[None], find_passband(name))
        expected = {"ztf-g": -48.6, "ztf-r": -48.6 - 2.5 * np.log10(1 - 0.00999)}[name]
        assert magnitude == pytest.approx(expected, abs=2e-3)


def test_a_spectrum_that_ends_within_a_filter_has_no_magnitude_through_it():
    f_lambda = np.where(WAVELENGTH_AA < 6000, 1e-15, 0.0)
    seen, cut = (ab_magnitudes(WAVELENGTH_AA, f_lambda[None], find_passband(band)) for band in "gr")
    assert np.isfinite(seen).all() and np.isnan(cut).all()
