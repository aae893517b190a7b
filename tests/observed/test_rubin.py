"""Rubin's columns, on tables made by hand in its schema."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from snlib.files.columns import Table
from snlib.observed.rubin import PRESETS, Visits, measured, preset_alone, read_rubin

SOURCE = {
    "visit": [11, 12, 13],
    "band": ["g", "r", "g"],
    "midpointMjdTai": [60001.1, 60002.2, 60003.3],
    "psfFlux": [100.0, 200.0, -30.0],
    "psfFluxErr": [10.0, 11.0, 12.0],
}
SOURCES = {"diaObjectId": [7, 7, 8], "diaSourceId": [1, 2, 3], **SOURCE}
FORCED = SOURCE | {"psfDiffFlux": [1.0, 2.0, 3.0], "psfDiffFluxErr": [0.1, 0.2, 0.3]}


def read(folder, columns, visits=None):
    pd.DataFrame(columns).to_csv(folder / "s.csv", index=False)
    table = read_rubin(folder / "s.csv", visits)
    return {name: column.cast(pa.string()).to_pylist() for name, column in table.columns.items()}


def numbers(texts):
    return [float(text) for text in texts]


def test_dia_sources_are_points_in_nanojansky(tmp_path):
    found = read(tmp_path, SOURCES)
    assert found["object_id"] == ["7", "7", "8"] and found["band"] == SOURCE["band"]
    assert numbers(found["mjd"]) == SOURCE["midpointMjdTai"]
    assert numbers(found["flux"]) == SOURCE["psfFlux"]
    assert numbers(found["flux_error"]) == SOURCE["psfFluxErr"]
    assert numbers(found["zero_point"]) == [31.4] * 3


def test_a_zero_point_of_31_4_is_that_of_nanojansky():
    """By the definition of AB magnitudes: 3631 Jy are of magnitude 0."""
    assert pytest.approx(2.5 * np.log10(3631e9), abs=1e-4) == 31.4


def test_forced_photometry_is_that_of_the_difference_without_the_host(tmp_path):
    found = read(tmp_path, {"diaObjectId": [7, 7, 8], **FORCED})
    assert numbers(found["flux"]) == [1, 2, 3] and numbers(found["flux_error"]) == [0.1, 0.2, 0.3]


def test_a_flux_that_could_not_be_measured_is_none():
    table = Table({name: pa.chunked_array([values]) for name, values in FORCED.items()}, {})
    table.columns["psfDiffFlux_flag"] = pa.chunked_array([[False, None, True]])
    assert measured("s", table).columns["flux"].to_pylist() == [1, 2, None]


def test_the_date_is_that_of_the_visit_where_a_point_has_none(tmp_path):
    lacking = {name: values for name, values in FORCED.items() if name != "midpointMjdTai"}
    lacking["diaObjectId"] = [7, 7, 8]
    with pytest.raises(ValueError, match=r"s\.csv: column 'midpointMjdTai' is missing"):
        read(tmp_path, lacking)
    joined = lacking | {"expMidptMJD": [1.0, 2.0, 3.0]}
    assert numbers(read(tmp_path, joined)["mjd"]) == [1, 2, 3]
    visits = pd.DataFrame({"visit": [13, 11, 12, 99], "expMidptMJD": [60003.0, 60001.0, 60002.0, 0.0]})
    visits.to_csv(tmp_path / "v.csv", index=False)
    assert numbers(read(tmp_path, lacking, tmp_path / "v.csv")["mjd"]) == [60001, 60002, 60003]
    visits[:2].to_csv(tmp_path / "v.csv", index=False)
    with pytest.raises(ValueError, match=r"s\.csv: column 'visit': 12 is none of the visits given"):
        read(tmp_path, lacking, tmp_path / "v.csv")


def test_long_numbers_of_visits_are_told_apart():
    """They are exact as floats up to 2^53; those of Rubin have 13 digits."""
    visits = Visits(np.array([2025042500001, 2025042500002]), np.array([1.0, 2.0]))
    assert visits.dates("s", np.array([2025042500002, 2025042500001])).tolist() == [2, 1]


@pytest.mark.parametrize("lost", ["diaObjectId", "band", "psfFluxErr"])
def test_a_column_that_is_missing_is_named(tmp_path, lost):
    table = {name: values for name, values in SOURCES.items() if name != lost}
    with pytest.raises(ValueError, match=rf"s\.csv: column '{lost}' is missing; found are "):
        read(tmp_path, table)


def test_fluxes_that_may_hold_the_host_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"s\.csv: none of Rubin's tables of differences, which are known"):
        read(tmp_path, {"diaObjectId": [7, 7, 8], "forcedSourceOnDiaObjectId": [1, 2, 3], **SOURCE})


def test_forced_photometry_is_preferred_and_told_by_its_columns():
    assert preset_alone("s", ["psfFlux", "diaSourceId", "psfDiffFlux"]) is PRESETS[0]
    assert preset_alone("s", ["psfFlux", "diaForcedSourceId"]) is PRESETS[2]
