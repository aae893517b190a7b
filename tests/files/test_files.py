"""Files: whole or not at all, and nothing that is in them is run."""

import pickle
import warnings

import numpy as np
import pytest

from snlib.files import Array, read_json, read_npz, replacing, write_json, write_npz

NUMBERS, TEXT = Array(1), Array(1, "U")


class Bomb:
    def __reduce__(self):
        return (warnings.warn, ("the pickle was loaded",))


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "folder" / "a.npz"
    write_npz(path, numbers=np.random.default_rng(0).random(1000), words=np.array(["ä", "b"]))
    return path


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "results.json"
    path.write_text("old")
    with pytest.raises(RuntimeError), replacing(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


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
