"""Colours tell methods and recipes apart, also those that are yet to come."""

import matplotlib.pyplot as plt
import pytest

from snlib.data.quantities import BANDS
from snlib.figures.style import (
    BAND_COLOURS,
    BAND_MARKERS,
    method_colour,
    method_marker,
    paper_colours,
    percent,
    phase_title,
    recipe_colour,
    recipe_label,
    use_style,
)
from snlib.model.recipes import RECIPES
from snlib.replication.profiles import PROFILES

METHODS = ["truth", "mean spectrum", "contrastive", "spectra-only VAE", "MMVAE", "MMVAE (large, fine-tuned)"]
METHODS += ["inversion", "diffusion", "end to end", "end to end, both", "latent", "likelihood"]


def test_no_two_methods_and_no_two_bands_look_alike():
    assert len({method_colour(method) for method in METHODS}) == len(METHODS)
    real = [method for method in METHODS if method not in ("truth", "latent", "likelihood", "end to end")]
    assert len({method_marker(method) for method in real}) == len(real)
    assert list(BAND_COLOURS) == list(BAND_MARKERS) == list(BANDS)
    assert len(set(BAND_COLOURS.values())) == len(set(BAND_MARKERS.values())) == len(BANDS)


@pytest.mark.parametrize("method", ["MMVAE", "spectra-only VAE", "contrastive"])
def test_a_method_looks_the_same_in_every_recipe(method):
    for recipe in ("text", "improved", "another"):
        assert method_colour(f"{method} ({recipe})") == method_colour(method)
        assert method_marker(f"{method} ({recipe})") == method_marker(method)


def test_no_two_recipes_that_are_judged_look_alike():
    recipes = {recipe for profile in PROFILES.values() for recipe in profile.lengths} | set(RECIPES)
    assert len({recipe_colour(recipe) for recipe in recipes}) == len(recipes) >= 5


def test_the_colours_of_the_paper_end_with_their_figure():
    before = {method: method_colour(method) for method in METHODS}
    with pytest.raises(KeyError, match="none"), paper_colours():
        assert method_colour("spectra-only VAE (text)") == before["mean spectrum"]  # both green there
        assert method_colour("truth") not in before.values()
        assert method_colour("MMVAE") == before["MMVAE"]
        raise KeyError("none")
    assert {method: method_colour(method) for method in METHODS} == before


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


@pytest.mark.parametrize(
    ("share", "given", "words"),
    [
        (0.35, {}, "35 %"),
        (1, {}, "100 %"),
        (0.123, {"digits": 1}, "12.3 %"),
        (0.05, {"sign": "+"}, "+5 %"),
        (-0.05, {"sign": "+"}, "-5 %"),
    ],
)
def test_a_share_is_written_as_the_book_writes_it(share, given, words):
    assert percent(share, **given) == words
