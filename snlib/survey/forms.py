"""The forms in which a survey has its light curves: at rest, or as telescopes measured them."""

from dataclasses import asdict, dataclass, fields, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from snlib.data.table_points import points_of
from snlib.files.columns import Table, Wanted
from snlib.observed.apparent import FAULTS, ApparentLightCurves, apparent_of
from snlib.observed.command import Given
from snlib.observed.objects import DESCRIBED, Objects, objects_of, read_described
from snlib.observed.one_object import ToRestFrame, points_at_rest
from snlib.observed.point_tables import POINTS
from snlib.observed.rubin import Visits, measured
from snlib.observed.steps import Steps
from snlib.survey.layouts import REST_FRAME, find_layout
from snlib.survey.left_out import LeftOut
from snlib.survey.packing import Packed, light_curves, names_of, pack
from snlib.survey.pieces import schema_of
from snlib.survey.results import versions
from snlib.survey.rubin import rubin_layout

__all__ = ["AsObserved", "AtRest", "Measured", "find_form"]


@dataclass(frozen=True)
class AtRest:
    """Absolute magnitudes over days from peak."""

    at_once = 1 << 13  # objects, at most, whose results are a slice

    def layout(self, path, schema, kept):
        """Where a file has what is needed; see `snlib.survey.layouts.find_layout`."""
        return find_layout(path, schema, kept)

    def pack(self, path, rows, layout):
        """Light curves of some rows; see `snlib.survey.packing.pack`."""
        return pack(path, rows, layout)

    def at_rest(self, path, packed):
        """As they are."""
        return packed

    def digest(self):
        """Of what decides the light curves beside the files of the survey: nothing."""
        return "at rest"


@dataclass(frozen=True)
class Measured:
    """Light curves of N objects as telescopes measured them, and what is known of the objects.

    Attributes
    ----------
    curves : snlib.observed.apparent.ApparentLightCurves
    objects : snlib.observed.objects.Objects
    """

    curves: ApparentLightCurves
    objects: Objects

    def __len__(self):
        """Number of objects."""
        return len(self.curves.object_id)

    def part(self, first, last):
        """Objects that stand side by side."""
        return Measured(self.curves.part(first, last), self.objects.part(first, last))


@dataclass(frozen=True)
class AsObserved:
    """Apparent magnitudes or fluxes over dates.

    Attributes
    ----------
    given : snlib.observed.command.Given
        Without a table of objects, columns of the survey describe them.
    """

    given: Given

    at_once = 1 << 8  # SALT3 takes a second for some objects

    def layout(self, path, schema, kept):
        """Where a file has what is needed.

        Parameters
        ----------
        path : path-like
            For messages.
        schema : pyarrow.Schema
        kept : sequence of str
            As of `snlib.survey.layouts.find_layout`.

        Returns
        -------
        snlib.survey.layouts.Layout

        Raises
        ------
        ValueError
            If columns are missing; the message names file and columns.
        """
        described = Wanted(()) if self.given.objects is not None else self._described(path, schema)
        if self.given.columns is not None:
            return rubin_layout(path, schema, kept, described, self.given.visits)
        return find_layout(path, schema, kept, POINTS, described)

    def _described(self, path, schema):
        needed = ("redshift",) if self.given.salt3 is not None else ("redshift", "peak_mjd")
        for name in needed:
            if not Wanted((name,)).count(schema.names):
                instead = " (or, for peak_mjd, with --salt3 the surfaces of SALT3, which is fitted then)"
                raise ValueError(
                    f"{path}: column {name!r} is missing, which describes objects: give --objects TABLE"
                    + (instead if name == "peak_mjd" else "")
                )
        return DESCRIBED

    def pack(self, path, rows, layout):
        """Light curves of some rows, as `snlib.observed.apparent.read_apparent` makes them of a table.

        Parameters
        ----------
        path : path-like
            For messages.
        rows : pyarrow.Table
            All the rows of each object in them.
        layout : snlib.survey.layouts.Layout

        Returns
        -------
        snlib.survey.packing.Packed
            With `Measured` light curves.

        Raises
        ------
        ValueError
            If a value is not a number or impossible, a unit another, or an object occurs twice; the message
            names file, object, column and value.
        """
        place, object_id, names = names_of(path, rows[layout.object_id], layout.a_row_a_point)
        objects = self._objects(path, rows, layout, place, names)
        table = layout.table(rows)
        if self.given.columns is not None:
            row, columns = points_of(table, lambda row: f"{path}: object {names[place[row]]!r}")
            visits = None if self.given.visits is None else Visits.read(self.given.visits)
            table, place = measured(path, Table(columns, table.units), visits), place[row]
        curves = apparent_of(path, table, place, names, self.given.zero_point)
        left_out = LeftOut()
        for fault, reason in enumerate(FAULTS[1:], 1):
            left_out.count(reason, names[curves.place[curves.fault == fault]])
        self._count_unknown(left_out, curves, objects)
        return Packed(object_id, rows.select(layout.kept), Measured(curves, objects), left_out)

    def _objects(self, path, rows, layout, place, names):
        """What is known of the objects of some rows, those of an object alike."""
        if self.given.objects is not None:
            objects = _described(self.given).of(names)
            objects.require_distances(self.given.objects)
            return objects
        columns = {name: rows[there] for name, there in layout.described.items()}
        of_rows, first = objects_of(path, columns, names[place]), np.unique(place, return_index=True)[1]
        for name in columns:
            values = getattr(of_rows, name)
            same = np.isclose(values, values[first][place], rtol=0, atol=0, equal_nan=True)
            if not same.all():
                where = f"{path}: object {names[place[np.argmin(same)]]!r}, column {name!r}"
                raise ValueError(f"{where}: not the same in all its rows")
        objects = Objects(*(getattr(of_rows, one.name)[first] for one in fields(Objects)))
        objects.require_distances(path)
        return objects

    def _count_unknown(self, left_out, curves, objects):
        """Points without which the models must do, since too little is known of their objects."""
        good = curves.place[curves.fault == 0]
        no_redshift = np.isnan(objects.redshift)
        left_out.count("redshift not known", curves.object_id[good[no_redshift[good]]])
        if self.given.salt3 is None:
            no_peak = np.isnan(objects.peak_mjd) & ~no_redshift
            left_out.count("peak_mjd not known", curves.object_id[good[no_peak[good]]])

    def at_rest(self, path, packed):
        """Bring light curves to the rest frame, as `snlib.observed.conversion.read_observed_light_curves`.

        Parameters
        ----------
        path : path-like
            For messages.
        packed : snlib.survey.packing.Packed
            As of `pack`.

        Returns
        -------
        snlib.survey.packing.Packed
            At rest, with the `snlib.observed.steps.Steps` of each object to be written beside its result.
        """
        curves = packed.curves.curves
        to_rest_frame = ToRestFrame(path, curves, packed.curves.objects, self.given.salt3)
        brought = [to_rest_frame(index) for index in range(len(packed))]
        points = points_at_rest([points for points, _ in brought])
        kept = _with_steps(packed.kept, [steps for _, steps in brought])
        at_rest = light_curves(path, curves.object_id, points, packed.left_out)
        return replace(packed, kept=kept, curves=at_rest)

    def digest(self):
        """Of all that decides the light curves beside the files of the survey."""
        files = [path for path in (self.given.objects, self.given.visits) if path is not None]
        files += [] if self.given.salt3 is None else sorted(Path(self.given.salt3).glob("*"))
        return f"{self.given} {versions(files)}"


def _with_steps(kept, steps):
    """Columns of the steps behind others; their `n_points` are more than those of the results."""
    table = pd.DataFrame([asdict(one) for one in steps], columns=[one.name for one in fields(Steps)])
    table = table.drop(columns="object_id").rename(columns={"n_points": "n_at_rest"})
    for name, column in zip(table, pa.Table.from_pandas(table, preserve_index=False).columns, strict=True):
        kept = kept.append_column(name, column)
    return kept


def _described(given):
    """The table of objects of this process, read again if it has changed."""
    return _read(str(given.objects), given.salt3 is None, versions([given.objects]))


@lru_cache(maxsize=1)
def _read(path, must_have_peaks, version):
    objects = read_described(path)
    if must_have_peaks and np.isnan(objects.peak_mjd).all():
        needed = "give it, or with --salt3 the surfaces of SALT3, which is fitted then"
        raise ValueError(f"{path}: column 'peak_mjd': not known of any object; {needed}")
    return objects


def find_form(path, files, given):
    """In which form a survey has its light curves.

    Parameters
    ----------
    path : path-like
        Of the survey, for messages.
    files : sequence of path-like
        Its Parquet files; those that cannot be used are for others to name.
    given : snlib.observed.command.Given

    Returns
    -------
    AtRest or AsObserved

    Raises
    ------
    FileNotFoundError
        If a table of objects is given that is not there.
    ValueError
        If that is no such table, or is given for light curves at rest; or if there are only columns of
        Rubin's, and nothing says so.
    """
    observed = AsObserved(given.absolute())
    if given.columns is None and not _has_dates(path, files):
        given.refuse_at_rest(path)
        return AtRest()
    if given.objects is not None:
        _described(observed.given)
    return observed


def _has_dates(path, files):
    """Whether the first file that has light curves has dates, and no phases."""
    for schema in map(schema_of, files):
        if _fits(find_layout, schema, (), REST_FRAME):
            return False
        if _fits(find_layout, schema, (), POINTS):
            return True
        if _fits(rubin_layout, schema, (), Wanted(())):
            raise ValueError(f"{path}: these are Rubin's columns, so give --columns rubin-dp1")
    return False


def _fits(find, schema, *wanted):
    try:
        find("", schema, *wanted)
    except ValueError:
        return False
    return True
