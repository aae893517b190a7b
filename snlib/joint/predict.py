"""Spectra of observed supernovae by a joint transceiver, and its weights on disk."""

from dataclasses import dataclass

import numpy as np
import torch

from snlib.data.batches import Spectrum
from snlib.data.quantities import PARAMETERS
from snlib.data.scaling import Scaling
from snlib.joint.model import JointTransceiver
from snlib.model.weights import SavedModel, load_model, save_model

__all__ = ["NAME", "JointForecaster"]

NAME = "joint-transceiver"
_AT_ONCE = 32
# Its own places and residuals stand for scaling.
_NO_SCALING = Scaling(*[(0.0, 1.0)] * 5, tuple((0.0, 1.0) for _ in PARAMETERS))


@dataclass(frozen=True)
class JointForecaster:
    """A trained joint transceiver.

    Attributes
    ----------
    model : JointTransceiver
    """

    model: JointTransceiver

    @property
    def mean(self):
        """The mean supernova, from which the model reads and writes residuals."""
        return self.model.mean_supernova()

    @torch.no_grad()
    def moments(self, examples, index, spectra=None):
        """Mean and standard deviation of some spectra.

        Parameters
        ----------
        examples : snlib.joint.examples.Examples
            M spectra, as residuals from the model's mean supernova.
        index : ndarray of int, shape (B,)
            Those to predict.
        spectra : ndarray of int, shape (B, C), optional
            Numbers of the spectra of the same supernova that are known, -1 for none; by default the light
            curve alone.

        Returns
        -------
        mean, deviation : ndarray, shape (B, L)
            log10 F_nu at 10 pc, and dex.
        """
        parts = []
        for first in range(0, len(index), _AT_ONCE):
            some = slice(first, first + _AT_ONCE)
            known = examples.known(index[some], None if spectra is None else spectra[some])
            query = Spectrum(examples.phase[index[some]], examples.wavelength, None, None)
            predictive = self.model.predictive(*known, query)
            parts.append((predictive.loc.numpy(), predictive.variance().sqrt().numpy()))
        residual, deviation = (np.concatenate(column) for column in zip(*parts, strict=True))
        return self.mean.spectra_at(examples.phase_days[index]) + residual, deviation

    def save(self, path, provenance, history, more=None):
        """Write it to one file; see `snlib.model.weights.save_model`.

        Parameters
        ----------
        path : path
            Ends in ``.safetensors``.
        provenance : dict
            How it was made.
        history : pandas.DataFrame
            Of its training.
        more : dict, optional
            What else belongs to the weights (JSON).
        """
        save_model(path, SavedModel(NAME, self.model, _NO_SCALING, provenance, history, more or {}))

    @classmethod
    def load(cls, path):
        """Read what `save` wrote.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ValueError
            If the file is damaged or holds another model; the message names the file.
        """
        return cls.of_saved(path, load_model(path))

    @classmethod
    def of_saved(cls, path, saved):
        """Take weights that were read.

        Parameters
        ----------
        path : path-like
            For the message.
        saved : snlib.model.weights.SavedModel

        Raises
        ------
        ValueError
            If they are of another model; the message names the file.
        """
        if not isinstance(saved.model, JointTransceiver):
            raise ValueError(f"{path}: weights of a {type(saved.model).__name__}, expected a {NAME}")
        return cls(saved.model.eval())
