"""The table of chapter 20: every method at every cut."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from snlib.data.dataset import make_dataset
from snlib.evaluation import early
from snlib.inference.forecast import Forecaster
from snlib.inference.samplers import SIMULATED_MAGNITUDE_SCALE
from snlib.inference.samples import Samples
from snlib.model.registry import new_model, recipe_for
from snlib.random_streams import stream
from snlib.replication import early as early_tables
from snlib.replication.early import early_table
from snlib.simulation.simulator import simulate
from snlib.simulation.surrogate import Surrogate

SEED = 3
BY = ["cut", "value", "phase_days"]


@pytest.fixture
def few_cuts(monkeypatch):
    monkeypatch.setattr(early, "LAST_PHASES_DAYS", (-15.0, 5.0, np.inf))
    monkeypatch.setattr(early, "N_POINTS", (2, 6, np.inf))


def test_the_table(few_cuts, tmp_path):
    """Every method at every cut; the mean spectrum by hand, whatever the light curve."""
    dataset = make_dataset(simulate(29, SEED), {"train": range(25), "validation": [25, 26], "test": [27, 28]})
    model = new_model("predictive-mmvae", recipe_for("predictive-mmvae", "improved"), seed=0).eval()
    run = SimpleNamespace(
        dataset=lambda: dataset,
        seed=SEED,
        seen=dataset.part("train"),
        surrogate=Surrogate.load(),
        magnitude_scale=SIMULATED_MAGNITUDE_SCALE,
    )
    table = early_table(run, Forecaster(model, dataset.scaling))
    assert table["method"].unique().tolist() == ["MMVAE", "inversion", "mean spectrum"]
    assert table.groupby("method").size().tolist() == [6 * 5] * 3
    assert not table.isna().any(axis=None)
    assert (table["width_90_dex"] > 0).all()

    train, test = (dataset.part(part).spectra for part in ("train", "test"))
    error = np.nanmean(train.log10_fnu, axis=0) - test.log10_fnu
    error[:, np.isfinite(train.log10_fnu).sum(0) < 20] = np.nan  # too few to be judged
    expected = np.sqrt(np.nanmean(error**2, axis=(0, 2)))
    for _, floor in table[table["method"] == "mean spectrum"].groupby(BY[:2]):
        np.testing.assert_allclose(floor["rmse_dex"], expected, rtol=1e-5)

    rmse = table.set_index(["method", *BY])["rmse_dex"].unstack("phase_days")
    np.testing.assert_array_less(
        rmse.loc["inversion", "points", np.inf], rmse.loc["mean spectrum", "points", np.inf]
    )
    table.to_csv(tmp_path / "early.csv", index=False)
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "early.csv"), table)


def test_every_method_is_drawn_with_the_random_numbers_of_the_seed_at_every_cut(
    few_cuts, dataset, monkeypatch
):
    firsts = []

    def sampler(event, n_samples, rng):
        firsts.append(rng.random())
        return {"predictive": Samples(rng.normal(-12, 0.1, (n_samples, *event.spectra.log10_fnu.shape[1:])))}

    monkeypatch.setattr(early_tables, "forecast_sampler", lambda forecaster: sampler)
    monkeypatch.setattr(early_tables, "sampler_of", lambda run, method: sampler)
    early_table(SimpleNamespace(dataset=lambda: dataset, seed=SEED), None)
    expected = [stream("posterior samples", SEED, i).random() for i in range(len(dataset.split["test"]))]
    assert firsts == expected * (2 * 6 + 1)  # the mean spectrum is judged once for all cuts
