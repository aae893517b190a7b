"""The look of the book: colours, markers, labels and how recipes are told apart."""

from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns
from matplotlib.colors import to_hex, to_rgb

from snlib.data.quantities import BANDS
from snlib.figures.contents import print_contents
from snlib.model.recipes import RECIPES

__all__ = [
    "BAND_COLOURS",
    "BAND_MARKERS",
    "FNU_LABEL",
    "PHASE_LABEL",
    "WAVELENGTH_LABEL",
    "method_colour",
    "method_marker",
    "phase_title",
    "recipe_colour",
    "recipe_label",
    "use_style",
]

# Blue to red like the bands, and distinct for the colour-blind (Okabe & Ito 2008, with marks of their own).
BAND_COLOURS = dict(
    zip(BANDS, ("#332288", "#0072B2", "#009E73", "#E69F00", "#D55E00", "#7A1F1F"), strict=True)
)
BAND_MARKERS = dict(zip(BANDS, "v^osDP", strict=True))
FNU_LABEL = r"$\log_{10} F_\nu$ [erg s$^{-1}$ cm$^{-2}$ Hz$^{-1}$]"
WAVELENGTH_LABEL = "Wavelength [Å]"
PHASE_LABEL = "Phase [days from peak]"


@dataclass(frozen=True)
class _Look:
    colour: str
    marker: str


# One colour and one marker a method across the book.
_LOOKS = {
    "truth": _Look("#000000", "."),
    "mean spectrum": _Look("#009E73", "P"),
    "training mean": _Look("#009E73", "P"),
    "contrastive": _Look("#E69F00", "v"),
    "spectra-only VAE": _Look("#D55E00", "X"),
    "MMVAE": _Look("#0072B2", "o"),
    "MMVAE (large, fine-tuned)": _Look("#332288", "*"),
    "inversion": _Look("#7A1F1F", "D"),
    "surrogate": _Look("#7A1F1F", "D"),  # which the inversion inverts
    "diffusion": _Look("#CC79A7", "^"),
    "end to end": _Look("#999933", "s"),
    # Kinds of intervals; of "errors" are those that the MMVAE is shipped with.
    "latent": _Look("#44AA99", "s"),
    "likelihood": _Look("#AA4499", "d"),
    "errors": _Look("#0072B2", "o"),
}
_WHITEST = 0.45  # how much white is in the colour of the first recipe


def _look(method):
    """The look of a method, and its recipe ("" if its name has none)."""
    if method in _LOOKS:
        return _LOOKS[method], ""
    base, _, recipe = method.removesuffix(")").partition(" (")
    return _LOOKS[base], recipe


def method_colour(method):
    """The colour of a method.

    Parameters
    ----------
    method : str
        Its name, with or without a recipe: "MMVAE", "MMVAE (text)".  The recipes of
        `snlib.model.recipes.RECIPES` become darker in their order, and the last has the colour of the method
        itself, as have recipes that are not compared there.

    Returns
    -------
    str
        As ``#rrggbb``.

    Raises
    ------
    KeyError
        If there is no such method.
    """
    (look, recipe), recipes = _look(method), list(RECIPES)
    to_come = len(recipes) - 1 - recipes.index(recipe) if recipe in recipes else 0
    white = _WHITEST * to_come / max(len(recipes) - 1, 1)
    return to_hex((1 - white) * np.array(to_rgb(look.colour)) + white)


def method_marker(method):
    """The marker of a method, whatever its recipe; see `method_colour`."""
    return _look(method)[0].marker


def recipe_colour(recipe):
    """The colour of a recipe: that of its MMVAE."""
    return method_colour(f"MMVAE ({recipe})")


def recipe_label(recipe):
    """The words for a recipe, in a title or a legend."""
    return f"Recipe “{recipe}”"


def phase_title(phase_days):
    """The words for the phase of a spectrum."""
    return f"{phase_days:+.0f} d"


def use_style():
    """Set the look of every figure of the book; in a notebook, keep what each one shows in numbers too."""
    print_contents()
    sns.set_theme("notebook", "ticks")
    plt.rcParams.update(
        {
            "figure.dpi": 90,
            "savefig.dpi": 90,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "legend.frameon": False,
            "figure.constrained_layout.use": True,
        }
    )
