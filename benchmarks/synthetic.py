"""Random data of the paper's sizes: how fast a step is does not depend on the values."""

import numpy as np
import torch

from snlib.dataset import Pairs, Scaling, on
from snlib.events import LightCurves
from snlib.transceiver import Photometry

N_SLOTS, N_PIXELS, N_PHASES = 60, 982, 5
SCALING = Scaling((20.0, 20.0), (-18.0, 1.5), (10.0, 14.0), (5000.0, 1400.0), (-12.0, 0.6))


def pairs(n_events, device):
    """Standardised pairs; each light curve has a fifth to all of its slots filled."""
    generator = torch.Generator().manual_seed(0)

    def normal(*shape):
        return torch.randn(shape, generator=generator)

    filled = 0.2 + 0.8 * torch.rand(n_events, 1, generator=generator)
    shown = torch.rand(n_events, N_SLOTS, generator=generator) < filled
    band = torch.randint(0, 6, (n_events, N_SLOTS), generator=generator)
    photometry = Photometry(normal(n_events, N_SLOTS) * shown, band, normal(n_events, N_SLOTS) * shown, shown)
    flux = normal(n_events, N_PHASES, 1) + 0.1 * normal(n_events, N_PHASES, N_PIXELS)
    seen = torch.rand(flux.shape, generator=generator) < 0.98
    return Pairs(
        on(photometry, device),
        torch.linspace(-1.4, 1.4, N_PHASES, device=device),
        torch.linspace(-1.5, 2.1, N_PIXELS, device=device),
        (flux * seen).to(device),
        seen.to(device),
    )


def light_curves(n):
    """Light curves in physical units: a thousand different ones, repeated."""
    rng = np.random.default_rng(0)
    shape = (1000, N_SLOTS)
    magnitude = rng.normal(-18.0, 1.5, shape)
    magnitude[rng.random(shape) < 0.4] = np.nan
    columns = rng.uniform(-20.0, 60.0, shape), magnitude, rng.integers(0, 6, shape)
    return LightCurves(*(np.tile(column, (-(-n // 1000), 1))[:n] for column in columns))
