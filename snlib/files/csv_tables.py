"""Tables in text files: comma, tab, semicolon, bar or blank separated, with comments, maybe as ECSV."""

import csv
import gzip
import re
import warnings
from contextlib import contextmanager
from functools import reduce

import pyarrow as pa
from pyarrow import compute as pc
from pyarrow import csv as arrow_csv

from snlib.files.columns import Table
from snlib.files.ecsv import ECSV_MARK, parse_ecsv_header
from snlib.files.guard import guarded, require_file
from snlib.files.json_files import parse_json

__all__ = ["read_csv", "read_ecsv"]

_DELIMITERS = (",", "\t", ";", "|", " ")
_BLOCK = 1 << 20  # bytes; no line may be longer
_LONGEST_VALUE = 2 * _BLOCK
_MOST_COMMENTS = 100  # before the header, of which one may be it
_LONGEST_SHOWN = 80  # characters of a row, in a message
_GZIP_MAGIC = b"\x1f\x8b"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_COMMENT = re.compile(rb"^[ \t]*#.*\n", re.MULTILINE)
_BLANKS = re.compile(rb"[ \t]+")
_QUOTED_OR_BLANKS = re.compile(rb'("[^"\n]*")|[ \t]+')
_OUTER_BLANKS = re.compile(rb"^ +| +$", re.MULTILINE)


def read_csv(path, wanted):
    """Read some columns of a text table, as text.

    The delimiter is the one that gives the wanted columns.  Lines that begin with ``#`` are comments; the
    header may be one of those before the first row.  The file may be compressed by gzip.

    Parameters
    ----------
    path : path-like
    wanted : Wanted

    Returns
    -------
    Table

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no such table, or lacks a column; the message names the file.
    """
    with guarded(path, "CSV table"), _opened(require_file(path)) as file:
        return _read(path, file, wanted)


def read_ecsv(path, wanted):
    """Read some columns of an ECSV table, as text or as lists, and their units.

    Parameters, returns and errors are those of `read_csv`.
    """
    with guarded(path, "ECSV table"), _opened(require_file(path)) as file:
        return _read(path, file, wanted, must_be_ecsv=True)


@contextmanager
def _opened(path):
    with open(path, "rb") as file:
        if file.peek(2)[:2] == _GZIP_MAGIC:
            with gzip.open(file) as unpacked:
                yield unpacked
        else:
            yield file


def _read(path, file, wanted, must_be_ecsv=False):
    lines = _Lines(file)
    comments, header, rest = _beginning(lines)
    is_ecsv = bool(comments) and comments[0].lstrip().startswith(ECSV_MARK)
    if must_be_ecsv and not is_ecsv:
        raise ValueError(f"it does not begin with '# {ECSV_MARK}'")
    ecsv = parse_ecsv_header(comments) if is_ecsv else None
    may_be_header = [header, *reversed([] if is_ecsv else comments[-_MOST_COMMENTS:])]
    line, delimiter, found = _sniffed([line for line in may_be_header if line] or [""], wanted)
    places = wanted.find(path, found)
    if is_ecsv and ecsv.names != found:
        raise ValueError("the line of names is not what its header says")
    if line is not header:  # it was a comment, and the first line that is none is the first row
        rest = f"{header}\n".encode() + rest
    columns = _columns(path, _Rows(lines, rest, delimiter, len(found)), places)
    if not is_ecsv:
        return Table(columns, {})
    for name in (name for name in columns if ecsv.are_arrays[places[name]]):
        columns[name] = pa.chunked_array([[parse_json(cell) for cell in columns[name].to_pylist()]])
    return Table(columns, {name: ecsv.units[place] for name, place in places.items() if ecsv.units[place]})


def _beginning(lines):
    """The comments at the beginning without their ``#``, the first line that is none, and what follows."""
    block = lines.read_block().removeprefix(_BYTE_ORDER_MARK)
    comments, start = [], 0
    while start < len(block):
        end = block.index(b"\n", start)
        text = block[start:end].decode().strip()
        start = end + 1
        if text.startswith("#"):
            comments.append(text[1:])
        elif text:
            return comments, text, block[start:]
    return comments, "", b""


def _sniffed(lines, wanted):
    """The line that is the header, its delimiter and its names: those with the most wanted columns."""
    ways = [(line, delimiter, _fields(line, delimiter)) for line in lines for delimiter in _DELIMITERS]
    best = max(ways, key=lambda way: wanted.count(way[2]))
    if wanted.count(best[2]):
        return best
    return max(ways[: len(_DELIMITERS)], key=lambda way: len(way[2]))


def _fields(line, delimiter):
    line = line.replace("\t", " ") if delimiter == " " else line
    row = next(csv.reader([line.strip(" ")], delimiter=delimiter, skipinitialspace=True), [])
    return [name.strip() for name in row]


class _Lines:
    """A file in blocks of whole lines, each of which ends with a newline."""

    def __init__(self, file):
        self._file = file
        self._rest = b""

    def read_block(self):
        """About a megabyte; nothing at the end of the file."""
        while new := self._file.read(_BLOCK):
            block = self._rest + new
            if b"\r" in block:
                block = block.replace(b"\r\n", b"\n").replace(b"\r", b"\n")  # one cut in two: an empty line
            end = block.rfind(b"\n") + 1
            self._rest = block[end:]
            if len(self._rest) > _BLOCK:
                raise ValueError(f"a line is longer than {_BLOCK:,} bytes")
            if end:
                return block[:end]
        block, self._rest = self._rest, b""
        return block + b"\n" if block else b""


class _Rows:
    """The rows of a table in blocks that Arrow can read: single delimiters, no comments."""

    def __init__(self, lines, first, delimiter, n_fields):
        self._lines, self._first = lines, first
        self.delimiter, self.n_fields = delimiter, n_fields
        self._blank_before_quote = re.compile(re.escape(delimiter.encode()) + rb' +"')
        self.n_commented_out = 0

    def __iter__(self):
        block, more = self._first, True
        while more:
            more = self._lines.read_block()
            block += more
            end = _end_outside_quotes(block) if more and len(block) < _LONGEST_VALUE else len(block)
            yield self._clean(block[:end])
            block = block[end:]

    def _clean(self, block):
        if b"#" in block:
            delimiter, most = self.delimiter.encode(), self.n_fields - 1
            comments = (match[0] for match in _COMMENT.finditer(block))
            self.n_commented_out += sum(comment.count(delimiter) == most for comment in comments)
            block = _COMMENT.sub(b"", block)
        if self.delimiter == " ":
            if b'"' in block:
                block = _QUOTED_OR_BLANKS.sub(lambda match: match[1] or b" ", block)
            elif b"  " in block or b"\t" in block:
                block = _BLANKS.sub(b" ", block)
            if block.startswith(b" ") or b"\n " in block or b" \n" in block:
                block = _OUTER_BLANKS.sub(b"", block)
            return block
        if b'"' in block:
            block = self._blank_before_quote.sub(self.delimiter.encode() + b'"', block)
        return block


def _end_outside_quotes(block):
    """The last line end that is in no value of several lines; 0 too where a lone quote opens none."""
    end, is_open = len(block), block.count(b'"') % 2
    while is_open:
        start = block.rfind(b"\n", 0, end - 1) + 1
        is_open ^= block.count(b'"', start, end) % 2
        end = start
    return end


def _columns(path, rows, places):
    """The wanted columns of the rows, as text; rows in which all of them are empty are left out."""
    parts = [_parse(path, block, rows, list(places.values())) for block in rows if block.strip()]
    if not parts:
        raise ValueError(f"{path}: no rows")
    if rows.n_commented_out and rows.n_fields > 1:
        count = f"{rows.n_commented_out} rows that begin with '#'"
        warnings.warn(f"{path}: {count} are taken as comments", stacklevel=2)
    table = pa.concat_tables(parts)
    filled = reduce(pc.or_, (pc.not_equal(column, "") for column in table.columns))
    table = table if pc.all(filled).as_py() else table.filter(filled)
    return dict(zip(places, table.columns, strict=True))


def _parse(path, block, rows, places):
    """Some columns of some rows, as text."""
    block.decode()  # what follows takes text for granted
    names = [str(index) for index in range(rows.n_fields)]
    wanted, wrong = [names[place] for place in places], []

    def judge(row):
        if not row.text.strip():
            return "skip"
        wrong.append(row)
        return "error"

    try:
        return arrow_csv.read_csv(
            pa.BufferReader(block),
            arrow_csv.ReadOptions(column_names=names, block_size=len(block) + 1, use_threads=False),
            arrow_csv.ParseOptions(
                delimiter=rows.delimiter, newlines_in_values=True, invalid_row_handler=judge
            ),
            arrow_csv.ConvertOptions(column_types=dict.fromkeys(wanted, pa.string()), include_columns=wanted),
        )
    except pa.ArrowInvalid:
        if not wrong:
            raise
        row = wrong[0]
        raise ValueError(
            f"{path}: a row has {row.actual_columns} fields, the header {row.expected_columns}: "
            f"{row.text[:_LONGEST_SHOWN]!r}"
        ) from None
