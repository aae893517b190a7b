"""AB magnitudes of spectra through Rubin's filters."""

from functools import lru_cache

import numpy as np
from speclite.filters import load_filter

from snlib.data.quantities import BANDS, LIGHT_AA_PER_S

__all__ = ["band_magnitudes", "filter_weights"]


def band_magnitudes(wavelength_aa, log10_fnu):
    """Absolute AB magnitudes of spectra through the six LSST filters.

    Filter curves: `lsst2016` of speclite (https://speclite.readthedocs.io), within 17 mmag of
    those of the paper on a supernova spectrum. Between wavelengths F_lambda is linear.

    Parameters
    ----------
    wavelength_aa : ndarray, shape (L,)
        Ascending.
    log10_fnu : ndarray, shape (..., L)
        log10 of erg/s/cm^2/Hz at 10 pc; -inf where there is no flux.

    Returns
    -------
    ndarray, shape (..., 6)
        In the order of `snlib.data.quantities.BANDS`; NaN, not observed, where a filter receives no flux.

    Raises
    ------
    ValueError
        If the wavelengths do not cover a filter, which the message names, or do not fit the spectra.

    Examples
    --------
    The zero point of AB magnitudes is 10^(-48.6 / 2.5) erg/s/cm^2/Hz in every band.

    >>> import numpy as np
    >>> from snlib.simulation import band_magnitudes
    >>> wavelength_aa = np.arange(3000.0, 11500.0)
    >>> magnitudes = band_magnitudes(wavelength_aa, np.full(wavelength_aa.shape, -48.6 / 2.5))
    >>> bool(np.allclose(magnitudes, 0, atol=1e-3))
    True
    """
    wavelength_aa = np.asarray(wavelength_aa, dtype=float)
    if wavelength_aa.shape != log10_fnu.shape[-1:]:
        raise ValueError(f"log10_fnu: shape {log10_fnu.shape} for {wavelength_aa.shape} wavelengths")
    fnu = 10.0 ** np.asarray(log10_fnu, dtype=float)
    weights = filter_weights(wavelength_aa, BANDS, per_frequency=True)
    maggies = np.stack([fnu[..., inside] @ weight for inside, weight in weights], axis=-1)
    return -2.5 * np.log10(np.where(maggies > 0, maggies, np.nan))


def filter_weights(wavelength_aa, bands, per_frequency):
    """Maggies through some filters, as weights of the flux at each wavelength.

    Maggies are linear in the flux, so that speclite is asked once, for each wavelength's own share.

    Parameters
    ----------
    wavelength_aa : ndarray, shape (L,)
        Ascending.
    bands : sequence of str
        In `snlib.data.quantities.BANDS`.
    per_frequency : bool
        Of F_nu; if false, of F_lambda.

    Returns
    -------
    list of (slice, ndarray)
        Of each filter, the wavelengths within, and the weight of the flux at each of them.

    Raises
    ------
    ValueError
        If the wavelengths do not cover a filter, which the message names.
    """
    return [_filter_weights(wavelength_aa.tobytes(), band, per_frequency) for band in bands]


@lru_cache(maxsize=48)
def _filter_weights(wavelength_bytes, band, per_frequency):
    wavelength_aa = np.frombuffer(wavelength_bytes)
    response = load_filter(f"lsst2016-{band}")
    blue, red = response.wavelength[[0, -1]]
    if wavelength_aa[0] > blue or wavelength_aa[-1] < red:
        raise ValueError(
            f"filter lsst2016-{band} needs {blue:.0f}-{red:.0f} Å, "
            f"but the wavelengths span {wavelength_aa[0]:.0f}-{wavelength_aa[-1]:.0f} Å"
        )
    # The bins that hold the filter's ends count too: flux is interpolated within them.
    first = np.searchsorted(wavelength_aa, blue, side="right") - 1
    inside = slice(first, np.searchsorted(wavelength_aa, red) + 1)
    flambda = (
        LIGHT_AA_PER_S / wavelength_aa[inside] ** 2 if per_frequency else np.ones_like(wavelength_aa[inside])
    )
    return inside, response.get_ab_maggies(np.diag(flambda), wavelength_aa[inside])
