"""The plain MLP that the authors' program uses everywhere."""

from itertools import pairwise

from torch import nn

__all__ = ["perceptron"]


def perceptron(*sizes):
    """Build an MLP with ReLU between its layers.

    Parameters
    ----------
    *sizes : int
        Of its input, its hidden layers and its output.

    Returns
    -------
    torch.nn.Sequential
    """
    layers = []
    for n_in, n_out in pairwise(sizes):
        layers += [nn.Linear(n_in, n_out), nn.ReLU()]
    return nn.Sequential(*layers[:-1])
