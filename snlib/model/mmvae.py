"""The mixture-of-experts VAE of a light curve and a spectrum (Eqs. 1-3)."""

from jaxtyping import Float, Int
from torch import Tensor, nn

from snlib.data.batches import Batch, Photometry, Spectrum
from snlib.model.likelihoods import Laplace
from snlib.model.objectives import importance_log_weights, iwae, stratified_samples
from snlib.model.vae import VAE

__all__ = ["MMVAE"]


class MMVAE(nn.Module):
    """Two VAEs, one latent: ``q(z | x) = (q_photometry + q_spectrum) / 2``.

    Parameters
    ----------
    recipe : snlib.model.recipes.Recipe
    vae : callable
        (modality, recipe) -> the VAE of a modality.

    Examples
    --------
    The posterior of a light curve with three points, in z-scores:

    >>> import torch
    >>> from snlib.data import Photometry
    >>> from snlib.model import RECIPES, new_model
    >>> model = new_model("mmvae", RECIPES["text"], seed=0)
    >>> points = torch.tensor([[-0.5, 0.0, 0.5]])
    >>> curve = Photometry(points, torch.tensor([[1, 2, 3]]), points, torch.ones(1, 3, dtype=torch.bool))
    >>> posterior = model.photometry.posterior(curve)
    >>> posterior.loc.shape  # light curves, latent tokens, numbers of each
    torch.Size([1, 4, 4])
    """

    n_posteriors = 2

    def __init__(self, recipe, vae=VAE):
        super().__init__()
        self.recipe = recipe
        self.photometry = vae("photometry", recipe)
        self.spectrum = vae("spectrum", recipe)

    def prior(self) -> Laplace:
        """p(z): a standard Laplace for each latent number."""
        return self.spectrum.prior()

    def bound(
        self,
        photometry: Photometry,
        spectrum: Spectrum,
        noise: Float[Tensor, "2 K B tokens dim"],
        pixels: Int[Tensor, " n"] | None = None,
    ) -> Float[Tensor, " B"]:
        """The bound of Eq. 3 for each pair, in nats.

        Parameters
        ----------
        photometry : Photometry
        spectrum : Spectrum
        noise : Tensor, shape (2, K, B, tokens, dim)
            Standard Laplace numbers that make the latent samples; K samples per modality.
        pixels : Tensor of int, shape (n,), optional
            Decode only these wavelengths, drawn at random; all by default.
        """
        posteriors = [self.photometry.posterior(photometry), self.spectrum.posterior(spectrum)]
        z = stratified_samples(posteriors, noise)  # (2 K, B, tokens, dim)
        of_photometry = self.photometry.log_likelihood(z, photometry)  # (2 K, B)
        of_spectrum = self.spectrum.log_likelihood(z, spectrum, pixels)
        return self.bound_of(z, posteriors, of_photometry, of_spectrum)

    def bound_of(
        self,
        z: Float[Tensor, "MK B tokens dim"],
        posteriors: list,
        of_photometry: Float[Tensor, "MK B"],
        of_spectrum: Float[Tensor, "MK B"],
    ) -> Float[Tensor, " B"]:
        """The bound, given samples, posteriors and the log likelihoods of both modalities."""
        log_likelihoods = [self.recipe.photometry_weight * of_photometry, of_spectrum]
        log_weights = importance_log_weights(z, posteriors, log_likelihoods, self.prior())
        return iwae(log_weights, self.recipe.bound)

    def forward(
        self, batch: Batch, noise: Float[Tensor, "2 K B tokens dim"], pixels: Int[Tensor, " n"] | None = None
    ) -> Float[Tensor, " B"]:
        """Loss of each pair of a batch: minus the bound."""
        return -self.bound(batch.photometry, batch.spectrum, noise, pixels)
