"""Posteriors of spectra given a light curve or a spectrum, and the baseline that looks at neither."""

from dataclasses import dataclass

import numpy as np
import torch

from snlib.data.batches import Pairs, Spectrum, on
from snlib.model.likelihoods import Laplace, joined

__all__ = [
    "SpectrumPosterior",
    "from_light_curve",
    "from_spectra",
    "mean_spectrum",
    "posterior_samples",
    "spectrum_query",
]

_SAMPLE_CHUNK = 5


@dataclass(frozen=True)
class SpectrumPosterior:
    """Posterior mean and 90 % interval of each spectrum, all of shape (N, P, L), in dex.

    Attributes
    ----------
    mean, lower, upper : ndarray
        The ends are NaN where there is no interval.
    """

    mean: np.ndarray
    lower: np.ndarray
    upper: np.ndarray


@torch.no_grad()
def posterior_samples(posterior, decoder, scaling, phase_days, wavelength_aa, n_samples, rng):
    """Spectra of one supernova given where it lies in the latent space.

    Parameters
    ----------
    posterior : Laplace, shape (1 or P, tokens, dim)
        From a light curve, the same for all phases, or from the spectrum at each phase.
    decoder : snlib.model.vae.VAE
        Of spectra, on the posterior's device.
    scaling : snlib.data.scaling.Scaling
    phase_days : ndarray, shape (P,)
    wavelength_aa : ndarray, shape (L,)
    n_samples : int
        S.
    rng : numpy.random.Generator

    Returns
    -------
    latent, predictive : ndarray, shape (S, P, L)
        log10 F_nu: the decoded mean for each latent sample (the paper's credible intervals), and
        one draw of the likelihood around each (independent by pixel).
    """
    device = posterior.loc.device
    z = Laplace(*(x.expand(n_samples, *x.shape) for x in (posterior.loc, posterior.scale))).draw(rng)
    n_phases, query = len(phase_days), spectrum_query(scaling, phase_days, wavelength_aa, device)
    chunks = [decoder.likelihood(part.expand(-1, n_phases, -1, -1), query) for part in z.split(_SAMPLE_CHUNK)]
    likelihood = joined(chunks)
    mean, unit = scaling.log10_fnu
    return tuple((mean + unit * x).cpu().numpy() for x in (likelihood.loc, likelihood.draw(rng)))


def spectrum_query(scaling, phase_days, wavelength_aa, device):
    """Where spectra are to be decoded: a Spectrum of P phases and L wavelengths that holds no flux."""
    empty = torch.zeros(len(phase_days), len(wavelength_aa), device=device)
    return Spectrum(
        scaling.standardise("phase", phase_days).to(device),
        scaling.standardise("wavelength", wavelength_aa).to(device),
        empty,
        empty.bool(),
    )


@torch.no_grad()
def from_light_curve(model, scaling, event, device="cpu"):
    """q(z | light curve) of one event: Laplace of shape (1, tokens, dim).

    Parameters
    ----------
    model : MMVAE
    scaling : snlib.data.scaling.Scaling
    event : Events
        With N = 1.
    device : str
    """
    return model.photometry.posterior(on(scaling.photometry(event.light_curves), device))


@torch.no_grad()
def from_spectra(vae, scaling, event, device="cpu"):
    """q(z | spectrum) of each spectrum of one event: Laplace of shape (P, tokens, dim).

    Parameters
    ----------
    vae : snlib.model.vae.VAE
        Of spectra.
    scaling, event, device
        As in `from_light_curve`.
    """
    pairs = Pairs.from_events(event, scaling, device)
    return vae.posterior(pairs.take(torch.arange(len(pairs), device=device)).spectrum)


def mean_spectrum(train_events):
    """The baseline that ignores the light curve: the mean of the training spectra.

    Parameters
    ----------
    train_events : Events

    Returns
    -------
    ndarray, shape (P, L)
        log10 F_nu; of the spectra that are observed in a pixel.
    """
    return np.nanmean(train_events.spectra.log10_fnu, axis=0)
