"""The mixture-of-experts VAE of a light curve and a spectrum (Eqs. 1-3)."""

import math

import torch
import torch.nn.functional as F
from torch import distributions, nn

from snlib.objectives import importance_log_weights, iwae
from snlib.transceiver import PhotometryPosition, SpectrumPosition, TransceiverDecoder, TransceiverEncoder

__all__ = ["MMVAE", "Expert"]

_MIN_SCALE = 1e-3  # keeps posteriors and likelihoods from collapsing to a point


class Laplace(distributions.Laplace):
    """A Laplace distribution that lets NaN through, for the training to stop at and name."""

    def __init__(self, loc, scale):
        super().__init__(loc, scale, validate_args=False)


def _softplus_inverse(y):
    return math.log(math.expm1(y))


class Expert(nn.Module):
    """The VAE of one modality: posterior q(z | x) and likelihood p(x | z), both Laplace.

    Parameters
    ----------
    position : type
        `PhotometryPosition` or `SpectrumPosition`.
    recipe : snlib.recipes.Recipe
    """

    def __init__(self, position, recipe):
        super().__init__()
        self.learned_scale = recipe.likelihood_scale == "learned"
        self.encoder = TransceiverEncoder(position, recipe, n_outputs=2 * recipe.latent_tokens)
        self.to_latent = nn.Linear(recipe.d_model, recipe.latent_dim)
        self.decoder = TransceiverDecoder(position, recipe, n_outputs=2 if self.learned_scale else 1)

    def posterior(self, x):
        """q(z | x) as a Laplace distribution of shape (B, tokens, dim).

        The first half of the encoder's tokens gives the location, the second half the scale.
        Where nothing at all is observed the posterior is the prior, exactly.
        """
        location, scale = self.to_latent(self.encoder(x)).chunk(2, dim=1)
        scale = F.softplus(scale + _softplus_inverse(1.0)) + _MIN_SCALE
        nothing = ~x.observed.any(-1)[:, None, None]
        return Laplace(location.masked_fill(nothing, 0.0), scale.masked_fill(nothing, 1.0))

    def likelihood(self, z, x):
        """p(values | z) at the positions of x: Laplace of shape (S, B, T or L), for z (S, B, ...)."""
        out = self.decoder(z, x)
        if self.learned_scale:
            return Laplace(out[..., 0], F.softplus(out[..., 1]) + _MIN_SCALE)
        return Laplace(out[..., 0], torch.ones_like(out[..., 0]))

    def log_likelihood(self, z, x):
        """Sum of log p(value | z) over what is observed, shape (S, B)."""
        log_p = self.likelihood(z, x).log_prob(x.value)
        return log_p.masked_fill(~x.observed, 0.0).sum(-1)


class _SomePixels:
    """A spectrum expert that decodes some of the pixels only, rescaled to all of them.

    The estimate of the log likelihood is unbiased if each pixel is drawn with equal probability.
    """

    def __init__(self, expert, pixels):
        self.expert, self.pixels = expert, pixels

    def posterior(self, x):
        return self.expert.posterior(x)

    def log_likelihood(self, z, x):
        return self.expert.log_likelihood(z, x.at(self.pixels)) * (x.value.shape[-1] / len(self.pixels))


class MMVAE(nn.Module):
    """Two experts, one latent: ``q(z | x) = (q_photometry + q_spectrum) / 2``.

    Parameters
    ----------
    recipe : snlib.recipes.Recipe
    """

    def __init__(self, recipe):
        super().__init__()
        self.recipe = recipe
        self.photometry = Expert(PhotometryPosition, recipe)
        self.spectrum = Expert(SpectrumPosition, recipe)

    def prior(self):
        """p(z): a standard Laplace for each latent number."""
        zero = self.photometry.to_latent.bias.new_zeros(())
        return Laplace(zero, zero + 1)

    def bound(self, photometry, spectrum, noise, pixels=None):
        """The bound of Eq. 3 for each pair, shape (B,).

        Parameters
        ----------
        photometry : Photometry
        spectrum : Spectrum
        noise : Tensor, shape (2, K, B, tokens, dim)
            Standard Laplace numbers that make the latent samples; K samples per modality.
        pixels : Tensor of int, shape (n,), optional
            Decode only these wavelengths, drawn at random; all by default.
        """
        spectrum_expert = self.spectrum if pixels is None else _SomePixels(self.spectrum, pixels)
        log_weights = importance_log_weights(
            (self.photometry, spectrum_expert), (photometry, spectrum), self.prior(), noise
        )
        return iwae(log_weights, self.recipe.bound)
