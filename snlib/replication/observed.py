"""The shipped weights, which know simulations only, judged by observed spectra."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from tqdm import tqdm

from snlib.evaluation.observed_scores import (
    mean_residuals,
    phase_bin,
    repeat_floor,
    spectrum_scores,
)
from snlib.inference.misfit import about_objects
from snlib.observed.others import mean_of_others, nearest_of_others
from snlib.observed.salt import fitted_spectra
from snlib.random_streams import stream

__all__ = [
    "MEAN_OBSERVED",
    "NEAREST",
    "SALT3",
    "SIMULATED",
    "ObservedPredictions",
    "light_curve_table",
    "method_scores",
    "predict_observed",
    "score_tables",
    "typical_supernova",
]

SIMULATED, MEAN_OBSERVED = "MMVAE (trained on simulations)", "mean spectrum (observed)"
NEAREST, SALT3 = "nearest supernova", "SALT3 (fitted)"
_N_SAMPLES = 200


@dataclass(frozen=True)
class ObservedPredictions:
    """What is said of M observed spectra without looking at them.

    Attributes
    ----------
    samples : ndarray of float32, shape (M, S, L)
        log10 F_nu from the light curves, by a model that knows simulations only.
    others : dict of str to ndarray, shape (M, L)
        By method; NaN where it says nothing.  "SALT3 (fitted)" was made from these supernovae and others.
    """

    samples: np.ndarray
    others: dict

    def means(self):
        """The mean prediction of every method, by its name."""
        return {SIMULATED: self.samples.mean(1)} | self.others


def predict_observed(observed, forecaster, salt, seed=0):
    """Get the spectra of observed supernovae in all ways that are compared.

    Parameters
    ----------
    observed : snlib.observed.table.ObservedSupernovae
        With spectra of the phases that the forecaster can predict.
    forecaster : snlib.inference.forecast.Forecaster
    salt : snlib.observed.salt.Salt3
    seed : int

    Returns
    -------
    ObservedPredictions
    """
    fitted, peak_magnitude = fitted_spectra(salt, observed)
    others = {
        MEAN_OBSERVED: mean_of_others(observed),
        NEAREST: nearest_of_others(observed, peak_magnitude),
        SALT3: fitted,
    }
    return ObservedPredictions(_forecasts(observed, forecaster, seed), others)


def score_tables(observed, predictions):
    """Judge predictions by the spectra that were observed.

    Parameters
    ----------
    observed : snlib.observed.table.ObservedSupernovae
    predictions : ObservedPredictions

    Returns
    -------
    dict of str to pandas.DataFrame
        ``spectra``: a row a method and spectrum, with ``method, supernova, fold, phase_days, phase_bin``
        and the scores of `snlib.evaluation.observed_scores.spectrum_scores`; ``residuals``: of the model that
        knows simulations, see `snlib.evaluation.observed_scores.mean_residuals`; ``floor``: see
        `snlib.evaluation.observed_scores.repeat_floor`.
    """
    means, truth, wavelength = predictions.means(), observed.log10_fnu, observed.wavelength_aa
    of_each = observed.object_id[observed.spectrum_object], observed.spectrum_phase_days
    spectra = [
        method_scores(observed, method, mean, predictions.samples if method == SIMULATED else None)
        for method, mean in means.items()
    ]
    less_model = truth - means[SALT3]
    return {
        "spectra": pd.concat(spectra, ignore_index=True),
        "residuals": mean_residuals(means[SIMULATED], truth, wavelength, *of_each),
        "floor": repeat_floor(less_model, wavelength, np.isfinite(truth), *of_each),
    }


def light_curve_table(observed, forecaster):
    """What is said of the light curves beside their predictions.

    Parameters
    ----------
    observed : snlib.observed.table.ObservedSupernovae
    forecaster : snlib.inference.forecast.Forecaster

    Returns
    -------
    pandas.DataFrame
        A row a supernova that has a spectrum: ``supernova`` and the columns of
        `snlib.inference.misfit.about_objects`.
    """
    of_each = {"supernova": observed.object_id} | about_objects(forecaster, observed.light_curves)
    return pd.DataFrame(of_each).loc[np.unique(observed.spectrum_object)]


def typical_supernova(spectra):
    """The supernova with spectra in every phase bin whose shapes are predicted as well as is typical.

    Parameters
    ----------
    spectra : pandas.DataFrame
        Of `score_tables`.

    Returns
    -------
    pandas.DataFrame
        A row a phase bin: that of the spectrum nearest to its middle, whose number is in ``index``.
    """
    rows = spectra[spectra["method"] == SIMULATED].reset_index().dropna(subset="shape_dex")
    n_bins = rows.groupby("supernova")["phase_bin"].nunique()
    rows = rows[rows["supernova"].isin(n_bins.index[n_bins == rows["phase_bin"].nunique()])]
    of_each = rows.groupby("supernova")["shape_dex"].mean().sort_values()
    typical = rows[rows["supernova"] == of_each.index[(len(of_each) - 1) // 2]]
    ends = typical["phase_bin"].str.split(" to ", expand=True).astype(float)
    from_middle = (typical["phase_days"] - ends.mean(axis=1)).abs()
    middle = typical.loc[from_middle.sort_values().index].drop_duplicates("phase_bin")
    return middle.sort_values("phase_days")


def _forecasts(observed, forecaster, seed):
    """Samples of all spectra from the light curves, shape (M, S, L)."""
    samples = np.empty((len(observed.spectrum_object), _N_SAMPLES, len(observed.wavelength_aa)), np.float32)
    for index in tqdm(np.unique(observed.spectrum_object), "predict", mininterval=2):
        of_object = np.flatnonzero(observed.spectrum_object == index)
        phases = observed.spectrum_phase_days[of_object]
        given = observed.light_curves.padded([index]), phases, observed.wavelength_aa
        rng = stream("predictions", seed, int(index))
        samples[of_object] = forecaster.samples(*given, _N_SAMPLES, rng).swapaxes(0, 1)
    return samples


def method_scores(observed, method, predicted, samples=None):
    """Scores of the predictions of one method.

    Parameters
    ----------
    observed : snlib.observed.table.ObservedSupernovae
    method : str
    predicted : ndarray, shape (M, L)
    samples : ndarray, shape (M, S, L), optional
        Without them there are no intervals.

    Returns
    -------
    pandas.DataFrame
        A row a spectrum: ``method, supernova, fold, phase_days, phase_bin`` and the scores of
        `snlib.evaluation.observed_scores.spectrum_scores`.
    """
    rows = [
        spectrum_scores(predicted[i], truth, observed.wavelength_aa, None if samples is None else samples[i])
        for i, truth in enumerate(observed.log10_fnu)
    ]
    of_object = observed.spectrum_object
    where = {
        "method": method,
        "supernova": observed.object_id[of_object],
        "fold": observed.fold[of_object],
        "phase_days": observed.spectrum_phase_days,
        "phase_bin": phase_bin(observed.spectrum_phase_days).astype(str),
    }
    return pd.concat([pd.DataFrame(where), pd.DataFrame(rows)], axis=1)
