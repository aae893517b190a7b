"""Experts side by side: the same loss; on a card, see test_cuda.py."""

import pytest
import torch
from torch.testing import assert_close

from snlib.model.recipes import RECIPES
from snlib.model.registry import new_model
from snlib.training.draws import draw_block
from snlib.training.side_by_side import SideBySide, side_by_side


def test_independent_work_is_done_in_turn_on_the_cpu():
    done = []
    assert side_by_side(done.append, [(1,), (2,), (3,)], torch.device("cpu")) == [None] * 3
    assert done == [1, 2, 3]


@pytest.mark.parametrize("recipe", RECIPES)
def test_the_loss_is_that_of_the_model(pairs, recipe):
    """Value and gradients, with some of the wavelengths decoded."""
    train, _ = pairs
    model = new_model("mmvae", RECIPES[recipe], 0)
    draws = draw_block(model, train, 0, 1, seed=0)
    batch = train.take(draws.index[0], draws.shown[0])
    found = {}
    for name, loss_of in {"alone": model, "side by side": SideBySide(model)}.items():
        model.zero_grad()
        loss = loss_of(batch, draws.noise[0], draws.pixels[0][:30])
        loss.mean().backward()
        found[name] = loss.detach(), [parameter.grad.clone() for parameter in model.parameters()]
    assert_close(*(loss for loss, _ in found.values()), rtol=0, atol=0)
    assert_close(*(gradients for _, gradients in found.values()), rtol=1e-5, atol=1e-5)
