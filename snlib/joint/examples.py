"""What a joint transceiver is shown of a supernova, and what it is asked.

Shapes: M spectra to predict, B of them in a batch, T light-curve slots, C further spectra of K bins, L
wavelengths.  All values are residuals in dex (`snlib.joint.mean_supernova`); masks are True where observed.
"""

from dataclasses import dataclass, replace

import torch

from snlib.data.batches import Photometry, Spectrum

__all__ = [
    "Examples",
    "JointBatch",
    "OtherSpectra",
    "Points",
    "days_at",
    "log_wavelength_at",
    "phase_place",
    "wavelength_place",
]

_PHASE, _WAVELENGTH = (10.0, 12.0), (5500.0, 1500.0)  # middle and width, days and Angstrom


def phase_place(phase_days):
    """A phase as models embed it."""
    return (phase_days - _PHASE[0]) / _PHASE[1]


def wavelength_place(wavelength_aa):
    """A wavelength as models embed it."""
    return (wavelength_aa - _WAVELENGTH[0]) / _WAVELENGTH[1]


def days_at(place):
    """Days from peak of a place among phases."""
    return _PHASE[0] + _PHASE[1] * place


def log_wavelength_at(place):
    """Logarithm of the wavelength in Angstrom of a place among wavelengths, a tensor."""
    return (_WAVELENGTH[0] + _WAVELENGTH[1] * place).log()


@dataclass(frozen=True)
class Points:
    """A sequence of N points and pixels of each of B supernovae.

    Attributes
    ----------
    phase, wavelength, value : Tensor, shape (B, N)
        Places, see `phase_place` and `wavelength_place`, and residuals.
    narrow, observed : Tensor of bool, shape (B, N)
        Whether it is a bin of a spectrum, not a band of a light curve.
    """

    phase: torch.Tensor
    wavelength: torch.Tensor
    value: torch.Tensor
    narrow: torch.Tensor
    observed: torch.Tensor

    @property
    def phase_days(self):
        """Days from peak, shape (B, N)."""
        return days_at(self.phase)

    def joined(self, others):
        """These points and others of the same supernovae."""
        names = ("phase", "wavelength", "value", "narrow", "observed")
        return Points(*(torch.cat([getattr(self, name), getattr(others, name)], dim=1) for name in names))


@dataclass(frozen=True)
class OtherSpectra:
    """C spectra of each of B supernovae, in bins.

    Attributes
    ----------
    phase : Tensor, shape (B, C)
    wavelength : Tensor, shape (K,)
    value : Tensor, shape (B, C, K)
    observed : Tensor of bool, shape (B, C, K)
    """

    phase: torch.Tensor
    wavelength: torch.Tensor
    value: torch.Tensor
    observed: torch.Tensor

    def points(self):
        """Their bins as one sequence of C K pixels."""
        shape = self.value.shape
        phase, wavelength = self.phase[..., None].expand(shape), self.wavelength.expand(shape)
        narrow = torch.ones_like(self.observed)
        return Points(*(x.flatten(1) for x in (phase, wavelength, self.value, narrow, self.observed)))


@dataclass(frozen=True)
class JointBatch:
    """B spectra to predict, and what else is observed of their supernovae.

    Attributes
    ----------
    light_curve : Points
        Of T slots.
    others : OtherSpectra
        Of the same supernovae.
    spectrum : snlib.data.batches.Spectrum
        To predict; of L wavelengths.
    reddening : tuple of Tensor, shapes (B, T), (K,) and (L,)
        What E(B-V) = 1 mag adds to the residuals of light curve, other spectra and spectrum.
    weight : Tensor, shape (B,)
    """

    light_curve: Points
    others: OtherSpectra
    spectrum: Spectrum
    reddening: tuple
    weight: torch.Tensor

    def at(self, pixels):
        """The same, to be predicted at some wavelengths only."""
        of_points, of_others, of_spectrum = self.reddening
        reddening = of_points, of_others, of_spectrum[pixels]
        return replace(self, spectrum=self.spectrum.at(pixels), reddening=reddening)

    def with_some_spectra(self, numbers, alone):
        """The same with a random share of the other spectra, often none.

        Parameters
        ----------
        numbers : Tensor, shape (B, 2 + C or more)
            Uniform from 0 to 1.
        alone : float
            So many of the light curves are left without a spectrum.
        """
        n_others = self.others.phase.shape[1]
        shown = (numbers[:, 2 : 2 + n_others] < numbers[:, 1:2]) & (numbers[:, :1] >= alone)
        observed = self.others.observed & shown[..., None]
        value = self.others.value.masked_fill(~observed, 0.0)
        return replace(self, others=replace(self.others, observed=observed, value=value))

    def changed(self, grey, reddening, days, jitter):
        """The same supernovae brighter, redder and at another time, and light curves with more noise.

        Parameters
        ----------
        grey, reddening, days : Tensor, shape (B,)
            Dex, magnitudes of B - V, and days.
        jitter : Tensor, shape (B, T)
            Dex.
        """
        of_points, of_others, of_spectrum = self.reddening
        shift = (days / _PHASE[1])[:, None]

        def add(one, change):
            value = (one.value + change).masked_fill(~one.observed, 0.0)
            return replace(
                one, value=value, phase=one.phase + (shift if one.phase.dim() > 1 else shift[:, 0])
            )

        by, grey = reddening[:, None], grey[:, None]
        return replace(
            self,
            light_curve=add(self.light_curve, grey + by * of_points + jitter),
            others=add(self.others, (grey + by * of_others)[:, None]),
            spectrum=add(self.spectrum, grey + by * of_spectrum),
        )


@dataclass(frozen=True)
class Examples:
    """M spectra to predict, each from the light curve and the other spectra of its supernova.

    They are drawn from as `snlib.data.batches.Pairs` are.

    Attributes
    ----------
    photometry : snlib.data.batches.Photometry
        Of each spectrum's supernova, shape (M, T): phases as places, residuals in dex.
    band_wavelength, band_reddening : Tensor, shape (6,)
        Of each band: its place, and what E(B-V) = 1 mag adds to its residuals.
    phase : Tensor, shape (M,)
    wavelength, reddening : Tensor, shape (L,)
    flux : Tensor, shape (M, 1, L)
        Residuals of the spectra.
    observed : Tensor of bool, shape (M, L)
    binned : OtherSpectra
        The same spectra, each of its own: C = 1.
    bin_reddening : Tensor, shape (K,)
    others : Tensor of int, shape (M, C)
        Other spectra of the same supernova by their number, those of near phases first; -1 if there are less.
    weight : Tensor, shape (M,)
    """

    photometry: Photometry
    band_wavelength: torch.Tensor
    band_reddening: torch.Tensor
    phase: torch.Tensor
    wavelength: torch.Tensor
    reddening: torch.Tensor
    flux: torch.Tensor
    observed: torch.Tensor
    binned: OtherSpectra
    bin_reddening: torch.Tensor
    others: torch.Tensor
    weight: torch.Tensor

    def __len__(self):
        return len(self.phase)

    @property
    def phase_days(self):
        """Days from peak of each spectrum, shape (M,)."""
        return days_at(self.phase.double().numpy())

    def known(self, index, spectra=None):
        """What is shown where the light curve and some spectra are known.

        Parameters
        ----------
        index : ndarray of int, shape (B,)
            Of the examples that are asked.
        spectra : ndarray of int, shape (B, C), optional
            Numbers of the spectra that are known, -1 for none; by default the light curve alone.

        Returns
        -------
        light_curve : Points
        others : OtherSpectra
        """
        others = self.others.new_full((len(self), 1 if spectra is None else spectra.shape[1]), -1)
        if spectra is not None:
            others[index] = torch.from_numpy(spectra)
        batch = replace(self, others=others).take(torch.from_numpy(index))
        return batch.light_curve, batch.others

    def take(self, index, shown=True):
        """Choose examples.

        Parameters
        ----------
        index : Tensor of int, shape (B,)
        shown : Tensor of bool, shape (B, T), optional
            Light-curve points where it is False are hidden; by default none.

        Returns
        -------
        JointBatch
        """
        x, there = self.photometry, self.others[index] >= 0
        observed, band = x.observed[index] & shown, x.band[index]
        value = x.value[index].masked_fill(~observed, 0.0)
        narrow = torch.zeros_like(observed)
        others = self.others[index].clamp(min=0)
        return JointBatch(
            Points(x.time[index], self.band_wavelength[band], value, narrow, observed),
            OtherSpectra(
                self.binned.phase[others, 0],
                self.binned.wavelength,
                self.binned.value[others, 0],
                self.binned.observed[others, 0] & there[..., None],
            ),
            Spectrum(self.phase[index], self.wavelength, self.flux[index, 0], self.observed[index]),
            (self.band_reddening[band], self.bin_reddening, self.reddening),
            self.weight[index],
        )
