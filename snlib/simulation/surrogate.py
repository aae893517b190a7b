"""The embedded surrogate of the grid: parameters -> F_nu(t, λ).

A smooth stand-in for the Sedona models of Goldstein & Kasen (2018), fitted to models that
Shen & Gagliano published (``snlib.simulation.surrogate_fit``):

log10 F_nu(t, λ; θ) = -12 + Σ_p φ_p(θ) Σ_ij W_pij B_i(t') B_j(ln λ)

φ are the quadratic polynomials of five centred parameters, B cubic B-splines, and t' the time after
peak stretched by exp(w·x): brighter and slower-expanding models evolve more slowly.  Beside this mean
it knows how real models scatter about it: residual surfaces, and the noise of photon packets.
"""

import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.interpolate import BSpline

from snlib.data.quantities import SPECTRUM_PHASES_DAYS
from snlib.files.guard import Array
from snlib.files.npz import read_npz, write_npz
from snlib.files.places import DATA
from snlib.simulation.grid import beyond_grid
from snlib.simulation.parameters import BeyondGridWarning, shortened
from snlib.simulation.surrogate_features import (
    N_CENTRED,
    N_FEATURES,
    centred_parameters,
    polynomial_features,
)

__all__ = [
    "N_PHASE_SPLINES",
    "PHASE_KNOTS_DAYS",
    "PHASE_RANGE_DAYS",
    "PHOTOMETRY_WAVELENGTH_AA",
    "SPLINE_DEGREE",
    "WAVELENGTH_KNOTS",
    "WAVELENGTH_RANGE_AA",
    "ZERO_LOG10_FNU",
    "Surrogate",
    "warped_phases",
    "wavelength_splines",
]

WAVELENGTH_RANGE_AA = (2500.0, 11010.0)
# To fit light curves: covers the six filters, and 20 Angstrom resolve the splines.
PHOTOMETRY_WAVELENGTH_AA = np.arange(WAVELENGTH_RANGE_AA[0], WAVELENGTH_RANGE_AA[1] + 1, 20.0)
# The light curves it was fitted to end at +60 d: later is extrapolation.
PHASE_RANGE_DAYS = (-20.0, 85.0)
ZERO_LOG10_FNU = -12.0

SPLINE_DEGREE = 3
_FILE_FIELDS = {
    "warp": Array(1, "f"),
    "loadings": Array(2, "f"),
    "surfaces": Array(3, "f"),
    "residuals": Array(3, "f"),
    "log10_packets": Array(1, "f"),
}


def _clamped(breaks):
    """Repeat the ends, so that the splines add up to one on the whole range."""
    return np.concatenate([[breaks[0]] * SPLINE_DEGREE, breaks, [breaks[-1]] * SPLINE_DEGREE])


# Closer where the spectrum changes faster.
PHASE_KNOTS_DAYS = _clamped([*range(-20, 2, 3), 5, 9, 13, 17, 21, 26, 31, 38, 47, 58, 71, 85])
WAVELENGTH_KNOTS = _clamped(np.linspace(*np.log(WAVELENGTH_RANGE_AA), 90))  # of ln λ

N_PHASE_SPLINES = len(PHASE_KNOTS_DAYS) - SPLINE_DEGREE - 1
_N_WAVELENGTH = len(WAVELENGTH_KNOTS) - SPLINE_DEGREE - 1


def warped_phases(phase_days, stretch, xp=np):
    """t': phases after peak times `stretch`, kept within `PHASE_RANGE_DAYS`.

    The rise is left alone: stretching it too makes the fit worse.

    Parameters
    ----------
    phase_days, stretch : array
        Of shapes that go together.
    xp : module
        `numpy`, or `torch` for tensors.

    Returns
    -------
    array
    """
    return xp.clip(xp.where(phase_days > 0, phase_days * stretch, phase_days), *PHASE_RANGE_DAYS)


def _checked(name, values, valid_range, unit):
    values = np.asarray(values, dtype=float)
    if values.ndim != 1:
        raise ValueError(f"{name}: expected one dimension, got shape {values.shape}")
    bad = ~((values >= valid_range[0]) & (values <= valid_range[1]))
    if bad.any():
        raise ValueError(
            f"{name}: {values[bad][0]:g} is outside the surrogate's "
            f"{valid_range[0]:g} to {valid_range[1]:g} {unit}"
        )
    return values


@dataclass(frozen=True)
class Surrogate:
    """The fitted surrogate; W_pij = Σ_r loadings_pr surfaces_rij.

    Attributes
    ----------
    warp : ndarray, shape (5,)
        w, of the time stretch exp(w·x).
    loadings : ndarray, shape (21, R)
        How the polynomial features combine to the amplitudes of R surfaces.
    surfaces : ndarray, shape (R, 22, 92)
        Spline coefficients in phase and ln λ, dex.
    residuals : ndarray, shape (K, 22, 92)
        Likewise: what standard normal amplitudes multiply to give the scatter of real models.
    log10_packets : ndarray, shape (5,)
        log10 k at the phases of the spectra; see `snlib.simulation.packets`.

    Raises
    ------
    ValueError
        If an array has another shape or is not finite; the message names it.

    Examples
    --------
    Flux of two supernovae at peak, of which the second has more nickel at the cost of lighter elements.

    >>> import numpy as np
    >>> from snlib.simulation import Surrogate
    >>> parameters = np.array([[1.4, 1.2, 0.4, 0.75, 0.05, 50], [1.4, 1.2, 0.7, 0.45, 0.05, 50]])
    >>> flux = Surrogate.load().log10_fnu(parameters, [0.0], [4000.0, 5000.0, 6000.0])
    >>> flux.shape  # models, phases, wavelengths
    (2, 1, 3)
    >>> bool((flux[1] > flux[0]).all())
    True
    """

    warp: np.ndarray
    loadings: np.ndarray
    surfaces: np.ndarray
    residuals: np.ndarray
    log10_packets: np.ndarray

    def __post_init__(self):
        """Check shapes and values."""
        rank = len(self.surfaces)
        expected = {
            "warp": (N_CENTRED,),
            "loadings": (N_FEATURES, rank),
            "surfaces": (rank, N_PHASE_SPLINES, _N_WAVELENGTH),
            "residuals": (len(self.residuals), N_PHASE_SPLINES, _N_WAVELENGTH),
            "log10_packets": SPECTRUM_PHASES_DAYS.shape,
        }
        for name, shape in expected.items():
            array = getattr(self, name)
            if array.shape != shape:
                raise ValueError(f"{name}: expected shape {shape}, got {array.shape}")
            if array.dtype.kind != "f" or not np.isfinite(array).all():
                raise ValueError(f"{name}: not finite numbers")

    def save(self, path):
        """Write to an npz file (temporary name, then rename).

        Parameters
        ----------
        path : path-like
        """
        write_npz(path, **{name: getattr(self, name) for name in _FILE_FIELDS})

    @classmethod
    def load(cls, path=DATA / "surrogate.npz"):
        """Read what `save` wrote; by default the surrogate that comes with the repository.

        Parameters
        ----------
        path : path-like

        Returns
        -------
        Surrogate

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ValueError
            If the file is damaged, lacks a field or holds another model; the message names both.
        """
        arrays = read_npz(path, _FILE_FIELDS)
        try:
            return cls(**arrays)
        except ValueError as error:
            raise ValueError(f"{Path(path)}: {error}") from None

    def log10_fnu(self, parameters, phase_days, wavelength_aa, amplitudes=None):
        """Noise-free flux of models, seen from 10 pc.

        Models beyond the grid are extrapolated, with a warning that names them.

        Parameters
        ----------
        parameters : ndarray, shape (N, 6)
            In the order and units of `snlib.data.quantities.PARAMETERS`.
        phase_days : ndarray, shape (T,)
            Days from peak, within `PHASE_RANGE_DAYS`.
        wavelength_aa : ndarray, shape (L,)
            Å, within `WAVELENGTH_RANGE_AA`, in any order.
        amplitudes : ndarray, shape (N, K), optional
            Of the residual surfaces; zero by default.

        Returns
        -------
        ndarray, shape (N, T, L)
            log10 of erg/s/cm^2/Hz at 10 pc.

        Raises
        ------
        ValueError
            If a shape is wrong or a value is not finite, not physical or out of range; the message
            names it.
        """
        x = centred_parameters(parameters)
        if outside := beyond_grid(parameters):
            said = shortened(outside, "model")
            warnings.warn(f"extrapolated beyond the grid: {said}", BeyondGridWarning, stacklevel=2)
        phase_days = _checked("phase_days", phase_days, PHASE_RANGE_DAYS, "d")
        wavelength_aa = _checked("wavelength_aa", wavelength_aa, WAVELENGTH_RANGE_AA, "Å")
        weights = self._weights(x, amplitudes)
        splines = np.concatenate([self.surfaces, self.residuals]).astype(float)
        splines = (splines @ wavelength_splines(wavelength_aa)).reshape(len(splines), -1)
        result = np.empty((len(x), len(phase_days), len(wavelength_aa)))
        # One at a time: a model's bits must not depend on the others, and the memory stays small.
        for model, x_model, weight in zip(result, x, weights, strict=True):
            t = warped_phases(phase_days, np.exp(self.warp.astype(float) @ x_model))
            surface = (weight @ splines).reshape(N_PHASE_SPLINES, -1)
            model[:] = BSpline.design_matrix(t, PHASE_KNOTS_DAYS, SPLINE_DEGREE) @ surface + ZERO_LOG10_FNU
        return result

    def _weights(self, x, amplitudes):
        """Weight of each surface and residual surface in each model, shape (N, R + K)."""
        shape = (len(x), len(self.residuals))
        amplitudes = np.zeros(shape) if amplitudes is None else np.asarray(amplitudes)
        if amplitudes.shape != shape:
            raise ValueError(f"amplitudes: expected shape {shape}, got {amplitudes.shape}")
        mean = [polynomial_features(x_model[None])[0] @ self.loadings.astype(float) for x_model in x]
        return np.concatenate([mean, amplitudes], axis=1)


def wavelength_splines(wavelength_aa):
    """B_j(ln λ), the splines in wavelength.

    Parameters
    ----------
    wavelength_aa : ndarray, shape (L,)
        Å, within `WAVELENGTH_RANGE_AA`.

    Returns
    -------
    ndarray, shape (92, L)
    """
    # Rounding must not carry the ends of the range over the outermost knots.
    ln = np.clip(np.log(wavelength_aa), WAVELENGTH_KNOTS[0], WAVELENGTH_KNOTS[-1])
    return BSpline.design_matrix(ln, WAVELENGTH_KNOTS, SPLINE_DEGREE).toarray().T
