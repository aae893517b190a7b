"""Fitting the surrogate of ``snlib.simulation.surrogate`` to models with known parameters."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch.nn.functional import huber_loss

from snlib.random_streams import stream
from snlib.simulation.packets import fit_log10_packets, pixel_variance
from snlib.simulation.spectra import SPECTRUM_RANGE_AA
from snlib.simulation.surrogate import (
    N_PHASE_SPLINES,
    SPLINE_DEGREE,
    WAVELENGTH_KNOTS,
    ZERO_LOG10_FNU,
    Surrogate,
    wavelength_splines,
)
from snlib.simulation.surrogate_features import N_CENTRED, centred_parameters, polynomial_features
from snlib.simulation.surrogate_torch import (
    band_filters,
    magnitudes,
    phase_splines,
    photometry_splines,
    usable_points,
)

__all__ = ["fit", "fit_with_residuals", "residual_components", "residual_surfaces"]

_MAGNITUDE_SIGMA = 0.05
# Beside the pixel noise: what a function of five numbers cannot describe, and what a surface of a
# model's own cannot.
_FLOOR_DEX, _RESIDUAL_FLOOR_DEX = 0.1, 0.03
_CORRELATED_PIXELS = 4.0
_HUBER_SIGMAS = 3.0
# Penalties on the spline coefficients W_pij.
_ROUGH_PHASE, _ROUGH_WAVELENGTH = 100.0, 10.0
_OUTSIDE_FACTOR = 10.0
_RIDGE_LINEAR, _RIDGE_QUADRATIC = 1.0, 1000.0
# The short memory of Adam's second moment is what makes 300 steps enough: with the usual .999 the
# warp and the late phases have not converged by then.
_STEPS, _LEARNING_RATE, _ADAM_BETAS = 300, 0.1, (0.9, 0.95)
_RANK = 12
_RIDGE_RESIDUAL = 0.3
_N_RESIDUAL = 20
_FOLDS = 5


def fit(events):
    """Fit a surrogate to spectra and light curves together.

    Minimised is the sum over pixels and magnitudes of Huber's loss (quadratic up to 3 sigma), plus
    penalties: on the roughness of the spline coefficients, and on the size of those that depend on
    the parameters.  Nothing in it is random.

    Parameters
    ----------
    events : Events
        Points of light curves fainter than -12 mag or later than +60 d are left out.

    Returns
    -------
    Surrogate
        Of rank 12 in the parameters, its surfaces in half precision, to be small; without residual
        surfaces, which only unseen models can tell (`residual_surfaces`).

    Raises
    ------
    ValueError
        If parameters are not physical, or wavelengths are outside the surrogate's range.
    """
    data = _Data.of(events, _FLOOR_DEX)
    n_features, n_wavelength = data.features.shape[1], len(data.spectrum_basis)
    weights = torch.zeros(n_features, N_PHASE_SPLINES, n_wavelength, requires_grad=True)
    warp = torch.zeros(data.x.shape[1], requires_grad=True)

    def loss():
        surfaces = torch.einsum("np,pij->nij", data.features, weights)
        return data.misfit(surfaces, torch.exp(data.x @ warp)) + _penalty(weights)

    _minimise(loss, [weights, warp])
    loadings, surfaces = _compress(weights.detach().double().numpy())
    no_residuals = np.zeros((0, *surfaces.shape[1:]), np.float16)
    return Surrogate(warp.detach().numpy(), loadings, surfaces, no_residuals, fit_log10_packets(events))


def fit_with_residuals(events):
    """Fit a surrogate together with the scatter of models about it.

    The scatter is that of models which a fit to the other four fifths has not seen.

    Parameters
    ----------
    events : Events
        As in `fit`.

    Returns
    -------
    Surrogate
        With residual surfaces; see `residual_components`.
    """
    fold = stream("fits", 0).permutation(len(events)) % _FOLDS
    surfaces = [
        residual_surfaces(fit(events.select(fold != k)), events.select(fold == k)) for k in range(_FOLDS)
    ]
    return replace(fit(events), residuals=residual_components(np.concatenate(surfaces)))


def residual_surfaces(surrogate, events):
    """What a surrogate lacks to describe each of some models, as smooth surfaces.

    The surfaces explain spectra and light curves together, under the penalties of `fit`; where
    nothing is observed they are zero.

    Parameters
    ----------
    surrogate : Surrogate
        Not fitted to these models, for the residuals to be those of unseen ones.
    events : Events

    Returns
    -------
    ndarray, shape (N, 22, 92)
        Spline coefficients in warped phase and ln λ, dex.
    """
    data = _Data.of(events, _RESIDUAL_FLOOR_DEX)
    stretch = torch.exp(data.x @ _tensor(surrogate.warp))
    predicted = torch.einsum(
        "np,pr,rij->nij", data.features, _tensor(surrogate.loadings), _tensor(surrogate.surfaces)
    )
    residual = torch.zeros_like(predicted, requires_grad=True)

    def loss():
        return (
            data.misfit(predicted + residual, stretch)
            + _roughness(residual)
            + _RIDGE_RESIDUAL * residual.square().sum()
        )

    _minimise(loss, [residual])
    return residual.detach().numpy()


def residual_components(surfaces):
    """The directions in which models differ from a surrogate, each times its root mean square.

    Parameters
    ----------
    surfaces : ndarray, shape (N, 22, 92)
        See `residual_surfaces`.

    Returns
    -------
    ndarray of float16, shape (20, 22, 92)
        Principal components about zero: with standard normal amplitudes their sum varies as the
        surfaces do.
    """
    # Each phase alike: the faint rise varies five times as much as the rest.
    spread = np.sqrt(np.mean(surfaces**2, axis=(0, 2)))[:, None]
    _, singular, right = np.linalg.svd((surfaces / spread).reshape(len(surfaces), -1), full_matrices=False)
    components = singular[:_N_RESIDUAL, None] / np.sqrt(len(surfaces)) * right[:_N_RESIDUAL]
    return (components.reshape(-1, *surfaces.shape[1:]) * spread).astype(np.float16)


def _minimise(loss, parameters):
    optimiser = torch.optim.Adam(parameters, betas=_ADAM_BETAS)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=_LEARNING_RATE, total_steps=_STEPS)
    for _ in range(_STEPS):
        optimiser.zero_grad()
        loss().backward()
        optimiser.step()
        schedule.step()


def _tensor(values):
    return torch.tensor(np.asarray(values), dtype=torch.float32)


@dataclass(frozen=True)
class _Data:
    """The events as tensors, with all that does not change during the fit."""

    x: torch.Tensor  # (N, 5)
    features: torch.Tensor  # (N, 21)
    spectrum_phase: torch.Tensor  # (P,)
    spectrum_basis: torch.Tensor  # (wavelength splines, L)
    flux: torch.Tensor  # observed pixels only, above ZERO_LOG10_FNU
    flux_sigma: torch.Tensor
    flux_observed: torch.Tensor  # (N, P, L)
    time: torch.Tensor  # (N, T)
    magnitude: torch.Tensor  # used points only
    magnitude_used: torch.Tensor  # (N, T)
    photometry_basis: torch.Tensor  # (wavelength splines, photometry wavelengths)
    filters: torch.Tensor  # (used points, photometry wavelengths): AB maggies per F_nu

    @classmethod
    def of(cls, events, floor_dex):
        spectra, light_curves = events.spectra, events.light_curves
        x = centred_parameters(events.parameters)
        used = usable_points(light_curves)
        seen = spectra.observed
        sigma = np.sqrt(pixel_variance(spectra.log10_fnu) + floor_dex**2)
        return cls(
            x=_tensor(x),
            features=_tensor(polynomial_features(x)),
            spectrum_phase=_tensor(spectra.phase_days),
            spectrum_basis=_tensor(wavelength_splines(spectra.wavelength_aa)),
            flux=_tensor(spectra.log10_fnu[seen] - ZERO_LOG10_FNU),
            flux_sigma=_tensor(sigma[seen]),
            flux_observed=torch.from_numpy(seen),
            time=_tensor(np.where(used, light_curves.phase_days, 0.0)),
            magnitude=_tensor(light_curves.magnitude[used]),
            magnitude_used=torch.from_numpy(used),
            photometry_basis=photometry_splines(torch.float32),
            filters=band_filters(torch.float32)[torch.from_numpy(light_curves.band[used].astype(np.int64))],
        )

    def misfit(self, surfaces, stretch):
        """Chi-square of spectra and magnitudes, with Huber's loss in place of the square.

        `surfaces` are spline coefficients, shape (N, 22, 92), `stretch` that of the time, (N,).
        """
        stretch = stretch[:, None]
        spectra = phase_splines(self.spectrum_phase.expand(len(self.x), -1), stretch) @ surfaces
        spectra = (spectra @ self.spectrum_basis)[self.flux_observed]
        points = (phase_splines(self.time, stretch) @ surfaces)[self.magnitude_used]
        magnitude = magnitudes(points, self.photometry_basis, self.filters)
        return _chi2((spectra - self.flux) / self.flux_sigma) / _CORRELATED_PIXELS + _chi2(
            (magnitude - self.magnitude) / _MAGNITUDE_SIGMA
        )


def _chi2(deviation):
    zero = torch.zeros_like(deviation)
    return 2 * huber_loss(deviation, zero, delta=_HUBER_SIGMAS, reduction="sum")


def _wavelength_penalty():
    """Weight of the roughness at each inner spline in wavelength; more where no spectrum reaches."""
    greville = np.exp(
        np.convolve(WAVELENGTH_KNOTS[1:-1], np.ones(SPLINE_DEGREE) / SPLINE_DEGREE, mode="valid")
    )
    blue, red = SPECTRUM_RANGE_AA
    inside = (greville > blue) & (greville < red)
    return _tensor(np.where(inside, _ROUGH_WAVELENGTH, _ROUGH_WAVELENGTH * _OUTSIDE_FACTOR))[1:-1]


_SMOOTHNESS = _wavelength_penalty()


def _roughness(surfaces):
    rough = _ROUGH_PHASE * surfaces.diff(n=2, dim=1).square().sum()
    return rough + (_SMOOTHNESS * surfaces.diff(n=2, dim=2).square()).sum()


def _penalty(weights):
    n_linear = 1 + N_CENTRED
    ridge = (
        _RIDGE_LINEAR * weights[1:n_linear].square().sum()
        + _RIDGE_QUADRATIC * weights[n_linear:].square().sum()
    )
    return _roughness(weights) + ridge


def _compress(weights):
    """Keep the surfaces that matter most (singular value decomposition over the features)."""
    left, singular, right = np.linalg.svd(weights.reshape(len(weights), -1), full_matrices=False)
    root = np.sqrt(singular[:_RANK])
    surfaces = (root[:, None] * right[:_RANK]).reshape(_RANK, *weights.shape[1:])
    return (left[:, :_RANK] * root).astype(np.float32), surfaces.astype(np.float16)
