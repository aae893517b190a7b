"""Random data of the paper's sizes, and steps on them: their speed does not depend on the values."""

from dataclasses import replace

import numpy as np
import torch

from snlib.data.batches import Pairs, Photometry, on
from snlib.data.events import LightCurves
from snlib.data.scaling import Scaling
from snlib.model.recipes import RECIPES
from snlib.model.registry import new_model
from snlib.training.draws import draw_block
from snlib.training.steps import Steps, new_fabric, new_optimiser

N_SLOTS, N_PIXELS, N_PHASES, N_PARAMETERS = 60, 982, 5, 6
SCALING = Scaling(
    time=(20.0, 20.0),
    magnitude=(-18.0, 1.5),
    phase=(10.0, 14.0),
    wavelength=(5000.0, 1400.0),
    log10_fnu=(-12.0, 0.6),
    parameters=((0.0, 1.0),) * N_PARAMETERS,
)


def pairs(n_events, device, n_pixels=N_PIXELS):
    """Standardised pairs; each light curve has a fifth to all of its slots filled."""
    generator = torch.Generator().manual_seed(0)

    def normal(*shape):
        return torch.randn(shape, generator=generator)

    filled = 0.2 + 0.8 * torch.rand(n_events, 1, generator=generator)
    shown = torch.rand(n_events, N_SLOTS, generator=generator) < filled
    band = torch.randint(0, 6, (n_events, N_SLOTS), generator=generator)
    photometry = Photometry(normal(n_events, N_SLOTS) * shown, band, normal(n_events, N_SLOTS) * shown, shown)
    flux = normal(n_events, N_PHASES, 1) + 0.1 * normal(n_events, N_PHASES, n_pixels)
    seen = torch.rand(flux.shape, generator=generator) < 0.98
    return Pairs(
        on(photometry, device),
        torch.linspace(-1.4, 1.4, N_PHASES, device=device),
        torch.linspace(-1.5, 2.1, n_pixels, device=device),
        (flux * seen).to(device),
        seen.to(device),
        normal(n_events, N_PARAMETERS).to(device),
    )


def light_curves(n):
    """Light curves in physical units: a thousand different ones, repeated."""
    rng = np.random.default_rng(0)
    shape = (1000, N_SLOTS)
    magnitude = rng.normal(-18.0, 1.5, shape)
    magnitude[rng.random(shape) < 0.4] = np.nan
    columns = rng.uniform(-20.0, 60.0, shape), magnitude, rng.integers(0, 6, shape)
    return LightCurves(*(np.tile(column, (-(-n // 1000), 1))[:n] for column in columns))


class Case:
    """Steps of an MMVAE with some batch size and so many decoded wavelengths, and draws for them."""

    def __init__(
        self,
        data,
        batch,
        n_wavelengths,
        precision="32-true",
        compiled=False,
        recorded=False,
        recipe=RECIPES["improved"],
    ):
        device = data.flux.device
        recipe = replace(recipe, batch_size=batch, n_wavelengths=n_wavelengths)
        self.model = new_model("mmvae", recipe, 0).to(device)
        self.data, self.draws = data, {}
        fabric, optimiser = new_fabric(device.type, precision), new_optimiser(self.model)
        self.steps = Steps(fabric, self.model, optimiser, data, compiled, recorded)

    def run(self, n=1):
        """Run n steps, and return their losses."""
        if n not in self.draws:
            self.draws[n] = draw_block(self.model, self.data, 0, n, 0)
        self.steps.start(self.draws[n], [1e-5] * n)
        return self.steps.losses(n)
