"""The mean supernova: what joint transceivers take away from all that they read and write."""

from dataclasses import dataclass

import numpy as np

from snlib.data.quantities import SURFACE_WAVELENGTH_AA
from snlib.simulation.photometry import band_magnitudes

__all__ = ["MEAN_DAYS", "MeanSupernova"]

#: Of every mean supernova.
MEAN_DAYS = np.arange(-19.0, 51.0)
_PEAK_B_MAG, _ZERO_POINT_B = -19.1, 10.5  # brightness, and magnitude B of SALT's unit of it


@dataclass(frozen=True)
class MeanSupernova:
    """Spectra and magnitudes of a supernova of mean stretch and colour, day by day.

    Attributes
    ----------
    phase_days : ndarray, shape (D,)
    wavelength_aa : ndarray, shape (L,)
    log10_fnu : ndarray, shape (D, L)
        log10 of erg/s/cm^2/Hz at 10 pc.
    magnitude : ndarray, shape (D, 6)
        Absolute AB magnitudes; NaN where a band is not covered.
    """

    phase_days: np.ndarray
    wavelength_aa: np.ndarray
    log10_fnu: np.ndarray
    magnitude: np.ndarray

    @classmethod
    def from_salt(cls, salt, wavelength_aa):
        """Take it from SALT3: x1 = c = 0, and -19.1 mag in B at peak.

        Parameters
        ----------
        salt : snlib.observed.salt.Salt3
        wavelength_aa : ndarray, shape (L,)
        """
        bright = -0.4 * (_PEAK_B_MAG - _ZERO_POINT_B)
        spectra = salt.log10_fnu(0.0, 0.0, MEAN_DAYS, wavelength_aa) + bright
        surface = salt.log10_fnu(0.0, 0.0, MEAN_DAYS, SURFACE_WAVELENGTH_AA) + bright
        return cls(MEAN_DAYS, wavelength_aa, spectra, band_magnitudes(SURFACE_WAVELENGTH_AA, surface))

    def spectra_at(self, phase_days):
        """Spectra at some phases, linear between days and constant beyond the first and the last.

        Parameters
        ----------
        phase_days : ndarray, shape (M,)

        Returns
        -------
        ndarray, shape (M, L)
        """
        return _linear(self.phase_days, self.log10_fnu, phase_days)

    def magnitudes_at(self, phase_days, band):
        """Magnitudes of points of a light curve.

        Parameters
        ----------
        phase_days : ndarray, shape (T,)
        band : ndarray of int, shape (T,)

        Returns
        -------
        ndarray, shape (T,)
        """
        every = _linear(self.phase_days, self.magnitude, np.asarray(phase_days).ravel())
        picked = every[np.arange(len(every)), np.asarray(band).ravel()]
        return picked.reshape(np.shape(phase_days))


def _linear(days, values, at_days):
    place = np.clip(at_days, days[0], days[-1]) - days[0]
    before = np.minimum(place.astype(int), len(days) - 2)
    part = (place - before)[:, None]
    return (1 - part) * values[before] + part * values[before + 1]
