"""Parameter heads: the six parameters of the explosion from the latent of a trained model (Figure 8).

The trained model is left as it is, so a pair has the same latent at every step.  A training therefore embeds
all pairs once (`ParameterHead.embed`) and trains nothing but the MLP behind them (`Readout`).
"""

from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor, nn

from snlib.data.batches import Batch, Pairs, Photometry, Spectrum
from snlib.data.quantities import PARAMETERS
from snlib.model.perceptron import perceptron
from snlib.model.regressor import Regressor
from snlib.model.vae import VAE

__all__ = ["HEADS", "HEAD_OF", "ParameterHead", "Readout"]

# The model and the modality that each head reads, by the head's name.
HEAD_OF = {
    f"{model}-{modality}-head": (model, modality)
    for model in ("mmvae", "contrastive")
    for modality in ("photometry", "spectrum")
}
#: Names of the parameter heads: of which frozen latent, of which modality.
HEADS = tuple(HEAD_OF)
_HIDDEN = (128, 128, 128, 128)  # sizes of the hidden layers, which the paper calls small
_AT_ONCE = 256  # pairs to embed


class Readout(nn.Module):
    """The MLP of a head, from latents to the six parameters: all of a head that is trained.

    Parameters
    ----------
    recipe : snlib.model.recipes.Recipe
    """

    n_posteriors = 0

    def __init__(self, recipe):
        super().__init__()
        self.recipe = recipe
        self.to_parameters = perceptron(recipe.latent_tokens * recipe.latent_dim, *_HIDDEN, len(PARAMETERS))

    def forward(self, batch: Batch, noise=None, pixels=None) -> Float[Tensor, " B"]:
        """Loss of each pair of a batch: mean squared error of the z-scores.

        Parameters
        ----------
        batch : snlib.data.batches.Batch
            Of pairs from `ParameterHead.embed`: their spectra are latents.
        noise, pixels
            Not used: nothing is sampled or decoded.
        """
        return (self.to_parameters(batch.spectrum.value) - batch.parameters).square().mean(-1)


class ParameterHead(nn.Module):
    """An MLP from the latent of a trained model, which is left as it is, to the six parameters.

    Parameters
    ----------
    backbone : torch.nn.Module
        A modality of an MMVAE, which is read at the location of its posterior, or one of a contrastive model,
        which is read at its `latent`.
    modality : {"photometry", "spectrum"}
    recipe : snlib.model.recipes.Recipe
        How the head is trained; its sizes are those of the backbone.
    """

    n_posteriors = 0

    def __init__(self, backbone, modality: str, recipe):
        super().__init__()
        self.modality, self.recipe = modality, recipe
        self.backbone = backbone.requires_grad_(False).eval()
        self.readout = Readout(recipe)

    def train(self, mode: bool = True):
        """Begin or end training, of the readout alone: the backbone stays without dropout."""
        super().train(mode)
        self.backbone.eval()
        return self

    def begin_with(self, model):
        """Take over the weights of the modality that the head reads.

        Parameters
        ----------
        model : torch.nn.Module
            A trained MMVAE or contrastive model, of the head's architecture and sizes.
        """
        self.backbone.load_state_dict(getattr(model, self.modality).state_dict())

    @torch.no_grad()
    def latent(self, x: Photometry | Spectrum) -> Float[Tensor, "B latent"]:
        """Embed light curves or spectra: all tokens of the latent in one row."""
        is_vae = isinstance(self.backbone, VAE)
        return (self.backbone.posterior(x).loc if is_vae else self.backbone.latent(x)).flatten(1)

    def predict(self, x: Photometry | Spectrum) -> Float[Tensor, "B 6"]:
        """Predict the z-scores of the parameters."""
        return self.readout.to_parameters(self.latent(x))

    forward = Regressor.forward  # the same loss of what it predicts

    def embed(self, pairs: Pairs) -> Pairs:
        """Embed pairs, for their readout: each has its latent in the place of its spectrum.

        Parameters
        ----------
        pairs : snlib.data.batches.Pairs
            N events with P spectra each.

        Returns
        -------
        Pairs
            Their `flux` has shape (N, P, latent), and is observed everywhere.
        """
        parts = torch.arange(len(pairs), device=pairs.flux.device).split(_AT_ONCE)
        latent = torch.cat([self.latent(getattr(pairs.take(index), self.modality)) for index in parts])
        flux = latent.unflatten(0, pairs.flux.shape[:2])
        return replace(
            pairs,
            wavelength=torch.arange(flux.shape[-1], device=flux.device),
            flux=flux,
            observed=torch.ones_like(flux, dtype=torch.bool),
        )
