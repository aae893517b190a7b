"""From events in physical units to standardised tensors and back.

Only this module knows about standardisation: everything before it speaks days, Angstrom,
magnitudes and log10 erg/s/cm^2/Hz, everything behind it z-scores.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, replace

import numpy as np
import torch

from snlib.events import Events, LightCurves
from snlib.grid import LAST_PHASE_DAYS
from snlib.transceiver import Photometry, Spectrum

__all__ = ["SPLIT_FRACTIONS", "Batch", "Dataset", "Pairs", "Scaling", "make_dataset", "on", "split_events"]

SPLIT_FRACTIONS = {"train": 0.8, "validation": 0.1, "test": 0.1}
_MOST_HELD_OUT = 450  # events in validation or test: more would tell no more, and cost time


@dataclass(frozen=True)
class Scaling:
    """Mean and standard deviation of each quantity over the training events.

    Attributes
    ----------
    time, magnitude, phase, wavelength, log10_fnu : tuple of float
        (mean, standard deviation) in days, mag, days, Angstrom and dex.
    parameters : tuple of six such pairs
        In the order and units of `snlib.grid.PARAMETERS`.
    """

    time: tuple[float, float]
    magnitude: tuple[float, float]
    phase: tuple[float, float]
    wavelength: tuple[float, float]
    log10_fnu: tuple[float, float]
    parameters: tuple[tuple[float, float], ...]

    @classmethod
    def from_dict(cls, values):
        """Build a scaling from stored values."""
        values = dict(values)
        parameters = tuple(tuple(pair) for pair in values.pop("parameters"))
        return cls(parameters=parameters, **{name: tuple(pair) for name, pair in values.items()})

    to_dict = asdict

    @classmethod
    def fit(cls, events):
        """Take the scaling from what is observed in `events`."""

        def moments(values):
            return float(np.nanmean(values)), float(np.nanstd(values)) or 1.0  # of a constant

        light_curves, spectra = events.light_curves, events.spectra
        return cls(
            moments(np.where(light_curves.observed, light_curves.phase_days, np.nan)),
            moments(light_curves.magnitude),
            moments(spectra.phase_days),
            moments(spectra.wavelength_aa),
            moments(spectra.log10_fnu),
            tuple(moments(values) for values in events.parameters.T),
        )

    def standardise(self, name, values):
        """Physical values -> float32 tensor of z-scores; 0 where NaN."""
        mean, scale = np.transpose(getattr(self, name))
        return torch.from_numpy(np.nan_to_num((np.asarray(values, float) - mean) / scale).astype(np.float32))

    def physical_parameters(self, z_scores):
        """Z-scores of parameters, shape (..., 6) -> physical values."""
        mean, scale = np.transpose(self.parameters)
        return mean + scale * z_scores

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

    def digest(self):
        """SHA-256 of events and split: equal for equal datasets."""
        split = {name: index.tolist() for name, index in self.split.items()}
        return hashlib.sha256(f"{self.events.digest()} {json.dumps(split)}".encode()).hexdigest()

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
    parameters : Tensor, shape (N, 6)
    """

    photometry: Photometry
    phase: torch.Tensor
    wavelength: torch.Tensor
    flux: torch.Tensor
    observed: torch.Tensor
    parameters: torch.Tensor

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
            scaling.standardise("parameters", events.parameters).to(device),
        )

    def __len__(self):
        return self.flux.shape[0] * self.flux.shape[1]

    def take(self, index, shown=True):
        """The pairs of an index tensor into the N P pairs, shape (B,), as a Batch.

        A mask `shown`, shape (B, T), hides the light-curve points where it is False.
        """
        event, phase = index // self.flux.shape[1], index % self.flux.shape[1]
        x = self.photometry
        return Batch(
            event,
            Photometry(x.time[event], x.band[event], x.value[event], x.observed[event] & shown),
            Spectrum(
                self.phase[phase], self.wavelength, self.flux[event, phase], self.observed[event, phase]
            ),
            self.parameters[event],
        )


@dataclass(frozen=True)
class Batch:
    """B pairs of a light curve and a spectrum of the same supernova.

    Attributes
    ----------
    event : Tensor of int, shape (B,)
        Which supernova.
    photometry : Photometry
    spectrum : Spectrum
    parameters : Tensor, shape (B, 6)
        Of the explosion, z-scores.
    """

    event: torch.Tensor
    photometry: Photometry
    spectrum: Spectrum
    parameters: torch.Tensor


def on(batch, device):
    """A Photometry or Spectrum with all its tensors on a device."""
    return replace(batch, **{name: values.to(device) for name, values in vars(batch).items()})


def make_dataset(events, split):
    """Cut the light curves and fit the scaling to the training events.

    Parameters
    ----------
    events : Events
    split : dict of str to array of int
        Indices of the "train", "validation" and "test" events; see `split_events`.

    Returns
    -------
    Dataset

    Raises
    ------
    ValueError
        If the parts are not three disjoint sets of events, none of them empty.
    """
    split = {name: np.asarray(index, int) for name, index in split.items()}
    if set(split) != set(SPLIT_FRACTIONS) or not all(map(len, split.values())):
        raise ValueError(f"split: expected the parts {list(SPLIT_FRACTIONS)}, none of them empty")
    index = np.concatenate(list(split.values()))
    if len(set(index.tolist())) < len(index) or index.min() < 0 or index.max() >= len(events):
        raise ValueError(f"split: an index is twice there or not one of {len(events)} events")
    light_curves = events.light_curves
    late = light_curves.phase_days > LAST_PHASE_DAYS
    events = replace(
        events,
        light_curves=LightCurves(
            light_curves.phase_days, np.where(late, np.nan, light_curves.magnitude), light_curves.band
        ),
    )
    return Dataset(events, split, Scaling.fit(events.select(split["train"])))


def split_events(n_events, seed, fractions=SPLIT_FRACTIONS):
    """Split events at random.

    Parameters
    ----------
    n_events, seed : int
    fractions : dict of str to float
        Of the parts, in order; they sum to one.  No part is left empty, and all but the first have at
        most 450 events.

    Returns
    -------
    dict of str to ndarray of int
        Indices of the events of each part, ascending.

    Raises
    ------
    ValueError
        If there are too few events for the parts.
    """
    n_held_out = [
        max(1, min(round(fraction * n_events), _MOST_HELD_OUT)) for fraction in list(fractions.values())[1:]
    ]
    if sum(n_held_out) >= n_events:
        raise ValueError(f"{n_events} events are too few to split into {list(fractions)}")
    order = np.random.default_rng((seed, 1)).permutation(n_events)
    cuts = np.cumsum([n_events - sum(n_held_out), *n_held_out[:-1]])
    return {name: np.sort(index) for name, index in zip(fractions, np.split(order, cuts), strict=True)}
