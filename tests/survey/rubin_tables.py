"""Small tables in Rubin's schemas, of supernovae whose magnitudes at rest are known."""

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import parquet

FIRST_ID = 10**17  # diaObjectIds are too long for floats
REDSHIFT, EBV_MW, PEAK_MJD = 0.05, 0.0, 60_700.0
MODULUS = 36.8
BANDS = np.array(list("gri"))
N_OBJECTS = 8
N_NIGHTS = 6
KNOWN = ("redshift", "ebv_mw", "distance_modulus", "peak_mjd")
KINDS = ("nested", "list of structs", "forced", "sources")


def at_rest(n_objects=N_OBJECTS):
    """Light curves of flat spectra, the magnitudes of which are the same in all filters of a night."""
    phase = np.arange(-8.0, 4.0 * N_NIGHTS - 8, 4.0)
    objects = np.arange(n_objects)
    table = pd.MultiIndex.from_product([objects, phase, BANDS], names=["object", "phase_days", "band"])
    table = table.to_frame(index=False)
    magnitude = -19.2 + 0.15 * table["object"] + (table["phase_days"] / 12) ** 2 / 2
    object_id = (table.pop("object") + FIRST_ID).astype(str)
    return table.assign(object_id=object_id, magnitude=magnitude)


def as_observed(rest):
    """The same in nJy: F_nu of a flat spectrum is brighter by (1 + z), and fainter by the distance."""
    magnitude = rest["magnitude"] + MODULUS - 2.5 * np.log10(1 + REDSHIFT)
    flux = 10 ** (-0.4 * (magnitude - 31.4))
    table = rest[["object_id", "band"]].assign(mjd=PEAK_MJD + rest["phase_days"] * (1 + REDSHIFT))
    return table.assign(flux=flux, flux_error=flux / 50)


def objects_of(observed):
    """What is known of the objects."""
    known = (REDSHIFT, EBV_MW, MODULUS, PEAK_MJD)
    table = observed[["object_id"]].drop_duplicates()
    return table.assign(**dict(zip(KNOWN, known, strict=True)))


def forced_columns(observed):
    """Of the visit image there is the light of a host; one more row of each object could not be measured."""
    visit = np.arange(len(observed)) + 2_025_000_000
    return pa.table(
        {
            "band": observed["band"],
            "midpointMjdTai": observed["mjd"],
            "visit": visit,
            "psfFlux": observed["flux"] + 5e5,
            "psfFluxErr": observed["flux_error"],
            "psfDiffFlux": observed["flux"],
            "psfDiffFluxErr": observed["flux_error"],
            "psfDiffFlux_flag": np.zeros(len(observed), dtype=bool),
        }
    )


def source_columns(observed):
    """Of difference images."""
    table = forced_columns(observed).select(["band", "midpointMjdTai", "visit"])
    return table.append_column("psfFlux", pa.array(observed["flux"])).append_column(
        "psfFluxErr", pa.array(observed["flux_error"])
    )


def rubin_table(observed, kind="nested", known=None):
    """These points in one of `KINDS`; what is known of the objects as columns beside them, if given."""
    n_points = observed.groupby("object_id", sort=False).size()
    dia_object_id = n_points.index.to_numpy().astype(np.int64)
    rows = {"diaObjectId": dia_object_id}
    if kind in ("forced", "sources"):
        points = forced_columns(observed) if kind == "forced" else source_columns(observed)
        identifier = "forcedSourceOnDiaObjectId" if kind == "forced" else "diaSourceId"
        rows = {"diaObjectId": np.repeat(dia_object_id, n_points), identifier: np.arange(len(observed))}
        rows |= {name: points[name] for name in points.column_names}
    else:
        of_sources = observed.groupby("object_id", sort=False).head(3)  # few are detected
        rows["diaSource"] = _nested(source_columns(of_sources), np.full(len(n_points), 3), kind)
        rows["diaObjectForcedSource"] = _nested(forced_columns(observed), n_points, kind)
    if known is not None:
        columns = known.set_index("object_id").loc[n_points.index, list(KNOWN)]
        times = n_points if kind in ("forced", "sources") else 1
        rows |= {name: np.repeat(columns[name].to_numpy(), times) for name in KNOWN}
    return pa.table(rows)


def _nested(points, lengths, kind):
    offsets = pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int32())
    values = [column.combine_chunks() for column in points.columns]
    if kind == "list of structs":
        return pa.ListArray.from_arrays(offsets, pa.StructArray.from_arrays(values, points.column_names))
    lists = [pa.ListArray.from_arrays(offsets, one) for one in values]
    return pa.StructArray.from_arrays(lists, points.column_names)


def write_rubin(path, observed, kind="nested", known=None):
    """A Parquet file of them."""
    parquet.write_table(rubin_table(observed, kind, known), path)
