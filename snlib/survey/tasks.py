"""What is computed of the light curves of a survey, by a worker that keeps its model."""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import torch

from snlib.inference.embedding_files import embedding_table
from snlib.inference.forecast import Forecaster
from snlib.inference.predict import Request
from snlib.survey.summary import FEWEST_SAMPLES, nearest_pixels, summary_table

__all__ = ["Embedding", "Summary"]


def _forecaster(task):
    """The model of this process, loaded again if its file has changed."""
    about = Path(task.weights).stat()
    return _loaded(task.weights, task.device, (about.st_size, about.st_mtime_ns))


@lru_cache(maxsize=1)
def _loaded(weights, device, version):
    torch.set_num_threads(1)  # so that the results are the same wherever they are computed
    return Forecaster.load(weights, device)


@dataclass(frozen=True)
class Embedding:
    """Where light curves lie in the latent space.

    Attributes
    ----------
    weights : str
        Absolute path of the weights, which every worker must see.
    device : str
    """

    weights: str
    device: str

    name = "embed"
    at_once = 1 << 13  # objects, whose results are a slice

    def columns(self, curves):
        """What is written of each light curve.

        Parameters
        ----------
        curves : snlib.data.ragged.RaggedLightCurves
            Of N objects.

        Returns
        -------
        pyarrow.Table, N rows
            Without ``object_id``; see `snlib.inference.embedding_files.embedding_table`.
        """
        table = embedding_table(_forecaster(self), curves)
        return pa.Table.from_pandas(table.drop(columns="object_id"), preserve_index=False)

    def digest(self):
        """SHA-256 of all that decides the results beside the light curves and the code."""
        return _digest(self)


@dataclass(frozen=True)
class Summary:
    """The spectra that are predicted for light curves, in short.

    Attributes
    ----------
    weights, device
        As of `Embedding`.
    phase_days, wavelength_aa : tuple of float
        Where.
    n_samples, seed, latent_only
        See `snlib.inference.predict.Request`.

    Raises
    ------
    ValueError
        If there is no such prediction.
    """

    weights: str
    device: str
    phase_days: tuple
    wavelength_aa: tuple
    n_samples: int
    seed: int = 0
    latent_only: bool = False

    name = "predict"
    at_once = 1 << 7

    def __post_init__(self):
        self._where()
        if self.n_samples < FEWEST_SAMPLES:
            raise ValueError(f"samples is {self.n_samples}, expected at least {FEWEST_SAMPLES} of a summary")

    def _where(self):
        request = Request(np.array(self.phase_days), self.n_samples, self.seed, self.latent_only)
        return request, nearest_pixels(self.wavelength_aa)

    def columns(self, curves):
        """What is written of each light curve; see `snlib.survey.summary.summary_table`."""
        return summary_table(_forecaster(self), curves, *self._where())

    def digest(self):
        """SHA-256 of all that decides the results beside the light curves and the code."""
        return _digest(self)


def _digest(task):
    _forecaster(task)  # refuses what is no such weights before anything is begun
    sha = hashlib.sha256(Path(task.weights).read_bytes())
    settings = {name: value for name, value in vars(task).items() if name != "weights"}
    sha.update(repr((task.name, settings, torch.__version__, pa.__version__)).encode())
    return sha.hexdigest()
