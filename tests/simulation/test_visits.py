"""Visits: reading them and finding them by position."""

import numpy as np
import pytest

from snlib.files import DATA, write_npz
from snlib.simulation.visits import Visits, load_visits


@pytest.fixture(scope="module")
def visits():
    return load_visits()


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
        ("mjd_start", np.nan, "field 'mjd_start' holds nan"),
        ("mjd_step", np.array([0, -10, 20]), "mjd:"),
        ("mjd_step", np.array([0.0, np.nan, 20]), "field 'mjd_step' holds nan"),
        ("mjd_step", np.array([], dtype=int), "mjd:"),
        ("ra_centideg", np.array([0, 36000, 100]), "ra_deg:"),
        ("ra_centideg", np.array([0, 100]), "ra_deg:"),
        ("dec_centideg", np.array([0.0, np.nan, 1]), "field 'dec_centideg' holds nan"),
        ("dec_centideg", np.array(["0", "1", "2"]), "field 'dec_centideg' is of type"),
        ("band", np.array([0, 6, 1]), "band:"),
        ("band", np.array([0, 0.5, 1]), "field 'band' is of type"),
        ("depth_centimag", np.array([0, 1, np.inf]), "field 'depth_centimag' holds inf"),
    ],
)
def test_impossible_visits_are_refused(tmp_path, packed, field, value, named):
    write_npz(tmp_path / "v.npz", **packed | {field: value})
    with pytest.raises(ValueError, match=rf"v\.npz: {named}"):
        load_visits(tmp_path / "v.npz")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_days_that_are_none_are_refused(bad, place):
    mjd = np.array([1.0, 2.0, 3.0])
    mjd[place] = bad
    with np.errstate(invalid="ignore"), pytest.raises(ValueError, match=f"mjd: {bad:g} at visit {place}"):
        Visits(mjd, np.zeros(3), np.zeros(3), np.zeros(3, int), np.full(3, 24.0))


@pytest.mark.parametrize(
    "field, bad",
    [
        ("ra_deg", -0.1),
        ("ra_deg", np.nan),
        ("dec_deg", 90.1),
        ("dec_deg", np.nan),
        ("band", 6),
        ("five_sigma_depth", np.inf),
        ("five_sigma_depth", np.nan),
    ],
)
def test_impossible_visits_are_named_whoever_read_them(field, bad):
    sound = {"ra_deg": np.zeros(3), "dec_deg": np.zeros(3), "band": np.zeros(3, int)}
    sound["five_sigma_depth"] = np.full(3, 24.0)
    Visits(np.arange(3.0), **sound)
    sound[field][1] = bad
    with pytest.raises(ValueError, match=f"^{field}: {bad:g} at visit 1 is out of range"):
        Visits(np.arange(3.0), **sound)


def test_missing_field_is_named(tmp_path, packed):
    del packed["band"]
    write_npz(tmp_path / "v.npz", **packed)
    with pytest.raises(ValueError, match=r"v\.npz.*'band'"):
        load_visits(tmp_path / "v.npz")


def test_the_shipped_file_is_small():
    assert (DATA / "rubin_visits.npz").stat().st_size < 6e6


def test_absent_file_is_not_created(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.db"):
        load_visits(tmp_path / "none.db")
    assert not list(tmp_path.iterdir())
