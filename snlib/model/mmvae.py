"""The mixture-of-experts VAE of a light curve and a spectrum (Eqs. 1-3)."""

from torch import nn

from snlib.model.objectives import importance_log_weights, iwae
from snlib.model.vae import VAE
from snlib.replication.variants import build_as_published

__all__ = ["MMVAE"]


class MMVAE(nn.Module):
    """Two VAEs, one latent: ``q(z | x) = (q_photometry + q_spectrum) / 2``.

    Parameters
    ----------
    recipe : snlib.model.recipes.Recipe
    """

    n_posteriors = 2

    def __init__(self, recipe):
        super().__init__()
        self.recipe = recipe
        self.photometry = VAE("photometry", recipe)
        self.spectrum = VAE("spectrum", recipe)
        for vae in (self.photometry, self.spectrum):
            build_as_published(vae)

    def prior(self):
        """p(z): a standard Laplace for each latent number."""
        return self.spectrum.prior()

    def bound(self, photometry, spectrum, noise, pixels=None):
        """The bound of Eq. 3 for each pair, in nats, shape (B,).

        Parameters
        ----------
        photometry : Photometry
        spectrum : Spectrum
        noise : Tensor, shape (2, K, B, tokens, dim)
            Standard Laplace numbers that make the latent samples; K samples per modality.
        pixels : Tensor of int, shape (n,), optional
            Decode only these wavelengths, drawn at random; all by default.
        """
        photometry_expert = self.photometry.weighted(self.recipe.photometry_weight)
        experts = photometry_expert, self.spectrum.decoding(pixels)
        log_weights = importance_log_weights(experts, (photometry, spectrum), self.prior(), noise)
        return iwae(log_weights, self.recipe.bound)

    def forward(self, batch, noise, pixels):
        """Loss of each pair of a batch, shape (B,): minus the bound; see `VAE.forward`."""
        return -self.bound(batch.photometry, batch.spectrum, noise, pixels)
