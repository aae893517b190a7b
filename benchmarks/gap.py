"""Where the MMVAE loses against the inversion of the surrogate: the recipe "improved" with changes.

python benchmarks/gap.py [NAME ...] [--steps N] [--device cuda] [--json FILE]

Every variant has the same number of steps, and is judged by the test events of the profile full.
"""

import argparse
from dataclasses import replace
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from measure import machine

from snlib.data.dataset import make_dataset, split_events
from snlib.data.quantities import SPECTRUM_PHASES_DAYS
from snlib.files import write_json
from snlib.model.fast_attention import fold_attention
from snlib.model.likelihoods import LowRankNormal
from snlib.model.mmvae import MMVAE
from snlib.model.registry import recipe_for
from snlib.model.transceiver import TransceiverDecoder
from snlib.model.vae import MIN_SCALE, VAE
from snlib.replication.profiles import PROFILES
from snlib.simulation.simulator import simulate
from snlib.training.loop import train
from snlib.training.steps import new_fabric

N_EVENTS = PROFILES["full"].n_events
N_SAMPLES = 32
WIDE, N_MODES = {"d_model": 64, "d_mlp": 128}, 8
# Name: what is changed, fields of the recipe, number of simulated events.
VARIANTS = {
    "base": ("as it is", {}, N_EVENTS),
    "base, another seed": ("as it is, another seed", {}, N_EVENTS),
    "wide": ("twice as wide (d = 64)", WIDE, N_EVENTS),
    "events": ("18,000 events instead of 4,500", {}, 18_000),
    "supervised": ("light-curve expert only, no prior: plain regression", {}, N_EVENTS),
    "modes": ("likelihood with 8 shared modes, rescaled to all pixels", {}, N_EVENTS),
}


class Supervised(MMVAE):
    """Only what an MMVAE needs to predict spectra from light curves: an upper limit to its training."""

    n_posteriors = 1

    def forward(self, batch, noise, pixels):
        posterior = self.photometry.posterior(batch.photometry)
        z = posterior.loc + posterior.scale * noise[0]
        return -self.spectrum.log_likelihood(z, batch.spectrum, pixels).mean(0)


class VAEWithModes(VAE):
    """A VAE of spectra in whose likelihood the pixels share modes of error."""

    def __init__(self, modality, recipe):
        super().__init__(modality, recipe)
        self.has_modes = modality == "spectrum"
        n_outputs = 2 + N_MODES * self.has_modes
        self.decoder = TransceiverDecoder(modality, recipe, n_outputs)

    def likelihood(self, z, x):
        if not self.has_modes:
            return super().likelihood(z, x)
        out = self.decoder(z, x)
        return LowRankNormal(out[..., 0], F.softplus(out[..., 1]) + MIN_SCALE, out[..., 2:])


def new_variant(name, recipe, seed):
    torch.manual_seed(seed)
    kinds = {"supervised": Supervised, "modes": partial(MMVAE, vae=VAEWithModes)}
    return fold_attention(kinds.get(name, MMVAE)(recipe))


@torch.no_grad()
def rmse_dex(model, pairs, scaling, modality, last_phase_days=np.inf):
    """RMSE of the mean of decoded latent samples at each phase, given a light curve or the spectrum."""
    vae, n_phases = getattr(model, modality), pairs.flux.shape[1]
    mean, unit = scaling.time
    shown = pairs.photometry.time <= (last_phase_days - mean) / unit
    squares, n_pixels = torch.zeros(2, n_phases, device=pairs.flux.device)
    torch.manual_seed(0)
    for index in torch.arange(len(pairs), device=pairs.flux.device).split(100):
        batch = pairs.take(index, shown[index // n_phases])
        z = vae.posterior(getattr(batch, modality)).sample((N_SAMPLES,))
        error = model.spectrum.likelihood(z, batch.spectrum).loc.mean(0) - batch.spectrum.value
        observed = batch.spectrum.observed
        squares.index_add_(0, index % n_phases, (error.square() * observed).sum(-1))
        n_pixels.index_add_(0, index % n_phases, observed.sum(-1).float())
    return ((squares / n_pixels).sqrt() * scaling.log10_fnu[1]).tolist()


def run(name, n_steps, device):
    words, fields, n_events = VARIANTS[name]
    split = split_events(N_EVENTS, 0)
    split["train"] = np.concatenate([split["train"], np.arange(N_EVENTS, n_events)])
    dataset = make_dataset(simulate(n_events, 0), split)
    recipe, seed = replace(recipe_for("mmvae", "improved"), **fields), int("another" in name)
    model = new_variant(name, recipe, seed)
    train_pairs, validation, test = (dataset.pairs(part, device) for part in split)
    history = train(model.to(device), train_pairs, validation, n_steps, seed, fabric=new_fabric(device))
    return {
        "name": name,
        "change": words,
        "n_steps": n_steps,
        "seconds": float(history["seconds"].iloc[-1]),
        "from light curve": rmse_dex(model, test, dataset.scaling, "photometry"),
        "from spectrum": rmse_dex(model, test, dataset.scaling, "spectrum"),
        "until peak": rmse_dex(model, test, dataset.scaling, "photometry", 0.0),
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", help=f"of {', '.join(VARIANTS)}; all by default")
    parser.add_argument("--steps", type=int, default=40_000)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--json")
    options = parser.parse_args()
    report = machine() | {"device": torch.cuda.get_device_name() if options.device == "cuda" else "cpu"}
    report["phase_days"] = SPECTRUM_PHASES_DAYS.tolist()
    report["rows"] = [run(name, options.steps, options.device) for name in options.names or VARIANTS]
    for row in report["rows"]:
        print(row)
    if options.json:
        write_json(options.json, report)


if __name__ == "__main__":
    main()
