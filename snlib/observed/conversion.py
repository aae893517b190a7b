"""From tables of what telescopes measured to the light curves that the models take."""

import warnings
from dataclasses import dataclass, replace

import numpy as np
from tqdm import tqdm

from snlib.data.left_out import usable_points, warn_of_points
from snlib.data.ragged import RaggedLightCurves
from snlib.files.messages import listed
from snlib.observed.apparent import FAULTS, read_apparent
from snlib.observed.kept import keep, kept
from snlib.observed.objects import described_objects, known_objects, read_objects
from snlib.observed.one_object import ToRestFrame, points_at_rest
from snlib.observed.published import read_published
from snlib.observed.steps import FLAT_SINCE_NO_FIT

__all__ = ["Conversion", "read_observed_light_curves"]

_MOST_PEAK_ERROR_DAYS = 1.0


def read_observed_light_curves(path, objects=None, zero_point=None, salt3=None, columns=None, visits=None):
    """Read light curves and bring them to absolute AB magnitudes in Rubin's filters, in the rest frame.

    Parameters
    ----------
    path : path-like
        Light curves, as of `snlib.observed.apparent.read_apparent`.
    objects : path-like, optional
        What is known of their objects, as of `snlib.observed.objects.read_objects`.  Without it the light
        curves come from a file as of `snlib.observed.published.read_published`, which says it; its peaks are
        used without `salt3` only, since they are mostly guesses.
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
    return Conversion.read(path, objects, zero_point, salt3, columns, visits).run()


@dataclass(frozen=True)
class Conversion:
    """Light curves that were read and are to be brought to the rest frame.

    Attributes
    ----------
    path : path-like
        Of the light curves, for messages.
    to_rest_frame : snlib.observed.one_object.ToRestFrame
    """

    path: object
    to_rest_frame: ToRestFrame

    @classmethod
    def read(cls, path, objects=None, zero_point=None, salt3=None, columns=None, visits=None):
        """Read light curves and what is known of their objects.

        Parameters and errors are those of `read_observed_light_curves`.
        """
        described = _described(path) if objects is None else None
        curves = read_apparent(path, zero_point, columns, visits)
        if objects is not None:
            known = read_objects(objects, curves.object_id)
        else:
            known = known_objects(path, described, curves.object_id)
            if salt3 is not None:
                known = replace(known, peak_mjd=np.full_like(known.peak_mjd, np.nan))
        unknown = np.isnan(known.peak_mjd)
        if salt3 is None and unknown.any():
            of_objects = listed(curves.object_id[unknown].tolist())
            needed = "give it, or with --salt3 the surfaces of SALT3, which is fitted then"
            where = path if objects is None else objects
            raise ValueError(f"{where}: object {of_objects}, column 'peak_mjd': not known; {needed}")
        given = "given in the file" if objects is None else "given"
        return cls(path, ToRestFrame(path, curves, known, salt3, given))

    def run(self, file=None):
        """Bring one light curve after the other to the rest frame.

        Parameters
        ----------
        file : file object, optional
            Of bytes, open to read and write: what it holds already of a process that was killed is taken from
            there, and what is made is added.

        Returns
        -------
        light_curves : snlib.data.ragged.RaggedLightCurves
        steps : list of snlib.observed.steps.Steps

        Raises
        ------
        ValueError
            If no point at all can be used; the message names the file and why.
        """
        curves = self.to_rest_frame.curves
        brought = kept(file, curves.object_id) if file else []
        first, total = len(brought), len(curves.object_id)
        for index in tqdm(range(first, total), desc="rest frame", mininterval=2, initial=first, total=total):
            brought.append(self.to_rest_frame(index))
            if file:
                keep(file, *brought[-1])
        self._warn_of_faults()
        steps = [of_object for _, of_object in brought]
        _warn_of_fits(self.path, steps)
        return _joined(self.path, curves, [points for points, _ in brought]), steps

    def _warn_of_faults(self):
        curves = self.to_rest_frame.curves
        for fault, reason in enumerate(FAULTS[1:], 1):
            names = f" ({listed(list(curves.unknown_bands))})" if reason == "unknown band" else ""
            warn_of_points(self.path, reason + names, curves.object_id[curves.place[curves.fault == fault]])


def _described(path):
    """The objects in the file that publishes them."""
    with warnings.catch_warnings(action="ignore"):  # they are said when its points are read
        published = read_published(path)
    if published is None:
        raise ValueError(f"{path}: column 'mjd': dates need redshifts, so give --objects TABLE")
    return described_objects(path, published.objects)


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
    without = [one.object_id for one in steps if one.k_correction == FLAT_SINCE_NO_FIT]
    vague = [one.object_id for one in steps if one.peak_error_days > _MOST_PEAK_ERROR_DAYS]
    for what, names in {
        "SALT3 could not be fitted": without,
        f"the fitted peak is uncertain by more than {_MOST_PEAK_ERROR_DAYS:g} d": vague,
    }.items():
        if names:
            warnings.warn(f"{path}: {what}: object {listed(names)}", stacklevel=3)
