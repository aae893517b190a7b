"""Where the authors' published code differs from their paper: parts to train and compare.

They make an architecture of its own, "published code", with recipes that say which of its ways a model has;
see the chapter "Paper versus code".
"""

from dataclasses import dataclass, replace
from typing import ClassVar

import torch
from torch import nn

from snlib.model.recipes import Recipe
from snlib.model.registry import Architecture, register
from snlib.model.transceiver import CrossAttention, Layers, TransceiverDecoder, TransceiverEncoder
from snlib.random_streams import stream

__all__ = [
    "AttendingDecoder",
    "ConcatenatingEncoder",
    "PublishedRecipe",
    "SelfThenCross",
    "SwappingEncoder",
    "augment",
]

# In z-scores: noise of every value, shift of a whole light curve in time; and the share of points hidden.
_NOISE, _TIME_SHIFT, _HIDDEN = 0.02, 0.1, 0.05


@dataclass(frozen=True)
class PublishedRecipe(Recipe):
    """A recipe of models with some ways of the published code.

    Attributes
    ----------
    query_self_attention : bool
        Positions that are decoded attend to each other first (`SelfThenCross`).
    concatenated : bool
        Tokens are made from concatenated embeddings (`ConcatenatingEncoder`).
    swapped : bool
        Flux and wavelength are swapped in the encoder of spectra (`SwappingEncoder`).
    augmented : bool
        Training pairs are changed once, at random (`augment`).
    """

    architecture: ClassVar[str] = "published code"
    query_self_attention: bool = False
    concatenated: bool = False
    swapped: bool = False
    augmented: bool = False


class SelfThenCross(CrossAttention):
    """A decoder's layer in which all asked-for positions attend to each other first.

    The cost is quadratic in their number, and an output depends on which others are asked for.

    Parameters
    ----------
    recipe : PublishedRecipe
    """

    def __init__(self, recipe):
        super().__init__(recipe)
        self.among = Layers([CrossAttention(recipe)])

    def forward(self, query, context, observed=None, attend=None):
        """(B, Q, d), (B, C, d) -> (B, Q, d)."""
        for layer in self.among.prepared():
            query = layer(query, query)
        return super().forward(query, context, observed, attend)


class AttendingDecoder(TransceiverDecoder):
    """A decoder of layers `SelfThenCross`."""

    def __init__(self, modality, recipe, n_outputs):
        super().__init__(modality, recipe, n_outputs)
        self.layers = Layers(SelfThenCross(recipe) for _ in self.layers)


class SwappingEncoder(TransceiverEncoder):
    """Encoder of spectra whose arguments are swapped: the flux gets the sinusoid, the wavelength the line."""

    def tokens(self, x):
        """Spectrum -> (B, L, d)."""
        return super().tokens(_swap(x))


class ConcatenatingEncoder(TransceiverEncoder):
    """Encoder whose tokens are mixed by an MLP from concatenated embeddings instead of their sum.

    The wavelength then has its sinusoid without an MLP, as in the published code; with
    ``recipe.swapped`` it is the flux that has it.

    Parameters
    ----------
    modality, recipe, n_outputs
        As of `TransceiverEncoder`; the recipe is a `PublishedRecipe`.
    """

    def __init__(self, modality, recipe, n_outputs):
        super().__init__(modality, recipe, n_outputs)
        self.modality, self.swapped, d = modality, recipe.swapped, recipe.d_model
        if modality == "spectrum":
            self.position.wavelength.mlp = nn.Identity()
        n_parts = {"photometry": 3, "spectrum": 2}[modality]
        self.mix = nn.Sequential(nn.Linear(n_parts * d, d), nn.GELU(), nn.Linear(d, d))

    def tokens(self, x):
        """Photometry or Spectrum -> (B, T or L, d)."""
        if self.modality == "photometry":
            position = [self.position.time(x.time), self.position.band(x.band)]
        else:
            x = _swap(x) if self.swapped else x
            position = [self.position(x).expand(*x.value.shape, -1)]
        return self.mix(torch.cat([*position, self.value(x.value[..., None])], dim=-1))


def _swap(x):
    """A spectrum whose wavelengths pass for its flux, and the reverse."""
    return replace(x, wavelength=x.value, value=x.wavelength.expand(x.value.shape))


def _encoder(modality, recipe, n_outputs):
    if recipe.concatenated:
        kind = ConcatenatingEncoder
    elif recipe.swapped and modality == "spectrum":
        kind = SwappingEncoder
    else:
        kind = TransceiverEncoder
    return kind(modality, recipe, n_outputs)


def _decoder(modality, recipe, n_outputs):
    kind = AttendingDecoder if recipe.query_self_attention else TransceiverDecoder
    return kind(modality, recipe, n_outputs)


register(Architecture(PublishedRecipe, _encoder, _decoder), {})


def augment(pairs, seed):
    """Training pairs with noise, light curves shifted in time and points hidden, drawn once.

    Parameters
    ----------
    pairs : snlib.data.batches.Pairs
    seed : int

    Returns
    -------
    snlib.data.batches.Pairs
    """
    rng, x = stream("augmentation", seed), pairs.photometry

    def like(tensor, draw):
        return torch.from_numpy(draw(size=tuple(tensor.shape)).astype("float32")).to(tensor.device)

    def noisy(values, observed):
        return (values + _NOISE * like(values, rng.normal)) * observed

    shift = _TIME_SHIFT * like(x.time[:, :1], rng.normal)
    seen, flux_seen = (o & (like(o, rng.random) >= _HIDDEN) for o in (x.observed, pairs.observed))
    photometry = replace(x, time=(x.time + shift) * seen, value=noisy(x.value, seen), observed=seen)
    return replace(pairs, photometry=photometry, flux=noisy(pairs.flux, flux_seen), observed=flux_seen)
