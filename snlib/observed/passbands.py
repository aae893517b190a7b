"""The filters of telescopes by the names that tables give them, and magnitudes through them.

Their curves are those that the package speclite holds, or made from these (`snlib.observed.natural`).  For
g and r of ZTF there are boxes between the wavelengths where these filters let half of their light through:
on SALT3 spectra from -10 to +30 d and at redshifts of 0.02 and 0.08, magnitudes through them are within
9 mmag of those through the measured curves.
"""

import re
from functools import cache

import numpy as np
from speclite.filters import load_filter

from snlib.data.band_names import band_index
from snlib.data.quantities import BANDS, LIGHT_AA_PER_S
from snlib.observed.kcor import Passband
from snlib.observed.natural import NATURAL_FILTERS, natural_passband

__all__ = ["ab_magnitudes", "find_passband"]

_IN_SPECLITE = re.compile(r"\w+-\w+", re.ASCII)
_ONE_LETTER = re.compile(r"[A-Za-z]'*")
# What people call the systems that speclite has under another name; a band follows.
_SYSTEMS = {
    **dict.fromkeys(("sdss",), "sdss2010"),
    **dict.fromkeys(("decam", "des"), "decam2014"),
    **dict.fromkeys(("bessell", "bessel"), "bessell"),
    **dict.fromkeys(("panstarrs1", "panstarrs", "pan-starrs", "ps1"), "panstarrs"),
    **dict.fromkeys(("hsc",), "hsc2017"),
    **dict.fromkeys(("megacam", "cfht"), "cfht_megacam"),
}
_HINTS = ("bessell", "sdss2010", "decam2014", "twomass")
_SPELLED = re.compile(rf"({'|'.join(_SYSTEMS)})[-_.:/ ]*(\w+)", re.IGNORECASE)
_ZTF = re.compile(r"(?:ztf[-_.:/ ]*|z)([gr])", re.IGNORECASE)
_ZTF_HALF_POWER_AA = {"g": (4146.0, 5466.0), "r": (5654.0, 7206.0)}
_LEAST_COVERED = 0.99  # of a filter, by a spectrum


@cache
def find_passband(name):
    """The filter that a name means.

    Parameters
    ----------
    name : str
        One of speclite's, such as "sdss2010-g", "bessell-V", "decam2014-z" or "panstarrs-i"; one of
        `snlib.observed.natural.NATURAL_FILTERS`, such as "csp-B"; the system and the band as others write
        them, such as "ps1::g", "SDSS r", "desi" or "ztfr"; or a small letter for a filter of Rubin's LSST, as
        in `snlib.data.band_names.band_index`.

    Returns
    -------
    snlib.observed.kcor.Passband or None
        In AB magnitudes; None if it is not known.

    Raises
    ------
    ValueError
        If it is another letter alone; the message says how to name the system.
    """
    if name in NATURAL_FILTERS:
        return natural_passband(name)
    if _IN_SPECLITE.fullmatch(name) and (curve := _of_speclite(name)):
        return curve
    if (index := band_index(name)) >= 0:
        return _of_speclite(f"lsst2016-{BANDS[index]}")
    if match := _ZTF.fullmatch(name):
        return _box(f"ztf-{match[1].lower()}", *_ZTF_HALF_POWER_AA[match[1].lower()])
    if match := _SPELLED.fullmatch(name):
        spellings = (match[2], match[2].lower(), match[2].upper())
        found = (_of_speclite(f"{_SYSTEMS[match[1].lower()]}-{band}") for band in spellings)
        return next((curve for curve in found if curve), None)
    if _ONE_LETTER.fullmatch(name):
        raise ValueError(f"{name!r} alone names no system, expected a filter such as {_of_any(name[0])}")
    return None


def _of_any(letter):
    """Names of filters with this letter, for a message."""
    names = (f"{system}-{band}" for system in _HINTS for band in (letter.upper(), letter.lower()))
    return " or ".join(name for name in names if _of_speclite(name)) or "sdss2010-g"


def _of_speclite(name):
    try:
        curve = load_filter(name)
    except ValueError:
        return None
    return Passband(name, np.asarray(curve.wavelength), np.asarray(curve.response), 0.0)


def _box(name, blue, red):
    return Passband(name, np.array([blue - 1, blue + 1, red - 1, red + 1]), np.array([0.0, 1, 1, 0]), 0.0)


def ab_magnitudes(wavelength_aa, f_lambda, passband):
    """AB magnitudes of spectra through a filter.

    Parameters
    ----------
    wavelength_aa : ndarray, shape (L,)
        Ascending, in steps that are small beside the filter.
    f_lambda : ndarray, shape (P, L)
        erg/s/cm^2/Å.
    passband : snlib.observed.kcor.Passband

    Returns
    -------
    ndarray, shape (P,)
        NaN where a spectrum has no flux at more than a hundredth of the filter.
    """
    curve = np.interp(wavelength_aa, passband.wavelength_aa, passband.transmission, left=0, right=0)
    received = np.trapezoid(f_lambda * curve * wavelength_aa, wavelength_aa)
    maggies = received / np.trapezoid(curve * LIGHT_AA_PER_S / wavelength_aa, wavelength_aa)
    covered = np.trapezoid(np.where(f_lambda > 0, curve, 0.0), wavelength_aa)
    enough = covered >= _LEAST_COVERED * np.trapezoid(passband.transmission, passband.wavelength_aa)
    return -2.5 * np.log10(np.where(enough, maggies, np.nan)) - 48.6
