"""Light curves as telescopes measure them: tables of apparent magnitudes or fluxes over dates."""

from dataclasses import dataclass, replace

import numpy as np

from snlib.data.band_names import read_bands
from snlib.data.cells import flags, numbers, words
from snlib.data.identifiers import identifiers
from snlib.data.left_out import is_placeholder
from snlib.data.quantities import BANDS
from snlib.data.table_points import points_of
from snlib.data.units import days_in, require_ab_magnitudes
from snlib.files.guard import guarded
from snlib.observed.kcor import Passband
from snlib.observed.passbands import find_passband
from snlib.observed.point_tables import read_points

__all__ = ["FAULTS", "ZERO_POINT", "ApparentLightCurves", "apparent_of", "read_apparent"]

#: AB magnitude of a flux of one, in the units that are used here.
ZERO_POINT = 27.5
#: Why a row is no point of a light curve; the first where it is one.  The models know of no errors: what is
#: fainter than five of them is not given to them.
FAULTS = ("", "no date or value", "upper limit", "unknown band", "not positive", "below five sigma")
_FEWEST_SIGMA = 5.0
_SAME_MAG = 0.01  # of zero points
_OF_ROWS = ("place", "mjd", "band", "flux", "flux_error", "fault")
_POSSIBLE = {
    "mjd": (15_000.0, 100_000.0, "an MJD, which is a Julian date less 2400000.5,"),
    "magnitude": (0.0, 40.0, "an apparent magnitude"),
    "zero_point": (-60.0, 60.0, "the AB magnitude of a flux of one,"),
}


@dataclass(frozen=True)
class ApparentLightCurves:
    """The rows of a table, M of N objects, in the order of objects and dates.

    Attributes
    ----------
    object_id : ndarray of object, shape (N,)
    place : ndarray of int, shape (M,)
        Index of the object of each row, ascending.
    mjd : ndarray, shape (M,)
        Ascending in each object.
    band : ndarray of int, shape (M,)
        Index into `passbands`; -1 where it is not known.
    flux, flux_error : ndarray, shape (M,)
        In units of AB magnitude `ZERO_POINT`; NaN where there is none.
    fault : ndarray of int, shape (M,)
        Index into `FAULTS`.
    passbands : tuple of snlib.observed.kcor.Passband
    unknown_bands : tuple of str
        The names of those that are not known.
    """

    object_id: np.ndarray
    place: np.ndarray
    mjd: np.ndarray
    band: np.ndarray
    flux: np.ndarray
    flux_error: np.ndarray
    fault: np.ndarray
    passbands: tuple[Passband, ...]
    unknown_bands: tuple[str, ...]

    def of_object(self, index):
        """The rows of one object.

        Returns
        -------
        slice
        """
        return slice(*np.searchsorted(self.place, [index, index + 1]))

    def part(self, first, last):
        """Objects that stand side by side.

        Parameters
        ----------
        first, last : int

        Returns
        -------
        ApparentLightCurves
        """
        rows = slice(*np.searchsorted(self.place, [first, last]))
        of_rows = {name: getattr(self, name)[rows] for name in _OF_ROWS}
        of_rows["place"] = of_rows["place"] - first
        return replace(self, object_id=self.object_id[first:last], **of_rows)


def read_apparent(path, zero_point=None, columns=None, visits=None):
    """Read light curves from a table with a row a point, or with lists of points and a row an object.

    Parameters
    ----------
    path : path-like
        As of `snlib.observed.point_tables.read_points`.
    zero_point : float, optional
        AB magnitude of a flux of one, where the table does not give it; 31.4 for nJy.
    columns, visits
        As of `snlib.observed.point_tables.read_points`.

    Returns
    -------
    ApparentLightCurves

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is no such table, or a value is not a number or impossible; the message names file,
        object, column and value.
    """
    with guarded(path, "table of light curves"):
        table = read_points(path, columns, visits)
        return apparent_of(path, table, *identifiers(path, table.columns["object_id"]), zero_point)


def apparent_of(path, table, place, object_id, zero_point=None):
    """Light curves of a table that was read.

    Parameters
    ----------
    path : path-like
        For messages.
    table : snlib.files.columns.Table
        With the columns of `snlib.observed.point_tables.POINTS`; a row a point, or lists of points.
    place : ndarray of int, shape (R,)
        Index of the object of each row.
    object_id : ndarray of object, shape (N,)
    zero_point : float, optional
        As of `read_apparent`.

    Returns
    -------
    ApparentLightCurves

    Raises
    ------
    ValueError
        As of `read_apparent`.
    """
    return _Rows(path, table, place, object_id, zero_point).light_curves()


class _Rows:
    """A table that is being read."""

    def __init__(self, path, table, place, object_id, zero_point):
        self.path, self.units, self.zero_point = path, table.units, zero_point
        self.object_id = object_id
        row, self.columns = points_of(table, lambda row: f"{path}: object {self.object_id[place[row]]!r}")
        self.place = place[row]
        if days_in(f"{path}: column 'mjd'", self.units.get("mjd")) != 1:
            raise ValueError(f"{path}: column 'mjd': in {self.units['mjd']!r}, expected days")

    def where(self, column):
        return lambda row: f"{self.path}: object {self.object_id[self.place[row]]!r}, column {column!r}"

    def numbers(self, column):
        """NaN throughout if there is no such column."""
        if column not in self.columns:
            return np.full(len(self.place), np.nan)
        return numbers(self.columns[column], self.where(column))

    def light_curves(self):
        limit = np.zeros(len(self.place), dtype=bool)
        if "upper_limit" in self.columns:
            limit = flags(self.columns["upper_limit"], self.where("upper_limit"))
        mjd = self.numbers("mjd")
        self.require_possible("mjd", mjd, np.zeros_like(limit))
        flux, error = self.flux(limit)
        band, *bands = self.bands()
        unknown = ~np.isfinite(mjd) | ~np.isfinite(flux)
        kinds = (unknown, limit, band < 0, flux <= 0, flux < _FEWEST_SIGMA * error)
        fault = np.select(kinds, range(1, len(FAULTS)), 0)
        order = np.lexsort((flux, band, mjd, self.place))
        of_rows = (values[order] for values in (self.place, mjd, band, flux, error, fault))
        return ApparentLightCurves(self.object_id, *of_rows, *bands)

    def flux(self, limit):
        """The flux of each row and its error, NaN where not known."""
        if "magnitude" in self.columns:
            require_ab_magnitudes(f"{self.path}: column 'magnitude'", self.units.get("magnitude"))
            if self.zero_point is not None:
                raise ValueError(f"{self.path}: a zero point is given, and magnitudes need none")
            magnitude, error = self.numbers("magnitude"), self.numbers("magnitude_error").copy()
            none = is_placeholder(magnitude)
            self.require_possible("magnitude", magnitude, limit | none)
            flux = 10 ** (-0.4 * (np.where(none, np.nan, magnitude) - ZERO_POINT))
            error[is_placeholder(error)] = np.nan
            return flux, flux * np.log(10) / 2.5 * _positive(error)
        if "flux" not in self.columns:
            raise ValueError(f"{self.path}: neither a column 'magnitude' nor 'flux'")
        given, error = self.numbers("flux"), self.numbers("flux_error")
        unit = 10 ** (-0.4 * (self.zero_points(given) - ZERO_POINT))
        return unit * given, unit * _positive(error)

    def zero_points(self, flux):
        """AB magnitude of a flux of one, for each row: of the table, as given, or by the column's unit."""
        zero_point, by_unit = self.numbers("zero_point").copy(), self.zero_point_by_unit()
        missing = np.isnan(zero_point)
        zero_point[missing] = by_unit if self.zero_point is None else self.zero_point
        if (other := np.abs(zero_point - by_unit) > _SAME_MAG).any():
            both = f"of which the zero point is {by_unit:.6g}, not {zero_point[np.argmax(other)]:.6g}"
            raise ValueError(f"{self.path}: column 'flux': in {self.units['flux']!r}, {both}")
        lacking = np.isnan(zero_point) & ~np.isnan(flux)
        if lacking.any():
            what = "of which no zero_point is given, the AB magnitude of a flux of one (31.4 for nJy)"
            raise ValueError(f"{self.where('flux')(int(np.argmax(lacking)))}: {what}")
        self.require_possible("zero_point", zero_point, np.isnan(flux))
        return zero_point

    def zero_point_by_unit(self):
        """NaN where the file says none, or counts."""
        if "flux" not in self.units:
            return np.nan
        from astropy import units

        try:
            return float(units.Unit(self.units["flux"]).to(units.ABmag))
        except (ValueError, units.UnitConversionError):
            return np.nan

    def bands(self):
        """The filter of each row, as an index; the filters; and the names of others."""
        if not len(self.place):
            return np.zeros(0, int), (), ()
        code, names = words(self.columns["band"])
        lsst, _ = read_bands(self.path, self.columns["band"])  # numbers from 0 to 5 too
        known, index = {}, []
        for number, name in enumerate(names):
            row = int(np.argmax(code == number))
            try:
                found = find_passband(name) or find_passband((*BANDS, "")[lsst[row]])
            except ValueError as error:
                raise ValueError(f"{self.where('band')(row)}: {error}") from None
            if found:
                known.setdefault(found.name, found)
            index.append(list(known).index(found.name) if found else -1)
        others = tuple(name for name, number in zip(names, index, strict=True) if number < 0)
        return np.array(index, dtype=int)[code], tuple(known.values()), others

    def require_possible(self, column, values, is_none):
        low, high, meaning = _POSSIBLE[column]
        impossible = ~((values >= low) & (values <= high)) & ~np.isnan(values) & ~is_none
        if impossible.any():
            row = int(np.argmax(impossible))
            expected = f"expected {meaning} from {low:g} to {high:g}"
            raise ValueError(f"{self.where(column)(row)}: {values[row]:.10g}, {expected}")


def _positive(error):
    """Without what stands for an error that is not known."""
    return np.where((error > 0) & np.isfinite(error), error, np.nan)
