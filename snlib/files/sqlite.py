"""Tables of SQLite databases, which are only read."""

import sqlite3
from contextlib import closing

from snlib.files.guard import guarded, require_file
from snlib.files.messages import listed

__all__ = ["SQLITE_MAGIC", "read_sqlite"]

SQLITE_MAGIC = b"SQLite format 3\0"  # the first bytes of every such file
_ROWS_AT_ONCE = 100_000
_LONGEST_ROW = 100_000  # bytes


def read_sqlite(path, wanted, tables):
    """Read some columns of a table of a database.

    Views are not looked at: one of a few bytes can have rows without end.

    Parameters
    ----------
    path : path-like
    wanted : snlib.files.columns.Wanted
    tables : sequence of str
        Names of tables, whatever their case; of those that are there and have the columns, the first is
        read.

    Yields
    ------
    dict of str to tuple
        A number of rows at a time: what is in the cells of each column.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is damaged or has no such table; the message names the file, and the columns that are missing.
    """
    path = require_file(path)
    address = f"{path.resolve().as_uri()}?mode=ro"
    with guarded(path, "SQLite database"), closing(sqlite3.connect(address, uri=True)) as database:
        database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_ROW)
        database.text_factory = lambda text: text.decode(errors="replace")
        table, columns = _find(path, database, wanted, tables)
        selected = ", ".join(_quoted(column) for column in columns.values())
        rows = database.execute(f"SELECT {selected} FROM {_quoted(table)}")
        n_rows, most = 0, path.stat().st_size
        while part := rows.fetchmany(_ROWS_AT_ONCE):
            n_rows += len(part)
            if n_rows > most:  # pages that lead to each other
                raise ValueError(f"it has more rows than its {most:,} bytes can hold")
            yield dict(zip(columns, zip(*part, strict=True), strict=True))


def _find(path, database, wanted, tables):
    """The table to be read, and what it calls the wanted columns."""
    there = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    ranked = [name for known in tables for name in there if name.casefold() == known.casefold()]
    if not ranked:
        raise ValueError(f"{path}: no table {' or '.join(map(repr, tables))}; found are {listed(there)}")
    found = {
        table: [row[1] for row in database.execute(f"PRAGMA table_info({_quoted(table)})")]
        for table in ranked
    }
    table = max(ranked, key=lambda name: wanted.count(found[name]))
    places = wanted.find(f"{path}: table {table!r}", found[table])
    return table, {name: found[table][place] for name, place in places.items()}


def _quoted(name):
    return '"' + name.replace('"', '""') + '"'
