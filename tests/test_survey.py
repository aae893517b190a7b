"""Visits, cadences, magnitudes and observations."""

import os

import astropy.units as u
import numpy as np
import pytest
from astropy.constants import c, h, k_B
from scipy.stats import ks_2samp
from speclite.filters import load_filter, load_filters

from snlib.events import BANDS, LightCurves
from snlib.files import DATA, read_npz, write_npz
from snlib.published import read_published_sample
from snlib.survey import PHOTOMETRY_PHASES_DAYS, Visits, band_magnitudes, draw_cadence, load_visits, observe

WAVELENGTH_AA = np.geomspace(2500.0, 11000.0, 1482)  # steps of .1 %, like the grid's
MMAG = 1e-3


@pytest.fixture(scope="module")
def visits():
    return load_visits()


def black_body(wavelength_aa, temperature_k=12000.0, radius_cm=1e15):
    """F_nu at 10 pc, erg/s/cm^2/Hz."""
    nu = (c / (wavelength_aa * u.AA)).to(u.Hz)
    b_nu = 2 * h * nu**3 / c**2 / np.expm1((h * nu / (k_B * temperature_k * u.K)).to_value(""))
    dilution = (radius_cm * u.cm / (10 * u.pc)).to_value("") ** 2
    return np.pi * dilution * b_nu.to_value(u.erg / u.s / u.cm**2 / u.Hz)


# Magnitudes


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


def test_black_body_agrees_with_its_integral_on_the_filter_curves():
    expected = []
    for band in BANDS:
        curve = load_filter(f"lsst2016-{band}")
        photons = curve.response / curve.wavelength
        fnu = np.trapezoid(photons * black_body(curve.wavelength), curve.wavelength) / np.trapezoid(
            photons, curve.wavelength
        )
        expected.append(-2.5 * np.log10(fnu) - 48.6)
    found = band_magnitudes(WAVELENGTH_AA, np.log10(black_body(WAVELENGTH_AA)))
    np.testing.assert_allclose(found, expected, rtol=0, atol=MMAG)


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


# Visits


def scan(visits, ra_deg, dec_deg):
    d_ra = np.abs(visits.ra_deg - ra_deg)
    return np.flatnonzero((np.minimum(d_ra, 360 - d_ra) <= 1.75) & (np.abs(visits.dec_deg - dec_deg) <= 1.75))


@pytest.mark.parametrize(
    "position", [(0.013, -30.0), (359.987, -30.0), (1.7512, 3.0), (358.26, -1.0), (53.1, -28.1), (40.0, 85.0)]
)
def test_near_finds_what_a_scan_finds(visits, position):
    expected = scan(visits, *position)
    assert expected.any() == (position[1] < 40)  # Rubin does not go to the north
    np.testing.assert_array_equal(visits.near(*position), expected)


@pytest.mark.parametrize("ra_deg", [0.0, 0.7, 123.4, 359.9])
@pytest.mark.parametrize("dec_deg", [-90.0, -89.3, 0.0, 89.3, 90.0])
def test_near_on_a_sky_without_gaps(ra_deg, dec_deg):
    rng = np.random.default_rng(5)
    n = 50_000
    sky = Visits(
        np.arange(n), rng.uniform(0, 360, n), rng.uniform(-90, 90, n), np.zeros(n, int), np.full(n, 24.0)
    )
    expected = scan(sky, ra_deg, dec_deg)
    assert len(expected) > 1
    np.testing.assert_array_equal(sky.near(ra_deg, dec_deg), expected)


def test_shipped_visits_cover_the_windows_of_the_first_half(visits):
    # No visits in the margin's last eight days, one of the survey's breaks.
    assert 1900 < np.ptp(visits.mjd) < 1927
    assert set(np.unique(visits.band)) == set(range(6))
    assert np.diff(visits.mjd).max() < 20
    assert 20 < np.median(visits.five_sigma_depth) < 26


@pytest.fixture
def packed():
    """A valid visit file of three visits, as arrays."""
    return {
        "mjd_start": 60000.5,
        "mjd_step": np.array([0, 10, 20000]),
        "ra_centideg": np.array([0, 35999, 100]),
        "dec_centideg": np.array([-9000, -123, 3000]),
        "band": np.array([0, 5, 2]),
        "depth_centimag": np.array([2312, 2400, 2450]),
    }


def test_packed_visits_are_read_in_physical_units(tmp_path, packed):
    write_npz(tmp_path / "v.npz", **packed)
    visits = load_visits(tmp_path / "v.npz")
    np.testing.assert_allclose(visits.mjd, [60000.5, 60000.501, 60002.501], atol=1e-9)
    np.testing.assert_allclose(visits.ra_deg, [0.0, 359.99, 1.0])
    np.testing.assert_allclose(visits.dec_deg, [-90.0, -1.23, 30.0])
    np.testing.assert_allclose(visits.five_sigma_depth, [23.12, 24.0, 24.5])
    assert visits.band.tolist() == [0, 5, 2]


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("mjd_start", np.nan, "mjd"),
        ("mjd_step", np.array([0, -10, 20]), "mjd"),
        ("mjd_step", np.array([0.0, np.nan, 20]), "mjd"),
        ("mjd_step", np.array([], dtype=int), "mjd"),
        ("ra_centideg", np.array([0, 36000, 100]), "ra_deg"),
        ("ra_centideg", np.array([0, 100]), "ra_deg"),
        ("dec_centideg", np.array([0.0, np.nan, 1]), "dec_deg"),
        ("dec_centideg", np.array(["0", "1", "2"]), "dec_centideg"),
        ("band", np.array([0, 6, 1]), "band"),
        ("band", np.array([0, 0.5, 1]), "band"),
        ("depth_centimag", np.array([0, 1, np.inf]), "five_sigma_depth"),
    ],
)
def test_impossible_visits_are_refused(tmp_path, packed, field, value, named):
    write_npz(tmp_path / "v.npz", **packed | {field: value})
    with pytest.raises(ValueError, match=rf"v\.npz: {named}:"):
        load_visits(tmp_path / "v.npz")


def test_missing_field_is_named(tmp_path, packed):
    del packed["band"]
    write_npz(tmp_path / "v.npz", **packed)
    with pytest.raises(ValueError, match=r"v\.npz.*'band'"):
        load_visits(tmp_path / "v.npz")


@pytest.mark.parametrize("share", [0.3, 0.99])
def test_truncated_file_is_named(tmp_path, share):
    whole = (DATA / "rubin_visits.npz").read_bytes()
    (tmp_path / "v.npz").write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(ValueError, match=r"v\.npz"):
        load_visits(tmp_path / "v.npz")


def test_damaged_byte_is_noticed(tmp_path):
    whole = bytearray((DATA / "rubin_visits.npz").read_bytes())
    whole[len(whole) // 2] ^= 0xFF
    (tmp_path / "v.npz").write_bytes(whole)
    with pytest.raises(ValueError, match=r"v\.npz: field"):
        load_visits(tmp_path / "v.npz")


def test_shipped_file_holds_no_pickles():
    fields = ("mjd_start", "mjd_step", "ra_centideg", "dec_centideg", "band", "depth_centimag")
    assert all(values.dtype.kind in "iuf" for values in read_npz(DATA / "rubin_visits.npz", fields).values())
    assert (DATA / "rubin_visits.npz").stat().st_size < 6e6


# Cadences


def test_cadences_keep_the_rules(visits):
    for seed in range(30):
        phase_days, band = draw_cadence(visits, np.random.default_rng(seed))
        counts = np.bincount(band, minlength=6)
        assert phase_days.shape == band.shape
        assert counts.sum() > 24
        assert counts.max() <= 10
        assert phase_days.min() >= -20
        assert phase_days.max() <= 90
        assert (np.diff(band) >= 0).all()
        for b in range(6):
            assert (np.diff(phase_days[band == b]) >= 0).all()


def test_same_seed_same_cadence(visits):
    first, again, other = (draw_cadence(visits, np.random.default_rng(seed)) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert len(first[0]) != len(other[0]) or (first[0] != other[0]).any()


def whole_sky(epochs_days, bands):
    """Visit every point of a 4-degree grid at every epoch; a position sees at most one grid point."""
    ra_deg, dec_deg = (axis.ravel() for axis in np.meshgrid(np.arange(0, 360, 4.0), np.arange(-8, 9, 4.0)))
    n = len(ra_deg)
    return Visits(
        60000.0 + np.repeat(epochs_days, n),
        np.tile(ra_deg, len(epochs_days)),
        np.tile(dec_deg, len(epochs_days)),
        np.repeat(np.resize(bands, len(epochs_days)), n),
        np.full(n * len(epochs_days), 24.0),
    )


def test_peak_follows_the_first_visit_by_10_to_20_days():
    sky = whole_sky(np.arange(0, 1930, 3.95), bands=np.arange(6))
    for seed in range(20):
        phase_days, _ = draw_cadence(sky, np.random.default_rng(seed))
        assert len(phase_days) in (25, 26)
        assert -20 <= phase_days.min() <= -10
        np.testing.assert_allclose(np.diff(np.sort(phase_days)), 3.95, atol=1e-6)


def test_crowded_bands_keep_a_random_ten_up_to_80_days():
    sky = whole_sky(np.arange(0.0, 1930.0), bands=np.arange(6))
    phase_days, band = draw_cadence(sky, np.random.default_rng(2))
    assert np.bincount(band).tolist() == [10] * 6
    assert 70 < phase_days.max() <= 80
    assert len(np.unique(np.diff(phase_days[band == 0]).round(6))) > 1


@pytest.mark.parametrize(
    ("why", "epochs_days", "bands"),
    [
        ("only 24 visits in 100 d", np.arange(0, 1930, 4.2), np.arange(6)),
        ("no visit 50 d after peak", np.add.outer(365 * np.arange(6), np.arange(59)).ravel(), np.arange(6)),
        ("one crowded band keeps only ten", np.arange(0, 1930, 3.0), [2]),
    ],
)
def test_too_sparse_visits_give_no_cadence(why, epochs_days, bands):
    with pytest.raises(ValueError, match="visits"):
        draw_cadence(whole_sky(epochs_days, bands), np.random.default_rng(0))


def test_cadences_are_like_the_published_ones(visits):
    folder = os.environ.get("SNLIB_PUBLISHED_SAMPLE")
    if not folder:
        pytest.skip("SNLIB_PUBLISHED_SAMPLE does not name a folder with the published sample")
    curves = read_published_sample(folder).events.light_curves
    theirs = [
        (phase_days[observed], band[observed])
        for phase_days, band, observed in zip(curves.phase_days, curves.band, curves.observed, strict=True)
    ]
    ours = [draw_cadence(visits, np.random.default_rng([0, i])) for i in range(1000)]
    statistics = {f"number in {name}": lambda p, b, i=i: (b == i).sum() for i, name in enumerate(BANDS)} | {
        "number": lambda p, b: len(p),
        "last phase": lambda p, b: p.max(),
    }
    p_values = {
        name: ks_2samp([statistic(*x) for x in ours], [statistic(*x) for x in theirs]).pvalue
        for name, statistic in statistics.items()
    }
    assert min(p_values.values()) > 0.01, p_values


# Observations


def linear_light_curve(phase_days, band):
    return -19.0 + 0.03 * phase_days + 0.1 * band


@pytest.fixture
def daily_magnitudes():
    return linear_light_curve(PHOTOMETRY_PHASES_DAYS[:, None], np.arange(6))


def test_observing_a_linear_light_curve_is_exact_and_grouped_by_band(visits, daily_magnitudes):
    cadence_phase, cadence_band = draw_cadence(visits, np.random.default_rng(11))
    shuffled = np.random.default_rng(0).permutation(len(cadence_phase))
    phase_days, magnitude, band = observe(
        daily_magnitudes, PHOTOMETRY_PHASES_DAYS, cadence_phase[shuffled], cadence_band[shuffled]
    )
    curves = LightCurves(phase_days[None], magnitude[None], band[None])
    observed = curves.observed[0]
    np.testing.assert_array_equal(band, np.repeat(np.arange(6), 10))
    np.testing.assert_array_equal(phase_days[observed], cadence_phase[cadence_phase <= 60])
    np.testing.assert_array_equal(band[observed], cadence_band[cadence_phase <= 60])
    expected = linear_light_curve(phase_days[observed], band[observed])
    np.testing.assert_allclose(magnitude[observed], expected, rtol=0, atol=1e-12)
    assert np.isnan(phase_days[~observed]).all()


def test_slots_and_what_is_not_observed(daily_magnitudes):
    daily_magnitudes[PHOTOMETRY_PHASES_DAYS < -15, 1] = np.nan  # no flux yet in g
    cadence_phase = np.array([60.0, -19.5, 60.1, 3.5, -14.0, -19.5])
    cadence_band = np.array([5, 1, 5, 1, 1, 4])
    phase_days, magnitude, _ = observe(daily_magnitudes, PHOTOMETRY_PHASES_DAYS, cadence_phase, cadence_band)
    assert np.flatnonzero(~np.isnan(magnitude)).tolist() == [10, 11, 40, 50]
    np.testing.assert_array_equal(phase_days[[10, 11, 40, 50]], [-14.0, 3.5, -19.5, 60.0])


def test_more_than_ten_in_a_band_is_refused(daily_magnitudes):
    with pytest.raises(ValueError, match="band i: 11"):
        observe(daily_magnitudes, PHOTOMETRY_PHASES_DAYS, np.arange(11.0), np.full(11, 3))
