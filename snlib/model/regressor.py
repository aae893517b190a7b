"""Parameters of the explosion from data, end to end (Figure 8)."""

from jaxtyping import Float
from torch import Tensor, nn

from snlib.data.batches import Batch, Photometry, Spectrum
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
