"""Light curves from tables: what is in the file is what is read, or it is named."""

import warnings
from datetime import datetime

import numpy as np
import pandas as pd
import pytest
from astropy.table import Table
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from snlib.data.light_curve_tables import read_light_curves
from snlib.data.quantities import BANDS

SUFFIXES = (".csv", ".ecsv", ".parquet")


def write(table, path):
    if path.suffix == ".csv":
        table.to_csv(path, index=False)
    elif path.suffix == ".ecsv":
        Table.from_pandas(table).write(path, format="ascii.ecsv", overwrite=True)
    else:
        table.to_parquet(path, index=False)
    return path


def points_of(light_curves, index):
    """What is observed of one object, as a sorted list of (phase, band, magnitude)."""
    own = slice(*light_curves.start[index : index + 2])
    columns = (light_curves.phase_days, light_curves.band, light_curves.magnitude)
    return sorted(zip(*(values[own].tolist() for values in columns), strict=True))


@pytest.fixture
def table():
    """Five objects of different lengths; their rows are mixed."""
    rng = np.random.default_rng(0)
    names = rng.permutation(np.repeat(["SN b", "007", "a", "ZTF9", "é"], [5, 1, 12, 3, 7]))
    n = len(names)
    return pd.DataFrame(
        {
            "object_id": names,
            "phase_days": rng.uniform(-20, 60, n),
            "band": rng.choice(list(BANDS), n),
            "magnitude": rng.uniform(-20, -13, n),
        }
    )


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_is_read_is_what_is_in_the_file(table, tmp_path, suffix):
    """To the last bit, with other columns around and in another order."""
    path = write(table.assign(comment="x")[["comment", *table.columns[::-1]]], tmp_path / f"t{suffix}")
    light_curves = read_light_curves(path)
    assert light_curves.object_id.tolist() == list(dict.fromkeys(table["object_id"]))
    assert all(type(name) is str for name in light_curves.object_id)
    assert light_curves.n_points.max() == 12
    for index, name in enumerate(light_curves.object_id):
        own = table[table["object_id"] == name]
        band = [BANDS.index(name) for name in own["band"]]
        expected = sorted(zip(own["phase_days"], band, own["magnitude"], strict=True))
        assert points_of(light_curves, index) == expected


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20, deadline=None)
@given(order=st.permutations(range(28)))
def test_the_order_of_rows_decides_only_the_order_of_objects(table, tmp_path, order):
    first, again = (
        read_light_curves(write(rows, tmp_path / "t.csv")) for rows in (table, table.iloc[list(order)])
    )
    assert again.object_id.tolist() == list(dict.fromkeys(table["object_id"].iloc[list(order)]))
    place = [again.object_id.tolist().index(name) for name in first.object_id]
    for name, values in vars(first.padded(range(5))).items():
        np.testing.assert_array_equal(vars(again.padded(place))[name], values)


@pytest.mark.parametrize("suffix", SUFFIXES[1:])
def test_object_ids_may_be_numbers(table, tmp_path, suffix):
    large = 2**62 + 1
    light_curves = read_light_curves(write(table.assign(object_id=large), tmp_path / f"t{suffix}"))
    assert light_curves.object_id.tolist() == [str(large)]


def test_bands_by_their_names_in_rubins_tables(table, tmp_path):
    plain, rubin = (
        read_light_curves(write(rows, tmp_path / "t.csv"))
        for rows in (table, table.assign(band="lsst" + table["band"]))
    )
    np.testing.assert_array_equal(rubin.band, plain.band)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    "column, value, reason",
    [
        ("phase_days", np.nan, "phase_days not finite"),
        ("phase_days", -np.inf, "phase_days not finite"),
        ("phase_days", -20.01, "phase_days before -20"),
        ("phase_days", 60.01, "phase_days after 60"),
        ("magnitude", np.nan, "magnitude not finite"),
        ("magnitude", np.inf, "magnitude not finite"),
        ("magnitude", -11.99, "magnitude fainter than -12"),
        ("band", "Y", "band none of u, g, r, i, z, y ('Y')"),
        ("band", "", "band none of u, g, r, i, z, y ('')"),
    ],
)
def test_points_that_training_never_covers_are_left_out(table, tmp_path, suffix, column, value, reason):
    rows = np.flatnonzero(table["object_id"].isin(["a", "SN b"]))[[1, 4, 6]]
    names = table["object_id"].iloc[rows]
    changed = table.copy()
    changed.loc[rows, column] = value
    path = write(changed, tmp_path / f"t{suffix}")
    with pytest.warns(UserWarning) as caught:
        light_curves = read_light_curves(path)
    expected = f"3 points of {names.nunique()} objects left out, first of {names.iloc[0]!r}"
    assert [str(one.message) for one in caught] == [f"{path}: {reason}: {expected}"]
    without = read_light_curves(write(table.drop(rows), tmp_path / "w.csv"))
    place = [light_curves.object_id.tolist().index(name) for name in without.object_id]
    assert [points_of(light_curves, i) for i in place] == [points_of(without, i) for i in range(5)]


def test_the_limits_themselves_are_covered(table, tmp_path):
    table.loc[:2, ["phase_days", "magnitude"]] = [[-20, -12], [60, -12], [0, -25]]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        light_curves = read_light_curves(write(table, tmp_path / "t.csv"))
    assert light_curves.n_points.sum() == len(table)


@pytest.mark.parametrize("names", [["007"], ["SN b", "007", "a", "ZTF9"]])
def test_an_object_of_which_nothing_is_left_stays(table, tmp_path, names):
    table.loc[table["object_id"].isin(names), "band"] = "B"
    with pytest.warns(UserWarning) as caught:
        light_curves = read_light_curves(write(table, tmp_path / "t.csv"))
    assert len(light_curves) == 5
    empty = light_curves.object_id[light_curves.n_points == 0].tolist()
    assert sorted(empty) == sorted(names)
    assert str(caught[-1].message).endswith(f": object {', '.join(map(repr, empty))}")


def test_of_many_empty_objects_a_few_are_named(table, tmp_path):
    dark = table.assign(object_id=range(len(table)), band="B")
    path = write(pd.concat([dark, table.assign(object_id="seen")]), tmp_path / "t.csv")
    with pytest.warns(UserWarning) as caught:
        read_light_curves(path)
    assert str(caught[-1].message).endswith("'17', '18', '19' and 8 more")


@pytest.mark.parametrize(
    "column, value, message",
    [
        ("magnitude", "abc", "column 'magnitude': 'abc' is not a number"),
        ("magnitude", 22.1, "column 'magnitude': 22.1, expected an absolute magnitude between -25 and 0"),
        ("magnitude", -25.5, "column 'magnitude': -25.5, expected an absolute magnitude between -25 and 0"),
        ("phase_days", "10 d", "column 'phase_days': '10 d' is not a number"),
        ("phase_days", 59580.5, "column 'phase_days': 59580.5, expected days from peak between -10000 and"),
    ],
)
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_impossible_values_are_named(table, tmp_path, suffix, column, value, message):
    if isinstance(value, str):
        table[column] = table[column].astype(str)
    table.loc[6, column] = value
    path = write(table, tmp_path / f"t{suffix}")
    with pytest.raises(ValueError) as stopped:
        read_light_curves(path)
    assert str(stopped.value).startswith(f"{path}: object {table['object_id'][6]!r}, {message}")


def test_dates_are_no_phases(table, tmp_path):
    path = write(table.assign(phase_days=datetime(2026, 1, 1)), tmp_path / "t.parquet")
    with pytest.raises(ValueError, match=r"column 'phase_days': '2026-01-01.* is not a number"):
        read_light_curves(path)


@pytest.mark.parametrize("suffix, value", [(".csv", ""), (".csv", "  "), (".ecsv", ""), (".parquet", None)])
def test_an_empty_object_id_is_named_by_its_row(table, tmp_path, suffix, value):
    table.loc[3, "object_id"] = value
    path = write(table, tmp_path / f"t{suffix}")
    with pytest.raises(ValueError, match="row 4, column 'object_id': empty"):
        read_light_curves(path)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("column", ["object_id", "phase_days", "band", "magnitude"])
def test_a_missing_column_is_named(table, tmp_path, suffix, column):
    path = write(table.drop(columns=column), tmp_path / f"t{suffix}")
    with pytest.raises(ValueError, match=f"t{suffix}: column '{column}' is missing"):
        read_light_curves(path)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_table_without_rows_is_named(table, tmp_path, suffix):
    with pytest.raises(ValueError, match=f"t{suffix}: no rows"):
        read_light_curves(write(table[:0], tmp_path / f"t{suffix}"))


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"# %ECSV 1.0\n# ---\n# {}\na", b"PAR1\0\0PAR1"])
def test_files_that_are_no_tables_are_named(tmp_path, suffix, content):
    kind = {".csv": "CSV", ".ecsv": "ECSV", ".parquet": "Parquet"}[suffix]
    path = tmp_path / f"t{suffix}"
    path.write_bytes(content)
    with pytest.raises(
        ValueError,
        match=rf"t{suffix}: (not a readable {kind} table|columns 'object_id', .* are missing; found are )",
    ):
        read_light_curves(path)


def test_shifted_columns_are_no_table(tmp_path):
    """More fields than the header names: pandas alone would take the first for row labels."""
    (tmp_path / "t.csv").write_text("object_id,phase_days,band,magnitude\na,1,0.0,r,-18\n")
    with pytest.raises(ValueError, match=r"t\.csv: a row has 5 fields, the header 4: 'a,1,0\.0,r,-18'"):
        read_light_curves(tmp_path / "t.csv")


def test_a_table_of_a_spreadsheet(tmp_path):
    """With a byte-order mark, Windows line ends and spaces."""
    text = "\ufeffobject_id, phase_days, band, magnitude\r\na, 1, r , -18\r\n"
    (tmp_path / "T.CSV").write_bytes(text.encode())
    light_curves = read_light_curves(tmp_path / "T.CSV")
    assert light_curves.object_id.tolist() == ["a"] and points_of(light_curves, 0) == [(1.0, 2, -18.0)]
