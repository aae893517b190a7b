"""Run the authors' classes with random weights, and keep the numbers: ``run_authors_program.py CLONE``.

CLONE is a clone of github.com/YunyiShen/VAESNe-dev, with its history.  Its program is read at two commits and
run in double precision and evaluation mode; inputs, weights (under our names) and results go to
``data/authors_program/numbers.safetensors``, and none of its code.  `snlib.replication.parity` gives our
models the same weights and inputs, and compares.
"""

import argparse
import importlib
import io
import re
import subprocess
import sys
import tarfile
import tempfile
from contextlib import contextmanager
from pathlib import Path

import torch

from snlib.files import write_tensors
from snlib.replication.parity import NUMBERS, STATES, projections

SIZES = {"latent_len": 4, "latent_dim": 4}
TRANSCEIVER = {"model_dim": 32, "num_heads": 4, "ff_dim": 32, "num_layers": 4}
N_EVENTS, N_POINTS, N_PIXELS, N_SAMPLES = 3, 60, 982, 2
# Parts of the names of their parameters, and what we call them.
WORDS = {
    "enc": "encoder",
    "dec": "decoder",
    "inference_transformer": "",
    "generativetransformer": "",
    "photometry_encoder": "photometry.encoder",
    "spectra_encoder": "spectrum.encoder",
    "photo_proj": "photometry.project",
    "spectra_proj": "spectrum.project",
    "initbottleneck": "queries",
    "init_flux_embd": "table",
    "bottleneckfc": "to_latent",
    "transformerblocks": "blocks",
    "self_attn": "among",
    "cross_attn": "across",
    "ffn": "mlp",
    "mlp": "",
    "layernorm1": "norm_among",
    "layernorm2": "norm_across",
    "layernorm3": "norm_mlp",
    "contextfc": "latent",
    "get_photo": "out",
    "get_flux": "out",
    "outfc": "to_parameters",
    "fluxfc": "line",
    "flux_embd": "line",
    "phase_embd_layer": "phase",
    "wavelength_embd_layer": "waves",
    "time_embd": "position.time",
    "sinusoidal_time_embd": "position.time",
    "bandembd": "position.band",
    "fc1": "0",
    "fc2": "2",
}


def main():
    """Run both states, and write one file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clone", type=Path)
    clone = parser.parse_args().clone
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)
    inputs, weights, tensors = make_inputs(), {}, {}
    for commit in STATES:
        with program(clone, commit) as module:
            found = run(module, STATES[commit] == "evaluated-may", arguments(inputs), weights)
        tensors |= {f"{commit}/{name}": value for name, value in found.items()}
    tensors |= {f"inputs/{name}": value for name, value in inputs.items()}
    tensors |= {f"weights/{name}": value for name, value in weights.items()}
    about = {"repository": "YunyiShen/VAESNe-dev", "torch": torch.__version__}
    with program(clone, next(iter(STATES))) as module:
        about["nan_of_nothing"] = bool(of_nothing(module, arguments(inputs)[0]).isnan().all())
    write_tensors(NUMBERS, tensors, about)


@contextmanager
def program(clone, commit):
    """A function from the name of a module of the authors' package at a commit to the module."""
    command = ["git", "-C", clone, "archive", commit, "package/VAESNe"]
    archive = io.BytesIO(subprocess.run(command, check=True, capture_output=True).stdout)
    with tempfile.TemporaryDirectory() as folder, tarfile.open(fileobj=archive) as files:
        files.extractall(folder, filter="data")
        sys.path.insert(0, f"{folder}/package")
        yield lambda name: importlib.import_module(f"VAESNe.{name}")
        sys.path.pop(0)
    for name in [name for name in sys.modules if name.split(".")[0] == "VAESNe"]:
        del sys.modules[name]


def make_inputs():
    """Three events in z-scores, with masks that are True where observed."""
    points, pixels = (N_EVENTS, N_POINTS), (N_EVENTS, N_PIXELS)
    observed, seen = torch.rand(points) < 0.6, torch.rand(pixels) < 0.9
    seen[1, 900:] = False
    return {
        "magnitude": torch.randn(points).float(),
        "time": torch.randn(points).float(),
        "band": torch.randint(0, 6, points),
        "observed": observed,
        "log10_fnu": torch.randn(pixels).float(),
        "wavelength": torch.linspace(-1.7, 1.7, N_PIXELS).float(),
        "phase": torch.tensor([-1.2, 0.1, 1.3]).float(),
        "pixel_observed": seen,
    }


def arguments(inputs):
    """The inputs as the authors' classes take them, with masks that are True where not observed."""
    x = {name: value.double() if value.is_floating_point() else value for name, value in inputs.items()}
    light_curves = (x["magnitude"], x["time"], x["band"], ~x["observed"])
    wavelength = x["wavelength"].expand(N_EVENTS, -1)
    return [light_curves, (x["log10_fnu"], wavelength, x["phase"], ~x["pixel_observed"])]


def our_name(name):
    """What we call a parameter of the authors' classes."""
    words = [WORDS.get(word, word) for word in name.split(".")]
    name = ".".join(word for word in words if word)
    name = name.replace("encoder.to_latent", "to_latent")
    return re.sub(r"\b(time|waves|phase)\.([02])", r"\1.mlp.\2", name)


def give_weights(model, name, weights):
    """Random weights, also where a new model has zeros and ones; those that are known already, again."""
    with torch.no_grad():
        for key, parameter in model.named_parameters():
            if not parameter.requires_grad:
                continue
            place = f"{name}.{our_name(key)}"
            if place not in weights:
                spread = 0.2 if parameter.ndim == 1 else 0.3 * parameter.std()
                weights[place] = (parameter + spread * torch.randn(parameter.shape)).half()
            parameter.copy_(weights[place])
    return model.eval()


def run(module, is_may, x, weights):
    """Results of one state of the program by their names; new weights are added to `weights`."""
    lengths = ({"photometric_length": N_POINTS}, {"spectra_length": N_PIXELS}) if is_may else ({}, {})
    vaes = {
        "photometry": module("PhotometricVAE").PhotometricVAE(**SIZES, **TRANSCEIVER, **lengths[0]),
        "spectrum": module("SpectraVAE").SpectraVAE(**SIZES, **TRANSCEIVER, **lengths[1]),
    }
    found = {}
    for (name, vae), one in zip(vaes.items(), x, strict=True):
        give_weights(vae, f"mmvae.{name}", weights)
        found |= {f"{name}.{what}": value for what, value in uni_modal(module, vae, one).items()}
    mmvae = module("mmVAE").photospecMMVAE(vaes=list(vaes.values()), beta=1.0)
    found |= multi_modal(module, mmvae, x)
    if not is_may:
        found |= baselines(module, vaes["photometry"], x, weights)
    return {name: value.detach().clone() for name, value in found.items()}


def of_nothing(module, light_curves):
    """Where light curves without a single observed point lie."""
    magnitude, time, band, hidden = light_curves
    vae = module("PhotometricVAE").PhotometricVAE(**SIZES, **TRANSCEIVER).eval()
    return vae.enc(magnitude, time, band, torch.ones_like(hidden))[0]


def uni_modal(module, vae, x):
    """Posterior, and the ELBO of one sample with beta = 0.5 as in the scripts."""
    location, scale = vae.enc(*x)
    vae.llik_scaling = 1 / 0.5
    torch.manual_seed(1)
    samples = vae(x, 1)[2]
    torch.manual_seed(1)
    value = module("losses").elbo(vae, x, 1)
    return {"location": location, "scale": scale, "samples": samples, "elbo": value}


def multi_modal(module, mmvae, x):
    """Decoded means, importance weights, bound and gradient of the batch, all of the same samples."""
    torch.manual_seed(2)
    _, decoded, samples = mmvae(x, N_SAMPLES)
    torch.manual_seed(2)
    log_weights = module("losses")._m_iwae(mmvae, x, N_SAMPLES)
    torch.manual_seed(2)
    bound = module("losses").m_iwae(mmvae, x, N_SAMPLES)
    (-bound).backward()
    found = {"samples": torch.cat(samples), "log_weights": log_weights, "bound": bound}
    for index, (name, vae) in enumerate(zip(("photometry", "spectrum"), mmvae.vaes, strict=True)):
        found[f"{name}.decoded"] = torch.cat([of_expert[index].loc for of_expert in decoded])
        for key, parameter in vae.named_parameters():
            if parameter.requires_grad:
                ours = f"{name}.{our_name(key)}"
                found[f"gradient.{ours}"] = projections(ours, parameter.grad)
    return found


def baselines(module, photometry, x, weights):
    """Embeddings and loss of the contrastive model; regressors from end to end, and a head on the VAE."""
    sizes = {f"{one}_{name}": value for one in ("photo", "spec") for name, value in TRANSCEIVER.items()}
    contrastive = module("contrastiveNets").ContraPhotSpec(
        **SIZES, **sizes, proj_dim=8, num_bands=6, photo_dropout=0.1, spec_dropout=0.1, selfattn=False
    )
    give_weights(contrastive, "contrastive", weights)
    embedded = [torch.nn.functional.normalize(one, dim=-1) for one in contrastive(x)]
    found = dict(zip(("contrastive.photometry", "contrastive.spectrum"), embedded, strict=True))
    found["contrastive.loss"] = -module("losses").negInfoNCE(contrastive, x, temperature=0.1)
    regression = module("regression")
    regressors = {
        "photometry-regressor": (regression.photoend2endregression(6, **SIZES, **TRANSCEIVER), x[0]),
        "spectrum-regressor": (regression.specend2endregression(6, **SIZES, **TRANSCEIVER), x[1]),
        "head": (regression.VAEregressionHead(photometry, 6, MLPlatent=[128] * 4), x[0]),
    }
    for name, (model, one) in regressors.items():
        found[name] = give_weights(model, name, weights)(one)
    return found


if __name__ == "__main__":
    main()
