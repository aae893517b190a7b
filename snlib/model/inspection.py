"""What a transceiver computes on its way, and how many parameters its parts have."""

import re
from dataclasses import dataclass

import pandas as pd
import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from snlib.model.transceiver import MODALITIES, Layers

__all__ = ["Trace", "parameter_table", "trace"]


@dataclass(frozen=True)
class Trace:
    """What a transceiver computed on its way.

    Attributes
    ----------
    query : Tensor, shape (B, Q, d)
        What enters the first layer.
    context : Tensor, shape (B, C, d)
        What the queries of the first layer attend to.
    weights : Tensor, shape (layers, B, heads, Q, C)
        Of attention; they sum to one over C.
    output : Tensor
        What the module returns.
    """

    query: torch.Tensor
    context: torch.Tensor
    weights: torch.Tensor
    output: torch.Tensor


class _Softmaxes(TorchFunctionMode):
    """Keeps the result of every softmax: attention weights have no module of their own to hook."""

    def __init__(self):
        super().__init__()
        self.results = []

    def __torch_function__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        if func.__name__ == "softmax":
            self.results.append(result)
        return result


@torch.no_grad()
def trace(module: nn.Module, *inputs) -> Trace:
    """Run an encoder or decoder and keep what its layers saw and where they looked.

    Parameters
    ----------
    module : TransceiverEncoder or TransceiverDecoder
        With the attention of the textbook, as built by its class.
    *inputs
        Of its ``forward``.

    Returns
    -------
    Trace

    Raises
    ------
    ValueError
        If its attention is computed the fast way (`snlib.model.fast_attention`).
    """
    if type(module.layers) is not Layers:
        raise ValueError("the attention is folded: only that of the textbook has weights to look at")
    entered = []
    hook = module.layers[0].register_forward_pre_hook(lambda _, args: entered.extend(args[:2]))
    try:
        with _Softmaxes() as softmaxes:
            output = module(*inputs)
    finally:
        hook.remove()
    query, context = entered
    return Trace(query, context, torch.stack(softmaxes.results), output)


def parameter_table(model: nn.Module) -> pd.DataFrame:
    """Count the parameters of the parts of a model, a column a modality, a row a part (as in the code)."""
    table = {}
    for modality in MODALITIES:
        for name, parameter in getattr(model, modality).named_parameters():
            part = re.match(r"to_latent|\w+\.(position\.)?\w+", name)[0]
            counts = table.setdefault(part, dict.fromkeys(MODALITIES, 0))
            counts[modality] += parameter.numel()
    sides = "encoder", "to_latent", "decoder"
    order = sorted(table, key=lambda part: (sides.index(part.split(".")[0]), part))
    return pd.DataFrame.from_dict(table, orient="index").loc[order]
