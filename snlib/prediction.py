"""Spectra and embeddings for light curves of one's own."""

import hashlib
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from tqdm import tqdm

from snlib.dataset import on
from snlib.embedding import embed
from snlib.events import LightCurves
from snlib.files import DATA, replacing
from snlib.grid import SPECTRUM_PHASES_DAYS, WAVELENGTH_AA
from snlib.light_curve_files import require_suffix
from snlib.mmvae import MMVAE
from snlib.posteriors import posterior_samples
from snlib.weights import load_model

__all__ = [
    "DEFAULT_WEIGHTS",
    "TABLE_SUFFIXES",
    "Request",
    "embedding_table",
    "load_mmvae",
    "predict_spectra",
    "write_samples",
    "write_table",
]

DEFAULT_WEIGHTS = DATA / "weights" / "mmvae-improved.safetensors"
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


def load_mmvae(path=DEFAULT_WEIGHTS, device="cpu"):
    """Read the weights of an MMVAE; see `snlib.weights.load_model`.

    Returns
    -------
    model : MMVAE
        On `device`.
    scaling : snlib.dataset.Scaling

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is damaged or holds another model; the message names the file.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"{path}: no such file")
    model, scaling, _ = load_model(path, device)
    if not isinstance(model, MMVAE):
        raise ValueError(f"{path}: weights of a {type(model).__name__}, expected an MMVAE")
    return model.eval(), scaling


def predict_spectra(model, scaling, object_id, light_curves, request, device="cpu"):
    """Samples of the spectra of each object, which depend on its id, its light curve and the seed only.

    Parameters
    ----------
    model : MMVAE
        On `device`.
    scaling : snlib.dataset.Scaling
    object_id : ndarray of str, shape (N,)
    light_curves : LightCurves
    request : Request
    device : str

    Yields
    ------
    ndarray of float32, shape (S, P, L)
        log10 of erg/s/cm^2/Hz at 10 pc, at `snlib.grid.WAVELENGTH_AA`; an object at a time, since all
        together may not fit into memory.
    """
    for index, name in enumerate(tqdm(object_id, desc="predict", mininterval=2)):
        yield _sample(model, scaling, _alone(light_curves, index), name, request, device)


@torch.no_grad()
def _sample(model, scaling, light_curve, name, request, device):
    posterior = model.photometry.posterior(on(scaling.photometry(light_curve), device))
    stream = int.from_bytes(hashlib.sha256(str(name).encode()).digest()[:8])
    latent, predictive = posterior_samples(
        posterior,
        model.spectrum,
        scaling,
        request.phase_days,
        WAVELENGTH_AA,
        request.n_samples,
        (request.seed, stream),
    )
    return latent if request.latent_only else predictive


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


def embedding_table(model, scaling, object_id, light_curves, device="cpu"):
    """Where light curves lie in the latent space.

    Parameters
    ----------
    model, scaling, object_id, light_curves, device
        As in `predict_spectra`.

    Returns
    -------
    pandas.DataFrame
        A row an object: ``object_id``, and the Laplace posterior's ``mean_i_j`` and ``scale_i_j`` for token
        i and dimension j.
    """
    mean, scale = embed(model, scaling, light_curves, device, _EMBED_BATCH)
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
