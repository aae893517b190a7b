"""Inputs of other lengths than those of training: what a model makes of them, and what longer ones cost."""

from contextlib import contextmanager

import numpy as np
import pandas as pd
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from snlib.data.batches import Spectrum
from snlib.evaluation.experts import summed_squares

__all__ = ["COMPARED", "EVERY", "cost_exponent", "length_scores"]

EVERY = (1, 8)  # all pixels, and every eighth
_AT_ONCE = 50  # pairs
_N_PIXELS, _FEWER = 982, 4  # of the lengths whose costs are compared, the shorter one has a fourth
COMPARED = tuple(len(range(0, _N_PIXELS, every)) for every in (_FEWER, 1))


@torch.no_grad()
def length_scores(mmvae, dataset, device="cpu"):
    """Errors of spectra that are reconstructed from all of their pixels, and from every eighth.

    Either way all pixels are decoded, where the posterior given the spectrum lies.

    Parameters
    ----------
    mmvae : snlib.model.mmvae.MMVAE
        On `device`.
    dataset : snlib.data.dataset.Dataset
        Its test events are judged.
    device : str

    Returns
    -------
    pandas.DataFrame
        A row a length, event and phase: ``every``, 1 or 8; ``event, phase_days``; ``n_pixels``, the observed
        ones, and ``mse_dex2``, the mean squared error over them.
    """
    vae, pairs = mmvae.spectrum.eval(), dataset.pairs("test", device)
    unit, phase_days = dataset.scaling.log10_fnu[1], dataset.events.spectra.phase_days
    n_pixels = pairs.observed.sum(-1).flatten().cpu().numpy()
    event, phase = np.indices(pairs.flux.shape[:2]).reshape(2, -1)
    place = {"event": event, "phase_days": phase_days[phase], "n_pixels": n_pixels}
    tables = []
    for every in EVERY:
        parts = torch.arange(len(pairs), device=device).split(_AT_ONCE)
        square = torch.cat([_squares(vae, pairs.take(index).spectrum, every) for index in parts])
        mse = unit**2 * square.double().cpu().numpy() / np.maximum(n_pixels, 1)
        tables.append(pd.DataFrame({"every": every} | place | {"mse_dex2": mse}))
    return pd.concat(tables, ignore_index=True)


def _squares(vae, spectrum, every):
    """`summed_squares` of spectra decoded from what the encoder makes of every so many of their pixels."""
    return summed_squares(vae, vae.posterior(spectrum.at(slice(None, None, every))).loc, spectrum)


def cost_exponent(vae):
    """How the cost of reconstructing a spectrum grows with its number of pixels.

    Parameters
    ----------
    vae : snlib.model.vae.VAE
        Of spectra; its weights do not matter.

    Returns
    -------
    float
        The power of the number of pixels that the floating-point operations of encoding and decoding follow
        between the two numbers of `COMPARED`: 1 is linear, 2 is quadratic.
    """
    wavelength = torch.linspace(-1.5, 2.1, _N_PIXELS)
    value, observed = torch.zeros(1, _N_PIXELS), torch.ones(1, _N_PIXELS, dtype=torch.bool)
    spectrum, counts, lengths = Spectrum(torch.zeros(1), wavelength, value, observed), [], []
    for every in (1, _FEWER):
        pixels = torch.arange(0, _N_PIXELS, every)
        with _plain_attention(), FlopCounterMode(display=False) as counter:
            z = vae.eval().posterior(spectrum.at(pixels)).loc
            vae.log_likelihood(z[None], spectrum, pixels)
        counts.append(counter.get_total_flops())
        lengths.append(len(pixels))
    return float(np.log(counts[0] / counts[1]) / np.log(lengths[0] / lengths[1]))


@contextmanager
def _plain_attention():
    """Attention as matrix products: the counter does not know PyTorch's fused kernels."""
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with sdpa_kernel(SDPBackend.MATH):
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
