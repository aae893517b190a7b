"""Light curves and spectra of supernovae as surveys publish them: SNANA text files."""

import gzip
from dataclasses import dataclass

import numpy as np

from snlib.files.guard import guarded, require_file

__all__ = ["ObservedSpectrum", "ObservedSupernova", "read_snana", "split_snana"]

# SNANA fluxes (FLUXCAL) have this zero point in the magnitudes of their own filter.
_ZERO_POINT = 27.5
_PHOTOMETRY = ("MJD", "FLUXCAL", "FLUXCALERR")
_SPECTRUM = ("LAMMIN", "LAMMAX", "FLAM", "FLAMERR")
_SAME = {"PEAKMJD": "SEARCH_PEAKMJD"}  # surveys name it either way
# The allowed range of each number of the header.
_HEADER = {
    "REDSHIFT_HELIO": (-0.01, 3.0),
    "REDSHIFT_CMB": (-0.01, 3.0),
    "MWEBV": (0.0, 10.0),
    "SEARCH_PEAKMJD": (15000.0, 100000.0),
    "VPEC": (-5000.0, 5000.0),
}


@dataclass(frozen=True)
class ObservedSpectrum:
    """A spectrum in the frame of the observer.

    Attributes
    ----------
    mjd : float
    wavelength_aa : ndarray, shape (L,)
        Ascending.
    f_lambda, f_lambda_error : ndarray, shape (L,)
        In the units of the file.
    """

    mjd: float
    wavelength_aa: np.ndarray
    f_lambda: np.ndarray
    f_lambda_error: np.ndarray


@dataclass(frozen=True)
class ObservedSupernova:
    """The light curve and the spectra of one supernova, as a telescope saw them.

    Attributes
    ----------
    object_id : str
    redshift_heliocentric, redshift_cmb : float
    peculiar_velocity : float
        km/s.
    ebv_mw : float
        Reddening by the Milky Way, E(B-V) in magnitudes.
    peak_mjd : float
        A guess, from the file.
    mjd, flux, flux_error : ndarray, shape (T,)
    filter_name : ndarray of str, shape (T,)
        Each has a magnitude system of its own; see `snlib.observed.kcor`.
    zero_point : ndarray, shape (T,)
        The magnitude is ``zero_point - 2.5 log10(flux)``, in the system of the filter.
    spectra : tuple of ObservedSpectrum
    """

    object_id: str
    redshift_heliocentric: float
    redshift_cmb: float
    peculiar_velocity: float
    ebv_mw: float
    peak_mjd: float
    mjd: np.ndarray
    filter_name: np.ndarray
    flux: np.ndarray
    flux_error: np.ndarray
    zero_point: np.ndarray
    spectra: tuple[ObservedSpectrum, ...]


def _number(path, field, text):
    """Return ``text`` as a finite float, or name the file and the field."""
    try:
        number = float(text)
    except ValueError:
        raise ValueError(f"{path}: {field} is not a number: {text!r}") from None
    if not np.isfinite(number):
        raise ValueError(f"{path}: {field} is not finite: {text!r}")
    return number


def _header_number(path, header, key):
    """Return one number of the header within its allowed range; a missing VPEC is zero."""
    if key not in header and key == "VPEC":
        return 0.0
    if key not in header:
        raise ValueError(f"{path}: {key} is missing")
    low, high = _HEADER[key]
    number = _number(path, key, header[key])
    if not low <= number <= high:
        raise ValueError(f"{path}: {key} is {number:g}, not from {low:g} to {high:g}")
    return number


def _columns(path, names, rows, wanted):
    """Return the ``wanted`` columns of ``rows`` as arrays, found by their names."""
    missing = [name for name in wanted if name not in names]
    if missing:
        raise ValueError(f"{path}: the list of columns lacks {', '.join(missing)}")
    for row in rows:
        if len(row) < len(names):
            raise ValueError(f"{path}: a row has {len(row)} values for {len(names)} columns: {' '.join(row)}")
    return [np.array([_number(path, name, row[names.index(name)]) for row in rows]) for name in wanted]


def _spectrum(path, mjd, names, rows):
    """Return one spectrum without the pixels that its file flags as bad."""
    if mjd is None:
        raise ValueError(f"{path}: SPECTRUM_MJD is missing")
    low, high, flux, error = _columns(path, names, rows, _SPECTRUM)
    if (low <= 0).any() or (high < low).any():
        raise ValueError(f"{path}: LAMMIN and LAMMAX are not positive and increasing")
    good = np.ones(len(rows), dtype=bool)
    if "SPECFLAG" in names:
        good = _columns(path, names, rows, ("SPECFLAG",))[0] > 0
    wavelength = 0.5 * (low + high)
    order = np.argsort(wavelength, kind="stable")
    order = order[good[order]]
    return ObservedSpectrum(_number(path, "SPECTRUM_MJD", mjd), wavelength[order], flux[order], error[order])


def split_snana(path):
    """What stands in an SNANA text file.

    Parameters
    ----------
    path : pathlib.Path

    Returns
    -------
    header : dict of str to str
        The first word after each key; lists of columns as lists.
    rows : list of list of str
        Of the photometry.
    spectra : list of (dict, list of list of str)
        Header and rows of each.

    Raises
    ------
    ValueError
        If pixels stand before the first spectrum; the message names the file.
    """
    header, rows, spectra = {}, [], []
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", errors="replace") as lines:
        for line in lines:
            key, *values = line.split("#")[0].split() or [""]
            if key == "OBS:":
                rows.append(values)
            elif key == "SPECTRUM_ID:":
                spectra.append(({}, []))
            elif key == "SPEC:" and not spectra:
                raise ValueError(f"{path}: SPEC rows stand before the first SPECTRUM_ID")
            elif key == "SPEC:":
                spectra[-1][1].append(values)
            elif key == "SPECTRUM_MJD:" and spectra and values:
                spectra[-1][0]["mjd"] = values[0]
            elif key in ("VARLIST:", "VARNAMES_SPEC:", "VARLIST_SPEC:"):
                header[key[:-1]] = values
            elif key.endswith(":") and values:
                header.setdefault(_SAME.get(key[:-1], key[:-1]), values[0])
    return header, rows, spectra


def read_snana(path):
    """Read one supernova from an SNANA text file, ``.dat`` or ``.dat.gz``.

    Columns are found by the lists of names in the file.  Pixels that are flagged as bad are left out.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    ObservedSupernova

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is damaged, or a field is missing, not a number or out of range; the message names file
        and field.
    """
    path = require_file(path)
    with guarded(path, "SNANA file"):
        header, rows, spectra = split_snana(path)
    if "SNID" not in header:
        raise ValueError(f"{path}: SNID is missing")
    numbers = [_header_number(path, header, key) for key in _HEADER]
    heliocentric, cmb, ebv_mw, peak_mjd, velocity = numbers
    names = header.get("VARLIST", [])
    mjd, flux, error = _columns(path, names, rows, _PHOTOMETRY)
    if (error <= 0).any():
        raise ValueError(f"{path}: FLUXCALERR is not positive")
    column = next((names.index(name) for name in ("FLT", "BAND") if name in names), None)
    if column is None:
        raise ValueError(f"{path}: the list of columns lacks FLT")
    filters = np.array([row[column] for row in rows], dtype=str)
    layout = header.get("VARNAMES_SPEC", header.get("VARLIST_SPEC", list(_SPECTRUM)))
    observed = tuple(_spectrum(path, one.get("mjd"), layout, pixels) for one, pixels in spectra)
    zero_point = np.full(len(rows), _ZERO_POINT)
    return ObservedSupernova(
        *(header["SNID"], heliocentric, cmb, velocity, ebv_mw, peak_mjd),
        *(mjd, filters, flux, error, zero_point, observed),
    )
