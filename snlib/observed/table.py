"""The table of observed Type Ia supernovae: their light curves and spectra in the rest frame at 10 pc."""

from dataclasses import dataclass

import numpy as np

from snlib.data.quantities import BANDS
from snlib.data.ragged import RaggedLightCurves
from snlib.files.guard import Array
from snlib.files.npz import read_npz

__all__ = ["ObservedSupernovae", "read_observed"]

_FIELDS = {
    "object_id": Array(1, "U"),
    "salt3_x1": Array(1, "f"),
    "salt3_c": Array(1, "f"),
    "fold": Array(1, "iu"),
    "lc_object": Array(1, "iu"),
    "lc_phase_days": Array(1, "f"),
    "lc_band": Array(1, "U"),
    "lc_magnitude": Array(1, "f"),
    "lc_magnitude_error": Array(1, "f"),
    "spectrum_object": Array(1, "iu"),
    "spectrum_phase_days": Array(1, "f"),
    "wavelength_aa": Array(1, "f"),
    "log10_fnu": Array(2, "f", "gaps"),
}
# Physical limits that a value in other units would break.
_LIMITS = {
    "salt3_x1": (-10.0, 10.0, "stretch"),
    "salt3_c": (-2.0, 5.0, "magnitudes"),
    "fold": (0, 100, "a number from 0"),
    "lc_phase_days": (-100.0, 500.0, "days from peak"),
    "lc_magnitude": (-25.0, 15.0, "absolute AB magnitude"),
    "lc_magnitude_error": (0.0, 100.0, "magnitudes"),
    "spectrum_phase_days": (-100.0, 500.0, "days from peak"),
    "wavelength_aa": (1000.0, 30000.0, "Angstrom"),
    "log10_fnu": (-25.0, -5.0, "log10 erg/s/cm^2/Hz at 10 pc"),
}
# What counts of a light curve: its early and its late points are rare and uncertain.
_FIRST_DAYS, _LAST_DAYS, _MOST_ERROR_MAG = -18.0, 50.0, 0.2


@dataclass(frozen=True)
class ObservedSupernovae:
    """N supernovae with M spectra.

    Attributes
    ----------
    object_id : ndarray of str, shape (N,)
    x1, c : ndarray, shape (N,)
        Stretch and colour of a SALT3 fit to the light curve.
    fold : ndarray of int, shape (N,)
        Parts that are left out in turn; all spectra of a supernova are in one.
    light_curves : snlib.data.ragged.RaggedLightCurves
        Absolute AB magnitudes in the rest frame, days from the maximum in B.
    spectrum_object : ndarray of int, shape (M,)
        Index of the supernova.
    spectrum_phase_days : ndarray, shape (M,)
    wavelength_aa : ndarray, shape (L,)
        Ascending, rest frame.
    log10_fnu : ndarray, shape (M, L)
        log10 of erg/s/cm^2/Hz at 10 pc; NaN where not observed.
    """

    object_id: np.ndarray
    x1: np.ndarray
    c: np.ndarray
    fold: np.ndarray
    light_curves: RaggedLightCurves
    spectrum_object: np.ndarray
    spectrum_phase_days: np.ndarray
    wavelength_aa: np.ndarray
    log10_fnu: np.ndarray

    def between(self, first_days, last_days):
        """The same supernovae with the spectra of some phases, both ends included.

        Returns
        -------
        ObservedSupernovae
        """
        keep = (self.spectrum_phase_days >= first_days) & (self.spectrum_phase_days <= last_days)
        of_spectra = ("spectrum_object", "spectrum_phase_days", "log10_fnu")
        return type(self)(**vars(self) | {name: getattr(self, name)[keep] for name in of_spectra})


def read_observed(path):
    """Read the table that ``data/README.md`` describes.

    Points of light curves before -18 d or after +50 d, and those more uncertain than 0.2 mag, are left out.

    Parameters
    ----------
    path : path-like
        An npz file.

    Returns
    -------
    ObservedSupernovae

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is damaged or an array is missing or is not what it must be; the message names both.
    """
    arrays = read_npz(path, _FIELDS)
    try:
        _check(arrays)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    phase, error = arrays["lc_phase_days"].astype(float), arrays["lc_magnitude_error"]
    use = (phase >= _FIRST_DAYS) & (phase <= _LAST_DAYS) & (error < _MOST_ERROR_MAG)
    band = np.array([BANDS.index(name) for name in arrays["lc_band"]], dtype=int)
    magnitude = arrays["lc_magnitude"].astype(float)
    return ObservedSupernovae(
        object_id=arrays["object_id"],
        x1=arrays["salt3_x1"].astype(float),
        c=arrays["salt3_c"].astype(float),
        fold=arrays["fold"].astype(int),
        light_curves=RaggedLightCurves.from_points(
            arrays["object_id"].astype(object),
            arrays["lc_object"][use].astype(int),
            phase[use],
            magnitude[use],
            band[use],
        ),
        spectrum_object=arrays["spectrum_object"].astype(int),
        spectrum_phase_days=arrays["spectrum_phase_days"].astype(float),
        wavelength_aa=arrays["wavelength_aa"].astype(float),
        log10_fnu=arrays["log10_fnu"].astype(float),
    )


def _check(arrays):
    """Refuse arrays that do not fit each other, or numbers in other units."""
    n_objects, n_spectra = len(arrays["object_id"]), len(arrays["spectrum_object"])
    lengths = {
        n_objects: ("salt3_x1", "salt3_c", "fold"),
        len(arrays["lc_object"]): ("lc_phase_days", "lc_band", "lc_magnitude", "lc_magnitude_error"),
    }
    for expected, names in lengths.items():
        for name in names:
            if len(arrays[name]) != expected:
                raise ValueError(f"field {name!r} has {len(arrays[name])} values, expected {expected}")
    shape = n_spectra, len(arrays["wavelength_aa"])
    if arrays["log10_fnu"].shape != shape or len(arrays["spectrum_phase_days"]) != n_spectra:
        raise ValueError(f"field 'log10_fnu' has the shape {arrays['log10_fnu'].shape}, expected {shape}")
    for name in ("lc_object", "spectrum_object"):
        if ((arrays[name] < 0) | (arrays[name] >= n_objects)).any():
            raise ValueError(f"field {name!r} names an object that is none of the {n_objects}")
    if unknown := set(arrays["lc_band"]) - set(BANDS):
        raise ValueError(f"field 'lc_band': {min(unknown)!r} is none of {', '.join(BANDS)}")
    if len(set(arrays["object_id"])) < n_objects:
        raise ValueError("field 'object_id' names an object twice")
    if (np.diff(arrays["wavelength_aa"]) <= 0).any():
        raise ValueError("field 'wavelength_aa' does not ascend")
    for name, (lowest, highest, unit) in _LIMITS.items():
        values = arrays[name]
        wrong = ~((values >= lowest) & (values <= highest) | np.isnan(values))
        if wrong.any():
            raise ValueError(f"field {name!r} has the value {values[wrong][0]:g}, expected {unit}")
    if np.isnan(arrays["log10_fnu"]).all(1).any():
        raise ValueError("field 'log10_fnu' holds a spectrum without a pixel")
