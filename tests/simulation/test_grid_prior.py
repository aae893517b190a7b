"""The grid's distribution as standard normal numbers, against draws from the grid; features in torch."""

import numpy as np
import pytest
import torch
from scipy.stats import ks_2samp

from snlib.simulation import grid
from snlib.simulation.grid_prior import grid_parameters, grid_quantities
from snlib.simulation.surrogate import warped_phases
from snlib.simulation.surrogate_features import centred, centred_parameters, polynomial_features


def test_standard_normal_unknowns_give_the_distribution_of_the_grid():
    rng = np.random.default_rng(0)
    ours = centred_parameters(grid_parameters(rng.standard_normal((5000, 5))))
    drawn = centred_parameters(np.array([grid.draw_parameters(rng) for _ in range(5000)]))
    for values, expected in zip(ours.T, drawn.T, strict=True):
        assert ks_2samp(values, expected).pvalue > 1e-3


def test_no_unknowns_leave_the_grid():
    corners = 9.0 * np.array(np.meshgrid(*[[-1, 1]] * 5)).reshape(5, -1).T
    parameters = grid_parameters(corners)
    assert grid.beyond_grid(parameters) == [] and (parameters[:, 3] > 0).all()
    np.testing.assert_allclose(parameters[:, 2:5].sum(1), parameters[:, 1])
    assert parameters[:, 1].min() == pytest.approx(0.7) and parameters[:, 1].max() == pytest.approx(2.5)


def test_quantities_and_parameters_are_the_same_models():
    u = np.random.default_rng(2).standard_normal((7, 5))
    features = centred(*grid_quantities(torch.from_numpy(u)), torch)
    np.testing.assert_allclose(features, centred_parameters(grid_parameters(u)), atol=1e-12)


def test_in_torch_the_surrogate_is_what_it_is_in_numpy():
    x, phases = np.random.default_rng(3).normal(size=(4, 5)), np.linspace(-30, 90, 25)
    for function, *arguments in ((polynomial_features, x), (warped_phases, phases, np.array(1.3))):
        tensors = [torch.from_numpy(values) for values in arguments]
        np.testing.assert_array_equal(function(*tensors, torch), function(*arguments))
