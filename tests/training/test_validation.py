"""Weights are chosen by the validation part, and by nothing else."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from snlib.model.registry import new_model
from snlib.random_streams import stream
from snlib.training import loop
from snlib.training.draws import draw_block, draw_noise
from snlib.training.loop import mean_loss, train


@pytest.fixture
def trained(pairs, small_recipe):
    """A model, its history and its pairs, trained at a rate that soon makes it worse again."""
    recipe = replace(small_recipe, learning_rate=0.03, schedule="constant", hidden_points=0.0)
    model = new_model("photometry-vae", recipe, seed=0)
    history = train(model, *pairs, n_steps=60, seed=0)
    assert history["validation_loss"].idxmin() < len(history) - 1
    return model, history, *pairs


def test_the_loss_that_is_recorded_is_that_of_the_validation_pairs(trained):
    model, history, train_pairs, validation_pairs = trained
    best = history["validation_loss"].min()
    assert mean_loss(model, validation_pairs, seed=0) == pytest.approx(best, rel=1e-6)
    assert mean_loss(model, train_pairs, seed=0) != pytest.approx(best, rel=1e-3)


def test_the_noise_of_validation_is_not_that_of_any_step(pairs, small_recipe):
    model = new_model("mmvae", small_recipe, seed=0)
    noise = draw_noise(model, 8, seed=5)
    expected = stream("validation", 5).laplace(size=tuple(noise.shape)).astype("float32")
    assert np.array_equal(noise, expected)
    of_steps = draw_block(model, pairs[0], 0, 10, seed=5).noise
    assert not np.isin(noise, of_steps).any()


def test_training_does_not_feel_the_validation_pairs(pairs, small_recipe):
    """Without validation the weights would be the last ones: these are the same, whatever is validated."""
    models = [new_model("photometry-vae", small_recipe, seed=0) for _ in range(2)]
    doubled = replace(pairs[1].photometry, value=2 * pairs[1].photometry.value)
    others = pairs[1], replace(pairs[1], photometry=doubled)
    histories = [
        train(model, pairs[0], other, n_steps=1, seed=0) for model, other in zip(models, others, strict=True)
    ]
    (first, second), (a, b) = histories, (model.state_dict() for model in models)
    assert first["train_loss"].equals(second["train_loss"])
    assert not first["validation_loss"].equals(second["validation_loss"])
    assert all(torch.equal(a[name], b[name]) for name in a)


def test_losses_of_training_are_means_since_the_last_row(pairs, small_recipe, monkeypatch):
    """Rows of two steps hold the means of rows of one."""
    each, pairwise = (
        train(new_model("photometry-vae", small_recipe, seed=0), *pairs, n_steps=12, seed=0)
        for _ in iter_intervals(monkeypatch, (1, 2))
    )
    assert pairwise["step"].tolist() == [2, 4, 6, 8, 10, 12]
    expected = each["train_loss"].to_numpy().reshape(6, 2).mean(1)
    assert pairwise["train_loss"].to_numpy() == pytest.approx(expected, rel=1e-6)


def iter_intervals(monkeypatch, intervals):
    """Evaluate every so many steps."""
    for steps in intervals:
        monkeypatch.setattr(loop, "evaluation_interval", lambda n_steps, steps=steps: steps)
        yield steps
