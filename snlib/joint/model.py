"""The joint transceiver: light curve and spectra as one sequence, a spectrum at another phase as the answer.

A mixture of experts asks one modality at a time and cannot add up what several say.  Here points of the light
curve and pixels of any number of spectra are tokens of one sequence, any of which may be missing.  What is
read and what is predicted are residuals: dex from the spectra of a mean supernova.
"""

from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from snlib.data.batches import Spectrum
from snlib.data.quantities import BANDS
from snlib.joint.carrying import CarryOver
from snlib.joint.examples import (
    JointBatch,
    OtherSpectra,
    Points,
    days_at,
    log_wavelength_at,
)
from snlib.joint.mean_supernova import MEAN_DAYS, MeanSupernova
from snlib.joint.surprises import band_surprises, covered, find_surprises
from snlib.model.likelihoods import LowRankNormal
from snlib.model.recipes import Recipe
from snlib.model.registry import Architecture, register
from snlib.model.transceiver import CrossAttention, Layers, Sinusoid, TransceiverDecoder
from snlib.model.vae import MIN_SCALE

__all__ = ["JOINT", "JOINT_TUNED", "JointEncoder", "JointRecipe", "JointTransceiver"]

_UNIT_DEX = 0.1  # of residuals where the model works with them: about their scatter
_LEVEL_DAYS = 15.0  # points so near to peak say how bright a supernova is
_SPEED_OF_TRUST = 20.0  # by which it learns faster than other weights


@dataclass(frozen=True)
class JointRecipe(Recipe):
    """A recipe of a joint transceiver; its training changes what it is shown, alike in all that is shown.

    Attributes
    ----------
    n_modes : int
        Modes of error that the pixels of a spectrum share.
    n_pixels : int
        Wavelengths of the mean supernova.
    alone : float
        At each step show this share of the light curves without a spectrum.
    carries : bool
        Whether surprises are carried over.
    grey_dex, reddening_mag, shift_days, jitter_dex : float
        Standard deviations of what is added to all residuals, of B - V, of the time of peak, and of what is
        added to each point of the light curve.
    """

    architecture: ClassVar[str] = "joint"

    n_modes: int = 8
    n_pixels: int = 491
    alone: float = 0.4
    carries: bool = False
    grey_dex: float = 0.06
    reddening_mag: float = 0.04
    shift_days: float = 0.4
    jitter_dex: float = 0.01


#: Of the training on simulations.
JOINT = JointRecipe(
    "joint",
    d_model=64,
    d_mlp=128,
    n_layers=4,
    latent_tokens=16,
    latent_dim=64,
    time_max_frequency=8.0,
    wavelength_max_frequency=60.0,
    likelihood_scale="learned",
    n_samples=1,
    n_wavelengths=64,
    batch_size=16,
    hidden_points=0.7,
    ended_early=0.2,
    learning_rate=1e-3,
    schedule="onecycle",
    clip_norm=1.0,
)
#: After the simulations, on observed spectra.
JOINT_TUNED = replace(JOINT, name="joint-tuned", learning_rate=3e-4, carries=True)


class JointEncoder(nn.Module):
    """Any number of points and pixels -> tokens: learned queries attend to them and to each other.

    Parameters
    ----------
    recipe : JointRecipe
    """

    def __init__(self, recipe):
        super().__init__()
        d = recipe.d_model
        self.phase = Sinusoid(d, recipe.time_max_frequency)
        self.wavelength = Sinusoid(d, recipe.wavelength_max_frequency)
        self.value = nn.Linear(1, d)
        self.kind = nn.Embedding(2, d)
        self.queries = nn.Parameter(torch.randn(recipe.latent_tokens, d) * d**-0.5)
        self.layers = Layers(CrossAttention(recipe) for _ in range(recipe.n_layers))
        self.norm = nn.LayerNorm(d)

    def forward(self, x: Points) -> Float[Tensor, "B n d"]:
        """Read what was observed of each supernova."""
        tokens = self.phase(x.phase) + self.wavelength(x.wavelength) + self.kind(x.narrow.long())
        tokens = tokens + self.value(x.value[..., None])
        latents = self.queries.expand(len(tokens), -1, -1)
        observed = torch.cat([x.observed, x.observed.new_ones(latents.shape[:2])], dim=1)
        for layer in self.layers.prepared():
            latents = layer(latents, torch.cat([tokens, latents], dim=1), observed)
        return self.norm(latents)


class JointTransceiver(nn.Module):
    """Light curve and spectra of a supernova -> the distribution of its spectrum at a phase.

    The level of what is shown is taken away before it is read and added to what is written, so that a
    supernova of any brightness, or at a wrong distance, is a supernova of known shape.

    Parameters
    ----------
    recipe : JointRecipe
    """

    n_posteriors = 1  # its noise decides what is shown in training, and how it is changed

    def __init__(self, recipe):
        super().__init__()
        self.recipe = recipe
        self.encoder = JointEncoder(recipe)
        of_decoder = replace(recipe, latent_dim=recipe.d_model)
        self.decoder = TransceiverDecoder("spectrum", of_decoder, n_outputs=2 + recipe.n_modes)
        self.carry_over = CarryOver()
        self.trust = nn.Parameter(torch.zeros(()))  # in what spectra change beyond what is carried over
        days = len(MEAN_DAYS)
        self.register_buffer("mean_wavelength_aa", torch.zeros(recipe.n_pixels, dtype=torch.float64))
        self.register_buffer("mean_log10_fnu", torch.zeros(days, recipe.n_pixels))
        self.register_buffer("mean_magnitude", torch.zeros(days, len(BANDS)))

    def remember(self, mean: MeanSupernova):
        """Keep the mean supernova with the weights; returns the model."""
        for name in ("wavelength_aa", "log10_fnu", "magnitude"):
            getattr(self, f"mean_{name}").copy_(torch.from_numpy(getattr(mean, name)))
        return self

    def mean_supernova(self) -> MeanSupernova:
        """What was last remembered."""
        kept = (self.mean_wavelength_aa, self.mean_log10_fnu, self.mean_magnitude)
        return MeanSupernova(MEAN_DAYS, *(one.double().numpy() for one in kept))

    def predictive(self, light_curve: Points, others: OtherSpectra, spectrum: Spectrum) -> LowRankNormal:
        """p(spectrum | what was observed) at the phases and wavelengths of `spectrum`, of shape (B, L).

        Parameters
        ----------
        light_curve : Points
        others : OtherSpectra
            Of the same supernovae.
        spectrum : Spectrum
        """
        level, light_curve, others = _in_units(light_curve, others)
        latents = self._read(light_curve, others)
        out = self.decoder(latents[None], spectrum)[0]
        location, scale, factors = out[..., 0], F.softplus(out[..., 1]), out[..., 2:]
        if self.recipe.carries:
            with torch.no_grad():
                known = find_surprises(partial(self._decoded, latents), light_curve, others, spectrum.phase)
            asked = days_at(spectrum.phase), log_wavelength_at(spectrum.wavelength)
            change, left = self.carry_over(known, *asked)
            location, scale, factors = location + change, scale * left, factors * left[..., None]
        return LowRankNormal(location * _UNIT_DEX + level, scale * _UNIT_DEX + MIN_SCALE, factors * _UNIT_DEX)

    def misfit_dex(self, light_curve: Points, others: OtherSpectra) -> Float[Tensor, "B T"]:
        """By how much each point differs from what is decoded for it; NaN where that cannot be said."""
        _, light_curve, others = _in_units(light_curve, others)
        decode = partial(self._decoded, self._read(light_curve, others))
        surprise = _UNIT_DEX * band_surprises(decode, light_curve).value
        return surprise.masked_fill(~covered(light_curve), torch.nan)

    def _read(self, light_curve, others):
        """Latents of the light curve and, as far as it is trusted, what spectra change in them."""
        points = light_curve.joined(others.points())
        points = replace(points, value=torch.where(points.observed, points.value, 0.0))
        of_all = self.encoder(points)
        if not self.recipe.carries:
            return of_all
        has_points = light_curve.observed.any(1, keepdim=True)
        first = self.encoder(replace(points, observed=points.observed & ~(points.narrow & has_points)))
        return first + _SPEED_OF_TRUST * self.trust * (of_all - first)

    def _decoded(self, latents, phase, wavelength):
        """Residuals in units at some phases (B, C) of each supernova, shape (B, C, L)."""
        asked = Spectrum(phase.flatten(), wavelength, None, None)
        out = self.decoder(latents.repeat_interleave(phase.shape[1], 0)[None], asked)[0]
        return out[..., 0].unflatten(0, phase.shape)

    def forward(self, batch: JointBatch, noise, pixels: Int[Tensor, " n"]) -> Float[Tensor, " B"]:
        """Loss of each example: minus the log density of a pixel of its spectrum, times its weight.

        The mean of two densities, of all pixels together and of each alone.  To the first, what a light curve
        says of a few broad modes is worth little beside the noise of many pixels, and is learned late.

        Parameters
        ----------
        batch : snlib.joint.examples.JointBatch
        noise : Tensor, shape (1, 1, B, tokens, dim)
            Standard Laplace numbers.
        pixels : Tensor of int, shape (n,)
        """
        numbers = noise[0, 0].flatten(1) / 2**0.5  # of unit variance
        batch = batch.at(pixels).with_some_spectra(_uniform(numbers[:, 4:]), self.recipe.alone)
        if self.training:
            batch = self._changed(batch, numbers)
        spectrum = batch.spectrum
        predictive = self.predictive(batch.light_curve, batch.others, spectrum)
        together = predictive.log_likelihood(spectrum.value, spectrum.observed)
        alone = _each_alone(predictive, spectrum)
        n_pixels = spectrum.observed.sum(1).clamp(min=1)
        return -batch.weight * (together + alone) / (2 * n_pixels)

    def _changed(self, batch, numbers):
        recipe = self.recipe
        most = batch.light_curve.value.shape[1]
        jitter = recipe.jitter_dex * numbers[:, -most:]
        grey, reddening, days = (
            size * numbers[:, i]
            for i, size in enumerate((recipe.grey_dex, recipe.reddening_mag, recipe.shift_days))
        )
        return batch.changed(grey, reddening, days, jitter)


def _in_units(light_curve, others):
    """The level of what is shown, and the rest in units of residuals."""
    level = _level(light_curve.joined(others.points()))[:, None]
    light_curve = replace(light_curve, value=(light_curve.value - level) / _UNIT_DEX)
    return level, light_curve, replace(others, value=(others.value - level[..., None]) / _UNIT_DEX)


def _level(points):
    """The mean residual near peak, of the light curve or, without one, of the spectra."""
    of_light_curve = points.observed & ~points.narrow
    use = torch.where(of_light_curve.any(1, keepdim=True), of_light_curve, points.observed)
    weight = use * (torch.exp(-0.5 * (points.phase_days / _LEVEL_DAYS).square()) + 1e-6)
    return (weight * points.value).sum(1) / weight.sum(1).clamp(min=1e-12)


def _each_alone(predictive, spectrum):
    """Log density of the observed pixels, as if they erred independently."""
    each = torch.distributions.Normal(predictive.loc, predictive.variance().sqrt(), validate_args=False)
    return each.log_prob(spectrum.value).masked_fill(~spectrum.observed, 0.0).sum(1)


def _uniform(numbers):
    """Laplace numbers of unit variance as numbers from 0 to 1."""
    tail = 0.5 * torch.exp(-(2**0.5) * numbers.abs())
    return torch.where(numbers < 0, tail, 1 - tail)


class _Joint(Architecture):
    def models(self):
        """The one model, as a function of a recipe."""
        return {"joint-transceiver": JointTransceiver}

    def heads(self):
        """None."""
        return {}


register(_Joint(JointRecipe), {JOINT: {}, JOINT_TUNED: {}})
