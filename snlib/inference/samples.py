"""Sampled predictions of the spectra of one supernova, and their intervals."""

from dataclasses import dataclass

import numpy as np

__all__ = ["Samples", "central_interval", "interval_of_ordered"]


@dataclass(frozen=True)
class Samples:
    """Spectra drawn for one supernova.

    Attributes
    ----------
    values : ndarray, shape (S, P, L)
        log10 F_nu; NaN where a sample has no flux.  A single one is a prediction without an interval.
    mean : ndarray, shape (P, L), optional
        The mean of what they were drawn from, where it is known better than from the samples.
    """

    values: np.ndarray
    mean: np.ndarray | None = None

    def location(self):
        """The mean that was given, or that of the samples: (P, L)."""
        return self.values.mean(0) if self.mean is None else self.mean

    def summary(self):
        """Location and both ends of the 90 % interval, which are NaN for a single spectrum: three (P, L)."""
        if len(self.values) == 1:
            return self.location(), *np.full((2, *self.values.shape[1:]), np.nan)
        return self.location(), *central_interval(self.values, 0.9)


def central_interval(samples, coverage, axis=0):
    """Ends of the central interval of samples, exact for a perfect forecast whatever the number of samples.

    S samples and the truth are S + 1 exchangeable values, if the truth is one more draw from where the
    samples come from: one more draw falls below the k-th smallest sample with probability k / (S + 1).  The
    ends are interpolated between these.  (`numpy.quantile` takes the smallest sample for the quantile 0, so
    that its intervals are too narrow: of 20 samples its 90 % interval covers 82 %.)

    Parameters
    ----------
    samples : ndarray
        Any shape, with S samples along `axis`.  NaN is left out.
    coverage : float
        Of the interval, between 0 and 1.
    axis : int

    Returns
    -------
    lower, upper : ndarray of float
        Without `axis`; NaN where too many samples are left out.

    Raises
    ------
    ValueError
        If S is so small that an end lies beyond the outermost sample.

    Examples
    --------
    One more draw lies below the smallest of nineteen samples in one case of twenty.

    >>> import numpy as np
    >>> from snlib.inference import central_interval
    >>> [round(float(end), 9) for end in central_interval(np.arange(1.0, 20.0), 0.9)]
    [1.0, 19.0]
    """
    return interval_of_ordered(np.sort(np.moveaxis(samples, axis, -1), axis=-1), coverage)


def interval_of_ordered(ordered, coverage):
    """The same for samples that ascend along the last axis, NaN at its end."""
    n_samples = ordered.shape[-1]
    if not _enough(n_samples, coverage):
        raise ValueError(f"samples: {n_samples} are too few for an interval of {coverage:.0%}")
    counts = n_samples - np.isnan(ordered).sum(-1)
    ends = []
    for level in ((1 - coverage) / 2, (1 + coverage) / 2):
        place = level * (counts + 1) - 1  # counted from the smallest sample
        first = np.clip(place.astype(int), 0, np.maximum(counts - 2, 0))
        below, above = (
            np.take_along_axis(ordered, index[..., None], axis=-1)[..., 0] for index in (first, first + 1)
        )
        end = below + (place - first) * (above - below)
        ends.append(np.where(_enough(counts, coverage), end, np.nan))
    return tuple(ends)


def _enough(n_samples, coverage):
    return (1 - coverage) / 2 * (n_samples + 1) > 1 - 1e-9
