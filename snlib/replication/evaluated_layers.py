"""Layers of the model that the authors evaluated: what differs from the core's transceiver, and nothing else.

Shapes as in `snlib.model.transceiver`.  See the chapter "Paper versus code" for the files of the authors'
repository that say so.
"""

from functools import partial
from typing import ClassVar

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn.functional import multi_head_attention_forward

from snlib.data.batches import Photometry, Spectrum
from snlib.data.quantities import BANDS, WAVELENGTH_AA
from snlib.model.perceptron import perceptron

__all__ = ["Block", "EvaluatedDecoder", "EvaluatedEncoder", "Waves"]


class Waves(nn.Module):
    """Sines and cosines of a number at d angular frequencies, 1 to 1e-4 radians per z-unit, then an MLP.

    Twice as many frequencies as the core's `Sinusoid` has, which keeps to d numbers in all.
    """

    def __init__(self, d_model: int):
        super().__init__()
        exponents = -4.0 * torch.arange(d_model) / d_model
        self.register_buffer("frequencies", 10.0**exponents, persistent=False)
        self.mlp = perceptron(2 * d_model, d_model, d_model)

    def forward(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape d"]:
        """Embed each number."""
        angle = x[..., None] * self.frequencies
        return self.mlp(torch.cat([angle.sin(), angle.cos()], dim=-1))


class Block(nn.Module):
    """Queries attend to each other, then to a context, then an MLP; each with dropout, then layer norm.

    Dropout also hides attention weights (in both attentions).  If the recipe says `rounded`, attention rounds
    its factors to bfloat16 in training, and nothing else does.

    Parameters
    ----------
    recipe : snlib.replication.evaluated.EvaluatedRecipe
    among : bool
        Whether queries attend to each other.
    """

    def __init__(self, recipe, among: bool = True):
        super().__init__()
        self.rounded = recipe.rounded
        d, rate = recipe.d_model, recipe.dropout
        new_attention = partial(nn.MultiheadAttention, d, recipe.n_heads, dropout=rate, batch_first=True)
        self.among, self.across = new_attention() if among else None, new_attention()
        self.mlp = nn.Sequential(nn.Linear(d, recipe.d_mlp), nn.GELU(), nn.Linear(recipe.d_mlp, d))
        self.norm_among = nn.LayerNorm(d) if among else None
        self.norm_across, self.norm_mlp = (nn.LayerNorm(d) for _ in range(2))
        self.dropout = nn.Dropout(rate)

    def forward(
        self,
        query: Float[Tensor, "B Q d"],
        context: Float[Tensor, "B C d"],
        query_observed: Bool[Tensor, "B Q"] | None = None,
        context_observed: Bool[Tensor, "B C"] | None = None,
    ) -> Float[Tensor, "B Q d"]:
        """Update the queries; what is not observed is not attended to."""
        if self.among is not None:
            seen = self._attend(self.among, query, query, query_observed)
            query = self.norm_among(query + self.dropout(seen))
        seen = self._attend(self.across, query, context, context_observed)
        query = self.norm_across(query + self.dropout(seen))
        return self.norm_mlp(query + self.dropout(self.mlp(query)))

    def _attend(self, attention, query, context, observed):
        hidden = None if observed is None else ~_something(observed)
        if not (self.rounded and self.training):
            return attention(query, context, context, key_padding_mask=hidden, need_weights=False)[0]
        return _rounded_attention(attention, query, context, hidden).to(query.dtype)


def _rounded_attention(attention, query, context, hidden):
    """What attention gives with all its factors rounded, as under autocast.

    Not by autocast: where models are trained as one it mixes precisions in the backward pass of attention,
    which is an error.
    """
    keys = context.transpose(0, 1).bfloat16()
    queries = keys if query is context else query.transpose(0, 1).bfloat16()
    into, shift = attention.in_proj_weight.bfloat16(), attention.in_proj_bias.bfloat16()
    out, after = attention.out_proj.weight.bfloat16(), attention.out_proj.bias.bfloat16()
    seen, _ = multi_head_attention_forward(
        *(queries, keys, keys, attention.embed_dim, attention.num_heads, into, shift),
        *(None, None, False, attention.dropout, out, after),
        training=attention.training,
        key_padding_mask=hidden,
        need_weights=False,
    )
    return seen.transpose(0, 1)


def _something(observed):
    """Where nothing at all is observed, all: attention over nothing would be NaN, as it is in theirs."""
    return observed | ~observed.any(-1, keepdim=True)


class _PhotometryPosition(nn.Module):
    """Time and band of a light-curve point."""

    def __init__(self, d_model):
        super().__init__()
        self.time, self.band = Waves(d_model), nn.Embedding(len(BANDS), d_model)

    def forward(self, x: Photometry) -> Float[Tensor, "B T d"]:
        return self.time(x.time) + self.band(x.band)


class EvaluatedEncoder(nn.Module):
    """Any number of tokens -> `n_outputs` tokens: the queries, and what the blocks make of them, added.

    The two arguments of a spectrum are swapped, as they are where the authors' classes call each other: its
    flux is embedded by sinusoids and its wavelength by a linear layer.

    Parameters
    ----------
    modality : {"photometry", "spectrum"}
    recipe : snlib.replication.evaluated.EvaluatedRecipe
    n_outputs : int
    """

    def __init__(self, modality: str, recipe, n_outputs: int):
        super().__init__()
        d, self.modality = recipe.d_model, modality
        self.line = nn.Linear(1, d)
        if modality == "photometry":
            self.position = _PhotometryPosition(d)
        else:
            self.waves, self.phase = Waves(d), Waves(d)
        self.queries = nn.Parameter(torch.randn(n_outputs, d))
        self.blocks = nn.ModuleList(Block(recipe) for _ in range(recipe.n_layers))

    def tokens(self, x: Photometry | Spectrum) -> tuple[Float[Tensor, "B C d"], Bool[Tensor, "B C"]]:
        """What is attended to, and where it is observed: points, or pixels and the phase."""
        if self.modality == "photometry":
            return self.position(x) + self.line(x.value[..., None]), x.observed
        wavelength = x.wavelength.expand(x.value.shape)
        tokens = self.waves(x.value) + self.line(wavelength[..., None])
        phase = self.phase(x.phase)[:, None]
        always = torch.ones_like(x.observed[:, :1])
        return torch.cat([tokens, phase], dim=1), torch.cat([x.observed, always], dim=1)

    def forward(self, x: Photometry | Spectrum) -> Float[Tensor, "B n_outputs d"]:
        """Read a light curve or a spectrum."""
        context, observed = self.tokens(x)
        first = latents = self.queries.expand(len(context), -1, -1)
        for block in self.blocks:
            latents = block(latents, context, context_observed=observed)
        return first + latents


class EvaluatedDecoder(nn.Module):
    """Latent tokens -> a number at each position; the positions attend to each other first.

    So the cost is quadratic in their number, and an output depends on which others are asked for, unless the
    recipe says `independent`.  In the authors' state of May each slot has besides a free vector of its own,
    and no other length can be decoded.

    Parameters
    ----------
    modality : {"photometry", "spectrum"}
    recipe : snlib.replication.evaluated.EvaluatedRecipe
    n_outputs : {1}
        As of `snlib.model.transceiver.TransceiverDecoder`.
    """

    SLOTS: ClassVar = {"photometry": 60, "spectrum": len(WAVELENGTH_AA)}

    def __init__(self, modality: str, recipe, n_outputs: int = 1):
        super().__init__()
        d, self.modality, self.independent = recipe.d_model, modality, recipe.independent
        if modality == "photometry":
            self.position = _PhotometryPosition(d)
        else:
            self.waves, self.phase = Waves(d), Waves(d)
        self.table = nn.Parameter(torch.randn(self.SLOTS[modality], d)) if recipe.table else None
        self.latent = perceptron(recipe.latent_dim, d, d)
        self.blocks = nn.ModuleList(Block(recipe, not recipe.independent) for _ in range(recipe.n_layers))
        self.out = perceptron(d, d, n_outputs)

    def positions(self, x: Photometry | Spectrum, slots: Int[Tensor, " C"] | None) -> Float[Tensor, "*B C d"]:
        """Embed where values are asked for.

        Raises
        ------
        ValueError
            If each slot has a vector, and there are more positions than slots.
        """
        position = self.position(x) if self.modality == "photometry" else self.waves(x.wavelength)
        if self.table is None:
            return position
        n, n_slots = position.shape[-2], len(self.table)
        if slots is None and (n > n_slots or (self.modality == "spectrum" and n != n_slots)):
            raise ValueError(f"{self.modality}: {n} positions, but this model was made for {n_slots}")
        return position + (self.table[:n] if slots is None else self.table[slots])

    def forward(
        self,
        z: Float[Tensor, "S B tokens dim"],
        x: Photometry | Spectrum,
        slots: Int[Tensor, " C"] | None = None,
    ) -> Float[Tensor, "S B C n_outputs"]:
        """Write values for S latent samples of each event, at the positions of x.

        Parameters
        ----------
        z, x
            As of `snlib.model.transceiver.TransceiverDecoder`.
        slots : Tensor of int, shape (C,), optional
            Which of all slots the positions are; by default the first ones.
        """
        samples = z.shape[:2]
        context = self.latent(z)
        if self.modality == "spectrum":
            phase = self.phase(x.phase)[:, None].expand(*samples, 1, -1)
            context = torch.cat([context, phase], dim=2)
        first = self.positions(x, slots)
        first = first.expand(*samples, *first.shape[-2:]).flatten(0, 1)
        observed = x.observed.expand(*samples, -1).flatten(0, 1)
        query, context = first, context.flatten(0, 1)
        for block in self.blocks:
            query = block(query, context, query_observed=observed)
        return self.out(first + query).unflatten(0, samples)
