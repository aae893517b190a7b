"""Predicted spectra on disk, an object at a time; what a killed process has written is not made again."""

import csv
import hashlib
import io
import sys
import zipfile

import numpy as np
import pandas as pd
from tqdm import tqdm

from snlib.data.quantities import WAVELENGTH_AA
from snlib.files.tables import require_suffix
from snlib.files.writing import require_space, resumable
from snlib.inference.predict import predict_spectra
from snlib.inference.samples import Samples

__all__ = ["PREDICTION_SUFFIXES", "write_predictions"]

#: What a file of predictions may end with.
PREDICTION_SUFFIXES = (".npz", ".csv")
_INTERVAL_COLUMNS = ("mean_log10_fnu", "low_90_log10_fnu", "high_90_log10_fnu")


def write_predictions(path, forecaster, curves, request, code):
    """Predict the spectra of each object into an npz file, or their mean and 90 % interval into a table.

    Parameters
    ----------
    path : path-like
        ``.npz``: ``object_id`` (N,), the columns of `snlib.inference.misfit.about_objects` (N,),
        ``phase_days`` (P,), ``wavelength_aa`` (L,), and ``samples``, or ``latent_samples`` if they are
        without the likelihood, (N, S, P, L), log10 of erg/s/cm^2/Hz at 10 pc.
        ``.csv``: a row an object, phase and wavelength.
    forecaster, curves, request
        As of `snlib.inference.predict.predict_spectra`.
    code : str
        What stands for the code that predicts: what another has begun is not gone on with.

    Raises
    ------
    ValueError
        If the suffix is another, or an identifier cannot be written.
    OSError
        If the disk cannot hold the file: at once for ``.npz``, whose size is known, and for ``.csv`` as
        soon as the first object is predicted.
    """
    write = {".npz": _write_samples, ".csv": _write_intervals}[require_suffix(path, PREDICTION_SUFFIXES)]
    with resumable(path, _digest(forecaster, curves, request, code)) as file:
        write(path, file, forecaster, curves, request)
        file.truncate()


def _digest(forecaster, curves, request, code):
    """Of all that decides what is predicted."""
    asked = (request.phase_days.tolist(), request.n_samples, request.seed, request.latent_only)
    sha = hashlib.sha256(repr((code, asked, forecaster.decides())).encode())
    for name, tensor in forecaster.model.state_dict().items():
        sha.update(name.encode() + tensor.cpu().numpy().tobytes())
    sha.update(repr(curves.object_id.tolist()).encode())
    for values in (curves.start, curves.phase_days, curves.magnitude, curves.band):
        sha.update(np.ascontiguousarray(values).data)
    return sha.hexdigest()[:16]


def _tell(path, curves, request, n_bytes):
    spectra = f"{request.n_samples:,} spectra at each of {len(request.phase_days)} phases"
    size = f"{n_bytes / 1e9:,.1f} GB" if n_bytes >= 1e8 else f"{n_bytes / 1e6:,.1f} MB"
    tqdm.write(f"snlib: {path}: {len(curves):,} objects, {spectra}: {size}", file=sys.stderr)


def _write_samples(path, file, forecaster, curves, request):
    """All spectra as one array of a zip archive that is not compressed; `file` may hold its beginning."""
    shape = (len(curves), request.n_samples, len(request.phase_days), len(WAVELENGTH_AA))
    n_bytes = 4 * int(np.prod(shape))
    stored = file.seek(0, io.SEEK_END)
    _tell(path, curves, request, n_bytes)
    require_space(path, n_bytes - stored)
    file.seek(0)
    small = {"object_id": curves.object_id.astype(str)} | forecaster.about(curves)
    small |= {"phase_days": request.phase_days, "wavelength_aa": WAVELENGTH_AA}
    with zipfile.ZipFile(file, "w") as archive:  # writes over what is there, and truncates nothing
        for field, values in small.items():
            with archive.open(f"{field}.npy", "w") as member:
                np.lib.format.write_array(member, np.asarray(values), allow_pickle=False)
        name = "latent_samples" if request.latent_only else "samples"
        with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
            header = {"descr": "<f4", "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(member, header)
            n_whole = _write_again(file, member, n_bytes // len(curves), stored)
            for samples in predict_spectra(forecaster, curves, request, n_whole):
                member.write(np.ascontiguousarray(samples, "<f4").data)


def _write_again(file, member, n_bytes, stored):
    """Write the objects over themselves that the file holds whole, since the checksum needs them; count them.

    Zeros are what a lost power supply leaves where nothing has reached the disk; no spectrum is zero.
    """
    n_whole = 0
    while (place := file.tell()) + n_bytes <= stored:
        samples = file.read(n_bytes)
        if not np.frombuffer(samples, "<f4").all():
            break
        file.seek(place)
        member.write(samples)
        n_whole += 1
    file.seek(place)
    return n_whole


def _write_intervals(path, file, forecaster, curves, request):
    """A row an object, phase and wavelength; `file` may hold the first of them."""
    n_phases, n_pixels = len(request.phase_days), len(WAVELENGTH_AA)
    phase = np.repeat([f"{phase:g}" for phase in request.phase_days], n_pixels)
    wavelength = np.tile([f"{wavelength:.2f}" for wavelength in WAVELENGTH_AA], n_phases)
    about = forecaster.about(curves)
    header = ",".join(["object_id", *about, "phase_days", "wavelength_aa", *_INTERVAL_COLUMNS]) + "\n"
    lines = _fixed_parts(curves.object_id, about)
    n_whole = _skip_whole(file, n_phases * n_pixels)
    if not file.tell():
        file.write(header.encode())
    predicted = predict_spectra(forecaster, curves, request, n_whole)
    for index, samples in enumerate(predicted, n_whole):
        of_object = {"phase_days": phase, "wavelength_aa": wavelength}
        of_object |= dict(zip(_INTERVAL_COLUMNS, map(np.ravel, Samples(samples).summary()), strict=True))
        rows = pd.DataFrame(of_object).to_csv(None, header=False, index=False, float_format="%.4f")
        content = "".join(f"{lines[index]},{row}" for row in rows.splitlines(keepends=True)).encode()
        if index == n_whole:
            n_bytes = len(content) * len(curves)
            _tell(path, curves, request, n_bytes)
            require_space(path, n_bytes - file.tell())
        file.write(content)


def _fixed_parts(object_id, about):
    """The beginning of each row of an object."""
    if broken := [name for name in object_id if len(name.splitlines()) > 1]:
        raise ValueError(f"object {broken[0]!r}: a table cannot hold a line break in an identifier")
    text = io.StringIO()
    fixed = pd.DataFrame({"object_id": object_id} | about)
    fixed.to_csv(text, header=False, index=False, float_format="%.4f", quoting=csv.QUOTE_MINIMAL)
    return text.getvalue().splitlines()


def _skip_whole(file, rows_each):
    """Go behind the last object of which all rows are there; count such objects."""
    place = behind = n_whole = 0
    for n_rows, line in enumerate(file):  # the first line is the header
        if not line.endswith(b"\n") or b"\0" in line:
            break
        place += len(line)
        if n_rows % rows_each == 0:
            behind, n_whole = place, n_rows // rows_each
    file.seek(behind)
    return n_whole
