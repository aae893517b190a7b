"""The surrogate's parts in torch, differentiable: to fit it to models, and to fit it to light curves."""

from math import factorial

import numpy as np
import torch
from scipy.interpolate import BSpline

from snlib.data.quantities import FAINTEST_MAGNITUDE, LAST_PHASE_DAYS
from snlib.simulation.photometry import band_magnitudes
from snlib.simulation.surrogate import (
    N_PHASE_SPLINES,
    PHASE_KNOTS_DAYS,
    PHASE_RANGE_DAYS,
    PHOTOMETRY_WAVELENGTH_AA,
    SPLINE_DEGREE,
    ZERO_LOG10_FNU,
    warped_phases,
    wavelength_splines,
)

__all__ = ["band_filters", "magnitudes", "phase_splines", "photometry_splines", "usable_points"]

_AB_ZERO_POINT = -48.6
_BREAKS = PHASE_KNOTS_DAYS[SPLINE_DEGREE:-SPLINE_DEGREE]


def usable_points(light_curves):
    """Where light curves are observed, from -20 to +60 d and brighter than -12 mag.

    Parameters
    ----------
    light_curves : snlib.data.events.LightCurves
        Of shape (N, T).

    Returns
    -------
    ndarray of bool, shape (N, T)
    """
    phase_days, magnitude = light_curves.phase_days, light_curves.magnitude
    within = (phase_days >= PHASE_RANGE_DAYS[0]) & (phase_days <= LAST_PHASE_DAYS)
    return within & (magnitude < FAINTEST_MAGNITUDE)  # NaN, not observed, is not less


def photometry_splines(dtype):
    """Splines in ln λ at the W wavelengths of `snlib.simulation.surrogate.PHOTOMETRY_WAVELENGTH_AA`.

    Parameters
    ----------
    dtype : torch.dtype

    Returns
    -------
    Tensor, shape (92, W)
    """
    return torch.tensor(wavelength_splines(PHOTOMETRY_WAVELENGTH_AA), dtype=dtype)


def band_filters(dtype):
    """AB maggies, without the zero point, per unit of F_nu at each wavelength of `photometry_splines`.

    Parameters
    ----------
    dtype : torch.dtype

    Returns
    -------
    Tensor, shape (6, W)
        Bands u to y.
    """
    with np.errstate(divide="ignore"):
        one_at_a_time = np.log10(np.eye(len(PHOTOMETRY_WAVELENGTH_AA)))
    band = band_magnitudes(PHOTOMETRY_WAVELENGTH_AA, one_at_a_time)
    return torch.tensor(np.nan_to_num(10 ** (-0.4 * (band - _AB_ZERO_POINT))).T, dtype=dtype)


def magnitudes(coefficients, basis, filters):
    """Absolute AB magnitudes of spectra, each through its own filter.

    Parameters
    ----------
    coefficients : Tensor, shape (..., 92)
        Of the splines in ln λ, dex above `snlib.simulation.surrogate.ZERO_LOG10_FNU`.
    basis : Tensor, shape (92, W)
        See `photometry_splines`.
    filters : Tensor, shape (..., W)
        See `band_filters`.

    Returns
    -------
    Tensor, shape (...)
    """
    flux = 10.0 ** (coefficients @ basis)
    maggies = (flux * filters).sum(-1).clamp_min(1e-12)
    return -2.5 * (torch.log10(maggies) + ZERO_LOG10_FNU) + _AB_ZERO_POINT


def _phase_polynomials():
    """The splines in phase as cubics: coefficients (4, intervals, splines), constant first."""
    splines = BSpline(PHASE_KNOTS_DAYS, np.eye(N_PHASE_SPLINES), SPLINE_DEGREE)
    start = _BREAKS[:-1]
    return torch.tensor(
        np.array([splines.derivative(m)(start) / factorial(m) if m else splines(start) for m in range(4)])
    )


_CUBICS, _EDGES = _phase_polynomials(), torch.tensor(_BREAKS, dtype=torch.float64)


def phase_splines(phase_days, stretch):
    """Splines at the warped phases, differentiable in the stretch.

    Parameters
    ----------
    phase_days : Tensor, shape (..., T)
        Days from peak.
    stretch : Tensor, broadcast against `phase_days`
        Of the time after peak.

    Returns
    -------
    Tensor, shape (..., T, 22)
    """
    edges, cubics = _EDGES.to(phase_days.dtype), _CUBICS.to(phase_days.dtype)
    warped = warped_phases(phase_days, stretch, torch)
    interval = (torch.searchsorted(edges, warped.detach(), right=True) - 1).clamp(0, len(edges) - 2)
    step = (warped - edges[interval])[..., None]
    constant, linear, square, cube = cubics[:, interval]
    return constant + step * (linear + step * (square + step * cube))
