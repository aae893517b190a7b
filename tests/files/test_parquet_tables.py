"""Parquet tables: files, folders of parts, lists, indices and units."""

import astropy.units as u
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from astropy.table import QTable
from pyarrow import parquet

from snlib.files.columns import Wanted
from snlib.files.parquet_tables import read_parquet

WANTED = Wanted(("a", "b"))
TABLE = pd.DataFrame({"a": ["x", "y", "z"], "b": [1.5, np.nan, -2.0], "c": 1})
ROWS = {"a": ["x", "y", "z"], "b": [1.5, None, -2.0]}


def lists(table):
    return {name: column.to_pylist() for name, column in table.columns.items()}


def test_columns_are_read_with_the_types_that_they_have(tmp_path):
    TABLE.to_parquet(tmp_path / "t.parquet")
    table = read_parquet(tmp_path / "t.parquet", Wanted(("a", "b"), ("c", "d")))
    assert lists(table) == {**ROWS, "c": [1, 1, 1]} and len(table) == 3 and table.units == {}
    assert table.columns["b"].type == pa.float64() and table.columns["c"].type == pa.int64()


@pytest.mark.parametrize("names", [["a"], ["a", "c"], ["c"]])
def test_an_index_is_a_column(tmp_path, names):
    TABLE.set_index(names).to_parquet(tmp_path / "t.parquet")
    assert lists(read_parquet(tmp_path / "t.parquet", WANTED)) == ROWS


def test_an_index_that_only_counts_is_a_column_if_it_has_a_name(tmp_path):
    table = TABLE.drop(columns="a")
    table.index = pd.RangeIndex(7, 1, -2)
    table.to_parquet(tmp_path / "t.parquet")
    with pytest.raises(ValueError, match=r"t\.parquet: column 'a' is missing; found are 'b', 'c'$"):
        read_parquet(tmp_path / "t.parquet", WANTED)
    table.rename_axis("A").to_parquet(tmp_path / "t.parquet")
    assert lists(read_parquet(tmp_path / "t.parquet", WANTED))["a"] == [7, 5, 3]


def test_lists_stay_lists(tmp_path):
    rows = [[1.0, 2.0], [], [3.0]]
    TABLE.assign(b=rows).to_parquet(tmp_path / "t.parquet")
    assert lists(read_parquet(tmp_path / "t.parquet", WANTED))["b"] == rows


def with_metadata(**units):
    fields = [pa.field(name, pa.float64(), metadata={"unit": unit}) for name, unit in units.items()]
    return pa.table([pa.array([1.0])] * len(units), pa.schema(fields))


def test_units_in_metadata(tmp_path):
    path = tmp_path / "t.parquet"
    parquet.write_table(with_metadata(a="h", B="mag"), path)
    assert read_parquet(path, WANTED).units == {"a": "h", "b": "mag"}
    QTable({"a": [1.0] * u.hour, "b": [2.0]}).write(path, overwrite=True)
    assert read_parquet(path, WANTED).units == {"a": "h"}
    table = TABLE.copy()
    table.attrs["units"] = {"b": "d", "c": "h"}
    table.to_parquet(path)
    assert read_parquet(path, WANTED).units == {"b": "d"}


def folder(path, *parts):
    path.mkdir()
    for number, part in enumerate(parts):
        part.to_parquet(path / f"part.{number}.parquet")
    return path


def test_a_folder_of_parts_is_one_table(tmp_path):
    path = folder(tmp_path / "t", TABLE[:1], TABLE[1:1], TABLE[["b", "a"]][1:])
    (path / "_metadata").write_bytes(b"?")
    (path / ".part.0.parquet").write_bytes(b"?")
    assert lists(read_parquet(path, WANTED)) == ROWS


def test_parts_in_folders_within(tmp_path):
    path = folder(tmp_path / "t", TABLE[:1])
    folder(path / "x", TABLE[1:])
    assert lists(read_parquet(path, WANTED)) == ROWS


@pytest.mark.parametrize(
    "second, said",
    [
        (TABLE.assign(b="x"), "t: not a readable folder of Parquet tables"),
        (
            TABLE.rename(columns={"c": "d"}),
            "t: part.1.parquet has other columns or units than the first part",
        ),
        (TABLE.drop(columns="a"), "t/part.1.parquet: column 'a' is missing"),
    ],
)
def test_parts_that_differ_are_named(tmp_path, second, said):
    path = folder(tmp_path / "t", TABLE, second)
    with pytest.raises(ValueError) as stopped:
        read_parquet(path, Wanted(("a", "b"), ("c",)))
    assert str(stopped.value).startswith(f"{tmp_path}/{said}")


def test_parts_in_other_units_are_named(tmp_path):
    (tmp_path / "t").mkdir()
    for unit in ("h", "d"):
        parquet.write_table(with_metadata(a=unit, b="mag"), tmp_path / "t" / f"{unit}.parquet")
    with pytest.raises(ValueError, match=r"t: h\.parquet has other columns or units than the first part"):
        read_parquet(tmp_path / "t", WANTED)


def test_a_folder_without_parts_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"t: no file \*\.parquet in this folder"):
        read_parquet(folder(tmp_path / "t"), WANTED)
    with pytest.raises(FileNotFoundError, match=r"u\.parquet: no such file"):
        read_parquet(tmp_path / "u.parquet", WANTED)


@pytest.mark.parametrize("column", [np.full(10**7, 1.0), pa.array([[1.0] * 10**7])], ids=["rows", "list"])
def test_more_than_a_file_can_hold_is_refused(tmp_path, column):
    """Ten million values in a kilobyte, all the same."""
    path = tmp_path / "t.parquet"
    one_page = {"row_group_size": 10**7, "write_batch_size": 10**7, "data_page_size": 10**9}
    parquet.write_table(pa.table({"a": column, "b": column}), path, max_rows_per_page=10**7, **one_page)
    assert path.stat().st_size < 3_000
    with pytest.raises(ValueError, match=r"t\.parquet: .*it claims 80,000,000 bytes of the"):
        read_parquet(path, WANTED)
