"""A joint transceiver by what it cannot depend on, and by what it must learn."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from snlib.data.batches import Spectrum
from snlib.joint.build import make_examples
from snlib.joint.examples import OtherSpectra, Points
from snlib.joint.predict import JointForecaster
from snlib.observed import read_observed
from tests.joint.small_model import flat_mean, small_model
from tests.observed.small_table import write_table

RNG = np.random.default_rng(5)


def some_points(n=8, n_others=2):
    """A light curve, and further spectra of eight bins, of three supernovae."""
    value, phase, wavelength = (torch.from_numpy(RNG.normal(size=(3, n))).float() for _ in range(3))
    never, always = torch.zeros(3, n, dtype=torch.bool), torch.ones(3, n, dtype=torch.bool)
    light_curve = Points(phase, wavelength, 0.1 * value, never, always)
    phases, values = (torch.from_numpy(RNG.normal(size=size)).float() for size in ((3, 2), (3, 2, 8)))
    seen = torch.ones(3, n_others, 8, dtype=torch.bool)
    return light_curve, OtherSpectra(phases, torch.linspace(-1, 1, 8), 0.1 * values, seen)


def with_values(shown, change):
    return [replace(one, value=change(one)) for one in shown]


def hidden(one):
    return replace(one, observed=torch.zeros_like(one.observed))


def query():
    return Spectrum(torch.zeros(3), torch.linspace(-1, 1, 20), None, None)


def moments(shown, model=None):
    with torch.no_grad():
        predictive = (model or small_model()).predictive(*shown, query())
    return predictive.loc, predictive.variance()


def test_a_brighter_supernova_is_predicted_brighter_by_as_much():
    shown = some_points()
    brighter = with_values(shown, lambda one: one.value + 0.7)
    (before, width), (after, same_width) = moments(shown), moments(brighter)
    np.testing.assert_allclose(after - before, 0.7, atol=1e-5)
    np.testing.assert_allclose(width, same_width, rtol=1e-4)


def test_the_order_of_points_and_what_hidden_ones_hold_do_not_matter():
    light_curve, others = some_points()
    observed = light_curve.observed & (torch.arange(8) != 3)
    less = replace(light_curve, observed=observed)
    order = torch.from_numpy(RNG.permutation(8))
    changed = replace(less, value=torch.where(observed, less.value, 9.0))
    shuffled = Points(*(getattr(changed, name)[:, order] for name in vars(changed)))
    for mine, other in zip(moments((less, others)), moments((shuffled, others)), strict=True):
        np.testing.assert_allclose(mine, other, atol=1e-5)
    assert np.abs(moments((light_curve, others))[0] - moments((less, others))[0]).max() > 1e-4


def test_the_order_of_spectra_does_not_matter():
    light_curve, others = some_points()
    names = ("phase", "value", "observed")
    turned = replace(others, **{name: getattr(others, name).flip(1) for name in names})
    for mine, other in zip(moments((light_curve, others)), moments((light_curve, turned)), strict=True):
        np.testing.assert_allclose(mine, other, atol=1e-5)


def test_a_spectrum_more_is_heard():
    light_curve, others = some_points()
    alone = moments((light_curve, hidden(others)))[0]
    assert np.abs(moments((light_curve, others))[0] - alone).max() > 1e-4


def test_with_nothing_observed_it_still_answers():
    location, variance = moments([hidden(one) for one in some_points()])
    assert torch.isfinite(location).all() and (variance > 0).all()
    np.testing.assert_allclose(location[0], location[2], atol=1e-6)


def test_without_a_light_curve_the_level_is_that_of_the_spectra():
    light_curve, others = some_points()
    brighter = replace(others, value=others.value + 0.3)
    before, after = (moments((hidden(light_curve), one))[0] for one in (others, brighter))
    np.testing.assert_allclose(after - before, 0.3, atol=1e-5)


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
    shown = some_points()
    for mine, other in zip(moments(shown, model), moments(shown, read.model), strict=True):
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
        predictive = model.predictive(*examples.known(index), asked)
    residual = mean - flat_mean().spectra_at(observed.spectrum_phase_days[index])
    np.testing.assert_allclose(residual, predictive.loc, atol=2e-5)
    np.testing.assert_allclose(deviation**2, predictive.variance(), rtol=1e-4)
