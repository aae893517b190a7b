"""The light step after which sampled predictions cover what they say."""

from dataclasses import dataclass

import numpy as np

from snlib.files.guard import number_array

__all__ = ["Recalibration"]

_LEVELS = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99])
# Bins of |u| that are .7 % wide; quantiles are linear within.
_DECADES, _BINS_PER_DECADE = (-3, 3), 333
_N_BINS = (_DECADES[1] - _DECADES[0]) * _BINS_PER_DECADE
_EDGES = np.append(0.0, 10.0 ** (_DECADES[0] + np.arange(1, _N_BINS + 1) / _BINS_PER_DECADE))


@dataclass(frozen=True)
class Recalibration:
    """A map of standardised distances, phase by phase, that makes sampled predictions cover as they say.

    With u the distance of a value from the samples' mean in units of their standard deviation, pixel by
    pixel, the map takes quantiles of ``|u|`` of the samples to those of the truth.  It is odd and
    monotone: linear between the quantiles, proportional beyond the last, and ranks are kept, and with
    them the correlation between pixels and phases.  Between phases the quantiles are linear, outside
    constant.

    Attributes
    ----------
    phase_days : ndarray, shape (P,)
        Ascending.
    sample_quantiles, truth_quantiles : ndarray, shape (P, K)
        Quantiles of ``|u|``, ascending.

    Raises
    ------
    ValueError
        If an array has another shape, is not finite or does not ascend, or a quantile is not positive; the
        message names it.
    """

    phase_days: np.ndarray
    sample_quantiles: np.ndarray
    truth_quantiles: np.ndarray

    def __post_init__(self):
        if self.phase_days.ndim != 1 or not len(self.phase_days):
            raise ValueError("phase_days: not a row of numbers")
        if not (np.isfinite(self.phase_days).all() and (np.diff(self.phase_days) > 0).all()):
            raise ValueError("phase_days: not finite and ascending")
        shape = self.sample_quantiles.shape
        for name in ("sample_quantiles", "truth_quantiles"):
            values = getattr(self, name)
            if values.shape != shape or len(shape) != 2 or shape[:1] != self.phase_days.shape or not shape[1]:
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
            Samples and truth of one event after the other, NaN where not observed; only histograms are kept.
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
            n, (mean, scale) = np.isfinite(samples).sum(0), _moments(samples)
            # A sample takes part in its mean and scale, the truth does not: this makes them alike.
            own = np.sqrt((n + 1) / (n - 1))
            for p, seen in enumerate(np.isfinite(truth)):
                n_events[p] += seen.any()
                of_samples[p] += _histogram((own[p] * ((samples[:, p] - mean[p]) / scale[p]))[:, seen])
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
            If a field is unknown, missing or holds no valid numbers; the message names it.
        """
        axes = {"phase_days": 1, "sample_quantiles": 2, "truth_quantiles": 2}
        if not isinstance(content, dict) or set(content) != set(axes):
            raise ValueError(f"recalibration: expected the fields {', '.join(axes)}")
        return cls(*(number_array(name, content[name], n_dim) for name, n_dim in axes.items()))


def _moments(samples):
    """Mean and standard deviation of the samples that have a value."""
    samples = np.asarray(samples, dtype=float)
    mean, scale = np.nanmean(samples, 0), np.nanstd(samples, 0, ddof=1)
    if not ((scale > 0) & np.isfinite(scale)).all():
        raise ValueError("samples: not finite or all the same in some pixel, so that there is no scale")
    return mean, scale


def _histogram(u):
    u = u[np.isfinite(u)]
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
