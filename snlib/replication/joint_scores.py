"""Joint transceivers judged by spectra that they never saw: from light curves, and with a spectrum more."""

import numpy as np
import pandas as pd
from scipy.ndimage import gaussian_filter1d

from snlib.evaluation.observed_scores import judged
from snlib.joint.folds import predict_held_out
from snlib.joint.intervals import cross_recalibrated
from snlib.observed.others import mean_of_others
from snlib.observed.salt import fitted_spectra, warped_spectra
from snlib.replication.observed import method_scores

__all__ = [
    "BLEND",
    "CORRECTED",
    "JOINT_NAME",
    "SEPARATIONS_DAYS",
    "WARPED",
    "held_out_table",
    "neighbour_table",
]

JOINT_NAME, CORRECTED = "joint transceiver", "SALT3 (fitted, corrected on other folds)"
WARPED = "SALT3 (warped to each night, corrected on other folds)"
BLEND = "mean of both"
#: Days between a known spectrum and the one that is asked.
SEPARATIONS_DAYS = ((1, 3), (3, 6), (6, 10), (10, 20))
_SHARES = (0.25, 0.5, 0.75, 1.0)  # of a neighbour's residual that are carried over
_COLOUR_UNIT = 0.1
_SMOOTHED_PIXELS, _LEAST_SMOOTHED = 2.0, 0.2
_LEAST_PIXELS, _SAME_RANGE = 150, 0.01


def held_out_table(observed, held_out, salt):
    """Score the joint transceiver, SALT3, and the mean of the joint transceiver and the warped SALT3.

    Parameters
    ----------
    observed : snlib.observed.table.ObservedSupernovae
    held_out : snlib.joint.folds.HeldOut
        Of the light curves alone.
    salt : snlib.observed.salt.Salt3

    Returns
    -------
    pandas.DataFrame
        A row a method and spectrum: ``method, supernova, fold, phase_days, phase_bin``, the scores of
        `snlib.evaluation.observed_scores.spectrum_scores` and, of the joint transceiver, ``coverage_68,
        coverage_90, width_90_dex`` of intervals that were scaled on other folds.
    """
    features = np.column_stack([observed.x1, observed.c / _COLOUR_UNIT])
    fitted, warped = fitted_spectra(salt, observed)[0], warped_spectra(salt, observed)
    corrected, best = (mean_of_others(observed, base, features) for base in (fitted, warped))
    methods = {JOINT_NAME: held_out.mean, CORRECTED: corrected, WARPED: best}
    methods[BLEND] = (held_out.mean + best) / 2
    tables = [method_scores(observed, name, spectra) for name, spectra in methods.items()]
    for percent, coverage in ((68, 0.6827), (90, 0.9)):
        half = cross_recalibrated(held_out, observed, coverage)
        tables[0][f"coverage_{percent}"] = _mean(np.abs(observed.log10_fnu - held_out.mean) <= half, observed)
    tables[0]["width_90_dex"] = _mean(2 * half, observed)
    return pd.concat(tables, ignore_index=True)


def _mean(values, observed):
    """Mean of each spectrum over the pixels that count."""
    use = judged(observed.wavelength_aa) & np.isfinite(observed.log10_fnu)
    return np.where(use, values, 0.0).sum(1) / use.sum(1)


def neighbour_table(observed, models, alone):
    """What one more spectrum of a supernova is worth, some days away and of another wavelength range.

    Compared with the plainest use of it: a share of its own residual, smoothed, is added to what the light
    curve says.  The share that is best for these spectra is chosen for it.

    Parameters
    ----------
    observed : snlib.observed.table.ObservedSupernovae
    models : sequence of snlib.joint.model.JointTransceiver
        By fold.
    alone : snlib.joint.folds.HeldOut
        What they say of the light curves alone.

    Returns
    -------
    pandas.DataFrame
        A row a separation and spectrum: ``separation_days, supernova, phase_days, other_range``, and the RMS
        of the shape in dex: ``alone_dex``; ``plain_25_dex`` to ``plain_100_dex``, by the share in per cent;
        ``joint_dex``.
    """
    residual = _shape(observed, observed.log10_fnu - alone.mean)
    rows = []
    for nearest, farthest in SEPARATIONS_DAYS:
        known = _neighbours(observed, nearest, farthest)
        asked = np.flatnonzero(known >= 0)
        both = predict_held_out(models, observed, known[:, None])
        with_it = _shape(observed, observed.log10_fnu - both.mean)
        for one in asked:
            rows.append(_row(observed, residual, with_it, one, known[one]))
            rows[-1]["separation_days"] = f"{nearest} to {farthest}"
    return pd.DataFrame([row for row in rows if "joint_dex" in row])


def _row(observed, residual, with_it, one, other):
    use = np.isfinite(residual[one]) & np.isfinite(residual[other])
    of_object = observed.spectrum_object[one]
    row = {"supernova": observed.object_id[of_object], "phase_days": observed.spectrum_phase_days[one]}
    if use.sum() < _LEAST_PIXELS:
        return row
    smooth = _smoothed(residual[other])
    row |= {"other_range": _of_other_range(observed, one, other), "alone_dex": residual[one][use].std()}
    for share in _SHARES:
        row[f"plain_{100 * share:.0f}_dex"] = (residual[one] - share * smooth)[use].std()
    return row | {"joint_dex": with_it[one][use].std()}


def _neighbours(observed, nearest, farthest):
    """By spectrum, the nearest other one of its supernova between two separations; -1 if there is none."""
    phase, of_object = observed.spectrum_phase_days, observed.spectrum_object
    away = np.abs(phase[:, None] - phase)
    allowed = (of_object[:, None] == of_object) & (away >= nearest) & (away < farthest)
    np.fill_diagonal(allowed, False)
    return np.where(allowed.any(1), np.where(allowed, away, np.inf).argmin(1), -1)


def _shape(observed, difference):
    """Differences less their median, where they count; else NaN."""
    counted = np.where(judged(observed.wavelength_aa), difference, np.nan)
    return counted - np.nanmedian(counted, axis=1, keepdims=True)


def _smoothed(residual):
    seen = np.isfinite(residual)
    total = gaussian_filter1d(np.where(seen, residual, 0.0), _SMOOTHED_PIXELS)
    return total / np.maximum(gaussian_filter1d(seen.astype(float), _SMOOTHED_PIXELS), _LEAST_SMOOTHED)


def _of_other_range(observed, one, other):
    """Whether two spectra do not begin alike or do not end alike: most are of two instruments."""
    ends = [observed.wavelength_aa[np.isfinite(observed.log10_fnu[i])][[0, -1]] for i in (one, other)]
    return bool((np.abs(ends[0] / ends[1] - 1) > _SAME_RANGE).any())
