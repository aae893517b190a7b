"""OpSim databases: of every version, with a bad visit among good ones, and damaged."""

import sqlite3
import warnings
from contextlib import closing

import numpy as np
import pandas as pd
import pytest

from snlib.data.quantities import BANDS
from snlib.simulation.survey import draw_cadence
from snlib.simulation.visits import Visits, load_visits

FIELDS = ("mjd", "ra_deg", "dec_deg", "band", "five_sigma_depth")


@pytest.fixture(scope="module")
def visits():
    return load_visits()


@pytest.fixture(scope="module")
def some_visits(visits):
    return Visits(**{name: getattr(visits, name)[::1000] for name in FIELDS})


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


def changed(values, index, value):
    values = np.array(values, dtype=object)
    values[index] = value
    return values


def require_same(found, expected):
    for name in FIELDS:
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), err_msg=name)


def test_opsim_database_gives_its_visits_in_time_order(tmp_path, some_visits):
    path = tmp_path / "my run #1?.db"
    write_opsim(path, some_visits, order=np.random.default_rng(0).permutation(len(some_visits.mjd)))
    require_same(load_visits(path), some_visits)


def test_cadences_from_an_opsim_database_are_those_of_the_packed_file(tmp_path, visits):
    here = (np.abs(visits.ra_deg - 150) < 10) & (np.abs(visits.dec_deg + 30) < 10)
    near = Visits(**{name: getattr(visits, name)[here] for name in FIELDS})
    write_opsim(tmp_path / "run.db", near)
    for found, expected in zip(
        *(draw_cadence(v, np.random.default_rng(1)) for v in (load_visits(tmp_path / "run.db"), near)),
        strict=True,
    ):
        np.testing.assert_array_equal(found, expected)


VERSIONS = {
    "3": lambda v, names: {"table": "Summary", "observationStartMJD": None, "expMJD": v.mjd},
    "4": lambda v, names: {"table": "SummaryAllProps"},
    "filters of the camera": lambda v, names: {"filter": [f"{name}_{39 + len(name)}" for name in names]},
    "names of the survey": lambda v, names: {"filter": [f"lsst{name}" for name in names]},
    "5": lambda v, names: {
        "filter": None,
        "band": names,
        "physical_filter": [f"{name}_39" for name in names],
    },
    "band and filter": lambda v, names: {"band": names, "filter": "unknown"},
    "capitals": lambda v, names: {"table": "OBSERVATIONS", "fieldRA": None, "FIELDRA": v.ra_deg},
    "more tables": lambda v, names: {},
    "from -180": lambda v, names: {"fieldRA": np.where(v.ra_deg > 180, v.ra_deg - 360, v.ra_deg)},
    "text": lambda v, names: {"fiveSigmaDepth": [repr(float(depth)) for depth in v.five_sigma_depth]},
}


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_of_opsim(tmp_path, some_visits, version):
    changes = VERSIONS[version](some_visits, np.array(BANDS)[some_visits.band])
    write_opsim(tmp_path / "run.db", some_visits, **changes)
    if version == "more tables":
        with closing(sqlite3.connect(tmp_path / "run.db")) as database:
            pd.DataFrame({"obsHistId": [1]}).to_sql("summary", database, index=False)
            pd.DataFrame({"x": [1]}).to_sql("info", database, index=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = load_visits(tmp_path / "run.db")
    if version == "from -180":
        np.testing.assert_allclose(found.ra_deg, some_visits.ra_deg, rtol=0, atol=1e-12)
    else:
        require_same(found, some_visits)


@pytest.mark.parametrize(
    ("column", "value", "shown"),
    [
        ("fieldRA", np.nan, "fieldRA nan"),
        ("fieldRA", 361.0, "fieldRA 361.0"),
        ("fieldRA", -181.0, "fieldRA -181.0"),
        ("fieldDec", 90.5, "fieldDec 90.5"),
        ("fieldDec", "north", "fieldDec nan"),
        ("observationStartMJD", np.inf, "observationStartMJD inf"),
        ("observationStartMJD", 2461000.5, "observationStartMJD 2461000.5"),
        ("observationStartMJD", 10.0, "observationStartMJD 10.0"),
        ("fiveSigmaDepth", "deep", "fiveSigmaDepth nan"),
        ("fiveSigmaDepth", -999.0, "fiveSigmaDepth -999.0"),
        ("fiveSigmaDepth", 99.0, "fiveSigmaDepth 99.0"),
        ("filter", "Y", "band Y"),
        ("filter", None, "band None"),
        ("filter", "i_band", "band i_band"),
    ],
)
def test_a_bad_visit_is_left_out_and_said(tmp_path, some_visits, column, value, shown):
    fields = {
        "fieldRA": some_visits.ra_deg,
        "fieldDec": some_visits.dec_deg,
        "observationStartMJD": some_visits.mjd,
        "fiveSigmaDepth": some_visits.five_sigma_depth,
        "filter": np.array(BANDS)[some_visits.band],
    }
    path = tmp_path / "run.db"
    write_opsim(path, some_visits, **{column: changed(changed(fields[column], 7, value), 20, value)})
    n = len(some_visits.mjd)
    with pytest.warns(UserWarning) as caught:
        found = load_visits(path)
    said = f"{path}: 2 of {n} visits are impossible and left out: {shown}"
    assert [str(one.message) for one in caught] == [said]
    good = np.delete(np.arange(n), [7, 20])
    require_same(found, Visits(**{name: getattr(some_visits, name)[good] for name in FIELDS}))


def test_of_bad_visits_of_two_kinds_both_are_shown(tmp_path, some_visits):
    changes = {
        "fieldDec": changed(some_visits.dec_deg, 3, -91.0),
        "fiveSigmaDepth": changed(some_visits.five_sigma_depth, 5, None),
    }
    write_opsim(tmp_path / "run.db", some_visits, **changes)
    with pytest.warns(UserWarning, match=r": 2 of \d+ visits .*: fieldDec -91\.0, fiveSigmaDepth nan$"):
        load_visits(tmp_path / "run.db")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"fieldDec": None},
            ": table 'observations': column 'fieldDec' is missing; found are ",
        ),
        ({"filter": None, "fieldRA": None}, "table 'observations': columns 'fieldRA', 'band' are missing; "),
        (
            {"table": "visits"},
            "no table 'observations' or 'SummaryAllProps' or 'Summary'; found are ",
        ),
        ({"filter": "ztfg"}, "no visit can be used: band ztfg"),
        (
            {"fieldRA": None, "fieldra": 1.0, "field_RA": 2.0},
            "columns 'fieldra' and 'field_RA' could both be",
        ),
    ],
)
def test_a_database_that_cannot_be_used_is_named(tmp_path, some_visits, changes, said):
    write_opsim(tmp_path / "run.db", some_visits, **changes)
    with pytest.raises(ValueError) as stopped:
        load_visits(tmp_path / "run.db")
    assert str(stopped.value).startswith(f"{tmp_path / 'run.db'}: ") and said in str(stopped.value)


def test_radians_are_refused(tmp_path, some_visits):
    radians = {"fieldRA": np.radians(some_visits.ra_deg), "fieldDec": np.radians(some_visits.dec_deg)}
    write_opsim(tmp_path / "run.db", some_visits, **radians)
    with pytest.raises(ValueError, match=r"run\.db: fieldRA up to 6\.\d+ and fieldDec up to .* are radians"):
        load_visits(tmp_path / "run.db")


def test_opsim_database_without_visits_is_named(tmp_path, some_visits):
    write_opsim(tmp_path / "run.db", some_visits, order=slice(0))
    with pytest.raises(ValueError, match=r"run\.db: no visit can be used: there is none"):
        load_visits(tmp_path / "run.db")


@pytest.mark.parametrize("share", [0.001, 0.5])
def test_truncated_opsim_database_is_named(tmp_path, some_visits, share):
    write_opsim(tmp_path / "run.db", some_visits)
    whole = (tmp_path / "run.db").read_bytes()
    (tmp_path / "run.db").write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(ValueError, match=r"run\.db"):
        load_visits(tmp_path / "run.db")


def test_visits_of_one_time_stay_in_their_order(tmp_path, some_visits):
    night = np.arange(len(some_visits.mjd)) % 3
    write_opsim(tmp_path / "run.db", some_visits, observationStartMJD=60_000.0 + night)
    expected = np.concatenate([some_visits.ra_deg[night == each] for each in range(3)])
    np.testing.assert_array_equal(load_visits(tmp_path / "run.db").ra_deg, expected)
