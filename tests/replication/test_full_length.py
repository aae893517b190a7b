"""Weights that were trained as long as the paper's, and the table that says what they are worth."""

import numpy as np
import pandas as pd
import pytest

from snlib.data.dataset import split_events, without_late_points
from snlib.files import DATA
from snlib.inference.posteriors import from_light_curve, posterior_samples
from snlib.model.recipes import RECIPES
from snlib.model.registry import recipe_for
from snlib.model.weights import load_model
from snlib.replication.profiles import PROFILES
from snlib.simulation.simulator import simulate

FULL = PROFILES["full"]
N_REPEATS = 6


N_PAIRS = 3_600 * 5
RESULTS = DATA / "results"
# By recipe: of the published run, and of a run of 500 passes of one seed.
JUDGED = {path.parents[1].name: path for path in RESULTS.glob("full/*/seed0/experts.csv.gz")}
CASES = [("full", recipe, path.with_name("spectra.csv.gz")) for recipe, path in sorted(JUDGED.items())]
CASES += [("full_length", recipe, RESULTS / "full_length" / "spectra.csv") for recipe in RECIPES]
every_case = pytest.mark.parametrize("folder, recipe, table", CASES, ids=[f"{a}-{b}" for a, b, _ in CASES])


def weights(folder, recipe):
    return DATA / "weights" / folder / f"mmvae-{recipe}-seed0.safetensors"


@every_case
def test_trained_to_the_end(folder, recipe, table):
    saved, settings = load_model(weights(folder, recipe)), recipe_for("mmvae", recipe)
    history = pd.read_csv(weights(folder, recipe).with_suffix(".csv"))
    n_steps = FULL.n_steps if folder == "full_length" else FULL.steps_of("mmvae", settings, N_PAIRS)
    assert saved.model.recipe == settings
    assert saved.provenance["made_from"]["n_steps"] == history["step"].iloc[-1] == n_steps
    assert len(history) == 100 and history["step"].diff().nunique() == 1


@pytest.fixture(scope="module")
def first_test_event():
    """The first test event of the profile, simulated again."""
    first = split_events(FULL.n_events, 0)["test"][:1]
    return without_late_points(simulate(first[0] + 1, 0).select(first))


@every_case
def test_committed_errors_scatter_about_those_of_the_weights(folder, recipe, table, first_test_event):
    """The committed errors are of 200 latent samples; more such draws say how far these scatter."""
    saved = load_model(weights(folder, recipe))
    model, scaling = saved.model, saved.scaling
    spectra, n_samples = first_test_event.spectra, FULL.n_posterior_samples
    posterior = from_light_curve(model, scaling, first_test_event)
    where = (spectra.phase_days, spectra.wavelength_aa)
    rng = np.random.default_rng(123)
    latent, _ = posterior_samples(posterior, model.spectrum, scaling, *where, N_REPEATS * n_samples, rng)
    means = latent.reshape(N_REPEATS, n_samples, *latent.shape[1:]).mean(1)
    drawn = np.log(np.nanmean((means - spectra.log10_fnu[0]) ** 2, axis=-1))  # a row a repeat
    committed = pd.read_csv(table)
    committed = committed[committed["model"].eq(f"MMVAE ({recipe})") & committed["event"].eq(0)]
    assert set(committed["interval"]) == {"latent", "predictive"}
    for _, rows in committed.groupby("interval"):
        away = np.log(rows.sort_values("phase_days")["mse_dex2"]) - drawn.mean(0)
        assert (np.abs(away) < 5 * drawn.std(0, ddof=1)).all()
