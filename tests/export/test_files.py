"""Files of exported weights: all or none, and errors in one line."""

import errno
import os
import sys
from pathlib import Path

import pytest

from snlib.data.scaling import Scaling
from snlib.export import files
from snlib.export.files import export_weights
from snlib.export.parts import parts_of
from snlib.model.registry import new_model
from snlib.model.weights import SavedModel, save_model

SCALING = Scaling(*[(1.0, 2.0)] * 5, ((0.0, 1.0),) * 6)


class Graph:
    """In place of one that takes seconds to make."""

    class metadata_props:
        add = staticmethod(lambda key, value: None)

    content = b"new"

    def SerializeToString(self, deterministic):
        return self.content


@pytest.fixture
def quick(monkeypatch):
    """Graphs that are made at once."""
    monkeypatch.setattr(files, "to_onnx", lambda part: Graph())


def write(path, name, recipe):
    save_model(path, SavedModel(name, new_model(name, recipe, seed=0), SCALING, {}))
    return path


@pytest.fixture
def weights(tmp_path, small_recipe):
    return write(tmp_path / "mine.safetensors", "mmvae", small_recipe)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_file_for_each_part(quick, weights, tmp_path):
    written = export_weights(weights, tmp_path / "out")
    assert {path.name: b"new" for path in written} == contents(tmp_path / "out")
    kinds = ("photometry-encoder", "photometry-decoder", "spectrum-encoder", "spectrum-decoder")
    assert {path.name for path in written} == {f"mine-{kind}.onnx" for kind in kinds}


def test_of_a_predictive_mmvae_there_is_one_part_more(small_recipe):
    parts = [
        set(parts_of(new_model(name, small_recipe, 0), SCALING)) for name in ("mmvae", "predictive-mmvae")
    ]
    assert parts[1] - parts[0] == {"predictive"} and parts[0] < parts[1]


@pytest.mark.parametrize("n_written", range(4))
def test_a_full_disk_leaves_what_was_there(quick, weights, tmp_path, monkeypatch, n_written):
    export_weights(weights, tmp_path / "out")
    before = contents(tmp_path / "out")
    monkeypatch.setattr(Graph, "content", b"newer")
    write_bytes, calls = Path.write_bytes, iter(range(10))

    def full(path, content):
        if next(calls) >= n_written:
            write_bytes(path, content[:2])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write_bytes(path, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match=r"the disk is full: .*out/mine-"):
        export_weights(weights, tmp_path / "out")
    assert contents(tmp_path / "out") == before


def test_after_a_kill_every_file_is_whole(quick, weights, tmp_path, monkeypatch, killed_at_each_change):
    out = tmp_path / "out"
    export_weights(weights, out)
    monkeypatch.setattr(Graph, "content", b"newer")
    for _ in killed_at_each_change(lambda: export_weights(weights, out)):
        assert {path.read_bytes() for path in out.glob("mine-*")} <= {b"new", b"newer"}
        assert len(list(out.glob("mine-*"))) == 4
    assert {path.read_bytes() for path in out.glob("mine-*")} == {b"newer"}


def test_unknown_weights(snlib, tmp_path):
    code, said = snlib("export", "--weights", "larger", "--out", "out")
    assert code == 2 and said.startswith(
        "snlib: larger: no such file, nor shipped weights of this name; there are"
    )
    assert said.count("\n") == 1 and not (tmp_path / "out").exists()


def test_weights_of_another_model(tmp_path, snlib, small_recipe):
    write(tmp_path / "other.safetensors", "contrastive", small_recipe)
    code, said = snlib("export", "--weights", "other.safetensors", "--out", "out")
    assert (code, said) == (2, "snlib: other.safetensors: weights of a Contrastive, expected an MMVAE\n")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["onnx", "onnxscript"])
def test_a_missing_package_is_named(weights, tmp_path, snlib, monkeypatch, name):
    for known in ("onnx", "onnxscript"):
        monkeypatch.setitem(sys.modules, known, None if known == name else sys)
    code, said = snlib("export", "--weights", str(weights), "--out", "out")
    assert code == 2 and f"snlib: {name} is not installed: pip install 'snlib[onnx]'\n" in said
    assert not (tmp_path / "out").exists()
