"""Predicted spectra as a telescope would have seen them, to lay beside those that one saw."""

import numpy as np
import pandas as pd
from tqdm import tqdm

from snlib.data.cells import numbers
from snlib.data.identifiers import identifiers
from snlib.files.columns import Wanted
from snlib.files.guard import guarded
from snlib.files.tables import read_table, require_suffix
from snlib.files.writing import replacing
from snlib.observed.frames import distance_modulus_at, observer_frame
from snlib.observed.objects import read_objects
from snlib.observed.rest_frame import View
from snlib.observed.steps import steps_file

__all__ = ["write_as_observed"]

# What is made of each column of a prediction.
_F_LAMBDA = {
    "mean_log10_fnu": "f_lambda",
    "low_90_log10_fnu": "low_90_f_lambda",
    "high_90_log10_fnu": "high_90_f_lambda",
}
_AT = ("phase_days", "wavelength_aa")
_WANTED = Wanted(("object_id", *_AT, *_F_LAMBDA))


def write_as_observed(predictions, out, objects=None):
    """Redshift, redden and dim predicted spectra.

    Parameters
    ----------
    predictions : path-like
        Table as ``snlib predict --out F.csv`` writes it: mean and 90 % interval of log10 F_nu at rest at
        10 pc, a row an object, phase and wavelength.
    out : path-like
        A csv file: a row for each of these with ``object_id``, ``phase_days``, ``mjd`` (empty where the peak
        is not known), ``wavelength_aa`` of the observer, and ``f_lambda, low_90_f_lambda,
        high_90_f_lambda`` in erg/s/cm^2/Å, behind the dust of the Milky Way.  What stands in the place of the
        mean is the mean of log10.
    objects : path-like, optional
        Table as of `snlib.observed.objects.read_objects`; otherwise the steps that were written beside the
        predictions.

    Raises
    ------
    FileNotFoundError
        If there is no such file; the message says which.
    ModuleNotFoundError
        If there is reddening, and the package dust_extinction is not installed.
    ValueError
        If a file is no such table, or a value is not a number or impossible; the message names it.
    """
    require_suffix(out, (".csv",))
    require_suffix(predictions, (".csv",))
    place, names, columns = _read(predictions)
    known = read_objects(_objects_file(predictions) if objects is None else objects, names)
    views = [_view(known, index) for index in range(len(names))]
    ends = np.searchsorted(place, np.arange(len(names) + 1))
    with replacing(out) as temporary, open(temporary, "w", encoding="utf-8", newline="") as file:
        for index in tqdm(range(len(names)), desc="observe", mininterval=2):
            rows = {name: values[ends[index] : ends[index + 1]] for name, values in columns.items()}
            table = _seen(names[index], rows, views[index])
            table.to_csv(file, index=False, header=index == 0, float_format="%.7g")


def _read(path):
    """The rows of a prediction, by objects: their places, the objects and the columns."""
    with guarded(path, "table of predictions"):
        table = read_table(path, _WANTED)
        place, names = identifiers(path, table.columns["object_id"])

        def where(column):
            return lambda row: f"{path}: object {names[place[row]]!r}, column {column!r}"

        columns = {name: numbers(table.columns[name], where(name)) for name in (*_AT, *_F_LAMBDA)}
    order = np.argsort(place, kind="stable")
    return place[order], names, {name: values[order] for name, values in columns.items()}


def _objects_file(predictions):
    path = steps_file(predictions)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file, so give --objects TABLE with redshifts")
    return path


def _view(objects, index):
    """How an object is seen; in the cosmology, and without dust, where these are not known."""
    redshift, modulus = float(objects.redshift[index]), float(objects.distance_modulus[index])
    modulus = float(distance_modulus_at(redshift)) if np.isnan(modulus) else modulus
    return View(
        redshift, modulus, float(np.nan_to_num(objects.ebv_mw[index])), float(objects.peak_mjd[index])
    )


def _seen(name, rows, view):
    log10_fnu = np.stack([rows[column] for column in _F_LAMBDA])
    given = view.redshift, view.distance_modulus, view.ebv_mw
    observed_aa, f_lambda = observer_frame(rows["wavelength_aa"], log10_fnu, *given)
    mjd = view.peak_mjd + rows["phase_days"] * (1 + view.redshift)
    about = {"object_id": name, "phase_days": rows["phase_days"], "mjd": mjd, "wavelength_aa": observed_aa}
    return pd.DataFrame(about | dict(zip(_F_LAMBDA.values(), f_lambda, strict=True)))
