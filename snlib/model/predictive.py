"""How far an MMVAE errs: the distribution of a spectrum given a light curve, learned from its misses.

What the likelihood scale of an MMVAE learns is a compromise: the same decoder serves latents that
come from the spectrum itself and latents that come from the light curve.  Here the trained MMVAE is
left as it is, and a second decoder learns by how much, and in which ways together, the pixels of
spectra differ from what it decodes for their light curves.
"""

from dataclasses import replace

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from snlib.data.batches import Batch, Photometry, Spectrum
from snlib.model.likelihoods import LowRankNormal
from snlib.model.mmvae import MMVAE
from snlib.model.transceiver import TransceiverDecoder
from snlib.model.vae import MIN_SCALE, VAE

__all__ = ["PredictiveMMVAE"]


class PredictiveMMVAE(MMVAE):
    """A trained MMVAE, left as it is, with a decoder of its own errors.

    Parameters
    ----------
    recipe : snlib.model.recipes.Recipe
    vae : callable
        See `MMVAE`.
    n_modes : int
        Modes of error that the pixels of a spectrum share.
    """

    n_posteriors = 0

    def __init__(self, recipe, vae=VAE, n_modes: int = 8):
        super().__init__(recipe, vae)
        for parameter in self.parameters():
            parameter.requires_grad_(False)
        # It sees all that the encoder made of the light curve.
        tokens = replace(recipe, latent_tokens=2 * recipe.latent_tokens, latent_dim=recipe.d_model)
        self.errors = TransceiverDecoder("spectrum", tokens, n_outputs=1 + n_modes)

    def predictive(self, photometry: Photometry, spectrum: Spectrum) -> LowRankNormal:
        """p(spectrum | light curve) at the phases and wavelengths of `spectrum`.

        Its location is what the MMVAE decodes at the posterior's location; its modes and scales cover
        all that the light curve leaves open, the width of the posterior included.

        Parameters
        ----------
        photometry : Photometry
        spectrum : Spectrum

        Returns
        -------
        LowRankNormal
            Of shape (B, L).
        """
        with torch.no_grad():
            tokens = self.photometry.encoder(photometry)
            z = self.photometry.posterior_of(tokens, photometry).loc
            location = self.spectrum.likelihood(z[None], spectrum).loc[0]
        out = self.errors(tokens[None], spectrum)[0]
        return LowRankNormal(location, F.softplus(out[..., 0]) + MIN_SCALE, out[..., 1:])

    def forward(self, batch: Batch, noise, pixels: Int[Tensor, " n"]) -> Float[Tensor, " B"]:
        """Loss of each pair of a batch: minus the log density of the spectrum.

        Parameters
        ----------
        batch : snlib.data.batches.Batch
        noise
            Not used: no latent is sampled.
        pixels : Tensor of int, shape (n,)
        """
        spectrum = batch.spectrum.at(pixels)
        predictive = self.predictive(batch.photometry, spectrum)
        return -predictive.log_likelihood(spectrum.value, spectrum.observed)
