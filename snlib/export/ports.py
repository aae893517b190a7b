"""Inputs and outputs of exported graphs: their names, types, axes, units and meanings.

What is standardised in a graph comes in double precision: float32 cannot tell wavelengths apart as finely as
the sinusoids of the model do.
"""

from dataclasses import dataclass

import torch

from snlib.data.quantities import BANDS

__all__ = [
    "FNU",
    "LIGHT_CURVE",
    "PHASE",
    "POSITIONS",
    "SPECTRUM",
    "WAVELENGTHS",
    "Port",
    "distribution_ports",
]

_POINTS, _PIXELS = ("batch", "points"), ("batch", "pixels")
FNU = "log10 of erg/s/cm2/Hz at 10 pc"


@dataclass(frozen=True)
class Port:
    """An input or output of an exported graph.

    Attributes
    ----------
    name : str
    dtype : torch.dtype
    axes : tuple of str or int
        A name is that of an axis of any length, a number a length that is always the same.
    unit : str
        Empty for a pure number.
    meaning : str
    """

    name: str
    dtype: torch.dtype
    axes: tuple
    unit: str
    meaning: str

    def to_dict(self):
        """All of it as JSON has it."""
        return vars(self) | {"dtype": str(self.dtype).removeprefix("torch."), "axes": list(self.axes)}


def _observed(axes):
    return Port("observed", torch.bool, axes, "", "True = observed; see mask_rule")


#: When, and through which band, each point of a light curve was taken.
POSITIONS = (
    Port("phase_days", torch.float64, _POINTS, "day", "of each point, rest-frame days from peak"),
    Port("band", torch.int64, _POINTS, "", f"0 to {len(BANDS) - 1} for the LSST bands {', '.join(BANDS)}"),
)
LIGHT_CURVE = (
    *POSITIONS,
    Port("magnitude", torch.float64, _POINTS, "mag", "of each point, absolute, AB"),
    _observed(_POINTS),
)
PHASE = Port("phase_days", torch.float64, ("batch",), "day", "of each spectrum, rest-frame days from peak")
#: At which all spectra that are asked for are decoded.
WAVELENGTHS = Port("wavelength_aa", torch.float64, ("wavelengths",), "Angstrom", "rest-frame, of all spectra")
SPECTRUM = (
    PHASE,
    Port("wavelength_aa", torch.float64, _PIXELS, "Angstrom", "of each pixel, rest-frame"),
    Port("log10_fnu", torch.float64, _PIXELS, FNU, "flux density of each pixel"),
    _observed(_PIXELS),
)


def distribution_ports(names, axes, unit, of):
    """The ports of location and scale, for each number of some axes.

    Parameters
    ----------
    names : tuple of two str
    axes : tuple of str or int
    unit : str
    of : str
        What the distribution is of.

    Returns
    -------
    tuple of Port
    """
    return tuple(
        Port(name, torch.float32, axes, unit, f"{what} of {of}")
        for name, what in zip(names, ("location", "scale"), strict=True)
    )
