"""Spectra as the paper takes them from an SED surface."""

import numpy as np
from scipy.ndimage import median_filter

from snlib.data.quantities import SPECTRUM_PHASES_DAYS

__all__ = ["SPECTRUM_RANGE_AA", "extract_spectra", "observe_spectra"]

SPECTRUM_RANGE_AA = (3000.0, 8000.0)
_FILTER_PIXELS = 3
_LONGEST_STEP_DAYS = 1.5


def extract_spectra(surface):
    """Take the spectra at -10, 0, 10, 20 and 30 d, from 3000 to 8000 Å ("Data" in the paper).

    Parameters
    ----------
    surface : Surface

    Returns
    -------
    wavelength_aa : ndarray, shape (L,)
        The surface's own pixels.
    log10_fnu : ndarray, shape (5, L)
        At the nearest step of the simulation, see `observe_spectra`; all NaN where that is before
        its first one.

    Raises
    ------
    ValueError
        If the simulation ends before the last phase, leaves out a phase or has no pixel in the range.
    """
    steps = surface.phase_days
    nearest = np.abs(steps[:, None] - SPECTRUM_PHASES_DAYS).argmin(0)
    away = np.abs(steps[nearest] - SPECTRUM_PHASES_DAYS) > _LONGEST_STEP_DAYS / 2
    early = steps[0] > SPECTRUM_PHASES_DAYS
    if (away & ~early).any():
        phase = SPECTRUM_PHASES_DAYS[away & ~early][0]
        raise ValueError(
            f"{surface.object_id}: no step near {phase:+g} d, it has {steps[0]:.1f} to {steps[-1]:.1f} d"
        )
    blue, red = SPECTRUM_RANGE_AA
    pixels = (surface.wavelength_aa >= blue) & (surface.wavelength_aa <= red)
    if not pixels.any():
        raise ValueError(f"{surface.object_id}: no pixel in {blue:g} to {red:g} Å")
    log10_fnu = np.where((away & early)[:, None], -np.inf, surface.log10_fnu[nearest])
    return surface.wavelength_aa[pixels], observe_spectra(log10_fnu[:, pixels])


def observe_spectra(log10_fnu):
    """Median-filter spectra along wavelength; pixels without flux become NaN.

    Parameters
    ----------
    log10_fnu : ndarray, shape (..., L)
        Spectra; -inf where the flux is zero.

    Returns
    -------
    ndarray, shape (..., L)
        Filtered over 3 pixels ("median filter with bandwidth 3", Section 3).
    """
    size = (1,) * (log10_fnu.ndim - 1) + (_FILTER_PIXELS,)
    filtered = median_filter(log10_fnu, size=size, mode="nearest")
    return np.where(np.isfinite(filtered) & np.isfinite(log10_fnu), filtered, np.nan)
