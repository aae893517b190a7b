"""SQLite databases: read only, and never without end."""

import sqlite3
from contextlib import closing

import pytest

from snlib.files.columns import Wanted
from snlib.files.sqlite import read_sqlite

WANTED = Wanted(("a", "b"))


def make(path, *statements):
    with closing(sqlite3.connect(path)) as database:
        for statement in statements:
            database.execute(statement)
        database.commit()
    return path


def read(path, *tables):
    rows = []
    for part in read_sqlite(path, WANTED, tables or ("t",)):
        rows += zip(part["a"], part["b"], strict=True)
    return rows


def fill(n_rows):
    count = f"WITH n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {n_rows - 1})"
    return f"INSERT INTO t {count} SELECT i, 2 * i FROM n"


def test_cells_come_as_they_are(tmp_path):
    create = 'CREATE TABLE "T" (A INTEGER, " c""d" TEXT, b REAL)'
    rows = "INSERT INTO T VALUES (1, 'x', 2.5), (NULL, 'y', -1)"
    path = make(tmp_path / "my #1?.db", create, rows)
    before = path.read_bytes()
    assert read(path) == [(1, 2.5), (None, -1.0)]
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


def test_many_rows_come_in_parts(tmp_path):
    path = make(tmp_path / "t.db", "CREATE TABLE t (a, b)", fill(250_000))
    assert read(path) == [(i, 2 * i) for i in range(250_000)]
    assert [len(part["a"]) for part in read_sqlite(path, WANTED, ["t"])] == [100_000, 100_000, 50_000]


def test_of_several_tables_the_first_that_has_the_columns_is_read(tmp_path):
    path = make(
        tmp_path / "t.db",
        *("CREATE TABLE s (a, c)", "CREATE TABLE t (a, c, b)", "CREATE TABLE u (a, c, b)"),
        *("INSERT INTO t VALUES (1, 2, 3)", "INSERT INTO u VALUES (4, 5, 6)"),
    )
    assert read(path, "s", "t", "u") == [(1, 3)]
    assert read(path, "S", "U", "T") == [(4, 6)]


@pytest.mark.parametrize(
    "statements, said",
    [
        ((), "t.db: no table 't'; found are none"),
        (("CREATE TABLE s (a, b)", "CREATE TABLE r (a)"), "t.db: no table 't'; found are 's', 'r'"),
        (("CREATE TABLE t (c, d)",), "t.db: table 't': columns 'a', 'b' are missing; found are 'c', 'd'"),
        (
            (
                "CREATE VIEW t AS WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i FROM n) "
                "SELECT i AS a, i AS b FROM n",
            ),
            "t.db: no table 't'; found are none",
        ),
        (
            ("CREATE TABLE t (a, b)", "INSERT INTO t VALUES (1, zeroblob(1000000))"),
            "t.db: not a readable SQLite database, or not all of it (string or blob too big)",
        ),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path, statements, said):
    path = make(tmp_path / "t.db", "PRAGMA user_version = 1", *statements)
    with pytest.raises(ValueError) as stopped:
        read(path)
    assert str(stopped.value) == f"{tmp_path}/{said}"


def test_text_that_is_not_utf8_spoils_only_its_cell(tmp_path):
    path = make(
        tmp_path / "t.db", "CREATE TABLE t (a, b)", "INSERT INTO t VALUES (CAST(x'FF' AS TEXT), 1), (2, 3)"
    )
    assert read(path) == [("\ufffd", 1), (2, 3)]


def test_a_file_that_is_no_database(tmp_path):
    (tmp_path / "t.db").write_bytes(b"SQLite format 3\0" + b"x" * 1000)
    with pytest.raises(ValueError, match=r"t\.db: not a readable SQLite database, or not all of it \("):
        read(tmp_path / "t.db")
    with pytest.raises(FileNotFoundError, match=r"u\.db: no such file"):
        read(tmp_path / "u.db")
    assert not (tmp_path / "u.db").exists()


def test_pages_that_lead_to_each_other_do_not_give_rows_without_end(tmp_path):
    """Inner pages each of which has the next as all of its children: forty times more rows a page."""
    path = make(tmp_path / "t.db", "PRAGMA page_size = 512", "CREATE TABLE t (a, b)", fill(20_000))
    content = path.read_bytes()
    pages = [bytearray(content[start : start + 512]) for start in range(0, len(content), 512)]
    kind = {number: page[0] for number, page in enumerate(pages) if number}
    inner, leaf = [number for number in kind if kind[number] == 5], next(n for n in kind if kind[n] == 13)
    root = 1  # the second page
    others = [number for number in inner if number != root]
    assert root in inner and len(others) > 3
    for number, child in zip([root, *others[:3]], [*others[:3], leaf], strict=True):
        page = pages[number]
        cells = range(12, 12 + 2 * int.from_bytes(page[3:5]), 2)
        for place in (8, *(int.from_bytes(page[cell : cell + 2]) for cell in cells)):
            page[place : place + 4] = (child + 1).to_bytes(4)
    path.write_bytes(b"".join(pages))
    with pytest.raises(ValueError, match=r"t\.db: .*it has more rows than its [\d,]+ bytes can hold"):
        read(path)
