"""One reader for tables in every kind of file."""

import gzip

import pandas as pd
import pytest
from astropy.table import Table

from snlib.files.columns import Wanted
from snlib.files.tables import read_table

WANTED = Wanted(("a",))
TABLE = pd.DataFrame({"b": [1, 2], "a": ["x", "y"]})


def write(path, suffix):
    if suffix.endswith("ecsv"):
        Table.from_pandas(TABLE).write(path, format="ascii.ecsv")
    elif suffix.endswith("parquet"):
        TABLE.to_parquet(path)
    else:
        path.write_text(TABLE.to_csv(sep={".tsv": "\t", ".dat": " "}.get(suffix, ","), index=False))


@pytest.mark.parametrize("suffix", [".csv", ".CSV", ".tsv", ".txt", ".dat", ".ecsv", ".parquet"])
def test_the_name_says_the_kind(tmp_path, suffix):
    write(tmp_path / f"t{suffix}", suffix)
    table = read_table(tmp_path / f"t{suffix}", WANTED)
    assert table.columns["a"].to_pylist() == ["x", "y"] and len(table) == 2 and list(table.columns) == ["a"]


@pytest.mark.parametrize("suffix", [".csv", ".ecsv"])
def test_packed_text(tmp_path, suffix):
    write(tmp_path / "t", suffix)
    (tmp_path / f"t{suffix}.gz").write_bytes(gzip.compress((tmp_path / "t").read_bytes()))
    assert read_table(tmp_path / f"t{suffix}.gz", WANTED).columns["a"].to_pylist() == ["x", "y"]


@pytest.mark.parametrize("name", ["t", "t.parquet", "t.csv"])
def test_a_folder(tmp_path, name):
    (tmp_path / name).mkdir()
    TABLE.to_parquet(tmp_path / name / "1.parquet")
    assert read_table(tmp_path / name, WANTED).columns["a"].to_pylist() == ["x", "y"]


def test_rows_are_numbered_whatever_they_were_called(tmp_path):
    TABLE[1:].to_parquet(tmp_path / "t.parquet")
    assert read_table(tmp_path / "t.parquet", WANTED).columns["a"].to_pylist() == ["y"]


def test_a_file_that_is_not_there_or_of_another_kind(tmp_path):
    for suffix in (".csv", ".ecsv", ".parquet"):
        with pytest.raises(FileNotFoundError, match=rf"t\{suffix}: no such file"):
            read_table(tmp_path / f"t{suffix}", WANTED)
    (tmp_path / "t.fits").write_bytes(b"")
    with pytest.raises(ValueError, match=r"t\.fits: the name should end in \.csv or \.ecsv or \.parquet or "):
        read_table(tmp_path / "t.fits", WANTED)
    with pytest.raises(ValueError, match=r"t\.ecsv: not a readable ECSV table"):
        (tmp_path / "t.ecsv").write_text("a\n1\n")
        read_table(tmp_path / "t.ecsv", WANTED)


def test_a_table_without_rows(tmp_path):
    TABLE[:0].to_parquet(tmp_path / "t.parquet")
    with pytest.raises(ValueError, match=r"t\.parquet: no rows"):
        read_table(tmp_path / "t.parquet", WANTED)
