"""Spectra and embeddings for light curves of one's own."""

import hashlib
import zipfile
from dataclasses import dataclass

import numpy as np
import pandas as pd
from tqdm import tqdm

from snlib.data.events import LightCurves
from snlib.data.quantities import SPECTRUM_PHASES_DAYS, WAVELENGTH_AA
from snlib.data.tables import require_suffix
from snlib.files.places import DATA
from snlib.files.writing import replacing
from snlib.inference.embedding import embed
from snlib.random_streams import stream

__all__ = [
    "DEFAULT_WEIGHTS",
    "TABLE_SUFFIXES",
    "Request",
    "embedding_table",
    "predict_spectra",
    "write_samples",
    "write_table",
]

DEFAULT_WEIGHTS = DATA / "weights" / "large" / "predictive-mmvae-large.safetensors"
TABLE_SUFFIXES = (".csv", ".parquet")
_EMBED_BATCH = 256  # light curves of any length


@dataclass(frozen=True)
class Request:
    """Which spectra to predict, from light curves.

    Attributes
    ----------
    phase_days : ndarray, shape (P,)
        Within the phases of the training spectra: others would be extrapolated.
    n_samples : int
        S.
    seed : int
    latent_only : bool
        Without the likelihood: the decoded mean of each latent sample.

    Raises
    ------
    ValueError
        If there is no such prediction.
    """

    phase_days: np.ndarray
    n_samples: int
    seed: int = 0
    latent_only: bool = False

    def __post_init__(self):
        first, last = SPECTRUM_PHASES_DAYS[[0, -1]]
        for phase in self.phase_days:
            if not first <= phase <= last:
                raise ValueError(f"phases: {phase:g} is outside {first:g} to {last:g} days from peak")
        if self.n_samples < 1:
            raise ValueError(f"samples is {self.n_samples}, expected at least 1")
        if self.seed < 0:
            raise ValueError(f"seed is {self.seed}, expected at least 0")


def predict_spectra(forecaster, object_id, light_curves, request):
    """Samples of the spectra of each object, which depend on its id, its light curve and the seed only.

    Parameters
    ----------
    forecaster : snlib.inference.forecast.Forecaster
    object_id : ndarray of str, shape (N,)
    light_curves : LightCurves
    request : Request

    Yields
    ------
    ndarray of float32, shape (S, P, L)
        log10 of erg/s/cm^2/Hz at 10 pc, at `snlib.data.quantities.WAVELENGTH_AA`; an object at a time,
        since all together may not fit into memory.
    """
    draw = forecaster.latent_samples if request.latent_only else forecaster.samples
    for index, name in enumerate(tqdm(object_id, desc="predict", mininterval=2)):
        place = int.from_bytes(hashlib.sha256(str(name).encode()).digest()[:8])
        where = (request.phase_days, WAVELENGTH_AA)
        rng = stream("predictions", request.seed, place)
        yield draw(_alone(light_curves, index), *where, request.n_samples, rng)


def _alone(light_curves, index):
    """One light curve without empty slots, whose number depends on the others; one slot at least."""
    slots = np.flatnonzero(light_curves.observed[index])
    slots = slots if slots.size else np.array([0])
    return LightCurves(*(values[[index]][:, slots] for values in vars(light_curves).values()))


def write_samples(path, object_id, request, samples):
    """Write predicted spectra to an npz file, an object at a time.

    Parameters
    ----------
    path : path-like
    object_id : ndarray of str, shape (N,)
    request : Request
    samples : iterable of N ndarray, shape (S, P, L)
        See `predict_spectra`.  Stored as ``samples``, or ``latent_samples`` if they are without the
        likelihood, of shape (N, S, P, L), beside ``object_id``, ``phase_days`` and ``wavelength_aa``.
    """
    name = "latent_samples" if request.latent_only else "samples"
    shape = (len(object_id), request.n_samples, len(request.phase_days), len(WAVELENGTH_AA))
    small = {"object_id": object_id, "phase_days": request.phase_days, "wavelength_aa": WAVELENGTH_AA}
    with replacing(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for field, values in small.items():
            with archive.open(f"{field}.npy", "w") as member:
                np.lib.format.write_array(member, values, allow_pickle=False)
        with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
            header = {"descr": "<f4", "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(member, header)
            for part in samples:
                member.write(np.ascontiguousarray(part, "<f4").data)


def embedding_table(forecaster, object_id, light_curves):
    """Where light curves lie in the latent space.

    Parameters
    ----------
    forecaster, object_id, light_curves
        As in `predict_spectra`.

    Returns
    -------
    pandas.DataFrame
        A row an object: ``object_id``, and the Laplace posterior's ``mean_i_j`` and ``scale_i_j`` for token
        i and dimension j.
    """
    device = next(forecaster.model.parameters()).device
    mean, scale = embed(forecaster.model, forecaster.scaling, light_curves, device, _EMBED_BATCH)
    columns = {"object_id": object_id}
    for name, values in (("mean", mean), ("scale", scale)):
        columns |= {f"{name}_{i}_{j}": values[:, i, j] for i, j in np.ndindex(values.shape[1:])}
    return pd.DataFrame(columns)


def write_table(path, table):
    """Write a table to a ``.csv`` or ``.parquet`` file.

    Raises
    ------
    ValueError
        If the suffix is another; the message names the file.
    """
    suffix = require_suffix(path, TABLE_SUFFIXES)
    with replacing(path) as temporary:
        if suffix == ".csv":
            table.to_csv(temporary, index=False)
        else:
            table.to_parquet(temporary, index=False)
