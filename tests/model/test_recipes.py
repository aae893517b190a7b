"""Recipes hold what can be, and nothing else."""

import math
from dataclasses import fields, make_dataclass, replace

import pytest

from snlib.model.attending import AttendingRecipe
from snlib.model.recipes import RECIPES, Recipe
from snlib.model.registry import read_recipe
from snlib.replication.variants import PublishedRecipe

KINDS = {
    kind.architecture: kind(**vars(RECIPES["text"])) for kind in (Recipe, AttendingRecipe, PublishedRecipe)
}
NO_NUMBERS = (math.nan, math.inf, -math.inf, "1", [1.0], True, -1, -0.5)


def test_the_paper_recipe_is_what_the_text_says():
    """Section 2: width 32, MLP 32, 4 layers, 4 heads, latent 4 x 4, AdamW at .001."""
    paper = RECIPES["text"]
    assert (paper.d_model, paper.d_mlp, paper.n_layers, paper.n_heads) == (32, 32, 4, 4)
    assert (paper.latent_tokens, paper.latent_dim, paper.learning_rate) == (4, 4, 0.001)


@pytest.mark.parametrize(
    "change, message",
    [
        ({"n_layer": 3}, "unknown keys.*n_layer"),
        ({"bound": "wide"}, "'wide'"),
        ({"d_model": 30}, "d_model 30"),
        ({"architecture": "attending"}, "'attending', not 'transceiver'"),
    ],
)
def test_recipes_refuse_what_they_do_not_know(change, message):
    with pytest.raises(ValueError, match=message):
        Recipe.from_dict(RECIPES["text"].to_dict() | change)


def test_recipes_refuse_what_is_missing():
    values = RECIPES["text"].to_dict()
    del values["bound"]
    with pytest.raises(ValueError, match=r"missing keys \['bound'\]"):
        Recipe.from_dict(values)


@pytest.mark.parametrize("kind", KINDS.values())
def test_every_number_of_a_recipe_must_be_one_that_can_be(kind):
    """Checked by the recipe itself: the tests' own checks of types see a class only where it is written."""
    recipe = make_dataclass("Unseen", [], bases=(type(kind),), frozen=True)(**vars(kind))
    for one in fields(recipe):
        if one.type in (str, bool):
            bad = (1, 0, None, 1.5)
        elif one.type is int:
            bad = (*NO_NUMBERS, 0, 4.0, None, 10**9)
        else:
            bad = (*NO_NUMBERS, 10**400) if one.type is not float else (*NO_NUMBERS, 10**400, None)
        for value in bad:
            with pytest.raises(ValueError, match=f"{one.name} is "):
                replace(recipe, **{one.name: value})


@pytest.mark.parametrize("name, most", [("hidden_points", 1), ("ended_early", 1)])
def test_shares_end_at_one(name, most):
    assert getattr(replace(RECIPES["text"], **{name: float(most)}), name) == most
    with pytest.raises(ValueError, match=f"{name} is 1.01, expected at least 0 and at most 1"):
        replace(RECIPES["text"], **{name: 1.01})


@pytest.mark.parametrize(
    "name", ["time_max_frequency", "wavelength_max_frequency", "temperature", "clip_norm"]
)
def test_what_divides_is_not_zero(name):
    with pytest.raises(ValueError, match=f"{name} is 0.0, expected above 0"):
        replace(RECIPES["text"], **{name: 0.0})


@pytest.mark.parametrize("architecture", KINDS)
def test_a_recipe_of_any_architecture_comes_back(architecture):
    assert read_recipe(KINDS[architecture].to_dict()) == KINDS[architecture]


@pytest.mark.parametrize("values", [None, [], "text", {}, {"architecture": []}, {"architecture": "other"}])
def test_what_is_no_recipe_is_refused(values):
    with pytest.raises((ValueError, TypeError), match=r"recipe: |unhashable"):
        read_recipe(values)
