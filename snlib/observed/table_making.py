"""The table of observed supernovae, made from the files of surveys; `snlib.observed.table` reads it."""

import json
from dataclasses import dataclass, field

import numpy as np

from snlib.data.quantities import BANDS
from snlib.observed.calibrated import calibrate
from snlib.observed.calibrated_spectra import PIXELS_AA, spectrum_at_rest
from snlib.observed.rest_frame import rest_frame_points

__all__ = ["TableMaker"]

_FARTHEST_REDSHIFT, _FEWEST_POINTS = 0.2, 8
_LAST_BAND = BANDS.index("z")  # SALT3 is not trusted in y


@dataclass
class TableMaker:
    """Takes one supernova after the other.

    Attributes
    ----------
    surfaces : path-like
        Folder with the surfaces of a release of SALT3.
    folds : dict of str to int
        Of the supernovae that are wanted, by their names.
    """

    surfaces: object
    folds: dict
    _records: dict = field(default_factory=dict)  # by names; of one that is left out, why

    @property
    def left_out(self):
        """Why supernovae were left out, by their names."""
        return {name: record for name, record in self._records.items() if isinstance(record, str)}

    def __contains__(self, name):
        """Whether a supernova was taken or left out."""
        return name in self._records

    def go_on(self, file):
        """Take what a process that was killed has kept.

        Parameters
        ----------
        file : file object
            Of bytes, at its beginning; it is left behind the last whole line, and without more.
        """
        behind = 0
        for line in file:
            try:
                name, record = json.loads(line)
            except (ValueError, TypeError):  # cut, or what a lost power supply leaves
                break
            self._records[name] = record
            behind += len(line)
        file.seek(behind)
        file.truncate()

    def keep(self, file):
        """Add the last supernova to a file, so that it outlives this process."""
        last = list(self._records.items())[-1]
        file.write(json.dumps(last, default=np.ndarray.tolist).encode() + b"\n")
        file.flush()

    def add(self, supernova, passbands):
        """Take a supernova, or leave it out.

        Parameters
        ----------
        supernova : snlib.observed.snana.ObservedSupernova
        passbands : dict of str to snlib.observed.kcor.Passband
            Of its survey.

        Raises
        ------
        ModuleNotFoundError
            If sncosmo is not installed.
        """
        try:
            record = self._at_rest(supernova, passbands)
        except ValueError as error:
            record = str(error)
        self._records[supernova.object_id] = record

    def _at_rest(self, supernova, passbands):
        """Its columns, and those of its spectra and points."""
        if supernova.object_id not in self.folds:
            raise ValueError(f"{supernova.object_id}: not wanted")
        if supernova.redshift_heliocentric >= _FARTHEST_REDSHIFT:
            raise ValueError(f"{supernova.object_id}: far away")
        curve = calibrate(supernova, passbands, self.surfaces)
        points = self._points(curve)
        if len(points["lc_band"]) < _FEWEST_POINTS:
            raise ValueError(f"{supernova.object_id}: few points in the filters of Rubin")
        spectra = [one for each in supernova.spectra if (one := spectrum_at_rest(curve, each))]
        if not spectra:
            raise ValueError(f"{supernova.object_id}: no good spectrum")
        of_spectra = {
            "spectrum_phase_days": [one.phase_days for one in spectra],
            "log10_fnu": [one.log10_fnu for one in spectra],
        }
        return _about(curve), of_spectra, points, _native(curve)

    @staticmethod
    def _points(curve):
        columns = (curve.mjd, curve.magnitude, curve.error_mag, curve.band, curve.passbands)
        points = rest_frame_points(*columns, curve.view, curve.model)
        use = points.band <= _LAST_BAND
        return {
            "lc_phase_days": points.phase_days[use],
            "lc_band": np.array(list(BANDS))[points.band[use]],
            "lc_magnitude": points.magnitude[use],
            "lc_magnitude_error": points.error_mag[use],
        }

    def arrays(self):
        """The table.

        Returns
        -------
        dict of str to ndarray
            By the names of the arrays.
        """
        taken = [record for record in self._records.values() if not isinstance(record, str)]
        about, *parts = zip(*taken, strict=True)
        arrays = {name: np.array([one[name] for one in about]) for name in about[0]}
        for prefix, part in zip(("spectrum", "lc", "native"), parts, strict=True):
            lengths = [len(next(iter(columns.values()))) for columns in part]
            arrays[f"{prefix}_object"] = np.repeat(np.arange(len(part), dtype=np.int16), lengths)
            for name in part[0]:
                arrays[name] = np.concatenate([np.asarray(columns[name]) for columns in part])
        arrays["fold"] = np.array([self.folds[name] for name in arrays["object_id"].tolist()], dtype=np.int8)
        arrays["wavelength_aa"] = PIXELS_AA
        return {
            name: values.astype(np.float32) if values.dtype == float and name != "peak_mjd" else values
            for name, values in arrays.items()
        }


def _about(curve):
    view, fit = curve.view, curve.fit
    return {
        "object_id": curve.object_id,
        "redshift": view.redshift,
        "redshift_cosmology": curve.redshift_cosmology,
        "ebv_mw": view.ebv_mw,
        "distance_modulus": view.distance_modulus,
        "peak_mjd": view.peak_mjd,
        "peak_mjd_error": float(fit.errors["t0"]),
        "salt3_x1": fit.x1,
        "salt3_c": fit.c,
    }


def _native(curve):
    """The points in their own filters."""
    centres = np.array([passband.effective_wavelength_aa for passband in curve.passbands])
    names = np.array([passband.name for passband in curve.passbands])
    return {
        "native_phase_days": curve.phase_days,
        "native_wavelength_aa": centres[curve.band] / (1 + curve.view.redshift),
        "native_magnitude": curve.native_magnitudes(),
        "native_magnitude_error": curve.error_mag,
        "native_filter": names[curve.band],
    }
