"""Parameters of the explosion from data, end to end (Figure 8)."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from snlib.data.batches import Batch, Photometry, Spectrum
from snlib.data.quantities import PARAMETERS
from snlib.model.transceiver import TransceiverEncoder

__all__ = ["JointRegressor", "Regressor"]


class Regressor(nn.Module):
    """Transceiver encoder to the latent of the VAEs (4 x 4), then an MLP to the six parameters.

    The end-to-end baseline of the paper, from light curves or from spectra.

    Parameters
    ----------
    modality : {"photometry", "spectrum"}
    recipe : snlib.model.recipes.Recipe
    encoder : type
        The transceiver's by default.
    """

    n_posteriors = 0

    def __init__(self, modality: str, recipe, encoder=TransceiverEncoder):
        super().__init__()
        self.modality, self.recipe = modality, recipe
        self.encoder = encoder(modality, recipe, n_outputs=recipe.latent_tokens)
        self.to_latent = nn.Linear(recipe.d_model, recipe.latent_dim)
        self.to_parameters = nn.Sequential(
            nn.Linear(recipe.latent_tokens * recipe.latent_dim, recipe.d_mlp),
            nn.GELU(),
            nn.Linear(recipe.d_mlp, len(PARAMETERS)),
        )

    def predict(self, x: Photometry | Spectrum) -> Float[Tensor, "B 6"]:
        """Predict the z-scores of the parameters."""
        return self.to_parameters(self.to_latent(self.encoder(x)).flatten(1))

    def forward(self, batch: Batch, noise=None, pixels=None) -> Float[Tensor, " B"]:
        """Loss of each pair of a batch: mean squared error of the z-scores.

        Parameters
        ----------
        batch : snlib.data.batches.Batch
        noise, pixels
            Not used: nothing is sampled or decoded.
        """
        return (self.predict(getattr(batch, self.modality)) - batch.parameters).square().mean(-1)


class JointRegressor(nn.Module):
    """A transceiver encoder of each modality to a latent of its own, then an MLP from both to the parameters.

    The end-to-end baseline of the paper, from a light curve and a spectrum together.

    Parameters
    ----------
    recipe : snlib.model.recipes.Recipe
    encoder : type
        The transceiver's by default.
    """

    n_posteriors = 0
    modality = "both"

    def __init__(self, recipe, encoder=TransceiverEncoder):
        super().__init__()
        self.recipe = recipe
        modalities, n_tokens = ("photometry", "spectrum"), recipe.latent_tokens
        self.encoders = nn.ModuleDict(
            {name: encoder(name, recipe, n_outputs=n_tokens) for name in modalities}
        )
        self.to_latent = nn.ModuleDict(
            {name: nn.Linear(recipe.d_model, recipe.latent_dim) for name in modalities}
        )
        self.to_parameters = nn.Sequential(
            nn.Linear(len(modalities) * n_tokens * recipe.latent_dim, recipe.d_mlp),
            nn.GELU(),
            nn.Linear(recipe.d_mlp, len(PARAMETERS)),
        )

    def predict(self, photometry: Photometry, spectrum: Spectrum) -> Float[Tensor, "B 6"]:
        """Predict the z-scores of the parameters from the light curve and a spectrum of each event."""
        given = {"photometry": photometry, "spectrum": spectrum}
        latents = [self.to_latent[name](self.encoders[name](x)).flatten(1) for name, x in given.items()]
        return self.to_parameters(torch.cat(latents, dim=1))

    def forward(self, batch: Batch, noise=None, pixels=None) -> Float[Tensor, " B"]:
        """Loss of each pair of a batch: mean squared error of the z-scores, as `Regressor`'s."""
        return (self.predict(batch.photometry, batch.spectrum) - batch.parameters).square().mean(-1)
