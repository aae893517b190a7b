"""From ten parsecs to the telescope: redshift, distance and the dust of the Milky Way."""

import numpy as np

from snlib.data.quantities import LIGHT_AA_PER_S
from snlib.observed.dust import extinction_mag

__all__ = ["distance_modulus_at", "observer_frame"]


def distance_modulus_at(redshift):
    """The distance modulus of a redshift in the cosmology of Planck (2020, A&A 641, A6).

    Peculiar velocities are not known here: 300 km/s are 0.2 mag at a redshift of 0.01.

    Parameters
    ----------
    redshift : float or ndarray
        Positive.

    Returns
    -------
    float or ndarray
        Magnitudes.
    """
    from astropy.cosmology import Planck18

    return Planck18.distmod(redshift).value


def observer_frame(wavelength_aa, log10_fnu, redshift, distance_modulus, ebv_mw=0.0):
    """Spectra as a telescope sees them: the way back from what ``snlib predict`` writes.

    Parameters
    ----------
    wavelength_aa : ndarray, shape (L,)
        In the rest frame.
    log10_fnu : ndarray, shape (..., L)
        log10 of erg/s/cm^2/Hz at 10 pc; -inf where there is no flux.
    redshift, distance_modulus : float
    ebv_mw : float
        Reddening by the Milky Way, in magnitudes.

    Returns
    -------
    wavelength_aa : ndarray, shape (L,)
        Of the observer.
    f_lambda : ndarray, shape (..., L)
        erg/s/cm^2/Å.

    Raises
    ------
    ModuleNotFoundError
        If there is reddening, and the package dust_extinction is not installed.

    Examples
    --------
    Without redshift, a distance modulus of five magnitudes is a factor of a hundred.

    >>> import numpy as np
    >>> from snlib.observed import observer_frame
    >>> wavelength_aa, log10_fnu = np.array([5000.0]), np.array([-12.0])
    >>> near, far = (observer_frame(wavelength_aa, log10_fnu, 0.0, modulus)[1] for modulus in (0, 5))
    >>> print(near / far)
    [100.]
    """
    stretch = 1 + redshift
    observed_aa = stretch * np.asarray(wavelength_aa, dtype=float)
    fainter_mag = distance_modulus + extinction_mag(observed_aa, ebv_mw)
    fnu = stretch * 10.0 ** (np.asarray(log10_fnu, dtype=float) - 0.4 * fainter_mag)
    return observed_aa, fnu * LIGHT_AA_PER_S / observed_aa**2
