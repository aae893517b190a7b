"""Packing many light curves at once, against the reader that reads one table of points."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from snlib.data.light_curve_tables import read_light_curves
from snlib.survey.layouts import find_layout
from snlib.survey.left_out import LeftOut
from snlib.survey.packing import pack
from tests.survey.small_surveys import LAYOUTS, arrow_table, points_of

LENGTHS = [5, 0, 30, 1, 17, 0]


def packed(table, path="survey.parquet", kept=()):
    return pack(path, table, find_layout(path, table.schema, kept))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("layout", LAYOUTS)
def test_light_curves_are_those_of_the_table_of_points(tmp_path, layout):
    points = points_of(LENGTHS)
    points = pd.concat([points, points[7:9]]).sort_values("object_id", kind="stable")  # duplicates
    points = points.sort_values("object_id", key=lambda names: names.str[2:].astype(int), kind="stable")
    points.to_csv(tmp_path / "points.csv", index=False)
    expected = read_light_curves(tmp_path / "points.csv")
    lengths = [int((points["object_id"] == f"sn{index}").sum()) for index in range(len(LENGTHS))]
    found = packed(arrow_table(points, layout, lengths)).curves
    some = np.array([length > 0 for length in lengths]) if layout != "points" else np.ones(4, bool)
    assert found.object_id[some].tolist() == expected.object_id.tolist()
    assert found.n_points[some].tolist() == expected.n_points.tolist()
    assert found.n_points.sum() == expected.n_points.sum() > 0
    for name in ("phase_days", "magnitude", "band"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))


@pytest.mark.parametrize("layout", LAYOUTS[:-1])
def test_slices_and_missing_lists_are_no_trouble(layout):
    """Offsets of a slice do not begin at 0, and a list that is null has no point."""
    table = arrow_table(points_of(LENGTHS), layout, LENGTHS)
    whole, part = packed(table).curves, packed(table.slice(2, 3)).curves
    assert part.object_id.tolist() == ["sn2", "sn3", "sn4"]
    assert part.n_points.tolist() == whole.n_points[2:5].tolist()
    np.testing.assert_array_equal(part.magnitude, whole.magnitude[slice(*whole.start[[2, 5]])])
    chunks = pa.concat_tables([table.slice(2, 1), table.slice(3, 2)])
    np.testing.assert_array_equal(packed(chunks).curves.magnitude, part.magnitude)
    gone = pa.table(
        {
            name: table[name] if name == "object_id" else pa.nulls(len(table), table[name].type)
            for name in table.column_names
        }
    )
    assert packed(gone).curves.n_points.tolist() == [0] * len(LENGTHS)


def test_what_is_left_out_is_counted():
    points = pd.DataFrame(
        {
            "object_id": ["a", "a", "b", "b", "b", "c", "c", "c"],
            "phase_days": [0, np.nan, 70, -30, 1, 2, 3, 3],
            "band": ["r", "r", "g", "g", "H", "r", "r", "r"],
            "magnitude": [np.nan, -18.0, -18, -18, -18, -5, -18, -18],
        }
    )
    left_out = packed(arrow_table(points, "points", None)).left_out
    assert left_out.reasons == {
        "phase_days not finite": [1, 1, "a"],
        "magnitude not finite": [1, 1, "a"],
        "phase_days after 60": [1, 1, "b"],
        "phase_days before -20": [1, 1, "b"],
        "band none of u, g, r, i, z, y": [1, 1, "b"],
        "magnitude fainter than -12": [1, 1, "c"],
        "exact duplicates": [1, 1, "c"],
    }
    both = LeftOut({"upper limits": [2, 1, "x"]}, {"odd": None})
    both.add(left_out)
    both.add(left_out)
    assert both.reasons["phase_days after 60"] == [2, 2, "b"] and len(both.reasons) == 8
    with pytest.warns(UserWarning) as said:
        both.warn("s.parquet")
    assert [str(one.message) for one in said][:2] == [
        "odd",
        "s.parquet: band none of u, g, r, i, z, y: 2 points of 2 objects left out, first of 'b'",
    ]


def test_identifiers_keep_their_type_and_other_columns_go_along():
    table = arrow_table(points_of(LENGTHS), "lists", LENGTHS, object_id=np.arange(6) + 10**17)
    table = table.append_column("ra", pa.array(np.arange(6.0)))
    result = packed(table, kept=("ra",))
    assert result.object_id.type == pa.int64() and result.object_id.to_pylist() == list(10**17 + np.arange(6))
    assert result.kept.column_names == ["ra"] and result.kept["ra"].to_pylist() == list(range(6))


def changed(name, values):
    return lambda table: table.set_column(table.column_names.index(name), name, values)


def with_unit(name, unit):
    def change(table):
        field = table.schema.field(name).with_metadata({"unit": unit})
        return table.set_column(table.column_names.index(name), field, table[name])

    return change


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda t: t.drop_columns("band"), "s.parquet: column 'band' is missing; found are 'object_id', "),
        (lambda t: t.drop_columns("object_id"), "s.parquet: column 'object_id' is missing"),
        (changed("object_id", [["a", "b", "a"]]), "s.parquet: object 'a' has two rows"),
        (changed("object_id", [["a", None, "c"]]), "s.parquet: row 2, column 'object_id': empty"),
        (changed("object_id", [["a", " ", "c"]]), "s.parquet: column 'object_id': '': empty"),
        (changed("object_id", [["a", "b\n1", "c"]]), r"'b\\n1': holds a control character"),
        (changed("object_id", [["a", "b", "c" * 300]]), "'c{40}': has more than 256 characters"),
        (changed("object_id", [[1.0, 2.0, 3.0]]), "column 'object_id': of type double, expected integers"),
        (
            changed("magnitude", [[[-18], [22.5, -18], []]]),
            "object 'sn1', column 'magnitude': 22.5, exp",
        ),
        (changed("phase_days", [[[1.0], [5e4, 1], []]]), "object 'sn1', column 'phase_days': 50000.0, exp"),
        (changed("magnitude", [[["-18"], ["x", "1"], []]]), "object 'sn1', column 'magnitude': 'x' is not a"),
        (
            changed("magnitude", [[[-18.0], [-18.0], []]]),
            "object 'sn1': columns 'phase_days' and 'magn",
        ),
        (with_unit("magnitude", "nJy"), r"s.parquet: column 'magnitude': in 'nJy', expected mag\(AB\)"),
        (with_unit("phase_days", "Angstrom"), "s.parquet: column 'phase_days': in 'Angstrom', expected a"),
    ],
)
def test_bad_input_is_named(change, message):
    table = arrow_table(points_of([1, 2, 0]), "lists", [1, 2, 0])
    with pytest.raises(ValueError, match=message):
        packed(change(table), "s.parquet")


def test_a_unit_of_time_is_heeded():
    table = arrow_table(points_of([3]), "lists", [3])
    hours = changed("phase_days", [[[24.0, 48, 72]]])(table)
    hours = with_unit("phase_days", "h")(changed("magnitude", [[[-18.0, -18, -18]]])(hours))
    hours = changed("band", [[["r", "g", "r"]]])(hours)
    assert packed(hours).curves.phase_days.tolist() == [1, 2, 3]


def test_two_columns_of_light_curves_are_refused():
    table = arrow_table(points_of([1, 2]), "struct of lists", [1, 2])
    table = table.append_column("again", table["lightcurve"])
    with pytest.raises(ValueError, match="columns 'lightcurve' and 'again' could both be the light curves"):
        packed(table)


def test_a_nested_column_that_lacks_something_is_named():
    table = arrow_table(points_of([1, 2]), "struct of lists", [1, 2])
    nested = table["lightcurve"].combine_chunks()
    left = ["phase_days", "band"]
    less = pa.StructArray.from_arrays([nested.field(name) for name in left], left)
    with pytest.raises(ValueError, match="column 'lightcurve': column 'magnitude' is missing; found are"):
        packed(pa.table({"object_id": ["a", "b"], "lightcurve": less}), "s.parquet")
