"""Rubin's columns, on tables made by hand in its schemas."""

import numpy as np
import pyarrow as pa
import pytest

from snlib.survey.rubin import observed_alerts, observed_points

SOURCE = {
    "visit": [11, 12, 13],
    "band": ["g", "r", "g"],
    "midpointMjdTai": [60001.1, 60002.2, 60003.3],
    "psfFlux": [100.0, 200.0, -30.0],
    "psfFluxErr": [10.0, 11.0, 12.0],
}
FORCED = SOURCE | {"psfDiffFlux": [1.0, 2.0, 3.0], "psfDiffFluxErr": [0.1, 0.2, 0.3]}
BRIGHT = SOURCE["psfFlux"]


def columns_of(table):
    return {name: column.to_pylist() for name, column in table.columns.items()}


def test_dia_sources_are_points_in_nanojansky():
    rows = pa.table({"diaObjectId": [7, 7, 8], "diaSourceId": [1, 2, 3], **SOURCE})
    assert columns_of(observed_points("s", rows)) == {
        "object_id": [7, 7, 8],
        "mjd": SOURCE["midpointMjdTai"],
        "band": SOURCE["band"],
        "flux": BRIGHT,
        "flux_error": SOURCE["psfFluxErr"],
        "zero_point": [31.4] * 3,
    }


def test_a_zero_point_of_31_4_is_that_of_nanojansky():
    """By the definition of AB magnitudes: 3631 Jy are of magnitude 0."""
    assert pytest.approx(2.5 * np.log10(3631e9), abs=1e-4) == 31.4


def test_forced_photometry_is_that_of_the_difference_without_the_host():
    rows = pa.table({"diaObjectId": [7, 7, 8], **FORCED})
    found = columns_of(observed_points("s", rows))
    assert (found["flux"], found["flux_error"]) == ([1, 2, 3], [0.1, 0.2, 0.3])


def test_the_date_is_that_of_the_visit_where_a_point_has_none():
    lacking = {name: values for name, values in FORCED.items() if name != "midpointMjdTai"}
    rows = pa.table({"diaObjectId": [7, 7, 8], **lacking})
    with pytest.raises(ValueError, match="s: column 'mjd' is missing"):
        observed_points("s", rows)
    joined = rows.append_column("expMidptMJD", pa.array([1.0, 2.0, 3.0]))
    assert columns_of(observed_points("s", joined))["mjd"] == [1, 2, 3]
    visits = pa.table({"visit": [13, 11, 12, 99], "expMidptMJD": [60003.0, 60001.0, 60002.0, 0.0]})
    assert columns_of(observed_points("s", rows, visits))["mjd"] == [60001, 60002, 60003]
    with pytest.raises(ValueError, match="s: column 'visit': 12 is none of the visits given"):
        observed_points("s", rows, visits.slice(0, 2))


@pytest.mark.parametrize("as_structs", [False, True])
def test_a_nested_collection_gives_lists_and_prefers_forced_photometry(as_structs):
    flagged = FORCED | {"psfDiffFlux_flag": [False, None, True]}
    lengths = [2, 0, 1]
    rows = pa.table(
        {
            "diaObjectId": [7, 8, 9],
            "diaSource": nested(SOURCE, lengths, as_structs),
            "diaObjectForcedSource": nested(flagged, lengths, as_structs),
        }
    )
    found = columns_of(observed_points("s", rows))
    assert found["object_id"] == [7, 8, 9] and found["zero_point"] == [31.4] * 3
    assert found["flux"] == [[1, 2], [], [None]]
    assert found["mjd"] == [[60001.1, 60002.2], [], [60003.3]] and found["band"] == [["g", "r"], [], ["g"]]
    sources = columns_of(observed_points("s", rows.drop_columns("diaObjectForcedSource")))
    assert sources["flux"] == [[100, 200], [], [-30]]
    visits = pa.table({"visit": [11, 12, 13], "expMidptMJD": [1.0, 2.0, 3.0]})
    assert columns_of(observed_points("s", rows, visits))["mjd"] == [[1, 2], [], [3]]


def nested(fields, lengths, as_structs):
    offsets = pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int32())
    values = [pa.array(one) for one in fields.values()]
    if as_structs:
        return pa.ListArray.from_arrays(offsets, pa.StructArray.from_arrays(values, list(fields)))
    lists = [pa.ListArray.from_arrays(offsets, one) for one in values]
    return pa.StructArray.from_arrays(lists, list(fields))


@pytest.mark.parametrize("lost", ["diaObjectId", "band", "psfFluxErr"])
def test_a_column_that_is_missing_is_named(lost):
    rows = pa.table({"diaObjectId": [7, 7, 8], "diaSourceId": [1, 2, 3], **SOURCE}).drop_columns(lost)
    with pytest.raises(ValueError, match=r"^s: column '\w+' is missing; found are "):
        observed_points("s", rows)


def test_fluxes_that_may_hold_the_host_are_refused():
    rows = pa.table({"diaObjectId": [7, 7, 8], "forcedSourceOnDiaObjectId": [1, 2, 3], **SOURCE})
    with pytest.raises(ValueError, match="s: none of Rubin's tables of differences, which are known by"):
        observed_points("s", rows)


def point(visit, flux, detector=1, diaObjectId=7):
    point = {"diaObjectId": diaObjectId, "visit": visit, "detector": detector, "midpointMjdTai": 6e4 + visit}
    return point | {"band": "r", "psfFlux": flux, "psfFluxErr": 1.0}


def test_points_of_alerts_count_once():
    """Those of the second packet repeat those of the first; a source of the solar system has no object."""
    alerts = [
        {
            "diaSource": point(3, 30.0),
            "prvDiaSources": [point(1, 10.0), point(2, 20.0)],
            "prvDiaForcedSources": [point(2, 21.0), point(2, 22.0, detector=5)],
        },
        {
            "diaSource": point(4, 40.0),
            "prvDiaSources": [point(1, 10.0), point(2, 20.0), point(3, 30.0)],
            "prvDiaForcedSources": [point(0, 1.0), point(2, 21.0), point(3, 31.0)],
        },
        {"diaSource": point(4, 99.0, diaObjectId=9), "prvDiaSources": None, "prvDiaForcedSources": None},
        {"diaSource": point(4, 5.0, diaObjectId=None), "prvDiaSources": None, "prvDiaForcedSources": []},
    ]
    found = columns_of(observed_alerts("s", pa.Table.from_pylist(alerts)))
    by_object = list(zip(found["object_id"], found["mjd"], found["flux"], strict=True))
    assert by_object == [
        (7, 60000, 1),
        (7, 60001, 10),
        (7, 60002, 21),
        (7, 60002, 22),
        (7, 60003, 31),
        (7, 60004, 40),
        (9, 60004, 99),
    ]
    assert found["zero_point"] == [31.4] * 7 and set(found["band"]) == {"r"}


def test_alerts_without_history_and_other_tables():
    alone = pa.Table.from_pylist([{"diaSource": point(3, 30.0), "prvDiaSources": None}])
    alone = alone.append_column("prvDiaForcedSources", pa.nulls(1))
    assert columns_of(observed_alerts("s", alone))["flux"] == [30]
    with pytest.raises(ValueError, match="s: column 'prvDiaForcedSources' is missing"):
        observed_alerts("s", alone.drop_columns("prvDiaForcedSources"))
