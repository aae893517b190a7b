"""What comes with the repository is made by one command."""

import pandas as pd
import pytest

from snlib.files import read_json
from snlib.inference.forecast import Forecaster
from snlib.replication import shipping
from snlib.replication.run import open_run


@pytest.fixture
def quick(monkeypatch):
    """A recipe that trains in seconds, and tables that are made at once."""
    monkeypatch.setattr(shipping, "_RECIPE", "improved")
    for name in ("interval_scores", "early_table"):
        monkeypatch.setattr(shipping, name, lambda run, what, name=name: pd.DataFrame({name: [1 / 3]}))


def test_weights_tables_and_provenance(quick, tmp_path, monkeypatch):
    monkeypatch.setenv("SNLIB_GENERATED", str(tmp_path))
    run, weights = open_run("smoke"), tmp_path / "weights" / "w.safetensors"
    shipping.ship(run, weights, tmp_path / "results")
    forecaster = Forecaster.load(weights)
    event = run.dataset().part("test").select([0])
    assert forecaster.recalibration is not None
    assert forecaster.of_event(event, 20, 0).shape == (20, 5, 982)
    assert pd.read_csv(tmp_path / "results" / "intervals.csv")["interval_scores"].tolist() == [0.3333]
    assert pd.read_csv(tmp_path / "results" / "early.csv")["early_table"].tolist() == [0.3333]
    provenance = read_json(tmp_path / "results" / "provenance.json")
    assert provenance["profile"] == {"name": "smoke", "n_events": 60, "n_steps": 60}
    assert provenance["events"] == {"train": 48, "validation": 6, "test": 6}
    assert provenance["n_steps"] == {"mmvae": 60, "predictive-mmvae": 60}
    start = read_json(weights.with_suffix(".json"))["provenance"]["made_from"]["start"]
    assert start == run.trained("mmvae", "improved").provenance["made_from"]
