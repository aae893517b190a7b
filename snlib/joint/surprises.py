"""By how much what is observed of a supernova differs from what was decoded for it.

Bands are compared with the mean of what is decoded across them, known spectra bin by bin.
"""

from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from snlib.joint.examples import OtherSpectra, Points, days_at, log_wavelength_at, wavelength_place

__all__ = ["Surprises", "band_surprises", "covered", "find_surprises"]

_N_NEAREST = 12  # points of a light curve that are compared
_BANDS_AA = (3500.0, 8000.0)  # whose effective wavelengths lie here; others reach beyond the spectra
_BAND_WIDTH = 0.065  # of a band, as a normal distribution of the logarithm of wavelength
_DECODED_AA, _N_DECODED = (3100.0, 7950.0), 13  # within spectra


@dataclass(frozen=True)
class Surprises:
    """N observations of each of B supernovae, less what was decoded for them.

    What is the same for all supernovae may be of shape (1, N).

    Attributes
    ----------
    phase_days, log_wavelength : Tensor, shape (B, N)
        The latter of Angstrom.
    band_width : Tensor, shape (1, N)
        Of the logarithm of wavelength; 0 of pixels.
    source : Tensor of int, shape (1, N)
        The number of the spectrum; -1 of bands, and of what is asked.
    value : Tensor, shape (B, N)
    observed : Tensor of bool, shape (B, N)
    """

    phase_days: Float[Tensor, "B N"]
    log_wavelength: Float[Tensor, "B N"]
    band_width: Float[Tensor, "1 N"]
    source: Int[Tensor, "1 N"]
    value: Float[Tensor, "B N"]
    observed: Bool[Tensor, "B N"]

    @classmethod
    def asked(cls, phase_days, log_wavelength):
        """Where nothing was observed yet, from phases (B,) and wavelengths (L,)."""
        shape = len(phase_days), len(log_wavelength)
        zero, of_none = phase_days.new_zeros(1, shape[1]), torch.full((1, shape[1]), -1)
        never = torch.zeros(shape, dtype=torch.bool)
        return cls(phase_days[:, None], log_wavelength[None], zero, of_none, zero.expand(shape), never)


def find_surprises(decode, light_curve: Points, others: OtherSpectra, phase: Float[Tensor, " B"]):
    """Compare the bands nearest to the phase that is asked, and all known spectra, with what is decoded.

    Parameters
    ----------
    decode : callable
        Places of phases (B, C) and of wavelengths (L,) -> values (B, C, L).
    light_curve : snlib.joint.examples.Points
    others : snlib.joint.examples.OtherSpectra
        Of the same supernovae.
    phase : Tensor, shape (B,)

    Returns
    -------
    of_bands, of_spectra : Surprises
    """
    return band_surprises(decode, _nearest(light_curve, phase)), _of_spectra(decode, others)


def covered(light_curve: Points):
    """Which points are observed, in a band that does not reach beyond the spectra; shape (B, T)."""
    first, last = (wavelength_place(end) for end in _BANDS_AA)
    return light_curve.observed & (light_curve.wavelength >= first) & (light_curve.wavelength <= last)


def _nearest(light_curve, phase):
    usable = covered(light_curve)
    away = (light_curve.phase - phase[:, None]).abs().masked_fill(~usable, torch.inf)
    nearest = away.topk(min(_N_NEAREST, away.shape[1]), largest=False).indices
    near = Points(*(column.gather(1, nearest) for column in vars(light_curve).values()))
    return replace(near, observed=usable.gather(1, nearest))


def band_surprises(decode, points: Points):
    """Compare all bands of light curves with what is decoded, those too that reach beyond the spectra.

    Parameters
    ----------
    decode, points
        As of `find_surprises`.

    Returns
    -------
    Surprises
    """
    grid = wavelength_place(torch.linspace(*_DECODED_AA, _N_DECODED))
    log_wavelength = log_wavelength_at(points.wavelength)
    apart = (log_wavelength[..., None] - log_wavelength_at(grid)) / _BAND_WIDTH
    in_band = (decode(points.phase, grid) * (-0.5 * apart.square()).softmax(-1)).sum(-1)
    width, of_none = (torch.full((1, in_band.shape[1]), fill) for fill in (_BAND_WIDTH, -1))
    surprise = points.value - in_band
    return Surprises(points.phase_days, log_wavelength, width, of_none, surprise, points.observed)


def _of_spectra(decode, others):
    shape = others.value.shape
    _, n_spectra, n_bins = shape
    log_wavelength = log_wavelength_at(others.wavelength).repeat(n_spectra)[None]
    surprise = others.value - decode(others.phase, others.wavelength)
    return Surprises(
        days_at(others.phase)[..., None].expand(shape).flatten(1),
        log_wavelength,
        torch.zeros_like(log_wavelength),
        torch.arange(n_spectra).repeat_interleave(n_bins)[None],
        surprise.flatten(1),
        others.observed.flatten(1),
    )
