"""Surrogate inversion: the models that a light curve allows, found by fitting the surrogate to it.

The unknowns u of an event are what the embedded grid draws for it: five parameters, written so that the
grid's distribution of each is the standard normal one, and the amplitudes of the residual surfaces, which
are standard normal anyway.  Their posterior given a light curve is approximated by a normal distribution
about its maximum (Laplace's approximation), and spectra are drawn like those of the grid.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch.func import jacfwd, vmap
from torch.nn.functional import huber_loss
from tqdm import tqdm

from snlib.data.quantities import SPECTRUM_PHASES_DAYS
from snlib.random_streams import stream
from snlib.simulation.grid_prior import N_PARAMETERS, grid_parameters, grid_quantities
from snlib.simulation.packets import log10_packets_per_flux
from snlib.simulation.spectra import observe_spectra
from snlib.simulation.surrogate_features import centred, polynomial_features
from snlib.simulation.surrogate_torch import (
    band_filters,
    magnitudes,
    phase_splines,
    photometry_splines,
    usable_points,
)

__all__ = ["Inversion", "invert_light_curves", "inverted_samples"]

# Real models stray far from the surrogate where their light curves rise, and where they end.
_HUBER_SCALES = 2.0
_N_STARTS = 3
_CHUNK = 25
_MAX_STEPS = 100
_FIRST_DAMPING, _DAMPING_RANGE = 0.1, (1e-6, 1e8)
_BETTER, _WORSE = 0.2, 5.0
# Half a chi-square: a fit has converged when its next step promises less.
_TOLERANCE = 1e-4


@dataclass(frozen=True)
class Inversion:
    """Normal approximation to the posterior of the unknowns of N events.

    Attributes
    ----------
    mean : ndarray, shape (N, 5 + K)
        The most probable unknowns: five parameters (`snlib.simulation.grid_prior`), and the
        amplitudes of the surrogate's K residual surfaces.  Their prior is standard normal.
    covariance : ndarray, shape (N, 5 + K, 5 + K)
    chi2 : ndarray, shape (N,)
        Of the magnitudes, at the mean, with Huber's loss in place of the square.
    converged : ndarray of bool, shape (N,)
        Whether the fit reached its maximum in the steps it was given.
    """

    mean: np.ndarray
    covariance: np.ndarray
    chi2: np.ndarray
    converged: np.ndarray


def invert_light_curves(surrogate, light_curves, magnitude_scale, seed=0):
    """Find what the surrogate's unknowns must be to give some light curves.

    The fit is Levenberg and Marquardt's, from three starts: the middle of the prior and two draws from it,
    the same for all events, so that none depends on its place or on the others.

    Parameters
    ----------
    surrogate : Surrogate
    light_curves : LightCurves
        Points that `snlib.simulation.surrogate_torch.usable_points` refuses are left out.  Without any, the
        prior comes back.
    magnitude_scale : float
        Standard deviation of magnitudes about the surrogate's; Huber's loss is linear beyond two of them.
        0.02 suits simulated light curves, 0.07 those of real models.
    seed : int
        Of the starts.

    Returns
    -------
    Inversion

    Raises
    ------
    ValueError
        If the scale is not a positive number.
    """
    if not (np.isfinite(magnitude_scale) and magnitude_scale > 0):
        raise ValueError(f"magnitude_scale: {magnitude_scale}, expected a positive number of magnitudes")
    model = _Model.of(surrogate)
    starts = stream("inversion", seed).standard_normal((_N_STARTS, model.n_unknowns))
    starts[0] = 0.0
    n = len(light_curves.magnitude)
    parts = []
    chunks = tqdm(range(0, n, _CHUNK), desc="inversions", mininterval=2, disable=n <= _CHUNK)
    for first in chunks:
        points = _Points.of(light_curves.select(slice(first, first + _CHUNK)), magnitude_scale)
        fits = [_fit(model, points, torch.from_numpy(start).repeat(len(points), 1)) for start in starts]
        best = torch.stack([fit.loss for fit in fits]).argmin(0), torch.arange(len(points))
        parts.append(
            [torch.stack([getattr(fit, name) for fit in fits])[best] for name in _Fit.__annotations__]
        )
    u, loss, _, curvature, converged = (torch.cat(values) for values in zip(*parts, strict=True))
    chi2 = 2 * loss - u.square().sum(-1)
    return Inversion(*(x.numpy() for x in (u, torch.linalg.inv(curvature), chi2, converged)))


@dataclass(frozen=True)
class _Model:
    """The surrogate as tensors."""

    warp: torch.Tensor  # (5,)
    loadings: torch.Tensor  # (21, R)
    surfaces: torch.Tensor  # (R + K, 22, 92), the residual ones last

    @classmethod
    def of(cls, surrogate):
        surfaces = np.concatenate([surrogate.surfaces, surrogate.residuals])
        return cls(*(torch.tensor(x.astype(float)) for x in (surrogate.warp, surrogate.loadings, surfaces)))

    @property
    def n_unknowns(self):
        return N_PARAMETERS + len(self.surfaces) - self.loadings.shape[1]

    def coefficients(self, u, phase_days):
        """Spline coefficients in ln λ of one event at its phases: (D,), (T,) -> (T, 92)."""
        x = centred(*grid_quantities(u), torch)
        weights = torch.cat([polynomial_features(x, torch) @ self.loadings, u[N_PARAMETERS:]])
        surface = (weights @ self.surfaces.flatten(1)).unflatten(0, self.surfaces.shape[1:])
        return phase_splines(phase_days, torch.exp(self.warp @ x)) @ surface


@dataclass(frozen=True)
class _Points:
    """Light curves as tensors; points that are not used have no weight."""

    phase_days: torch.Tensor  # (N, T)
    magnitude: torch.Tensor
    weight: torch.Tensor  # one over the scale, or zero
    filters: torch.Tensor  # (N, T, W)
    basis: torch.Tensor  # (92, W)

    @classmethod
    def of(cls, light_curves, magnitude_scale):
        used = usable_points(light_curves)
        return cls(
            torch.from_numpy(np.where(used, light_curves.phase_days, 0.0)),
            torch.from_numpy(np.where(used, light_curves.magnitude, 0.0)),
            torch.from_numpy(used / magnitude_scale),
            band_filters(torch.float64)[torch.from_numpy(light_curves.band.astype(np.int64))],
            photometry_splines(torch.float64),
        )

    def __len__(self):
        return len(self.magnitude)

    def select(self, index):
        fields = ("phase_days", "magnitude", "weight", "filters")
        return replace(self, **{name: getattr(self, name)[index] for name in fields})


def _deviations(model, points, u):
    """Weighted differences of magnitudes, shape (N, T), and their Jacobian, (N, T, D)."""

    def coefficients(u, phase_days):
        value = model.coefficients(u, phase_days)
        return value, value

    jacobian, value = vmap(jacfwd(coefficients, has_aux=True))(u, points.phase_days)
    # A magnitude depends on the coefficients at its own phase only: one pass gives all gradients.
    value = value.detach().requires_grad_()
    predicted = magnitudes(value, points.basis, points.filters)
    (gradient,) = torch.autograd.grad(predicted.sum(), value)
    deviation = points.weight * (predicted.detach() - points.magnitude)
    return deviation, points.weight[..., None] * (gradient[..., None, :] @ jacobian)[..., 0, :]


@dataclass(frozen=True)
class _Fit:
    """Minus the log posterior, up to a constant, and its derivatives at the unknowns of N events."""

    u: torch.Tensor  # (N, D)
    loss: torch.Tensor  # (N,)
    gradient: torch.Tensor  # (N, D)
    curvature: torch.Tensor  # (N, D, D), of Gauss and Newton
    converged: torch.Tensor  # (N,)

    @classmethod
    def at(cls, model, points, u):
        deviation, jacobian = _deviations(model, points, u)
        misfit = huber_loss(deviation, torch.zeros_like(deviation), delta=_HUBER_SCALES, reduction="none")
        loss = misfit.sum(-1) + u.square().sum(-1) / 2
        gradient = (deviation.clamp(-_HUBER_SCALES, _HUBER_SCALES)[:, None] @ jacobian)[:, 0] + u
        # Of the parabolas that touch Huber's loss from above: safe steps, however far away.
        weight = _HUBER_SCALES / deviation.abs().clamp_min(_HUBER_SCALES)
        curvature = jacobian.mT @ (weight[..., None] * jacobian) + torch.eye(u.shape[1], dtype=u.dtype)
        promised = (gradient * torch.linalg.solve(curvature, gradient)).sum(-1) / 2
        return cls(u, loss, gradient, curvature, promised < _TOLERANCE)


def _fit(model, points, u):
    """Levenberg-Marquardt: each event with a damping of its own, until it has converged."""
    fit = _Fit.at(model, points, u)
    damping = torch.full_like(fit.loss, _FIRST_DAMPING)
    for _ in range(_MAX_STEPS):
        at = torch.nonzero(~fit.converged)[:, 0]
        if not len(at):
            break
        eye = torch.eye(u.shape[1], dtype=u.dtype)
        damped = fit.curvature[at] + damping[at, None, None] * eye
        trial = _Fit.at(model, points.select(at), fit.u[at] - torch.linalg.solve(damped, fit.gradient[at]))
        better = trial.loss < fit.loss[at]
        damping[at] = (damping[at] * torch.where(better, _BETTER, _WORSE)).clamp(*_DAMPING_RANGE)
        for name, values in vars(trial).items():
            getattr(fit, name)[at[better]] = values[better]
    return fit


def inverted_samples(surrogate, inversion, index, phase_days, wavelength_aa, n_samples, rng):
    """Spectra of one event given its light curve.

    Parameters
    ----------
    surrogate : Surrogate
        That was inverted.
    inversion : Inversion
    index : int
        Of the event.
    phase_days : ndarray, shape (P,)
        Days from peak.
    wavelength_aa : ndarray, shape (L,)
        Å, ascending.
    n_samples : int
        S.
    rng : numpy.random.Generator

    Returns
    -------
    latent, predictive : ndarray, shape (S, P, L)
        log10 F_nu: spectra of draws from the posterior, and the same with the noise of photon packets, at
        least one in each pixel for it to be observed, median-filtered as all spectra are.

    Raises
    ------
    ValueError
        If another surrogate was inverted, or phases or wavelengths are outside the surrogate's range.
    """
    u = rng.multivariate_normal(inversion.mean[index], inversion.covariance[index], n_samples, method="eigh")
    parameters = grid_parameters(u)
    latent = surrogate.log10_fnu(parameters, phase_days, wavelength_aa, u[:, N_PARAMETERS:])
    log10_packets = np.interp(phase_days, SPECTRUM_PHASES_DAYS, surrogate.log10_packets)
    per_flux = np.stack(
        [log10_packets_per_flux(wavelength_aa, nickel, log10_packets) for nickel in parameters[:, 2]]
    )
    packets = _some_packets(10.0 ** (latent + per_flux), rng)
    return latent, observe_spectra(np.log10(packets) - per_flux)


def _some_packets(expected, rng):
    """Poisson numbers, given that they are not zero: the first to arrive, and those after it."""
    first = -np.log1p(rng.random(expected.shape) * np.expm1(-expected))
    return 1 + rng.poisson(np.maximum(expected - first, 0.0))
