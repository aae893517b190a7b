"""Observed spectra of objects whose light curves were observed too, brought to the rest frame."""

import warnings
from dataclasses import dataclass

import numpy as np
from scipy.integrate import cumulative_trapezoid

from snlib.data.cells import numbers
from snlib.data.identifiers import identifiers
from snlib.data.quantities import LIGHT_AA_PER_S
from snlib.files.columns import Wanted
from snlib.files.guard import guarded
from snlib.files.tables import read_table
from snlib.observed.dust import extinction_mag

__all__ = ["KnownSpectra", "at_rest", "read_known_spectra"]

_WANTED = Wanted(
    ("object_id", "mjd", "wavelength_aa", "flux"),
    other_names={
        "wavelength_aa": ("wavelength", "wave", "lambda"),
        "flux": ("f_lambda", "flam", "flux_lambda"),
    },
)
_LIMITS = {
    "mjd": (15_000.0, 100_000.0, "an MJD, which is a Julian date less 2400000.5,"),
    "wavelength_aa": (1000.0, 33_000.0, "Angstrom of the observer"),
}
_FIRST_DAYS, _LAST_DAYS = -15.0, 45.0  # of spectra that tell something
_FEWEST_PIXELS = 20


@dataclass(frozen=True)
class KnownSpectra:
    """C spectra of one object.

    Attributes
    ----------
    phase_days : ndarray, shape (C,)
        Ascending.
    log10_fnu : ndarray, shape (C, L)
        log10 of the flux density at 10 pc in the rest frame, but for its level; NaN where not observed.
    """

    phase_days: np.ndarray
    log10_fnu: np.ndarray


def read_known_spectra(path, steps, wavelength_aa):
    """Read spectra, and bring them to the rest frame as their light curves were.

    Parameters
    ----------
    path : path-like
        A table of any kind that `snlib.files.tables.read_table` reads, a row a pixel, with the columns
        ``object_id``, ``mjd``, ``wavelength_aa`` (or ``wavelength``) of the observer, and ``flux`` per
        Angstrom, in any unit.  It may hold other objects too.
    steps : sequence of snlib.observed.steps.Steps
        What was done to the light curves.
    wavelength_aa : ndarray, shape (L,)
        Rest-frame wavelengths to bring them to, ascending.

    Returns
    -------
    dict of str to KnownSpectra
        By object; of those that have any.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is no such table, a value is missing or impossible, a wavelength occurs twice, or none of
        the spectra can be used; the message names file, object, column and value.
    """
    with guarded(path, "table of spectra"):
        rows = _Rows(path)
    views = {one.object_id: one for one in steps if np.isfinite(one.peak_mjd)}
    found, left_out = {}, 0
    for name, mjd, pixels in rows.spectra():
        if name not in views:
            continue
        view = views[name]
        phase = (mjd - view.peak_mjd) / (1 + view.redshift)
        spectrum = at_rest(*pixels, view.redshift, view.ebv_mw, wavelength_aa)
        if _FIRST_DAYS <= phase <= _LAST_DAYS and np.isfinite(spectrum).sum() >= _FEWEST_PIXELS:
            found.setdefault(name, []).append((phase, spectrum))
        else:
            left_out += 1
    if not found:
        raise ValueError(f"{path}: no spectrum can be used, of {len(views)} objects with light curves")
    if left_out:
        why = f"not from {_FIRST_DAYS:g} to {_LAST_DAYS:g} days from peak, or with hardly a pixel"
        warnings.warn(f"{path}: {left_out} spectra are left out: {why}", stacklevel=2)
    return {name: _of_object(spectra) for name, spectra in found.items()}


def at_rest(wavelength_aa, f_lambda, redshift, ebv_mw, rest_wavelength_aa):
    """One spectrum in the rest frame, but for its level: the mean flux density of each pixel.

    Parameters
    ----------
    wavelength_aa, f_lambda : ndarray, shape (K,)
        Of the observer, ascending.
    redshift, ebv_mw : float
    rest_wavelength_aa : ndarray, shape (L,)
        Ascending.

    Returns
    -------
    ndarray, shape (L,)
        log10; NaN where not observed or not positive.
    """
    fnu = f_lambda * wavelength_aa**2 / LIGHT_AA_PER_S * 10 ** (0.4 * extinction_mag(wavelength_aa, ebv_mw))
    middle = np.sqrt(rest_wavelength_aa[1:] * rest_wavelength_aa[:-1])
    ends = rest_wavelength_aa[[0, -1]] ** 2 / middle[[0, -1]]
    edges = np.concatenate([ends[:1], middle, ends[1:]])
    at = wavelength_aa / (1 + redshift)
    total = np.interp(edges, at, cumulative_trapezoid(fnu, at, initial=0), left=np.nan, right=np.nan)
    mean = np.diff(total) / np.diff(edges)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.log10(np.where(mean > 0, mean, np.nan))


def _of_object(spectra):
    phase, log10_fnu = zip(*sorted(spectra, key=lambda one: one[0]), strict=True)
    return KnownSpectra(np.array(phase), np.array(log10_fnu))


class _Rows:
    """A table that is being read."""

    def __init__(self, path):
        table = read_table(path, _WANTED)
        self.path = path
        self.place, self.object_id = identifiers(path, table.columns["object_id"])
        self.columns = {
            name: numbers(table.columns[name], self.where(name)) for name in ("mjd", "wavelength_aa", "flux")
        }
        for name, (low, high, meaning) in _LIMITS.items():
            values = self.columns[name]
            wrong = ~((values >= low) & (values <= high))
            if wrong.any():
                row = int(np.argmax(wrong))
                expected = f"expected {meaning} from {low:g} to {high:g}"
                raise ValueError(f"{self.where(name)(row)}: {values[row]:.10g}, {expected}")

    def where(self, column):
        return lambda row: f"{self.path}: object {self.object_id[self.place[row]]!r}, column {column!r}"

    def spectra(self):
        """Object, date, and wavelengths and fluxes of each spectrum."""
        mjd, wavelength, flux = (self.columns[name] for name in ("mjd", "wavelength_aa", "flux"))
        order = np.lexsort((wavelength, mjd, self.place))
        keys = np.stack([self.place, mjd], axis=1)[order]
        for rows in np.split(order, np.flatnonzero((np.diff(keys, axis=0) != 0).any(1)) + 1):
            twice = np.diff(wavelength[rows]) == 0
            if twice.any():
                row = rows[int(np.argmax(twice))]
                raise ValueError(
                    f"{self.where('wavelength_aa')(row)}: {wavelength[row]:g} twice in a spectrum"
                )
            seen = rows[np.isfinite(flux[rows])]
            if len(seen) > 1:
                yield self.object_id[self.place[rows[0]]], mjd[rows[0]], (wavelength[seen], flux[seen])
