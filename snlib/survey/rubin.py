"""Rubin's own columns as those of observed light curves: dates, fluxes of difference images, and bands.

Names and meanings are those of the schemas of Data Preview 1 (https://sdm-schemas.lsst.io/dp1.html) and of
alert packets, version 11 (https://github.com/lsst/alert_packet).
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from pyarrow import compute as pc

from snlib.data.cells import numbers
from snlib.files.columns import Table, Wanted
from snlib.survey.layouts import find_layout, is_list

__all__ = ["PRESETS", "ZERO_POINT", "Preset", "observed_alerts", "observed_points"]

#: AB magnitude of a flux of one nJy.
ZERO_POINT = 31.4
_TIMES = ("midpointMjdTai", "expMidptMJD")
_OF_ALERTS = ("prvDiaForcedSources", "diaSource", "prvDiaSources")  # in order of preference
_FIELDS = {
    "object_id": ("diaObjectId", pa.int64()),
    "mjd": ("midpointMjdTai", pa.float64()),
    "band": ("band", pa.string()),
    "flux": ("psfFlux", pa.float64()),
    "flux_error": ("psfFluxErr", pa.float64()),
    "visit": ("visit", pa.int64()),
    "detector": ("detector", pa.int64()),
}


@dataclass(frozen=True)
class Preset:
    """Where one of Rubin's tables has the brightness of what has changed.

    Attributes
    ----------
    nested : str
        What a column is called that holds this table, nested in one of objects.
    identifier : str
        A column by which the table is known where it stands alone.
    flux, flux_error, flag : str
        On difference images, in nJy; the last is true where no flux could be measured.
    """

    nested: str
    identifier: str
    flux: str
    flux_error: str
    flag: str


#: In order of preference.  In the table of forced photometry ``psfFlux`` is that of the visit image, with the
#: light of the host; in the others it is that of the difference.
PRESETS = (
    Preset(
        *("diaObjectForcedSource", "forcedSourceOnDiaObjectId"),
        *("psfDiffFlux", "psfDiffFluxErr", "psfDiffFlux_flag"),
    ),
    Preset("diaSource", "diaSourceId", "psfFlux", "psfFluxErr", "psfFlux_flag"),
    Preset("diaForcedSource", "diaForcedSourceId", "psfFlux", "psfFluxErr", "psfFlux_flag"),
)


def observed_points(path, rows, visits=None):
    """Rows of Rubin's tables with the columns of observed light curves.

    Parameters
    ----------
    path : path-like
        For messages.
    rows : pyarrow.Table
        ``DiaSource`` or ``ForcedSourceOnDiaObject``; or objects with one of these nested, as in LSDB's
        collection of DP1.
    visits : pyarrow.Table, optional
        ``visit`` and ``expMidptMJD`` of each visit, for points that have no date of their own.

    Returns
    -------
    snlib.files.columns.Table
        ``object_id``, ``mjd`` (TAI), ``band``, ``flux``, ``flux_error`` and ``zero_point``; of points, or of
        lists of them if the rows have lists.  A flux that could not be measured is null.

    Raises
    ------
    ValueError
        If it is no such table, lacks a column, or a visit is not known; the message names the file.
    """
    preset, nested = _preset(path, rows.schema)
    wanted = Wanted(
        ("mjd", "band", "flux", "flux_error"),
        ("flag",),
        {
            "mjd": _TIMES if visits is None else ("visit",),
            "flux": (preset.flux,),
            "flux_error": (preset.flux_error,),
            "flag": (preset.flag,),
        },
    )
    needed = ("diaObjectId", nested) if nested else rows.column_names
    layout = find_layout(path, rows.select(needed).schema, wanted=wanted)
    columns = layout.table(rows).columns
    if visits is not None:
        columns["mjd"] = _mapped(columns["mjd"], lambda visit: _dates(path, visit, visits))
    if "flag" in columns:
        columns["flux"] = _without_flagged(columns["flux"], columns.pop("flag"))
    zero_point = pa.chunked_array([pa.array(np.full(len(rows), ZERO_POINT))])
    return Table({"object_id": rows[layout.object_id], **columns, "zero_point": zero_point}, {})


def _preset(path, schema):
    """Which table it is, and the column that holds it, if any."""
    for preset in PRESETS:
        if preset.nested in schema.names and not _is_record(schema.field(preset.nested).type):
            return preset, preset.nested
    for preset in PRESETS:
        if preset.flux in schema.names and (preset.identifier in schema.names or "Diff" in preset.flux):
            return preset, None
    known = ", ".join(f"{preset.identifier} with {preset.flux}" for preset in PRESETS)
    raise ValueError(f"{path}: none of Rubin's tables of differences, which are known by {known}")


def _is_record(kind):
    return pa.types.is_struct(kind) and not any(is_list(field.type) for field in kind)


def _mapped(column, function):
    """Apply a function of flat values to a column of lists or of values."""
    if not is_list(column.type):
        return pa.chunked_array([function(column)])
    lengths = pc.fill_null(pc.list_value_length(column), 0).to_numpy()
    offsets = pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int64())
    return pa.chunked_array([pa.LargeListArray.from_arrays(offsets, function(pc.list_flatten(column)))])


def _dates(path, visit, visits):
    """Of each point, the middle of its visit."""
    visit = visit.to_numpy()
    known, mjd = visits["visit"].to_numpy(), visits["expMidptMJD"].to_numpy()
    order = np.argsort(known)
    place = np.minimum(np.searchsorted(known[order], visit), len(known) - 1)
    unknown = known[order][place] != visit
    if unknown.any():
        raise ValueError(f"{path}: column 'visit': {visit[np.argmax(unknown)]} is none of the visits given")
    return pa.array(mjd[order][place])


def _without_flagged(flux, flag):
    flat = pc.list_flatten(flag) if is_list(flag.type) else flag
    good = pc.invert(pc.fill_null(flat.cast(pa.bool_()), False))
    return _mapped(flux, lambda values: pa.concat_arrays(_chunks(pc.if_else(good, values, None))))


def _chunks(values):
    return values.chunks if isinstance(values, pa.ChunkedArray) else [values]


def observed_alerts(path, alerts):
    """Points of alert packets, version 11, each once.

    A packet has the source that triggered it, and the sources and forced photometry of its object in the
    twelve months before; so does the next one.  Of the points of a visit forced photometry counts, which has
    no threshold; else the detection.

    Parameters
    ----------
    path : path-like
        For messages.
    alerts : pyarrow.Table
        A row a packet, with ``diaSource``, ``prvDiaSources`` and ``prvDiaForcedSources`` as in its schema,
        structs and lists of them; say ``pyarrow.Table.from_pylist`` of what an Avro reader gives.

    Returns
    -------
    snlib.files.columns.Table
        As of `observed_points`, a row a point; without sources of no object.

    Raises
    ------
    ValueError
        If a column is missing; the message names the file.
    """
    if lacking := [name for name in ("diaSource", "prvDiaForcedSources") if name not in alerts.column_names]:
        raise ValueError(f"{path}: column {lacking[0]!r} is missing, which alert packets have")
    sources = [alerts[name] for name in _OF_ALERTS if name in alerts.column_names]
    sources = [pc.list_flatten(one) if is_list(one.type) else one for one in sources]
    sources = [one for one in sources if pa.types.is_struct(one.type) and len(one)]
    fields = {
        name: pa.chunked_array(
            [chunk for one in sources for chunk in _chunks(pc.struct_field(one, there).cast(kind))]
        )
        for name, (there, kind) in _FIELDS.items()
    }
    rank = np.repeat(np.arange(len(sources)), [len(one) for one in sources])
    keys = [numbers(fields.pop(name), lambda row: str(path)) for name in ("detector", "visit")]
    object_id = pc.fill_null(fields["object_id"], -1).to_numpy()
    order = np.lexsort((rank, *keys, object_id))
    first = np.ones(len(order), dtype=bool)
    same = [values[order][1:] == values[order][:-1] for values in (*keys, object_id)]
    first[1:] = ~np.logical_and.reduce(same)
    points = pa.table(fields).take(order[first & (object_id[order] >= 0)])
    zero_point = pa.chunked_array([pa.array(np.full(len(points), ZERO_POINT))])
    return Table({name: points[name] for name in points.column_names} | {"zero_point": zero_point}, {})
