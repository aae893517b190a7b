"""Predictions for light curves of one's own, in Python."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from snlib.data.quantities import WAVELENGTH_AA
from snlib.data.ragged import RaggedLightCurves
from snlib.inference.forecast import Forecaster
from snlib.inference.posteriors import posterior_samples
from snlib.inference.predict import Request, predict_spectra
from snlib.model.likelihoods import Laplace
from snlib.model.registry import new_model
from snlib.model.weights import SavedModel, save_model

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
        curves = RaggedLightCurves.from_padded(np.array(object_id, object), light_curves)
        return list(predict_spectra(Forecaster(model, dataset.scaling), curves, request))

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
    light_curves = light_curves.select([0])
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
        ({"seed": -1}, "seed is -1, expected a whole number from 0"),
    ],
)
def test_what_cannot_be_predicted_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        replace(REQUEST, **change)


def test_weights_are_those_of_an_mmvae(dataset, small_recipe, tmp_path):
    path = tmp_path / "x.safetensors"
    with pytest.raises(FileNotFoundError, match=r"x\.safetensors: no such file"):
        Forecaster.load(path)
    save_model(
        path,
        SavedModel("photometry-vae", new_model("photometry-vae", small_recipe, seed=0), dataset.scaling, {}),
    )
    with pytest.raises(ValueError, match=r"x\.safetensors: weights of a VAE, expected an MMVAE"):
        Forecaster.load(path)
    model = new_model("mmvae", small_recipe, seed=0)
    save_model(path, SavedModel("mmvae", model, dataset.scaling, {}))
    loaded = Forecaster.load(path)
    assert loaded.scaling == dataset.scaling and not loaded.model.training
    assert loaded.recalibration is None
    assert all(torch.equal(x, loaded.model.state_dict()[name]) for name, x in model.state_dict().items())
