"""What trained encoders say of many events at once: embeddings, neighbours, parameters."""

import numpy as np
import torch

from snlib.data.batches import Pairs, on
from snlib.model.contrastive import frobenius

__all__ = [
    "embed",
    "encode",
    "encode_spectra",
    "nearest_spectra",
    "nearest_spectra_by_phase",
    "predict_parameters",
    "retrieve_spectra",
]

_SPECTRA_BATCH = 256


@torch.no_grad()
def encode(function, scaling, light_curves, device="cpu", batch_size=4096):
    """Apply a part of a model to light curves, so many at a time.

    Parameters
    ----------
    function : callable
        Photometry -> Tensor of shape (B, ...), say ``contrastive.photometry.latent``.
    scaling : snlib.data.scaling.Scaling
    light_curves : LightCurves
    device : str
        Of the model.
    batch_size : int

    Returns
    -------
    ndarray of float32, shape (N, ...)
    """
    parts = []
    for first in range(0, len(light_curves.magnitude), batch_size):
        batch = light_curves.select(slice(first, first + batch_size))
        parts.append(function(on(scaling.photometry(batch), device)).float())
    return torch.cat(parts).cpu().numpy()


def encode_spectra(function, scaling, events, device="cpu"):
    """Apply a part of a model to each spectrum of some events.

    Parameters
    ----------
    function : callable
        Spectrum -> Tensor of shape (B, ...).
    scaling, events, device
        As in `predict_parameters`.

    Returns
    -------
    ndarray of float32, shape (N, P, ...)
    """
    return _encode_pairs(lambda batch: function(batch.spectrum), scaling, events, device)


@torch.no_grad()
def _encode_pairs(function, scaling, events, device):
    """The same of each pair of a light curve and a spectrum; the function is of a `Batch`."""
    pairs = Pairs.from_events(events, scaling, device)
    parts = torch.arange(len(pairs), device=device).split(_SPECTRA_BATCH)
    encoded = torch.cat([function(pairs.take(index)).float() for index in parts])
    return encoded.unflatten(0, (len(events), -1)).cpu().numpy()


def embed(model, scaling, light_curves, device="cpu", batch_size=4096):
    """Where light curves lie in the latent space: their posteriors q(z | light curve).

    Parameters
    ----------
    model : MMVAE
        On `device`.
    scaling : snlib.data.scaling.Scaling
    light_curves : LightCurves
    device : str
    batch_size : int
        Light curves at a time.

    Returns
    -------
    mean, scale : ndarray of float32, shape (N, tokens, dim)
        Of the Laplace posterior of each light curve.
    """

    def moments(x):
        posterior = model.photometry.posterior(x)
        return torch.stack([posterior.loc, posterior.scale], dim=1)

    return tuple(np.moveaxis(encode(moments, scaling, light_curves, device, batch_size), 1, 0))


@torch.no_grad()
def retrieve_spectra(model, scaling, train_events, light_curves, device="cpu"):
    """The spectra of the training event whose light curve is nearest in the contrastive embedding.

    A pixel that this event lacks is taken from the next nearest that has it.

    Parameters
    ----------
    model : snlib.model.contrastive.Contrastive
        On `device`.
    scaling : snlib.data.scaling.Scaling
    train_events : Events
        At each of whose phases a spectrum is retrieved.
    light_curves : LightCurves
    device : str

    Returns
    -------
    ndarray, shape (N, P, L)
        log10 F_nu; NaN where no training event has flux.
    """
    ours, theirs = (
        encode(model.photometry, scaling, curves, device)
        for curves in (light_curves, train_events.light_curves)
    )
    return nearest_spectra(ours, theirs, train_events.spectra.log10_fnu)


def nearest_spectra(ours, theirs, log10_fnu):
    """The spectra of those that are nearest in an embedding; see `retrieve_spectra`.

    Parameters
    ----------
    ours : ndarray, shape (N, ...)
    theirs : ndarray, shape (M, ...)
    log10_fnu : ndarray, shape (M, P, L)
        Of theirs; NaN where not observed.

    Returns
    -------
    ndarray, shape (N, P, L)
    """
    result = np.full((len(ours), *log10_fnu.shape[1:]), np.nan)
    distance = frobenius(*(torch.from_numpy(one).flatten(1)[:, None] for one in (ours, theirs)))
    for neighbour in distance.argsort(dim=1).numpy().T:
        missing = np.isnan(result)
        if not missing.any():
            break
        result[missing] = log10_fnu[neighbour][missing]
    return result


def nearest_spectra_by_phase(ours, theirs, log10_fnu):
    """At each phase, the spectrum whose own embedding is nearest to that of a light curve.

    Nearest in Euclidean distance: the Frobenius distance of matrices, and on the unit sphere the order of
    cosine similarity.  So a spectrum of one supernova may follow that of another.  As in `retrieve_spectra`,
    a pixel that the nearest spectrum lacks is taken from the next nearest that has it; of a spectrum without
    any, nothing is taken.

    Parameters
    ----------
    ours : ndarray, shape (N, ...)
        Embeddings of light curves.
    theirs : ndarray, shape (M, P, ...)
        Embeddings of spectra in the same space.
    log10_fnu : ndarray, shape (M, P, L)
        These spectra; NaN where not observed.

    Returns
    -------
    ndarray, shape (N, P, L)
        NaN where no spectrum of the phase has flux.
    """
    phases = range(log10_fnu.shape[1])
    found = [nearest_spectra(ours, theirs[:, phase], log10_fnu[:, [phase]]) for phase in phases]
    return np.concatenate(found, axis=1)


def predict_parameters(model, scaling, events, device="cpu"):
    """What an end-to-end regressor says of the explosions.

    Parameters
    ----------
    model : snlib.model.regressor.Regressor or snlib.model.regressor.JointRegressor
        On `device`.
    scaling : snlib.data.scaling.Scaling
    events : Events
    device : str

    Returns
    -------
    ndarray, shape (N, 6) or (N, P, 6)
        Physical units: from each light curve, or from each spectrum, without or with the light curve.
    """
    if model.modality == "photometry":
        z_scores = encode(model.predict, scaling, events.light_curves, device)
    elif model.modality == "both":
        z_scores = _encode_pairs(
            lambda pair: model.predict(pair.photometry, pair.spectrum), scaling, events, device
        )
    else:
        z_scores = encode_spectra(model.predict, scaling, events, device)
    return scaling.physical_parameters(z_scores)
