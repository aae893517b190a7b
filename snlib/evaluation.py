"""How good predicted spectra are: the metrics of Figure 4."""

import numpy as np
import pandas as pd

__all__ = ["compare_metrics", "spectrum_metrics"]


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
    truth, observed = spectra.log10_fnu, spectra.observed
    inside = (truth >= posterior.lower) & (truth <= posterior.upper)
    rows = []
    for index, phase in enumerate(spectra.phase_days):
        at = (slice(None), index)
        seen = observed[at]
        rows.append(
            {
                "phase_days": float(phase),
                "rmse_dex": float(np.sqrt(np.mean((posterior.mean[at] - truth[at])[seen] ** 2))),
                "coverage_90": float(inside[at][seen].mean()),
                "width_90_dex": float((posterior.upper - posterior.lower)[at][seen].mean()),
            }
        )
    return pd.DataFrame(rows)


def compare_metrics(posteriors, spectra):
    """The metrics of several models in one table.

    Parameters
    ----------
    posteriors : dict of (str, str) to SpectrumPosterior
        By model and kind of interval.
    spectra : Spectra
        The truth.

    Returns
    -------
    pandas.DataFrame
        Columns ``model, interval`` and those of `spectrum_metrics`.
    """
    tables = []
    for (model, interval), posterior in posteriors.items():
        table = spectrum_metrics(posterior, spectra)
        table.insert(0, "model", model)
        table.insert(1, "interval", interval)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)
