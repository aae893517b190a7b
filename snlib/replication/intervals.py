"""Every way of drawing spectra from a light curve, and how well what it draws covers the truth."""

from functools import partial

import numpy as np
import pandas as pd
from tqdm import tqdm

from snlib.evaluation.features import feature_scores, features
from snlib.evaluation.scores import average_sample_scores, sample_scores
from snlib.inference.forecast import Forecaster, fit_recalibration
from snlib.inference.inversion import invert_light_curves, inverted_samples
from snlib.inference.posteriors import from_light_curve, posterior_samples
from snlib.simulation.surrogate import Surrogate

__all__ = [
    "N_DECODED",
    "N_JUDGED",
    "N_SAMPLES",
    "SIMULATED_MAGNITUDE_SCALE",
    "average",
    "interval_scores",
    "inverting",
    "recalibrated",
    "recalling",
    "sampling",
    "score",
]

N_SAMPLES = 100
# Of `interval_scores`: most validation and test events each, fewer where each latent sample must be decoded.
N_JUDGED, N_DECODED = 450, 150
_N_DRAWN = 50  # samples
SIMULATED_MAGNITUDE_SCALE = 0.02  # what packet noise and splines leave


def sampling(model, scaling, interval, device="cpu"):
    """Draw from the posterior of an MMVAE.

    Parameters
    ----------
    model : MMVAE
        On `device`.
    scaling : snlib.data.scaling.Scaling
    interval : {"latent", "predictive"}
        See `snlib.inference.posteriors.posterior_samples`.
    device : str

    Returns
    -------
    function
        (event, number of samples, seed) -> ndarray of shape (S, P, L), at the event's own phases and
        wavelengths; the events are `snlib.data.events.Events` with N = 1.
    """
    which, both = ("latent", "predictive").index(interval), _both(model, scaling, device)
    return lambda *args: both(*args)[which]


def _both(model, scaling, device):
    def sample(event, n_samples, seed):
        spectra, posterior = event.spectra, from_light_curve(model, scaling, event, device)
        where = (spectra.phase_days, spectra.wavelength_aa)
        return posterior_samples(posterior, model.spectrum, scaling, *where, n_samples, seed)

    return sample


def inverting(surrogate, magnitude_scale, events):
    """Draw from the inversion of a surrogate; a function as `sampling` gives, for any of some events.

    Parameters
    ----------
    surrogate : Surrogate
    magnitude_scale : float
        See `snlib.inference.inversion.invert_light_curves`.
    events : Events
    """
    inversion = invert_light_curves(surrogate, events.light_curves, magnitude_scale)
    place = {name: index for index, name in enumerate(events.object_id)}

    def sample(event, n_samples, seed):
        spectra, index = event.spectra, place[event.object_id[0]]
        where = (spectra.phase_days, spectra.wavelength_aa)
        return inverted_samples(surrogate, inversion, index, *where, n_samples, seed)[1]

    return sample


def recalling(events):
    """Draw nothing: give the spectra of some events as samples, whatever the light curve.

    A function as `sampling` gives, but its samples are as many as the events.  A pixel without flux
    holds the mean of the others.
    """
    flux = events.spectra.log10_fnu
    samples = np.where(np.isnan(flux), np.nanmean(flux, axis=0), flux)
    return lambda event, n_samples, seed: samples


def recalibrated(sample, recalibration):
    """Draw as `sample` does, then recalibrate."""
    return lambda event, *args: recalibration.apply(sample(event, *args), event.spectra.phase_days)


def score(sample, events, seed, n_samples=N_SAMPLES):
    """Score what is drawn for some events.

    Parameters
    ----------
    sample : function
        See `sampling`.
    events : Events
    seed : int
        Event i has the stream (seed, i).
    n_samples : int

    Returns
    -------
    pandas.DataFrame
        A row for each event (``object_id``), ``feature`` ("pixel", or a name in
        `snlib.evaluation.features.FEATURES`) and ``phase_days``, with the columns of
        `snlib.evaluation.scores.sample_scores`, in dex for pixels, in the unit of the feature otherwise;
        their names are without ``dex``.
    """
    spectra, tables = events.spectra, []
    of = partial(features, spectra.wavelength_aa)
    for index, name in enumerate(tqdm(events.object_id, desc="score", mininterval=2)):
        samples, truth = sample(events.select([index]), n_samples, (seed, index)), spectra.log10_fnu[index]
        pixels = sample_scores(samples, truth, {"phase_days": spectra.phase_days})
        pixels.columns = [column.removesuffix("_dex2").removesuffix("_dex") for column in pixels]
        whole = feature_scores(of(samples), of(truth), spectra.phase_days)
        tables.append(pd.concat([pixels.assign(feature="pixel"), whole]).assign(object_id=name))
    return pd.concat(tables, ignore_index=True)


def average(scores, by):
    """Means over events of what `score` gives, with the standard errors of the coverages over events.

    Parameters
    ----------
    scores : pandas.DataFrame
    by : list of str
        Columns to group by.

    Returns
    -------
    pandas.DataFrame
        Columns `by`, those of `snlib.evaluation.scores.average_sample_scores`, and ``coverage_68_error`` and
        ``coverage_90_error``.
    """
    spread = scores.groupby(by, sort=False)[["coverage_68", "coverage_90"]]
    errors = (spread.std() / np.sqrt(spread.count())).add_suffix("_error").reset_index()
    return average_sample_scores(scores, by).merge(errors, on=by)


def interval_scores(run, recipe):
    """Coverage, width and proper scores of every kind of interval, as they are and recalibrated.

    Recalibrations are fitted to validation events; all is scored on test events.

    Parameters
    ----------
    run : snlib.replication.run.Run
        On surrogate events.
    recipe : str

    Returns
    -------
    pandas.DataFrame
        A row for each ``method`` ("latent", "likelihood", "errors" and "inversion"), ``recalibrated``,
        ``feature`` and ``phase_days``, with the columns of `average`.
    """
    dataset = run.dataset()
    held_out = np.concatenate([dataset.split[part] for part in ("validation", "test")])
    both = _remembering(_both(run.trained("mmvae", recipe).model, dataset.scaling, run.device))
    methods = {
        "latent": (lambda *args: both(*args)[0], N_DECODED),
        "likelihood": (lambda *args: both(*args)[1], N_DECODED),
        "errors": (
            Forecaster(run.trained("predictive-mmvae", recipe).model, dataset.scaling).of_event,
            N_JUDGED,
        ),
        "inversion": (
            inverting(Surrogate.load(), SIMULATED_MAGNITUDE_SCALE, dataset.events.select(held_out)),
            N_JUDGED,
        ),
    }
    rows = []
    for name, (sample, n_events) in methods.items():
        validation, test = (
            dataset.events.select(dataset.split[part][:n_events]) for part in ("validation", "test")
        )
        recalibration = fit_recalibration(sample, validation, run.seed, _N_DRAWN)
        for step, judged in enumerate((sample, recalibrated(sample, recalibration))):
            scores = average(score(judged, test, run.seed, _N_DRAWN), ["feature", "phase_days"])
            rows.append(scores.assign(method=name, recalibrated=bool(step)))
    return pd.concat(rows, ignore_index=True)


def _remembering(sample):
    """Draw only once for each event, number of samples and seed."""
    drawn = {}

    def again(event, n_samples, seed):
        key = (event.object_id[0], n_samples, seed)
        if key not in drawn:
            drawn[key] = sample(event, n_samples, seed)
        return drawn[key]

    return again
