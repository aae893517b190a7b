"""Light curves and spectra of a set of supernovae, in physical units."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from snlib.data.digests import digest_of_arrays
from snlib.data.quantities import BANDS, PARAMETERS
from snlib.files.guard import Array
from snlib.files.json_files import parse_json
from snlib.files.npz import read_npz, write_npz

__all__ = ["Events", "LightCurves", "Spectra"]


_FILE_FIELDS = {
    "object_id": Array(1, "U"),
    "parameters": Array(2),
    "light_curve_phase_days": Array(2, "f", "gaps"),
    "light_curve_magnitude": Array(2, "f", "gaps"),
    "light_curve_band": Array(2, "iu"),
    "spectrum_phase_days": Array(1),
    "wavelength_aa": Array(1),
    "log10_fnu": Array(3, "f", "gaps"),
    "provenance": Array(0, "U"),
}


def _require(condition, message):
    if not condition:
        raise ValueError(message)


@dataclass(frozen=True)
class LightCurves:
    """Padded light curves; a slot without an observation holds NaN.

    Attributes
    ----------
    phase_days : ndarray, shape (N, T)
        Rest-frame days from peak.
    magnitude : ndarray, shape (N, T)
        Absolute AB magnitudes.
    band : ndarray of int, shape (N, T)
        Index into `snlib.data.quantities.BANDS`; any valid index where nothing was observed.

    Raises
    ------
    ValueError
        If shapes differ, a band is unknown or no integer, a magnitude infinite or a phase not finite where a
        magnitude is observed; the message names the field.
    """

    phase_days: np.ndarray
    magnitude: np.ndarray
    band: np.ndarray

    def __post_init__(self):
        shape = self.magnitude.shape
        _require(len(shape) == 2, f"magnitude: expected shape (N, T), got {shape}")
        for name in ("phase_days", "band"):
            _require(
                getattr(self, name).shape == shape,
                f"{name}: expected shape {shape}, got {getattr(self, name).shape}",
            )
        _require(self.band.dtype.kind in "iu", f"band: of type {self.band.dtype}, expected integers")
        outside = (self.band < 0) | (self.band >= len(BANDS))
        _require(
            not outside.any(),
            f"band: unknown band {self.band[outside][:1]}; known are 0-{len(BANDS) - 1} ({''.join(BANDS)})",
        )
        _require(not np.isinf(self.magnitude).any(), "magnitude: infinite values")
        _require(
            np.isfinite(self.phase_days[self.observed]).all(),
            "phase_days: not finite where a magnitude is observed",
        )

    @property
    def observed(self):
        """Mask of shape (N, T): True where there is an observation."""
        return ~np.isnan(self.magnitude)

    def select(self, index):
        """Choose light curves.

        Parameters
        ----------
        index : ndarray or slice
            Of K light curves.

        Returns
        -------
        LightCurves
            Of shape (K, T).
        """
        return LightCurves(self.phase_days[index], self.magnitude[index], self.band[index])


@dataclass(frozen=True)
class Spectra:
    """Spectra of N supernovae at P phases; a pixel without flux holds NaN.

    Attributes
    ----------
    phase_days : ndarray, shape (P,)
        Days from peak.
    wavelength_aa : ndarray, shape (L,)
        Ascending.
    log10_fnu : ndarray, shape (N, P, L)
        log10 of erg/s/cm^2/Hz at 10 pc.

    Raises
    ------
    ValueError
        If shapes differ, a phase is not finite, wavelengths are not positive or do not ascend, or a flux is
        infinite; the message names the field.
    """

    phase_days: np.ndarray
    wavelength_aa: np.ndarray
    log10_fnu: np.ndarray

    def __post_init__(self):
        shape = self.log10_fnu.shape
        expected = (len(self.phase_days), len(self.wavelength_aa))
        _require(
            len(shape) == 3 and shape[1:] == expected,
            f"log10_fnu: expected shape (N, {expected[0]}, {expected[1]}), got {shape}",
        )
        _require(np.isfinite(self.phase_days).all(), "phase_days: not finite")
        _require(
            np.isfinite(self.wavelength_aa).all() and (self.wavelength_aa > 0).all(),
            "wavelength_aa: not finite and positive",
        )
        _require((np.diff(self.wavelength_aa) > 0).all(), "wavelength_aa: not strictly ascending")
        _require(not np.isinf(self.log10_fnu).any(), "log10_fnu: infinite values")

    @property
    def observed(self):
        """Mask of shape (N, P, L): True where there is flux."""
        return ~np.isnan(self.log10_fnu)

    def at_phase(self, phase_days):
        """The spectra at one phase, as they are stored.

        Parameters
        ----------
        phase_days : float

        Returns
        -------
        ndarray, shape (N, L)

        Raises
        ------
        ValueError
            If there is none at this phase.
        """
        return self.log10_fnu[:, self.phase_days.tolist().index(phase_days)]


@dataclass(frozen=True)
class Events:
    """N supernovae: what they are, their light curves and their spectra.

    Attributes
    ----------
    object_id : ndarray of str, shape (N,)
    parameters : ndarray, shape (N, 6)
        In the order and units of `snlib.data.quantities.PARAMETERS`.
    light_curves : LightCurves
    spectra : Spectra
    provenance : dict
        How the events were made (JSON).

    Raises
    ------
    ValueError
        If numbers of events differ, a parameter is not finite or negative, or two events have one name; the
        message names the field.
    """

    object_id: np.ndarray
    parameters: np.ndarray
    light_curves: LightCurves
    spectra: Spectra
    provenance: dict

    def __post_init__(self):
        n = len(self.object_id)
        _require(
            self.parameters.shape == (n, len(PARAMETERS)),
            f"parameters: expected shape ({n}, {len(PARAMETERS)}), got {self.parameters.shape}",
        )
        _require(np.isfinite(self.parameters).all(), "parameters: not finite")
        _require((self.parameters >= 0).all(), "parameters: negative energies, masses or passes")
        _require(
            len(self.light_curves.magnitude) == n,
            f"light curves: {len(self.light_curves.magnitude)} for {n} objects",
        )
        _require(len(self.spectra.log10_fnu) == n, f"spectra: {len(self.spectra.log10_fnu)} for {n} objects")
        ids, counts = np.unique(self.object_id, return_counts=True)
        _require((counts == 1).all(), f"object_id: {ids[counts > 1][:1]} occurs more than once")

    def __len__(self):
        return len(self.object_id)

    def select(self, index):
        """Choose events.

        Parameters
        ----------
        index : ndarray of int or bool
            Of K events.

        Returns
        -------
        Events
        """
        return replace(
            self,
            object_id=self.object_id[index],
            parameters=self.parameters[index],
            light_curves=self.light_curves.select(index),
            spectra=replace(self.spectra, log10_fnu=self.spectra.log10_fnu[index]),
        )

    def arrays(self):
        """The arrays by name, as they are stored.

        Returns
        -------
        dict of str to ndarray
        """
        return {
            "object_id": self.object_id,
            "parameters": self.parameters,
            "light_curve_phase_days": self.light_curves.phase_days,
            "light_curve_magnitude": self.light_curves.magnitude,
            "light_curve_band": self.light_curves.band,
            "spectrum_phase_days": self.spectra.phase_days,
            "wavelength_aa": self.spectra.wavelength_aa,
            "log10_fnu": self.spectra.log10_fnu,
        }

    def digest(self):
        """SHA-256 of the arrays: equal for equal events, whatever machine they come from.

        See `snlib.data.digests.digest_of_arrays`.

        Returns
        -------
        str
            64 hexadecimal digits.
        """
        return digest_of_arrays(self.arrays())

    def save(self, path):
        """Write the events to an npz file (temporary name, then rename).

        Parameters
        ----------
        path : path-like
        """
        write_npz(path, provenance=np.array(json.dumps(self.provenance)), **self.arrays())

    @classmethod
    def load(cls, path):
        """Read events written by `save`.

        Parameters
        ----------
        path : path-like

        Returns
        -------
        Events

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ValueError
            If the file is not a complete npz file of valid events; the message names file and field.
        """
        a = read_npz(path, _FILE_FIELDS)
        try:
            return cls(
                a["object_id"],
                a["parameters"],
                LightCurves(a["light_curve_phase_days"], a["light_curve_magnitude"], a["light_curve_band"]),
                Spectra(a["spectrum_phase_days"], a["wavelength_aa"], a["log10_fnu"]),
                parse_json(str(a["provenance"])),
            )
        except (ValueError, RecursionError) as error:
            raise ValueError(f"{Path(path)}: {error}") from None
