"""Parameters of the explosion from data, end to end (Figure 8)."""

from torch import nn

from snlib.data.quantities import PARAMETERS
from snlib.model.transceiver import TransceiverEncoder

__all__ = ["Regressor"]


class Regressor(nn.Module):
    """Transceiver encoder to the latent of the VAEs (4 x 4), then an MLP to the six parameters.

    The end-to-end baseline of the paper, from light curves or from spectra.

    Parameters
    ----------
    modality : {"photometry", "spectrum"}
    recipe : snlib.model.recipes.Recipe
    """

    n_posteriors = 0

    def __init__(self, modality, recipe):
        super().__init__()
        self.modality, self.recipe = modality, recipe
        self.encoder = TransceiverEncoder(modality, recipe, n_outputs=recipe.latent_tokens)
        self.to_latent = nn.Linear(recipe.d_model, recipe.latent_dim)
        self.to_parameters = nn.Sequential(
            nn.Linear(recipe.latent_tokens * recipe.latent_dim, recipe.d_mlp),
            nn.GELU(),
            nn.Linear(recipe.d_mlp, len(PARAMETERS)),
        )

    def predict(self, x):
        """Photometry or Spectrum -> z-scores of the parameters, shape (B, 6)."""
        return self.to_parameters(self.to_latent(self.encoder(x)).flatten(1))

    def forward(self, batch, noise=None, pixels=None):
        """Loss of each pair of a batch, shape (B,): mean squared error of the z-scores.

        Parameters
        ----------
        batch : snlib.data.batches.Batch
        noise, pixels
            Not used: nothing is sampled or decoded.
        """
        return (self.predict(getattr(batch, self.modality)) - batch.parameters).square().mean(-1)
