"""A small catalog in Rubin's schema of supernovae that the surrogate makes, some of which are odd."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from snlib.data.quantities import BANDS, SURFACE_WAVELENGTH_AA
from snlib.files.writing import replacing
from snlib.observed.dust import extinction_mag
from snlib.observed.frames import distance_modulus_at, observer_frame
from snlib.observed.passbands import ab_magnitudes, find_passband
from snlib.observed.rubin import ZERO_POINT
from snlib.random_streams import stream

__all__ = ["ODD", "rubin_catalog", "write_parts"]

#: What may be odd about a supernova, with how many of each there are.
ODD = {"dust in its host": 3, "too slow": 3, "a wrong redshift": 3}
_FIRST_ID = 609_788_942_606_139_400
_FIRST_VISIT = 2_025_042_500_000
_EBV_MW, _PEAK_MJD = (0.01, 0.08), (60_700.0, 60_900.0)
_RA_DEG, _DEC_DEG = (50.0, 56.0), (-31.0, -25.0)  # in the field ECDFS of DP1
_HOST_EBV, _SLOWER, _REDSHIFT_FACTOR = 0.6, 1.6, 2.5
_BACKGROUND_NJY, _LEAST_ERROR = 120.0, 0.02  # of the flux, beside the background
_HOST_NJY = 4e4  # in every aperture on a visit image, and in none on a difference
_BEFORE_DAYS = (-60.0, -45.0, -30.0)  # at rest: visits in r, before the explosion


@dataclass(frozen=True)
class _Sky:
    """Where objects are, and what is odd about each; arrays of shape (N,)."""

    redshift: np.ndarray
    ebv_mw: np.ndarray
    peak_mjd: np.ndarray
    ra: np.ndarray
    dec: np.ndarray
    odd: np.ndarray

    @classmethod
    def draw(cls, n, seed, redshifts):
        rng = stream("illustration", seed, 0)
        ranges = (redshifts, _EBV_MW, _PEAK_MJD, _RA_DEG, _DEC_DEG)
        odd = np.full(n, "", dtype=object)
        odd[rng.permutation(n)[: sum(ODD.values())]] = np.repeat(list(ODD), list(ODD.values()))
        return cls(*(rng.uniform(*one, n).round(5) for one in ranges), odd)


def rubin_catalog(surrogate, events, seed, redshifts=(0.005, 0.02)):
    """Light curves of difference images, with forced photometry nested in objects as in LSDB's DP1.

    Parameters
    ----------
    surrogate : snlib.simulation.surrogate.Surrogate
    events : snlib.data.events.Events
        N of them, at least as many as there are in `ODD`: their parameters, and when and in which band each
        is seen.
    seed : int
    redshifts : tuple of float
        Smallest and largest.

    Returns
    -------
    catalog : pyarrow.Table, N rows
        ``diaObjectId, ra, dec, redshift, ebv_mw, peak_mjd`` and ``diaObjectForcedSource``, a struct of lists:
        ``visit, band, midpointMjdTai, psfDiffFlux, psfDiffFluxErr, psfDiffFlux_flag, psfFlux, psfFluxErr``.
    odd : ndarray of object, shape (N,)
        What is odd about each, of `ODD`; empty where nothing is.
    """
    sky = _Sky.draw(len(events.parameters), seed, redshifts)
    points = [_points(surrogate, events, sky, index, seed) for index in range(len(sky.odd))]
    wrong = sky.odd == "a wrong redshift"
    objects = {
        "diaObjectId": _FIRST_ID + np.arange(len(sky.odd)),
        "ra": sky.ra,
        "dec": sky.dec,
        "redshift": np.where(wrong, _REDSHIFT_FACTOR, 1.0) * sky.redshift,
        "ebv_mw": sky.ebv_mw,
        "peak_mjd": sky.peak_mjd,
    }
    lengths = [len(one) for one in points]
    return pa.table(objects | {"diaObjectForcedSource": _nested(pd.concat(points), lengths)}), sky.odd


def _points(surrogate, events, sky, index, seed):
    """The forced photometry of one object."""
    curves, rng = events.light_curves, stream("illustration", seed, index + 1)
    seen = curves.observed[index]
    phase, band = curves.phase_days[index, seen].astype(float), curves.band[index, seen].astype(int)
    flux = _flux(surrogate, events.parameters[index], sky, index, phase, band)
    before = np.array(_BEFORE_DAYS)
    phase, band = np.append(before, phase), np.append(np.full(len(before), BANDS.index("r")), band)
    flux = np.append(np.zeros(len(before)), flux)
    error = np.hypot(_BACKGROUND_NJY, _LEAST_ERROR * flux)
    measured = flux + error * rng.standard_normal(len(flux))
    days = phase * (1 + sky.redshift[index]) * (_SLOWER if sky.odd[index] == "too slow" else 1.0)
    table = {
        "visit": _FIRST_VISIT + rng.integers(0, 10**6, len(flux)),
        "band": np.array(BANDS)[band],
        "midpointMjdTai": sky.peak_mjd[index] + days,
        "psfDiffFlux": measured,
        "psfDiffFluxErr": error,
        "psfDiffFlux_flag": ~np.isfinite(measured),
        "psfFlux": measured + _HOST_NJY,
        "psfFluxErr": error,
    }
    return pd.DataFrame(table).sort_values("midpointMjdTai")


def _flux(surrogate, parameters, sky, index, phase, band):
    """NJy through Rubin's filters; NaN where a filter reaches beyond the surrogate's wavelengths."""
    spectra = surrogate.log10_fnu(parameters[None], phase, SURFACE_WAVELENGTH_AA)[0]
    if sky.odd[index] == "dust in its host":
        spectra = spectra - 0.4 * extinction_mag(SURFACE_WAVELENGTH_AA, _HOST_EBV)
    redshift = float(sky.redshift[index])
    view = (redshift, float(distance_modulus_at(redshift)), float(sky.ebv_mw[index]))
    seen = observer_frame(SURFACE_WAVELENGTH_AA, spectra, *view)
    magnitude = np.stack([ab_magnitudes(*seen, find_passband(name)) for name in BANDS], axis=1)
    return 10 ** (-0.4 * (magnitude[np.arange(len(band)), band] - ZERO_POINT))


def _nested(points, lengths):
    offsets = pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int32())
    lists = [pa.ListArray.from_arrays(offsets, pa.array(points[name].to_list())) for name in points]
    return pa.StructArray.from_arrays(lists, list(points))


def write_parts(folder, catalog, n_parts):
    """Write a catalog as Parquet files of about equal numbers of objects.

    Parameters
    ----------
    folder : path-like
        That is made.
    catalog : pyarrow.Table
    n_parts : int

    Returns
    -------
    list of pathlib.Path
    """
    folder = Path(folder)
    folder.mkdir(parents=True)
    ends = np.linspace(0, len(catalog), n_parts + 1).astype(int)
    paths = [folder / f"part-{number}.parquet" for number in range(n_parts)]
    for path, first, last in zip(paths, ends[:-1], ends[1:], strict=True):
        with replacing(path) as temporary:
            parquet.write_table(catalog.slice(first, last - first), temporary)
    return paths
