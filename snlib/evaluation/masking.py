"""Spectra from light curves of which a part is hidden (Figures 6 and 7)."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from snlib.data.events import LightCurves
from snlib.evaluation.bootstrap import draw_weights, interval, over_seeds
from snlib.evaluation.thinning import hide_points
from snlib.inference.embedding import retrieve_spectra
from snlib.inference.posteriors import SpectrumPosterior, mean_spectrum
from snlib.inference.samplers import light_curve_sampler, spectrum_posteriors
from snlib.random_streams import stream

__all__ = [
    "HIDDEN_FRACTIONS",
    "MaskedEvent",
    "average_masking_scores",
    "hide_points_of",
    "mask_event",
    "masking_scores",
]

HIDDEN_FRACTIONS = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9)
# Every so many wavelengths are judged: a decoder's output does not depend on which are asked for.
_PIXEL_STEP = 8


def hide_points_of(events, fraction, seed):
    """The same events with a share of their points hidden; see `snlib.evaluation.thinning.hide_points`."""
    return replace(events, light_curves=hide_points(events.light_curves, fraction, seed))


@dataclass(frozen=True)
class MaskedEvent:
    """One event with a share of its light-curve points hidden, and what two models make of the rest.

    Attributes
    ----------
    light_curves : LightCurves
        One, without the hidden points.
    posterior : SpectrumPosterior
        Of the MMVAE, predictive, for N = 1.
    nearest : ndarray, shape (P, L)
        log10 F_nu of the training event that is nearest in the contrastive embedding.
    """

    light_curves: LightCurves
    posterior: SpectrumPosterior
    nearest: np.ndarray


def mask_event(mmvae, contrastive, dataset, place, n_samples, seed, device="cpu"):
    """What the models predict for one test event as more and more of its points are hidden.

    Parameters
    ----------
    mmvae : MMVAE
    contrastive : snlib.model.contrastive.Contrastive
        Both on `device`.
    dataset : snlib.data.dataset.Dataset
    place : int
        Of the event among the test events.  It loses the points that it loses in `masking_scores`.
    n_samples, seed : int
        Latent samples a light curve.
    device : str

    Returns
    -------
    dict of float to MaskedEvent
        By hidden fraction.
    """
    test, train, scaling = dataset.part("test"), dataset.part("train"), dataset.scaling
    sampler = light_curve_sampler(mmvae, scaling, device)
    found = {}
    for fraction in HIDDEN_FRACTIONS:
        event = hide_points_of(test, fraction, seed).select([place])
        posteriors = spectrum_posteriors(sampler, event, n_samples, seed)
        nearest = retrieve_spectra(contrastive, scaling, train, event.light_curves, device)
        found[fraction] = MaskedEvent(event.light_curves, posteriors["predictive"], nearest[0])
    return found


def masking_scores(model, dataset, n_samples, seed, device="cpu"):
    """How far predicted, mean and true spectra of the test events lie apart as points are hidden.

    Parameters
    ----------
    model : MMVAE
        On `device`.
    dataset : snlib.data.dataset.Dataset
    n_samples, seed : int
        Latent samples a light curve.
    device : str

    Returns
    -------
    pandas.DataFrame
        A row a fraction, event and phase: ``hidden, event, phase_days``; ``n_pixels``, the observed ones
        among every eighth wavelength; ``model_mean_dex, model_truth_dex, mean_truth_dex``, mean absolute
        differences over them; and ``mse_dex2`` of model and truth.
    """
    test, train = (_coarse(dataset.part(name)) for name in ("test", "train"))
    average = mean_spectrum(train)
    sampler = light_curve_sampler(model, dataset.scaling, device)
    tables = []
    for fraction in HIDDEN_FRACTIONS:
        events = hide_points_of(test, fraction, seed)
        posteriors = spectrum_posteriors(sampler, events, n_samples, seed)
        tables.append(_distances(posteriors["latent"].mean, average, test.spectra))
        tables[-1].insert(0, "hidden", fraction)
    return pd.concat(tables, ignore_index=True)


def average_masking_scores(tables):
    """Distances over all pixels of the test events, with their bootstrap over events and seeds.

    Parameters
    ----------
    tables : sequence of pandas.DataFrame
        One a seed: columns of `masking_scores`, and ``recipe``.

    Returns
    -------
    pandas.DataFrame
        A row a recipe, fraction, phase and measure: ``recipe, hidden, phase_days, measure``; ``estimate,
        low, high`` in dex, with the ends of the 95 % interval.  Measures are the three distances and
        ``rmse_dex``.
    """
    by = ["recipe", "hidden", "phase_days"]
    weights = [
        draw_weights(int(table["event"].max()) + 1, stream("bootstrap of events", 0, seed, 0))
        for seed, table in enumerate(tables)
    ]
    seeds = [dict(list(table.groupby(by, sort=False))) for table in tables]
    rows = []
    for key in seeds[0]:
        for measure in ("model_mean_dex", "model_truth_dex", "mean_truth_dex", "mse_dex2"):
            means = []
            for of_event, table in zip(weights, (seed[key] for seed in seeds), strict=True):
                of_pixel = of_event * table["n_pixels"].to_numpy()
                means.append(of_pixel @ table[measure].to_numpy() / of_pixel.sum(1))
            if measure == "mse_dex2":
                measure, means = "rmse_dex", np.sqrt(means)
            rows.append((*key, measure, *interval(over_seeds(means))))
    return pd.DataFrame(rows, columns=[*by, "measure", "estimate", "low", "high"])


def _distances(ours, average, spectra):
    truth = spectra.log10_fnu
    seen = spectra.observed & np.isfinite(average)
    n_pixels = seen.sum(-1)
    columns = {
        "model_mean_dex": np.abs(ours - average),
        "model_truth_dex": np.abs(ours - truth),
        "mean_truth_dex": np.abs(average - truth),
        "mse_dex2": (ours - truth) ** 2,
    }
    event, phase = np.indices(n_pixels.shape)
    place = {"event": event, "phase_days": spectra.phase_days[phase], "n_pixels": n_pixels}
    means = {
        name: np.where(seen, values, 0.0).sum(-1) / np.maximum(n_pixels, 1)
        for name, values in columns.items()
    }
    return pd.DataFrame({name: values.ravel() for name, values in (place | means).items()})


def _coarse(events):
    spectra = events.spectra
    return replace(
        events,
        spectra=replace(
            spectra,
            wavelength_aa=spectra.wavelength_aa[::_PIXEL_STEP],
            log10_fnu=spectra.log10_fnu[..., ::_PIXEL_STEP],
        ),
    )
