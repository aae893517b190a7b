"""Predicted spectra beside observed ones, as the observer has them."""

import numpy as np
import pandas as pd

from snlib.data.quantities import LIGHT_AA_PER_S
from snlib.evaluation.observed_scores import judged, spectrum_scores
from snlib.observed.known_spectra import at_rest

__all__ = ["beside", "score_seen"]

_MOST_DAYS = 1.0  # between an observed spectrum and the prediction that it is laid beside
_COLUMNS = ("f_lambda", "low_90_f_lambda", "high_90_f_lambda")


def beside(seen, mjd):
    """The prediction for the night of a spectrum.

    Parameters
    ----------
    seen : pandas.DataFrame
        As `snlib.observed.as_observed.write_as_observed` writes it, of one object.
    mjd : float

    Returns
    -------
    pandas.DataFrame
        The rows of the phase that is nearest.

    Raises
    ------
    ValueError
        If none is within a day.
    """
    away = (seen["mjd"] - mjd).abs()
    if away.min() > _MOST_DAYS:
        raise ValueError(f"mjd: {mjd:g} is {away.min():.1f} days from the nearest prediction")
    return seen[away == away.min()]


def score_seen(seen, spectra, redshift):
    """How well predictions agree with observed spectra, each of which may have any level.

    Parameters
    ----------
    seen : pandas.DataFrame
        As of `beside`.
    spectra : pandas.DataFrame
        A row a pixel: ``mjd``, ``wavelength`` (Å) and ``flux`` (per Å, in any unit).
    redshift : float

    Returns
    -------
    pandas.DataFrame
        A row a spectrum: ``mjd``, ``phase_days``, ``n_pixels``, ``shape_dex`` as of
        `snlib.evaluation.observed_scores.spectrum_scores`, and of the 90 % interval ``coverage_90``, once the
        levels agree, and ``width_90_dex``; and ``scale``, which brings the observed flux to the level of the
        predicted one.
    """
    rows = []
    for mjd, pixels in spectra.groupby("mjd"):
        night = beside(seen, mjd)
        observed_aa = night["wavelength_aa"].to_numpy()
        rest_aa = observed_aa / (1 + redshift)
        mean, low, high = (np.log10(night[name] * observed_aa**2 / LIGHT_AA_PER_S) for name in _COLUMNS)
        given = (pixels[name].to_numpy(dtype=float) for name in ("wavelength", "flux"))
        observed = at_rest(*given, redshift, 0.0, rest_aa)
        scores = spectrum_scores(mean.to_numpy(), observed, rest_aa)
        level = observed + scores["offset_dex"]
        use = judged(rest_aa) & np.isfinite(level) & np.isfinite(mean)
        rows.append(
            {
                "mjd": mjd,
                "phase_days": night["phase_days"].iloc[0],
                "n_pixels": scores["n_pixels"],
                "shape_dex": scores["shape_dex"],
                "coverage_90": np.mean((low <= level)[use] & (level <= high)[use]),
                "width_90_dex": np.mean((high - low)[use]),
                "scale": 10 ** scores["offset_dex"],
            }
        )
    return pd.DataFrame(rows)
