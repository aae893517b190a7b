"""What is computed of the light curves of a survey, by a worker that keeps its model."""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pyarrow as pa
import torch

from snlib.inference.embedding_files import embedding_table
from snlib.inference.forecast import Forecaster

__all__ = ["Embedding"]


@lru_cache(maxsize=1)
def _forecaster(weights, device):
    """The model of this process."""
    torch.set_num_threads(1)  # so that the results are the same wherever they are computed
    return Forecaster.load(weights, device)


@dataclass(frozen=True)
class Embedding:
    """Where light curves lie in the latent space.

    Attributes
    ----------
    weights : str
        Path of the weights, which every worker must see.
    device : str
    """

    weights: str
    device: str

    name = "embed"

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
        table = embedding_table(_forecaster(self.weights, self.device), curves)
        return pa.Table.from_pandas(table.drop(columns="object_id"), preserve_index=False)

    def digest(self):
        """SHA-256 of all that decides the results beside the light curves and the code."""
        return _digest(self)


def _digest(task):
    sha = hashlib.sha256(Path(task.weights).read_bytes())
    settings = {name: value for name, value in vars(task).items() if name != "weights"}
    sha.update(repr((task.name, settings, torch.__version__, pa.__version__)).encode())
    return sha.hexdigest()
