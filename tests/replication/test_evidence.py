"""The numbers behind the claims, from small tables whose answers are known by hand."""

import numpy as np
import pytest

from snlib.evaluation.bootstrap import N_REPLICATES
from snlib.model.recipes import RECIPES
from snlib.replication.evidence import Evidence
from tests.replication.evidence_tables import N_EVENTS, make_tables


@pytest.fixture(scope="module")
def evidence():
    return Evidence(make_tables())


ESTIMATES = {
    # The geometric mean of 1, 2 and 4 is 2, that of 1 and 4 over the seeds again 2.
    "RMSE": (lambda e, r: e.rmse_ratio("MMVAE", "spectra-only VAE", r), 2 / 1 * 4),
    "RMSE and retrieval": (lambda e, r: e.rmse_ratio("MMVAE", "contrastive", r), 2 / 4 * 4),
    "RMSE and nearest spectrum": (
        lambda e, r: e.rmse_ratio("contrastive, nearest spectrum", "contrastive", r),
        3 / 4,
    ),
    "coverage": (lambda e, r: e.coverage("MMVAE", r), (0.8 + 0.6) / 2),
    "width": (lambda e, r: e.width_ratio("MMVAE", "spectra-only VAE", r), 3 / 2 * 4),
    "half hidden": (lambda e, r: e.masked_rmse_ratio(0.5, r), 1.1),
    "most hidden": (lambda e, r: e.masked_rmse_ratio(0.9, r), 3.0),
    "distance": (lambda e, r: e.masked_distance_ratio(0.9, r), (0.25 * 0.8 * 0.2) ** (1 / 3)),
    "before peak": (lambda e, r: e.masked_distance_before_peak(0.9, r), 0.25 / 0.4),
    # Geometric over the seeds: 2 / 4 and 32 / 4.
    "variance": (lambda e, r: e.generated_ratio("variance_dex2", "prior", "truth", r), 2.0),
    "power": (lambda e, r: e.generated_ratio("power_fine_dex2", "prior", "truth", r), 0.2),
    "conditional": (lambda e, r: e.generated_ratio("variance_dex2", "conditional", "prior", r), 4.0),
    "nickel": (lambda e, r: e.nickel_ratio("MMVAE", r), (0.5 + 1.5) / 2),
    "nickel like the others": (lambda e, r: e.nickel_ratio("contrastive", r), 1.0),
    "won": (lambda e, r: e.parameters_won("MMVAE", r), 4.5),
    "a draw is not won": (lambda e, r: e.parameters_won("contrastive", r), 0.0),
}


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("name", ESTIMATES)
def test_estimate_by_hand(evidence, name, recipe):
    measure, expected = ESTIMATES[name]
    values = measure(evidence, recipe)
    assert values.shape == (1 + N_REPLICATES,)
    assert np.isfinite(values).all()
    assert values[0] == pytest.approx(expected)


def test_mean_spectrum_is_compared_with_each_recipe(evidence):
    found = {recipe: evidence.rmse_ratio("contrastive", "mean spectrum", recipe)[0] for recipe in RECIPES}
    assert found == pytest.approx({"text": 4 / 5, "improved": 0.5 * 4 / 5})


def test_events_count_by_their_pixels():
    tables = make_tables()
    for table in tables["spectra"]:
        ours = table["model"] == "MMVAE (text)"
        table["mse_dex2"] = np.where(ours & (table["event"] >= N_EVENTS // 2), 5.0, 1.0)
    ratio = Evidence(tables).rmse_ratio("MMVAE", "spectra-only VAE", "text")
    assert ratio[0] == pytest.approx(np.sqrt((100 * 1 + 300 * 5) / 400))


SAME = {
    "RMSE": lambda e, r: e.rmse_ratio("MMVAE", "MMVAE", r),
    "width": lambda e, r: e.width_ratio("MMVAE", "MMVAE", r),
    "masked RMSE": lambda e, r: e.masked_rmse_ratio(0.0, r),
    "masked distance": lambda e, r: e.masked_distance_ratio(0.0, r),
    "before peak": lambda e, r: e.masked_distance_before_peak(0.0, r),
    "truth": lambda e, r: e.generated_ratio("variance_dex2", "truth", "truth", r),
    "prior": lambda e, r: e.generated_ratio("variance_dex2", "prior", "prior", r),
}


@pytest.mark.parametrize("name", SAME)
def test_nothing_differs_from_itself_in_any_replicate(evidence, name):
    for recipe in RECIPES:
        assert (SAME[name](evidence, recipe) == 1).all()


def test_proportional_errors_have_a_sure_ratio(evidence):
    """Both models miss the same events: only with the same draws does their spread cancel."""
    values = evidence.rmse_ratio("spectra-only VAE", "contrastive", "text")
    np.testing.assert_allclose(values, 1 / 4)
    np.testing.assert_allclose(evidence.masked_distance_before_peak(0.9, "text"), 0.625)


def test_replicates_draw_events_again():
    one_seed = {name: tables[:1] for name, tables in make_tables().items()}
    covered = Evidence(one_seed).coverage("MMVAE", "text")
    # With k of the six draws in the second half: (0.5 (6 - k) + 0.9 · 3 k) / (6 - k + 3 k).
    k = np.arange(N_EVENTS + 1)
    possible = (0.5 * (6 - k) + 2.7 * k) / (6 + 2 * k)
    np.testing.assert_allclose(np.unique(covered[1:].round(9)), possible.round(9))


def test_seeds_are_drawn_again(evidence):
    values = evidence.rmse_ratio("MMVAE", "spectra-only VAE", "text")
    np.testing.assert_allclose(np.unique(values.round(9)), [4, 8, 16])


MISSING = {
    "model": lambda e: e.rmse_ratio("no such model", "MMVAE", "text"),
    "recipe": lambda e: e.rmse_ratio("MMVAE", "contrastive", "no such recipe"),
    "coverage": lambda e: e.coverage("contrastive", "text"),
    "width": lambda e: e.width_ratio("MMVAE", "contrastive", "text"),
    "width of a single spectrum": lambda e: e.width_ratio("MMVAE", "contrastive, nearest spectrum", "text"),
    "hidden": lambda e: e.masked_rmse_ratio(0.25, "text"),
    "method": lambda e: e.nickel_ratio("end to end", "text"),
    "won": lambda e: e.parameters_won("no such method", "text"),
}


@pytest.mark.parametrize("name", MISSING)
def test_missing_results_are_an_error(evidence, name):
    with pytest.raises(ValueError, match="no results of"):
        MISSING[name](evidence)
