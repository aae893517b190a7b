"""Predictions on disk: what is written, how much, and how a killed process is gone on with."""

import shutil
import tracemalloc
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from snlib.data.quantities import WAVELENGTH_AA
from snlib.data.ragged import RaggedLightCurves
from snlib.inference import prediction_files
from snlib.inference.forecast import Forecaster
from snlib.inference.predict import Request, predict_spectra
from snlib.inference.prediction_files import write_predictions
from snlib.inference.recalibration import Recalibration
from snlib.inference.samples import central_interval
from snlib.model.registry import new_model

REQUEST = Request(np.array([-10.0, 7.5]), 20, seed=3)
NAMES = ["007", 'a "name", of sorts', "é", "d"]
LENGTHS = [5, 0, 2, 30]


@pytest.fixture
def forecaster(small_recipe, dataset):
    return Forecaster(new_model("mmvae", small_recipe, seed=0).eval(), dataset.scaling)


@pytest.fixture
def curves():
    rng = np.random.default_rng(0)
    place = np.repeat(np.arange(len(NAMES)), LENGTHS)
    points = (
        rng.uniform(-10, 50, len(place)),
        rng.normal(-18, 1, len(place)),
        rng.integers(0, 6, len(place)),
    )
    return RaggedLightCurves.from_points(np.array(NAMES, object), place, *points)


@pytest.fixture
def write(tmp_path, forecaster, curves):
    """Write predictions; the bytes of the file."""

    def function(name, request=REQUEST, forecaster=forecaster, curves=curves, code="of today"):
        write_predictions(tmp_path / name, forecaster, curves, request, code)
        assert [path.name for path in tmp_path.iterdir()] == [name]
        return (tmp_path / name).read_bytes()

    return function


@pytest.mark.parametrize("latent_only, name", [(False, "samples"), (True, "latent_samples")])
def test_samples_are_read_by_numpy(tmp_path, write, forecaster, curves, latent_only, name):
    request = replace(REQUEST, latent_only=latent_only)
    write("x.npz", request)
    with np.load(tmp_path / "x.npz", allow_pickle=False) as archive:
        found = dict(archive)
    assert sorted(found) == sorted(
        ["object_id", "n_points", "misfit_mag", "unlike", "phase_days", "wavelength_aa", name]
    )
    assert found["object_id"].tolist() == NAMES and found["n_points"].tolist() == LENGTHS
    np.testing.assert_array_equal(found["phase_days"], [-10, 7.5])
    np.testing.assert_array_equal(found["wavelength_aa"], WAVELENGTH_AA)
    assert found[name].dtype == np.float32
    np.testing.assert_array_equal(found[name], list(predict_spectra(forecaster, curves, request)))


def test_intervals_are_those_of_the_samples(tmp_path, write, forecaster, curves):
    write("x.csv")
    table = pd.read_csv(tmp_path / "x.csv", dtype={"object_id": str})
    samples = np.array(list(predict_spectra(forecaster, curves, REQUEST)))
    assert list(table) == [
        *("object_id", "n_points", "misfit_mag", "unlike", "phase_days", "wavelength_aa"),
        *("mean_log10_fnu", "low_90_log10_fnu", "high_90_log10_fnu"),
    ]
    expected = {
        "object_id": np.repeat(NAMES, 2 * 982),
        "n_points": np.repeat(LENGTHS, 2 * 982),
        "phase_days": np.tile(np.repeat([-10, 7.5], 982), 4),
    }
    for column, values in expected.items():
        assert table[column].tolist() == values.tolist()
    np.testing.assert_allclose(table["wavelength_aa"], np.tile(WAVELENGTH_AA, 8), atol=0.006)
    low, high = central_interval(samples, 0.9, axis=1)
    for column, values in zip(list(table)[-3:], (samples.mean(1), low, high), strict=True):
        np.testing.assert_allclose(table[column], values.ravel(), atol=6e-5)


@pytest.fixture
def killed(tmp_path, monkeypatch, write):
    """Leave what a process leaves that is killed while it predicts an object; the rest goes on as always."""

    def function(name, at, edit=lambda content: content, **asked):
        def until(*given):
            for index, samples in enumerate(predict_spectra(*given)):
                if index == at:
                    (partial,) = tmp_path.glob(".*.partial")
                    shutil.copy(partial, tmp_path.parent / "kept")
                    raise RuntimeError(partial.name)
                yield samples

        with monkeypatch.context() as patch, pytest.raises(RuntimeError) as stopped:
            patch.setattr(prediction_files, "predict_spectra", until)
            write(name, **asked)
        assert list(tmp_path.iterdir()) == []
        (tmp_path / str(stopped.value)).write_bytes(edit((tmp_path.parent / "kept").read_bytes()))

    return function


@pytest.fixture
def predicted(monkeypatch):
    """At which object each prediction began."""
    began = []

    def predict(forecaster, curves, request, first=0):
        began.append(first)
        return predict_spectra(forecaster, curves, request, first)

    monkeypatch.setattr(prediction_files, "predict_spectra", predict)
    return began


def with_zeros_at_its_end(content):
    """As after a loss of power."""
    return content[:-1000] + bytes(1000)


@pytest.mark.parametrize(
    "edit", [lambda content: content, with_zeros_at_its_end, lambda content: content[:-7]]
)
@pytest.mark.parametrize("name", ["x.npz", "x.csv"])
@pytest.mark.parametrize("at", [0, 1, 3])
def test_what_was_killed_is_gone_on_with_to_the_same_bytes(
    tmp_path, write, killed, predicted, name, at, edit
):
    expected = write(name)
    (tmp_path / name).unlink()
    killed(name, at, edit)
    predicted.clear()
    assert write(name) == expected
    assert at - 2 <= predicted[0] <= at and (at < 3 or predicted[0] > 0)


@pytest.mark.parametrize("name", ["x.npz", "x.csv"])
def test_any_cut_is_gone_on_with_to_the_same_bytes(tmp_path, write, killed, name):
    expected = write(name)
    (tmp_path / name).unlink()
    for cut in np.random.default_rng(0).integers(0, len(expected), 10):
        killed(name, 3, lambda content, cut=cut: content[:cut])
        assert write(name) == expected
        (tmp_path / name).unlink()


def test_a_file_that_was_whole_when_the_process_was_killed_is_taken(tmp_path, write, killed, predicted):
    expected = write("x.npz")
    (tmp_path / "x.npz").unlink()
    killed("x.npz", 1, lambda _: expected)
    predicted.clear()
    assert write("x.npz") == expected and predicted == [len(NAMES)]


def other_weights(forecaster):
    model = new_model("mmvae", forecaster.model.recipe, seed=1).eval()
    return replace(forecaster, model=model)


def recalibrated(forecaster):
    quantiles = np.array([[1.0, 2.0]])
    return replace(forecaster, recalibration=Recalibration(np.array([0.0]), quantiles, 3 * quantiles))


@pytest.mark.parametrize(
    "asked",
    [
        lambda f, c: {"request": replace(REQUEST, seed=4)},
        lambda f, c: {"request": replace(REQUEST, phase_days=np.array([-10.0, 7.6]))},
        lambda f, c: {"request": replace(REQUEST, latent_only=True)},
        lambda f, c: {"request": replace(REQUEST, n_samples=21)},
        lambda f, c: {"forecaster": other_weights(f)},
        lambda f, c: {"forecaster": recalibrated(f)},
        lambda f, c: {"curves": replace(c, magnitude=c.magnitude + 0.1)},
        lambda f, c: {"curves": replace(c, phase_days=c.phase_days + 0.1)},
        lambda f, c: {"curves": replace(c, band=5 - c.band)},
        lambda f, c: {"curves": replace(c, object_id=c.object_id[::-1])},
        lambda f, c: {"code": "of tomorrow"},
    ],
)
def test_what_was_begun_for_another_question_is_not_gone_on_with(
    write, killed, predicted, forecaster, curves, asked
):
    killed("x.npz", 3)
    predicted.clear()
    write("x.npz", **asked(forecaster, curves))
    assert predicted == [0]


@pytest.mark.parametrize("kind", [KeyboardInterrupt, ValueError])
@pytest.mark.parametrize("before", [None, b"old"])
@pytest.mark.parametrize("name", ["x.npz", "x.csv"])
def test_an_interruption_leaves_what_was_there(tmp_path, monkeypatch, write, name, kind, before):
    if before is not None:
        (tmp_path / name).write_bytes(before)

    def predict(*given):
        yield np.ones((20, 2, 982), np.float32)
        raise kind

    monkeypatch.setattr(prediction_files, "predict_spectra", predict)
    with pytest.raises(kind):
        write(name)
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == (
        [] if before is None else [(name, before)]
    )


def test_samples_are_not_held_in_memory(write, monkeypatch, forecaster):
    one = 20 * 2 * 982 * 4
    names, nothing = np.arange(100).astype(str).astype(object), np.empty(0)
    curves = RaggedLightCurves.from_points(names, nothing.astype(int), nothing, nothing, nothing.astype(int))
    drawn = (np.full((20, 2, 982), i + 1, np.float32) for i in range(100))
    monkeypatch.setattr(prediction_files, "predict_spectra", lambda *_: drawn)
    tracemalloc.start()
    try:
        content = write("x.npz", curves=curves)
        peak = tracemalloc.get_traced_memory()[1] - len(content)
    finally:
        tracemalloc.stop()
    assert len(content) > 100 * one
    assert peak < 10 * one


@pytest.mark.parametrize(
    "name, size, needed", [("x.npz", "0.6 MB", "0.0 GB"), ("x.csv", r"0\.[3-6] MB", "0.0 GB")]
)
def test_the_size_is_said_and_what_the_disk_cannot_hold_refused(
    tmp_path, write, monkeypatch, capsys, name, size, needed
):
    write(name)
    said = capsys.readouterr().err
    assert pd.Series([said]).str.contains(rf"x\..*: 4 objects, 20 spectra at each of 2 phases: {size}").all()
    (tmp_path / name).unlink()
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=100_000))
    with pytest.raises(OSError, match=rf"x\..*: needs {needed}, and 0.0 GB are free"):
        write(name)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_noticed_before_anything_is_computed(write, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=100_000))
    monkeypatch.setattr(Forecaster, "about", lambda *_: 1 / 0)
    with pytest.raises(OSError, match="are free"):
        write("x.npz")


def test_what_is_there_already_needs_no_space(write, killed, monkeypatch):
    killed("x.npz", 3)
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=200_000))
    write("x.npz")  # a fourth of 630,000 bytes was missing


def test_files_of_other_kinds_and_identifiers_in_lines_are_refused(tmp_path, write, curves):
    with pytest.raises(ValueError, match=r"x\.txt: the name should end in \.npz or \.csv"):
        write("x.txt")
    broken = replace(curves, object_id=np.array(["a", "b\nc", "d", "e"], object))
    with pytest.raises(ValueError, match=r"object 'b\\nc': a table cannot hold a line break"):
        write("x.csv", curves=broken)
    assert list(tmp_path.iterdir()) == []
