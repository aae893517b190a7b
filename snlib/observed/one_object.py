"""One observed object after the other, brought to the rest frame."""

import hashlib
from functools import partial
from pathlib import Path

import numpy as np

from snlib.observed.apparent import FAULTS, ZERO_POINT
from snlib.observed.frames import distance_modulus_at
from snlib.observed.peak import fit_object
from snlib.observed.rest_frame import RestFramePoints, View, flat_spectrum, rest_frame_points
from snlib.observed.salt import Salt3
from snlib.observed.steps import FLAT_SINCE_NO_FIT, Steps

__all__ = ["ToRestFrame", "points_at_rest"]

_WARPED, _FLAT = "SALT3 warped to each night", "linear in wavelength between the filters of each night"
_DUST, _NO_DUST = "F99 with R_V = 3.1", "none, since ebv_mw is not given"
_COSMOLOGY = "Planck18 at the redshift, without peculiar velocity"
_NO_REDSHIFT = "not known, since the redshift is not"
_BRIGHTEST_MAG = -25.0  # what is brighter at rest is a flux in another unit, or another redshift
# How the steps call the faults, in their order.
_COUNTS = ("no_value", "upper_limits", "unknown_bands", "not_positive", "below_five_sigma")
_NO_POINTS = RestFramePoints(*np.empty((3, 0)), np.empty(0, dtype=int), np.nan)


class ToRestFrame:
    """Brings one object after the other to the rest frame.

    Attributes
    ----------
    path : path-like
        For messages.
    curves : snlib.observed.apparent.ApparentLightCurves
    objects : snlib.observed.objects.Objects
        In the order of those of `curves`.
    surfaces : path-like or None
        Folder with the surfaces of a release of SALT3, which is fitted then.
    given : str
        From where the peaks and distances of `objects` are, for the steps.
    """

    def __init__(self, path, curves, objects, surfaces=None, given="given"):
        self.path, self.curves, self.objects = path, curves, objects
        self.surfaces, self.given = surfaces, given
        self.salt = None if surfaces is None else Salt3.load(surfaces)

    def __call__(self, index):
        """Bring one object to the rest frame.

        Parameters
        ----------
        index : int

        Returns
        -------
        points : snlib.observed.rest_frame.RestFramePoints
            None without a redshift or a peak.
        steps : snlib.observed.steps.Steps

        Raises
        ------
        ValueError
            If it is brighter than anything that is known; the message names file, object and value.
        """
        redshift, ebv_mw, distance_modulus, peak_mjd = (
            float(getattr(self.objects, name)[index])
            for name in ("redshift", "ebv_mw", "distance_modulus", "peak_mjd")
        )
        steps = {
            "peak_from": self.given,
            "distance_from": self.distance_from(redshift, distance_modulus),
            "dust": _DUST if np.isfinite(ebv_mw) else _NO_DUST,
        }
        ebv_mw = 0.0 if np.isnan(ebv_mw) else ebv_mw
        if steps["distance_from"] == _COSMOLOGY:
            distance_modulus = float(distance_modulus_at(redshift))
        fit = self.fit(index, redshift, ebv_mw, peak_mjd)
        if np.isnan(peak_mjd):
            steps["peak_from"] = self.peak_from(fit)
            peak_mjd = fit.peak_mjd if fit else np.nan
        view = View(redshift, distance_modulus, ebv_mw, peak_mjd)
        points, counts = self.points(index, view, fit)
        return points, Steps(
            object_id=str(self.curves.object_id[index]),
            peak_error_days=float(fit.errors["t0"]) if steps["peak_from"] == "SALT3 fit" else np.nan,
            k_correction=self.k_correction(redshift, fit),
            largest_shift_aa=points.largest_shift_aa,
            n_points=len(points.band),
            **vars(view),
            **steps,
            **counts,
        )

    def distance_from(self, redshift, distance_modulus):
        """Where the distance is from, for the steps."""
        if np.isfinite(distance_modulus):
            return self.given
        return _NO_REDSHIFT if np.isnan(redshift) else _COSMOLOGY

    def peak_from(self, fit):
        """Where a peak is from that is not given, for the steps."""
        if self.salt is None:
            return "not given"
        return "SALT3 fit" if fit else "not found: SALT3 could not be fitted"

    def k_correction(self, redshift, fit):
        """What took the magnitudes from filter to filter, for the steps."""
        if np.isnan(redshift):
            return _NO_REDSHIFT
        return _WARPED if fit else _FLAT if self.salt is None else FLAT_SINCE_NO_FIT

    def digest(self, code):
        """Of all that decides what comes out.

        Parameters
        ----------
        code : str
            What stands for the code.

        Returns
        -------
        str
        """
        sha = hashlib.sha256(repr((code, self.given, self.curves.object_id.tolist())).encode())
        for values in (*vars(self.curves).values(), *vars(self.objects).values()):
            if isinstance(values, np.ndarray) and values.dtype != object:
                sha.update(np.ascontiguousarray(values).data)
        sha.update(repr([passband.name for passband in self.curves.passbands]).encode())
        surfaces = [] if self.surfaces is None else sorted(Path(self.surfaces).iterdir())
        for file in surfaces:
            sha.update(file.read_bytes() if file.is_file() else b"")
        return sha.hexdigest()[:16]

    def fit(self, index, redshift, *known):
        """A fit of SALT3 to an object; None where none can be made."""
        if self.salt is None or np.isnan(redshift):
            return None
        try:
            return fit_object(self.curves, index, redshift, *known, self.surfaces)
        except ValueError:
            return None

    def points(self, index, view, fit):
        """Points of an object in the rest frame, and counts of its rows."""
        rows = self.curves.of_object(index)
        mjd, band, flux, error, fault = (
            getattr(self.curves, name)[rows] for name in ("mjd", "band", "flux", "flux_error", "fault")
        )
        counts = np.bincount(fault, minlength=len(FAULTS)).tolist()
        counts = {"n_rows": len(mjd)} | dict(zip(_COUNTS, counts[1:], strict=True))
        good = fault == 0
        if np.isnan([view.peak_mjd, view.redshift]).any() or not good.any():
            return _NO_POINTS, counts
        magnitude = ZERO_POINT - 2.5 * np.log10(flux[good])
        error_mag = 2.5 / np.log(10) * error[good] / flux[good]
        measured = (mjd[good], magnitude, error_mag, band[good], self.curves.passbands)
        spectrum = flat_spectrum if fit is None else partial(self.salt_spectrum, view, fit)
        points = rest_frame_points(*measured, view, spectrum)
        if (brightest := points.magnitude.min(initial=0)) < _BRIGHTEST_MAG:
            what = (
                f"{self.path}: object {self.curves.object_id[index]!r}: at rest of magnitude {brightest:.4g}"
            )
            expected = f"expected none brighter than {_BRIGHTEST_MAG:g}: see unit, zero point and distance"
            raise ValueError(f"{what}, {expected}")
        return points, counts

    def salt_spectrum(self, view, fit, phase_days, wavelength_aa):
        """log10 F_nu of the fitted SALT3, whose peak may be another than the given one."""
        since_its_peak = phase_days + (view.peak_mjd - fit.peak_mjd) / (1 + view.redshift)
        return self.salt.log10_fnu(fit.x1, fit.c, since_its_peak, wavelength_aa)


def points_at_rest(each):
    """The points of many objects, end to end.

    Parameters
    ----------
    each : sequence of snlib.observed.rest_frame.RestFramePoints
        Of N objects.

    Returns
    -------
    place : ndarray of int, shape (M,)
        Index of the object of each point.
    phase_days, magnitude, band : ndarray, shape (M,)
    """
    place = np.repeat(np.arange(len(each)), [len(points.band) for points in each])
    columns = (
        np.concatenate([getattr(points, name) for points in (_NO_POINTS, *each)])
        for name in ("phase_days", "magnitude", "band")
    )
    return place, *columns
