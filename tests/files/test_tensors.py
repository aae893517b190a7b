"""Tensors and what is to be known of them, in one file."""

import json
import struct

import numpy as np
import pytest
import safetensors.numpy
import torch

from snlib.files import read_tensors, write_tensors


@pytest.fixture
def path(tmp_path):
    tensors = {"a": torch.arange(6.0).reshape(2, 3).T, "step": torch.tensor(7)}
    write_tensors(tmp_path / "a.safetensors", tensors, {"scaling": [1.5, "ä"]})
    return tmp_path / "a.safetensors"


def test_tensors_and_metadata_come_back(path):
    tensors, metadata = read_tensors(path)
    assert metadata == {"scaling": [1.5, "ä"]}
    by_library = safetensors.numpy.load_file(path)
    for name, values in {"a": [[0, 3], [1, 4], [2, 5]], "step": 7}.items():
        np.testing.assert_array_equal(tensors[name].numpy(), values)
        np.testing.assert_array_equal(by_library[name], values)


def test_tensors_without_numbers_come_back(path):
    write_tensors(path, {"none": torch.zeros(3, 0), "one": torch.tensor(2.0)})
    tensors, _ = read_tensors(path)
    assert tensors["none"].shape == (3, 0) and tensors["one"] == 2


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_refused(path, bad):
    write_tensors(path, {"fine": torch.ones(3), "a": torch.tensor([0.0, bad])})
    with pytest.raises(ValueError, match=r"a\.safetensors: tensor 'a' holds a number that is not finite"):
        read_tensors(path)


@pytest.mark.parametrize("share", [0.0, 0.05, 0.5, 0.999])
def test_a_truncated_file_is_named(path, share):
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(ValueError, match=r"a\.safetensors: not a readable safetensors file"):
        read_tensors(path)


@pytest.mark.parametrize("text", ["[NaN]", "{", "[" * 100_000])
def test_metadata_that_is_no_json_is_named(path, text):
    header = json.dumps({"__metadata__": {"json": text}}).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header)
    with pytest.raises(ValueError, match=r"a\.safetensors: not a readable safetensors file"):
        read_tensors(path)


def test_a_flipped_bit_is_noticed_wherever_it_is(path):
    """Of numbers, names, shapes or metadata; a space that ends the header means nothing."""
    whole = path.read_bytes()
    for place in range(0, len(whole), 7):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << (place % 8)
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"a\.safetensors: "):
            read_tensors(path)


def test_a_file_without_checksum_is_refused(path):
    safetensors.numpy.save_file({"a": np.ones(3, np.float32)}, path)
    with pytest.raises(ValueError, match=r"a\.safetensors: its checksum is not that of what it holds"):
        read_tensors(path)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such file"):
        read_tensors(tmp_path / "a.safetensors")
