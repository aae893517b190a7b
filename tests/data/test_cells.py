"""Cells, identifiers, bands, units and lists: as Python reads them, or named."""

import warnings

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snlib.data.band_names import band_index, read_bands
from snlib.data.cells import flags, numbers, words
from snlib.data.identifiers import identifiers
from snlib.data.quantities import BANDS
from snlib.data.table_points import points_of
from snlib.data.units import days_in, require_ab_magnitudes
from snlib.files.columns import Table


def column(*cells, type=None):
    """In several parts, as in a file of several blocks."""
    parts = (cells[:1], cells[1:2], (), cells[2:])
    type = type or pa.array(cells).type
    return pa.chunked_array([pa.array(part, type) for part in parts], type)


def where(row):
    return f"row {row}"


@given(st.lists(st.floats(allow_nan=False), min_size=1))
def test_numbers_in_text_are_read_to_the_last_bit(values):
    np.testing.assert_array_equal(numbers(column(*map(repr, values)), where), values)
    np.testing.assert_array_equal(numbers(column("", *map(repr, values)), where), [np.nan, *values])


@pytest.mark.parametrize("missing", ["", "  ", "nan", "NaN", "NULL", "None", "n/a", "NA", "--", "-", None])
@pytest.mark.parametrize("other", ["1.5", " 1.5 ", "+1.5", "15e-1"])
def test_missing_cells_are_nan(missing, other):
    np.testing.assert_array_equal(numbers(column("2", missing, other), where), [2, np.nan, 1.5])


@pytest.mark.parametrize(
    "type", [pa.float16(), pa.float32(), pa.float64(), pa.int8(), pa.uint64(), pa.decimal128(10, 2)]
)
def test_numbers_of_every_type(type):
    cells = column(2, None, 7, type=type)
    np.testing.assert_array_equal(numbers(cells, where), [2, np.nan, 7])
    np.testing.assert_array_equal(numbers(cells.dictionary_encode(), where), [2, np.nan, 7])


@pytest.mark.parametrize("cell", ["abc", "1_0", "10 d", "1,5", "0x10", "1.5.2", "١٢x"])
def test_what_is_no_number_is_named(cell):
    with pytest.raises(ValueError, match=rf"^row 2: '{cell}' is not a number$"):
        numbers(column("1", "", cell, "x"), where)


@pytest.mark.parametrize("type", [pa.bool_(), pa.timestamp("us")])
def test_other_types_are_no_numbers(type):
    with pytest.raises(ValueError, match=r"^row 0: '.*' is not a number$"):
        numbers(column(1, 0, type=pa.int64()).cast(type), where)


def test_flags():
    expected = [True, False, True, False, False, True]
    assert flags(column("T", "f", "TRUE", "", "no", "1"), where).tolist() == expected
    assert flags(column("yes", "0", "y", "N", "False", "1.0"), where).tolist() == expected
    assert flags(column(True, False, True, None, False, True), where).tolist() == expected
    assert flags(column(1, 0, 1, None, 0, 1), where).tolist() == expected
    assert flags(column(1.0, 0.0, 1.0, np.nan, 0.0, 1.0), where).tolist() == expected
    with pytest.raises(ValueError, match=r"^row 3: '>18' is neither true nor false"):
        flags(column("T", "F", "F", ">18", "F"), where)


def test_words_are_told_apart_without_the_blanks_around():
    code, texts = words(column("b", " a", None, "a ", "", "b", " "))
    assert texts == ["b", "a", ""] and code.tolist() == [0, 1, 2, 1, 2, 0, 2]
    categories = pa.DictionaryArray.from_arrays([2, 1, 2], ["unused", "a", "b"])
    code, texts = words(pa.chunked_array([categories]))
    assert texts == ["b", "a"] and code.tolist() == [0, 1, 0]


# Identifiers


@pytest.mark.parametrize(
    "cells, expected",
    [
        ((" b", "a", "b "), ["b", "a"]),
        (("x" * 256, "x" * 255, "SN 2011fe"), ["x" * 256, "x" * 255, "SN 2011fe"]),
        (("9007199254740993", "1e5", "2011e12"), ["9007199254740993", "1e5", "2011e12"]),
        ((2**63 - 1, -5, 7), ["9223372036854775807", "-5", "7"]),
        ((2.0**53 - 1, 0.5, 7.0), ["9007199254740991.0", "0.5", "7.0"]),
        ((b"a", b"b", b"a"), ["a", "b"]),
        (("a,b", "nan", "é ü"), ["a,b", "nan", "é ü"]),
    ],
)
def test_identifiers_are_text(cells, expected):
    place, object_id = identifiers("t", column(*cells))
    assert object_id.tolist() == expected and object_id.dtype == object
    found = [object_id[index] for index in place]
    assert found == [cell.decode() if isinstance(cell, bytes) else str(cell).strip() for cell in cells]


@pytest.mark.parametrize(
    "cells, type, said",
    [
        (("a", "b", ""), None, "t: row 3, column 'object_id': empty"),
        (("a", None, "c"), None, "t: row 2, column 'object_id': empty"),
        ((1.0, None, 2.0), None, "t: row 2, column 'object_id': empty"),
        (
            ("a", "x" * 257),
            None,
            f"t: row 2, column 'object_id': '{'x' * 20}'… has 257 characters, ",
        ),
        (("a", "b\nc"), None, r"t: row 2, column 'object_id': 'b\nc' holds a control character"),
        (("a", "b\0"), None, r"t: row 2, column 'object_id': 'b\x00' holds a control character"),
        (
            (1.0, 2.0**53),
            None,
            "t: row 2, column 'object_id': '9007199254740992.0' is a number ",
        ),
        ((1.0, 1e17), None, "t: row 2, column 'object_id': '1e+17' is a number that was stored as a float"),
        ((1.0, 2.0**24), pa.float32(), "t: row 2, column 'object_id': '16777216.0' is a number that was"),
        (("a", "1.70033E+17"), None, "t: row 2, column 'object_id': '1.70033E+17' is a number that was"),
        (("a", "170032899999999990.0"), None, "t: row 2, column 'object_id': '170032899999999990.0' is a"),
    ],
)
def test_what_is_no_identifier_is_named(cells, type, said):
    with pytest.raises(ValueError) as stopped:
        identifiers("t", column(*cells, type=type))
    assert str(stopped.value).startswith(said)


# Bands

PREFIXES = ["", "lsst", "LSST", "lsst_", "LSST-", "LSST_", "lsst2016-", "lsst2023-", "LSST/LSST.", "Rubin "]


@pytest.mark.parametrize("band", BANDS)
def test_names_of_these_six_bands(band):
    for prefix in PREFIXES:
        assert BANDS[band_index(f"{prefix}{band}")] == band
    for name in (f"LSST-{band.upper()}", f"{band}_7", f"{band}_39", f"LSSTCam-{band}"):
        assert BANDS[band_index(name)] == band


OTHERS = (
    *("", "Y", "R", "I", "B", "J", "w", "ztfg", "ZTF-r", "sdssi", "ps1::z", "bessellux", "gaia::g", "gr"),
    *(
        "lsst",
        "lsstB",
        "lsst_gr",
        "g_",
        "g2",
        "g_band",
        "i_390",
        "xlsstg",
        "0",
        "6",
        "lsst2016",
        "G_39",
        "nan",
    ),
)


@pytest.mark.parametrize("name", OTHERS)
def test_other_bands(name):
    assert band_index(name) == -1


def test_bands_of_points():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        band, others = read_bands("t", column("g", "ztfr", "LSST-y ", None, "ztfr", "3", "g"))
    assert band.tolist() == [1, -1, 5, -1, -1, -1, 1] and others == ["ztfr", "3", ""]


@pytest.mark.parametrize(
    "cells", [(0, 5, 2), ("0", "5", "2"), (0.0, 5.0, 2.0), ("0", "5", "2", ""), (0, 5, 2, None)]
)
def test_numbers_of_bands_are_said(cells):
    with pytest.warns(UserWarning, match=r"^t: bands 0 to 5 are taken for u, g, r, i, z, y$"):
        band, others = read_bands("t", column(*cells))
    assert band.tolist()[:3] == [0, 5, 2] and set(band.tolist()[3:]) <= {-1}
    assert others == [""] * (len(cells) - 3)


@pytest.mark.parametrize("cells", [(1, 6, 2), ("0", "g", "1"), (-1, 0, 1), ("", "")])
def test_other_numbers_are_no_bands(cells):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        band, others = read_bands("t", column(*cells))
    assert "g" in cells or (set(band.tolist()) == {-1} and others)


# Units


@pytest.mark.parametrize(
    "units, days",
    [
        ((None, "d", "day", "Days"), 1),
        (("h", "hr", "hour", "HOURS"), 1 / 24),
        (("min", "minutes"), 1 / 1440),
        (("s", " seconds "), 1 / 86400),
    ],
)
def test_units_of_time(units, days):
    assert [days_in("t", unit) for unit in units] == [days] * len(units)


@pytest.mark.parametrize("unit", ["H", "S", "D", "yr", "Jy", "", "mag", "furlong", "MJD", "d2"])
def test_other_units_are_no_time(unit):
    with pytest.raises(ValueError, match=rf"^t: in '{unit}', expected a unit of time such as d or h"):
        days_in("t", unit)


def test_units_of_magnitudes():
    for unit in (None, "mag", "mag(AB)", "ABmag", "AB mag", "AB", "MAG"):
        require_ab_magnitudes("t", unit)
    for unit in ("mag(ST)", "Vega", "mag(Vega)", "mmag", "Jy", "nJy", "d", "1"):
        with pytest.raises(ValueError, match=r"^t: in '.*', expected mag\(AB\)"):
            require_ab_magnitudes("t", unit)


# Lists


@pytest.mark.parametrize("kind", [pa.list_, pa.large_list, lambda type: pa.list_(type, 2)])
def test_lists_are_taken_apart(kind):
    a = [[1.0, 2.0], None, [3.0, 4.0], [5.0, 6.0]]
    table = Table({"name": column(*"wxyz"), "a": column(*a, type=kind(pa.float64()))}, {})
    row, columns = points_of(table, where)
    assert row.tolist() == [0, 0, 2, 2, 3, 3]
    assert columns["a"].to_pylist() == [1, 2, 3, 4, 5, 6] and columns["name"].to_pylist() == list("wwyyzz")


def test_without_lists_a_row_is_a_point():
    table = Table({"name": column(*"xyz"), "a": column(1, 2, 3)}, {})
    row, columns = points_of(table, where)
    assert np.arange(3)[row].tolist() == [0, 1, 2] and columns == table.columns


def test_lists_that_do_not_fit_are_named():
    table = Table({"a": column([1], [2, 3], [4]), "n": column(1, 2, 3), "b": column([1], [2, 3], [4, 5])}, {})
    with pytest.raises(ValueError, match=r"^row 2: columns 'a' and 'b' have 1 and 2 values"):
        points_of(table, where)
    with pytest.raises(ValueError, match=r"^row 0: column 'a' has lists of lists"):
        points_of(Table({"a": column([[1]], [[2]])}, {}), where)
