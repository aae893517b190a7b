"""The Monte Carlo noise of a radiative-transfer model: photon packets counted in pixels.

Sedona follows packets of equal energy (Kasen, Thomas & Nugent 2006).  If the energy that
radioactive decay sets free is shared among a fixed number of them, a packet's energy goes with the
mass of nickel-56, and a pixel of a daily spectrum counts a Poisson number of packets with mean

N(t, ν) = k(t) F_ν Δν / m_Ni.

The pixel noise of the published spectra follows this law in flux, wavelength and nickel mass; only
k(t) is fitted.  It grows towards peak, since early light is carried by packets from early decays.
"""

import numpy as np
from scipy.ndimage import gaussian_filter1d, median_filter, uniform_filter1d

from snlib.data.quantities import LIGHT_AA_PER_S
from snlib.random_streams import stream
from snlib.simulation.spectra import observe_spectra

__all__ = ["fit_log10_packets", "log10_packets_per_flux", "pixel_variance", "with_packet_noise"]

_SMOOTHING_PIXELS = 8.0
_ITERATIONS = 10


def _log10_bandwidth(wavelength_aa):
    """Log10 of the width of each pixel in Hz."""
    return np.log10(LIGHT_AA_PER_S * np.gradient(np.log(wavelength_aa)) / wavelength_aa)


def log10_packets_per_flux(wavelength_aa, ni56_mass_msun, log10_packets):
    """Log10 of N / F_nu, the expected number of packets in each pixel over its flux.

    Parameters
    ----------
    wavelength_aa : ndarray, shape (L,)
        Å, ascending.
    ni56_mass_msun : float
        Solar masses.
    log10_packets : ndarray, shape (T,)
        log10 k of each spectrum: packets per erg/s/cm^2 at 10 pc, times the nickel mass.

    Returns
    -------
    ndarray, shape (T, L)
    """
    return log10_packets[:, None] + _log10_bandwidth(wavelength_aa) - np.log10(ni56_mass_msun)


def with_packet_noise(log10_fnu, wavelength_aa, ni56_mass_msun, log10_packets, rng):
    """Replace each pixel's expected number of packets by a random one.

    Parameters
    ----------
    log10_fnu : ndarray, shape (T, L)
        Noise-free daily spectra; log10 of erg/s/cm^2/Hz at 10 pc.
    wavelength_aa, ni56_mass_msun, log10_packets
        See `log10_packets_per_flux`.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray, shape (T, L)
        -inf where no packet arrived.
    """
    per_flux = log10_packets_per_flux(wavelength_aa, ni56_mass_msun, log10_packets)
    packets = rng.poisson(10.0 ** (log10_fnu + per_flux))
    with np.errstate(divide="ignore"):
        return np.log10(packets) - per_flux


def fit_log10_packets(events):
    """Fit k(t) to the pixel noise of spectra.

    For each phase the noise of real spectra is compared with that of their smoothed selves with
    packet noise, after the same median filter.

    Parameters
    ----------
    events : Events
        Real models.

    Returns
    -------
    ndarray, shape (P,)
        log10 k at the phases of the spectra.
    """
    spectra, nickel = events.spectra, events.parameters[:, 2]
    wavelength = spectra.wavelength_aa
    expected = _expected(spectra.log10_fnu)
    return np.array(
        [
            _fit_phase(spectra.log10_fnu[:, p], expected[:, p], wavelength, nickel)
            for p in range(len(spectra.phase_days))
        ]
    )


def _fit_phase(observed, expected, wavelength_aa, nickel):
    target = _median_log_variance(observed)
    log10_packets = 0.0 - _log10_bandwidth(wavelength_aa).mean() - np.median(expected) + 2  # some 100 a pixel
    for _ in range(_ITERATIONS):
        noisy = [
            with_packet_noise(fnu[None], wavelength_aa, mass, np.array([log10_packets]), stream("fits", i))[0]
            for i, (fnu, mass) in enumerate(zip(expected, nickel, strict=True))
        ]
        # The variance goes as one over the number of packets, or nearly so.
        log10_packets += (_median_log_variance(observe_spectra(np.array(noisy))) - target) / np.log(10)
    return log10_packets


def _median_log_variance(log10_fnu):
    variance = pixel_variance(log10_fnu)[~np.isnan(log10_fnu)]
    return np.median(np.log(variance[variance > 0]))


def _expected(log10_fnu):
    """The flux with its noise smoothed away; pixels without flux count as zero."""
    flux = np.nan_to_num(10.0**log10_fnu)
    with np.errstate(divide="ignore"):
        return np.log10(gaussian_filter1d(flux, _SMOOTHING_PIXELS, axis=-1, mode="nearest"))


def pixel_variance(log10_fnu):
    """Variance of the pixel noise: what a median filter of 15 pixels takes away, averaged over 51.

    Parameters
    ----------
    log10_fnu : ndarray, shape (..., L)
        Spectra; NaN where nothing was observed.

    Returns
    -------
    ndarray, shape (..., L)
        Dex squared.
    """
    filled = log10_fnu.copy()
    pixels = np.arange(filled.shape[-1])
    for row in filled.reshape(-1, len(pixels)):
        seen = ~np.isnan(row)
        row[~seen] = np.interp(pixels[~seen], pixels[seen], row[seen])
    size = (1,) * (filled.ndim - 1) + (15,)
    rough = filled - median_filter(filled, size=size, mode="nearest")
    return uniform_filter1d(rough**2, 51, axis=-1, mode="nearest")
