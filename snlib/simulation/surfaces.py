"""SED surfaces: what a simulation gives, and what light curves and spectra are taken from."""

from dataclasses import dataclass

import numpy as np

from snlib.data.quantities import PARAMETERS

__all__ = ["Surface"]


@dataclass(frozen=True)
class Surface:
    """The flux of one model over time and wavelength, seen from 10 pc.

    Attributes
    ----------
    object_id : str
    parameters : ndarray, shape (6,)
        In the order and units of `snlib.data.quantities.PARAMETERS`.
    phase_days : ndarray, shape (T,)
        Days from peak, ascending.
    wavelength_aa : ndarray, shape (L,)
        Å, ascending.
    log10_fnu : ndarray, shape (T, L)
        log10 of erg/s/cm^2/Hz at 10 pc; -inf where there is no flux.

    Raises
    ------
    ValueError
        If a field has another shape or impossible values; the message names it.
    """

    object_id: str
    parameters: np.ndarray
    phase_days: np.ndarray
    wavelength_aa: np.ndarray
    log10_fnu: np.ndarray

    def __post_init__(self):
        """Check shapes and values."""
        if self.parameters.shape != (len(PARAMETERS),):
            raise ValueError(f"parameters: expected shape ({len(PARAMETERS)},), got {self.parameters.shape}")
        for name in ("phase_days", "wavelength_aa"):
            values = getattr(self, name)
            if values.ndim != 1 or not (np.diff(values) > 0).all() or not np.isfinite(values).all():
                raise ValueError(f"{name}: not strictly ascending numbers")
        expected = (len(self.phase_days), len(self.wavelength_aa))
        if self.log10_fnu.shape != expected:
            raise ValueError(f"log10_fnu: expected shape {expected}, got {self.log10_fnu.shape}")
        if not (self.log10_fnu < np.inf).all():  # -inf is no flux
            raise ValueError("log10_fnu: NaN or infinite flux")
