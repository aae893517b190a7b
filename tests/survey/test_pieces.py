"""Surveys in pieces and slices: nothing twice, nothing lost, no object taken apart."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from snlib.survey import pieces as module
from snlib.survey.layouts import find_layout
from snlib.survey.pieces import plan_files, read_slices
from tests.survey.small_surveys import LAYOUTS, write_survey

LENGTHS = np.random.default_rng(3).integers(0, 9, 50).tolist()


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(module, "_SLICE_OBJECTS", 4)
    monkeypatch.setattr(module, "_SLICE_POINTS", 13)
    monkeypatch.setattr(module, "_PIECE_OBJECTS", 12)


def slices_of(plan):
    return [[rows for _, rows, _ in read_slices(piece, find_layout)] for piece in plan]


@pytest.mark.parametrize("layout", LAYOUTS[:-1])
def test_lists_are_read_row_by_row_in_order(tmp_path, small, layout):
    write_survey(tmp_path / "s.parquet", LENGTHS, layout, row_group_size=7)
    plan = plan_files([tmp_path / "s.parquet"], find_layout)
    assert [piece.n_rows for piece in plan] == [14, 14, 14, 8]
    assert len({piece.name for piece in plan}) == 4
    slices = slices_of(plan)
    assert max(len(rows) for part in slices for rows in part) == 4
    read = pa.concat_tables([rows for part in slices for rows in part])
    whole = parquet.read_table(tmp_path / "s.parquet")
    assert read.select(whole.column_names).equals(whole)


def test_only_what_is_needed_is_read(tmp_path, small):
    write_survey(tmp_path / "s.parquet", LENGTHS, "struct of lists")
    table = parquet.read_table(tmp_path / "s.parquet")
    more = pa.StructArray.from_arrays(
        [*table["lightcurve"].combine_chunks().flatten(), table["lightcurve"].combine_chunks().field(0)],
        ["phase_days", "band", "magnitude", "airmass"],
    )
    table = table.set_column(1, "lightcurve", more).append_column("image", pa.array(["x"] * 50))
    parquet.write_table(table, tmp_path / "s.parquet")
    rows = slices_of(plan_files([tmp_path / "s.parquet"], find_layout))[0][0]
    assert rows.column_names == ["object_id", "lightcurve"]
    fields = [field.name for field in rows.schema.field("lightcurve").type]
    assert fields == ["phase_days", "band", "magnitude"]


def test_points_of_an_object_stay_together_over_slices_and_files(tmp_path, small):
    points = write_survey(tmp_path / "all.parquet", LENGTHS, "points")
    for number, (first, last) in enumerate([(0, 30), (30, 31), (31, 110), (110, len(points))]):
        points[first:last].to_parquet(tmp_path / f"{number}.parquet", row_group_size=9)
    plan = plan_files(sorted(tmp_path.glob("[0-9].parquet")), find_layout)
    assert [piece.n_rows for piece in plan] == [len(points)]
    (slices,) = slices_of(plan)
    assert len(slices) > 10
    of_slices = [set(rows["object_id"].to_pylist()) for rows in slices]
    assert sum(map(len, of_slices)) == len(set.union(*of_slices)) == sum(length > 0 for length in LENGTHS)
    read = pa.concat_tables(slices).to_pandas()[points.columns.tolist()]
    pd.testing.assert_frame_equal(read, points, check_dtype=False)


def test_an_object_of_many_slices_is_one(tmp_path, small):
    write_survey(tmp_path / "s.parquet", [3, 50, 2], "points")
    (slices,) = slices_of(plan_files([tmp_path / "s.parquet"], find_layout))
    assert [set(rows["object_id"].to_pylist()) for rows in slices] == [{"sn0"}, {"sn1", "sn2"}]


def test_a_small_table_of_points_may_have_any_order(tmp_path):
    points = write_survey(tmp_path / "s.parquet", LENGTHS, "points")
    points.sample(frac=1, random_state=0).to_parquet(tmp_path / "s.parquet")
    (slices,) = slices_of(plan_files([tmp_path / "s.parquet"], find_layout))
    assert len(slices) == 1 and len(slices[0]) == len(points)


def test_a_file_that_cannot_be_read_is_a_piece_that_names_it(tmp_path, small):
    write_survey(tmp_path / "a.parquet", LENGTHS)
    (tmp_path / "b.parquet").write_bytes((tmp_path / "a.parquet").read_bytes()[:-100])
    good, bad = plan_files([tmp_path / "a.parquet", tmp_path / "b.parquet"], find_layout)
    assert (good.n_rows, bad.n_rows) == (50, 0)
    with pytest.raises(ValueError, match=r"b\.parquet: not a readable Parquet table"):
        list(read_slices(bad, find_layout))
