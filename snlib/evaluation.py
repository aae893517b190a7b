"""How good predicted spectra are: the metrics of Figure 4, event by event and averaged."""

import numpy as np
import pandas as pd

__all__ = ["average_scores", "curves", "event_scores", "spectrum_metrics"]


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
