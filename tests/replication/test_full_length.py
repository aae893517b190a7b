"""Weights that were trained as long as the paper's, and the tables that say what they are worth."""

from functools import partial

import pandas as pd
import pytest
from numpy.testing import assert_allclose

from snlib.data.dataset import make_dataset, split_events
from snlib.evaluation.scores import event_scores
from snlib.files import DATA
from snlib.inference.posteriors import from_light_curve, spectrum_posteriors
from snlib.model.recipes import RECIPES
from snlib.model.weights import load_model
from snlib.replication.profiles import PROFILES
from snlib.simulation.simulate import simulate

PAPER = PROFILES["full"]


@pytest.fixture(scope="module")
def first_test_events():
    """The first three test events of the profile, simulated again."""
    split = split_events(PAPER.n_events, 0)
    split["test"] = split["test"][:3]
    last = split["test"][-1]
    split |= {name: split[name][split[name] <= last] for name in ("train", "validation")}
    return make_dataset(simulate(last + 1, 0), split).part("test")


@pytest.mark.parametrize("recipe", RECIPES)
def test_trained_to_the_end_of_the_profile(recipe):
    path = DATA / "weights" / "full" / f"mmvae-{recipe}.safetensors"
    model, _, provenance = load_model(path, "cpu")
    history = pd.read_csv(path.with_suffix(".csv"))
    assert model.recipe == RECIPES[recipe]
    assert provenance["made_from"]["n_steps"] == history["step"].iloc[-1] == PAPER.n_steps
    assert len(history) == 100 and history["step"].diff().nunique() == 1


@pytest.mark.parametrize("recipe", RECIPES)
def test_committed_scores_are_those_of_the_committed_weights(recipe, first_test_events):
    events = first_test_events
    model, scaling, _ = load_model(DATA / "weights" / "full" / f"mmvae-{recipe}.safetensors", "cpu")
    found = spectrum_posteriors(
        partial(from_light_curve, model, scaling),
        model.spectrum,
        scaling,
        events,
        PAPER.n_posterior_samples,
        seed=0,
    )
    committed = pd.read_csv(DATA / "results" / "full_length" / "spectra.csv")
    committed = committed[committed["model"].eq(f"MMVAE ({recipe})") & (committed["event"] < len(events))]
    for interval, rows in committed.groupby("interval"):
        again = event_scores(found[interval], events.spectra)
        assert_allclose(rows["mse_dex2"], again["mse_dex2"], rtol=2e-3)
        assert_allclose(rows["coverage_90"], again["coverage_90"], atol=5e-3)
    assert set(committed["interval"]) == set(found)
