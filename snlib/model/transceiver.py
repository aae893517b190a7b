"""The transceiver: a Perceiver-IO for light curves and spectra (Figures 1 and 2).

Shapes: B events, T light-curve slots, L wavelengths, S latent samples, d model dimension.
All inputs are z-scores (see `snlib.data.scaling`); every mask is True where observed.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from snlib.data.batches import Photometry, Spectrum
from snlib.data.quantities import BANDS

__all__ = [
    "MODALITIES",
    "CrossAttention",
    "Layers",
    "PhotometryPosition",
    "Sinusoid",
    "SpectrumPosition",
    "TransceiverDecoder",
    "TransceiverEncoder",
]


class Sinusoid(nn.Module):
    """Sinusoidal encoding of a number, followed by a learned MLP (Peebles & Xie 2023).

    The angular frequencies fall geometrically from `max_frequency` (radians per unit of the
    z-score) over four decades.
    """

    def __init__(self, d_model: int, max_frequency: float):
        super().__init__()
        exponents = torch.linspace(0.0, -4.0, d_model // 2)
        self.register_buffer("frequencies", max_frequency * 10.0**exponents, persistent=False)
        self.mlp = nn.Sequential(nn.Linear(d_model, d_model), nn.GELU(), nn.Linear(d_model, d_model))

    def forward(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape d"]:
        """Embed each number."""
        angle = x[..., None] * self.frequencies  # (..., d / 2)
        return self.mlp(torch.cat([angle.sin(), angle.cos()], dim=-1))


class PhotometryPosition(nn.Module):
    """Where a light-curve point lies: time (sinusoid) + band (class embedding)."""

    def __init__(self, recipe):
        super().__init__()
        self.time = Sinusoid(recipe.d_model, recipe.time_max_frequency)
        self.band = nn.Embedding(len(BANDS), recipe.d_model)

    def forward(self, x: Photometry) -> Float[Tensor, "B T d"]:
        """Embed time and band of each point."""
        return self.time(x.time) + self.band(x.band)


class SpectrumPosition(nn.Module):
    """Where a spectral pixel lies: its wavelength (sinusoid)."""

    def __init__(self, recipe):
        super().__init__()
        self.wavelength = Sinusoid(recipe.d_model, recipe.wavelength_max_frequency)

    def forward(self, x: Spectrum) -> Float[Tensor, "*B L d"]:
        """Embed the wavelengths: (L, d) if all spectra of the batch share them, else (B, L, d)."""
        return self.wavelength(x.wavelength)


MODALITIES = {"photometry": PhotometryPosition, "spectrum": SpectrumPosition}


def _phase_sinusoid(modality, recipe):
    """Embed the phase of a spectrum; a light curve has none."""
    return Sinusoid(recipe.d_model, recipe.time_max_frequency) if modality == "spectrum" else None


class CrossAttention(nn.Module):
    """Queries attend to a context, then an MLP; both residual, with pre-layer-norm.

    Parameters
    ----------
    recipe : snlib.model.recipes.Recipe
    """

    def __init__(self, recipe):
        super().__init__()
        d = recipe.d_model
        self.n_heads, self.scale = recipe.n_heads, (d // recipe.n_heads) ** -0.5
        self.norm_query, self.norm_context, self.norm_mlp = (nn.LayerNorm(d) for _ in range(3))
        self.to_query, self.to_key, self.to_value, self.to_out = (nn.Linear(d, d) for _ in range(4))
        self.to_key.bias = None  # it would add the same to all scores of a query: no softmax sees it
        self.mlp = nn.Sequential(nn.Linear(d, recipe.d_mlp), nn.GELU(), nn.Linear(recipe.d_mlp, d))

    def forward(
        self,
        query: Float[Tensor, "B Q d"],
        context: Float[Tensor, "B C d"],
        observed: Bool[Tensor, "B C"] | None = None,
        attend=None,
    ) -> Float[Tensor, "B Q d"]:
        """Update the queries by what they find in the context; what is not observed is not seen.

        `attend` computes the same as the method `attend`, faster (see `snlib.model.fast_attention`).
        """
        attend = self.attend if attend is None else attend
        query = query + attend(self.norm_query(query), self.norm_context(context), observed)
        return query + self.mlp(self.norm_mlp(query))

    def attend(
        self,
        query: Float[Tensor, "B Q d"],
        context: Float[Tensor, "B C d"],
        observed: Bool[Tensor, "B C"] | None = None,
    ) -> Float[Tensor, "B Q d"]:
        """Multi-head attention as in Vaswani et al. (2017): h heads, each on d / h numbers."""
        q, k, v = self.to_query(query), self.to_key(context), self.to_value(context)
        # (B, Q or C, d) -> (B, Q or C, h, d / h) -> (B, h, Q or C, d / h)
        q, k, v = (x.unflatten(-1, (self.n_heads, -1)).transpose(1, 2) for x in (q, k, v))
        scores = q @ k.mT * self.scale  # (B, h, Q, C)
        if observed is not None:
            scores = scores.masked_fill(~observed[:, None, None], -torch.inf)  # (B, 1, 1, C)
        mixed = scores.softmax(-1) @ v  # (B, h, Q, d / h)
        return self.to_out(mixed.transpose(1, 2).flatten(2))  # (B, Q, h, d / h) -> (B, Q, d)


class Layers(nn.ModuleList):
    """Layers of cross-attention, one after the other."""

    def prepared(self):
        """Yield the layers as functions, after work that is done once for all of them: here, none."""
        return iter(self)


class TransceiverEncoder(nn.Module):
    """Any number of tokens -> `n_outputs` tokens: learned queries attend to them and to each other.

    Parameters
    ----------
    modality : {"photometry", "spectrum"}
    recipe : snlib.model.recipes.Recipe
    n_outputs : int
    """

    independent = True  # as said above; of decoders in general it is not true

    def __init__(self, modality: str, recipe, n_outputs: int):
        super().__init__()
        self.position = MODALITIES[modality](recipe)
        self.value = nn.Linear(1, recipe.d_model)
        self.phase = _phase_sinusoid(modality, recipe)
        self.queries = nn.Parameter(torch.randn(n_outputs, recipe.d_model) * recipe.d_model**-0.5)
        self.layers = Layers(CrossAttention(recipe) for _ in range(recipe.n_layers))
        self.norm = nn.LayerNorm(recipe.d_model)

    def tokens(self, x: Photometry | Spectrum) -> Float[Tensor, "B C d"]:
        """Where a point lies + what was measured there, for each point or pixel."""
        return self.position(x) + self.value(x.value[..., None])

    def forward(self, x: Photometry | Spectrum) -> Float[Tensor, "B n_outputs d"]:
        """Read a light curve or a spectrum."""
        tokens, observed = self.tokens(x), x.observed  # (B, T or L, d), (B, T or L)
        latents = self.queries.expand(len(tokens), -1, -1)  # (B, n_outputs, d)
        always = latents.new_ones(latents.shape[:2], dtype=torch.bool)
        if self.phase is not None:
            tokens = torch.cat([tokens, self.phase(x.phase)[:, None]], dim=1)
            observed = torch.cat([observed, always[:, :1]], dim=1)
        observed = torch.cat([observed, always], dim=1)
        for layer in self.layers.prepared():
            latents = layer(latents, torch.cat([tokens, latents], dim=1), observed)
        return self.norm(latents)


class TransceiverDecoder(nn.Module):
    """Latent tokens -> `n_outputs` numbers at each asked-for position.

    Each position attends to the latents (and the phase) only, never to another position: its
    output does not depend on which others are asked for, and the cost is linear in their number.

    Parameters
    ----------
    modality : {"photometry", "spectrum"}
    recipe : snlib.model.recipes.Recipe
    n_outputs : int
    """

    independent = True  # as said above; of decoders in general it is not true

    def __init__(self, modality: str, recipe, n_outputs: int):
        super().__init__()
        self.position = MODALITIES[modality](recipe)
        self.phase = _phase_sinusoid(modality, recipe)
        self.latent = nn.Linear(recipe.latent_dim, recipe.d_model)
        self.index = nn.Parameter(torch.randn(recipe.latent_tokens, recipe.d_model) * recipe.d_model**-0.5)
        self.layers = Layers(CrossAttention(recipe) for _ in range(recipe.n_layers))
        self.norm = nn.LayerNorm(recipe.d_model)
        self.out = nn.Linear(recipe.d_model, n_outputs)

    def forward(
        self, z: Float[Tensor, "S B tokens dim"], x: Photometry | Spectrum
    ) -> Float[Tensor, "S B C n_outputs"]:
        """Write values for S latent samples of each event, at the positions of x."""
        samples = z.shape[:2]
        context = self.latent(z) + self.index  # (S, B, tokens, d)
        if self.phase is not None:
            phase = self.phase(x.phase)[:, None].expand(*samples, 1, -1)
            context = torch.cat([context, phase], dim=2)
        query = self.position(x)  # (T or L, d) or (B, T or L, d)
        query = query.expand(*samples, *query.shape[-2:]).flatten(0, 1)  # (S B, T or L, d)
        context = context.flatten(0, 1)  # (S B, tokens, d)
        for layer in self.layers.prepared():
            query = layer(query, context)
        return self.out(self.norm(query)).unflatten(0, samples)
