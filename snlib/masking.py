"""Spectra from light curves of which a part is hidden (Figures 6 and 7)."""

from dataclasses import replace

import numpy as np
import pandas as pd

from snlib.events import LightCurves
from snlib.posteriors import from_light_curve, mean_spectrum, spectrum_posteriors

__all__ = ["HIDDEN_FRACTIONS", "hide_points", "hide_points_of", "masking_scores"]

HIDDEN_FRACTIONS = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9)
# Every so many wavelengths are judged: a decoder's output does not depend on which are asked for.
_PIXEL_STEP = 4


def hide_points(light_curves, fraction, seed):
    """Hide a share of the points of each light curve, at random.

    What is hidden at one fraction is hidden at a larger one too, and each light curve has a stream
    of its own: it loses the same points whatever others there are.

    Parameters
    ----------
    light_curves : LightCurves
    fraction : float
        Of the observed points, rounded to whole points.
    seed : int

    Returns
    -------
    LightCurves
    """
    magnitude = light_curves.magnitude.copy()
    for index, observed in enumerate(light_curves.observed):
        points = np.random.default_rng((seed, 5, index)).permutation(np.flatnonzero(observed))
        magnitude[index, points[: round(fraction * len(points))]] = np.nan
    return LightCurves(light_curves.phase_days, magnitude, light_curves.band)


def hide_points_of(events, fraction, seed):
    """The same events with a share of their light curves' points hidden; see `hide_points`."""
    return replace(events, light_curves=hide_points(events.light_curves, fraction, seed))


def masking_scores(model, dataset, n_samples, seed, device="cpu"):
    """How far predicted, mean and true spectra of the test events lie apart as points are hidden.

    Parameters
    ----------
    model : MMVAE
        On `device`.
    dataset : snlib.dataset.Dataset
    n_samples, seed : int
        Latent samples a light curve.
    device : str

    Returns
    -------
    pandas.DataFrame
        A row a fraction, event and phase: ``hidden, event, phase_days``; ``model_mean_dex,
        model_truth_dex, mean_truth_dex``, mean absolute differences over the observed pixels (of
        every fourth wavelength); and ``mse_dex2`` of model and truth.
    """
    test, train = (_coarse(dataset.part(name)) for name in ("test", "train"))
    truth, average = test.spectra.log10_fnu, mean_spectrum(train, len(test)).mean
    event, phase = np.indices(truth.shape[:2])
    tables = []
    for fraction in HIDDEN_FRACTIONS:
        events = hide_points_of(test, fraction, seed)

        def posterior_of(event):
            return from_light_curve(model, dataset.scaling, event, device)

        posteriors = spectrum_posteriors(
            posterior_of, model.spectrum, dataset.scaling, events, n_samples, seed
        )
        ours = posteriors["latent"].mean
        columns = {
            "model_mean_dex": np.where(np.isnan(truth), np.nan, np.abs(ours - average)),
            "model_truth_dex": np.abs(ours - truth),
            "mean_truth_dex": np.abs(average - truth),
            "mse_dex2": (ours - truth) ** 2,
        }
        place = {"event": event.ravel(), "phase_days": test.spectra.phase_days[phase].ravel()}
        means = {name: np.nanmean(values, -1).ravel() for name, values in columns.items()}
        tables.append(pd.DataFrame({"hidden": fraction} | place | means))
    return pd.concat(tables, ignore_index=True)


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
