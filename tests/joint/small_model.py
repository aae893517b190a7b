"""A mean supernova of known magnitudes, and a small joint transceiver that remembers it."""

from dataclasses import replace

import numpy as np

from snlib.joint.mean_supernova import MEAN_DAYS, MeanSupernova
from snlib.joint.model import JOINT
from snlib.joint.predict import NAME
from snlib.model.registry import new_model
from tests.observed.small_table import WAVELENGTH_AA

WAVELENGTH = WAVELENGTH_AA.astype(np.float32).astype(float)
SMALL = replace(
    JOINT,
    d_model=16,
    d_mlp=16,
    n_layers=2,
    n_heads=2,
    latent_tokens=4,
    latent_dim=32,
    n_pixels=len(WAVELENGTH),
)


def flat_mean():
    """Of AB magnitude -19 + 0.03 t in every band, and of log10 F_nu accordingly."""
    magnitude = -19 + 0.03 * MEAN_DAYS
    log10_fnu = -0.4 * (magnitude + 48.6)
    n_days = len(MEAN_DAYS)
    return MeanSupernova(
        MEAN_DAYS,
        WAVELENGTH,
        np.tile(log10_fnu[:, None], (1, len(WAVELENGTH))),
        np.broadcast_to(magnitude[:, None], (n_days, 6)).copy(),
    )


def small_model(seed=0, carries=False):
    return new_model(NAME, replace(SMALL, carries=carries), seed).remember(flat_mean()).eval()
