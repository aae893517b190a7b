"""Colours tell methods and recipes apart, also those that are yet to come."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from snlib.data.quantities import BANDS
from snlib.figures import style
from snlib.figures.style import (
    BAND_COLOURS,
    BAND_MARKERS,
    method_colour,
    method_marker,
    phase_title,
    recipe_colour,
    recipe_label,
    use_style,
)

METHODS = ["truth", "mean spectrum", "contrastive", "spectra-only VAE", "MMVAE", "MMVAE (large, fine-tuned)"]
METHODS += ["inversion", "diffusion", "end to end", "latent", "likelihood"]


def test_no_two_methods_and_no_two_bands_look_alike():
    assert len({method_colour(method) for method in METHODS}) == len(METHODS)
    real = [method for method in METHODS if method not in ("truth", "latent", "likelihood", "end to end")]
    assert len({method_marker(method) for method in real}) == len(real)
    assert list(BAND_COLOURS) == list(BAND_MARKERS) == list(BANDS)
    assert len(set(BAND_COLOURS.values())) == len(set(BAND_MARKERS.values())) == len(BANDS)


@pytest.mark.parametrize("recipes", [["text", "improved"], ["text", "evaluated", "improved"], ["only"]])
@pytest.mark.parametrize("method", ["MMVAE", "spectra-only VAE", "contrastive"])
def test_recipes_become_darker_until_the_colour_of_the_method(recipes, method, monkeypatch):
    monkeypatch.setattr(style, "RECIPES", dict.fromkeys(recipes))
    colours = [method_colour(f"{method} ({recipe})") for recipe in recipes]
    assert colours[-1] == method_colour(method)
    light = [sum(to_rgb(colour)) for colour in colours]
    assert (np.diff(light) < -0.1).all()
    assert {method_marker(f"{method} ({recipe})") for recipe in recipes} == {method_marker(method)}


def test_the_colour_of_a_recipe_is_that_of_its_mmvae():
    assert recipe_colour("text") == method_colour("MMVAE (text)") != method_colour("MMVAE (improved)")
    assert recipe_colour("improved") == method_colour("MMVAE (improved)")


def test_a_recipe_that_is_not_compared_has_the_colour_of_its_method():
    assert method_colour("MMVAE (another)") == method_colour("MMVAE")


def test_an_unknown_method_has_no_colour():
    with pytest.raises(KeyError, match="MMVEA"):
        method_colour("MMVEA (text)")


def test_words():
    assert recipe_label("text") == "Recipe “text”"
    assert [phase_title(phase) for phase in (-10.0, 0.0, 30.0)] == ["-10 d", "+0 d", "+30 d"]


def test_the_style_of_the_book():
    with plt.rc_context():
        use_style()
        _, ax = plt.subplots()
        assert [ax.spines[side].get_visible() for side in ("left", "bottom", "top", "right")] == [
            *(True, True, False, False)
        ]
        ax.plot([0, 1], label="line")
        assert not ax.legend().get_frame_on()
