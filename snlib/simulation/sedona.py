"""The real grid: folders of Sedona models in HDF5 (Goldstein & Kasen 2018).

A file holds ``time`` (s since explosion), ``nu`` (Hz) and ``Lnu`` (erg/s/Hz, time by frequency); its
name holds the six parameters.  Peak is where the published code puts it: at the step with the
largest sum of F_nu over the file's frequencies.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import h5py
import numpy as np

from snlib.data.quantities import LIGHT_AA_PER_S, filename_from_parameters, parameters_from_filename
from snlib.files.guard import Array
from snlib.files.hdf5 import read_hdf5
from snlib.files.writing import replacing
from snlib.random_streams import stream
from snlib.simulation.surfaces import Surface

__all__ = ["SedonaGrid", "read_surface", "write_surface"]

_SECONDS_PER_DAY = 86400.0
_CM_PER_PC = 3.0856775814913673e18
_SPHERE_CM2 = 4 * np.pi * (10 * _CM_PER_PC) ** 2
# What other units would break.
_LIMITS = {
    "time": (60.0, 1000 * _SECONDS_PER_DAY, "seconds since explosion"),
    "nu": (1e12, 1e18, "Hz"),
    "Lnu": (0.0, 1e35, "erg/s/Hz"),
}
_FIELDS = {"time": Array(1), "nu": Array(1), "Lnu": Array(2)}
_FIRST_WRITTEN_DAYS = 1.0


def read_surface(path):
    """Read one model.

    Parameters
    ----------
    path : path-like
        ``E_k_m_ej_m_Ni_m_IME_m_CO_mixing.h5``.

    Returns
    -------
    Surface
        Its `object_id` is the file name without ``.h5``; zero luminosity is -inf.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the name is not that of a model, or the file is damaged, lacks a field, holds impossible
        values or never comes to peak; the message names file and field.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file")
    try:
        parameters = parameters_from_filename(path.name)
        time, nu, luminosity = _read_fields(path)
        order = np.argsort(nu)[::-1]
        with np.errstate(divide="ignore"):
            log10_fnu = np.log10(luminosity[:, order]) - np.log10(_SPHERE_CM2)
        days = time / _SECONDS_PER_DAY
        wavelength = LIGHT_AA_PER_S / nu[order]
        return Surface(path.stem, parameters, days - days[_peak(luminosity)], wavelength, log10_fnu)
    except ValueError as error:
        raise ValueError(f"{path}: {str(error).removeprefix(f'{path}: ')}") from None


def _read_fields(path):
    fields = read_hdf5(path, _FIELDS)
    time, nu, luminosity = (
        _possible(name, values.astype(float), *_LIMITS[name]) for name, values in fields.items()
    )
    if luminosity.shape != (time.size, nu.size):
        shapes = ", ".join(f"{name} {values.shape}" for name, values in fields.items())
        raise ValueError(f"expected time (T,), nu (L,) and Lnu (T, L), got {shapes}")
    if time.size < 3 or not (np.diff(time) > 0).all():
        raise ValueError("time: not three or more ascending steps")
    if len(np.unique(nu)) != nu.size:
        raise ValueError("nu: a frequency occurs more than once")
    return time, nu, luminosity


def _possible(name, values, low, high, unit):
    bad = ~((values >= low) & (values <= high))
    if bad.any():
        where = tuple(map(int, np.argwhere(bad)[0]))
        raise ValueError(f"{name}: {values[bad][0]:g} at {where} is not in {low:g} to {high:g} {unit}")
    return values


def _peak(luminosity):
    """Index of the step of peak."""
    peak = int(luminosity.sum(1).argmax())
    if peak in (0, len(luminosity) - 1):
        raise ValueError("Lnu: brightest at the first or the last step, there is no peak within")
    return peak


def write_surface(surface, folder):
    """Write a surface as a Sedona file, named by its parameters.

    Parameters
    ----------
    surface : Surface
        The first step is written as one day after explosion, since a surface starts at a phase.
    folder : path-like

    Returns
    -------
    pathlib.Path
        The file; in single precision, compressed.
    """
    path = Path(folder) / filename_from_parameters(surface.parameters)
    days = surface.phase_days - surface.phase_days[0] + _FIRST_WRITTEN_DAYS
    luminosity = 10.0 ** (surface.log10_fnu[:, ::-1] + np.log10(_SPHERE_CM2))
    with replacing(path) as temporary, h5py.File(temporary, "w") as file:
        file["time"] = days * _SECONDS_PER_DAY
        file["nu"] = LIGHT_AA_PER_S / surface.wavelength_aa[::-1]
        file.create_dataset("Lnu", data=luminosity.astype(np.float32), compression="gzip", shuffle=True)
    return path


@dataclass(frozen=True)
class SedonaGrid:
    """The models in a folder, each read when it is asked for.

    Attributes
    ----------
    folder : pathlib.Path
        Every ``*.h5`` in it is a model.

    Raises
    ------
    FileNotFoundError
        If there is no such folder, or no model in it.
    """

    folder: Path
    faintest_magnitude = np.inf

    def __post_init__(self):
        """Look for models."""
        if not self.paths:
            raise FileNotFoundError(f"{self.folder}: no such folder, or no *.h5 file in it")

    @cached_property
    def paths(self):
        """The files, sorted by name."""
        return sorted(Path(self.folder).glob("*.h5"))

    @property
    def n_models(self):
        """How many events it has models for."""
        return len(self.paths)

    def describe(self):
        """Where the models come from, for the provenance of events.

        Returns
        -------
        dict
            JSON.
        """
        return {"source": "Sedona files", "n_models": self.n_models}

    def surface(self, index, seed):
        """Read the model of an event; the seed gives the order of the files.

        Parameters
        ----------
        index : int
            Of the event, less than `n_models`.
        seed : int

        Returns
        -------
        Surface

        Raises
        ------
        FileNotFoundError, ValueError
            See `read_surface`.
        """
        return read_surface(self.paths[self._order(seed)[index]])

    def _order(self, seed):
        return stream("Sedona files", seed).permutation(len(self.paths))
