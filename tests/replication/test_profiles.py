"""How long models train: the passes of the authors' scripts, unless the profile is shorter."""

import pytest

from snlib.model.heads import HEADS
from snlib.model.registry import MODELS, recipe_for
from snlib.replication import evaluated  # noqa: F401 (registers recipes)
from snlib.replication.profiles import PROFILES, Length, Profile

N_PAIRS = 3_600 * 5
# Epochs of the scripts test_photospectra.py, test_photometry.py and test_spectra.py; others have 500, and the
# joint regressor, which has no script, as many as the first.
PASSES = {"mmvae": 200, "photometry-vae": 200, "spectrum-vae": 200, "joint-regressor": 200}


@pytest.mark.parametrize("recipe", ["evaluated", "evaluated-may", "evaluated-independent", "improved"])
@pytest.mark.parametrize("model", [name for name in (*MODELS, *HEADS) if name != "predictive-mmvae"])
def test_the_published_run_is_as_long_as_the_scripts(model, recipe):
    settings = recipe_for(model, recipe)
    expected = PASSES.get(model, 500) * (N_PAIRS // settings.batch_size)
    assert PROFILES["full"].steps_of(model, settings, N_PAIRS) == expected


@pytest.mark.parametrize("model", ["mmvae", "contrastive", "photometry-regressor"])
def test_the_text_ends_where_nothing_more_can_change(model):
    assert PROFILES["full"].steps_of(model, recipe_for(model, "text"), N_PAIRS) == 100_000


@pytest.mark.parametrize(
    "recipe, n_steps",
    [
        ("text", 7),
        ("text-slower", 7),
        ("evaluated", 3),
        ("evaluated-may-982", 3),
        ("evaluated-may", 5),
        ("improved", 9),
    ],
)
def test_a_variant_is_as_long_as_its_recipe_unless_it_is_named(recipe, n_steps):
    lengths = {"text": Length(7), "evaluated": Length(3), "evaluated-may": Length(5)}
    profile = Profile("any", n_events=1, n_steps=9, n_posterior_samples=1, lengths=lengths)
    named = recipe_for("mmvae", recipe if recipe != "text-slower" else "text")
    assert profile.steps_of("mmvae", type(named)(**(vars(named) | {"name": recipe})), N_PAIRS) == n_steps


def test_fewer_pairs_than_a_batch_are_a_pass_of_one_step():
    profile = Profile("any", n_events=1, n_steps=10**9, n_posterior_samples=1)
    assert profile.steps_of("mmvae", recipe_for("mmvae", "text"), 5) == 200


def test_the_mmvae_may_have_more_seeds_than_what_it_is_compared_with():
    full = PROFILES["full"]
    assert [full.n_seeds("mmvae", name) for name in full.lengths] == [5, 2, 2, 5, 5]
    assert [full.n_seeds("contrastive", name) for name in full.lengths] == [3, 2, 2, 3, 3]
    assert full.n_seeds("mmvae", "large") == full.n_seeds("contrastive", "large") == 0
