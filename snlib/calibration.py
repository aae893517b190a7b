"""Whether sampled predictions mean what they say, and the light step after which they do."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

__all__ = ["PIT_COLUMNS", "Recalibration", "average_sample_scores", "reliability", "sample_scores"]

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
    """Scores over all pixels of some events; compare `snlib.evaluation.average_scores`.

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


_LEVELS = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99])
# Bins of |u| that are .7 % wide; quantiles are linear within.
_DECADES, _BINS_PER_DECADE = (-3, 3), 333
_N_BINS = (_DECADES[1] - _DECADES[0]) * _BINS_PER_DECADE
_EDGES = np.append(0.0, 10.0 ** (_DECADES[0] + np.arange(1, _N_BINS + 1) / _BINS_PER_DECADE))


@dataclass(frozen=True)
class Recalibration:
    """A map of standardised distances, phase by phase, that makes sampled predictions cover as they say.

    With u the distance of a value from the samples' mean in units of their standard deviation, pixel by
    pixel, the map takes quantiles of |u| of the samples to those of the truth.  It is odd and
    monotone: linear between the quantiles, proportional beyond the last, and ranks are kept, and with
    them the correlation between pixels and phases.  Between phases the quantiles are linear, outside
    constant.

    Attributes
    ----------
    phase_days : ndarray, shape (P,)
        Ascending.
    sample_quantiles, truth_quantiles : ndarray, shape (P, K)
        Quantiles of |u|, ascending.
    """

    phase_days: np.ndarray
    sample_quantiles: np.ndarray
    truth_quantiles: np.ndarray

    def __post_init__(self):
        shape = self.sample_quantiles.shape
        if self.phase_days.ndim != 1 or (np.diff(self.phase_days) <= 0).any():
            raise ValueError("phase_days: not an ascending row of numbers")
        for name in ("sample_quantiles", "truth_quantiles"):
            values = getattr(self, name)
            if values.shape != shape or shape[:-1] != self.phase_days.shape:
                raise ValueError(f"{name}: shape {values.shape} for {len(self.phase_days)} phases")
            if not (np.isfinite(values).all() and (values > 0).all() and (np.diff(values) >= 0).all()):
                raise ValueError(f"{name}: not positive, finite and ascending")

    @classmethod
    def fit(cls, predictions, phase_days):
        """Fit the map to predictions of events that the model was not fitted to.

        These must be held out of the training side, never test events.  Pixels of one spectrum go
        together, so that n events count as n cases, not as n times L: levels of the truth's quantiles
        are raised by (n + 1) / n, as in split conformal prediction, and those beyond which there is less
        than one event are left out (.9 takes 19 events, .99 takes 199).  One map serves all wavelengths
        of a phase; what it promises is coverage on average over them.

        Parameters
        ----------
        predictions : iterable of (ndarray of shape (S, P, L), ndarray of shape (P, L))
            Samples and truth (NaN where not observed) of one event after the other; only histograms are
            kept.
        phase_days : ndarray, shape (P,)
            Ascending.

        Raises
        ------
        ValueError
            If fewer than two events are observed at a phase, which the message names, or samples do not
            vary or are not finite.
        """
        phase_days = np.asarray(phase_days, dtype=float)
        of_samples, of_truth = np.zeros((2, len(phase_days), _N_BINS))
        n_events = np.zeros(len(phase_days))
        for samples, truth in predictions:
            if samples.shape[1:] != truth.shape or len(truth) != len(phase_days):
                raise ValueError(
                    f"samples: shape {samples.shape} for a truth of shape {truth.shape} "
                    f"at {len(phase_days)} phases"
                )
            n, (mean, scale) = len(samples), _moments(samples)
            # A sample takes part in its mean and scale, the truth does not: this makes them alike.
            own = np.sqrt((n + 1) / (n - 1))
            for p, seen in enumerate(np.isfinite(truth)):
                n_events[p] += seen.any()
                of_samples[p] += _histogram(own * ((samples[:, p] - mean[p]) / scale[p])[:, seen])
                of_truth[p] += _histogram(((truth[p] - mean[p]) / scale[p])[seen])
        if (n_events < 2).any():
            raise ValueError(f"truth: fewer than two events are observed at {phase_days[n_events < 2]} days")
        pairs = [_quantile_pair(*phase) for phase in zip(of_samples, of_truth, n_events, strict=True)]
        return cls(phase_days, *map(np.array, zip(*pairs, strict=True)))

    def apply(self, samples, phase_days, moments=None):
        """Recalibrate the samples of one event.

        Parameters
        ----------
        samples : ndarray, shape (S, P, L)
        phase_days : ndarray, shape (P,)
            Of the samples; any.
        moments : (ndarray, ndarray), optional
            Mean and standard deviation, each (P, L), of what the samples were drawn from, where they are
            known; the samples' own by default.

        Returns
        -------
        ndarray, shape (S, P, L)
            Of the samples' type.
        """
        mean, scale = _moments(samples) if moments is None else moments
        result = np.empty_like(samples)
        for p, phase in enumerate(np.asarray(phase_days, dtype=float)):
            result[:, p] = mean[p] + scale[p] * self.stretch((samples[:, p] - mean[p]) / scale[p], phase)
        return result

    def stretch(self, u, phase_days):
        """The map itself: standardised distances at one phase, of any shape, to calibrated ones."""
        ours, theirs = (
            np.array([0.0, *(np.interp(phase_days, self.phase_days, column) for column in quantiles.T)])
            for quantiles in (self.sample_quantiles, self.truth_quantiles)
        )
        distance = np.abs(u)
        beyond = np.maximum(distance / ours[-1], 1)
        return np.copysign(np.interp(distance, ours, theirs) * beyond, u)

    def to_dict(self):
        """The map as lists, for JSON."""
        return {name: values.tolist() for name, values in vars(self).items()}

    @classmethod
    def from_dict(cls, content):
        """The map that `to_dict` wrote.

        Raises
        ------
        ValueError
            If a field is missing or holds no valid numbers; the message names it.
        """
        fields = ("phase_days", "sample_quantiles", "truth_quantiles")
        missing = [name for name in fields if name not in content]
        if missing:
            raise ValueError(f"recalibration: field {missing[0]!r} is missing")
        return cls(*(np.array(content[name], dtype=float) for name in fields))


def _moments(samples):
    mean, scale = samples.mean(0, dtype=float), samples.std(0, ddof=1, dtype=float)
    if not ((scale > 0) & np.isfinite(scale)).all():
        raise ValueError("samples: not finite or all the same in some pixel, so that there is no scale")
    return mean, scale


def _histogram(u):
    place = (np.log10(np.maximum(np.abs(u), _EDGES[1] / 2)) - _DECADES[0]) * _BINS_PER_DECADE
    return np.bincount(np.clip(place.astype(int), 0, _N_BINS - 1).ravel(), minlength=_N_BINS)


def _quantile_pair(of_samples, of_truth, n_events):
    """Quantiles of |u| of samples and truth at one phase, from their histograms."""
    ours = _histogram_quantiles(of_samples, _LEVELS)
    raised = _LEVELS * (n_events + 1)  # in events
    known = raised <= n_events - 1 + 1e-9
    theirs = _histogram_quantiles(of_truth, raised[known] / n_events)
    return ours, np.append(theirs, theirs[-1] / ours[known][-1] * ours[~known])


def _histogram_quantiles(counts, levels):
    occupied = np.flatnonzero(counts)
    reached = np.cumsum(counts[occupied]) / counts.sum()
    # From the lower end of the first bin; then the upper end of each that holds something.
    return np.interp(levels, np.append(0.0, reached), np.append(_EDGES[occupied[0]], _EDGES[occupied + 1]))
