"""From events in physical units to standardised tensors and back.

Only this module knows about standardisation: everything before it speaks days, Angstrom,
magnitudes and log10 erg/s/cm^2/Hz, everything behind it z-scores.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch

from snlib.events import Events, LightCurves
from snlib.grid import LAST_PHASE_DAYS
from snlib.transceiver import Photometry, Spectrum

__all__ = ["SPLIT_FRACTIONS", "Dataset", "Scaling", "make_dataset", "split_events"]

SPLIT_FRACTIONS = {"train": 0.8, "validation": 0.1, "test": 0.1}


@dataclass(frozen=True)
class Scaling:
    """Mean and standard deviation of each quantity over the training events.

    Attributes
    ----------
    time, magnitude, phase, wavelength, log10_fnu : tuple of float
        (mean, standard deviation) in days, mag, days, Angstrom and dex.
    """

    time: tuple[float, float]
    magnitude: tuple[float, float]
    phase: tuple[float, float]
    wavelength: tuple[float, float]
    log10_fnu: tuple[float, float]

    @classmethod
    def fit(cls, events):
        """Take the scaling from what is observed in `events`."""

        def moments(values):
            return float(np.nanmean(values)), float(np.nanstd(values))

        light_curves, spectra = events.light_curves, events.spectra
        return cls(
            moments(np.where(light_curves.observed, light_curves.phase_days, np.nan)),
            moments(light_curves.magnitude),
            moments(spectra.phase_days),
            moments(spectra.wavelength_aa),
            moments(spectra.log10_fnu),
        )

    def standardise(self, name, values):
        """Physical values -> float32 tensor of z-scores; 0 where NaN."""
        mean, scale = getattr(self, name)
        return torch.from_numpy(np.nan_to_num((np.asarray(values, float) - mean) / scale).astype(np.float32))

    def photometry(self, light_curves):
        """LightCurves -> Photometry."""
        return Photometry(
            time=self.standardise("time", np.where(light_curves.observed, light_curves.phase_days, np.nan)),
            band=torch.from_numpy(light_curves.band.astype(np.int64)),
            value=self.standardise("magnitude", light_curves.magnitude),
            observed=torch.from_numpy(light_curves.observed),
        )


@dataclass(frozen=True)
class Dataset:
    """Events, their split and their scaling.

    Attributes
    ----------
    events : Events
        Without light-curve points after `snlib.grid.LAST_PHASE_DAYS`.
    split : dict of str to ndarray of int
        Indices of the "train", "validation" and "test" events, disjoint.
    scaling : Scaling
        Taken from the training events only.
    """

    events: Events
    split: dict
    scaling: Scaling

    def part(self, name):
        """The events of one part of the split."""
        return self.events.select(self.split[name])

    def pairs(self, name, device):
        """Standardised pairs of a light curve and one of its spectra, on a device."""
        return Pairs.from_events(self.part(name), self.scaling, device)


@dataclass(frozen=True)
class Pairs:
    """N events with P spectra each: N P pairs of a light curve and a spectrum.

    Attributes
    ----------
    photometry : Photometry
        Of the N events.
    phase : Tensor, shape (P,)
    wavelength : Tensor, shape (L,)
    flux : Tensor, shape (N, P, L)
    observed : Tensor of bool, shape (N, P, L)
    """

    photometry: Photometry
    phase: torch.Tensor
    wavelength: torch.Tensor
    flux: torch.Tensor
    observed: torch.Tensor

    @classmethod
    def from_events(cls, events, scaling, device):
        """Standardise events and put them on a device."""
        spectra = events.spectra
        return cls(
            on(scaling.photometry(events.light_curves), device),
            scaling.standardise("phase", spectra.phase_days).to(device),
            scaling.standardise("wavelength", spectra.wavelength_aa).to(device),
            scaling.standardise("log10_fnu", spectra.log10_fnu).to(device),
            torch.from_numpy(spectra.observed).to(device),
        )

    def __len__(self):
        return self.flux.shape[0] * self.flux.shape[1]

    def take(self, index):
        """The pairs of an index tensor into the N P pairs: (Photometry, Spectrum)."""
        event, phase = index // self.flux.shape[1], index % self.flux.shape[1]
        x = self.photometry
        return (
            Photometry(x.time[event], x.band[event], x.value[event], x.observed[event]),
            Spectrum(
                self.phase[phase], self.wavelength, self.flux[event, phase], self.observed[event, phase]
            ),
        )


def on(batch, device):
    """A Photometry or Spectrum with all its tensors on a device."""
    return replace(batch, **{name: values.to(device) for name, values in vars(batch).items()})


def make_dataset(events, seed, fractions=SPLIT_FRACTIONS):
    """Cut the light curves, split the events and fit the scaling.

    Parameters
    ----------
    events : Events
    seed : int
        Of the split.
    fractions : dict of str to float
        Of the parts, in order; they sum to one.  No part is left empty.

    Returns
    -------
    Dataset

    Raises
    ------
    ValueError
        If there are too few events for the parts.
    """
    light_curves = events.light_curves
    late = light_curves.phase_days > LAST_PHASE_DAYS
    events = replace(
        events,
        light_curves=LightCurves(
            light_curves.phase_days, np.where(late, np.nan, light_curves.magnitude), light_curves.band
        ),
    )
    split = split_events(len(events), seed, fractions)
    return Dataset(events, split, Scaling.fit(events.select(split["train"])))


def split_events(n_events, seed, fractions=SPLIT_FRACTIONS):
    """Split events at random; see `make_dataset`.

    Returns
    -------
    dict of str to ndarray of int
        Indices of the events of each part, ascending.
    """
    n_held_out = [max(1, round(fraction * n_events)) for fraction in list(fractions.values())[1:]]
    if sum(n_held_out) >= n_events:
        raise ValueError(f"{n_events} events are too few to split into {list(fractions)}")
    order = np.random.default_rng((seed, 1)).permutation(n_events)
    cuts = np.cumsum([n_events - sum(n_held_out), *n_held_out[:-1]])
    return {name: np.sort(index) for name, index in zip(fractions, np.split(order, cuts), strict=True)}
