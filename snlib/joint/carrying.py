"""By how much an observation surprises is carried over to the spectrum that is asked.

Where a band or a known spectrum differs from what is decoded at its phase, the spectrum that is asked for
will differ alike, the more the nearer in phase and wavelength.  Such differences are a Gaussian process here:
a sum of grey, broad, middling and narrow ones.  A part of each lasts for days, another is of one spectrum
only, as errors of calibration are.  So the share that is carried over follows from how large, how wide and
how lasting they are, which is learned.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from snlib.joint.surprises import Surprises

__all__ = ["CarryOver"]

# Where learning begins: in units of residuals, of grey, broad, middling and narrow surprises;
_LASTING, _OWN = (0.2, 0.35, 0.25, 0.4), (0.1, 0.3, 0.1, 0.03)
_DAYS, _WIDTH = (100.0, 25.0), (0.35, 0.13, 0.02)  # of grey and other ones; of logarithms of wavelength;
_NOISE = (0.15, 0.1)  # of a band and of a pixel.
_SPEED = 20.0  # by which their logarithms learn faster than the weights of the network
_MIDDLE, _SPAN = (10.0, math.log(5500.0)), (20.0, 0.4)  # of phases, and of logarithms of wavelength


class CarryOver(nn.Module):
    """A Gaussian process of surprises, which are expected to be zero."""

    def __init__(self):
        super().__init__()
        starts = {"lasting": _LASTING, "own": _OWN, "days": _DAYS, "width": _WIDTH, "noise": _NOISE}
        for name, start in starts.items():
            self.register_buffer(f"{name}_start", torch.tensor(start), persistent=False)
            self.register_parameter(name, nn.Parameter(torch.zeros(len(start))))
        self.profile = nn.Parameter(torch.zeros(5))

    def size(self, name) -> Float[Tensor, " n"]:
        """What was learned: "lasting", "own", "days", "width" or "noise"."""
        return getattr(self, f"{name}_start") * (_SPEED * getattr(self, name)).exp()

    def amplitude(self, at: Surprises) -> Float[Tensor, "B N"]:
        """By how much lasting surprises are larger at some phases and wavelengths than at others."""
        days, wavelength = (
            (at.phase_days - _MIDDLE[0]) / _SPAN[0],
            (at.log_wavelength - _MIDDLE[1]) / _SPAN[1],
        )
        columns = (days, days.square(), wavelength, wavelength.square(), days * wavelength)
        by = _SPEED * self.profile
        return sum(by[i] * column for i, column in enumerate(columns)).clamp(-2.0, 2.0).exp()

    def covariance(self, one: Surprises, other: Surprises) -> Float[Tensor, "B N M"]:
        """Of the surprises at all pairs of places, without noise."""
        away = (one.phase_days[:, :, None] - other.phase_days[:, None]).abs()
        distance = (one.log_wavelength[:, :, None] - other.log_wavelength[:, None]).square()
        blurred = one.band_width.square()[:, :, None] + other.band_width.square()[:, None]
        same = (one.source[:, :, None] == other.source[:, None]) & (one.source >= 0)[:, :, None]
        lasting, own = self.size("lasting").square(), self.size("own").square()
        of_lasting, of_own = 0.0, own[0]
        for i, width in enumerate(self.size("width"), 1):
            # Gaussian bands see a Gaussian covariance wider and, by the root of that, smaller.
            wider = width.square() + blurred
            alike = width * wider.rsqrt() * (-0.5 * distance / wider).exp()
            of_lasting, of_own = of_lasting + lasting[i] * alike, of_own + own[i] * alike
        of_grey, of_others = -1 / self.size("days")
        larger = self.amplitude(one)[:, :, None] * self.amplitude(other)[:, None]
        return (
            lasting[0] * (of_grey * away).exp()
            + (of_others * away).exp() * larger * of_lasting
            + of_own * same
        )

    def forward(
        self,
        known: tuple[Surprises, ...],
        phase_days: Float[Tensor, " B"],
        log_wavelength: Float[Tensor, " L"],
    ) -> tuple[Float[Tensor, "B L"], Float[Tensor, "B L"]]:
        """What is expected at each wavelength that is asked, and what is left of the errors.

        Parameters
        ----------
        known : sequence of Surprises
            Of the same supernovae.
        phase_days : Tensor, shape (B,)
        log_wavelength : Tensor, shape (L,)
            Of Angstrom.
        """
        asked = Surprises.asked(phase_days, log_wavelength)
        seen, values = (torch.cat([vars(one)[name] for one in known], 1) for name in ("observed", "value"))
        among = self._blocks(known, known) * (seen[:, :, None] & seen[:, None])
        factor = torch.linalg.cholesky(among + torch.diag_embed(self._noise(known).where(seen, 1.0)))
        with_asked = self._blocks(known, [asked]) * seen[..., None]
        columns = torch.cat([with_asked, values.where(seen, 0.0)[..., None]], dim=-1)
        solved = torch.linalg.solve_triangular(factor, columns, upper=False)  # (B, N, L + 1)
        of_asked, of_values = solved[..., :-1], solved[..., -1:]
        left = 1 - of_asked.square().sum(1) / self._variance(asked)
        return (of_asked * of_values).sum(1), left.clamp(min=1e-4).sqrt()

    def _blocks(self, rows, columns):
        n = len(rows[0].value)
        blocks = [
            torch.cat([self.covariance(row, column).expand(n, -1, -1) for column in columns], 2)
            for row in rows
        ]
        return torch.cat(blocks, 1)

    def _noise(self, known):
        """Variance of the noise of each observation."""
        of_band, of_pixel = self.size("noise").square()
        return torch.cat(
            [torch.where(one.source < 0, of_band, of_pixel).expand_as(one.value) for one in known], 1
        )

    def _variance(self, asked):
        """Of what is observed at a place by itself."""
        lasting, own = self.size("lasting").square(), self.size("own").square()
        of_one = own.sum() + self.size("noise")[1].square() + lasting[0]
        return of_one + lasting[1:].sum() * self.amplitude(asked).square()
