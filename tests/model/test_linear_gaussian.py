"""The standard errors of the bounds of a model whose evidence is known."""

import numpy as np
import pytest
import torch

from snlib.model.linear_gaussian import LinearGaussian, bounds, draw


@pytest.mark.parametrize("bound", ["tight", "loose"])
def test_the_error_of_a_bound_is_how_far_it_scatters(bound):
    """From one call to the next: of sixty means over a hundred repeats each, all events together."""
    generator = torch.Generator().manual_seed(0)
    experts = [LinearGaussian([1.0, -0.5], 0.7), LinearGaussian([0.3], 1.1)]
    inputs = draw(experts, 20, generator)
    means, errors = zip(*(bounds(experts, inputs, 2, bound, 100, generator) for _ in range(60)), strict=True)
    scatter, expected = torch.stack(means).std(0), torch.stack(errors).mean(0)
    assert np.median(scatter / expected) == pytest.approx(1, abs=0.1)
