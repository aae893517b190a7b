"""Gradients of linear layers, summed in parts.

The gradient of a weight is a sum over all rows of the input, here thousands, of products of short vectors.
As one matrix product it is shared by as few blocks of a card as the weight has tiles: one a model.  As a
product of several parts of the rows, each with the weight, all parts are summed at the same time.
"""

from copy import deepcopy

from torch import nn

__all__ = ["with_shared_sums"]

_N_PARTS, _LONG = 16, 1024


class _SharedSums(nn.Linear):
    """A linear layer; many rows are written as products of parts of them."""

    def forward(self, x):
        n_rows = x.numel() // self.in_features
        if n_rows < _LONG or n_rows % _N_PARTS:
            return super().forward(x)
        parts = x.reshape(_N_PARTS, -1, self.in_features) @ self.weight.mT.expand(_N_PARTS, -1, -1)
        y = parts.reshape(*x.shape[:-1], self.out_features)
        return y if self.bias is None else y + self.bias


def with_shared_sums(model):
    """A copy of a model that computes the same, but the gradients of its linear layers in parts.

    Parameters
    ----------
    model : torch.nn.Module

    Returns
    -------
    torch.nn.Module
    """
    model = deepcopy(model)
    for module in model.modules():
        if type(module) is nn.Linear:
            module.__class__ = _SharedSums
    return model
