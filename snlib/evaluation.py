"""Posteriors of spectra given light curves, and the metrics of Figure 4."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import torch
from tqdm import tqdm

from snlib.dataset import on
from snlib.events import LightCurves
from snlib.transceiver import Spectrum

__all__ = [
    "SpectrumPosterior",
    "compare_metrics",
    "embed",
    "mean_spectrum",
    "posterior_samples",
    "spectrum_metrics",
    "spectrum_posteriors",
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
def embed(model, scaling, light_curves, device="cpu", batch_size=4096):
    """Where light curves lie in the latent space: their posteriors q(z | light curve).

    Parameters
    ----------
    model : MMVAE
        On `device`.
    scaling : snlib.dataset.Scaling
    light_curves : LightCurves
    device : str
    batch_size : int
        Light curves at a time.

    Returns
    -------
    mean, scale : ndarray of float32, shape (N, tokens, dim)
        Of the Laplace posterior of each light curve.
    """
    n = len(light_curves.magnitude)
    parts = []
    for first in range(0, n, batch_size):
        some = slice(first, first + batch_size)
        batch = LightCurves(
            light_curves.phase_days[some], light_curves.magnitude[some], light_curves.band[some]
        )
        posterior = model.photometry.posterior(on(scaling.photometry(batch), device))
        parts.append(torch.stack([posterior.loc, posterior.scale]).float())
    return tuple(torch.cat(parts, dim=1).cpu().numpy())


@torch.no_grad()
def posterior_samples(model, scaling, light_curves, phase_days, wavelength_aa, n_samples, seed, device="cpu"):
    """Spectra of one supernova given its light curve (LC -> spectrum).

    Parameters
    ----------
    model : MMVAE
    scaling : snlib.dataset.Scaling
    light_curves : LightCurves
        With N = 1.
    phase_days : ndarray, shape (P,)
    wavelength_aa : ndarray, shape (L,)
    n_samples : int
        S.
    seed : int or sequence of int
    device : str

    Returns
    -------
    latent, predictive : ndarray, shape (S, P, L)
        log10 F_nu: the decoded mean for each latent sample (the paper's credible intervals), and
        one draw of the likelihood around each (independent by pixel).
    """
    rng = np.random.default_rng(seed)
    posterior = model.photometry.posterior(on(scaling.photometry(light_curves), device))
    z = posterior.loc + posterior.scale * _laplace(rng, (n_samples, *posterior.loc.shape), device)
    n_phases = len(phase_days)
    empty = torch.zeros(n_phases, len(wavelength_aa), device=device)
    query = Spectrum(
        scaling.standardise("phase", phase_days).to(device),
        scaling.standardise("wavelength", wavelength_aa).to(device),
        empty,
        empty.bool(),
    )
    chunks = [
        model.spectrum.likelihood(part.expand(-1, n_phases, -1, -1), query) for part in z.split(_SAMPLE_CHUNK)
    ]
    location = torch.cat([chunk.loc for chunk in chunks])
    scale = torch.cat([chunk.scale for chunk in chunks])
    noise = _laplace(rng, location.shape, device)
    mean, unit = scaling.log10_fnu
    return tuple((mean + unit * sample).cpu().numpy() for sample in (location, location + scale * noise))


def _laplace(rng, shape, device):
    return torch.from_numpy(rng.laplace(size=tuple(shape)).astype(np.float32)).to(device)


def spectrum_posteriors(model, scaling, events, n_samples, seed, device="cpu"):
    """LC -> spectrum posteriors of events, summarised one event at a time.

    Returns
    -------
    dict of str to SpectrumPosterior
        "latent" and "predictive" (see `posterior_samples`).
    """
    spectra, summaries = events.spectra, {"latent": [], "predictive": []}
    for index in tqdm(range(len(events)), desc="posteriors", mininterval=2):
        latent, predictive = posterior_samples(
            model,
            scaling,
            events.select([index]).light_curves,
            spectra.phase_days,
            spectra.wavelength_aa,
            n_samples,
            (seed, index),
            device,
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


def spectrum_metrics(posterior, spectra):
    """RMSE, coverage and width at each phase, over observed pixels (Figure 4).

    Parameters
    ----------
    posterior : SpectrumPosterior
    spectra : Spectra
        The truth.

    Returns
    -------
    pandas.DataFrame
        Columns ``phase_days, rmse_dex, coverage_90, width_90_dex``, a row a phase.
    """
    truth, observed = spectra.log10_fnu, spectra.observed
    inside = (truth >= posterior.lower) & (truth <= posterior.upper)
    rows = []
    for index, phase in enumerate(spectra.phase_days):
        at = (slice(None), index)
        seen = observed[at]
        rows.append(
            {
                "phase_days": float(phase),
                "rmse_dex": float(np.sqrt(np.mean((posterior.mean[at] - truth[at])[seen] ** 2))),
                "coverage_90": float(inside[at][seen].mean()),
                "width_90_dex": float((posterior.upper - posterior.lower)[at][seen].mean()),
            }
        )
    return pd.DataFrame(rows)


def compare_metrics(posteriors, spectra):
    """The metrics of several models in one table.

    Parameters
    ----------
    posteriors : dict of (str, str) to SpectrumPosterior
        By model and kind of interval.
    spectra : Spectra
        The truth.

    Returns
    -------
    pandas.DataFrame
        Columns ``model, interval`` and those of `spectrum_metrics`.
    """
    tables = []
    for (model, interval), posterior in posteriors.items():
        table = spectrum_metrics(posterior, spectra)
        table.insert(0, "model", model)
        table.insert(1, "interval", interval)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)
