"""Random inputs of exported graphs, and what PyTorch and onnxruntime make of them."""

import copy
from unittest.mock import patch

import numpy as np
import onnxruntime
import torch
import torch.nn.functional as F
from torch import nn

from snlib.data.quantities import BANDS
from snlib.export.parts import Part

RANGES = {
    "phase_days": (-20, 60),
    "spectrum_phase_days": (-10, 30),
    "magnitude": (-20, -12),
    "wavelength_aa": (3000, 8000),
    "log10_fnu": (-14, -11),
    "latent": (-3, 3),
}


def random_inputs(part, n_batch, n, rng):
    """Light curves of n points, spectra of n pixels; the last of the batch without anything observed."""
    inputs = {}
    for port in part.inputs:
        shape = [{"batch": n_batch}.get(axis, n if isinstance(axis, str) else axis) for axis in port.axes]
        if port.name == "band":
            values = rng.integers(0, len(BANDS), shape)
        elif port.name == "observed":
            values = rng.random(shape) < 0.7
            values[-1] = False
        else:
            values = rng.uniform(*RANGES[port.name], shape)
        inputs[port.name] = values.astype(torch.empty(0, dtype=port.dtype).numpy().dtype)
    return inputs


@torch.no_grad()
def by_pytorch(part, inputs):
    return [output.numpy() for output in part(*map(torch.from_numpy, inputs.values()))]


def in_double(part, inputs):
    """What PyTorch makes of the same z-scores, weights and latents in double precision."""
    single = Part.z_score
    inputs = {
        name: values.astype(float) if values.dtype.kind == "f" else values for name, values in inputs.items()
    }
    with patch.object(Part, "z_score", lambda *arguments: single(*arguments).double()):
        return by_pytorch(copy.deepcopy(part).double(), inputs)


def exact_gelu():
    """Let PyTorch compute GELU, and nothing else, in double precision."""
    return patch.object(nn.GELU, "forward", lambda self, x: F.gelu(x.double()).to(x.dtype))


def session(content):
    """An inference session on one core, of the bytes of a file or of its path."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def assert_agree(ours, theirs):
    """Equal to 1e-5, of numbers larger than 1 in proportion."""
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5)
