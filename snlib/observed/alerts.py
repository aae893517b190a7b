"""Alert packets of Rubin, version 11, as observed light curves (https://github.com/lsst/alert_packet)."""

from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import compute as pc

from snlib.data.cells import numbers
from snlib.files.columns import Table
from snlib.files.guard import guarded, require_file
from snlib.observed.rubin import ZERO_POINT

__all__ = ["is_alerts", "points_of_alerts", "read_alerts"]

_SOURCES = ("prvDiaForcedSources", "diaSource", "prvDiaSources")  # in order of preference
_FIELDS = {
    "object_id": ("diaObjectId", pa.int64()),
    "mjd": ("midpointMjdTai", pa.float64()),
    "band": ("band", pa.string()),
    "flux": ("psfFlux", pa.float64()),
    "flux_error": ("psfFluxErr", pa.float64()),
    "visit": ("visit", pa.int64()),
    "detector": ("detector", pa.int64()),
}
_TYPE = pa.struct([(there, kind) for there, kind in _FIELDS.values()])
_SCHEMA = pa.schema([(name, _TYPE if name == "diaSource" else pa.list_(_TYPE)) for name in _SOURCES])
_NEEDED = ("diaSource", "prvDiaForcedSources")


def is_alerts(path):
    """Whether a path is that of alert packets: a file ``.avro``, or a folder with such files."""
    path = Path(path)
    return path.suffix.lower() == ".avro" or (path.is_dir() and any(path.rglob("*.avro")))


def read_alerts(path):
    """Read alert packets from Avro files.

    Parameters
    ----------
    path : path-like
        Of a file, or of a folder of files ``*.avro``, each with its schema.

    Returns
    -------
    snlib.files.columns.Table
        As of `points_of_alerts`.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ModuleNotFoundError
        If the package fastavro is not installed.
    ValueError
        If a file is damaged, or holds other packets; the message names it.
    """
    path = Path(path)
    files = sorted(path.rglob("*.avro")) if path.is_dir() else [require_file(path)]
    return points_of_alerts(path, pa.concat_tables([_packets(file) for file in files]))


def _packets(path):
    try:
        import fastavro
    except ModuleNotFoundError:
        message = f"{path}: alert packets need the package fastavro: pip install 'snlib[survey]'"
        raise ModuleNotFoundError(message) from None
    with guarded(path, "Avro file"), open(path, "rb") as file:
        reader = fastavro.reader(file)
        found = [field["name"] for field in reader.writer_schema.get("fields", [])]
        if lacking := [name for name in _NEEDED if name not in found]:
            raise ValueError(f"{path}: field {lacking[0]!r} is missing, which alert packets have")
        return pa.Table.from_pylist([_needed(path, packet) for packet in reader], _SCHEMA)


def _needed(path, packet):
    return {name: _record(path, name, packet.get(name)) for name in _SOURCES}


def _record(path, name, found):
    """What is needed of a source, or of several; None if there is none."""
    if isinstance(found, list):
        return [_record(path, name, one) for one in found]
    if found is None:
        return None
    if lacking := [there for there, _ in _FIELDS.values() if there not in found]:
        raise ValueError(f"{path}: field {name!r}: {lacking[0]!r} is missing, which alert packets have")
    return {there: found[there] for there, _ in _FIELDS.values()}


def points_of_alerts(path, alerts):
    """Points of alert packets, each once.

    A packet has the source that triggered it, and the sources and forced photometry of its object in the
    twelve months before; so does the next one.  Of the points of a visit forced photometry counts, which has
    no threshold; else the detection.

    Parameters
    ----------
    path : path-like
        For messages.
    alerts : pyarrow.Table
        A row a packet, with ``diaSource``, ``prvDiaSources`` and ``prvDiaForcedSources`` as in its schema,
        structs and lists of them.

    Returns
    -------
    snlib.files.columns.Table
        ``object_id``, ``mjd`` (TAI), ``band``, ``flux``, ``flux_error`` and ``zero_point``, a row a point;
        without sources of no object.

    Raises
    ------
    ValueError
        If there is none; the message names the file.
    """
    sources = [alerts[name].combine_chunks() for name in _SOURCES]
    sources = [pc.list_flatten(one) if pa.types.is_list(one.type) else one for one in sources]
    rank = np.repeat(np.arange(len(sources)), [len(one) for one in sources])
    fields = {
        name: pa.chunked_array([pc.struct_field(one, there) for one in sources])
        for name, (there, _) in _FIELDS.items()
    }
    keys = [numbers(fields.pop(name), lambda row: str(path)) for name in ("detector", "visit")]
    object_id = pc.fill_null(fields["object_id"], -1).to_numpy()
    order = np.lexsort((rank, *keys, object_id))
    first = np.ones(len(order), dtype=bool)
    same = [values[order][1:] == values[order][:-1] for values in (*keys, object_id)]
    first[1:] = ~np.logical_and.reduce(same)
    points = pa.table(fields).take(order[first & (object_id[order] >= 0)])
    if not len(points):
        raise ValueError(f"{path}: no sources of objects")
    zero_point = pa.chunked_array([pa.array(np.full(len(points), ZERO_POINT))])
    return Table({name: points[name] for name in points.column_names} | {"zero_point": zero_point}, {})
