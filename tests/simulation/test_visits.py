"""Visits: reading them and finding them by position."""

import sqlite3
from contextlib import closing

import numpy as np
import pandas as pd
import pytest

from snlib.data.quantities import BANDS
from snlib.files import DATA, write_npz
from snlib.simulation.survey import draw_cadence
from snlib.simulation.visits import Visits, load_visits

FIELDS = ("mjd", "ra_deg", "dec_deg", "band", "five_sigma_depth")


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


def test_missing_field_is_named(tmp_path, packed):
    del packed["band"]
    write_npz(tmp_path / "v.npz", **packed)
    with pytest.raises(ValueError, match=r"v\.npz.*'band'"):
        load_visits(tmp_path / "v.npz")


def test_the_shipped_file_is_small():
    assert (DATA / "rubin_visits.npz").stat().st_size < 6e6


# OpSim databases


def write_opsim(path, visits, order=slice(None), table="observations", **changes):
    """Write visits as OpSim does; `changes` replace columns, None drops them."""
    columns = {
        "observationId": np.arange(len(visits.mjd)),
        "fieldRA": visits.ra_deg,
        "fieldDec": visits.dec_deg,
        "observationStartMJD": visits.mjd,
        "filter": np.array(BANDS)[visits.band],
        "fiveSigmaDepth": visits.five_sigma_depth,
    } | changes
    frame = pd.DataFrame({name: values for name, values in columns.items() if values is not None})
    with closing(sqlite3.connect(path)) as database:
        frame.iloc[order].to_sql(table, database, index=False)


@pytest.fixture(scope="module")
def some_visits(visits):
    return Visits(**{name: values[::1000] for name, values in vars(visits).items() if name in FIELDS})


def test_opsim_database_gives_its_visits_in_time_order(tmp_path, some_visits):
    path = tmp_path / "my run #1?.db"
    write_opsim(path, some_visits, order=np.random.default_rng(0).permutation(len(some_visits.mjd)))
    found = load_visits(path)
    for name in FIELDS:
        np.testing.assert_array_equal(getattr(found, name), getattr(some_visits, name), err_msg=name)


def test_cadences_from_an_opsim_database_are_those_of_the_packed_file(tmp_path, visits):
    here = (np.abs(visits.ra_deg - 150) < 10) & (np.abs(visits.dec_deg + 30) < 10)
    near = Visits(**{name: getattr(visits, name)[here] for name in FIELDS})
    write_opsim(tmp_path / "run.db", near)
    for found, expected in zip(
        *(draw_cadence(v, np.random.default_rng(1)) for v in (load_visits(tmp_path / "run.db"), near)),
        strict=True,
    ):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"fieldDec": None}, r"lacks the columns fieldDec$"),
        ({"filter": None, "fieldRA": None}, r"lacks the columns fieldRA, filter$"),
        ({"table": "SummaryAllProps"}, r"no table 'observations'"),
        ({"fieldRA": np.array([1.0, np.nan])}, r"fieldRA: nan in row 1"),
        ({"observationStartMJD": np.array([np.inf, 60000.0])}, r"observationStartMJD: inf in row 0"),
        ({"fiveSigmaDepth": np.array(["24.1", "deep"])}, r"fiveSigmaDepth: deep in row 1"),
        ({"fieldDec": np.array([0.0, 90.5])}, r"dec_deg: 90\.5"),
        ({"filter": np.array(["g", "Y"])}, r"filter: unknown filter 'Y'; known are u, g, r, i, z, y"),
        ({"filter": np.array(["g", None])}, r"filter: unknown filter (None|nan)"),
    ],
)
def test_faulty_opsim_database_is_named(tmp_path, some_visits, changes, named):
    two = Visits(**{name: getattr(some_visits, name)[:2] for name in FIELDS})
    write_opsim(tmp_path / "run.db", two, **changes)
    with pytest.raises(ValueError, match=rf"run\.db: (table 'observations' )?{named}"):
        load_visits(tmp_path / "run.db")


def test_opsim_database_without_visits_is_named(tmp_path, some_visits):
    write_opsim(tmp_path / "run.db", some_visits, order=slice(0))
    with pytest.raises(ValueError, match=r"run\.db: mjd"):
        load_visits(tmp_path / "run.db")


@pytest.mark.parametrize("share", [0.001, 0.5])
def test_truncated_opsim_database_is_named(tmp_path, some_visits, share):
    write_opsim(tmp_path / "run.db", some_visits)
    whole = (tmp_path / "run.db").read_bytes()
    (tmp_path / "run.db").write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(ValueError, match=r"run\.db"):
        load_visits(tmp_path / "run.db")


def test_absent_file_is_not_created(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.db"):
        load_visits(tmp_path / "none.db")
    assert not list(tmp_path.iterdir())
