"""The dust of the Milky Way, before every supernova."""

import numpy as np

__all__ = ["extinction_mag"]

_R_V = 3.1


def extinction_mag(wavelength_aa, ebv_mw):
    """How much fainter the dust makes light: the law of Fitzpatrick (1999, PASP 111, 63) with R_V = 3.1.

    Parameters
    ----------
    wavelength_aa : ndarray, shape (L,)
        Of the observer, from 1000 to 33000 Å.
    ebv_mw : float
        The reddening E(B-V).

    Returns
    -------
    ndarray, shape (L,)
        Magnitudes.

    Raises
    ------
    ModuleNotFoundError
        If there is reddening, and the package dust_extinction is not installed.
    """
    if ebv_mw == 0:
        return np.zeros(np.shape(wavelength_aa))
    from astropy import units

    try:
        from dust_extinction.parameter_averages import F99
    except ModuleNotFoundError:
        message = "reddening needs the package dust_extinction: pip install dust_extinction"
        raise ModuleNotFoundError(message) from None
    return _R_V * ebv_mw * F99(Rv=_R_V)(np.asarray(wavelength_aa, dtype=float) * units.AA)
