"""The contrastive baseline: light curves and spectra embedded side by side, trained with InfoNCE."""

import math

import torch
from jaxtyping import Float
from torch import Tensor, distributed, nn
from torch.distributed.nn.functional import all_gather

from snlib.data.batches import Batch, Photometry, Spectrum
from snlib.model.objectives import info_nce
from snlib.model.transceiver import TransceiverEncoder

__all__ = ["Contrastive"]

_PROJECTED_DIM = 8  # the paper's 4 x 8
_FIRST_TEMPERATURE = 0.1


class _Projector(nn.Module):
    """Transceiver encoder to the latent of the VAEs (4 x 4), then an MLP to 4 x 8."""

    def __init__(self, modality, recipe, encoder):
        super().__init__()
        self.encoder = encoder(modality, recipe, n_outputs=recipe.latent_tokens)
        self.to_latent = nn.Linear(recipe.d_model, recipe.latent_dim)
        self.project = nn.Sequential(
            nn.Linear(recipe.latent_dim, recipe.d_mlp), nn.GELU(), nn.Linear(recipe.d_mlp, _PROJECTED_DIM)
        )

    def latent(self, x: Photometry | Spectrum) -> Float[Tensor, "B tokens dim"]:
        """Embed in the latent of the VAEs."""
        return self.to_latent(self.encoder(x))

    def forward(self, x: Photometry | Spectrum) -> Float[Tensor, "B tokens 8"]:
        """Embed to compare with the other modality."""
        return self.project(self.latent(x))


class Contrastive(nn.Module):
    """Embeds a light curve and a spectrum near each other if they are of one supernova.

    Similarity is the negative Frobenius distance of the two embeddings over a temperature, which
    is the recipe's or, if it gives none, learned.

    Parameters
    ----------
    recipe : snlib.model.recipes.Recipe
    encoder : type
        The transceiver's by default.
    """

    n_posteriors = 0

    def __init__(self, recipe, encoder=TransceiverEncoder):
        super().__init__()
        self.recipe = recipe
        self.photometry = _Projector("photometry", recipe, encoder)
        self.spectrum = _Projector("spectrum", recipe, encoder)
        log_temperature = torch.tensor(math.log(recipe.temperature or _FIRST_TEMPERATURE))
        if recipe.temperature is None:
            self.log_temperature = nn.Parameter(log_temperature)
        else:
            self.register_buffer("log_temperature", log_temperature)

    def forward(self, batch: Batch, noise=None, pixels=None) -> Float[Tensor, " B"]:
        """Loss of each pair of a batch: InfoNCE among all its pairs.

        In training with several processes, among the pairs of all of them.

        Parameters
        ----------
        batch : snlib.data.batches.Batch
        noise, pixels
            Not used: nothing is sampled or decoded.
        """
        ours = self.photometry(batch.photometry), self.spectrum(batch.spectrum), batch.event
        if self.training and distributed.is_initialized():
            ours = [torch.cat(all_gather(x)) for x in ours]
        light_curves, spectra, event = ours
        return info_nce(-frobenius(light_curves, spectra) / self.log_temperature.exp(), event)


def frobenius(a: Float[Tensor, "A rows columns"], b: Float[Tensor, "B rows columns"]) -> Float[Tensor, "A B"]:
    """Frobenius distance of each of A matrices from each of B."""
    return torch.cdist(a.flatten(1), b.flatten(1), compute_mode="donot_use_mm_for_euclid_dist")
