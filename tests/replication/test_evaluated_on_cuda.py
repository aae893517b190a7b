"""On a GPU: a training of the model that was evaluated goes on after it was killed."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from snlib.model.registry import recipe_for
from snlib.replication.trained import train_or_load_stack
from snlib.training.stack import StackedSteps
from snlib.training.steps import Steps, new_fabric

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")

DEVICE, N_STEPS, KILLED_AT = "cuda", 200, 120
SLOW = 1e-5  # at this learning rate roundings do not grow


class Killed(BaseException):
    pass


@pytest.mark.parametrize("name", ["evaluated", "evaluated-982", "evaluated-may-982"])
@pytest.mark.parametrize("kind, seeds", [(Steps, [3]), (StackedSteps, [3, 4])])
def test_a_killed_training_goes_on(dataset, tmp_path, monkeypatch, name, kind, seeds):
    recipe, fabric = replace(recipe_for("mmvae", name), learning_rate=SLOW), new_fabric(DEVICE)

    def trained(folder):
        return train_or_load_stack("mmvae", recipe, dataset, N_STEPS, seeds, tmp_path / folder, fabric)

    unbroken, starts, start = trained("unbroken"), [], kind.start

    def dies(steps, draws, rates, *first):
        if sum(starts) == KILLED_AT:
            raise Killed
        starts.append(len(rates))
        start(steps, draws, rates, *first)

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(kind, "start", dies)
        trained("killed")
    started, start = [], kind.start

    def goes_on(steps, draws, rates, *first):
        started.append(len(rates))
        start(steps, draws, rates, *first)

    with monkeypatch.context() as patch:
        patch.setattr(kind, "start", goes_on)
        resumed = trained("killed")
    assert sum(started) == N_STEPS - KILLED_AT
    expected, found = (pd.concat(one.history for one in models) for models in (unbroken, resumed))
    for column in ("train_loss", "validation_loss"):
        np.testing.assert_allclose(found[column], expected[column], rtol=1e-4)
