"""The transceiver: a Perceiver-IO for light curves and spectra (Figures 1 and 2).

Shapes: B events, T light-curve slots, L wavelengths, S latent samples, d model dimension.
All inputs are z-scores (see ``snlib.data.dataset``); every mask is True where observed.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from snlib.data.quantities import BANDS

__all__ = [
    "MODALITIES",
    "CrossAttention",
    "PhotometryPosition",
    "Sinusoid",
    "SpectrumPosition",
    "TransceiverDecoder",
    "TransceiverEncoder",
]


class Sinusoid(nn.Module):
    """Sinusoidal encoding of a number, followed by a learned MLP (Peebles & Xie 2023).

    The angular frequencies fall geometrically from `max_frequency` (radians per unit of the
    z-score) over four decades.
    """

    def __init__(self, d_model, max_frequency):
        super().__init__()
        exponents = torch.linspace(0.0, -4.0, d_model // 2)
        self.register_buffer("frequencies", max_frequency * 10.0**exponents, persistent=False)
        self.mlp = nn.Sequential(nn.Linear(d_model, d_model), nn.GELU(), nn.Linear(d_model, d_model))

    def forward(self, x):
        """(...) -> (..., d)."""
        angle = x[..., None] * self.frequencies
        return self.mlp(torch.cat([angle.sin(), angle.cos()], dim=-1))


class PhotometryPosition(nn.Module):
    """Where a light-curve point lies: time (sinusoid) + band (class embedding)."""

    def __init__(self, recipe):
        super().__init__()
        self.time = Sinusoid(recipe.d_model, recipe.time_max_frequency)
        self.band = nn.Embedding(len(BANDS), recipe.d_model)

    def forward(self, x):
        """Photometry -> (B, T, d)."""
        return self.time(x.time) + self.band(x.band)


class SpectrumPosition(nn.Module):
    """Where a spectral pixel lies: its wavelength (sinusoid)."""

    def __init__(self, recipe):
        super().__init__()
        self.wavelength = Sinusoid(recipe.d_model, recipe.wavelength_max_frequency)

    def forward(self, x):
        """Spectrum -> (L, d) or (B, L, d)."""
        return self.wavelength(x.wavelength)


MODALITIES = {"photometry": PhotometryPosition, "spectrum": SpectrumPosition}


def _phase_sinusoid(modality, recipe):
    """Embed the phase of a spectrum; a light curve has none."""
    return Sinusoid(recipe.d_model, recipe.time_max_frequency) if modality == "spectrum" else None


class CrossAttention(nn.Module):
    """Queries attend to a context, then an MLP; both residual, with pre-layer-norm.

    Scores and values are bilinear in query and context, so the projections of the longer side can
    be applied to the shorter one instead: the same numbers, without a projection of each of a
    thousand pixels.
    """

    def __init__(self, recipe):
        super().__init__()
        d = recipe.d_model
        self.n_heads, self.scale = recipe.n_heads, (d // recipe.n_heads) ** -0.5
        self.norm_query, self.norm_context, self.norm_mlp = (nn.LayerNorm(d) for _ in range(3))
        self.to_query, self.to_key, self.to_value, self.to_out = (nn.Linear(d, d) for _ in range(4))
        self.to_key.bias = None  # it would add the same to all scores of a query: no softmax sees it
        self.mlp = nn.Sequential(nn.Linear(d, recipe.d_mlp), nn.GELU(), nn.Linear(recipe.d_mlp, d))

    def forward(self, query, context, observed=None, folded=None):
        """(B, Q, d), (B, C, d), (B, C) -> (B, Q, d); context that is not observed is not seen.

        `folded` is this layer's share of what `_fold` makes of several layers at once.
        """
        unseen = query.new_zeros(context.shape[:2])
        if observed is not None:
            unseen = unseen.masked_fill(~observed, -torch.inf)
        attend = _few_queries if query.shape[1] < context.shape[1] else _short_context
        (folded,) = _fold([self]) if folded is None else (folded,)
        query = query + attend(self.norm_query(query), self.norm_context(context), unseen, folded)
        return query + self.mlp(self.norm_mlp(query))


@dataclass(frozen=True)
class _Folded:
    """Projections of a layer, folded: ``to_key`` into ``to_query``, ``to_out`` into ``to_value``.

    Attributes
    ----------
    score : Tensor, shape (heads, d, d)
        The score of a query q for a context c is ``(q @ score + shift) @ c``.
    shift : Tensor, shape (heads, d)
    value : Tensor, shape (heads, d, d)
        What a context c adds to a query that looks at it alone is ``c @ value``, summed over heads, + bias.
    bias : Tensor, shape (d,)
    """

    score: torch.Tensor
    shift: torch.Tensor
    value: torch.Tensor
    bias: torch.Tensor


def _fold(layers):
    """Fold the projections of some `CrossAttention` layers, all in two matrix products."""
    n_heads, scale = layers[0].n_heads, layers[0].scale

    def by_head(of_layer):  # (d, ...) a layer -> (layers, heads, d / heads, ...)
        return torch.stack([of_layer(layer) for layer in layers]).unflatten(1, (n_heads, -1))

    key, out = by_head(lambda x: x.to_key.weight * scale), by_head(lambda x: x.to_out.weight.mT)
    score = by_head(lambda x: x.to_query.weight).mT @ key
    value = by_head(lambda x: x.to_value.weight).mT @ out
    shift = (by_head(lambda x: x.to_query.bias)[..., None] * key).sum(2)
    bias = (by_head(lambda x: x.to_value.bias)[..., None] * out).sum((1, 2))
    bias = bias + torch.stack([layer.to_out.bias for layer in layers])
    return [_Folded(*parts) for parts in zip(score, shift, value, bias, strict=True)]


def _few_queries(query, context, unseen, folded):
    n_heads, d = folded.shift.shape
    weight = folded.score.mT.flatten(0, 1)  # (heads * d, d)
    query = F.linear(query, weight, folded.shift.flatten()).unflatten(-1, (n_heads, d)).flatten(1, 2)
    weights = torch.baddbmm(unseen[:, None], query, context.mT).softmax(-1)  # (B, Q * heads, C)
    mixed = (weights @ context).unflatten(1, (-1, n_heads)).flatten(2)  # (B, Q, heads * d)
    return F.linear(mixed, folded.value.flatten(0, 1).mT, folded.bias)


def _short_context(query, context, unseen, folded):
    n_heads, d = folded.shift.shape

    def by_head(matrices):  # (B, C, d) -> (B, C * heads, d)
        return F.linear(context, matrices.flatten(0, 1)).unflatten(-1, (n_heads, d)).flatten(1, 2)

    shift = (context[:, :, None] * folded.shift).sum(-1) + unseen[..., None]  # (B, C, heads)
    scores = torch.baddbmm(shift.flatten(1)[..., None], by_head(folded.score), query.mT)
    # The long side last: a softmax over a handful of neighbours in memory is slow.
    weights = scores.unflatten(1, (-1, n_heads)).softmax(1)  # (B, C, heads, Q)
    return weights.flatten(1, 2).mT @ by_head(folded.value.mT) + folded.bias


class TransceiverEncoder(nn.Module):
    """Any number of tokens -> `n_outputs` tokens: learned queries attend to them and to each other.

    Parameters
    ----------
    modality : {"photometry", "spectrum"}
    recipe : snlib.model.recipes.Recipe
    n_outputs : int
    """

    def __init__(self, modality, recipe, n_outputs):
        super().__init__()
        self.position = MODALITIES[modality](recipe)
        self.value = nn.Linear(1, recipe.d_model)
        self.phase = _phase_sinusoid(modality, recipe)
        n_among = recipe.token_layers if modality == "photometry" else 0
        self.among = nn.ModuleList(CrossAttention(recipe) for _ in range(n_among))
        self.queries = nn.Parameter(torch.randn(n_outputs, recipe.d_model) * recipe.d_model**-0.5)
        self.layers = nn.ModuleList(CrossAttention(recipe) for _ in range(recipe.n_layers))
        self.norm = nn.LayerNorm(recipe.d_model)

    def tokens(self, x):
        """Where a point lies + what was measured there: Photometry or Spectrum -> (B, T or L, d)."""
        return self.position(x) + self.value(x.value[..., None])

    def forward(self, x):
        """Photometry or Spectrum -> (B, n_outputs, d)."""
        tokens, observed = self.tokens(x), x.observed
        latents = self.queries.expand(len(tokens), -1, -1)
        always = latents.new_ones(latents.shape[:2], dtype=torch.bool)
        for layer in self.among:  # and to a query, for there may be nothing observed
            seen = torch.cat([observed, always[:, :1]], dim=1)
            tokens = layer(tokens, torch.cat([tokens, latents[:, :1]], dim=1), seen)
        if self.phase is not None:
            tokens = torch.cat([tokens, self.phase(x.phase)[:, None]], dim=1)
            observed = torch.cat([observed, always[:, :1]], dim=1)
        observed = torch.cat([observed, always], dim=1)
        for layer, folded in zip(self.layers, _fold(self.layers), strict=True):
            latents = layer(latents, torch.cat([tokens, latents], dim=1), observed, folded)
        return self.norm(latents)


class TransceiverDecoder(nn.Module):
    """Latent tokens -> `n_outputs` numbers at each asked-for position.

    Each position attends to the latents (and the phase) only, never to another position: its
    output does not depend on which others are asked for, and the cost is linear in their number.

    Parameters
    ----------
    modality : {"photometry", "spectrum"}
    recipe : snlib.model.recipes.Recipe
    n_outputs : int
    """

    def __init__(self, modality, recipe, n_outputs):
        super().__init__()
        self.position = MODALITIES[modality](recipe)
        self.phase = _phase_sinusoid(modality, recipe)
        self.latent = nn.Linear(recipe.latent_dim, recipe.d_model)
        self.index = nn.Parameter(torch.randn(recipe.latent_tokens, recipe.d_model) * recipe.d_model**-0.5)
        self.layers = nn.ModuleList(CrossAttention(recipe) for _ in range(recipe.n_layers))
        self.norm = nn.LayerNorm(recipe.d_model)
        self.out = nn.Linear(recipe.d_model, n_outputs)

    def forward(self, z, x):
        """(S, B, tokens, dim), Photometry or Spectrum -> (S, B, T or L, n_outputs)."""
        samples = z.shape[:2]
        context = self.latent(z) + self.index
        if self.phase is not None:
            phase = self.phase(x.phase)[:, None].expand(*samples, 1, -1)
            context = torch.cat([context, phase], dim=2)
        query = self.position(x)
        query = query.expand(*samples, *query.shape[-2:]).flatten(0, 1)
        context = context.flatten(0, 1)
        for layer, folded in zip(self.layers, _fold(self.layers), strict=True):
            query = layer(query, context, folded=folded)
        return self.out(self.norm(query)).unflatten(0, samples)
