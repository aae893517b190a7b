"""The authors' published sample: real Sedona models with their diffusion posteriors.

The files ``posterior_test_photometrycond_*.npz`` accompany Shen & Gagliano (2025b,
arXiv:2505.03063).  Each holds some models at five phases, a row a spectrum: the spectrum
and the light curve that the model was given, and the posterior samples that their
conditional diffusion model drew for it.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from snlib.data.events import Events, LightCurves, Spectra
from snlib.data.quantities import BANDS, SPECTRUM_PHASES_DAYS, parameters_from_filename
from snlib.files.guard import Array
from snlib.files.npz import read_npz

__all__ = ["PublishedSample", "published_files", "read_published_sample"]

_PATTERN = "posterior_test_photometrycond_*.npz"
_SLOTS = 60
# Each field's shape after the row axis, and what it holds; masks say which numbers count.
_FIELDS = {
    "gt": ("L", Array(2, "f", "anything")),
    "wavelength": ("L", Array(2, "f")),
    "mask": ("L", Array(2, "fi")),
    "phase": ("", Array(1, "f")),
    "photoflux": ("T", Array(2, "f", "anything")),
    "phototime": ("T", Array(2, "f", "anything")),
    "photomask": ("T", Array(2, "fi")),
    "photoband": ("T", Array(2, "i")),
    "identity": ("", Array(1, "U")),
    "posterior_samples": ("SL", Array(2, "f")),
}
# Physical limits that a value in other units would break.
_LIMITS = {
    "gt": (-25.0, -5.0, "log10 erg/s/cm^2/Hz at 10 pc"),
    "wavelength": (1000.0, 30000.0, "Angstrom"),
    "photoflux": (-25.0, 15.0, "absolute AB magnitude"),
    "phototime": (-50.0, 200.0, "days from peak"),
    "posterior_samples": (-25.0, -5.0, "log10 erg/s/cm^2/Hz at 10 pc"),
}


@dataclass(frozen=True)
class PublishedSample:
    """Real models and the authors' diffusion posterior of their spectra.

    Attributes
    ----------
    events : Events
        N models at P phases, sorted by file name.
    diffusion_log10_fnu : ndarray, shape (N, S, P, L)
        Posterior samples given the light curve, on the wavelengths of ``events.spectra``.
    """

    events: Events
    diffusion_log10_fnu: np.ndarray


def published_files(folder):
    """The files of the published sample.

    Parameters
    ----------
    folder : path

    Returns
    -------
    list of pathlib.Path
        Sorted.

    Raises
    ------
    FileNotFoundError
        If the folder does not exist or holds no such file.
    """
    if not Path(folder).is_dir():
        raise FileNotFoundError(f"{folder}: no such folder (the published sample)")
    if not (paths := sorted(Path(folder).glob(_PATTERN))):
        raise FileNotFoundError(f"{folder}: no file named {_PATTERN} (the published sample)")
    return paths


def read_published_sample(folder):
    """Read and validate every file of the published sample.

    Parameters
    ----------
    folder : path
        Holds the files ``posterior_test_photometrycond_*.npz`` as published.

    Returns
    -------
    PublishedSample
        Light curves to the end of the simulations; wavelengths ascending; masked pixels NaN.

    Raises
    ------
    FileNotFoundError
        If the folder does not exist or holds no such file.
    ValueError
        If a file is damaged, or a field has a wrong shape, unit, mask or value, or a model occurs
        twice or lacks a phase; the message names the file, the field and, where there is one, the model.
    """
    folder, paths = Path(folder), published_files(folder)
    models, wavelength = {}, None
    for path in paths:
        rows = _read_file(path)
        if wavelength is None:
            wavelength = rows["wavelength"][0]
        if rows["wavelength"].shape[1:] != wavelength.shape or (rows["wavelength"] != wavelength).any():
            raise ValueError(f"{path}: field 'wavelength' differs within the file or from {paths[0].name}")
        for name, model in _split_models(path, rows).items():
            if name in models:
                raise ValueError(f"{path}: model {name} occurs in another file too")
            models[name] = model
    try:
        return _collect(models, wavelength)
    except ValueError as error:
        raise ValueError(f"{folder}: {error}") from None


def _read_file(path):
    rows = read_npz(path, {name: array for name, (_, array) in _FIELDS.items()})
    n_rows, n_pixels = rows["gt"].shape
    n_samples = len(rows["posterior_samples"]) // max(n_rows, 1)
    sizes = {"L": n_pixels, "T": _SLOTS, "S": n_samples}
    samples = rows["posterior_samples"]
    if samples.shape != (n_rows * n_samples, n_pixels) or n_samples < 1:
        raise ValueError(
            f"{path}: field 'posterior_samples' has shape {samples.shape}, "
            f"not (samples x rows, pixels) for 'gt' of shape {rows['gt'].shape}"
        )
    rows["posterior_samples"] = samples.reshape(n_rows, n_samples, n_pixels)
    for field, (axes, _) in _FIELDS.items():
        expected = (n_rows, *(sizes[axis] for axis in axes))
        if rows[field].shape != expected:
            raise ValueError(f"{path}: field {field!r} has shape {rows[field].shape}, expected {expected}")
    _check_values(path, rows)
    return rows


def _check_values(path, rows):
    for field in ("mask", "photomask"):
        if not np.isin(rows[field], (0, 1)).all():
            raise ValueError(f"{path}: field {field!r} holds other values than 0 and 1")
    outside = (rows["photoband"] < 0) | (rows["photoband"] >= len(BANDS))
    if outside.any():
        raise ValueError(
            f"{path}: field 'photoband': unknown band {rows['photoband'][outside][0]}, "
            f"known are 0-{len(BANDS) - 1} ({''.join(BANDS)})"
        )
    masks = {
        "gt": rows["mask"] == 1,
        "photoflux": rows["photomask"] == 1,
        "phototime": rows["photomask"] == 1,
    }
    for field, (low, high, unit) in _LIMITS.items():
        valid = masks.get(field, np.ones(rows[field].shape, bool))
        bad = valid & ~((rows[field] >= low) & (rows[field] <= high))
        if bad.any():
            row = np.argwhere(bad)[0][0]
            raise ValueError(
                f"{path}: field {field!r}, model {rows['identity'][row]}: {rows[field][bad][0]} "
                f"is not a value in {unit}"
            )


def _split_models(path, rows):
    """Group a file's rows by model; each must have all phases and one light curve."""
    models = {}
    for name in np.unique(rows["identity"]):
        at = np.flatnonzero(rows["identity"] == name)
        at = at[np.argsort(rows["phase"][at])]
        if not np.array_equal(rows["phase"][at], SPECTRUM_PHASES_DAYS):
            raise ValueError(
                f"{path}: field 'phase', model {name}: phases {rows['phase'][at]}, "
                f"expected each of {SPECTRUM_PHASES_DAYS} once"
            )
        for field in ("photoflux", "phototime", "photomask", "photoband"):
            if (rows[field][at] != rows[field][at[0]]).any():
                raise ValueError(
                    f"{path}: field {field!r}, model {name}: the light curve differs between phases"
                )
        models[str(name)] = {field: values[at] for field, values in rows.items()}
    return models


def _collect(models, wavelength):
    names = sorted(models)
    try:
        parameters = np.array([parameters_from_filename(name) for name in names])
    except ValueError as error:
        raise ValueError(f"field 'identity': {error}") from None
    order = np.argsort(wavelength)  # published descending

    def stack(field):
        return np.stack([models[name][field] for name in names])

    spectra = np.where(stack("mask") == 1, stack("gt"), np.nan)[..., order]
    observed = stack("photomask")[:, 0] == 1
    light_curves = LightCurves(
        phase_days=np.where(observed, stack("phototime")[:, 0], np.nan),
        magnitude=np.where(observed, stack("photoflux")[:, 0], np.nan),
        band=stack("photoband")[:, 0],
    )
    events = Events(
        object_id=np.array(names),
        parameters=parameters,
        light_curves=light_curves,
        spectra=Spectra(SPECTRUM_PHASES_DAYS, wavelength[order].astype(float), spectra),
        provenance={"source": "published sample", "n_models": len(names)},
    )
    return PublishedSample(events, np.swapaxes(stack("posterior_samples"), 1, 2)[..., order])
