"""Spectra of surveys at rest: without dust, on the pixels of the models, at the level of the light curve."""

from dataclasses import dataclass

import numpy as np

from snlib.data.quantities import LIGHT_AA_PER_S, WAVELENGTH_AA
from snlib.observed.dust import extinction_mag
from snlib.observed.passbands import ab_magnitudes

__all__ = ["PIXELS_AA", "SpectrumAtRest", "spectrum_at_rest"]

#: Every second pixel of the models, Å.
PIXELS_AA = WAVELENGTH_AA[::2]
_EDGES_AA = np.sqrt(PIXELS_AA[1:] * PIXELS_AA[:-1])
_EDGES_AA = np.r_[PIXELS_AA[0] ** 2 / _EDGES_AA[0], _EDGES_AA, PIXELS_AA[-1] ** 2 / _EDGES_AA[-1]]
_PHASE_DAYS, _FEWEST_PIXELS, _WIDEST_GAP_AA = (-12.0, 35.0), 50, 25.0
# Filters, by their centres at rest, that tell the level, and how much of them a spectrum must hold.
_LEVEL_AA, _LEAST_HELD = (3600.0, 8000.0), 0.97
_KERNEL_DAYS, _FARTHEST_DAYS = 2.0, 5.0
# What is no spectrum of a supernova: pixels far from SALT3, which are cosmic rays, and pixels of noise.
_MOST_RESIDUAL_DEX, _MOST_ERROR_DEX = 1.2, 0.25
# Of a spectrum that is taken: pixels from 3500 Å, noise of a pixel, days to the next point of the light
# curve, spread of the levels in its filters, and its bluest pixel.
_LEAST_GOOD, _FROM_AA, _MOST_NOISE_DEX = 200, 3500.0, 0.04
_MOST_DAYS, _MOST_SPREAD_MAG, _BLUEST_AA = 4.0, 0.25, 4200.0


@dataclass(frozen=True)
class SpectrumAtRest:
    """A spectrum of a supernova.

    Attributes
    ----------
    phase_days : float
    log10_fnu : ndarray, shape (491,)
        At `PIXELS_AA`, log10 of erg/s/cm^2/Hz at 10 pc; NaN where not observed.
    """

    phase_days: float
    log10_fnu: np.ndarray


def spectrum_at_rest(curve, spectrum):
    """Bring a spectrum to rest.

    Parameters
    ----------
    curve : snlib.observed.calibrated.CalibratedLightCurve
    spectrum : snlib.observed.snana.ObservedSpectrum

    Returns
    -------
    SpectrumAtRest or None
        None if it is of another phase, noisy or short, or its colours are not those of the light curve.
    """
    phase, view = float(curve.view.phase_days(spectrum.mjd)), curve.view
    first, last = _PHASE_DAYS
    if len(spectrum.wavelength_aa) < _FEWEST_PIXELS or not first <= phase <= last:
        return None
    if np.abs(curve.phase_days - phase).min() >= _MOST_DAYS:
        return None
    brighter = 10 ** (0.4 * extinction_mag(spectrum.wavelength_aa, view.ebv_mw))
    f_lambda, error = spectrum.f_lambda * brighter, spectrum.f_lambda_error * brighter
    levels = _levels(curve, phase, spectrum.wavelength_aa, f_lambda)
    if not len(levels) or np.ptp(levels) >= _MOST_SPREAD_MAG:
        return None
    at_rest_aa = spectrum.wavelength_aa / (1 + view.redshift)
    f_lambda, error = _binned(at_rest_aa, f_lambda, error)
    level = 10 ** (0.4 * (view.distance_modulus - np.median(levels))) * (1 + view.redshift)
    with np.errstate(invalid="ignore", divide="ignore"):
        fnu = np.where(f_lambda > 0, f_lambda * level * PIXELS_AA**2 / LIGHT_AA_PER_S, np.nan)
        log10_fnu, error_dex = np.log10(fnu), error / np.where(f_lambda > 0, f_lambda, np.nan) / np.log(10)
    residual = log10_fnu - curve.model(np.array([phase]), PIXELS_AA)[0]
    bluest_aa = PIXELS_AA[np.isfinite(log10_fnu)].min(initial=np.inf)
    odd = np.abs(residual - np.nanmedian(residual)) > _MOST_RESIDUAL_DEX
    log10_fnu = np.where(odd | (error_dex > _MOST_ERROR_DEX), np.nan, log10_fnu)
    enough = (np.isfinite(log10_fnu) & (PIXELS_AA > _FROM_AA)).sum() > _LEAST_GOOD
    if not enough or bluest_aa >= _BLUEST_AA:
        return None
    noise = _noise(np.where(np.isnan(log10_fnu), np.nan, residual))
    return SpectrumAtRest(phase, log10_fnu) if noise < _MOST_NOISE_DEX else None


def _levels(curve, phase, wavelength_aa, f_lambda):
    """How much fainter the light curve is than a spectrum, in each filter that it holds, in magnitudes."""
    levels = []
    model = curve.seen(np.array([phase]), 0.0)
    for number, passband in enumerate(curve.passbands):
        own = curve.band == number
        centre = passband.effective_wavelength_aa / (1 + curve.view.redshift)
        if not own.any() or not _LEVEL_AA[0] < centre < _LEVEL_AA[1] or not _holds(wavelength_aa, passband):
            continue
        away = np.abs(curve.phase_days[own] - phase)
        if away.min() > _FARTHEST_DAYS:
            continue
        weight = np.exp(-0.5 * (away / _KERNEL_DAYS) ** 2) + 1e-9
        measured = ab_magnitudes(*model, passband)[0] + np.average(curve.residual[own], weights=weight)
        levels.append(measured - _synthetic(wavelength_aa, f_lambda, passband))
    return np.array([level for level in levels if np.isfinite(level)])


def _holds(wavelength_aa, passband):
    """Whether a spectrum covers nearly all of a filter."""
    curve = passband.transmission
    inside = (passband.wavelength_aa > wavelength_aa[0]) & (passband.wavelength_aa < wavelength_aa[-1])
    if inside.sum() < 3:
        return False
    held = np.trapezoid(curve[inside], passband.wavelength_aa[inside])
    return held >= _LEAST_HELD * np.trapezoid(curve, passband.wavelength_aa)


def _synthetic(wavelength_aa, f_lambda, passband):
    """AB magnitude at the filter's own wavelengths, since a spectrum may have wider pixels than it."""
    at, curve = passband.wavelength_aa, passband.transmission
    flux = np.interp(at, wavelength_aa, np.maximum(f_lambda, 0.0))
    received = np.trapezoid(flux * curve * at, at) / np.trapezoid(curve * LIGHT_AA_PER_S / at, at)
    return -2.5 * np.log10(received) - 48.6 if received > 0 else np.nan


def _binned(wavelength_aa, f_lambda, error):
    """Mean flux of each pixel and its error; between narrow pixels that leave one out, interpolated."""
    pixel = np.digitize(wavelength_aa, _EDGES_AA) - 1
    use = (pixel >= 0) & (pixel < len(PIXELS_AA)) & np.isfinite(f_lambda)
    pixel, n_pixels = pixel[use], len(PIXELS_AA)
    count = np.bincount(pixel, minlength=n_pixels)
    divisor = np.maximum(count, 1)
    flux = np.bincount(pixel, f_lambda[use], n_pixels) / divisor
    mean_error = np.sqrt(np.bincount(pixel, error[use] ** 2, n_pixels)) / divisor
    step = np.median(np.diff(wavelength_aa))
    filled = np.full(n_pixels, np.nan)
    if step < _WIDEST_GAP_AA:
        filled = np.interp(PIXELS_AA, wavelength_aa, f_lambda, left=np.nan, right=np.nan)
    return np.where(count > 0, flux, filled), mean_error


def _noise(residual):
    """Of a pixel, from the differences of neighbours, robustly."""
    return np.nanmedian(np.abs(np.diff(residual))) * 1.4826 / np.sqrt(2)
