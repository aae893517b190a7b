"""A short run of the fuzzing, and that it would see a fault."""

import numpy as np
import pytest

from tests.fuzzing.__main__ import fuzz, outcome
from tests.fuzzing.damage import DAMAGES, damage
from tests.fuzzing.readers import READERS


@pytest.mark.parametrize("name", READERS)
def test_damaged_files_are_read_or_refused_in_one_line(name):
    found = fuzz(name, 40, seed=1)
    assert found["refused"] > 0
    assert set(found) <= {"read", "refused"}


@pytest.mark.parametrize(
    "error, fault",
    [
        (KeyError("x"), "KeyError"),
        (ValueError("no name"), "ValueError that does not begin"),
        (ValueError("{path}: two\nlines"), "ValueError that does not begin"),
        (ValueError("{path}: a line"), "refused"),
        (OSError("{path}: gone"), "refused"),
    ],
)
def test_a_fault_is_seen(tmp_path, error, fault):
    path = tmp_path / "a.json"

    def reader(path):
        raise type(error)(*(part.replace("{path}", str(path)) for part in error.args))

    assert outcome(reader, path, tmp_path).startswith(fault)


@pytest.mark.parametrize("suffix", DAMAGES)
def test_hardly_an_input_is_left_as_it_was(tmp_path, suffix):
    name = next(name for name, reader in READERS.items() if reader.make(tmp_path).suffix == suffix)
    path = READERS[name].make(tmp_path)
    content, changed = path.read_bytes(), 0
    for index in range(30):
        path.write_bytes(content)
        damage(path, np.random.default_rng(index))
        changed += path.read_bytes() != content
    assert changed >= 25
