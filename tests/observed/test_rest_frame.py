"""Light curves of a known spectrum, seen from afar by speclite, have the magnitudes that it has at rest."""

import numpy as np
import pytest

from snlib.data.quantities import BANDS
from snlib.observed import find_passband
from snlib.observed.rest_frame import View, flat_spectrum, lsst_band_near, rest_frame_points
from tests.observed.invented_supernova import absolute_magnitudes, apparent_magnitudes, log10_fnu

PHASES = np.array([-8.0, 0.0, 10.0, 25.0])


def brought(filters, redshift, spectrum, ebv_mw=0.0, extinction_mag=0.0):
    """All filters in each night: points in the rest frame, and the direct magnitudes beside them."""
    view = View(redshift, 36.5, ebv_mw, 55_000.0)
    magnitude = apparent_magnitudes(PHASES, filters, redshift, 36.5, extinction_mag)
    mjd = np.repeat(55_000.0 + PHASES * (1 + redshift), len(filters))
    band = np.tile(np.arange(len(filters)), len(PHASES))
    passbands = [find_passband(name) for name in filters]
    columns = (mjd, magnitude.ravel(), np.full(len(mjd), np.nan), band)
    points = rest_frame_points(*columns, passbands, view, spectrum)
    night = np.abs(points.phase_days[:, None] - PHASES).argmin(1)
    np.testing.assert_allclose(points.phase_days, PHASES[night], atol=1e-6)
    return points, absolute_magnitudes(PHASES, BANDS)[night, points.band]


SETS = (
    ("lsst2016-u", "lsst2016-g", "lsst2016-r", "lsst2016-i", "lsst2016-z"),
    ("bessell-B", "bessell-V", "bessell-R", "bessell-I"),
    ("panstarrs-g", "panstarrs-r", "panstarrs-i", "panstarrs-z"),
)


@pytest.mark.parametrize("filters", SETS)
@pytest.mark.parametrize("redshift", [0.002, 0.05, 0.15])
def test_with_the_right_spectrum_the_magnitudes_are_the_direct_ones(filters, redshift):
    points, expected = brought(filters, redshift, log10_fnu)
    assert len(set(points.band.tolist())) >= 3
    np.testing.assert_allclose(points.magnitude, expected, atol=3e-3)


@pytest.mark.parametrize("filters", SETS)
def test_a_wrong_spectrum_is_warped_to_the_photometry(filters):
    """One that is brighter and redder by 0.1 mag in 1000 Angstrom, up to 500 of which are extrapolated."""

    def wrong(phase_days, wavelength_aa):
        return log10_fnu(phase_days, wavelength_aa) + 0.7 + 0.2 * wavelength_aa / 5000

    points, expected = brought(filters, 0.05, wrong)
    np.testing.assert_allclose(points.magnitude, expected, atol=0.05)
    inner = (points.band > points.band.min()) & (points.band < points.band.max())
    np.testing.assert_allclose(points.magnitude[inner], expected[inner], atol=0.01)


def test_without_a_spectrum_magnitudes_are_linear_in_wavelength():
    """Exact for magnitudes that are; bumps of 0.35 mag leave their traces."""

    def without_bumps(filters, redshift):
        points, expected = brought(filters, redshift, flat_spectrum)
        return np.abs(points.magnitude - expected)

    assert without_bumps(SETS[0], 0.0).max() < 2e-3  # the filters are Rubin's own
    difference = without_bumps(SETS[2], 0.05)
    assert 0.01 < np.sqrt(np.mean(difference**2)) < 0.3


@pytest.mark.parametrize("redshift", [0.02, 0.1])
def test_the_same_flux_at_all_frequencies_is_brighter_by_the_redshift(redshift):
    """m = M + mu - 2.5 log10(1 + z), in every filter, whatever stands for what."""
    filters = [find_passband(name) for name in SETS[1]]
    view, n = View(redshift, 36.0, 0.0, 55_000.0), len(filters)
    magnitude = np.full(n, -19.0 + 36.0 - 2.5 * np.log10(1 + redshift))
    columns = (np.full(n, 55_010.0), magnitude, np.full(n, 0.1), np.arange(n))
    points = rest_frame_points(*columns, filters, view, flat_spectrum)
    np.testing.assert_allclose(points.magnitude, -19.0, atol=1e-3)
    np.testing.assert_allclose(points.phase_days, 10 / (1 + redshift))


def test_the_dust_of_the_milky_way_is_taken_off():
    pytest.importorskip("dust_extinction", reason="dust_extinction is not installed")
    law = pytest.importorskip("extinction", reason="extinction is not installed")
    from tests.observed.invented_supernova import WAVELENGTH_AA

    taken = law.fitzpatrick99(WAVELENGTH_AA * 1.05, 3.1 * 0.25, 3.1)
    points, expected = brought(SETS[0], 0.05, log10_fnu, 0.25, taken)
    np.testing.assert_allclose(points.magnitude, expected, atol=0.01)


def test_points_of_a_night_are_one_and_exact_ones_count_more():
    """Nights are told apart by more than 0.8 d."""
    mjd = np.array([55_000.0, 55_000.3, 55_000.75, 55_001.0])
    magnitude, error = np.array([17.0, 17.3, 17.3, 18.0]), np.array([0.1, 0.2, 0.2, 0.1])
    columns = (mjd, magnitude, error, np.zeros(4, dtype=int))
    points = rest_frame_points(*columns, [find_passband("r")], View(0, 36.0, 0, 55_000.0), flat_spectrum)
    assert points.band.tolist() == [2, 2]
    weights = 1 / np.array([0.1**2 + 0.01**2, 0.2**2 + 0.01**2, 0.2**2 + 0.01**2])
    expected = [np.average([17.0, 17.3, 17.3], weights=weights) - 36, 18 - 36]
    np.testing.assert_allclose(points.magnitude, expected, atol=1e-3)
    np.testing.assert_allclose(points.phase_days, [0.35, 1.0], atol=1e-9)


@pytest.mark.parametrize(
    "name, redshift, band",
    [
        ("bessell-R", 0.0, "r"),
        ("bessell-V", 0.1, "g"),
        ("sdss2010-z", 0.15, "i"),
        ("lsst2016-g", 0.35, "u"),
        ("twomass-J", 0.0, None),  # far to the red
        ("sdss2010-u", 0.25, None),
        ("gaiadr3-G", 0.0, None),  # as wide as three
    ],
)
def test_a_filter_stands_for_the_nearest_of_rubin(name, redshift, band):
    index, _ = lsst_band_near(find_passband(name), redshift)
    assert index == (-1 if band is None else BANDS.index(band))


def test_nothing_is_said_far_beyond_the_filters_of_a_night():
    """B alone would stand for u, which is 500 Angstrom bluer; beside a bluer filter it does."""
    alone, _ = brought(("bessell-B",), 0.05, flat_spectrum)
    assert len(alone.band) == 0 and np.isnan(alone.largest_shift_aa)
    nearby, _ = brought(("sdss2010-u", "bessell-B"), 0.05, flat_spectrum)
    assert set(nearby.band.tolist()) == {0}


def test_where_the_model_has_no_flux_there_are_no_points():
    def dark(phase_days, wavelength_aa):
        model = log10_fnu(phase_days, wavelength_aa)
        model[np.asarray(phase_days) > 5] = -np.inf
        return model

    points, _ = brought(SETS[0], 0.02, dark)
    assert len(points.band) and points.phase_days.max() < 5
