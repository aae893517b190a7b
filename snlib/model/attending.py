"""An encoder, ours and not the paper's, in which the points of a light curve attend to each other first."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from snlib.data.batches import Photometry, Spectrum
from snlib.model.recipes import Recipe
from snlib.model.transceiver import CrossAttention, Layers, TransceiverEncoder

__all__ = ["AttendingEncoder", "AttendingRecipe"]


@dataclass(frozen=True)
class AttendingRecipe(Recipe):
    """A recipe of models with an `AttendingEncoder` for light curves.

    Attributes
    ----------
    token_layers : int
        Layers in which the points of a light curve attend to each other before the latents read them.
    """

    architecture: ClassVar[str] = "attending"
    token_layers: int = 2


class AttendingEncoder(TransceiverEncoder):
    """A transceiver encoder; the points of a light curve attend to each other before the queries read them.

    Parameters
    ----------
    modality, recipe, n_outputs
        As of `TransceiverEncoder`; the recipe is an `AttendingRecipe`.
    """

    def __init__(self, modality: str, recipe, n_outputs: int):
        super().__init__(modality, recipe, n_outputs)
        n_layers = recipe.token_layers if modality == "photometry" else 0
        self.among = Layers(CrossAttention(recipe) for _ in range(n_layers))

    def tokens(self, x: Photometry | Spectrum) -> Float[Tensor, "B C d"]:
        """Tokens of points that know of each other, or of pixels that do not."""
        tokens = super().tokens(x)
        if not len(self.among):
            return tokens
        query = self.queries[:1].expand(len(tokens), -1, -1)  # there may be nothing observed
        seen = torch.cat([x.observed, x.observed.new_ones(len(tokens), 1)], dim=1)
        for layer in self.among.prepared():
            tokens = layer(tokens, torch.cat([tokens, query], dim=1), seen)
        return tokens
