"""Magnitudes through a telescope's filters, turned into absolute ones through Rubin's in the rest frame.

A model of the spectrum says what each filter should have seen, and what Rubin's would see at rest; both are
compared by nights.  The difference of the measured from the expected magnitudes, between filters linear in
wavelength, is added to the latter: the model is warped to the photometry (Hsiao et al. 2007, ApJ 663, 1187).
A flat spectrum, the same F_nu at all wavelengths, is a model too: then the magnitudes themselves are
interpolated in wavelength, with the factor (1 + z) of the bandwidth.
"""

from dataclasses import dataclass

import numpy as np

from snlib.data.quantities import BANDS, SURFACE_WAVELENGTH_AA
from snlib.observed.frames import observer_frame
from snlib.observed.passbands import ab_magnitudes, find_passband
from snlib.simulation.photometry import band_magnitudes

__all__ = ["RestFramePoints", "View", "flat_spectrum", "lsst_band_near", "rest_frame_points"]

_NIGHT_DAYS = 0.8
# How far, in the rest frame, a filter may be from that of Rubin for which it stands: half of what is between
# two of those, and a little more; less beyond the bluest or the reddest filter of a night, and least where no
# model says what is there.
_FARTHEST_AA, _FARTHEST_OUTSIDE_AA, _FARTHEST_WITHOUT_MODEL_AA = 750.0, 500.0, 400.0
_WIDEST_AA = 2000.0  # A filter that is wider stands for none.
_SMALLEST_ERROR_MAG = 0.01
_CENTRES_AA = np.array([find_passband(band).effective_wavelength_aa for band in BANDS])


@dataclass(frozen=True)
class View:
    """How an object is seen from here.

    Attributes
    ----------
    redshift, distance_modulus, ebv_mw : float
    peak_mjd : float
        Of the maximum in the B band.
    """

    redshift: float
    distance_modulus: float
    ebv_mw: float
    peak_mjd: float

    def phase_days(self, mjd):
        """Days from peak in the rest frame, shape of `mjd`."""
        return (mjd - self.peak_mjd) / (1 + self.redshift)


@dataclass(frozen=True)
class RestFramePoints:
    """Points of a light curve in the rest frame.

    Attributes
    ----------
    phase_days, magnitude, error_mag : ndarray, shape (T,)
        Days from peak and absolute AB magnitudes, by nights; and the error of that night's mean in the
        nearest filter, of which each point has 0.01 mag at least.
    band : ndarray of int, shape (T,)
        Index into `snlib.data.quantities.BANDS`.
    largest_shift_aa : float
        How far, in the rest frame, the farthest of the filters is from that of Rubin for which it stands.
    """

    phase_days: np.ndarray
    magnitude: np.ndarray
    error_mag: np.ndarray
    band: np.ndarray
    largest_shift_aa: float


def flat_spectrum(phase_days, wavelength_aa):
    """log10 F_nu of a spectrum that is the same at all wavelengths and phases, zeros of shape (P, L)."""
    return np.zeros((len(phase_days), len(wavelength_aa)))


def lsst_band_near(passband, redshift):
    """Which filter of Rubin, in the rest frame, a filter stands for.

    Parameters
    ----------
    passband : snlib.observed.kcor.Passband
    redshift : float

    Returns
    -------
    band : int
        Index into `snlib.data.quantities.BANDS`; -1 if it is far from all of them, or too wide.
    shift_aa : float
        How far it is from that.
    """
    away = np.abs(_CENTRES_AA - passband.effective_wavelength_aa / (1 + redshift))
    near = away.min() <= _FARTHEST_AA and passband.width_aa / (1 + redshift) <= _WIDEST_AA
    return (int(away.argmin()) if near else -1), float(away.min())


def rest_frame_points(mjd, magnitude, error_mag, band, passbands, view, log10_fnu):
    """Bring the light curve of one object to the rest frame.

    Parameters
    ----------
    mjd, magnitude, error_mag : ndarray, shape (T,)
        Ascending dates, apparent AB magnitudes and their errors; NaN where these are not known.
    band : ndarray of int, shape (T,)
        Index into `passbands`.
    passbands : sequence of snlib.observed.kcor.Passband
    view : View
    log10_fnu : callable
        Phases (P,), wavelengths (L,) -> (P, L): the spectrum in the rest frame, but for its brightness.

    Returns
    -------
    RestFramePoints
        A point for each night and each filter of Rubin for which one of that night stands; none where the
        model of the spectrum has no flux.
    """
    night = _nights(mjd)
    mean_mjd = np.bincount(night, mjd) / np.bincount(night)
    phase_days = view.phase_days(mean_mjd)
    near = [lsst_band_near(passband, view.redshift) for passband in passbands]
    used = [number for number in np.unique(band) if near[number][0] >= 0]
    used.sort(key=lambda number: passbands[number].effective_wavelength_aa)
    model = log10_fnu(phase_days, SURFACE_WAVELENGTH_AA)
    seen = observer_frame(SURFACE_WAVELENGTH_AA, model, view.redshift, view.distance_modulus, view.ebv_mw)
    residual = np.full((len(phase_days), len(used)), np.nan)
    error = np.full_like(residual, np.nan)
    for column, number in enumerate(used):
        own = band == number
        of_filter = _nightly_mean(night[own], magnitude[own], error_mag[own], len(phase_days))
        measured, error[:, column] = of_filter
        residual[:, column] = measured - ab_magnitudes(*seen, passbands[number])
    centres = np.array([passbands[number].effective_wavelength_aa for number in used]) / (1 + view.redshift)
    stands_for = np.array([near[number][0] for number in used], dtype=int)
    beyond_aa = _FARTHEST_WITHOUT_MODEL_AA if log10_fnu is flat_spectrum else _FARTHEST_OUTSIDE_AA
    expected = band_magnitudes(SURFACE_WAVELENGTH_AA, model)
    at_rest = _warped(expected, residual, centres, stands_for, beyond_aa)
    of_night, of_band = np.nonzero(np.isfinite(at_rest))
    largest = max((near[number][1] for number in used if near[number][0] in of_band), default=np.nan)
    away = np.abs(centres[None, :] - _CENTRES_AA[of_band, None])
    nearest = np.where(np.isfinite(error[of_night]), away, np.inf).argmin(1)
    columns = (phase_days[of_night], at_rest[of_night, of_band], error[of_night, nearest], of_band)
    return RestFramePoints(*columns, largest)


def _nights(mjd):
    """The number of the night of each of some ascending dates."""
    night, began = np.zeros(len(mjd), dtype=int), mjd[0]
    for index in range(1, len(mjd)):
        is_new = mjd[index] - began > _NIGHT_DAYS
        night[index] = night[index - 1] + is_new
        began = mjd[index] if is_new else began
    return night


def _nightly_mean(night, magnitude, error_mag, n_nights):
    """The weighted mean magnitude of each night and its error, NaN where there is none."""
    weight = np.hypot(np.where(np.isnan(error_mag), 0, error_mag), _SMALLEST_ERROR_MAG) ** -2
    total, of_all = (np.bincount(night, values, n_nights) for values in (weight * magnitude, weight))
    with np.errstate(invalid="ignore", divide="ignore"):
        return total / of_all, np.where(of_all > 0, of_all**-0.5, np.nan)


def _warped(expected, residual, centres_aa, stands_for, beyond_aa):
    """Magnitudes of a model through Rubin's filters, warped to the residuals; NaN where no filter stands."""
    warped = np.full_like(expected, np.nan)
    for night, of_night in enumerate(residual):
        seen = np.isfinite(of_night)
        if seen.any():
            bluest, reddest = centres_aa[seen][[0, -1]] + [-beyond_aa, beyond_aa]
            bands = np.unique(stands_for[seen])
            bands = bands[(_CENTRES_AA[bands] >= bluest) & (_CENTRES_AA[bands] <= reddest)]
            warp = np.interp(_CENTRES_AA[bands], centres_aa[seen], of_night[seen])
            warped[night, bands] = expected[night, bands] + warp
    return warped
