"""Ways to draw the spectra of a supernova, all called alike, and what is done with all they draw.

A sampler is a function (event, number of samples, random numbers) -> dict of str to `Samples`, by kind of
interval: "latent" (without the likelihood, as in the paper), "predictive", or "none" for a single spectrum.
Events are `snlib.data.events.Events` with N = 1, at whose own phases and wavelengths it draws.
"""

from dataclasses import replace
from functools import partial

import numpy as np
from tqdm import tqdm

from snlib.inference.embedding import encode, encode_spectra, nearest_spectra, nearest_spectra_by_phase
from snlib.inference.inversion import invert_light_curves, inverted_samples
from snlib.inference.posteriors import (
    SpectrumPosterior,
    from_light_curve,
    from_spectra,
    mean_spectrum,
    posterior_samples,
)
from snlib.inference.recalibration import Recalibration
from snlib.inference.samples import Samples
from snlib.random_streams import stream

__all__ = [
    "REAL_MAGNITUDE_SCALE",
    "SIMULATED_MAGNITUDE_SCALE",
    "diffusion_sampler",
    "draw_events",
    "fit_recalibration",
    "forecast_sampler",
    "inversion_sampler",
    "light_curve_sampler",
    "mean_spectrum_sampler",
    "recalibrated",
    "retrieval_sampler",
    "spectra_sampler",
    "spectrum_posteriors",
    "spectrum_retrieval_sampler",
]

SIMULATED_MAGNITUDE_SCALE = 0.02  # what packet noise and splines leave
# Real models scatter about the surrogate by more than their own noise.
REAL_MAGNITUDE_SCALE = 0.07
_MOST_RECALLED = 500  # training spectra: more would say no more of their spread, and cost time
_FIT_SAMPLES = 200


def light_curve_sampler(model, scaling, device="cpu"):
    """Draw from the posterior of an MMVAE given the light curve: "latent" and "predictive".

    Parameters
    ----------
    model : MMVAE
        On `device`.
    scaling : snlib.data.scaling.Scaling
    device : str
    """
    return _posterior_sampler(
        partial(from_light_curve, model, scaling, device=device), model.spectrum, scaling
    )


def spectra_sampler(vae, scaling, device="cpu"):
    """The same from a VAE of spectra that is given the spectra themselves."""
    return _posterior_sampler(partial(from_spectra, vae, scaling, device=device), vae, scaling)


def _posterior_sampler(posterior_of, decoder, scaling):
    def sample(event, n_samples, rng):
        where = (event.spectra.phase_days, event.spectra.wavelength_aa)
        latent, predictive = posterior_samples(posterior_of(event), decoder, scaling, *where, n_samples, rng)
        # The likelihood is symmetric about what is decoded, whose mean is free of its noise.
        return {"latent": Samples(latent), "predictive": Samples(predictive, latent.mean(0))}

    return sample


def forecast_sampler(forecaster):
    """Draw from a `snlib.inference.forecast.Forecaster`: "predictive"."""

    def sample(event, n_samples, rng):
        where = (event.spectra.phase_days, event.spectra.wavelength_aa)
        return {"predictive": Samples(forecaster.samples(event.light_curves, *where, n_samples, rng))}

    return sample


def inversion_sampler(surrogate, magnitude_scale):
    """Draw from the inversion of a surrogate: "predictive".

    Parameters
    ----------
    surrogate : Surrogate
    magnitude_scale : float
        See `snlib.inference.inversion.invert_light_curves`.
    """

    def sample(event, n_samples, rng):
        inversion = invert_light_curves(surrogate, event.light_curves, magnitude_scale)
        where = (event.spectra.phase_days, event.spectra.wavelength_aa)
        return {"predictive": Samples(inverted_samples(surrogate, inversion, 0, *where, n_samples, rng)[1])}

    return sample


def retrieval_sampler(contrastive, scaling, train_events, device="cpu"):
    """Give the training spectra with the nearest light curve: "none".

    Parameters
    ----------
    contrastive : snlib.model.contrastive.Contrastive
        On `device`.
    scaling : snlib.data.scaling.Scaling
    train_events : Events
        See `snlib.inference.embedding.retrieve_spectra`.
    device : str
    """
    theirs = encode(contrastive.photometry, scaling, train_events.light_curves, device)

    def sample(event, n_samples, rng):
        ours = encode(contrastive.photometry, scaling, event.light_curves, device)
        return {"none": Samples(nearest_spectra(ours, theirs, train_events.spectra.log10_fnu))}

    return sample


def spectrum_retrieval_sampler(contrastive, scaling, train_events, device="cpu"):
    """Give at each phase the training spectrum whose own embedding is nearest to the light curve's: "none".

    That is what the contrastive loss trains for.

    Parameters
    ----------
    contrastive : snlib.model.contrastive.Contrastive
        Or another whose ``photometry`` and ``spectrum`` embed in one space; on `device`.
    scaling : snlib.data.scaling.Scaling
    train_events : Events
        See `snlib.inference.embedding.nearest_spectra_by_phase`.
    device : str
    """
    theirs = encode_spectra(contrastive.spectrum, scaling, train_events, device)

    def sample(event, n_samples, rng):
        ours = encode(contrastive.photometry, scaling, event.light_curves, device)
        return {"none": Samples(nearest_spectra_by_phase(ours, theirs, train_events.spectra.log10_fnu))}

    return sample


def mean_spectrum_sampler(train_events):
    """Give training spectra as samples, whatever the light curve, and the mean of all: "predictive".

    The samples are the first five hundred, as they are: NaN where not observed.
    """
    flux = train_events.spectra.log10_fnu
    recalled = {"predictive": Samples(flux[:_MOST_RECALLED], mean_spectrum(train_events))}
    return lambda event, n_samples, rng: recalled


def diffusion_sampler(published):
    """Give what the diffusion model of the published sample drew for its events: "predictive".

    Parameters
    ----------
    published : snlib.data.published_sample.PublishedSample
    """
    place = {name: index for index, name in enumerate(published.events.object_id)}
    return lambda event, n_samples, rng: {
        "predictive": Samples(published.diffusion_log10_fnu[place[event.object_id[0]]])
    }


def recalibrated(sampler, recalibrations):
    """Draw as a sampler does, and give some kinds recalibrated too, as "<kind>, recalibrated".

    Parameters
    ----------
    sampler : function
    recalibrations : dict of str to Recalibration
        By kind.
    """

    def sample(event, n_samples, rng):
        drawn, phase_days = sampler(event, n_samples, rng), event.spectra.phase_days
        stretched = {
            f"{kind}, recalibrated": replace(drawn[kind], values=one.apply(drawn[kind].values, phase_days))
            for kind, one in recalibrations.items()
        }
        return drawn | stretched

    return sample


def draw_events(sampler, events, n_samples, seed, use="posterior samples"):
    """Draw for one event after the other.

    Parameters
    ----------
    sampler : function
    events : Events
    n_samples : int
    seed : int
    use : str
        The name of a random stream (`snlib.random_streams.STREAMS`); event i has its place i.

    Yields
    ------
    dict of str to Samples
    """
    for index in tqdm(range(len(events)), desc=use, mininterval=2):
        yield sampler(events.select([index]), n_samples, stream(use, seed, index))


def spectrum_posteriors(sampler, events, n_samples, seed):
    """Mean and 90 % interval of what is drawn for each event.

    Parameters
    ----------
    sampler, events, n_samples, seed
        As in `draw_events`.

    Returns
    -------
    dict of str to SpectrumPosterior
        By kind of interval.
    """
    summaries = {}
    for drawn in draw_events(sampler, events, n_samples, seed):
        for kind, samples in drawn.items():
            summaries.setdefault(kind, []).append(samples.summary())
    return {
        kind: SpectrumPosterior(*map(np.stack, zip(*parts, strict=True))) for kind, parts in summaries.items()
    }


def fit_recalibration(sampler, events, seed, n_samples=_FIT_SAMPLES, kind="predictive"):
    """Fit a recalibration to events that nothing else was fitted to.

    Parameters
    ----------
    sampler : function
    events : Events
        Held out of the training, never test events.
    seed : int
    n_samples : int
        For each event.
    kind : str
        Of the samples.

    Returns
    -------
    Recalibration
    """
    drawn = draw_events(sampler, events, n_samples, seed, "recalibration")
    predictions = (
        (one[kind].values, truth) for one, truth in zip(drawn, events.spectra.log10_fnu, strict=True)
    )
    return Recalibration.fit(predictions, events.spectra.phase_days)
