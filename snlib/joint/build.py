"""Examples from a table of supernovae, observed or simulated."""

from functools import cache

import numpy as np
import torch
from speclite.filters import load_filter

from snlib.data.batches import Photometry
from snlib.data.quantities import BANDS
from snlib.joint.examples import Examples, OtherSpectra, phase_place, wavelength_place
from snlib.observed.dust import extinction_mag

__all__ = ["N_OTHERS", "make_examples"]

N_OTHERS = 2  # further spectra of a supernova that are shown at most
_BIN = 6  # pixels of a bin of a spectrum that is shown
_LEAST_SEEN = 0.5  # of a bin's pixels
_MOST_POINTS = 96  # of a light curve; of a longer one, so many spread evenly
_MOST_DEX = 1.2  # from the mean supernova: beyond, a cosmic ray or a wrong sign


@cache
def _effective_wavelengths_aa():
    filters = [load_filter(f"lsst2016-{band}") for band in BANDS]
    return np.array([one.effective_wavelength.value for one in filters])


def make_examples(supernovae, mean, spectra=None):
    """Ask for spectra, each from the light curve and the other spectra of its supernova.

    Parameters
    ----------
    supernovae : snlib.observed.table.ObservedSupernovae
    mean : snlib.joint.mean_supernova.MeanSupernova
    spectra : ndarray of int, shape (M,), optional
        Those to ask for; by default all.

    Returns
    -------
    snlib.joint.examples.Examples
    """
    spectra = np.arange(len(supernovae.spectrum_object)) if spectra is None else spectra
    of_object, phase = supernovae.spectrum_object[spectra], supernovae.spectrum_phase_days[spectra]
    residual = supernovae.log10_fnu[spectra] - mean.spectra_at(phase)
    level = np.nanmedian(residual, axis=1, keepdims=True)
    residual = np.where(np.abs(residual - level) < _MOST_DEX, residual, np.nan)
    wavelength = supernovae.wavelength_aa
    places, bins = _tensor(wavelength_place(wavelength)), _binned(residual)
    bin_wavelength = _binned(wavelength[None])[0]
    counts = np.bincount(of_object)
    weight = counts[of_object] ** -0.5  # a supernova with many spectra shall not rule
    bands = _effective_wavelengths_aa()
    return Examples(
        _photometry(supernovae, mean, of_object),
        _tensor(wavelength_place(bands)),
        _tensor(_reddening_dex(bands)),
        _tensor(phase_place(phase)),
        places,
        _tensor(_reddening_dex(wavelength)),
        _tensor(residual)[:, None],
        torch.from_numpy(np.isfinite(residual)),
        OtherSpectra(
            _tensor(phase_place(phase))[:, None],
            _tensor(wavelength_place(bin_wavelength)),
            _tensor(bins)[:, None],
            torch.from_numpy(np.isfinite(bins))[:, None],
        ),
        _tensor(_reddening_dex(bin_wavelength)),
        torch.from_numpy(_others(of_object, phase)),
        _tensor(weight / weight.mean()),
    )


def _photometry(supernovae, mean, of_object):
    """The light curve of each spectrum's supernova."""
    known, row = np.unique(of_object, return_inverse=True)
    given = supernovae.light_curves.padded(known)
    phase = np.where(given.observed, given.phase_days, 0.0)
    residual = -0.4 * (given.magnitude - mean.magnitudes_at(phase, given.band))
    seen = given.observed & np.isfinite(residual)
    slots = _thinned(seen)
    columns = phase_place(phase), given.band.astype(np.int64), residual, seen
    time, band, value, observed = (
        torch.from_numpy(np.take_along_axis(x, slots, axis=1))[row] for x in columns
    )
    return Photometry(time.float(), band, torch.nan_to_num(value).float(), observed)


def _thinned(seen):
    """Slots of each light curve that are kept: all that are observed, or as many as may be."""
    n_kept = min(_MOST_POINTS, int(seen.sum(1).max()))
    rows = []
    for one in seen:
        first = np.argsort(~one, kind="stable")[: max(one.sum(), n_kept)]  # observed slots, then others
        rows.append(first[np.linspace(0, len(first) - 1, n_kept).round().astype(int)])
    return np.array(rows)


def _others(of_object, phase_days):
    """By spectrum, the other spectra of its supernova from the nearest phase on, shape (M, C)."""
    others = np.full((len(of_object), N_OTHERS), -1)
    for number, (one, at) in enumerate(zip(of_object, phase_days, strict=True)):
        same = np.flatnonzero((of_object == one) & (np.arange(len(of_object)) != number))
        nearest = same[np.argsort(np.abs(phase_days[same] - at), kind="stable")][:N_OTHERS]
        others[number, : len(nearest)] = nearest
    return others


def _binned(values):
    """Means of six pixels each, of those that are observed; NaN where less than half are."""
    n_bins = values.shape[1] // _BIN
    cells = values[:, : n_bins * _BIN].reshape(len(values), n_bins, _BIN)
    seen = np.isfinite(cells)
    total, n = np.where(seen, cells, 0.0).sum(-1), seen.sum(-1)
    return np.where(n >= _LEAST_SEEN * _BIN, total / np.maximum(n, 1), np.nan)


def _reddening_dex(wavelength_aa):
    return -0.4 * extinction_mag(wavelength_aa, 1.0)


def _tensor(values):
    return torch.from_numpy(np.nan_to_num(np.asarray(values, dtype=float))).float()
