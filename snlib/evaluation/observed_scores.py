"""How good predictions of observed spectra are: in level, in shape, and in what their intervals hold.

The level of an observed spectrum is as uncertain as the distance of its supernova and the flux calibration of
its night.  Its shape, what remains when the median difference is taken away, is not.
"""

from itertools import pairwise

import numpy as np
import pandas as pd

from snlib.evaluation.bootstrap import draw_weights
from snlib.inference.samples import central_interval
from snlib.random_streams import stream

__all__ = [
    "JUDGED_AA",
    "PHASE_BINS_DAYS",
    "judged",
    "mean_over_supernovae",
    "mean_residuals",
    "phase_bin",
    "repeat_floor",
    "spectrum_scores",
]

JUDGED_AA = (3500.0, 8000.0)
PHASE_BINS_DAYS = (-10.0, -5.0, 5.0, 15.0, 30.0)
_COVERAGES = {50: 0.5, 68: 0.6827, 90: 0.9}
_LEAST_PIXELS = 100
_N_WAVELENGTH_BINS = 45  # of 100 Angstrom
_REPEAT_DAYS, _REPEAT_PIXELS, _SAME_RANGE = 1.0, 150, 0.01


def spectrum_scores(predicted, observed, wavelength_aa, samples=None):
    """Scores of the prediction of one spectrum, from 3500 to 8000 Angstrom.

    Parameters
    ----------
    predicted, observed : ndarray, shape (L,)
        log10 F_nu; NaN where there is none.
    wavelength_aa : ndarray, shape (L,)
    samples : ndarray, shape (S, L), optional
        Of the prediction; without them there are no intervals.

    Returns
    -------
    dict of str to float
        ``n_pixels``; ``raw_dex``, the RMS difference; ``offset_dex``, the median one, predicted less
        observed; ``shape_dex``, the RMS difference without it; and of the intervals ``coverage_50``,
        ``coverage_68``, ``coverage_90`` and ``width_90_dex``.
        NaN where fewer than 100 pixels can be compared, and of what there is not.
    """
    use = judged(wavelength_aa) & np.isfinite(observed) & np.isfinite(predicted)
    scores = {"n_pixels": int(use.sum())}
    names = ("raw_dex", "offset_dex", "shape_dex", *(f"coverage_{p}" for p in _COVERAGES), "width_90_dex")
    scores |= dict.fromkeys(names, np.nan)
    if scores["n_pixels"] < _LEAST_PIXELS:
        return scores
    difference = (predicted - observed)[use]
    offset = np.median(difference)
    scores |= {"raw_dex": _rms(difference), "offset_dex": offset, "shape_dex": _rms(difference - offset)}
    if samples is not None:
        for percent, coverage in _COVERAGES.items():
            lower, upper = central_interval(samples[:, use], coverage)
            scores[f"coverage_{percent}"] = np.mean((lower <= observed[use]) & (observed[use] <= upper))
        scores["width_90_dex"] = np.mean(upper - lower)
    return scores


def judged(wavelength_aa):
    """Which wavelengths count.

    Parameters
    ----------
    wavelength_aa : ndarray, shape (L,)

    Returns
    -------
    ndarray of bool, shape (L,)
    """
    return (wavelength_aa >= JUDGED_AA[0]) & (wavelength_aa <= JUDGED_AA[1])


def _rms(x):
    return np.sqrt(np.mean(np.square(x)))


def phase_bin(phase_days):
    """The bin of each phase, as text such as "-5 to 5": all that are judged lie in one.

    Parameters
    ----------
    phase_days : array_like
        Within the bins of `PHASE_BINS_DAYS`; the last includes its end.

    Returns
    -------
    pandas.Categorical
    """
    names = [f"{a:g} to {b:g}" for a, b in pairwise(PHASE_BINS_DAYS)]
    return pd.cut(phase_days, PHASE_BINS_DAYS, right=False, labels=names, include_lowest=True).fillna(
        names[-1]
    )


def mean_over_supernovae(table, columns, by):
    """Means over supernovae, each the mean of its spectra, with their standard errors.

    Parameters
    ----------
    table : pandas.DataFrame
        A row a spectrum, with a column ``supernova``.
    columns : list of str
        To be averaged; NaN is left out.
    by : list of str
        Groups.

    Returns
    -------
    pandas.DataFrame
        A row a group: the means, their bootstrap errors over supernovae with the suffix ``_error``, and the
        number of ``supernovae`` and ``spectra``.
    """
    rows = []
    for names, group in table.groupby(by, sort=False, observed=True):
        of_each = group.groupby("supernova")[columns].mean()
        row = dict(zip(by, names, strict=True)) | {"supernovae": len(of_each), "spectra": len(group)}
        for column in columns:
            values = of_each[column].dropna().to_numpy()
            row |= {column: np.nan, f"{column}_error": np.nan}
            if len(values):
                weights = draw_weights(len(values), stream("bootstrap of events", 0, len(values)))
                means = weights @ values / len(values)
                row |= {column: means[0], f"{column}_error": means[1:].std()}
        rows.append(row)
    return pd.DataFrame(rows)


def mean_residuals(predicted, observed, wavelength_aa, supernova, phase_days):
    """Mean of predicted less observed spectra, without their median difference, by phase and wavelength.

    Parameters
    ----------
    predicted, observed : ndarray, shape (M, L)
    wavelength_aa : ndarray, shape (L,)
    supernova : ndarray, shape (M,)
    phase_days : ndarray, shape (M,)

    Returns
    -------
    pandas.DataFrame
        ``phase_bin, wavelength_aa`` (the middle of 100 Angstrom), ``residual_dex``, and ``error_dex``, the
        standard error over supernovae; bins with fewer than ten supernovae are left out.
    """
    use = judged(wavelength_aa)
    residual = (predicted - observed)[:, use]
    residual = residual - np.nanmedian(residual, axis=1, keepdims=True)
    edges = np.linspace(*JUDGED_AA, _N_WAVELENGTH_BINS + 1)
    place = np.clip(np.digitize(wavelength_aa[use], edges) - 1, 0, _N_WAVELENGTH_BINS - 1)
    long = pd.DataFrame(residual).T.groupby(place).mean().T.stack().rename("residual_dex").reset_index()
    long["supernova"] = supernova[long["level_0"]]
    long["phase_bin"] = phase_bin(phase_days)[long["level_0"]]
    long["wavelength_aa"] = (edges[:-1] + np.diff(edges) / 2)[long["level_1"]]
    keys = ["phase_bin", "wavelength_aa"]
    of_each = long.groupby([*keys, "supernova"], observed=True)["residual_dex"].mean()
    table = of_each.groupby(keys, observed=True).agg(["mean", "sem", "count"]).reset_index()
    table = table[table.pop("count") >= 10]
    return table.rename(columns={"mean": "residual_dex", "sem": "error_dex"})


def repeat_floor(residual, wavelength_aa, observed, supernova, phase_days):
    """How well observed spectra of one supernova agree that were taken with other instruments.

    No prediction can be judged better than that.  The spectra of a pair are within a day of each other; a
    model is taken from both first, so that the days between them do not count.

    Parameters
    ----------
    residual : ndarray, shape (M, L)
        Observed spectra less a model of them.
    wavelength_aa : ndarray, shape (L,)
    observed : ndarray of bool, shape (M, L)
        Spectra that do not begin or do not end alike count as of two instruments.
    supernova, phase_days : ndarray, shape (M,)

    Returns
    -------
    pandas.DataFrame
        A row a pair: ``supernova, phase_days, raw_dex, shape_dex``, of one of the two spectra.
    """
    ends = np.array([wavelength_aa[of_one][[0, -1]] for of_one in observed])
    rows = []
    for i, j in zip(*np.triu_indices(len(residual), 1), strict=True):
        if supernova[i] != supernova[j] or abs(phase_days[i] - phase_days[j]) > _REPEAT_DAYS:
            continue
        use = judged(wavelength_aa) & np.isfinite(residual[i]) & np.isfinite(residual[j])
        if use.sum() < _REPEAT_PIXELS or (np.abs(ends[i] / ends[j] - 1) <= _SAME_RANGE).all():
            continue
        difference = (residual[i] - residual[j])[use] / np.sqrt(2)
        raw, shape = _rms(difference), _rms(difference - np.median(difference))
        rows.append((supernova[i], phase_days[i], raw, shape))
    return pd.DataFrame(rows, columns=["supernova", "phase_days", "raw_dex", "shape_dex"])
