"""Spectra as the paper takes them from an SED surface."""

import numpy as np
from scipy.ndimage import median_filter

__all__ = ["observe_spectra"]

_FILTER_PIXELS = 3


def observe_spectra(log10_fnu):
    """Median-filter spectra along wavelength; pixels without flux become NaN.

    Parameters
    ----------
    log10_fnu : ndarray, shape (..., L)
        Noise-free spectra; -inf where the flux is zero.

    Returns
    -------
    ndarray, shape (..., L)
        Filtered over 3 pixels ("median filter with bandwidth 3", Section 3).
    """
    size = (1,) * (log10_fnu.ndim - 1) + (_FILTER_PIXELS,)
    filtered = median_filter(log10_fnu, size=size, mode="nearest")
    return np.where(np.isfinite(filtered) & np.isfinite(log10_fnu), filtered, np.nan)
