"""Recipes: how a model is built and trained."""

from dataclasses import asdict, dataclass, fields
from typing import ClassVar

from snlib.files.guard import require_number

__all__ = ["RECIPES", "Recipe"]

_WORDS = {
    "likelihood_scale": ("fixed", "learned"),
    "bound": ("tight", "loose"),
    "schedule": ("constant", "onecycle"),
}
_SHARES = ("hidden_points", "ended_early", "dropout")
_MAY_BE_ZERO = ("learning_rate", "photometry_weight")
# No machine could build what is larger; a damaged file may ask for it.
_MOST, _MOST_LAYERS = 1 << 16, 100


@dataclass(frozen=True)
class Recipe:
    """What every model of the paper has, and how it is trained; stored beside its weights.

    Attributes
    ----------
    architecture : str
        Of which parts the models are built; see `snlib.model.registry`.
    keeps : {"best", "last"}
        The weights that a training ends with: of the lowest validation loss, or of the last step.
    name : str
    d_model, d_mlp, n_layers, n_heads : int
        Transceiver sizes (Section 2 of the paper).
    latent_tokens, latent_dim : int
        The latent is ``latent_tokens x latent_dim``.
    time_max_frequency, wavelength_max_frequency : float
        Highest sinusoid frequency, radians per z-unit.
    likelihood_scale : {"fixed", "learned"}
        Laplace scale of the data: 1 z-unit, or a second output of the decoder.
    bound : {"tight", "loose"}
        Reading of Eq. 3 (see `snlib.model.objectives.iwae`).
    n_samples : int
        K, latent samples per modality.
    n_wavelengths : int
        Wavelengths decoded per step, drawn at random.
    batch_size : int
        Pairs of a light curve and a spectrum.
    hidden_points : float
        At each step hide a random share of each light curve's points, up to this one.
    ended_early : float
        At each step end this share of the light curves at a random time.
    temperature : float or None
        Of the contrastive model; None to learn it.
    learning_rate : float
    schedule : {"constant", "onecycle"}
    clip_norm : float or None
    photometry_weight : float
        The log likelihood of light curves is multiplied by this (MMVAE).

    Raises
    ------
    ValueError
        If a value is of another type, not finite, or cannot be; the message names the field.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from snlib.model import RECIPES
    >>> RECIPES["text"].bound
    'tight'
    >>> replace(RECIPES["text"], bound="narrow")
    Traceback (most recent call last):
    ValueError: recipe 'text': bound is 'narrow', expected one of ('tight', 'loose')
    """

    architecture: ClassVar[str] = "transceiver"
    keeps: ClassVar[str] = "best"

    name: str
    d_model: int = 32
    d_mlp: int = 32
    n_layers: int = 4
    n_heads: int = 4
    latent_tokens: int = 4
    latent_dim: int = 4
    time_max_frequency: float = 1.0
    wavelength_max_frequency: float = 1.0
    likelihood_scale: str = "fixed"
    bound: str = "tight"
    n_samples: int = 2
    n_wavelengths: int = 128
    batch_size: int = 16
    hidden_points: float = 0.0
    ended_early: float = 0.0
    temperature: float | None = 0.1
    learning_rate: float = 1e-3
    schedule: str = "constant"
    clip_norm: float | None = None
    photometry_weight: float = 1.0

    def __post_init__(self):
        for name, known in _WORDS.items():
            if getattr(self, name) not in known:
                raise ValueError(
                    f"recipe {self.name!r}: {name} is {getattr(self, name)!r}, expected one of {known}"
                )
        for one in fields(self):
            self._require(one)
        if self.d_model % (2 * self.n_heads):
            raise ValueError(f"recipe {self.name!r}: d_model {self.d_model} is not a multiple of 2 x n_heads")

    def _require(self, one):
        """Refuse a value that is not of the field's type, or that cannot be."""
        value, said = getattr(self, one.name), f"recipe {self.name!r}: {one.name}"
        if one.type in (str, bool):
            if type(value) is not one.type:
                raise ValueError(f"{said} is {value!r}, expected a {one.type.__name__}")
        elif one.type is int:
            most = _MOST_LAYERS if one.name == "n_layers" else _MOST
            require_number(said, value, integer=True, at_least=1, at_most=most)
        elif one.name in _SHARES:
            require_number(said, value, at_least=0, at_most=1)
        elif one.name in _MAY_BE_ZERO:
            require_number(said, value, at_least=0)
        elif value is not None or one.type is float:
            require_number(said, value, above=0)

    @classmethod
    def from_dict(cls, values):
        """Build a recipe from what `to_dict` gave.

        Raises
        ------
        ValueError
            If a key is unknown or missing, a value cannot be, or the recipe is of another architecture.
        """
        names = {"architecture", *(field.name for field in fields(cls))}
        if unknown := sorted(set(values) - names):
            raise ValueError(f"recipe: unknown keys {unknown}")
        if missing := sorted(names - set(values)):
            raise ValueError(f"recipe: missing keys {missing}")
        if values["architecture"] != cls.architecture:
            raise ValueError(f"recipe: architecture is {values['architecture']!r}, not {cls.architecture!r}")
        return cls(**{name: value for name, value in values.items() if name != "architecture"})

    def to_dict(self):
        """The recipe for JSON."""
        return {"architecture": self.architecture} | asdict(self)


#: Those that the book compares, one per name; `recipe_for` a model may differ from it.
RECIPES = {
    recipe.name: recipe
    for recipe in (
        # What the text says and, where it is silent (frequencies, likelihood scale, K, batch,
        # temperature), what the published code does.
        Recipe("text"),
        Recipe(
            "improved",
            time_max_frequency=8.0,
            wavelength_max_frequency=60.0,
            likelihood_scale="learned",
            bound="loose",
            hidden_points=0.9,
            temperature=None,
            learning_rate=3e-3,
            schedule="onecycle",
            clip_norm=1.0,
        ),
    )
}
