"""The models that the authors evaluated, as the history of their repository has them.

The checkpoint that every evaluation script loads is of one of two states of the program: that of May 2025
(commit 2053415), whose decoders hold a learned vector for each of 982 wavelengths and 60 light-curve slots,
or that of June (39a8dd0), which the paper describes.  Both are here, the latter as "evaluated", with the
authors' baselines: one architecture whose numbers equal those of their program (`tests/replication`).
"""

from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from snlib.data.batches import Batch, Photometry, Spectrum
from snlib.data.quantities import PARAMETERS
from snlib.model.heads import HEADS
from snlib.model.likelihoods import Laplace
from snlib.model.mmvae import MMVAE
from snlib.model.objectives import info_nce
from snlib.model.perceptron import perceptron
from snlib.model.recipes import Recipe
from snlib.model.registry import MODELS, Architecture, register
from snlib.model.regressor import JointRegressor, Regressor
from snlib.model.vae import VAE, standard_laplace
from snlib.replication.evaluated_layers import EvaluatedDecoder, EvaluatedEncoder

__all__ = [
    "EVALUATED",
    "EvaluatedContrastive",
    "EvaluatedRecipe",
    "EvaluatedRegressor",
    "EvaluatedVAE",
]

_PROJECTED_DIM = 8
_END_TO_END = (64, 64)  # hidden layers from latents to parameters


@dataclass(frozen=True)
class EvaluatedRecipe(Recipe):
    """A recipe of models as in the authors' program.

    But for `n_wavelengths`: their positions attend to all 982 in training, here to those that a step decodes;
    all of them in "evaluated-982" and "evaluated-may-982", in bfloat16, which is several times as fast; none
    in "evaluated-independent".

    Attributes
    ----------
    dropout : float
        Of attention weights, and of each residual branch.
    table : bool
        Decoders have a learned vector for each slot (the state of May 2025).
    augmented : bool
        Training pairs are changed once, at random (`snlib.replication.variants.augment`).
    likelihood_weight : float
        The log likelihood is multiplied by this: 1 / beta of their scripts.
    rounded : bool
        In training, factors of attention are rounded to bfloat16.
    independent : bool
        In decoders, positions do not attend to each other.
    """

    architecture: ClassVar[str] = "evaluated"
    keeps: ClassVar[str] = "last"

    dropout: float = 0.1
    table: bool = False
    augmented: bool = True
    likelihood_weight: float = 1.0
    rounded: bool = False
    independent: bool = False


class EvaluatedVAE(VAE):
    """A uni-modal VAE of the authors; two of them make their MMVAE.

    Its scale has no lower limit and begins at softplus(0); its likelihood has the scale 1.  Where the authors
    give what is not observed a scale of 1e8 (light curves) or 1e10 (spectra), which adds a number that
    depends on nothing but how many there are, it is left out here.

    Parameters
    ----------
    modality : {"photometry", "spectrum"}
    recipe : EvaluatedRecipe
    """

    def __init__(self, modality: str, recipe):
        super().__init__(modality, recipe, EvaluatedEncoder, EvaluatedDecoder)
        self.to_latent = perceptron(recipe.d_model, recipe.d_model, recipe.latent_dim)

    def posterior_of(self, tokens: Float[Tensor, "B n_outputs d"], x: Photometry | Spectrum) -> Laplace:
        """q(z | x), given what the encoder made of x; the prior where nothing is observed."""
        location, scale = self.to_latent(tokens).chunk(2, dim=1)
        nothing = ~x.observed.any(-1)[:, None, None]
        return Laplace(location.masked_fill(nothing, 0.0), F.softplus(scale).masked_fill(nothing, 1.0))

    def likelihood(
        self,
        z: Float[Tensor, "S B tokens dim"],
        x: Photometry | Spectrum,
        slots: Int[Tensor, " C"] | None = None,
    ) -> Laplace:
        """p(values | z) at the positions of x; `slots` as of `EvaluatedDecoder`."""
        location = self.decoder(z, x, slots)[..., 0]
        return Laplace(location, torch.ones_like(location))

    def log_likelihood(
        self,
        z: Float[Tensor, "S B tokens dim"],
        x: Photometry | Spectrum,
        pixels: Int[Tensor, " n"] | None = None,
    ) -> Float[Tensor, "S B"]:
        """Log p(values | z) of what is observed, times the recipe's weight; see `VAE.log_likelihood`."""
        some = x if pixels is None else x.at(pixels)
        of_some = self.likelihood(z, some, pixels).log_likelihood(some.value, some.observed)
        return of_some * (self.recipe.likelihood_weight * x.value.shape[-1] / some.value.shape[-1])

    def prior(self) -> Laplace:
        """p(z): a standard Laplace for each latent number."""
        return standard_laplace(self.encoder.queries)


class _Projector(nn.Module):
    def __init__(self, modality, recipe):
        super().__init__()
        self.encoder = EvaluatedEncoder(modality, recipe, recipe.latent_tokens)
        self.to_latent = perceptron(recipe.d_model, recipe.d_model, recipe.latent_dim)
        n = recipe.latent_tokens * recipe.latent_dim
        self.project = perceptron(n, n, _PROJECTED_DIM)

    def latent(self, x: Photometry | Spectrum) -> Float[Tensor, "B tokens dim"]:
        """Embed in as many numbers as the VAEs' latent has."""
        return self.to_latent(self.encoder(x))

    def forward(self, x: Photometry | Spectrum) -> Float[Tensor, "B 8"]:
        """Embed to compare with the other modality, on the unit sphere."""
        return F.normalize(self.project(self.latent(x).flatten(1)), dim=-1)


class EvaluatedContrastive(nn.Module):
    """The authors' contrastive model: InfoNCE on the cosine similarity of eight numbers.

    Other pairs of the same supernova count as counterexamples.

    Parameters
    ----------
    recipe : EvaluatedRecipe
    """

    n_posteriors = 0

    def __init__(self, recipe):
        super().__init__()
        self.recipe = recipe
        self.photometry, self.spectrum = (_Projector(name, recipe) for name in ("photometry", "spectrum"))

    def forward(self, batch: Batch, noise=None, pixels=None) -> Float[Tensor, " B"]:
        """Loss of each pair of a batch; noise and pixels are not used."""
        light_curves, spectra = self.photometry(batch.photometry), self.spectrum(batch.spectrum)
        each = torch.arange(len(spectra), device=spectra.device)
        return info_nce(light_curves @ spectra.mT / self.recipe.temperature, each)


class EvaluatedRegressor(Regressor):
    """The authors' end-to-end regression of the six parameters from one modality.

    Parameters
    ----------
    modality : {"photometry", "spectrum"}
    recipe : EvaluatedRecipe
    """

    def __init__(self, modality: str, recipe):
        super().__init__(modality, recipe, EvaluatedEncoder)
        self.to_latent = perceptron(recipe.d_model, recipe.d_model, recipe.latent_dim)
        self.to_parameters = perceptron(
            recipe.latent_tokens * recipe.latent_dim, *_END_TO_END, len(PARAMETERS)
        )


class _Evaluated(Architecture):
    """Of the authors' parts.  They have no joint regressor, and a predictive MMVAE is ours alone."""

    def models(self):
        return {
            "mmvae": partial(MMVAE, vae=EvaluatedVAE),
            "photometry-vae": partial(EvaluatedVAE, "photometry"),
            "spectrum-vae": partial(EvaluatedVAE, "spectrum"),
            "contrastive": EvaluatedContrastive,
            "photometry-regressor": partial(EvaluatedRegressor, "photometry"),
            "spectrum-regressor": partial(EvaluatedRegressor, "spectrum"),
            "joint-regressor": partial(JointRegressor, encoder=EvaluatedEncoder),
        }


#: The recipe of the model whose checkpoint the authors evaluated.
EVALUATED = EvaluatedRecipe("evaluated", learning_rate=2.5e-4, photometry_weight=982 / 60)
_MAY = replace(EVALUATED, name="evaluated-may", table=True)
# One sample and beta = 0.5 for the uni-modal VAEs; regressors and heads see the pairs as they are.
_UNIMODAL = {"batch_size": 32, "n_samples": 1, "likelihood_weight": 2.0}
_REGRESSORS = ("photometry-regressor", "spectrum-regressor", "joint-regressor")
_REGRESSOR = {"batch_size": 32, "learning_rate": 1e-3, "augmented": False}
_CHANGES = {
    "photometry-vae": _UNIMODAL,
    "spectrum-vae": _UNIMODAL,
    **dict.fromkeys((*_REGRESSORS, *HEADS), _REGRESSOR),
}
_INDEPENDENT = replace(EVALUATED, name="evaluated-independent", independent=True)
_ALL = [
    replace(recipe, name=f"{recipe.name}-982", n_wavelengths=982, rounded=True)
    for recipe in (EVALUATED, _MAY)
]
# Models without decoders are the same in all states of the program.
_WITHOUT_DECODER = [
    name for name in (*MODELS, *HEADS) if name.startswith("contrastive") or name.endswith("regressor")
]
_SAME = {"name": EVALUATED.name, "table": False, "independent": False}
_OF_VARIANTS = {name: _CHANGES.get(name, {}) | _SAME for name in _WITHOUT_DECODER}
register(
    _Evaluated(EvaluatedRecipe),
    dict.fromkeys((EVALUATED, *_ALL), _CHANGES)
    | dict.fromkeys((_MAY, _INDEPENDENT), _CHANGES | _OF_VARIANTS),
)
