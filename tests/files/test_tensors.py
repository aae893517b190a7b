"""Tensors and what is to be known of them, in one file."""

import json
import struct

import numpy as np
import pytest
import safetensors.numpy
import torch

from snlib.files import read_metadata, read_tensors, write_tensors


@pytest.fixture
def path(tmp_path):
    tensors = {"a": torch.arange(6.0).reshape(2, 3).T, "step": torch.tensor(7)}
    write_tensors(tmp_path / "a.safetensors", tensors, {"scaling": [1.5, "ä"]})
    return tmp_path / "a.safetensors"


def test_tensors_and_metadata_come_back(path):
    tensors, metadata = read_tensors(path)
    assert metadata == read_metadata(path) == {"scaling": [1.5, "ä"]}
    by_library = safetensors.numpy.load_file(path)
    for name, values in {"a": [[0, 3], [1, 4], [2, 5]], "step": 7}.items():
        np.testing.assert_array_equal(tensors[name].numpy(), values)
        np.testing.assert_array_equal(by_library[name], values)


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
    for read in (read_tensors, read_metadata):
        with pytest.raises(ValueError, match=r"a\.safetensors: not a readable safetensors file"):
            read(path)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such file"):
        read_tensors(tmp_path / "a.safetensors")
