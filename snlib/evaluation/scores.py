"""How good predicted spectra are: the metrics of Figure 4, and proper scores of samples."""

import numpy as np
import pandas as pd
from scipy import stats

__all__ = [
    "PIT_COLUMNS",
    "average_sample_scores",
    "average_scores",
    "curves",
    "event_scores",
    "reliability",
    "sample_scores",
    "spectrum_metrics",
]

N_PIT_BINS = 20
PIT_COLUMNS = [f"pit_{i}" for i in range(N_PIT_BINS)]
_COVERAGES = {68: 0.6827, 90: 0.90}
_MEASURES = ("mse", "coverage", "width", "crps", "log_score", "pit")
_MIN_SAMPLES = 20  # fewer have no 90 % interval


def sample_scores(samples, truth, rows):
    """Scores of the predictive samples of one supernova.

    Intervals and ranks are those of S exchangeable values: if the truth is one more draw from where the
    samples come from, coverage and histogram are right on average for every S.

    Parameters
    ----------
    samples : ndarray, shape (S, ..., L)
        log10 F_nu, or anything else; at least 20 samples.
    truth : ndarray, shape (..., L)
        NaN where not observed.
    rows : dict of str to sequence
        The names of the axes before the last, in order, and what stands along each: a phase, say.

    Returns
    -------
    pandas.DataFrame
        A row for each combination of `rows`, with means over the observed part of the last axis; NaN if
        there is none:

        ``n_pixels``
            how many they are;
        ``mse_dex2``
            square of the error of the samples' mean;
        ``coverage_68, coverage_90, width_68_dex, width_90_dex``
            of the central 68.27 % and 90 % intervals;
        ``crps_dex``
            the continuous ranked probability score in its fair form, unbiased in S [1]_;
        ``log_score``
            log density in nats (the higher, the better) of Student's t with S - 1 degrees of freedom
            around the samples' mean, with their standard deviation times sqrt(1 + 1/S): what S draws say
            of a Gaussian.  A kernel estimate would follow the shape, but is ruled by its bandwidth
            wherever the truth lies beyond the samples [2]_;
        ``pit_0`` ... ``pit_19``
            shares of the probability integral transform in equal bins from 0 to 1.  A rank stands for
            the whole interval that it leaves open, ties included, so nothing is drawn at random [3]_.

    Raises
    ------
    ValueError
        If shapes do not fit each other, or there are too few samples.

    References
    ----------
    .. [1] Ferro 2014, Q. J. R. Meteorol. Soc. 140, 1917.
    .. [2] Krüger, Lerch, Thorarinsdottir & Gneiting 2021, Int. Stat. Rev. 89, 274.
    .. [3] Czado, Gneiting & Held 2009, Biometrics 65, 1254.
    """
    samples, truth = np.asarray(samples), np.asarray(truth, dtype=float)
    expected = tuple(len(values) for values in rows.values())
    if samples.shape[1:] != truth.shape or truth.shape[:-1] != expected:
        raise ValueError(
            f"samples: shape {samples.shape} for a truth of shape {truth.shape} and rows of shape {expected}"
        )
    if len(samples) < _MIN_SAMPLES:
        raise ValueError(f"samples: {len(samples)}, but scores need at least {_MIN_SAMPLES}")
    seen = np.isfinite(truth) & np.isfinite(samples).all(0)
    row = np.ravel_multi_index(np.nonzero(seen)[:-1], truth.shape[:-1])
    # A pixel a row: sorting is quick where samples lie side by side.
    ordered = np.sort(np.ascontiguousarray(samples[:, seen].T, dtype=float), axis=1)
    table = pd.MultiIndex.from_product(rows.values(), names=list(rows)).to_frame(index=False)
    table["n_pixels"] = np.bincount(row, minlength=len(table))
    for name, values in _pixel_scores(ordered, truth[seen]).items():
        sums = np.bincount(row, weights=values, minlength=len(table))
        table[name] = sums / np.where(table["n_pixels"] > 0, table["n_pixels"], np.nan)
    return table


def _pixel_scores(ordered, truth):
    """Scores of each pixel: `ordered` (n, S) ascends along its last axis, `truth` is (n,)."""
    n_samples = ordered.shape[1]
    mean, scale = ordered.mean(1), ordered.std(1, ddof=1)
    scale[scale == 0] = np.nan  # no density
    distance = np.abs(ordered - truth[:, None]).mean(1)
    pairs = ordered @ (2.0 * np.arange(1, n_samples + 1) - n_samples - 1)  # sum of x_j - x_i over i < j
    scores = {
        "mse_dex2": (mean - truth) ** 2,
        "crps_dex": distance - pairs / (n_samples * (n_samples - 1)),
        "log_score": stats.t.logpdf(truth, n_samples - 1, mean, scale * np.sqrt(1 + 1 / n_samples)),
    }
    for percent, coverage in _COVERAGES.items():
        low, high = (_quantile(ordered, (1 + sign * coverage) / 2) for sign in (-1, 1))
        scores[f"coverage_{percent}"] = (low <= truth) & (truth <= high)
        scores[f"width_{percent}_dex"] = high - low
    below = (ordered < truth[:, None]).sum(1)
    open_to = (ordered <= truth[:, None]).sum(1) + 1
    edges = np.linspace(0, n_samples + 1, N_PIT_BINS + 1)
    reached = np.clip((edges[:, None] - below) / (open_to - below), 0, 1)
    return scores | dict(zip(PIT_COLUMNS, np.diff(reached, axis=0), strict=True))


def _quantile(ordered, level):
    """The quantile below which one more draw falls with probability `level`, whatever S."""
    place = level * (ordered.shape[1] + 1) - 1
    first = int(np.clip(place, 0, ordered.shape[1] - 2))
    return ordered[:, first] + (place - first) * (ordered[:, first + 1] - ordered[:, first])


def average_sample_scores(scores, by):
    """Scores over all pixels of some events; compare `snlib.evaluation.scores.average_scores`.

    Parameters
    ----------
    scores : pandas.DataFrame
        See `sample_scores`; of many events, and columns that tell groups apart.
    by : list of str
        Columns to group by.

    Returns
    -------
    pandas.DataFrame
        Columns `by`, ``n_pixels``, and the scores, with ``rmse_dex`` in the place of ``mse_dex2``.
    """
    names = [name for name in scores if name.startswith(_MEASURES)]
    sums = scores[names].mul(scores["n_pixels"], axis=0)
    sums.insert(0, "n_pixels", scores["n_pixels"])
    sums = sums.groupby([scores[name] for name in by], sort=False).sum(min_count=1)
    sums[names] = sums[names].div(sums["n_pixels"], axis=0)
    squares = next(name for name in names if name.startswith("mse"))
    sums[squares] = np.sqrt(sums[squares])
    return sums.rename(columns={squares: "r" + squares.removesuffix("2")}).reset_index()


def reliability(pit):
    """How much of the truth lies in central intervals, against how much should.

    Parameters
    ----------
    pit : ndarray, shape (..., B)
        Counts or shares of the probability integral transform in an even number of equal bins, such as
        the columns `PIT_COLUMNS` of a table of scores.

    Returns
    -------
    nominal : ndarray, shape (B / 2 + 1,)
        Coverages of the intervals, from 0 to 1.
    empirical : ndarray, shape (..., B / 2 + 1)
        Shares of the truth inside.
    """
    pit = np.asarray(pit, dtype=float)
    half = pit.shape[-1] // 2
    if pit.shape[-1] != 2 * half:
        raise ValueError(f"pit: {pit.shape[-1]} bins, but no interval is central in an odd number of them")
    shells = (pit[..., half:] + pit[..., half - 1 :: -1]) / pit.sum(-1, keepdims=True)
    inside = np.cumsum(shells, axis=-1)
    return np.linspace(0, 1, half + 1), np.concatenate([np.zeros_like(inside[..., :1]), inside], axis=-1)


def event_scores(posterior, spectra):
    """Error, coverage and width of each spectrum, over its observed pixels.

    Parameters
    ----------
    posterior : SpectrumPosterior
    spectra : Spectra
        The truth.

    Returns
    -------
    pandas.DataFrame
        Columns ``event`` (its place), ``phase_days, n_pixels, mse_dex2, coverage_90, width_90_dex``: the
        mean square of the error, the share of pixels inside the 90 % interval and its mean width.  The
        last two are NaN where the posterior has no interval.
    """
    truth = spectra.log10_fnu
    seen = spectra.observed & np.isfinite(posterior.mean)
    n_pixels = seen.sum(-1)

    def mean(values):
        return np.where(seen, values, 0.0).sum(-1) / np.maximum(n_pixels, 1)

    inside = (truth >= posterior.lower) & (truth <= posterior.upper)
    columns = {
        "mse_dex2": mean((posterior.mean - truth) ** 2),
        "coverage_90": mean(np.where(np.isnan(posterior.lower), np.nan, inside)),
        "width_90_dex": mean(posterior.upper - posterior.lower),
    }
    event, phase = np.indices(n_pixels.shape)
    place = {"event": event, "phase_days": spectra.phase_days[phase], "n_pixels": n_pixels}
    return pd.DataFrame({name: values.ravel() for name, values in (place | columns).items()})


def average_scores(scores, by):
    """RMSE, coverage and width over all pixels of some events.

    Parameters
    ----------
    scores : pandas.DataFrame
        See `event_scores`.
    by : list of str
        Columns to group by.

    Returns
    -------
    pandas.DataFrame
        Columns `by` and ``rmse_dex, coverage_90, width_90_dex``.
    """
    names = ["mse_dex2", "coverage_90", "width_90_dex"]
    sums = scores[names].mul(scores["n_pixels"], axis=0).assign(n_pixels=scores["n_pixels"])
    sums = sums.groupby([scores[name] for name in by], sort=False).sum(min_count=1)
    means = sums[names].div(sums["n_pixels"], axis=0)
    means.insert(0, "rmse_dex", np.sqrt(means.pop("mse_dex2")))
    return means.reset_index()


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
    return average_scores(event_scores(posterior, spectra), ["phase_days"])


def curves(posterior, spectra):
    """What Figure 4 draws: at each phase and wavelength, over the events.

    Parameters
    ----------
    posterior : SpectrumPosterior
    spectra : Spectra
        The truth.

    Returns
    -------
    dict of str to ndarray, shape (P, L)
        ``bias`` and ``spread`` (mean and standard deviation of the error) and ``width`` in dex, and
        ``coverage``; NaN where no event is observed or there is no interval.
    """
    error = posterior.mean - spectra.log10_fnu
    seen = np.isfinite(error)
    n = np.where(seen.any(0), seen.sum(0), np.nan)

    def mean(values):
        return np.where(seen, values, 0.0).sum(0) / n

    bias = mean(error)
    inside = (error >= posterior.mean - posterior.upper) & (error <= posterior.mean - posterior.lower)
    return {
        "bias": bias,
        "spread": np.sqrt(mean((error - bias) ** 2)),
        "coverage": mean(np.where(np.isnan(posterior.lower), np.nan, inside)),
        "width": mean(posterior.upper - posterior.lower),
    }
