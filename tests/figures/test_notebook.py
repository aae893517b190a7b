"""A notebook keeps of a figure its contents, and an image that is sharp, true to its colours and small."""

import builtins
from base64 import b64decode
from io import BytesIO

import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from snlib.figures.contents import contents
from snlib.figures.notebook import image, keep_figures
from snlib.figures.style import use_style


def pixels(data):
    return np.asarray(Image.open(BytesIO(data)).convert("RGB"), int)


@pytest.fixture
def figure():
    """In the style of the book, with many colours, thin lines and words."""
    with plt.rc_context():
        use_style()
        figure, ax = plt.subplots()
        ax.imshow(np.add.outer(np.linspace(0, 1, 300), np.sin(np.linspace(0, 9, 400))), aspect="auto")
        for number in range(6):
            ax.plot([0, 399], [0, 50 * number], lw=0.7, label=f"line {number}")
        ax.legend(loc="lower left")
        yield figure


def test_a_notebook_keeps_image_and_contents(figure, monkeypatch):
    monkeypatch.setattr(builtins, "__IPYTHON__", True, raising=False)  # which a shell sets and leaves
    shells = pytest.importorskip("IPython.core.interactiveshell").InteractiveShell
    shell = shells.instance()
    try:
        keep_figures()
        shown, sizes = shell.display_formatter.format(figure)
    finally:
        shells.clear_instance()
    assert shown["text/plain"] == contents(figure)
    kept, drawn = (pixels(data) for data in (b64decode(shown["image/png"]), image(figure)[0]))
    assert np.abs(kept - drawn).mean() < 1.0  # a layout settles by being drawn
    assert sizes["image/png"] == image(figure)[1]


def test_outside_of_notebooks_nothing_is_kept():
    assert keep_figures() is None


def test_an_image_is_sharp_and_says_how_large_it_was_drawn(figure):
    data, size = image(figure)
    drawn = Image.open(BytesIO(data))
    assert min(drawn.info["dpi"]) == pytest.approx(150, abs=0.1)
    inches = drawn.width / 150
    assert size == {"width": pytest.approx(96 * inches, abs=1)}
    assert inches == pytest.approx(figure.get_figwidth(), rel=0.1)  # but for its margins


def test_an_image_is_smaller_than_matplotlibs_and_looks_the_same(figure):
    data, _ = image(figure)
    file = BytesIO()
    figure.savefig(file, format="png", bbox_inches="tight")
    assert len(data) < 0.6 * len(file.getvalue())
    difference = np.abs(pixels(data) - pixels(file.getvalue())).max(axis=2)
    assert difference.mean() < 6.0 and difference.max() < 25
