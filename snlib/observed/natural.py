"""Filters of surveys that give magnitudes in systems of their own, and what these are in the AB system.

No package that is kept well holds the curves of these filters.  In their place stands a curve of the package
speclite, moved and stretched to the same mean wavelength and width.  Mean, width and zero point were measured
on the calibration files of the training set of SALT3 (Taylor et al. 2023, MNRAS 520, 5209).  On spectra of
SALT3 from -10 to +30 d at redshifts up to 0.1, magnitudes are within 0.017 mag (rms) of those through the
measured curves, in u of CSP within 0.03 mag.
"""

from dataclasses import dataclass

import numpy as np
from speclite.filters import load_filter

from snlib.observed.kcor import Passband

__all__ = ["NATURAL_FILTERS", "ab_offset", "natural_passband"]


@dataclass(frozen=True)
class _Filter:
    like: str  # which of speclite's
    mean_aa: float
    width_aa: float  # root mean square about the mean
    offset: float  # an AB magnitude is one in the filter's own system less this


_FILTERS = {
    # Carnegie Supernova Project, Swope telescope; V0 and V1 were used early in 2006 and before
    "csp-u": _Filter("bessell-U", 3629, 165.7, 0.075),
    "csp-g": _Filter("cfht_megacam-g", 4794, 432.0, 0.029),
    "csp-r": _Filter("panstarrs-r", 6240, 392.5, 0.010),
    "csp-i": _Filter("sdss2010-i", 7631, 403.2, -0.020),
    "csp-B": _Filter("bessell-B", 4406, 346.4, 0.124),
    "csp-V": _Filter("bessell-V", 5389, 306.0, 0.008),
    "csp-V0": _Filter("bessell-V", 5422, 323.3, 0.013),
    "csp-V1": _Filter("bessell-V", 5388, 332.7, 0.006),
    # CfA, Keplercam and 4Shooter2
    "keplercam-U": _Filter("bessell-U", 3562, 219.0, -0.775),
    "keplercam-B": _Filter("bessell-B", 4382, 366.2, 0.086),
    "keplercam-V": _Filter("bessell-V", 5440, 351.3, 0.012),
    "keplercam-r": _Filter("sdss2010-r", 6263, 441.7, 0.012),
    "keplercam-i": _Filter("sdss2010-i", 7629, 438.0, -0.002),
    "4shooter-U": _Filter("bessell-U", 3562, 219.0, -0.775),
    "4shooter-B": _Filter("bessell-B", 4358, 362.7, 0.049),
    "4shooter-V": _Filter("bessell-V", 5418, 346.2, 0.009),
    "4shooter-R": _Filter("bessell-R", 6558, 651.4, -0.186),
    "4shooter-I": _Filter("bessell-I", 8020, 470.7, -0.409),
    # Johnson's and Cousins' system of Landolt's standard stars, in which Vega is of 0.03 mag
    "landolt-U": _Filter("bessell-U", 3562, 219.0, -0.775),
    "landolt-B": _Filter("bessell-B", 4393, 352.9, 0.146),
    "landolt-V": _Filter("bessell-V", 5492, 357.6, 0.017),
    "landolt-R": _Filter("bessell-R", 6545, 627.1, -0.162),
    "landolt-I": _Filter("bessell-I", 8045, 463.3, -0.408),
}
#: Names of these filters.
NATURAL_FILTERS = tuple(_FILTERS)


def ab_offset(name):
    """What is to be taken from a magnitude in a filter's own system to get an AB magnitude.

    Parameters
    ----------
    name : str
        One of `NATURAL_FILTERS`, or another, whose magnitudes are AB already.

    Returns
    -------
    float
    """
    return _FILTERS[name].offset if name in _FILTERS else 0.0


def natural_passband(name):
    """The curve that stands for a filter.

    Parameters
    ----------
    name : str
        One of `NATURAL_FILTERS`.

    Returns
    -------
    snlib.observed.kcor.Passband
        In AB magnitudes.
    """
    wanted = _FILTERS[name]
    curve = load_filter(wanted.like)
    wavelength, response = np.asarray(curve.wavelength), np.asarray(curve.response)
    weight = response / np.trapezoid(response, wavelength)
    mean = np.trapezoid(weight * wavelength, wavelength)
    width = np.sqrt(np.trapezoid(weight * (wavelength - mean) ** 2, wavelength))
    moved = wanted.mean_aa + (wavelength - mean) * wanted.width_aa / width
    return Passband(name, moved, response, 0.0)
