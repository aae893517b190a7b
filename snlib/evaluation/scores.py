"""How good samples of spectra are: error, coverage and width (Figure 4), and proper scores."""

import numpy as np
import pandas as pd
from scipy import stats

from snlib.inference.samples import interval_of_ordered

__all__ = [
    "PIT_COLUMNS",
    "average_scores",
    "mean_scores",
    "pixel_scores",
    "reliability",
    "sample_scores",
    "without_unit",
]

N_PIT_BINS = 20
PIT_COLUMNS = [f"pit_{i}" for i in range(N_PIT_BINS)]
_COVERAGES = {68: 0.6827, 90: 0.90}
_INTERVALS = (
    f"{name}_{percent}{unit}"
    for percent in _COVERAGES
    for name, unit in (("coverage", ""), ("width", "_dex"))
)
_COLUMNS = ["mse_dex2", "crps_dex", "log_score", *_INTERVALS, *PIT_COLUMNS]
_MEASURES = ("mse", "coverage", "width", "crps", "log_score", "pit")
_MIN_SAMPLES = 20  # fewer have no 90 % interval


def sample_scores(samples, truth, rows, mean=None):
    """Scores of the predictive samples of one supernova.

    Intervals and ranks are those of S exchangeable values: if the truth is one more draw from where the
    samples come from, coverage and histogram are right on average for every S.

    Parameters
    ----------
    samples : ndarray, shape (S, ..., L)
        log10 F_nu, or anything else.  At least 20, NaN where a sample has no value; or a single one, which
        has no interval: of its scores there are ``n_pixels``, ``mse_dex2`` and ``crps_dex``, its distance.
    truth : ndarray, shape (..., L)
        NaN where not observed.
    rows : dict of str to sequence
        The names of the axes before the last, in order, and what stands along each: a phase, say.
    mean : ndarray, shape (..., L), optional
        What errors are counted from; by default the samples' mean.

    Returns
    -------
    pandas.DataFrame
        A row for each combination of `rows`, with means over the part of the last axis where the truth and
        at least 20 samples (or the single one) have a value; NaN if there is none:

        ``n_pixels``
            how many they are;
        ``mse_dex2``
            square of the error of the mean;
        ``crps_dex``
            the continuous ranked probability score in its fair form, unbiased in S [1]_;
        ``log_score``
            log density in nats (the higher, the better) of Student's t with S - 1 degrees of freedom
            around the samples' mean, with their standard deviation times sqrt(1 + 1/S): what S draws say
            of a Gaussian.  A kernel estimate would follow the shape, but is ruled by its bandwidth
            wherever the truth lies beyond the samples [2]_;
        ``coverage_68, coverage_90, width_68_dex, width_90_dex``
            of the central 68.27 % and 90 % intervals;
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

    Examples
    --------
    Thirty-nine samples whose mean is the truth, at one phase with one pixel:

    >>> import numpy as np
    >>> from snlib.evaluation.scores import sample_scores
    >>> samples = np.arange(-19.0, 20.0).reshape(-1, 1, 1)
    >>> scores = sample_scores(samples, np.zeros((1, 1)), {"phase_days": [0.0]})
    >>> scores[["mse_dex2", "coverage_90", "width_90_dex"]].iloc[0].tolist()
    [0.0, 1.0, 36.0]
    """
    samples, truth = np.asarray(samples), np.asarray(truth, dtype=float)
    expected = tuple(len(values) for values in rows.values())
    if samples.shape[1:] != truth.shape or truth.shape[:-1] != expected:
        raise ValueError(
            f"samples: shape {samples.shape} for a truth of shape {truth.shape} and rows of shape {expected}"
        )
    return mean_scores(*pixel_scores(samples, truth, mean), rows)


def pixel_scores(samples, truth, mean=None):
    """Scores of each pixel; see `sample_scores`.

    Parameters
    ----------
    samples : ndarray, shape (S, ..., L)
    truth : ndarray, shape (..., L)
    mean : ndarray, shape (..., L), optional

    Returns
    -------
    seen : ndarray of bool, shape (..., L)
        The pixels that have scores.
    scores : dict of str to ndarray, shape (n_seen,)
        The columns of `sample_scores`, and ``error_dex``, the mean less the truth.
    """
    n_samples = len(samples)
    if 1 != n_samples < _MIN_SAMPLES:
        raise ValueError(f"samples: {n_samples}, but scores need at least {_MIN_SAMPLES}")
    counts = np.isfinite(samples).sum(0)
    seen = np.isfinite(truth) & (counts >= min(n_samples, _MIN_SAMPLES))
    counts, truth = counts[seen], truth[seen]
    # A pixel a row: sorting is quick where samples lie side by side.
    ordered = np.ascontiguousarray(samples[:, seen].T, dtype=float)
    ordered[~np.isfinite(ordered)] = np.nan
    ordered.sort(axis=1)
    scores = {name: np.full(len(truth), np.nan) for name in ("error_dex", *_COLUMNS)}
    for count in np.unique(counts):  # one, unless values are missing
        alike = counts == count
        centre = None if mean is None else mean[seen][alike]
        for name, values in _scores_of(ordered[alike, :count], truth[alike], centre).items():
            scores[name][alike] = values
    return seen, scores


def _scores_of(ordered, truth, mean):
    """Scores of pixels with S values each: `ordered` (n, S) ascends along its last axis, `truth` is (n,)."""
    n_samples, centre = ordered.shape[1], ordered.mean(1)
    error = (centre if mean is None else mean) - truth
    scores = {"error_dex": error, "mse_dex2": error**2}
    distance = np.abs(ordered - truth[:, None]).mean(1)
    if n_samples == 1:
        return scores | {"crps_dex": distance}
    pairs = ordered @ (2.0 * np.arange(1, n_samples + 1) - n_samples - 1)  # sum of x_j - x_i over i < j
    scale = ordered.std(1, ddof=1)
    scale[scale == 0] = np.nan  # no density
    scores |= {
        "crps_dex": distance - pairs / (n_samples * (n_samples - 1)),
        "log_score": stats.t.logpdf(truth, n_samples - 1, centre, scale * np.sqrt(1 + 1 / n_samples)),
    }
    for percent, coverage in _COVERAGES.items():
        low, high = interval_of_ordered(ordered, coverage)
        scores[f"coverage_{percent}"] = (low <= truth) & (truth <= high)
        scores[f"width_{percent}_dex"] = high - low
    below = (ordered < truth[:, None]).sum(1)
    open_to = (ordered <= truth[:, None]).sum(1) + 1
    edges = np.linspace(0, n_samples + 1, N_PIT_BINS + 1)
    reached = np.clip((edges[:, None] - below) / (open_to - below), 0, 1)
    return scores | dict(zip(PIT_COLUMNS, np.diff(reached, axis=0), strict=True))


def mean_scores(seen, scores, rows):
    """Means over the last axis of what `pixel_scores` gave: the table of `sample_scores`."""
    row = np.ravel_multi_index(np.nonzero(seen)[:-1], seen.shape[:-1])
    table = pd.MultiIndex.from_product(rows.values(), names=list(rows)).to_frame(index=False)
    table["n_pixels"] = np.bincount(row, minlength=len(table))
    for name in _COLUMNS:
        sums = np.bincount(row, weights=scores[name], minlength=len(table))
        table[name] = sums / np.where(table["n_pixels"] > 0, table["n_pixels"], np.nan)
    return table


def without_unit(scores):
    """The same table, its columns named without ``dex``: for scores of anything."""
    return scores.rename(columns=lambda name: name.removesuffix("_dex2").removesuffix("_dex"))


def average_scores(scores, by):
    """Scores over all pixels of some events.

    Parameters
    ----------
    scores : pandas.DataFrame
        A row an event, with ``n_pixels`` and any columns of `sample_scores`, and columns that tell groups
        apart.
    by : list of str
        Columns to group by.

    Returns
    -------
    pandas.DataFrame
        Columns `by`, ``n_pixels``, and the scores, with ``rmse_dex`` in the place of ``mse_dex2``; and of
        each coverage its standard error over events, ``coverage_90_error``.

    Examples
    --------
    The event with more pixels counts for more: (0.3² + 3 × 0.1²) / 4 = 0.03.

    >>> import pandas as pd
    >>> from snlib.evaluation import average_scores
    >>> scores = pd.DataFrame({"model": "ours", "n_pixels": [1, 3], "mse_dex2": [0.09, 0.01]})
    >>> average_scores(scores.assign(coverage_90=[0.0, 1.0]), ["model"])[["rmse_dex", "coverage_90"]].round(3)
       rmse_dex  coverage_90
    0     0.173         0.75
    """
    names = [name for name in scores if name.startswith(_MEASURES)]
    sums = scores[names].mul(scores["n_pixels"], axis=0)
    sums.insert(0, "n_pixels", scores["n_pixels"])
    sums = sums.groupby([scores[name] for name in by], sort=False).sum(min_count=1)
    sums[names] = sums[names].div(sums["n_pixels"], axis=0)
    squares = next(name for name in names if name.startswith("mse"))
    sums[squares] = np.sqrt(sums[squares])
    means = sums.rename(columns={squares: "r" + squares.removesuffix("2")}).reset_index()
    spread = scores.groupby(by, sort=False)[[name for name in names if name.startswith("coverage")]]
    errors = (spread.std() / np.sqrt(spread.count())).add_suffix("_error").reset_index()
    return means.merge(errors, on=by)


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
