"""JSON: what is read is what the standard allows, and every other file is named in one line."""

import json

import pytest

from snlib.files import read_json, write_json


def test_values_come_back(tmp_path):
    value = {"whole": [1, "ä", None, True, -1.5e-300, 10**400], "": {}}
    write_json(tmp_path / "a.json", value)
    assert read_json(tmp_path / "a.json") == value
    assert json.loads((tmp_path / "a.json").read_bytes().decode("utf-8")) == value


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b'{"half": ',
        b"\xff",
        b'"\xc3\x28"',
        b"[NaN]",
        b"[Infinity]",
        b'{"a": -Infinity}',
        b"[1e999]",
        b"[-1e999]",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"1" * 5000,
        b"[1] [2]",
        "[1]".encode("utf-16"),
        b"\xef\xbb\xbf[1]",
    ],
    ids=lambda content: repr(content[:12]),
)
def test_what_is_no_json_is_named_in_one_line(tmp_path, content):
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(ValueError, match=r"a\.json: not a readable JSON file") as said:
        read_json(tmp_path / "a.json")
    assert "\n" not in str(said.value) and len(str(said.value)) < 400


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"a\.json: no such file"):
        read_json(tmp_path / "a.json")
    with pytest.raises(IsADirectoryError, match="is a folder"):
        read_json(tmp_path)


def test_nan_is_not_written(tmp_path):
    with pytest.raises(ValueError, match="nan"):
        write_json(tmp_path / "a.json", [float("nan")])
    assert list(tmp_path.iterdir()) == []
