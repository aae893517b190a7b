"""HDF5: the file holds what it says, and nothing leads elsewhere."""

import h5py
import numpy as np
import pytest

from snlib.files import Array, read_hdf5

VALUES = np.arange(12.0).reshape(3, 4)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.h5"


def test_arrays_come_back(path):
    with h5py.File(path, "w") as file:
        file["a"] = VALUES
        file.create_dataset("b", data=VALUES.astype("f4"), compression="gzip", shuffle=True)
    read = read_hdf5(path, {"a": Array(2), "b": Array(2)})
    np.testing.assert_array_equal(read["a"], VALUES)
    np.testing.assert_array_equal(read["b"], VALUES)


def dangling(file, path):
    file["a"] = h5py.SoftLink("/nowhere")


def looping(file, path):
    file["a"] = h5py.SoftLink("/b")
    file["b"] = h5py.SoftLink("/a")


def external(file, path):
    with h5py.File(path.with_name("b.h5"), "w") as other:
        other["a"] = VALUES
    file["a"] = h5py.ExternalLink("b.h5", "/a")


def stored_elsewhere(file, path):
    VALUES.tofile(path.with_name("b.bin"))
    file.create_dataset("a", shape=(3, 4), dtype="f8", external=[(path.with_name("b.bin"), 0, 96)])


def virtual(file, path):
    with h5py.File(path.with_name("b.h5"), "w") as other:
        other["a"] = VALUES
    layout = h5py.VirtualLayout(shape=(3, 4), dtype="f8")
    layout[:] = h5py.VirtualSource(path.with_name("b.h5"), "a", shape=(3, 4))
    file.create_virtual_dataset("a", layout)


def empty(file, path):
    file["a"] = h5py.Empty("f8")


def terabytes(file, path):
    file.create_dataset("a", shape=(10**6, 10**6), dtype="f8", chunks=(100, 100))


@pytest.mark.parametrize(
    "make, said",
    [
        (dangling, "is a link"),
        (looping, "is a link"),
        (external, "is a link"),
        (stored_elsewhere, "lies in another file"),
        (virtual, "lies in another file"),
        (empty, "does not hold numbers"),
        (terabytes, "it claims 8,000,000,000,000 bytes"),
        (lambda file, path: file.create_group("a"), "does not hold numbers"),
        (lambda file, path: file.create_dataset("a", data="text"), "does not hold numbers"),
        (lambda file, path: file.create_dataset("a", data=VALUES[0]), "expected 2 axes"),
        (lambda file, path: file.create_dataset("a", data=VALUES * np.nan), "holds nan"),
        (lambda file, path: file.create_dataset("b", data=VALUES), "is missing"),
    ],
)
def test_what_is_not_there_as_numbers_is_named(path, make, said):
    with h5py.File(path, "w") as file:
        make(file, path)
    with pytest.raises(ValueError, match=rf"a\.h5: field 'a' .*{said}"):
        read_hdf5(path, {"a": Array(2)})


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9])
def test_a_truncated_file_is_named(path, share):
    with h5py.File(path, "w") as file:
        file["a"] = VALUES
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(ValueError, match=r"a\.h5: "):
        read_hdf5(path, {"a": Array(2)})
