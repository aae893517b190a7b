"""When a supernova in a table was brightest, and how it stretches and colours: SALT3 fitted to its points."""

import numpy as np

from snlib.observed.apparent import FAULTS, ZERO_POINT
from snlib.observed.salt_fit import fit_salt
from snlib.observed.snana import ObservedSupernova

__all__ = ["fit_object"]

# Negative and faint fluxes are no magnitudes, but measurements that a fit can use.
_FITTED = [FAULTS.index(fault) for fault in ("", "not positive", "below five sigma")]
_UNKNOWN_ERROR = 0.05  # of the flux, where the table gives none
# The peak is looked for near a first guess, the brightest point of a filter that is bluer at rest than this:
# further to the red there is a second maximum.
_REDDEST_AA = 6500.0
_MOST_FITS, _SAME_DAYS = 4, 5.0


def fit_object(curves, index, redshift, ebv_mw, peak_mjd, surfaces):
    """Fit SALT3 to one of the light curves of a table.

    Parameters
    ----------
    curves : snlib.observed.apparent.ApparentLightCurves
    index : int
        Of the object.
    redshift, ebv_mw : float
    peak_mjd : float
        A guess; NaN if there is none.
    surfaces : path-like
        As of `snlib.observed.salt_fit.fit_salt`.

    Returns
    -------
    snlib.observed.salt_fit.SaltFit

    Raises
    ------
    ModuleNotFoundError
        If sncosmo is not installed.
    ValueError
        If the fit cannot be made; the message names the object.
    """
    rows = np.arange(len(curves.place))[curves.of_object(index)]
    rows = rows[np.isin(curves.fault[rows], _FITTED)]
    name = str(curves.object_id[index])
    if not len(rows):
        raise ValueError(f"{name}: no points for SALT3")
    passbands = {passband.name: passband for passband in curves.passbands}
    flux, error = curves.flux[rows], curves.flux_error[rows]
    measured = {
        "mjd": curves.mjd[rows],
        "filter_name": np.array([curves.passbands[band].name for band in curves.band[rows]]),
        "flux": flux,
        "flux_error": np.where(np.isnan(error), _UNKNOWN_ERROR * np.abs(flux), error),
        "zero_point": np.full(len(rows), ZERO_POINT),
    }
    guess = _brightest(curves, rows, redshift) if np.isnan(peak_mjd) else peak_mjd
    for _ in range(_MOST_FITS):
        given = (name, redshift, redshift, 0.0, ebv_mw, guess)
        fit = fit_salt(ObservedSupernova(*given, **measured, spectra=()), passbands, surfaces)
        if abs(fit.peak_mjd - guess) < _SAME_DAYS:
            break
        guess = fit.peak_mjd  # near the end of what was allowed
    return fit


def _brightest(curves, rows, redshift):
    """The date of the brightest point in a blue filter, or in any if there is none."""
    centres = np.array([passband.effective_wavelength_aa for passband in curves.passbands])
    blue = rows[centres[curves.band[rows]] / (1 + redshift) < _REDDEST_AA]
    among = blue if len(blue) else rows
    return curves.mjd[among[np.argmax(curves.flux[among])]]
