"""The variational autoencoder of one modality: a transceiver encoder and a transceiver decoder."""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from snlib.data.batches import Batch, Photometry, Spectrum
from snlib.model.likelihoods import Laplace
from snlib.model.objectives import elbo, stratified_samples
from snlib.model.transceiver import TransceiverDecoder, TransceiverEncoder

__all__ = ["MIN_SCALE", "VAE", "standard_laplace"]

MIN_SCALE = 1e-3  # keeps posteriors and likelihoods from collapsing to a point


def standard_laplace(like: Tensor) -> Laplace:
    """The prior p(z) of each latent number, on the device of a tensor."""
    zero = like.new_zeros(())
    return Laplace(zero, zero + 1)


def _softplus_inverse(y):
    return math.log(math.expm1(y))


class VAE(nn.Module):
    """Posterior q(z | x) and likelihood p(x | z) of a light curve or a spectrum, both Laplace.

    By itself the uni-modal baseline of the paper, trained on the ELBO; two of them make an MMVAE.

    Parameters
    ----------
    modality : {"photometry", "spectrum"}
    recipe : snlib.model.recipes.Recipe
    encoder, decoder : type
        What reads and writes; the transceiver by default.
    """

    n_posteriors = 1

    def __init__(self, modality: str, recipe, encoder=TransceiverEncoder, decoder=TransceiverDecoder):
        super().__init__()
        self.modality, self.recipe = modality, recipe
        self.learned_scale = recipe.likelihood_scale == "learned"
        self.encoder = encoder(modality, recipe, n_outputs=2 * recipe.latent_tokens)
        self.to_latent = nn.Linear(recipe.d_model, recipe.latent_dim)
        self.decoder = decoder(modality, recipe, n_outputs=1 + self.learned_scale)

    def posterior(self, x: Photometry | Spectrum) -> Laplace:
        """q(z | x) as a Laplace distribution of shape (B, tokens, dim).

        The first half of the encoder's tokens gives the location, the second half the scale.
        Where nothing at all is observed the posterior is the prior, exactly.
        """
        return self.posterior_of(self.encoder(x), x)

    def posterior_of(self, tokens: Float[Tensor, "B n_outputs d"], x: Photometry | Spectrum) -> Laplace:
        """q(z | x), given what the encoder made of x."""
        location, scale = self.to_latent(tokens).chunk(2, dim=1)  # (B, tokens, dim) each
        scale = F.softplus(scale + _softplus_inverse(1.0)) + MIN_SCALE
        nothing = ~x.observed.any(-1)[:, None, None]
        return Laplace(location.masked_fill(nothing, 0.0), scale.masked_fill(nothing, 1.0))

    def likelihood(self, z: Float[Tensor, "S B tokens dim"], x: Photometry | Spectrum) -> Laplace:
        """p(values | z) at the positions of x, of shape (S, B, T or L)."""
        out = self.decoder(z, x)  # (S, B, T or L, 1 or 2)
        loc = out[..., 0]
        scale = F.softplus(out[..., 1]) + MIN_SCALE if self.learned_scale else torch.ones_like(loc)
        return Laplace(loc, scale)

    def log_likelihood(
        self,
        z: Float[Tensor, "S B tokens dim"],
        x: Photometry | Spectrum,
        pixels: Int[Tensor, " n"] | None = None,
    ) -> Float[Tensor, "S B"]:
        """Log p(values | z) of what is observed.

        If `pixels` are given, only these of a spectrum are decoded and the sum is rescaled to all of
        them: an unbiased estimate, if each pixel is drawn with equal probability.
        """
        if pixels is None:
            return self.likelihood(z, x).log_likelihood(x.value, x.observed)
        some = x.at(pixels)
        drawn = self.likelihood(z, some).log_likelihood(some.value, some.observed)
        return drawn * (x.value.shape[-1] / len(pixels))

    def prior(self) -> Laplace:
        """p(z): a standard Laplace for each latent number."""
        return standard_laplace(self.to_latent.bias)

    def elbo(
        self,
        x: Photometry | Spectrum,
        noise: Float[Tensor, "K B tokens dim"],
        pixels: Int[Tensor, " n"] | None = None,
    ) -> Float[Tensor, " B"]:
        """Evidence lower bound of each light curve or spectrum, in nats.

        `noise` are standard Laplace numbers that make the K latent samples; `pixels` as in
        `log_likelihood`.
        """
        posterior = self.posterior(x)
        z = stratified_samples([posterior], noise[None])
        return elbo(posterior, self.log_likelihood(z, x, pixels), self.prior())

    def forward(
        self, batch: Batch, noise: Float[Tensor, "1 K B tokens dim"], pixels: Int[Tensor, " n"] | None = None
    ) -> Float[Tensor, " B"]:
        """Loss of each pair of a batch: minus the ELBO of this modality."""
        x = getattr(batch, self.modality)
        return -self.elbo(x, noise[0], pixels if self.modality == "spectrum" else None)
