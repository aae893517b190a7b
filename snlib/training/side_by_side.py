"""The two experts of an MMVAE at the same time on one card."""

import torch
from torch import nn

from snlib.model.objectives import stratified_samples

__all__ = ["SideBySide", "side_by_side"]

_STREAMS = {}  # by device: kept, since a recorded graph remembers where its memory came from


class SideBySide(nn.Module):
    """An MMVAE whose loss is the same, but whose encoders and then decoders run side by side.

    Parameters
    ----------
    mmvae : snlib.model.mmvae.MMVAE
    """

    def __init__(self, mmvae):
        super().__init__()
        self.mmvae = mmvae

    def forward(self, batch, noise, pixels):
        """Loss of each pair of a batch, shape (B,): see `MMVAE.forward`."""
        model, spectrum, photometry = self.mmvae, batch.spectrum, batch.photometry
        device = noise.device
        posteriors = side_by_side(
            _posterior, [(model.photometry, photometry), (model.spectrum, spectrum)], device
        )
        z = stratified_samples(posteriors, noise)
        of_each = [(model.photometry, z, photometry, None), (model.spectrum, z, spectrum, pixels)]
        return -model.bound_of(z, posteriors, *side_by_side(_log_likelihood, of_each, device))


def _posterior(vae, x):
    return vae.posterior(x)


def _log_likelihood(vae, z, x, pixels):
    return vae.log_likelihood(z, x, pixels)


@torch.compiler.disable(recursive=False)  # compile the pieces one by one, not what lies between them
def side_by_side(function, arguments, device):
    """The results of a function for each tuple of arguments, none of which needs another's result.

    While a CUDA graph is recorded each call gets a stream of its own, and so does its backward pass:
    kernels too small to fill the card then run at the same time.  All wait for what came before, and
    what comes next waits for all.  Elsewhere, one after the other: kernels that are started one by one
    never wait for each other.

    Parameters
    ----------
    function : callable
    arguments : sequence of tuple
    device : torch.device

    Returns
    -------
    list
    """
    if device.type != "cuda" or not torch.cuda.is_current_stream_capturing():
        return [function(*some) for some in arguments]
    streams = _STREAMS.setdefault(device, [])
    while len(streams) < len(arguments):
        streams.append(torch.cuda.Stream(device))
    main, results = torch.cuda.current_stream(device), []
    for stream, some in zip(streams, arguments, strict=False):
        stream.wait_stream(main)
        with torch.cuda.stream(stream):
            results.append(function(*some))
    for stream, _ in zip(streams, arguments, strict=False):
        main.wait_stream(stream)
    return results
