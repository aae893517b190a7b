"""Every model and every recipe by its name; all models share one interface, so that one loop trains them.

A model has a `recipe`, samples the posteriors of `n_posteriors` modalities, and its
``forward(batch, noise, pixels)`` is the loss of each pair of a light curve and a spectrum.
"""

from dataclasses import dataclass, replace
from functools import partial

import torch

from snlib.model.attending import AttendingEncoder, AttendingRecipe
from snlib.model.contrastive import Contrastive
from snlib.model.fast_attention import fold_attention
from snlib.model.heads import HEAD_OF, HEADS, ParameterHead
from snlib.model.mmvae import MMVAE
from snlib.model.predictive import PredictiveMMVAE
from snlib.model.recipes import RECIPES, Recipe
from snlib.model.regressor import JointRegressor, Regressor
from snlib.model.transceiver import TransceiverDecoder, TransceiverEncoder
from snlib.model.vae import VAE

__all__ = [
    "ARCHITECTURES",
    "BEGINS_WITH",
    "MODELS",
    "Architecture",
    "new_model",
    "read_recipe",
    "recipe_for",
    "register",
]


@dataclass(frozen=True)
class Architecture:
    """Of which parts models are built.

    Attributes
    ----------
    recipe : type
        `Recipe`, or one with more fields.
    encoder, decoder : callable
        (modality, recipe, n_outputs) -> module, as `TransceiverEncoder` and `TransceiverDecoder`.
    vae : type
        `VAE`, or one with another likelihood.
    """

    recipe: type
    encoder: object = TransceiverEncoder
    decoder: object = TransceiverDecoder
    vae: type = VAE

    def models(self):
        """Every model by its name, as a function of a recipe."""
        vae = partial(self.vae, encoder=self.encoder, decoder=self.decoder)
        regressor = partial(Regressor, encoder=self.encoder)
        return {
            "mmvae": partial(MMVAE, vae=vae),
            "photometry-vae": partial(vae, "photometry"),
            "spectrum-vae": partial(vae, "spectrum"),
            "contrastive": partial(Contrastive, encoder=self.encoder),
            "photometry-regressor": partial(regressor, "photometry"),
            "spectrum-regressor": partial(regressor, "spectrum"),
            "joint-regressor": partial(JointRegressor, encoder=self.encoder),
            "predictive-mmvae": partial(PredictiveMMVAE, vae=vae),
        }

    def heads(self):
        """Every parameter head by its name, as a function of a recipe."""
        return {name: partial(self._head, *of) for name, of in HEAD_OF.items()}

    def _head(self, model, modality, recipe):
        return ParameterHead(getattr(self.models()[model](recipe), modality), modality, recipe)


#: By the name that recipes carry; `register` adds others.
ARCHITECTURES = {
    architecture.recipe.architecture: architecture
    for architecture in (Architecture(Recipe), Architecture(AttendingRecipe, AttendingEncoder))
}
#: Names of the models of the paper, and of those beside them.
MODELS = tuple(ARCHITECTURES[Recipe.architecture].models())
# The trained model of the same recipe with whose weights a model begins, and which it leaves as it is.
BEGINS_WITH = {"predictive-mmvae": "mmvae", **{head: model for head, (model, _) in HEAD_OF.items()}}

# "improved", but wider, with larger batches and more of the light curve: for a GPU, and light curves of
# all kinds.  The weights that come with the repository are made by it.
_LARGE = replace(
    AttendingRecipe(**vars(RECIPES["improved"])),
    name="large",
    d_model=64,
    d_mlp=128,
    batch_size=64,
    hidden_points=0.5,
    ended_early=0.3,
    photometry_weight=982 / 60,
)
_KNOWN = {**RECIPES, _LARGE.name: _LARGE}
# Intervals must hold on the night it matters too.
_ERRORS = {"hidden_points": 0.9, "ended_early": 0.5, "batch_size": 16}
_CHANGES = {
    # InfoNCE lives on its counterexamples.
    ("improved", "contrastive"): {"batch_size": 64},
    ("improved", "predictive-mmvae"): _ERRORS,
    ("large", "predictive-mmvae"): _ERRORS,
    # They see whole light curves.
    **{(recipe, head): {"hidden_points": 0.0, "ended_early": 0.0} for recipe in _KNOWN for head in HEADS},
}


def register(architecture, recipes):
    """Add an architecture, and recipes of it by their names.

    Parameters
    ----------
    architecture : Architecture
    recipes : dict of Recipe to dict of str to dict
        Each recipe with the fields that differ for some models, by the model's name.
    """
    ARCHITECTURES[architecture.recipe.architecture] = architecture
    for recipe, changes in recipes.items():
        _KNOWN[recipe.name] = recipe
        _CHANGES.update({(recipe.name, model): fields for model, fields in changes.items()})


def recipe_for(model, name):
    """The recipe of a name for a model.

    Parameters
    ----------
    model : str
        A name in `MODELS`, or in `snlib.model.heads.HEADS`.
    name : str
        A name in `snlib.model.recipes.RECIPES`, "large", or one that was registered.

    Returns
    -------
    Recipe

    Raises
    ------
    ValueError
        If there is no such recipe.
    """
    if name not in _KNOWN:
        raise ValueError(f"recipe is {name!r}, expected one of {list(_KNOWN)}")
    return replace(_KNOWN[name], **_CHANGES.get((name, model), {}))


def read_recipe(values):
    """Build a recipe of any architecture from what its `to_dict` gave.

    Raises
    ------
    ValueError
        If it is no recipe, the architecture is unknown, a key is unknown or missing, or a value cannot be.
    """
    if not isinstance(values, dict):
        raise ValueError("recipe: expected a table of names and values")
    architecture = values.get("architecture")
    if architecture not in ARCHITECTURES:
        raise ValueError(f"recipe: architecture is {architecture!r}, expected one of {list(ARCHITECTURES)}")
    return ARCHITECTURES[architecture].recipe.from_dict(values)


def new_model(name, recipe, seed):
    """Build an untrained model; the weights depend on the seed only, not on what was drawn before.

    Its attention is computed the fast way (see `snlib.model.fast_attention`).

    Parameters
    ----------
    name : str
        A name in `MODELS`, or in `snlib.model.heads.HEADS`.
    recipe : Recipe
    seed : int

    Returns
    -------
    torch.nn.Module
        On the CPU.

    Raises
    ------
    ValueError
        If there is no such model, or none of this architecture.
    """
    architecture = ARCHITECTURES[recipe.architecture]
    models = architecture.models() | architecture.heads()
    if name not in list(models):  # it may be anything that JSON can hold
        of = f" of the recipe {recipe.name!r}" if name in MODELS else ""
        raise ValueError(f"model is {name!r}, expected one of {list(models)}{of}")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return fold_attention(models[name](recipe))
