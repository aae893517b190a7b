"""From rows of a survey to light curves end to end, by the offsets of Arrow's lists."""

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from pyarrow import compute as pc

from snlib.data.band_names import read_bands
from snlib.data.cells import flags, numbers
from snlib.data.dense import thin
from snlib.data.identifiers import LONGEST_IDENTIFIER
from snlib.data.left_out import is_placeholder
from snlib.data.quantities import BANDS, FAINTEST_MAGNITUDE, LAST_PHASE_DAYS, SURFACE_PHASES_DAYS
from snlib.data.ragged import RaggedLightCurves
from snlib.data.table_points import points_of
from snlib.data.units import days_in, require_ab_magnitudes
from snlib.survey.left_out import LeftOut

__all__ = ["Packed", "light_curves", "names_of", "pack"]

# What lies outside is no odd supernova but another quantity: apparent magnitudes, dates.
_POSSIBLE = {
    "phase_days": (-10_000, 10_000, "days from peak"),
    "magnitude": (-25, 0, "an absolute magnitude"),
}


@dataclass(frozen=True)
class Packed:
    """Light curves of N objects, and what goes with them.

    Attributes
    ----------
    object_id : pyarrow.Array, shape (N,)
        Of the type that it has in the file.
    kept : pyarrow.Table, N rows
        Other columns that are written beside each result.
    curves : RaggedLightCurves
        Or others, that have a method `part` too.
    left_out : LeftOut
    """

    object_id: pa.Array
    kept: pa.Table
    curves: RaggedLightCurves
    left_out: LeftOut

    def __len__(self):
        """Number of objects."""
        return len(self.curves)

    def part(self, first, last):
        """Objects that stand side by side; what was left out is counted with the first of all.

        Parameters
        ----------
        first, last : int

        Returns
        -------
        Packed
        """
        is_at_rest = isinstance(self.curves, RaggedLightCurves)
        return replace(
            self,
            object_id=self.object_id[first:last],
            kept=self.kept.slice(first, last - first),
            curves=_part(self.curves, first, last) if is_at_rest else self.curves.part(first, last),
            left_out=LeftOut() if first else self.left_out,
        )


def _part(curves, first, last):
    start = curves.start[first : last + 1]
    points = slice(start[0], start[-1])
    columns = (values[points] for values in (curves.phase_days, curves.magnitude, curves.band))
    return RaggedLightCurves(curves.object_id[first:last], start - start[0], *columns)


def pack(path, rows, layout):
    """Light curves of some rows, as `snlib.data.light_curve_tables.read_light_curves` makes them of a table.

    The same points count and the same values are refused; but objects of which no point is left say nothing,
    and what is left out is only counted, since a survey has thousands of such parts.

    Parameters
    ----------
    path : path-like
        For messages.
    rows : pyarrow.Table
        All the rows of each object in them.
    layout : snlib.survey.layouts.Layout

    Returns
    -------
    Packed

    Raises
    ------
    ValueError
        If a value is not a number or impossible, a unit another, or an object occurs twice; the message names
        file, object, column and value.
    """
    place, object_id, names = names_of(path, rows[layout.object_id], layout.a_row_a_point)
    left_out = LeftOut()
    points = _points(path, layout.table(rows), place, names, left_out)
    curves = light_curves(path, names, points, left_out)
    return Packed(object_id, rows.select(layout.kept), curves, left_out)


def light_curves(path, names, points, left_out):
    """Light curves of points, without those of which the models know no like.

    Parameters
    ----------
    path : path-like
        For messages.
    names : ndarray of object, shape (N,)
        Of the objects.
    points : sequence of ndarray, shape (M,)
        Index of its object, phase, magnitude and band of each point.
    left_out : LeftOut
        To which is added what is left out.

    Returns
    -------
    RaggedLightCurves
        Of N objects.
    """
    place, phase_days, magnitude, band = points
    keep = _usable(phase_days, magnitude, band, left_out, names, place)
    curves = RaggedLightCurves.from_points(names, *(values[keep] for values in points))
    curves = _without_duplicates(curves, left_out)
    left_out.n_empty += int(np.count_nonzero(curves.n_points == 0))
    return thin(path, curves)


def names_of(path, column, a_row_a_point):
    """The objects of some rows.

    Parameters
    ----------
    path : path-like
        For messages.
    column : pyarrow.ChunkedArray, shape (R,)
        Their identifiers.
    a_row_a_point : bool
        Otherwise each row is of an object of its own.

    Returns
    -------
    place : ndarray of int, shape (R,)
        Index of the object of each row.
    object_id : pyarrow.Array, shape (N,)
        Of the type of the column.
    names : ndarray of object, shape (N,)
        The same as text.

    Raises
    ------
    ValueError
        If one is missing or no name, or an object has two rows; the message names it.
    """
    kind = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.cast(kind.value_type), kind.value_type
    if not (pa.types.is_integer(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        raise ValueError(f"{path}: column {'object_id'!r}: of type {kind}, expected integers or text")
    encoded = column.combine_chunks()
    encoded = (encoded.chunk(0) if isinstance(encoded, pa.ChunkedArray) else encoded).dictionary_encode()
    if encoded.null_count:
        raise ValueError(f"{path}: row {int(np.argmax(encoded.is_null())) + 1}, column 'object_id': empty")
    place, object_id = encoded.indices.to_numpy(), encoded.dictionary
    text = pc.utf8_trim_whitespace(object_id.cast(pa.large_string()))
    if not a_row_a_point and len(object_id) < len(place):
        twice = text[int(place[np.argmax(np.bincount(place)[place] > 1)])].as_py()
        raise ValueError(f"{path}: object {twice!r} has two rows, expected all its points in one")
    _require_names(path, text)
    return place, object_id, text.to_numpy(zero_copy_only=False)


def _require_names(path, text):
    length = pc.utf8_length(text).to_numpy()
    control = pc.match_substring_regex(text, r"[\x00-\x1f\x7f]").to_numpy(zero_copy_only=False)
    for wrong, fault in (
        (length == 0, "empty"),
        (length > LONGEST_IDENTIFIER, f"has more than {LONGEST_IDENTIFIER} characters"),
        (control, "holds a control character"),
    ):
        if wrong.any():
            name = text[int(np.argmax(wrong))].as_py()
            raise ValueError(f"{path}: column 'object_id': {name[:40]!r}: {fault}")


def _points(path, table, place, names, left_out):
    """Index of its object, phase, magnitude and band of each usable point."""
    days = days_in(f"{path}: column 'phase_days'", table.units.get("phase_days"))
    require_ab_magnitudes(f"{path}: column 'magnitude'", table.units.get("magnitude"))
    row, columns = points_of(table, lambda row: f"{path}: object {names[place[row]]!r}")
    place = place[row]

    def where(column):
        return lambda point: f"{path}: object {names[place[point]]!r}, column {column!r}"

    band, _ = read_bands(path, columns["band"]) if len(place) else (np.zeros(0, np.int8), [])
    phase_days = days * numbers(columns["phase_days"], where("phase_days"))
    magnitude = numbers(columns["magnitude"], where("magnitude"))
    upper_limit = np.zeros(len(place), dtype=bool)
    if "upper_limit" in columns:
        upper_limit = flags(columns["upper_limit"], where("upper_limit"))
    left_out.count("upper limits", names[place[upper_limit]])
    no_magnitude = upper_limit | is_placeholder(magnitude)
    _require_possible("phase_days", phase_days, upper_limit, where)
    _require_possible("magnitude", magnitude, no_magnitude, where)
    return tuple(values[~upper_limit] for values in (place, phase_days, magnitude, band))


def _require_possible(column, values, is_none, where):
    low, high, meaning = _POSSIBLE[column]
    impossible = np.isfinite(values) & ~((values >= low) & (values <= high)) & ~is_none
    if impossible.any():
        point = int(np.argmax(impossible))
        value = float(values[point])
        raise ValueError(f"{where(column)(point)}: {value}, expected {meaning} between {low} and {high}")


def _usable(phase_days, magnitude, band, left_out, names, place):
    """Which points the models know the like of; others are counted by the first reason against them."""
    first, last = SURFACE_PHASES_DAYS[0], LAST_PHASE_DAYS
    reasons = {
        "phase_days not finite": ~np.isfinite(phase_days),
        "magnitude not finite": ~np.isfinite(magnitude),
        "magnitude only a placeholder": is_placeholder(magnitude),
        f"band none of {', '.join(BANDS)}": band < 0,
        f"phase_days before {first:g}": phase_days < first,
        f"phase_days after {last:g}": phase_days > last,
        f"magnitude fainter than {FAINTEST_MAGNITUDE:g}": magnitude > FAINTEST_MAGNITUDE,
    }
    keep = np.ones(len(place), dtype=bool)
    for reason, is_one in reasons.items():
        left_out.count(reason, names[place[keep & is_one]])
        keep &= ~is_one
    return keep


def _without_duplicates(curves, left_out):
    """Points that are the same in all that is known of them stand side by side, as they are sorted."""
    again = np.ones(len(curves.band), dtype=bool)
    again[curves.start[:-1][curves.n_points > 0]] = False
    for values in (curves.phase_days, curves.magnitude, curves.band):
        again[1:] &= values[1:] == values[:-1]
    if not again.any():
        return curves
    place = np.searchsorted(curves.start, np.flatnonzero(again), side="right") - 1
    left_out.count("exact duplicates", curves.object_id[place])
    return curves.only(~again)
