r"""Attention with its projections folded: the numbers of `CrossAttention.attend`, several times as fast.

Write :math:`q` for a query, :math:`c` for a context vector (both after their layer norms, as rows), and for
one head :math:`W_Q, W_K, W_V` of shape :math:`(d, d/h)` and :math:`W_O` of shape :math:`(d/h, d)`.  The score
of the textbook is

.. math:: s = (q W_Q + b_Q) (c W_K)^T / \sqrt{d/h} = (q A + a) c^T, \quad
   A = W_Q W_K^T / \sqrt{d/h}, \quad a = b_Q W_K^T / \sqrt{d/h},

and what a head adds to the output, with weights :math:`w_c` that sum to one over the context, is

.. math:: \sum_c w_c (c W_V + b_V) W_O = \sum_c w_c\, c\, V + b_V W_O, \quad V = W_V W_O.

So keys and values need not be computed for each context vector: :math:`A` and :math:`V` are applied to
whichever side is shorter, the eight queries of an encoder rather than its thousand pixels, the five context
vectors of a decoder rather than its thousand queries.  They depend on the weights only, and are made for all
layers at once.
"""

from dataclasses import dataclass
from functools import partial

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from snlib.model.transceiver import Layers

__all__ = ["FoldedLayers", "fold_attention"]


class FoldedLayers(Layers):
    """The same layers, with the same parameters by the same names, whose projections are folded."""

    def prepared(self):
        """Fold the projections of all layers, then give the layers as functions."""
        layers = list(self)
        return [
            partial(layer, attend=partial(_attend, folded))
            for layer, folded in zip(layers, _fold(layers), strict=True)
        ]


def fold_attention(model):
    """Let a model compute its attention the fast way (in place); its parameters stay the same.

    Parameters
    ----------
    model : torch.nn.Module

    Returns
    -------
    torch.nn.Module
        The model.
    """
    for module in list(model.modules()):
        for name, child in list(module.named_children()):
            if type(child) is Layers:
                setattr(module, name, FoldedLayers(child))
    return model


@dataclass(frozen=True)
class _Folded:
    """Projections of a layer, folded: ``to_key`` into ``to_query``, ``to_out`` into ``to_value``."""

    score: Float[Tensor, "h d d"]  # A
    shift: Float[Tensor, "h d"]  # a
    value: Float[Tensor, "h d d"]  # V
    bias: Float[Tensor, " d"]  # of all heads and of to_out


def _fold(layers):
    n_heads, scale = layers[0].n_heads, layers[0].scale

    def by_head(of_layer):  # (d, ...) a layer -> (layers, h, d / h, ...)
        return torch.stack([of_layer(layer) for layer in layers]).unflatten(1, (n_heads, -1))

    key, out = by_head(lambda x: x.to_key.weight * scale), by_head(lambda x: x.to_out.weight.mT)
    score = by_head(lambda x: x.to_query.weight).mT @ key
    value = by_head(lambda x: x.to_value.weight).mT @ out
    shift = (by_head(lambda x: x.to_query.bias)[..., None] * key).sum(2)
    bias = (by_head(lambda x: x.to_value.bias)[..., None] * out).sum((1, 2))
    bias = bias + torch.stack([layer.to_out.bias for layer in layers])
    return [_Folded(*parts) for parts in zip(score, shift, value, bias, strict=True)]


def _attend(folded, query, context, observed=None):
    """(B, Q, d), (B, C, d), (B, C) -> (B, Q, d)."""
    unseen = query.new_zeros(context.shape[:2])
    if observed is not None:
        unseen = unseen.masked_fill(~observed, -torch.inf)
    attend = _few_queries if query.shape[1] < context.shape[1] else _short_context
    return attend(query, context, unseen, folded)


def _few_queries(query, context, unseen, folded):
    n_heads, d = folded.shift.shape
    weight = folded.score.mT.flatten(0, 1)  # (h d, d)
    query = F.linear(query, weight, folded.shift.flatten()).unflatten(-1, (n_heads, d)).flatten(1, 2)
    weights = torch.baddbmm(unseen[:, None], query, context.mT).softmax(-1)  # (B, Q h, C)
    mixed = (weights @ context).unflatten(1, (-1, n_heads)).flatten(2)  # (B, Q, h d)
    return F.linear(mixed, folded.value.flatten(0, 1).mT, folded.bias)


def _short_context(query, context, unseen, folded):
    n_heads, d = folded.shift.shape

    def by_head(matrices):  # (B, C, d) -> (B, C h, d)
        return F.linear(context, matrices.flatten(0, 1)).unflatten(-1, (n_heads, d)).flatten(1, 2)

    shift = (context[:, :, None] * folded.shift).sum(-1) + unseen[..., None]  # (B, C, h)
    scores = torch.baddbmm(shift.flatten(1)[..., None], by_head(folded.score), query.mT)
    # The long side last: a softmax over a handful of neighbours in memory is slow.
    weights = scores.unflatten(1, (-1, n_heads)).softmax(1)  # (B, C, h, Q)
    return weights.flatten(1, 2).mT @ by_head(folded.value.mT) + folded.bias
