"""Standardised tensors: light curves and spectra in batches, and pairs of the two.

Shapes: N events with P spectra each, B pairs of a batch, T light-curve slots, L wavelengths.  All numbers are
z-scores (see `snlib.data.scaling`); every mask is True where observed.
"""

from dataclasses import dataclass, replace

import torch

__all__ = ["Batch", "Pairs", "Photometry", "Spectrum", "on"]


@dataclass(frozen=True)
class Photometry:
    """A batch of light curves of any length.

    Attributes
    ----------
    time, value : Tensor, shape (B, T)
        Phase and magnitude, 0 where nothing was observed.
    band : Tensor of int, shape (B, T)
    observed : Tensor of bool, shape (B, T)
    """

    time: torch.Tensor
    band: torch.Tensor
    value: torch.Tensor
    observed: torch.Tensor

    def at(self, slots):
        """The same light curves with some of their slots only."""
        return replace(self, **{name: values[:, slots] for name, values in vars(self).items()})


@dataclass(frozen=True)
class Spectrum:
    """A batch of spectra on any number of wavelengths, each at one phase.

    Attributes
    ----------
    phase : Tensor, shape (B,)
    wavelength : Tensor, shape (L,) or (B, L)
    value : Tensor, shape (B, L)
        log10 flux density, 0 where there is none.
    observed : Tensor of bool, shape (B, L)
    """

    phase: torch.Tensor
    wavelength: torch.Tensor
    value: torch.Tensor
    observed: torch.Tensor

    def at(self, pixels):
        """The same spectra at some of their wavelengths only.

        Parameters
        ----------
        pixels : index of wavelengths
            Tensor of int or bool, or a slice; K are chosen.

        Returns
        -------
        Spectrum
            With K wavelengths in place of L.
        """
        return replace(
            self,
            wavelength=self.wavelength[..., pixels],
            value=self.value[:, pixels],
            observed=self.observed[:, pixels],
        )


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
        """Standardise events and put them on a device.

        Parameters
        ----------
        events : snlib.data.events.Events
            N of them, with P spectra each.
        scaling : snlib.data.scaling.Scaling
        device : str or torch.device

        Returns
        -------
        Pairs
        """
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
        """Choose pairs.

        Parameters
        ----------
        index : Tensor of int, shape (B,)
            Into the N P pairs: phase p of event n is pair n P + p.
        shown : Tensor of bool, shape (B, T), optional
            Light-curve points where it is False are hidden; by default none.

        Returns
        -------
        Batch
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
    """A Photometry or Spectrum with all its tensors on a device.

    Parameters
    ----------
    batch : Photometry or Spectrum
    device : str or torch.device

    Returns
    -------
    Photometry or Spectrum
    """
    return replace(batch, **{name: values.to(device) for name, values in vars(batch).items()})
