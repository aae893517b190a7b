"""The variational autoencoder of one modality: a transceiver encoder and a transceiver decoder."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from snlib.model.likelihoods import Laplace, LowRankNormal
from snlib.model.objectives import elbo
from snlib.model.transceiver import TransceiverDecoder, TransceiverEncoder

__all__ = ["MIN_SCALE", "VAE", "standard_laplace"]

MIN_SCALE = 1e-3  # keeps posteriors and likelihoods from collapsing to a point


def standard_laplace(like):
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
    """

    n_posteriors = 1

    def __init__(self, modality, recipe):
        super().__init__()
        self.modality, self.recipe = modality, recipe
        self.learned_scale = recipe.likelihood_scale == "learned"
        self.encoder = TransceiverEncoder(modality, recipe, n_outputs=2 * recipe.latent_tokens)
        self.to_latent = nn.Linear(recipe.d_model, recipe.latent_dim)
        self.rank = recipe.likelihood_rank if modality == "spectrum" else 0
        n_outputs = 1 + self.learned_scale + self.rank
        self.decoder = TransceiverDecoder(modality, recipe, n_outputs)

    def posterior(self, x):
        """q(z | x) as a Laplace distribution of shape (B, tokens, dim).

        The first half of the encoder's tokens gives the location, the second half the scale.
        Where nothing at all is observed the posterior is the prior, exactly.
        """
        return self.posterior_of(self.encoder(x), x)

    def posterior_of(self, tokens, x):
        """q(z | x), given what the encoder made of x."""
        location, scale = self.to_latent(tokens).chunk(2, dim=1)
        scale = F.softplus(scale + _softplus_inverse(1.0)) + MIN_SCALE
        nothing = ~x.observed.any(-1)[:, None, None]
        return Laplace(location.masked_fill(nothing, 0.0), scale.masked_fill(nothing, 1.0))

    def likelihood(self, z, x):
        """p(values | z) at the positions of x, of shape (S, B, T or L), for z (S, B, ...)."""
        out = self.decoder(z, x)
        loc = out[..., 0]
        scale = F.softplus(out[..., 1]) + MIN_SCALE if self.learned_scale else torch.ones_like(loc)
        return (
            LowRankNormal(loc, scale, out[..., 1 + self.learned_scale :])
            if self.rank
            else Laplace(loc, scale)
        )

    def log_likelihood(self, z, x):
        """Log p(values | z) of what is observed, shape (S, B)."""
        return self.likelihood(z, x).log_likelihood(x.value, x.observed)

    def decoding(self, pixels):
        """The same VAE, but of a spectrum only these pixels are decoded; all if None.

        The log likelihood is rescaled to all pixels: an unbiased estimate, if each pixel is drawn
        with equal probability.
        """
        return self if pixels is None else _SomePixels(self, pixels)

    def weighted(self, weight):
        """The same VAE with its log likelihood multiplied by a number."""
        return self if weight == 1 else _Weighted(self, weight)

    def prior(self):
        """p(z): a standard Laplace for each latent number."""
        return standard_laplace(self.to_latent.bias)

    def elbo(self, x, noise, pixels=None):
        """Evidence lower bound of each light curve or spectrum, in nats, shape (B,).

        Parameters
        ----------
        x : Photometry or Spectrum
        noise : Tensor, shape (K, B, tokens, dim)
            Standard Laplace numbers that make the latent samples.
        pixels : Tensor of int, shape (n,), optional
            Decode only these wavelengths of a spectrum; all by default.
        """
        return elbo(self.decoding(pixels), x, self.prior(), noise)

    def forward(self, batch, noise, pixels):
        """Loss of each pair of a batch, shape (B,): minus the ELBO of this modality.

        Parameters
        ----------
        batch : snlib.data.batches.Batch
        noise : Tensor, shape (1, K, B, tokens, dim)
        pixels : Tensor of int, shape (n,)
        """
        x = getattr(batch, self.modality)
        return -self.elbo(x, noise[0], pixels if self.modality == "spectrum" else None)


class _SomePixels:
    def __init__(self, vae, pixels):
        self.vae, self.pixels = vae, pixels

    def posterior(self, x):
        return self.vae.posterior(x)

    def log_likelihood(self, z, x):
        return self.vae.log_likelihood(z, x.at(self.pixels)) * (x.value.shape[-1] / len(self.pixels))


class _Weighted:
    def __init__(self, vae, weight):
        self.vae, self.weight = vae, weight

    def posterior(self, x):
        return self.vae.posterior(x)

    def log_likelihood(self, z, x):
        return self.weight * self.vae.log_likelihood(z, x)
