"""The spectra of SALT3, the empirical model that cosmologists fit to light curves."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from snlib.data.quantities import BANDS, LIGHT_AA_PER_S, SURFACE_WAVELENGTH_AA
from snlib.observed.passbands import find_passband
from snlib.simulation.photometry import band_magnitudes

__all__ = ["Salt3", "fitted_spectra", "require_sncosmo", "salt3_source", "warped_spectra"]

_LEAST_FLUX = 0.02  # of the mean supernova's: stretched far, the model falls below zero
_SCATTER_MAG = np.array([0.08, 0.03, 0.03, 0.03, 0.05, 0.05])  # of light curves about the model, u to y

# Of the photometry of a night: points near it count, and a little is known without any.
_NIGHT_DAYS, _USUAL_WEIGHT, _LEAST_WEIGHT = 3.0, 0.5, 0.3
_CENTRES_AA = np.array([find_passband(band).effective_wavelength_aa for band in BANDS])


def require_sncosmo():
    """The package sncosmo, which is not installed with the book.

    Raises
    ------
    ModuleNotFoundError
        If it is not there; the message says how to install it.
    """
    try:
        import sncosmo
    except ModuleNotFoundError:
        message = "SALT3 needs the package sncosmo: pip install 'snlib[observed]'"
        raise ModuleNotFoundError(message) from None
    return sncosmo


def salt3_source(folder):
    """The surfaces of a release of SALT3, as sncosmo has them.

    Parameters
    ----------
    folder : path-like
        Holds ``salt3_template_0.dat`` and the other files of the release.

    Returns
    -------
    sncosmo.SALT3Source

    Raises
    ------
    ModuleNotFoundError
        If sncosmo is not installed.
    """
    return require_sncosmo().get_source(_read_surfaces(str(folder)), copy=True)


@cache
def _read_surfaces(folder):
    """Which takes a second; a fit takes less."""
    return require_sncosmo().SALT3Source(modeldir=folder)


@dataclass(frozen=True)
class Salt3:
    """Flux of SALT3 as a function of stretch and colour (Kenworthy et al. 2021, ApJ 923, 265).

    Attributes
    ----------
    source : sncosmo.SALT3Source
    """

    source: object

    @classmethod
    def load(cls, folder):
        """Read the model's surfaces.

        Parameters
        ----------
        folder : path-like
            Holds ``salt3_template_0.dat`` and the other files of a release of SALT3.

        Raises
        ------
        ModuleNotFoundError
            If sncosmo is not installed.
        """
        return cls(salt3_source(folder))

    def log10_fnu(self, x1, c, phase_days, wavelength_aa):
        """log10 F_nu of the model, but for its brightness.

        Parameters
        ----------
        x1, c : float
        phase_days : ndarray, shape (P,)
        wavelength_aa : ndarray, shape (L,)

        Returns
        -------
        ndarray, shape (P, L)
            -inf where the model has no wavelengths.
        """
        covered = (wavelength_aa >= self.source.minwave()) & (wavelength_aa <= self.source.maxwave())
        flux = np.zeros((len(phase_days), len(wavelength_aa)))
        self.source.set(x0=1.0, x1=0.0, c=c)
        mean = self.source.flux(phase_days, wavelength_aa[covered])
        self.source.set(x1=x1)
        stretched = self.source.flux(phase_days, wavelength_aa[covered])
        flux[:, covered] = np.maximum(stretched, _LEAST_FLUX * np.abs(mean))
        with np.errstate(divide="ignore"):
            return np.log10(flux * np.square(wavelength_aa) / LIGHT_AA_PER_S)

    def brightness(self, x1, c, phase_days, magnitude, band):
        """The mean difference of a light curve's magnitudes from the model's, weighted by its scatter.

        Parameters
        ----------
        x1, c : float
        phase_days, magnitude : ndarray, shape (T,)
        band : ndarray of int, shape (T,)
            Index into `snlib.data.quantities.BANDS`.

        Returns
        -------
        float
            Magnitudes.
        """
        difference = magnitude - self.magnitudes(x1, c, phase_days, band)
        return np.average(difference, weights=_SCATTER_MAG[band] ** -2.0)

    def magnitudes(self, x1, c, phase_days, band):
        """Magnitudes of points of a light curve, but for its brightness; shape of `phase_days`."""
        days = np.arange(np.floor(phase_days.min()), np.ceil(phase_days.max()) + 1)
        model = band_magnitudes(SURFACE_WAVELENGTH_AA, self.log10_fnu(x1, c, days, SURFACE_WAVELENGTH_AA))
        return np.array(
            [np.interp(phase, days, model[:, b]) for phase, b in zip(phase_days, band, strict=True)]
        )


def fitted_spectra(salt, observed):
    """Spectra of SALT3 for the stretch and colour of each supernova and the brightness of its light curve.

    Parameters
    ----------
    salt : Salt3
    observed : snlib.observed.table.ObservedSupernovae
        These supernovae are among those that SALT3 was made from.

    Returns
    -------
    log10_fnu : ndarray, shape (M, L)
    peak_magnitude : ndarray, shape (N,)
        Absolute, in the r band at peak, of the fitted model.
    """
    log10_fnu = np.full_like(observed.log10_fnu, np.nan)
    peak_magnitude = np.full(len(observed.object_id), np.nan)
    for index in np.unique(observed.spectrum_object):
        x1, c, points = observed.x1[index], observed.c[index], observed.light_curves.padded([index])
        seen = points.observed[0]
        given = (values[0, seen] for values in (points.phase_days, points.magnitude, points.band))
        offset = salt.brightness(x1, c, *given)
        spectra = observed.spectrum_object == index
        at = observed.spectrum_phase_days[spectra], observed.wavelength_aa
        log10_fnu[spectra] = salt.log10_fnu(x1, c, *at) - 0.4 * offset
        peak = salt.log10_fnu(x1, c, np.zeros(1), SURFACE_WAVELENGTH_AA)
        peak_magnitude[index] = band_magnitudes(SURFACE_WAVELENGTH_AA, peak)[0, 2] + offset
    return log10_fnu, peak_magnitude


def warped_spectra(salt, observed):
    """Spectra of SALT3 as `fitted_spectra`, and each warped to the photometry of its night.

    What the magnitudes near the night of a spectrum differ by from the fitted model is added, linear in
    wavelength between the bands.

    Parameters
    ----------
    salt : Salt3
    observed : snlib.observed.table.ObservedSupernovae

    Returns
    -------
    ndarray, shape (M, L)
    """
    log10_fnu, _ = fitted_spectra(salt, observed)
    for index in np.unique(observed.spectrum_object):
        x1, c, points = observed.x1[index], observed.c[index], observed.light_curves.padded([index])
        seen = points.observed[0]
        phase, magnitude, band = (
            values[0, seen] for values in (points.phase_days, points.magnitude, points.band)
        )
        offset = salt.brightness(x1, c, phase, magnitude, band)
        left = -0.4 * (magnitude - salt.magnitudes(x1, c, phase, band) - offset)
        for row in np.flatnonzero(observed.spectrum_object == index):
            near = np.exp(-0.5 * np.square((phase - observed.spectrum_phase_days[row]) / _NIGHT_DAYS))
            log10_fnu[row] += _warp(observed.wavelength_aa, left, near, band)
    return log10_fnu


def _warp(wavelength_aa, left, near, band):
    """Mean differences by band, linear in wavelength between those that have points near enough."""
    weight = np.bincount(band, near, len(BANDS))
    mean = np.bincount(band, near * left, len(BANDS)) / (weight + _USUAL_WEIGHT)
    use = weight > _LEAST_WEIGHT
    return np.interp(wavelength_aa, _CENTRES_AA[use], mean[use]) if use.any() else 0.0
