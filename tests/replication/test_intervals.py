"""The table of every kind of interval: complete, and recalibrated with validation events only."""

from dataclasses import replace
from types import SimpleNamespace

import pandas as pd
import pytest

from snlib.evaluation.features import FEATURES
from snlib.evaluation.score_table import score_features
from snlib.evaluation.scores import PIT_COLUMNS
from snlib.inference.samplers import fit_recalibration
from snlib.model.registry import new_model
from snlib.replication import intervals
from snlib.replication.intervals import interval_scores
from snlib.simulation.surrogate import Surrogate
from tests.evaluation.toy_worlds import COVERAGES


@pytest.fixture
def surrogate():
    shipped = Surrogate.load()
    return replace(shipped, residuals=shipped.residuals[:2])


def test_every_method_is_scored_with_recalibrations_of_validation_events(
    dataset, small_recipe, surrogate, monkeypatch
):
    models = {name: new_model(name, small_recipe, seed=0).eval() for name in ("mmvae", "predictive-mmvae")}
    run = SimpleNamespace(
        dataset=lambda: dataset,
        device="cpu",
        seed=0,
        surrogate=surrogate,
        magnitude_scale=0.02,
        trained=lambda name, _: SimpleNamespace(model=models[name]),
    )
    fitted_to, scored = [], []

    def fit(sampler, events, *args):
        fitted_to.append(set(events.object_id))
        return fit_recalibration(sampler, events, *args)

    def judge(drawn, events):
        scored.append(set(events.object_id))
        return score_features(drawn, events)

    monkeypatch.setattr(intervals, "fit_recalibration", fit)
    monkeypatch.setattr(intervals, "score_features", judge)
    table = interval_scores(run, "improved")
    validation, test = (set(dataset.part(part).object_id) for part in ("validation", "test"))
    assert fitted_to == [validation] * 4 and scored == [test] * 3
    keys = ["method", "recalibrated", "feature", "phase_days"]
    expected = pd.MultiIndex.from_product(
        [
            ["latent", "likelihood", "errors", "inversion"],
            [False, True],
            ["pixel", *FEATURES],
            dataset.events.spectra.phase_days,
        ]
    )
    found = pd.MultiIndex.from_frame(table[keys])
    assert found.is_unique and found.symmetric_difference(expected).empty
    measures = ["rmse", "crps", "log_score", "width_68", "width_90", *COVERAGES, *PIT_COLUMNS]
    assert set(table) == {*keys, "n_pixels", *measures, *(f"{name}_error" for name in COVERAGES)}
    assert table.query("feature == 'pixel'")[measures].notna().all(axis=None)
    # Latents alone leave out what the likelihood adds.
    width = table.query("feature == 'pixel' and not recalibrated").groupby("method")["width_90"].mean()
    assert width["latent"] < width["likelihood"]
