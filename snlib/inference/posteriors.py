"""Posteriors of spectra given a light curve or a spectrum, and the baseline that looks at neither."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from tqdm import tqdm

from snlib.data.batches import Pairs, Spectrum, on
from snlib.model.likelihoods import Laplace, joined

__all__ = [
    "SpectrumPosterior",
    "from_light_curve",
    "from_spectra",
    "mean_spectrum",
    "posterior_samples",
    "spectrum_posteriors",
    "spectrum_query",
    "summarise_samples",
]

INTERVAL = (0.05, 0.95)  # the 90 % interval
_SAMPLE_CHUNK = 5


@dataclass(frozen=True)
class SpectrumPosterior:
    """Posterior mean and 90 % interval of each spectrum, all of shape (N, P, L), in dex.

    Attributes
    ----------
    mean, lower, upper : ndarray
    """

    mean: np.ndarray
    lower: np.ndarray
    upper: np.ndarray


def summarise_samples(samples, axis):
    """Mean and 90 % interval of samples along an axis."""
    lower, upper = np.quantile(samples, INTERVAL, axis=axis)
    return SpectrumPosterior(samples.mean(axis), lower, upper)


@torch.no_grad()
def posterior_samples(posterior, decoder, scaling, phase_days, wavelength_aa, n_samples, seed):
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
    seed : int or sequence of int

    Returns
    -------
    latent, predictive : ndarray, shape (S, P, L)
        log10 F_nu: the decoded mean for each latent sample (the paper's credible intervals), and
        one draw of the likelihood around each (independent by pixel).
    """
    rng, device = np.random.default_rng(seed), posterior.loc.device
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


def spectrum_posteriors(posterior_of, decoder, scaling, events, n_samples, seed):
    """Posteriors of the spectra of events, summarised one event at a time.

    Parameters
    ----------
    posterior_of : function
        Of one event: a posterior as `posterior_samples` takes it.
    decoder : snlib.model.vae.VAE
    scaling : snlib.data.scaling.Scaling
    events : Events
    n_samples, seed : int

    Returns
    -------
    dict of str to SpectrumPosterior
        "latent" and "predictive" (see `posterior_samples`).
    """
    spectra, summaries = events.spectra, {"latent": [], "predictive": []}
    for index in tqdm(range(len(events)), desc="posteriors", mininterval=2):
        latent, predictive = posterior_samples(
            posterior_of(events.select([index])),
            decoder,
            scaling,
            spectra.phase_days,
            spectra.wavelength_aa,
            n_samples,
            (seed, index),
        )
        summaries["latent"].append(summarise_samples(latent, axis=0))
        # The likelihood is symmetric about what is decoded, whose mean is free of its noise.
        predictive = replace(summarise_samples(predictive, axis=0), mean=summaries["latent"][-1].mean)
        summaries["predictive"].append(predictive)
    return {kind: _stack(parts) for kind, parts in summaries.items()}


def _stack(parts):
    return SpectrumPosterior(
        *(np.stack([getattr(part, name) for part in parts]) for name in ("mean", "lower", "upper"))
    )


def mean_spectrum(train_events, n):
    """The baseline that ignores the light curve: mean and spread of the training spectra.

    Returns
    -------
    SpectrumPosterior
        The same for each of n events: mean, 5 % and 95 % quantile over the training events.
    """
    flux = train_events.spectra.log10_fnu
    lower, upper = np.nanquantile(flux, INTERVAL, axis=0)
    return SpectrumPosterior(
        *(np.broadcast_to(x, (n, *x.shape)) for x in (np.nanmean(flux, axis=0), lower, upper))
    )
