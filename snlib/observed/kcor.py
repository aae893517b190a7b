"""The filters of surveys, and what their magnitudes are in the AB system: kcor FITS files of SNANA."""

from dataclasses import dataclass

import numpy as np
from astropy.io import fits

from snlib.files.guard import guarded, require_file

__all__ = ["Passband", "read_kcor"]


@dataclass(frozen=True)
class Passband:
    """A filter and its magnitude system.

    Attributes
    ----------
    name : str
    wavelength_aa, transmission : ndarray, shape (L,)
    zero_point_offset : float
        An AB magnitude is one in the filter's system less this.
    """

    name: str
    wavelength_aa: np.ndarray
    transmission: np.ndarray
    zero_point_offset: float

    @property
    def effective_wavelength_aa(self):
        """The mean wavelength, weighted by the transmission."""
        total = np.trapezoid(self.transmission, self.wavelength_aa)
        return float(np.trapezoid(self.transmission * self.wavelength_aa, self.wavelength_aa) / total)

    @property
    def width_aa(self):
        """The width of a box as high as the curve and of the same area."""
        return float(np.trapezoid(self.transmission, self.wavelength_aa) / self.transmission.max())


def read_kcor(path):
    """Read the filters of a survey.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    dict of str to Passband

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is damaged, a table, a column or a filter's curve is missing, or a curve is nowhere positive;
        the message names the file.
    """
    path = require_file(path)
    with guarded(path, "kcor FITS file"), fits.open(path) as tables:
        try:
            curves, offsets = tables["FilterTrans"].data, tables["ZPoff"].data
            wavelength = np.asarray(curves["wavelength (A)"], dtype=float)
            names = [str(name).strip() for name in offsets["Filter Name"]]
            shifts = np.asarray(offsets["ZPoff(Primary)"], dtype=float)
            found = [np.asarray(curves[name], dtype=float) for name in names]
        except KeyError as missing:
            raise ValueError(f"{path}: {missing.args[0]}") from None
    bands = {}
    for name, curve, shift in zip(names, found, shifts, strict=True):
        if not (np.isfinite(curve).all() and curve.max() > 0 and np.isfinite(shift)):
            raise ValueError(f"{path}: filter {name} has no positive, finite curve and offset")
        bands[name] = Passband(name, wavelength, curve, float(shift))
    return bands
