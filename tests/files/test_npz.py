"""Files: whole or not at all, and nothing that is in them is run."""

import pickle
import warnings
import zipfile

import numpy as np
import pytest

from snlib.files import Array, read_json, read_npz, write_json, write_npz

NUMBERS, TEXT = Array(1), Array(1, "U")


class Bomb:
    def __reduce__(self):
        return (warnings.warn, ("the pickle was loaded",))


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "folder" / "a.npz"
    write_npz(path, numbers=np.random.default_rng(0).random(1000), words=np.array(["ä", "b"]))
    return path


def test_broken_json_is_named(tmp_path):
    write_json(tmp_path / "a.json", {"whole": [1, "ä"]})
    assert read_json(tmp_path / "a.json") == {"whole": [1, "ä"]}
    (tmp_path / "a.json").write_text('{"half": ')
    with pytest.raises(ValueError, match=r"a\.json: not a readable JSON file"):
        read_json(tmp_path / "a.json")


def test_arrays_come_back(path):
    arrays = read_npz(path, {"words": TEXT, "numbers": NUMBERS})
    assert list(arrays) == ["words", "numbers"] and arrays["words"].tolist() == ["ä", "b"]
    np.testing.assert_array_equal(arrays["numbers"], np.random.default_rng(0).random(1000))


def test_an_array_comes_back_in_the_order_of_its_axes(path):
    """Also one that lies in memory column by column, as a transposed one does."""
    rows = np.arange(6.0).reshape(2, 3)
    write_npz(path, rows=rows, columns=np.asfortranarray(rows), turned=rows.T)
    arrays = read_npz(path, dict.fromkeys(("rows", "columns", "turned"), Array(2)))
    for name, expected in {"rows": rows, "columns": rows, "turned": rows.T}.items():
        np.testing.assert_array_equal(arrays[name], expected)


def test_a_file_that_is_not_there_and_a_field_that_is_not_in_it(path):
    with pytest.raises(FileNotFoundError, match=r"b\.npz: no such file"):
        read_npz(path.with_name("b.npz"), {"numbers": NUMBERS})
    with pytest.raises(ValueError, match=r"a\.npz: field 'colours' is missing"):
        read_npz(path, {"numbers": NUMBERS, "colours": NUMBERS})


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
def test_a_truncated_file_is_named(path, share):
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(ValueError, match=r"a\.npz: not a readable npz file, or not all of it"):
        read_npz(path, {"numbers": NUMBERS})


def test_a_damaged_byte_is_noticed_and_its_field_named(path):
    whole = bytearray(path.read_bytes())
    whole[len(whole) // 3] ^= 0xFF
    path.write_bytes(whole)
    with pytest.raises(ValueError, match=r"a\.npz: field 'numbers' is not a readable array"):
        read_npz(path, {"numbers": NUMBERS, "words": TEXT})


@pytest.mark.filterwarnings("error")
def test_a_pickle_inside_is_refused_and_not_loaded(path):
    np.savez(path, numbers=np.array([Bomb()] * 10, dtype=object))
    with pytest.raises(ValueError, match=r"a\.npz: field 'numbers'"):
        read_npz(path, {"numbers": NUMBERS})


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("content", [pickle.dumps(Bomb()), b"not a zip", b"\x93NUMPY"])
def test_another_kind_of_file_is_refused(path, content):
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"a\.npz: not a readable npz file"):
        read_npz(path, {"numbers": NUMBERS})


def npy(header, content=b""):
    """An array file with a header of one's own."""
    text = header.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + content


HEADER = "{{'descr': '{}', 'fortran_order': False, 'shape': {}}}"


@pytest.mark.parametrize(
    "member",
    [
        b"",
        b"no array",
        b"\x93NUMPY\x09\x00\x00\x00",
        npy(HEADER.format("<f8", "(1000000000000,)")),
        npy(HEADER.format("<f8", "(1000000000000, 0, 5)"), b"12345678"),
        npy(HEADER.format("<U0", "(1000000000000,)")),
        npy(HEADER.format("<U250000000", "(1,)")),
        npy(HEADER.format("<f8", "(-1,)"), b"12345678"),
        npy(HEADER.format("<f8", "(2,)"), b"12345678"),
        npy(HEADER.format("<f8", "(1,)"), b"1234567890"),
        npy(HEADER.format("|O", "(1,)"), b"12345678"),
        npy(HEADER.format("<f8", "('a',)"), b"12345678"),
        npy("{'descr': [('a', '|O')], 'fortran_order': False, 'shape': (1,)}", b"12345678"),
        npy("__import__('os').system('true')"),
        npy("(" * 5000),
    ],
    ids=lambda member: repr(member[10:60]),
)
def test_a_member_that_is_no_array_is_named(path, member):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("numbers.npy", member)
    with pytest.raises(ValueError, match=r"a\.npz: field 'numbers' ") as said:
        read_npz(path, {"numbers": NUMBERS})
    assert "\n" not in str(said.value)


def patched(path, place, value):
    """Change some bytes of the archive's directory and, where it is there too, of the member's header."""
    content = bytearray(path.read_bytes())
    directory = content.index(b"PK\x01\x02")
    content[directory + place : directory + place + len(value)] = value
    if place < 28:
        content[place - 2 : place - 2 + len(value)] = value
    path.write_bytes(content)


@pytest.mark.parametrize(
    "place, value, said",
    [
        (8, b"\x01\x00", "it is encrypted"),
        (10, b"\x62\x00", "compression, number 98, is unknown"),
        (24, b"\xff\xff\xff\x7f", "it claims"),
        (20, b"\xff\xff\xff\x7f", "it claims"),
    ],
)
def test_what_the_archive_says_of_a_member_is_not_believed(tmp_path, place, value, said):
    path = tmp_path / "a.npz"
    write_npz(path, numbers=np.arange(100))
    patched(path, place, value)
    with pytest.raises(ValueError, match=rf"a\.npz: field 'numbers' .*{said}"):
        read_npz(path, {"numbers": NUMBERS})


@pytest.mark.parametrize(
    "values, expected, said",
    [
        (np.array([1.0, np.nan]), NUMBERS, r"holds nan at \(1,\)"),
        (np.array([[1.0], [-np.inf]]), Array(2, "f", "gaps"), r"holds -inf at \(1, 0\)"),
        (np.ones((2, 2)), NUMBERS, r"has shape \(2, 2\), expected 1 axes"),
        (np.array(["1"]), NUMBERS, "is of type <U1"),
        (np.array([1j]), NUMBERS, "is of type complex128"),
        (np.array([1.5]), Array(1, "iu"), "is of type float64"),
        (np.array([True]), NUMBERS, "is of type bool"),
    ],
)
def test_an_array_that_is_not_what_it_must_be_is_named(tmp_path, values, expected, said):
    write_npz(tmp_path / "a.npz", numbers=values)
    with pytest.raises(ValueError, match=rf"a\.npz: field 'numbers' {said}"):
        read_npz(tmp_path / "a.npz", {"numbers": expected})


@pytest.mark.parametrize(
    "values",
    [np.zeros((0, 3)), np.ones((2, 3), order="F"), np.array(["", "ä"]), np.array(5), np.zeros((3, 0))],
)
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_arrays_of_all_shapes_come_back(tmp_path, values, save):
    save(tmp_path / "a.npz", a=values)
    read = read_npz(tmp_path / "a.npz", {"a": Array(values.ndim, "fiuU")})["a"]
    assert read.dtype == values.dtype and read.flags.writeable
    np.testing.assert_array_equal(read, values)


@pytest.mark.parametrize("holds", ["gaps", "anything"])
def test_gaps_are_allowed_where_they_are_expected(tmp_path, holds):
    write_npz(tmp_path / "a.npz", a=np.array([np.nan, 1.0]))
    np.testing.assert_array_equal(read_npz(tmp_path / "a.npz", {"a": Array(1, "f", holds)})["a"], [np.nan, 1])
