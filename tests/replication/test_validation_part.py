"""What a run trains is trained on the training part and validated on the validation part."""

import pytest

from snlib.model.registry import new_model
from snlib.replication.trained import train_or_load
from snlib.training.draws import draw_block
from snlib.training.loop import mean_loss


def test_weights_are_chosen_by_the_validation_part(dataset, small_recipe, tmp_path):
    found = train_or_load("photometry-vae", small_recipe, dataset, 3, seed=0, folder=tmp_path)
    losses = {
        part: mean_loss(found.model, dataset.pairs(part, "cpu"), seed=0) for part in ("train", "validation")
    }
    assert found.best()["validation_loss"] == pytest.approx(losses["validation"], rel=1e-6)
    assert found.best()["validation_loss"] != pytest.approx(losses["train"], rel=1e-3)


def test_weights_are_fitted_to_the_training_part(dataset, small_recipe, tmp_path):
    """The loss of the first step, before anything is learned, is that of its batch of training pairs."""
    found = train_or_load("photometry-vae", small_recipe, dataset, 1, seed=0, folder=tmp_path)
    untrained, pairs = new_model("photometry-vae", small_recipe, 0), dataset.pairs("train", "cpu")
    draws = draw_block(untrained, pairs, 0, 1, seed=0)
    loss = untrained(pairs.take(draws.index[0], draws.shown[0]), draws.noise[0], draws.pixels[0]).mean()
    assert found.history["train_loss"][0] == pytest.approx(loss.item(), rel=1e-5)
