"""Where the light curves of a Parquet file are: in lists, in a nested column, or a row a point."""

from dataclasses import dataclass

import pyarrow as pa
from pyarrow import compute as pc

from snlib.files.columns import Table, Wanted
from snlib.files.ecsv import parse_ecsv_header
from snlib.files.json_files import parse_json

__all__ = ["REST_FRAME", "Layout", "find_layout", "is_nested"]

#: The columns of light curves in the rest frame; see `snlib.data.light_curve_tables`.
REST_FRAME = Wanted(("phase_days", "band", "magnitude"), ("upper_limit",), {"band": ("filter", "passband")})
_OBJECT = Wanted(("object_id",), (), {"object_id": ("diaObjectId",)})
_NOTHING = Wanted(())
_ASTROPY, _PANDAS = b"table_meta_yaml", b"PANDAS_ATTRS"  # keys of metadata


@dataclass(frozen=True)
class Layout:
    """Where a file has what is needed.

    Attributes
    ----------
    object_id : str
        Name of the column of identifiers.
    nested : str or None
        Name of the column that holds the points, as a struct of lists or a list of structs; without one they
        are columns of their own.
    points : dict of str to str
        For each wanted name, the column, or the field of the nested one.
    described : dict of str to str
        For each name of what describes objects, the column that holds it.
    kept : tuple of str
        Columns that are written beside the result of each object.
    units : dict of str to str
        Of the points, by the wanted names, where the file says one.
    a_row_a_point : bool
        Whether each row is a point; otherwise each is an object, with lists.
    """

    object_id: str
    nested: str | None
    points: dict
    described: dict
    kept: tuple
    units: dict
    a_row_a_point: bool

    def leaves(self, schema):
        """Paths of what is to be read, such as ``lightcurve.band.list.element``.

        Parameters
        ----------
        schema : pyarrow.parquet.ParquetSchema

        Returns
        -------
        list of str
        """
        top, fields = {self.object_id, *self.kept, *self.described.values()}, set(self.points.values())
        if self.nested is None:
            top |= fields
        paths = [schema.column(index).path for index in range(len(schema))]
        split = {path: path.split(".") for path in paths}
        return [
            path
            for path, parts in split.items()
            if parts[0] in top or (parts[0] == self.nested and fields & set(parts[1:]))
        ]

    def table(self, rows):
        """The points of some rows, by the wanted names.

        Parameters
        ----------
        rows : pyarrow.Table

        Returns
        -------
        snlib.files.columns.Table
            Of lists, or of single points.
        """
        if self.nested is None:
            columns = {name: rows[there] for name, there in self.points.items()}
        else:
            columns = _lists_of(rows[self.nested], self.points)
        return Table(columns, self.units)


def find_layout(path, schema, kept=(), wanted=REST_FRAME, described=_NOTHING):
    """Look for light curves among the columns of a file.

    Parameters
    ----------
    path : path-like
        For messages.
    schema : pyarrow.Schema
    kept : sequence of str
        Columns that the file must have besides, which are written beside each result.
    wanted : snlib.files.columns.Wanted
        What is needed of each point.
    described : snlib.files.columns.Wanted, optional
        What is needed of each object.

    Returns
    -------
    Layout

    Raises
    ------
    ValueError
        If columns are missing, or several could be meant; the message names file and columns.
    """
    place = _OBJECT.find(path, schema.names)["object_id"]
    if lacking := [name for name in kept if name not in schema.names]:
        raise ValueError(f"{path}: column {lacking[0]!r} is missing, which other partitions have")
    nested = _nested(path, schema, wanted)
    fields = list(schema) if nested is None else _fields(schema.field(nested).type)
    where = path if nested is None else f"{path}: column {nested!r}"
    places = wanted.find(where, [field.name for field in fields])
    found = {name: fields[index] for name, index in places.items()}
    units = {} if nested is not None else _units(schema)
    units |= {field.name: unit for field in found.values() if (unit := _unit(field))}
    return Layout(
        schema.names[place],
        nested,
        {name: field.name for name, field in found.items()},
        {name: schema.names[index] for name, index in described.find(path, schema.names).items()},
        tuple(kept),
        {name: units[field.name] for name, field in found.items() if field.name in units},
        nested is None and not any(_is_list(field.type) for field in found.values()),
    )


def is_nested(kind):
    """Whether a type of Arrow is that of a table in a column: a struct of lists, or a list of structs."""
    return bool(_fields(kind))


def _is_list(kind):
    return pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)


def _nested(path, schema, wanted):
    """The column that holds the points; that which lacks the least if none has them all."""
    if not set(wanted.required) - set(_found(wanted, schema.names)):
        return None
    candidates = {
        field.name: wanted.count([inner.name for inner in fields])
        for field in schema
        if (fields := _fields(field.type))
    }
    most = max(candidates.values(), default=0)
    best = [name for name, count in candidates.items() if count == most]
    if most and len(best) > 1:
        raise ValueError(f"{path}: columns {best[0]!r} and {best[1]!r} could both be the light curves")
    return best[0] if most else None


def _found(wanted, names):
    return [name for name in wanted.required if Wanted((name,), (), wanted.other_names).count(names)]


def _fields(kind):
    """The fields of a struct of lists, or of a list of structs; none of another type."""
    if _is_list(kind) and pa.types.is_struct(kind.value_type):
        return list(kind.value_type)
    if pa.types.is_struct(kind) and all(_is_list(field.type) for field in kind):
        return list(kind)
    return []


def _lists_of(column, points):
    """Fields of a nested column as lists."""
    if pa.types.is_struct(column.type):
        return {name: pc.struct_field(column, there) for name, there in points.items()}
    lengths = pc.fill_null(pc.list_value_length(column), 0).to_numpy().astype("int64")
    offsets = pa.array([0, *lengths.cumsum()], pa.int64())
    flat = pc.list_flatten(column)
    flat = flat.combine_chunks() if isinstance(flat, pa.ChunkedArray) else flat
    return {
        name: pa.chunked_array([pa.LargeListArray.from_arrays(offsets, pc.struct_field(flat, there))])
        for name, there in points.items()
    }


def _unit(field):
    metadata = field.metadata or {}
    return next((metadata[key].decode() for key in (b"unit", b"units") if key in metadata), None)


def _units(schema):
    """What astropy and pandas say, by the names in the file."""
    metadata, units = schema.metadata or {}, {}
    if _ASTROPY in metadata:
        header = parse_ecsv_header(metadata[_ASTROPY].decode().splitlines())
        units |= dict(zip(header.names, header.units, strict=True))
    if _PANDAS in metadata and isinstance(attributes := parse_json(metadata[_PANDAS]), dict):
        units |= {name: str(unit) for name, unit in dict(attributes.get("units") or {}).items()}
    return {name: unit for name, unit in units.items() if unit}
