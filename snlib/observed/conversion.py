"""From tables of what telescopes measured to the light curves that the models take."""

import warnings
from functools import partial

import numpy as np
from tqdm import tqdm

from snlib.data.left_out import usable_points, warn_of_points
from snlib.data.ragged import RaggedLightCurves
from snlib.files.messages import listed
from snlib.observed.apparent import FAULTS, ZERO_POINT, read_apparent
from snlib.observed.frames import distance_modulus_at
from snlib.observed.objects import read_objects
from snlib.observed.peak import fit_object
from snlib.observed.rest_frame import RestFramePoints, View, flat_spectrum, rest_frame_points
from snlib.observed.salt import Salt3
from snlib.observed.steps import Steps

__all__ = ["ToRestFrame", "points_at_rest", "read_observed_light_curves"]

_WARPED, _FLAT = "SALT3 warped to each night", "linear in wavelength between the filters of each night"
_FLAT_SINCE_NO_FIT = f"{_FLAT}, since SALT3 could not be fitted"
_DUST, _NO_DUST = "F99 with R_V = 3.1", "none, since ebv_mw is not given"
_COSMOLOGY = "Planck18 at the redshift, without peculiar velocity"
_NO_REDSHIFT = "not known, since the redshift is not"
_MOST_PEAK_ERROR_DAYS = 1.0
_BRIGHTEST_MAG = -25.0  # what is brighter at rest is a flux in another unit, or another redshift
# How the steps call the faults, in their order.
_COUNTS = ("no_value", "upper_limits", "unknown_bands", "not_positive", "below_five_sigma")
_NO_POINTS = RestFramePoints(np.empty(0), np.empty(0), np.empty(0, dtype=int), np.nan)


def read_observed_light_curves(path, objects, zero_point=None, salt3=None, columns=None, visits=None):
    """Read light curves and bring them to absolute AB magnitudes in Rubin's filters, in the rest frame.

    Parameters
    ----------
    path : path-like
        Light curves, as of `snlib.observed.apparent.read_apparent`.
    objects : path-like
        What is known of their objects, as of `snlib.observed.objects.read_objects`.
    zero_point : float, optional
        AB magnitude of a flux of one, where the table does not give it.
    salt3 : path-like, optional
        Folder with the surfaces of a release of SALT3, which is fitted to each light curve then: it finds
        the peak where that is not given, and its spectrum, warped to the photometry, takes the magnitudes
        from one filter to the other (within 0.01 mag on supernovae like those that SALT3 describes, in u
        within 0.1 mag).  Without it the magnitudes are interpolated in wavelength, which errs by
        up to 0.15 mag in g, r and i, 0.2 mag in z, and 0.5 mag in u and y (rms over phases, at redshifts up
        to 0.12).
    columns, visits
        As of `snlib.observed.point_tables.read_points`.

    Returns
    -------
    light_curves : snlib.data.ragged.RaggedLightCurves
    steps : list of snlib.observed.steps.Steps
        What was done to each object.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ModuleNotFoundError
        If a package is needed that is not installed; the message names it.
    ValueError
        If a file is no such table, a value is not a number or impossible, a peak is neither given nor can be
        fitted, or no point at all can be used; the message names file, object, column and value.
    """
    curves = read_apparent(path, zero_point, columns, visits)
    known = read_objects(objects, curves.object_id)
    unknown = np.isnan(known.peak_mjd)
    if salt3 is None and unknown.any():
        of_objects = listed(curves.object_id[unknown].tolist())
        needed = "give it, or with --salt3 the surfaces of SALT3, which is fitted then"
        raise ValueError(f"{objects}: object {of_objects}, column 'peak_mjd': not known; {needed}")
    to_rest_frame = ToRestFrame(path, curves, known, salt3)
    each = tqdm(range(len(curves.object_id)), desc="rest frame", mininterval=2)
    brought = [to_rest_frame(index) for index in each]
    for fault, reason in enumerate(FAULTS[1:], 1):
        names = f" ({listed(list(curves.unknown_bands))})" if reason == "unknown band" else ""
        warn_of_points(path, reason + names, curves.object_id[curves.place[curves.fault == fault]])
    steps = [of_object for _, of_object in brought]
    _warn_of_fits(path, steps)
    return _joined(path, curves, [points for points, _ in brought]), steps


class ToRestFrame:
    """Brings one object after the other to the rest frame.

    Parameters
    ----------
    path : path-like
        For messages.
    curves : snlib.observed.apparent.ApparentLightCurves
        Of N objects.
    objects : snlib.observed.objects.Objects
        The same.
    surfaces : path-like, optional
        Of SALT3; see `read_observed_light_curves`.
    """

    def __init__(self, path, curves, objects, surfaces=None):
        self.path, self.curves, self.objects, self.surfaces = path, curves, objects, surfaces
        self.salt = None if surfaces is None else Salt3.load(surfaces)

    def __call__(self, index):
        """Bring an object to the rest frame.

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
            "peak_from": "given",
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

    @staticmethod
    def distance_from(redshift, distance_modulus):
        """Where the distance is from, for the steps."""
        if np.isfinite(distance_modulus):
            return "given"
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
        return _WARPED if fit else _FLAT if self.salt is None else _FLAT_SINCE_NO_FIT

    def fit(self, index, redshift, *known):
        """None where none can be made."""
        if self.salt is None or np.isnan(redshift):
            return None
        try:
            return fit_object(self.curves, index, redshift, *known, self.surfaces)
        except ValueError:
            return None

    def points(self, index, view, fit):
        """Points in the rest frame, and counts of rows."""
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
        """Of the fitted SALT3, whose peak may be another than the given one."""
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


def _joined(path, curves, each):
    """The light curves of all objects, without points of which the models know no like."""
    place, *columns = points_at_rest(each)
    if not len(place):
        counts = np.bincount(curves.fault, minlength=len(FAULTS)).tolist()
        reasons = ("far from the filters of Rubin or without a peak", *FAULTS[1:])
        found = [f"{count:,} rows: {reason}" for reason, count in zip(reasons, counts, strict=True) if count]
        raise ValueError(f"{path}: no point can be used: {', '.join(found)}")
    columns = (place, *columns)
    keep = usable_points(path, curves.object_id, *columns, [], np.zeros(len(place), dtype=bool))
    columns = (values[keep] for values in columns)
    light_curves = RaggedLightCurves.from_points(curves.object_id, *columns)
    if len(none := curves.object_id[light_curves.n_points == 0]):
        what = "no point left, so what follows is the prior's: object"
        warnings.warn(f"{path}: {what} {listed(none.tolist())}", stacklevel=3)
    return light_curves


def _warn_of_fits(path, steps):
    """Warn of fits that could not be made, and of peaks that are hardly known."""
    without = [one.object_id for one in steps if one.k_correction == _FLAT_SINCE_NO_FIT]
    vague = [one.object_id for one in steps if one.peak_error_days > _MOST_PEAK_ERROR_DAYS]
    for what, names in {
        "SALT3 could not be fitted": without,
        f"the fitted peak is uncertain by more than {_MOST_PEAK_ERROR_DAYS:g} d": vague,
    }.items():
        if names:
            warnings.warn(f"{path}: {what}: object {listed(names)}", stacklevel=3)
