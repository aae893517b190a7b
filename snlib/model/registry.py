"""Every model of the paper by name; all share one interface, so that one loop trains them.

A model has a `recipe`, samples the posteriors of `n_posteriors` modalities, and its
``forward(batch, noise, pixels)`` is the loss of each pair of a light curve and a spectrum.
"""

from functools import partial

import torch

from snlib.model.contrastive import Contrastive
from snlib.model.mmvae import MMVAE
from snlib.model.predictive import PredictiveMMVAE
from snlib.model.regressor import Regressor
from snlib.model.vae import VAE

__all__ = ["MODELS", "new_model"]

MODELS = {
    "mmvae": MMVAE,
    "photometry-vae": partial(VAE, "photometry"),
    "spectrum-vae": partial(VAE, "spectrum"),
    "contrastive": Contrastive,
    "photometry-regressor": partial(Regressor, "photometry"),
    "spectrum-regressor": partial(Regressor, "spectrum"),
    "predictive-mmvae": PredictiveMMVAE,
}


def new_model(name, recipe, seed):
    """Build an untrained model; the weights depend on the seed only, not on what was drawn before.

    Parameters
    ----------
    name : str
        A name in `MODELS`.
    recipe : snlib.model.recipes.Recipe
    seed : int

    Returns
    -------
    torch.nn.Module
        On the CPU.

    Raises
    ------
    ValueError
        If there is no such model.
    """
    if name not in MODELS:
        raise ValueError(f"model is {name!r}, expected one of {list(MODELS)}")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return MODELS[name](recipe)
