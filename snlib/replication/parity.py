"""Our models and the authors' program, given the same weights and inputs: how far their numbers differ.

What their classes gave is kept in ``data/authors_program``: ``data/run_authors_program.py`` made it, from a
clone of their repository, with their weights under our names.
"""

import math
import zlib

import pandas as pd
import torch

from snlib.data.batches import Batch, Photometry, Spectrum
from snlib.files.places import DATA
from snlib.files.tensors import read_tensors
from snlib.model.heads import ParameterHead
from snlib.model.objectives import elbo, importance_log_weights, iwae
from snlib.model.registry import new_model, recipe_for
from snlib.random_streams import stream

__all__ = ["NUMBERS", "QUANTITIES", "STATES", "batch_of", "largest_differences", "our_numbers", "projections"]

#: The file of what the authors' classes give for made-up events.
NUMBERS = DATA / "authors_program" / "numbers.safetensors"
#: The recipe of each state of their program, by its commit.
STATES = {"39a8dd0": "evaluated", "2053415": "evaluated-may"}
#: What is compared, in words, but for the gradient of each parameter.
QUANTITIES = {
    "photometry.location": "Light curve: location of the posterior",
    "photometry.scale": "Light curve: scale of the posterior",
    "spectrum.location": "Spectrum: location of the posterior",
    "spectrum.scale": "Spectrum: scale of the posterior",
    "photometry.decoded": "Light curves decoded from all samples",
    "spectrum.decoded": "Spectra decoded from all samples",
    "log_weights": "Importance weights (logarithms)",
    "bound": "Bound of the batch",
    "gradient": "Gradient of the bound",
    "photometry.elbo": "ELBO of the VAE of light curves",
    "spectrum.elbo": "ELBO of the VAE of spectra",
    "contrastive.photometry": "Contrastive model: light curves",
    "contrastive.spectrum": "Contrastive model: spectra",
    "contrastive.loss": "Contrastive model: loss",
    "photometry-regressor": "Parameters from light curves, end to end",
    "spectrum-regressor": "Parameters from spectra, end to end",
    "head": "Parameters from the latent of a light curve",
}
# The scale that the authors give a point that is not observed.
_HIDDEN_SCALE = {"photometry": 1 + 1e8, "spectrum": 1 + 1e10}
_N_DIRECTIONS = 4


def projections(name, gradient):
    """Length of a gradient, and how far it reaches in a few random directions, which its name decides.

    Parameters
    ----------
    name : str
    gradient : Tensor

    Returns
    -------
    Tensor, shape (5,)
    """
    rng = stream("directions", 0, zlib.crc32(name.encode()))
    directions = torch.from_numpy(rng.standard_normal((_N_DIRECTIONS, gradient.numel())))
    flat = gradient.detach().flatten().double()
    return torch.cat([flat.norm()[None], directions @ flat])


def largest_differences():
    """Compare all that is kept of the authors' program with what our models give.

    Returns
    -------
    pandas.DataFrame
        A row a commit and quantity: ``commit, quantity`` (in `QUANTITIES`), ``n_numbers``, ``largest`` of the
        authors' numbers, and the largest ``difference`` of ours from one of theirs, relative where the
        numbers exceed 1.
    """
    theirs, _ = read_tensors(NUMBERS)
    rows = []
    for commit in STATES:
        ours = our_numbers(commit, theirs)
        for quantity, names in _quantities(ours).items():
            x = torch.cat([theirs[f"{commit}/{name}"].double().flatten() for name in names])
            y = torch.cat([ours[name].detach().double().flatten() for name in names])
            difference = ((x - y).abs() / x.abs().clamp(min=1)).max().item()
            largest = {"n_numbers": len(x), "largest": x.abs().max().item(), "difference": difference}
            rows.append({"commit": commit, "quantity": quantity} | largest)
    return pd.DataFrame(rows)


def _quantities(names):
    """Names by the quantity that is compared: all gradients are one."""
    quantities = {}
    for name in names:
        quantities.setdefault("gradient" if name.startswith("gradient.") else name, []).append(name)
    return quantities


def batch_of(theirs):
    """The batch that both were given, in double precision.

    Parameters
    ----------
    theirs : dict of str to Tensor
        What is kept.

    Returns
    -------
    snlib.data.batches.Batch
    """
    names = [name for name in theirs if name.startswith("inputs/")]
    x = {name.removeprefix("inputs/"): theirs[name] for name in names}
    x = {name: value.double() if value.is_floating_point() else value for name, value in x.items()}
    photometry = Photometry(x["time"], x["band"], x["magnitude"], x["observed"])
    spectrum = Spectrum(x["phase"], x["wavelength"], x["log10_fnu"], x["pixel_observed"])
    return Batch(torch.arange(len(x["phase"])), photometry, spectrum, None)


def our_numbers(commit, theirs):
    """What our models give with the authors' weights, inputs and latent samples.

    Parameters
    ----------
    commit : str
        In `STATES`.
    theirs : dict of str to Tensor
        What is kept.

    Returns
    -------
    dict of str to Tensor
        By the names that the authors' numbers have behind the commit.
    """
    recipe, batch = STATES[commit], batch_of(theirs)
    mmvae = _with_weights(new_model("mmvae", recipe_for("mmvae", recipe), seed=0), theirs, "mmvae")
    found = _multi_modal(mmvae, batch, theirs[f"{commit}/samples"])
    for modality in ("photometry", "spectrum"):
        z = theirs[f"{commit}/{modality}.samples"]
        found |= _uni_modal(getattr(mmvae, modality), getattr(batch, modality), z)
    return found | (_baselines(recipe, mmvae, batch, theirs) if recipe == "evaluated" else {})


def _with_weights(model, theirs, name):
    """One of our models with their weights, in double precision and evaluation mode."""
    state = model.double().state_dict()
    model.load_state_dict({key: theirs[f"weights/{name}.{key}"].double() for key in state})
    return model.eval()


def _constant(modality, x):
    """What the authors' scale of points that are not observed adds to each log likelihood, but for 1e-8."""
    return -math.log(2 * _HIDDEN_SCALE[modality]) * (~x.observed).sum(-1).double()


def _uni_modal(vae, x, z):
    """Posterior and ELBO of one modality."""
    name, posterior = vae.modality, vae.posterior(x)
    weight = recipe_for(f"{name}-vae", vae.recipe.name).likelihood_weight
    likelihood = weight * (vae.log_likelihood(z, x) + _constant(name, x))
    return {
        f"{name}.location": posterior.loc,
        f"{name}.scale": posterior.scale,
        f"{name}.elbo": elbo(posterior, likelihood, vae.prior()).mean(),
    }


def _multi_modal(mmvae, batch, z):
    """Decoded means, importance weights, bound of the batch and its gradient."""
    found, likelihoods, posteriors = {}, [], []
    for vae in (mmvae.photometry, mmvae.spectrum):
        x = getattr(batch, vae.modality)
        posteriors.append(vae.posterior(x))
        found[f"{vae.modality}.decoded"] = vae.likelihood(z, x).loc
        likelihoods.append(vae.log_likelihood(z, x) + _constant(vae.modality, x))
    likelihoods[0] = mmvae.recipe.photometry_weight * likelihoods[0]
    log_weights = importance_log_weights(z, posteriors, likelihoods, mmvae.prior())
    noise = [
        (part - q.loc) / q.scale
        for part, q in zip(z.unflatten(0, log_weights.shape[:2]), posteriors, strict=True)
    ]
    mmvae(batch, torch.stack(noise).detach()).sum().backward()
    found |= {"log_weights": log_weights.flatten(0, 1), "bound": iwae(log_weights, "tight").sum()}
    return found | {
        f"gradient.{name}": projections(name, parameter.grad) for name, parameter in mmvae.named_parameters()
    }


def _baselines(recipe, mmvae, batch, theirs):
    """Embeddings and loss of the contrastive model; regressors from end to end, and a head on the MMVAE."""

    def new(name):
        return _with_weights(new_model(name, recipe_for(name, recipe), seed=0), theirs, name)

    contrastive = new("contrastive")
    found = {
        f"contrastive.{name}": getattr(contrastive, name)(getattr(batch, name))
        for name in ("photometry", "spectrum")
    }
    # Theirs is the mean over the batch of half the sum of both cross-entropies.
    found["contrastive.loss"] = contrastive(batch).mean()
    for name in ("photometry", "spectrum"):
        found[f"{name}-regressor"] = new(f"{name}-regressor").predict(getattr(batch, name))
    head = ParameterHead(mmvae.photometry, "photometry", recipe_for("mmvae-photometry-head", recipe))
    of_head = {key: theirs[f"weights/head.{key}"] for key in head.readout.state_dict()}
    head.readout.load_state_dict(of_head)
    found["head"] = head.double().predict(batch.photometry)
    return found
