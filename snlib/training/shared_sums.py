"""Gradients of linear layers, summed in parts.

The gradient of a weight is a sum over all rows of the input, here thousands, of products of short vectors.
As one matrix product it is shared by as few blocks of a card as the weight has tiles: one a model.  As a
product of several parts of the rows, each with the weight, all parts are summed at the same time.
"""

import torch.nn.functional as F
from torch.overrides import TorchFunctionMode

__all__ = ["SharedSums"]

_N_PARTS, _LONG = 16, 1024


class SharedSums(TorchFunctionMode):
    """While it is entered, linear layers on many rows are written as products of parts of the rows."""

    def __torch_function__(self, function, types, args=(), kwargs=None):
        if function is F.linear:
            return _linear(*args, **(kwargs or {}))
        return function(*args, **(kwargs or {}))


def _linear(x, weight, bias=None):
    n_in = weight.shape[1]
    n_rows = x.numel() // n_in
    if n_rows < _LONG or n_rows % _N_PARTS:
        return F.linear(x, weight, bias)
    y = x.reshape(_N_PARTS, -1, n_in) @ weight.mT.expand(_N_PARTS, -1, -1)
    y = y.reshape(*x.shape[:-1], len(weight))
    return y if bias is None else y + bias
