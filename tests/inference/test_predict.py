"""Predictions for light curves of one's own, in Python."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from snlib.data.events import LightCurves
from snlib.data.quantities import WAVELENGTH_AA
from snlib.inference.forecast import Forecaster
from snlib.inference.posteriors import posterior_samples
from snlib.inference.predict import Request, embedding_table, predict_spectra, write_samples, write_table
from snlib.model.likelihoods import Laplace
from snlib.model.registry import new_model
from snlib.model.weights import save_model

REQUEST = Request(np.array([-10.0, 7.5]), 20, seed=3)


@pytest.fixture
def model(model):
    """Untrained, but its posteriors of different light curves are narrow and lie apart."""
    with torch.no_grad():
        model.photometry.to_latent.weight.mul_(5)
        model.photometry.to_latent.bias.sub_(5)
        model.spectrum.decoder.latent.weight.mul_(5)
    return model


@pytest.fixture
def predict(model, dataset):
    def function(object_id, light_curves, request=REQUEST):
        return list(predict_spectra(Forecaster(model, dataset.scaling), object_id, light_curves, request))

    return function


@pytest.fixture
def light_curves(dataset):
    return dataset.part("train").light_curves.select(slice(0, 3))


def agree(a, b):
    """Whether the means of two sets of samples differ by their statistical error only."""
    error = np.hypot(a.std(0) / np.sqrt(len(a)), b.std(0) / np.sqrt(len(b)))
    return np.percentile(np.abs(a.mean(0) - b.mean(0)) / error, 90) < 4


def test_samples_are_those_of_each_posterior(model, dataset, predict, light_curves):
    request = replace(REQUEST, n_samples=100)
    found = predict(["a", "b", "c"], light_curves, request)
    found_latent = predict(["a", "b", "c"], light_curves, replace(request, latent_only=True))
    for index in range(3):
        posterior = model.photometry.posterior(dataset.scaling.photometry(light_curves.select([index])))
        latent, predictive = posterior_samples(
            posterior,
            model.spectrum,
            dataset.scaling,
            request.phase_days,
            WAVELENGTH_AA,
            100,
            np.random.default_rng(8),
        )
        for samples, expected in ((found, predictive), (found_latent, latent)):
            assert samples[index].shape == (100, 2, 982) and samples[index].dtype == np.float32
            assert agree(samples[index], expected)
        assert not agree(found_latent[index], found_latent[index - 1])
        assert (found[index].std(0) > found_latent[index].std(0)).mean() > 0.95


def test_a_light_curve_without_points_gets_what_the_prior_says(model, dataset, predict, light_curves):
    nothing = replace(light_curves, magnitude=np.full_like(light_curves.magnitude, np.nan))
    request = replace(REQUEST, n_samples=300, latent_only=True)
    prior = Laplace(torch.zeros(1, 4, 4), torch.ones(1, 4, 4))
    expected, _ = posterior_samples(
        prior,
        model.spectrum,
        dataset.scaling,
        request.phase_days,
        WAVELENGTH_AA,
        300,
        np.random.default_rng(8),
    )
    blind, seen = predict(["a"], nothing, request), predict(["a"], light_curves, request)
    assert agree(blind[0], expected)
    assert not agree(seen[0], expected)
    np.testing.assert_allclose(blind[0].std(0), expected.std(0), rtol=0.4)


def test_each_object_is_predicted_as_if_alone(predict, light_curves):
    together = predict(["a", "b", "c"], light_curves)
    backwards = predict(["c", "b", "a"], light_curves.select([2, 1, 0]))[::-1]
    for index, name in enumerate("abc"):
        alone = predict([name], light_curves.select([index]))[0]
        np.testing.assert_array_equal(together[index], alone)
        np.testing.assert_array_equal(backwards[index], alone)


def test_empty_slots_change_nothing(predict, light_curves):
    def padded(values, empty):
        return np.concatenate([np.full((3, 4), empty), values, np.full((3, 9), empty)], axis=1)

    wide = LightCurves(
        padded(light_curves.phase_days, 5.0),
        padded(light_curves.magnitude, np.nan),
        padded(light_curves.band, 3),
    )
    names = ["a", "b", "c"]
    np.testing.assert_array_equal(predict(names, wide), predict(names, light_curves))


def test_seed_and_id_make_the_draws(predict, light_curves):
    same = light_curves.select([0, 0])
    first, second = predict(["a", "b"], same)
    assert np.abs(first - second).max() > 0
    assert agree(first, second)
    again, other = (predict(["a"], same, replace(REQUEST, seed=seed))[0] for seed in (3, 4))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0


@pytest.mark.parametrize(
    "change, message",
    [
        ({"phase_days": [0, 30.5]}, "phases: 30.5 is outside -10 to 30 days from peak"),
        ({"phase_days": [-11]}, "phases: -11 is outside -10 to 30 days from peak"),
        ({"phase_days": [np.nan]}, "phases: nan is outside"),
        ({"n_samples": 0}, "samples is 0, expected at least 1"),
        ({"seed": -1}, "seed is -1, expected at least 0"),
    ],
)
def test_what_cannot_be_predicted_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        replace(REQUEST, **change)


@pytest.mark.parametrize("latent_only, name", [(False, "samples"), (True, "latent_samples")])
def test_written_samples_are_read_by_numpy(tmp_path, latent_only, name):
    samples = np.random.default_rng(0).normal(size=(3, 20, 2, 982)).astype(np.float32)
    names = np.array(["a", "long name", "é"])
    write_samples(tmp_path / "new" / "x.npz", names, replace(REQUEST, latent_only=latent_only), samples)
    with np.load(tmp_path / "new" / "x.npz", allow_pickle=False) as archive:
        assert sorted(archive.files) == sorted(["object_id", "phase_days", "wavelength_aa", name])
        assert archive["object_id"].tolist() == names.tolist()
        np.testing.assert_array_equal(archive["phase_days"], [-10, 7.5])
        np.testing.assert_array_equal(archive["wavelength_aa"], WAVELENGTH_AA)
        assert archive[name].dtype == np.float32
        np.testing.assert_array_equal(archive[name], samples)


@pytest.mark.parametrize("kind", [KeyboardInterrupt, ValueError])
@pytest.mark.parametrize("before", [None, b"old"])
def test_an_interruption_leaves_what_was_there(tmp_path, kind, before):
    path = tmp_path / "x.npz"
    if before is not None:
        path.write_bytes(before)

    def samples():
        yield np.zeros((20, 2, 982), np.float32)
        raise kind

    with pytest.raises(kind):
        write_samples(path, np.array(["a", "b"]), REQUEST, samples())
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == (
        [] if before is None else [("x.npz", before)]
    )


def test_samples_are_not_held_in_memory(tmp_path):
    one = 20 * 2 * 982 * 4
    tracemalloc.start()
    try:
        samples = (np.full((20, 2, 982), i, np.float32) for i in range(100))
        write_samples(tmp_path / "x.npz", np.arange(100).astype(str), REQUEST, samples)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (tmp_path / "x.npz").stat().st_size > 100 * one
    assert peak < 10 * one


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_embeddings_survive_the_disk(model, dataset, light_curves, tmp_path, suffix):
    names = np.array(["007", "b", "c"])
    write_table(
        tmp_path / f"x{suffix}", embedding_table(Forecaster(model, dataset.scaling), names, light_curves)
    )
    path = tmp_path / f"x{suffix}"
    table = pd.read_csv(path, dtype={"object_id": str}) if suffix == ".csv" else pd.read_parquet(path)
    assert table["object_id"].tolist() == names.tolist()
    assert table.shape == (3, 33)
    for row in range(3):
        posterior = model.photometry.posterior(dataset.scaling.photometry(light_curves.select([row])))
        for name, values in (("mean", posterior.loc), ("scale", posterior.scale)):
            for i, j in np.ndindex(4, 4):
                assert table[f"{name}_{i}_{j}"][row] == pytest.approx(values[0, i, j].item(), abs=1e-5)
    np.testing.assert_allclose(
        table.drop(columns="object_id").to_numpy(float),
        embedding_table(Forecaster(model, dataset.scaling), names, light_curves)
        .drop(columns="object_id")
        .to_numpy(float),
        atol=1e-6,
    )


def test_tables_of_other_kinds_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"x\.txt: the name should end in \.csv or \.parquet"):
        write_table(tmp_path / "x.txt", pd.DataFrame({"a": [1]}))
    assert not list(tmp_path.iterdir())


def test_weights_are_those_of_an_mmvae(dataset, small_recipe, tmp_path):
    path = tmp_path / "x.safetensors"
    with pytest.raises(FileNotFoundError, match=r"x\.safetensors: no such file"):
        Forecaster.load(path)
    save_model(path, "photometry-vae", new_model("photometry-vae", small_recipe, seed=0), dataset.scaling, {})
    with pytest.raises(ValueError, match=r"x\.safetensors: weights of a VAE, expected an MMVAE"):
        Forecaster.load(path)
    model = new_model("mmvae", small_recipe, seed=0)
    save_model(path, "mmvae", model, dataset.scaling, {})
    loaded = Forecaster.load(path)
    assert loaded.scaling == dataset.scaling and not loaded.model.training
    assert loaded.recalibration is None
    assert all(torch.equal(x, loaded.model.state_dict()[name]) for name, x in model.state_dict().items())
