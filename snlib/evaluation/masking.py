"""Spectra from light curves of which a part is hidden (Figures 6 and 7)."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from snlib.data.events import LightCurves
from snlib.evaluation.bootstrap import interval, over_seeds, weights_of_seeds
from snlib.evaluation.thinning import hide_points
from snlib.inference.embedding import retrieve_spectra
from snlib.inference.posteriors import SpectrumPosterior, mean_spectrum
from snlib.inference.samplers import draw_events, light_curve_sampler, spectrum_posteriors

__all__ = [
    "HIDDEN_FRACTIONS",
    "MaskedEvent",
    "average_masking_scores",
    "hide_points_of",
    "mask_event",
    "masked_distances",
    "masking_scores",
]

HIDDEN_FRACTIONS = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9)
_PIXEL_STEP = 8  # every so many wavelengths are judged
_NONE_AND_MOST = (0.0, 0.9)  # the fractions that are judged by wavelength, in ten bins
_BIN_AA, _BIN_CENTRES_AA = 500.0, np.arange(3250.0, 8000.0, 500.0)


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
    return _scored(_distances, HIDDEN_FRACTIONS, model, dataset, n_samples, seed, device)


def masked_distances(model, dataset, n_samples, seed, device="cpu"):
    """How far predicted and mean spectra of the test events lie apart, by wavelength.

    Parameters
    ----------
    model, dataset, n_samples, seed, device
        As in `masking_scores`, whose predictions these are.

    Returns
    -------
    pandas.DataFrame
        A row a fraction (none of the points hidden, and 90 %), event and bin of 500 Å: ``hidden, event,
        wavelength_aa``, the centre of the bin; ``n_pixels``, the observed ones in it at all phases, among
        every eighth wavelength; and ``model_mean_dex``, the mean absolute difference over them.
    """
    return _scored(_distances_by_wavelength, _NONE_AND_MOST, model, dataset, n_samples, seed, device)


def _scored(distances, fractions, model, dataset, n_samples, seed, device):
    """Rows of `distances` (of predicted, mean and true spectra) for each share of the points hidden."""
    test, train = (_every(_PIXEL_STEP, dataset.part(name)) for name in ("test", "train"))
    average, tables = mean_spectrum(train), []
    for fraction in fractions:
        ours = _predicted(model, dataset, fraction, n_samples, seed, device)
        tables.append(distances(ours, average, test.spectra))
        tables[-1].insert(0, "hidden", fraction)
    return pd.concat(tables, ignore_index=True)


def _predicted(model, dataset, fraction, n_samples, seed, device):
    """Mean predictions for the test events with a share of their points hidden, at every eighth wavelength.

    Where what a decoder says of one wavelength depends on which others are asked for, it is asked for all.
    """
    events = hide_points_of(dataset.part("test"), fraction, seed)
    step = _PIXEL_STEP if model.spectrum.decoder.independent else 1
    sampler = light_curve_sampler(model, dataset.scaling, device)
    drawn = draw_events(sampler, _every(step, events), n_samples, seed)
    return np.stack([of_event["latent"].location() for of_event in drawn])[..., :: _PIXEL_STEP // step]


def _every(step, events):
    """The same events with every so many wavelengths of their spectra."""
    spectra = events.spectra
    return replace(
        events,
        spectra=replace(
            spectra,
            wavelength_aa=spectra.wavelength_aa[::step],
            log10_fnu=spectra.log10_fnu[..., ::step],
        ),
    )


def average_masking_scores(tables, events=None):
    """Distances over all pixels of the test events, with their bootstrap over events and seeds.

    Parameters
    ----------
    tables : sequence of pandas.DataFrame
        One a seed: columns of `masking_scores`, and ``recipe``.
    events : sequence, optional
        By which events each seed was judged: equal for the same ones.  By default each had its own.

    Returns
    -------
    pandas.DataFrame
        A row a recipe, fraction, phase and measure: ``recipe, hidden, phase_days, measure``; ``estimate,
        low, high`` in dex, with the ends of the 95 % interval.  Measures are the three distances and
        ``rmse_dex``.
    """
    by = ["recipe", "hidden", "phase_days"]
    weights = weights_of_seeds(tables, events)
    seeds = [dict(list(table.groupby(by, sort=False))) for table in tables]
    rows = []
    for key in dict.fromkeys(key for of_seed in seeds for key in of_seed):
        for measure in ("model_mean_dex", "model_truth_dex", "mean_truth_dex", "mse_dex2"):
            means = []
            some = [(w, of_seed[key]) for w, of_seed in zip(weights, seeds, strict=True) if key in of_seed]
            for of_event, table in some:
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


def _distances_by_wavelength(ours, average, spectra):
    edges = _BIN_CENTRES_AA[1:] - _BIN_AA / 2
    of_bin = np.digitize(spectra.wavelength_aa, edges) == np.arange(len(_BIN_CENTRES_AA))[:, None]
    seen = spectra.observed & np.isfinite(average)
    n_pixels = seen.sum(1) @ of_bin.T  # over phases and the pixels of each bin
    total = np.where(seen, np.abs(ours - average), 0.0).sum(1) @ of_bin.T
    event, place = np.indices(n_pixels.shape)
    columns = {"event": event, "wavelength_aa": _BIN_CENTRES_AA[place], "n_pixels": n_pixels}
    columns["model_mean_dex"] = total / np.maximum(n_pixels, 1)
    return pd.DataFrame({name: values.ravel() for name, values in columns.items()})
