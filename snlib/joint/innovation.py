"""What one spectrum of a supernova tells of another: how much of a surprise is carried over, learned.

Where a known spectrum differs from what is decoded at its phase, the spectrum that is asked for will differ
alike, the more the nearer in phase.  The plain way carries over a fixed share; here the share of each known
spectrum is a function of both phases and of the wavelength.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from snlib.data.batches import Spectrum
from snlib.joint.examples import OtherSpectra

__all__ = ["Innovation", "at_wavelengths"]

_N_HIDDEN = 32
_WIDTH = 0.02  # in wavelength, of 1500 Angstrom: about a bin of a known spectrum
_LEAST_WEIGHT = 0.3  # of bins near a wavelength
_MOST_KNOWN = 0.9  # how much smaller errors may become


class Innovation(nn.Module):
    """Shares of the surprises of known spectra: a network of phases and wavelength."""

    def __init__(self):
        super().__init__()
        self.network = nn.Sequential(nn.Linear(5, _N_HIDDEN), nn.GELU(), nn.Linear(_N_HIDDEN, 2))

    def shares(self, known_phase: Float[Tensor, "B C"], spectrum: Spectrum):
        """Logarithm of each share before they compete, and how much errors shrink; shapes (B, C, L).

        Parameters
        ----------
        known_phase : Tensor, shape (B, C)
            Places, see `snlib.joint.examples.phase_place`.
        spectrum : Spectrum
            That is asked for.
        """
        shape = (*known_phase.shape, spectrum.wavelength.shape[-1])
        asked, known = spectrum.phase[:, None, None], known_phase[..., None]
        away = known - asked
        columns = (away, away.abs(), (-away.abs() * 4).exp(), asked, spectrum.wavelength)
        out = self.network(torch.stack([column.expand(shape) for column in columns], dim=-1))
        return out[..., 0], out[..., 1].sigmoid()

    def forward(self, surprise: Float[Tensor, "B C K"], others: OtherSpectra, spectrum: Spectrum):
        """What is added at each wavelength, and what is left of the errors; shapes (B, L).

        Parameters
        ----------
        surprise : Tensor, shape (B, C, K)
        others : OtherSpectra
        spectrum : Spectrum
            That is asked for.
        """
        there, seen = at_wavelengths(surprise, others.observed, others.wavelength, spectrum.wavelength)
        scores, shrinking = self.shares(others.phase, spectrum)
        scores = scores.masked_fill(~seen, -torch.inf)
        shares = F.pad(scores, (0, 0, 0, 1)).softmax(1)[:, :-1]  # one more, for nothing, of score zero
        return (shares * there).sum(1), 1 - _MOST_KNOWN * (shares * shrinking).sum(1)


def at_wavelengths(
    values: Float[Tensor, "B C K"],
    observed: Bool[Tensor, "B C K"],
    wavelength: Float[Tensor, " K"],
    at: Float[Tensor, " L"],
) -> tuple[Float[Tensor, "B C L"], Bool[Tensor, "B C L"]]:
    """Smooth means of binned values at other wavelengths, and where there are any."""
    near = torch.exp(-0.5 * ((at - wavelength[:, None]) / _WIDTH).square())  # (K, L)
    weight = observed.to(near.dtype) @ near
    total = torch.where(observed, values, 0.0) @ near
    return total / weight.clamp(min=1e-6), weight > _LEAST_WEIGHT
