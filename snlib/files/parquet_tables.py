"""Tables in Parquet: one file, or a folder of parts."""

from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from snlib.files.columns import Table
from snlib.files.ecsv import parse_ecsv_header
from snlib.files.guard import guarded, require_plausible_size
from snlib.files.json_files import parse_json

__all__ = ["read_parquet"]

_ASTROPY, _PANDAS = b"table_meta_yaml", b"PANDAS_ATTRS"  # keys of metadata
_FEWEST_BYTES_A_ROW = 8  # of one column, unpacked


def read_parquet(path, wanted):
    """Read some columns of a Parquet table, of the types that they have, and their units.

    Columns may be lists.  An index of pandas that has a name is a column like others.  Units are those in
    the metadata of the columns (``unit``), of astropy, or of pandas (``attrs["units"]``).

    Parameters
    ----------
    path : path-like
        Of a file, or of a folder of files ``*.parquet``, read in the order of their names.
    wanted : Wanted

    Returns
    -------
    Table

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no such table, lacks a column, or the parts differ; the message names the file.
    """
    path = Path(path)
    parts = {part: _read_file(part, wanted) for part in _parts(path)}
    first, units = next(iter(parts.values()))
    with guarded(path, "folder of Parquet tables"):
        for part, (table, its_units) in parts.items():
            if table.column_names != first.column_names or its_units != units:
                raise ValueError(f"{path}: {part.name} has other columns or units than the first part")
        table = pa.concat_tables([table for table, _ in parts.values()], promote_options="permissive")
    return Table(dict(zip(table.column_names, table.columns, strict=True)), units)


def _parts(path):
    if not path.is_dir():
        if not path.is_file():
            raise FileNotFoundError(f"{path}: no such file")
        return [path]
    parts = [part for part in sorted(path.rglob("*.parquet")) if part.is_file() and part.name[0] not in "._"]
    if not parts:
        raise ValueError(f"{path}: no file *.parquet in this folder")
    return parts


def _read_file(path, wanted):
    """The wanted columns by their names here, and their units."""
    with guarded(path, "Parquet table"), parquet.ParquetFile(path, memory_map=False) as file:
        schema = file.schema_arrow
        counted = _counted_index(schema, file.metadata.num_rows)
        names = [*schema.names, *counted]
        found = {name: names[place] for name, place in wanted.find(path, names).items()}
        _require_plausible(file, set(found.values()) - set(counted), path.stat().st_size)
        units = _units(schema)
        columns = {
            name: counted[there] if there in counted else file.read([there]).column(0)
            for name, there in found.items()
        }
        return pa.table(columns), {name: units[there] for name, there in found.items() if units.get(there)}


def _require_plausible(file, names, stored_bytes):
    """Refuse more values than the file can hold: a page of a few bytes can repeat one a billion times."""
    require_plausible_size(_FEWEST_BYTES_A_ROW * file.metadata.num_rows, stored_bytes)
    file.scan_contents(list(names))  # damaged metadata raise here; where they are looked at below, they abort
    for index in range(len(file.schema)):
        if file.schema.column(index).path.split(".")[0] in names:
            for group in map(file.metadata.row_group, range(file.metadata.num_row_groups)):
                require_plausible_size(_FEWEST_BYTES_A_ROW * group.column(index).num_values, stored_bytes)


def _counted_index(schema, n_rows):
    """Indices of pandas that only count, which are not stored as columns: those with a name."""
    described = (schema.pandas_metadata or {}).get("index_columns", [])
    ranges = [one for one in described if isinstance(one, dict) and one.get("name")]
    counted = {str(one["name"]): range(one["start"], one["stop"], one["step"]) for one in ranges}
    return {name: np.array(values) for name, values in counted.items() if len(values) == n_rows}


def _units(schema):
    """What the metadata say, by the names in the file."""
    metadata, units = schema.metadata or {}, {}
    if _ASTROPY in metadata:
        header = parse_ecsv_header(metadata[_ASTROPY].decode().splitlines())
        units |= dict(zip(header.names, header.units, strict=True))
    if _PANDAS in metadata and isinstance(attributes := parse_json(metadata[_PANDAS]), dict):
        units |= {name: str(unit) for name, unit in dict(attributes.get("units") or {}).items() if unit}
    for column in schema:
        for key in (b"unit", b"units"):
            if key in (column.metadata or {}):
                units[column.name] = column.metadata[key].decode()
    return units
