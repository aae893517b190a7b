"""The look of the book: colours, markers, labels and how recipes are told apart."""

from collections import ChainMap
from contextlib import contextmanager
from dataclasses import dataclass, replace

import matplotlib.pyplot as plt
import seaborn as sns
from matplotlib.colors import to_hex

from snlib.data.quantities import BANDS
from snlib.figures.notebook import keep_figures

__all__ = [
    "BAND_COLOURS",
    "BAND_MARKERS",
    "FNU_LABEL",
    "PHASE_LABEL",
    "WAVELENGTH_LABEL",
    "method_colour",
    "method_marker",
    "paper_colours",
    "percent",
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
    "nearest supernova": _Look("#E69F00", "v"),
    "SALT3": _Look("#882255", "s"),
    "joint transceiver": _Look("#0072B2", "P"),
    "mean of both": _Look("#44AA99", "d"),
    "end to end": _Look("#999933", "s"),
    "end to end, both": _Look("#117733", "p"),
    # Kinds of intervals; of "errors" are those that the MMVAE is shipped with.
    "latent": _Look("#44AA99", "s"),
    "likelihood": _Look("#AA4499", "d"),
    "errors": _Look("#0072B2", "o"),
}
# What differs in the figures of the paper; MMVAE, contrastive model and mean spectrum look there as here.
_OF_THE_PAPER = {"truth": "#D62728", "spectra-only VAE": "#009E73"}
_SHOWN = ChainMap({}, _LOOKS)
# Recipes where they stand side by side; those of the authors' program are reds.
_RECIPE_COLOURS = {
    "text": "#56B4E9",
    "evaluated": "#882255",
    "evaluated-may": "#CC6677",
    "evaluated-independent": "#777777",
    "improved": "#0072B2",
}


def _look(method):
    """The look of a method, whatever its recipe."""
    return _SHOWN[method] if method in _SHOWN else _SHOWN[method.removesuffix(")").partition(" (")[0]]


@contextmanager
def paper_colours():
    """Give methods the colours that they have in the figures of the paper, for as long as this is open."""
    _SHOWN.maps[0].update({name: replace(_LOOKS[name], colour=new) for name, new in _OF_THE_PAPER.items()})
    try:
        yield
    finally:
        _SHOWN.maps[0].clear()


def method_colour(method):
    """The colour of a method.

    Parameters
    ----------
    method : str
        Its name, with or without a recipe, which makes no difference: "MMVAE", "MMVAE (text)".

    Returns
    -------
    str
        As ``#rrggbb``.

    Raises
    ------
    KeyError
        If there is no such method.
    """
    return to_hex(_look(method).colour)


def method_marker(method):
    """The marker of a method, whatever its recipe; see `method_colour`."""
    return _look(method).marker


def recipe_colour(recipe):
    """The colour of a recipe where several are compared, as ``#rrggbb``; a `KeyError` if it has none."""
    return to_hex(_RECIPE_COLOURS[recipe])


def recipe_label(recipe):
    """The words for a recipe, in a title or a legend."""
    return f"Recipe “{recipe}”"


def phase_title(phase_days):
    """The words for the phase of a spectrum."""
    return f"{phase_days:+.0f} d"


def percent(share, digits=0, sign=""):
    """A share in percent, as the book writes it: 0.35 is "35 %".

    Parameters
    ----------
    share : float
    digits : int
        After the point.
    sign : {"", "+"}
        With "+", what is not negative has a sign too.

    Returns
    -------
    str
    """
    return f"{100 * share:{sign}.{digits}f} %"


def use_style():
    """Set the look of every figure of the book, and what a notebook keeps of it."""
    keep_figures()
    sns.set_theme("notebook", "ticks")
    plt.rcParams.update(
        {
            "figure.dpi": 150,
            "savefig.dpi": 150,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "legend.frameon": False,
            "figure.constrained_layout.use": True,
        }
    )
