"""Text tables as people write them: what is in the file is what is read, or one line says why not."""

import gzip
import io
import json
import tracemalloc
import warnings

import astropy.units as u
import numpy as np
import pytest
from astropy.table import MaskedColumn, QTable, Table
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from snlib.files.columns import Wanted
from snlib.files.csv_tables import read_csv, read_ecsv

WANTED = Wanted(("a", "b"))
PACKED = gzip.compress(b"a,b\n1,2\n" * 1000, mtime=0)  # workers must agree on what tests are called
ROWS = {"a": ["SN 1", "2"], "b": ["-1.5", "x"]}


def read(path, content, reader=read_csv, wanted=WANTED):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        columns = reader(path, wanted).columns
    return {name: [cell.strip() for cell in column.to_pylist()] for name, column in columns.items()}


FORMS = {
    "comma": "a,b\nSN 1,-1.5\n2,x\n",
    "semicolon": "a;b\nSN 1;-1.5\n2;x\n",
    "tab": "a\tb\nSN 1\t-1.5\n2\tx\n",
    "bar": "a|b\nSN 1|-1.5\n2|x\n",
    "blank": 'a b\n"SN 1" -1.5\n2 x\n',
    "aligned": '  a       b  \n "SN 1"  -1.5\n  2\t \t x  \n',
    "other columns": "c;b;d;a\n1,2;-1.5;,;SN 1\n3,4;x;,,;2\n",
    "capitals and blanks": " A , B \nSN 1,-1.5\n2,x\n",
    "comments": "# made by me\n# a, of course\na,b\nSN 1,-1.5\n# half\n2,x\n# end\n",
    "header in a comment": "# made by me\n#a,b\nSN 1,-1.5\n2,x\n",
    "header in a comment of a blank separated table": '# z = 1\n# a b\n"SN 1" -1.5\n2 x\n',
    "header in a comment, more below": "# a, b\n# units: none\nSN 1,-1.5\n2,x\n",
    "no last newline": "a,b\nSN 1,-1.5\n2,x",
    "line ends of Windows": "a,b\r\nSN 1,-1.5\r\n2,x\r\n",
    "line ends of old": "a,b\rSN 1,-1.5\r2,x\r",
    "byte-order mark": "\ufeffa,b\nSN 1,-1.5\n2,x\n",
    "empty lines": "\n\n  \na,b\n\nSN 1,-1.5\n   \n2,x\n\n",
    "empty rows of a spreadsheet": "a,b,c\nSN 1,-1.5,\n,,\n2,x,\n,,\n",
    "quotes": '"a","b"\n"SN 1","-1.5"\n"2",x\n',
    "quotes after blanks": 'a, b, c\n"SN 1", "-1.5", "1, 2"\n2, "x",  "3,4"\n',
    "a delimiter in quotes": 'c,a,b\n"1,2",SN 1,-1.5\n",",2,x\n',
}


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_table(tmp_path, form, packed):
    content = FORMS[form].encode()
    assert read(tmp_path / "t.csv", gzip.compress(content) if packed else content) == ROWS


CELLS = (
    st.text(st.characters(codec="utf-8", exclude_characters="\x00#"), min_size=1).map(str.strip).filter(bool)
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.tuples(CELLS, CELLS), min_size=1), st.sampled_from([",", "\t", ";", "|"]))
def test_whatever_is_in_the_cells_comes_back(tmp_path, rows, delimiter):
    """Also delimiters, quotes and line ends, which stand in quotes."""
    lines = [["a", "b"], *(["".join(cell.splitlines()) or "x" for cell in row] for row in rows)]
    lines = [[cell.strip() or "x" for cell in row] for row in lines]
    quoted = [delimiter.join('"' + cell.replace('"', '""') + '"' for cell in row) for row in lines]
    found = read(tmp_path / "t.csv", "\n".join(quoted))
    assert [found["a"], found["b"]] == [list(column) for column in zip(*lines[1:], strict=True)]


def test_a_value_may_be_several_lines_long(tmp_path):
    assert read(tmp_path / "t.csv", 'c,a,b\n"1\n2",SN 1,-1.5\n"3\n\n4",2,x\n') == ROWS


@pytest.mark.parametrize("delimiter", [",", " "])
def test_blocks_do_not_cut_lines(tmp_path, delimiter):
    """Of a table of several megabytes, with line ends of two bytes at every offset."""
    names = [f"{'n' * (i % 7)}{i}" for i in range(300_000)]
    lines = [delimiter.join(("a", "b")), *(f"{name}{delimiter}{i}" for i, name in enumerate(names))]
    found = read(tmp_path / "t.csv", "\r\n".join(lines))
    assert found["a"] == names and found["b"] == [str(i) for i in range(300_000)]


def test_blocks_do_not_cut_values_of_several_lines(tmp_path):
    lines = "line\n" * 9
    rows = "".join(f'{i},"{lines}",{-i}\n' for i in range(60_000))
    found = read(tmp_path / "t.csv", f"a,c,b\n{rows}")
    assert found == {"a": [str(i) for i in range(60_000)], "b": [str(-i) for i in range(60_000)]}


def test_a_lone_quote_opens_nothing(tmp_path):
    names = [*(f"x{i}" for i in range(200_000)), 'the 5" one', *(f"y{i}" for i in range(300_000))]
    found = read(tmp_path / "t.csv", "a,b\n" + "".join(f"{name},{i}\n" for i, name in enumerate(names)))
    assert found["a"] == names


def test_optional_columns_are_read_where_they_are(tmp_path):
    wanted = Wanted(("a",), ("b", "c"))
    assert read(tmp_path / "t.csv", FORMS["comma"], wanted=wanted) == ROWS


def test_rows_that_look_commented_out_are_said(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1,2\n#3,4\n# a remark\n #5,6\n")
    with pytest.warns(UserWarning) as caught:
        assert read_csv(path, WANTED).columns["a"].to_pylist() == ["1"]
    assert [str(one.message) for one in caught] == [
        f"{path}: 2 rows that begin with '#' are taken as comments"
    ]


@pytest.mark.parametrize(
    "content, said",
    [
        ("", "columns 'a', 'b' are missing; found are none"),
        ("a,b\n", "no rows"),
        ("# a,b\n", "no rows"),
        ("a,b\n# only a remark\n\n", "no rows"),
        ("a c\n1 2\n", "column 'b' is missing; found are 'a', 'c'"),
        ("x|y|z\n1|2|3\n", "columns 'a', 'b' are missing; found are 'x', 'y', 'z'"),
        ("a,b\n1,2\n3\n", "a row has 1 fields, the header 2: '3'"),
        ("a,b\n1,2,\n", "a row has 3 fields, the header 2: '1,2,'"),
        ('a,b\n"1,2\n3,4\n', "a row has 1 fields, the header 2: "),
        (b"a,b\n1,\xff\n", "not a readable CSV table, or not all of it ('utf-8' codec can't decode "),
        (b"a,b\n1,\xff,3\n", "not a readable CSV table, or not all of it ('utf-8' codec can't decode "),
        (b"a,b,\xff\n1,2,3\n", "not a readable CSV table, or not all of it ('utf-8' codec can't decode "),
        (b"\xff\xfea\0,\0b\0\n\0", "not a readable CSV table, or not all of it ('utf-8' codec"),
        (
            PACKED[:-20],
            "not a readable CSV table, or not all of it (Compressed file",
        ),
        (
            PACKED[:-4] + b"\0\0\0\0",
            "not a readable CSV table, or not all of it (",
        ),
    ],
)
def test_what_is_no_table_is_named(tmp_path, content, said):
    path = tmp_path / "t.csv"
    with pytest.raises(ValueError) as stopped:
        read(path, content)
    assert str(stopped.value).startswith(f"{path}: {said}") and "\n" not in str(stopped.value)


@pytest.mark.parametrize("begin", [b"", b"a,b\n1,2\n", b'a,b\n1,"', b"a,b\n#"])
@pytest.mark.parametrize("fill", [b"x", b"x\n"])
def test_a_line_without_end_is_refused_at_once(tmp_path, begin, fill):
    """However much there is of it, packed into little: it is not all read."""
    if fill == b"x\n" and b'"' not in begin:
        fill = b"x" * 1024
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=1) as file:
        file.write(begin)
        for _ in range(16):
            file.write(fill * (2**22 // len(fill)))
    path = tmp_path / "t.csv"
    path.write_bytes(packed.getvalue())
    tracemalloc.start()
    try:
        with pytest.raises(
            ValueError,
            match=r"t\.csv: (not a readable CSV table, .*)?(a line is longer|a row has [12] fields)",
        ):
            read_csv(path, WANTED)
        assert tracemalloc.get_traced_memory()[1] < 2e7
    finally:
        tracemalloc.stop()


# ECSV, as astropy writes it


@pytest.mark.parametrize("delimiter", [" ", ","])
def test_ecsv_gives_cells_and_units(tmp_path, delimiter):
    table = QTable({"y": ["SN  1", "n", ""], "b": [1.5, -2.25, 3.0] * u.hour, "c": [1, 2, 3]})
    table.meta["comments"] = ["a, b"]
    table.write(tmp_path / "t.ecsv", delimiter=delimiter)
    found = read_ecsv(tmp_path / "t.ecsv", Wanted(("b", "y", "c")))
    assert found.columns["y"].to_pylist() == ["SN  1", "n", ""]
    assert [float(cell) for cell in found.columns["b"].to_pylist()] == [1.5, -2.25, 3.0]
    assert found.units == {"b": "h"}


def test_masked_cells_of_ecsv_are_empty(tmp_path):
    Table({"a": MaskedColumn([1.0, 2.0], mask=[True, False]), "b": ["x", "y"]}).write(tmp_path / "t.ecsv")
    assert read_ecsv(tmp_path / "t.ecsv", WANTED).columns["a"].to_pylist() == ["", "2.0"]


def test_arrays_in_ecsv_are_lists(tmp_path):
    rows = [[1.0, 2.5], [3.0]]
    column = np.empty(2, dtype=object)
    column[:] = rows
    Table({"a": ["x", "y"], "b": column, "c": np.array([[1, 2], [3, 4]])}).write(tmp_path / "t.ecsv")
    found = read_ecsv(tmp_path / "t.ecsv", Wanted(("a", "b", "c"))).columns
    assert found["b"].to_pylist() == rows and found["c"].to_pylist() == [[1, 2], [3, 4]]


def test_ecsv_is_known_by_its_first_line_whatever_it_is_called(tmp_path):
    QTable({"a": [1.0] * u.day, "b": [2]}).write(tmp_path / "t.ecsv")
    path = tmp_path / "t.ecsv.gz"
    path.write_bytes(gzip.compress((tmp_path / "t.ecsv").read_bytes()))
    assert read_csv(path, WANTED).units == {"a": "d"}


def ecsv(header):
    lines = ["%ECSV 1.0", "---", *header.splitlines()]
    return "".join(f"# {line}\n" for line in lines) + "a b\n1 2\n"


COLUMNS = "datatype: [{name: a, datatype: string}, {name: b, datatype: string%s}]"


@pytest.mark.parametrize(
    "content, said",
    [
        ("a,b\n1,2\n", "it does not begin with '# %ECSV'"),
        (ecsv("{}"), "its header does not list the columns"),
        (ecsv("datatype: [1, 2]"), "its header does not list the columns"),
        (ecsv("datatype: [{name: a}, {name: c}]"), "the line of names is not what its header says"),
        (ecsv("datatype: ["), "while parsing"),
        (ecsv("[" * 5000), "nested too deeply"),
        (ecsv("x: " + "y" * 300_000), "its header is longer than 250,000 characters"),
        (ecsv(COLUMNS % ", subtype: 'float64[null]'").replace("1 2", "1 x"), "Expecting value"),
    ],
)
def test_what_is_no_ecsv_is_named(tmp_path, content, said):
    with pytest.raises(ValueError, match=rf"t\.ecsv: not a readable ECSV table.*\(.*({said})"):
        read(tmp_path / "t.ecsv", content, read_ecsv)


def test_a_yaml_tag_makes_nothing(tmp_path):
    header = COLUMNS % "" + "\nmeta: !!python/object/apply:os.mkdir [made]\nmore: !x {y: 1}"
    assert read(tmp_path / "t.ecsv", ecsv(header), read_ecsv) == {"a": ["1"], "b": ["2"]}
    assert not (tmp_path / "made").exists()


def test_json_in_arrays_must_be_finite(tmp_path):
    content = ecsv(COLUMNS % ", subtype: 'float64[null]'").replace("1 2", f"1 {json.dumps([float('nan')])}")
    with pytest.raises(ValueError, match=r"t\.ecsv: .*NaN, which is no number"):
        read(tmp_path / "t.ecsv", content, read_ecsv)
