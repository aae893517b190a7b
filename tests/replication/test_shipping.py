"""What comes with the repository is made by one command."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from snlib.evaluation import unlike
from snlib.evaluation.unlike import fit_familiarity
from snlib.files import read_json
from snlib.inference.forecast import Forecaster
from snlib.inference.samplers import forecast_sampler
from snlib.replication import shipping
from snlib.replication.profiles import PROFILES, Profile
from snlib.replication.run import Run, open_run


@pytest.fixture
def quick(monkeypatch):
    """A run that takes seconds, and tables that are made at once."""
    small = Profile("small", n_events=60, n_steps=4, n_posterior_samples=20)
    monkeypatch.setitem(PROFILES, "small", small)
    monkeypatch.setattr(shipping, "_RECIPE", "improved")
    monkeypatch.setattr(unlike, "_N_LIGHT_CURVES", 200)
    for name in ("interval_scores", "early_table"):
        monkeypatch.setattr(shipping, name, lambda run, what, name=name: pd.DataFrame({name: [1 / 3]}))


def test_weights_tables_and_provenance(quick, tmp_path, monkeypatch):
    monkeypatch.setenv("SNLIB_GENERATED", str(tmp_path))
    run, weights = open_run("small"), tmp_path / "weights" / "w.safetensors"
    shipping.ship(run, weights, tmp_path / "results")
    forecaster = Forecaster.load(weights)
    event = run.dataset().part("test").select([0])
    assert forecaster.recalibration is not None
    untold = replace(forecaster, recalibration=None, familiarity=None)
    assert forecaster.familiarity == fit_familiarity(untold, run.dataset().part("validation"), run.seed)
    (samples,) = forecast_sampler(forecaster)(event, 20, np.random.default_rng(0)).values()
    assert samples.values.shape == (20, 5, 982)
    assert pd.read_csv(tmp_path / "results" / "intervals.csv")["interval_scores"].tolist() == [0.3333]
    assert pd.read_csv(tmp_path / "results" / "early.csv")["early_table"].tolist() == [0.3333]
    provenance = read_json(tmp_path / "results" / "provenance.json")
    assert provenance["profile"] == {"name": "small", "n_events": 60, "n_steps": 4}
    assert provenance["events"] == {"train": 48, "validation": 6, "test": 6}
    assert provenance["n_steps"] == {"mmvae": 4, "predictive-mmvae": 4}
    start = read_json(weights.with_suffix(".json"))["provenance"]["made_from"]["start"]
    assert start == run.trained("mmvae", "improved").provenance["made_from"]


def test_what_is_committed_is_not_committed_again(quick, tmp_path, monkeypatch):
    """New weights come from a training, even where the old ones are what would be trained."""
    monkeypatch.setenv("SNLIB_GENERATED", str(tmp_path))
    provenance, seen = {"made_from": {"n_steps": 1}, "device": "cpu", "torch": "2"}, []

    def trained(run, name, recipe):
        seen.append(run.shipped)
        return SimpleNamespace(provenance=provenance, seconds=lambda: 1.0)

    def forecaster(run, recipe):
        seen.append(run.shipped)
        return SimpleNamespace(save=lambda path, provenance: None)

    monkeypatch.setattr(Run, "trained", trained)
    monkeypatch.setattr(shipping, "calibrated_forecaster", forecaster)
    run = open_run("small", seed=4)
    assert run.shipped is not None
    shipping.ship(run, tmp_path / "weights.safetensors", tmp_path / "results")
    assert seen == [None] * 3
    assert read_json(tmp_path / "results" / "provenance.json")["seed"] == 4
