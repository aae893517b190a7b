"""A spectrum that is known at all phases and wavelengths, and what telescopes see of it, by speclite."""

import numpy as np
from speclite.filters import load_filter

LIGHT_AA_PER_S = 2.99792458e18
WAVELENGTH_AA = np.arange(2400.0, 12500.0, 4.0)


def log10_fnu(phase_days, wavelength_aa):
    """Of absolute magnitude -19.2 or so: bumps on a slope that reddens with time, shape (P, L)."""
    phase, wavelength = np.asarray(phase_days)[:, None], np.asarray(wavelength_aa)
    bumps = 0.15 * np.sin(wavelength / 130.0 + 0.02 * phase) + 0.2 * np.sin(wavelength / 400.0)
    magnitude = (
        -19.2 + (phase / 15.0) ** 2 / 2 + bumps - (0.5 + 0.02 * phase) * (wavelength - 5500.0) / 5000.0
    )
    return -0.4 * (magnitude + 48.6)


def absolute_magnitudes(phase_days, bands):
    """Through filters of Rubin at rest, shape (P, B)."""
    flux = _f_lambda(phase_days)
    return np.stack(
        [load_filter(f"lsst2016-{band}").get_ab_magnitude(flux, WAVELENGTH_AA) for band in bands], axis=1
    )


def apparent_magnitudes(phase_days, filters, redshift, distance_modulus, extinction_mag=0.0):
    """Through filters of speclite by their names, shape (P, F).

    A photon that is redshifted loses energy and comes later, and it falls into a wider interval of
    wavelengths: F_lambda is fainter by (1 + z) than the distance makes it.
    """
    seen_aa = WAVELENGTH_AA * (1 + redshift)
    seen = _f_lambda(phase_days) / (1 + redshift) * 10 ** (-0.4 * (distance_modulus + extinction_mag))
    return np.stack([load_filter(name).get_ab_magnitude(seen, seen_aa) for name in filters], axis=1)


def _f_lambda(phase_days):
    return 10 ** log10_fnu(phase_days, WAVELENGTH_AA) * LIGHT_AA_PER_S / WAVELENGTH_AA**2
