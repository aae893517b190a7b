"""A joint transceiver by what it cannot depend on, and by what it must learn."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from snlib.data.batches import Spectrum
from snlib.joint.build import make_examples
from snlib.joint.examples import Points
from snlib.joint.predict import JointForecaster
from snlib.observed import read_observed
from tests.joint.small_model import flat_mean, small_model
from tests.observed.small_table import write_table

RNG = np.random.default_rng(5)


def some_points(n=12, n_narrow=4):
    value, phase, wavelength = (torch.from_numpy(RNG.normal(size=(3, n))).float() for _ in range(3))
    narrow = (torch.arange(n) >= n - n_narrow).expand(3, n)
    return Points(phase, wavelength, 0.1 * value, narrow, torch.ones(3, n, dtype=torch.bool))


def query():
    return Spectrum(torch.zeros(3), torch.linspace(-1, 1, 20), None, None)


def moments(points, model=None):
    with torch.no_grad():
        predictive = (model or small_model()).predictive(points, query())
    return predictive.loc, predictive.variance()


def test_a_brighter_supernova_is_predicted_brighter_by_as_much():
    points = some_points()
    brighter = replace(points, value=points.value + 0.7)
    (before, width), (after, same_width) = moments(points), moments(brighter)
    np.testing.assert_allclose(after - before, 0.7, atol=1e-5)
    np.testing.assert_allclose(width, same_width, rtol=1e-4)


def test_the_order_of_points_and_what_hidden_ones_hold_do_not_matter():
    points = some_points()
    hidden = replace(points, observed=points.observed & (torch.arange(12) != 3))
    order = torch.from_numpy(RNG.permutation(12))
    changed = replace(hidden, value=torch.where(hidden.observed, hidden.value, 9.0))
    shuffled = Points(*(getattr(changed, name)[:, order] for name in vars(changed)))
    for mine, other in zip(moments(hidden), moments(shuffled), strict=True):
        np.testing.assert_allclose(mine, other, atol=1e-5)
    assert np.abs(moments(points)[0] - moments(hidden)[0]).max() > 1e-4


def test_a_spectrum_more_is_heard():
    points = some_points()
    without = replace(points, observed=points.observed & ~points.narrow)
    assert np.abs(moments(points)[0] - moments(without)[0]).max() > 1e-4


def test_with_nothing_observed_it_still_answers():
    points = some_points()
    nothing = replace(points, observed=torch.zeros_like(points.observed))
    location, variance = moments(nothing)
    assert torch.isfinite(location).all() and (variance > 0).all()
    np.testing.assert_allclose(location[0], location[2], atol=1e-6)


def test_without_a_light_curve_the_level_is_that_of_the_spectra():
    points = some_points()
    spectra = replace(points, observed=points.observed & points.narrow)
    brighter = replace(spectra, value=spectra.value + 0.3)
    np.testing.assert_allclose(moments(brighter)[0] - moments(spectra)[0], 0.3, atol=1e-5)


def test_what_training_changes_is_not_changed_in_use(tmp_path):
    """In evaluation the loss does not depend on the numbers that grey shifts and jitter are made of."""
    observed = read_observed(write_table(tmp_path / "observed.npz"))
    examples = make_examples(observed, flat_mean())
    batch, pixels = examples.take(torch.arange(4)), torch.arange(0, 200, 10)
    noise = torch.from_numpy(RNG.laplace(size=(1, 1, 4, 4, 32))).float()
    other = noise.clone()
    other[:, :, :, 0, :3] += 1.0
    model = small_model()
    with torch.no_grad():
        assert torch.equal(model(batch, noise, pixels), model(batch, other, pixels))
        model.train()
        assert (model(batch, noise, pixels) != model(batch, other, pixels)).all()


def test_weights_and_mean_supernova_survive_the_disk(tmp_path):
    import pandas as pd

    path, model = tmp_path / "joint.safetensors", small_model(3)
    history = pd.DataFrame(columns=["step", "learning_rate", "train_loss", "validation_loss", "seconds"])
    JointForecaster(model).save(path, {"made": "here"}, history)
    read = JointForecaster.load(path)
    points = some_points()
    for mine, other in zip(moments(points, model), moments(points, read.model), strict=True):
        assert torch.equal(mine, other)
    np.testing.assert_allclose(read.mean.magnitude, flat_mean().magnitude, atol=1e-5)
    np.testing.assert_allclose(read.mean.log10_fnu, flat_mean().log10_fnu, atol=1e-5)


def test_weights_of_another_model_are_refused(tmp_path):
    from snlib.inference import DEFAULT_WEIGHTS

    with pytest.raises(ValueError, match="expected a joint-transceiver"):
        JointForecaster.load(DEFAULT_WEIGHTS)


def test_forecasts_are_the_mean_supernova_and_the_residual(tmp_path):
    observed = read_observed(write_table(tmp_path / "observed.npz"))
    examples, model = make_examples(observed, flat_mean()), small_model()
    index = np.array([1, 6])
    mean, deviation = JointForecaster(model).moments(examples, index)
    with torch.no_grad():
        asked = Spectrum(examples.phase[index], examples.wavelength, None, None)
        predictive = model.predictive(examples.points(index), asked)
    residual = mean - flat_mean().spectra_at(observed.spectrum_phase_days[index])
    np.testing.assert_allclose(residual, predictive.loc, atol=2e-5)
    np.testing.assert_allclose(deviation**2, predictive.variance(), rtol=1e-4)
