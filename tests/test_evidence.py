"""The numbers behind the claims, from small tables whose answers are known by hand."""

import numpy as np
import pandas as pd
import pytest

from snlib.bootstrap import N_REPLICATES
from snlib.evidence import Evidence
from snlib.grid import PARAMETERS
from snlib.recipes import RECIPES

N_EVENTS, N_PRIOR = 6, 9
PHASES = np.array([-10, 0, 10])
RMSE = {"MMVAE": 2.0, "spectra-only VAE": 1.0, "contrastive": 4.0, "mean spectrum": 5.0}
WIDTH = {"MMVAE": 3.0, "spectra-only VAE": 2.0}
# How the errors with points hidden compare with those with none, and the distances at each phase.
HIDDEN_RMSE = {0.0: 1.0, 0.5: 1.1, 0.9: 3.0}
HIDDEN_DISTANCE = {0.0: [1.0, 1.0, 1.0], 0.5: [0.9, 0.9, 0.9], 0.9: [0.25, 0.8, 0.2]}
# What no number may be made of.
WRONG = 99.0
NAMES = [parameter.name for parameter in PARAMETERS]
NICKEL = NAMES.index("ni56_mass_msun")


def per_phase(place, **columns):
    """A row an event and phase, from columns that are as (events, phases)."""
    shape = (N_EVENTS, len(PHASES))
    event, phase = np.indices(shape)
    # The second half of the events has three times the pixels.
    given = {"n_pixels": np.where(event < N_EVENTS // 2, 100, 300)} | columns
    rows = {name: np.broadcast_to(values, shape).ravel() for name, values in given.items()}
    return pd.DataFrame(place | {"event": event.ravel(), "phase_days": PHASES[phase.ravel()]} | rows)


def spectra(seed, pattern):
    """MMVAE: errors grow by 1, 2 and 4 from phase to phase, and fourfold from seed to seed."""
    growth = np.array([1.0, 2.0, 4.0]) * 4.0**seed
    # 0.5 of 100 pixels and 0.9 of 300 are 0.8 of all; the second seed has 0.2 less.
    covered = np.repeat([0.5, 0.9], N_EVENTS // 2)[:, None] + [-0.05, 0.0, 0.05] - 0.2 * seed
    tables = []
    for recipe in RECIPES:
        for model, level in RMSE.items():
            rmse = level * (growth if model == "MMVAE" else 1) * (0.5 if recipe == "improved" else 1)
            width = WIDTH.get(model, WRONG) * (growth if model == "MMVAE" else 1)
            right = {"mse_dex2": rmse**2 * pattern, "coverage_90": covered, "width_90_dex": width * pattern}
            if model == "mean spectrum":
                if recipe == "paper":
                    tables.append(per_phase({"model": model, "interval": "predictive"}, **right))
                continue
            interval = "none" if model == "contrastive" else "latent"
            tables.append(per_phase({"model": f"{model} ({recipe})", "interval": interval}, **right))
            wrong = dict.fromkeys(right, WRONG)
            if interval == "latent":
                tables.append(per_phase({"model": f"{model} ({recipe})", "interval": "predictive"}, **wrong))
    return pd.concat(tables, ignore_index=True)


def masking(pattern):
    return pd.concat(
        per_phase(
            {"recipe": recipe, "hidden": hidden},
            mse_dex2=rmse**2 * pattern,
            model_mean_dex=np.array(HIDDEN_DISTANCE[hidden]) * pattern,
        )
        for recipe in RECIPES
        for hidden, rmse in HIDDEN_RMSE.items()
    )


def generation(seed):
    """Means: truth 4; prior 2 and, of the second seed, 32; conditional 4 times the prior's."""
    prior = [2.0, 32.0][seed]

    def rows(recipe, kind, mean, n):
        values = mean * np.linspace(0.5, 1.5, n)
        return pd.DataFrame(
            {"recipe": recipe, "kind": kind, "sample": np.arange(n)}
            | {"variance_dex2": values, "power_fine_dex2": values / (10 if kind == "prior" else 1)}
        )

    tables = [rows("none", "truth", 4.0, N_EVENTS)]
    for recipe in RECIPES:
        tables += [rows(recipe, "prior", prior, N_PRIOR), rows(recipe, "conditional", 4 * prior, N_EVENTS)]
    return pd.concat(tables, ignore_index=True)


def parameters(seed):
    """MMVAE: four parameters won, and five of the second seed; nickel 0.5 and 1.5 of the next."""
    end_to_end = np.full(6, 0.7)
    ours = np.full(6, 0.4)
    ours[NICKEL] = [0.2, 0.6][seed]
    lost = [index for index in range(6) if index != NICKEL][: 2 - seed]
    ours[lost] = 0.8
    right = {
        ("MMVAE", "light curve", "test"): ours,
        ("contrastive", "light curve", "test"): end_to_end,
        ("end to end", "light curve", "train"): end_to_end,
    }
    wrong = {
        (method, data, fitted_to): np.full(6, WRONG)
        for method in ("MMVAE", "contrastive", "end to end")
        for data in ("light curve", "spectra")
        for fitted_to in ("test", "train")
        if (method, data, fitted_to) not in right and (method, fitted_to) != ("end to end", "test")
    }
    tables = []
    for recipe in RECIPES:
        for (method, data, fitted_to), mean in (right | wrong).items():
            place = {"recipe": recipe, "method": method, "data": data, "fitted_to": fitted_to}
            errors = np.linspace(0.5, 1.5, N_EVENTS)[:, None] * mean
            tables.append(
                pd.DataFrame(place | {"event": range(N_EVENTS)} | dict(zip(NAMES, errors.T, strict=True)))
            )
    return pd.concat(tables, ignore_index=True)


def make_tables():
    """Tables of two seeds, as `snlib.results` makes them."""
    pattern = np.random.default_rng(0).uniform(0.5, 2.0, (N_EVENTS, len(PHASES)))
    return {
        "spectra": [spectra(seed, pattern) for seed in (0, 1)],
        "masking": [masking(pattern) for _ in (0, 1)],
        "generation": [generation(seed) for seed in (0, 1)],
        "parameters": [parameters(seed) for seed in (0, 1)],
    }


@pytest.fixture(scope="module")
def evidence():
    return Evidence(make_tables())


ESTIMATES = {
    # The geometric mean of 1, 2 and 4 is 2, that of 1 and 4 over the seeds again 2.
    "RMSE": (lambda e, r: e.rmse_ratio("MMVAE", "spectra-only VAE", r), 2 / 1 * 4),
    "RMSE and retrieval": (lambda e, r: e.rmse_ratio("MMVAE", "contrastive", r), 2 / 4 * 4),
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
    assert found == pytest.approx({"paper": 4 / 5, "improved": 0.5 * 4 / 5})


def test_events_count_by_their_pixels():
    tables = make_tables()
    for table in tables["spectra"]:
        ours = table["model"] == "MMVAE (paper)"
        table["mse_dex2"] = np.where(ours & (table["event"] >= N_EVENTS // 2), 5.0, 1.0)
    ratio = Evidence(tables).rmse_ratio("MMVAE", "spectra-only VAE", "paper")
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
    values = evidence.rmse_ratio("spectra-only VAE", "contrastive", "paper")
    np.testing.assert_allclose(values, 1 / 4)
    np.testing.assert_allclose(evidence.masked_distance_before_peak(0.9, "paper"), 0.625)


def test_replicates_draw_events_again():
    one_seed = {name: tables[:1] for name, tables in make_tables().items()}
    covered = Evidence(one_seed).coverage("MMVAE", "paper")
    # With k of the six draws in the second half: (0.5 (6 - k) + 0.9 · 3 k) / (6 - k + 3 k).
    k = np.arange(N_EVENTS + 1)
    possible = (0.5 * (6 - k) + 2.7 * k) / (6 + 2 * k)
    np.testing.assert_allclose(np.unique(covered[1:].round(9)), possible.round(9))


def test_seeds_are_drawn_again(evidence):
    values = evidence.rmse_ratio("MMVAE", "spectra-only VAE", "paper")
    np.testing.assert_allclose(np.unique(values.round(9)), [4, 8, 16])


MISSING = {
    "model": lambda e: e.rmse_ratio("no such model", "MMVAE", "paper"),
    "recipe": lambda e: e.rmse_ratio("MMVAE", "contrastive", "no such recipe"),
    "coverage": lambda e: e.coverage("contrastive", "paper"),
    "width": lambda e: e.width_ratio("MMVAE", "contrastive", "paper"),
    "hidden": lambda e: e.masked_rmse_ratio(0.25, "paper"),
    "method": lambda e: e.nickel_ratio("end to end", "paper"),
    "won": lambda e: e.parameters_won("no such method", "paper"),
}


@pytest.mark.parametrize("name", MISSING)
def test_missing_results_are_an_error(evidence, name):
    with pytest.raises(ValueError, match="no results of"):
        MISSING[name](evidence)
