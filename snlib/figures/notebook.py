"""What a notebook keeps of a figure: an image fine enough to be enlarged, and its contents in numbers."""

import sys
from base64 import b64encode
from io import BytesIO

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from PIL import Image

from snlib.figures.contents import contents

__all__ = ["image", "keep_figures"]

_PAGE_PIXELS_AN_INCH = 96  # by definition


def image(figure):
    """Draw a figure as a PNG of 256 colours, at the resolution of ``savefig.dpi``.

    Parameters
    ----------
    figure : matplotlib.figure.Figure

    Returns
    -------
    bytes
        The file, of a quarter to a half of the size that one of 16 million colours would have.
    dict of str to int
        The ``width`` in pixels of a page at which it is as large as it was drawn.
    """
    drawn, small = BytesIO(), BytesIO()
    figure.savefig(drawn, format="png", bbox_inches="tight")
    dpi = plt.rcParams["savefig.dpi"]
    colours = Image.open(drawn).convert("RGB")
    # By "maximum coverage" rare colours stay what they are, those of thin lines say.
    few = colours.quantize(method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    few.save(small, "png", optimize=True, dpi=(dpi, dpi))
    return small.getvalue(), {"width": round(few.width * _PAGE_PIXELS_AN_INCH / dpi)}


def keep_figures():
    """Let the notebook that this runs in, if any, keep `image` and `contents` of every figure it shows."""
    python = sys.modules.get("IPython")
    if python is not None and (shell := python.get_ipython()):
        plt.switch_backend(plt.get_backend())  # which forgets what was known of figures, but only once
        formatters = shell.display_formatter.formatters
        formatters["text/plain"].for_type(Figure, _print_contents)
        formatters["image/png"].for_type(Figure, _encoded_image)


def _print_contents(figure, printer, cycle):
    printer.text(contents(figure))


def _encoded_image(figure):
    data, size = image(figure)
    return b64encode(data).decode("ascii"), size
