"""Spectra for light curves of one's own."""

import hashlib
from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from snlib.data.quantities import SPECTRUM_PHASES_DAYS, WAVELENGTH_AA
from snlib.random_streams import require_seed, stream

__all__ = ["Request", "predict_object", "predict_spectra"]


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
        require_seed(self.seed)


def predict_spectra(forecaster, curves, request, first=0):
    """Samples of the spectra of each object, which depend on its id, its light curve and the seed only.

    Parameters
    ----------
    forecaster : snlib.inference.forecast.Forecaster
    curves : snlib.data.ragged.RaggedLightCurves
        Of N objects.
    request : Request
    first : int
        Index of the first object to predict.

    Yields
    ------
    ndarray of float32, shape (S, P, L)
        log10 of erg/s/cm^2/Hz at 10 pc, at `snlib.data.quantities.WAVELENGTH_AA`; an object at a time,
        since all together may not fit into memory.

    Examples
    --------
    Ten spectra at peak of a supernova with two points:

    >>> import numpy as np
    >>> from snlib.data import RaggedLightCurves
    >>> from snlib.inference import DEFAULT_WEIGHTS, Forecaster, Request, predict_spectra
    >>> phase_days, magnitude, band = np.array([[-2.0, -19.2, 1], [5.0, -19.0, 2]]).T
    >>> curves = RaggedLightCurves.from_points(
    ...     np.array(["SN one"], dtype=object), np.array([0, 0]), phase_days, magnitude, band.astype(int)
    ... )
    >>> request = Request(np.array([0.0]), n_samples=10)
    >>> (samples,) = predict_spectra(Forecaster.load(DEFAULT_WEIGHTS), curves, request)
    >>> samples.shape  # samples, phases, wavelengths
    (10, 1, 982)
    """
    left = range(first, len(curves))
    for index in tqdm(left, desc="predict", mininterval=2, initial=first, total=len(curves)):
        yield predict_object(forecaster, curves, request, index)


def predict_object(forecaster, curves, request, index):
    """Samples of the spectra of one object; see `predict_spectra`.

    Parameters
    ----------
    forecaster, curves, request
        As of `predict_spectra`.
    index : int
        Of the object.

    Returns
    -------
    ndarray of float32, shape (S, P, L)
    """
    place = int.from_bytes(hashlib.sha256(str(curves.object_id[index]).encode()).digest()[:8])
    rng = stream("predictions", request.seed, place)
    return forecaster.draws(curves, index, request, WAVELENGTH_AA, rng)
