"""The table of every kind of interval: complete, and recalibrated with validation events only."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from snlib.evaluation.features import FEATURES
from snlib.evaluation.score_table import score_features
from snlib.evaluation.scores import PIT_COLUMNS
from snlib.inference.samplers import fit_recalibration
from snlib.inference.samples import Samples
from snlib.model.registry import new_model
from snlib.random_streams import stream
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


def test_each_kind_has_its_own_recalibration_and_the_random_numbers_of_the_seed(dataset, monkeypatch):
    """Latents that are a third as wide as the rest are stretched to the same intervals."""
    firsts = []

    def sampler(event, n_samples, rng):
        firsts.append(rng.random())
        wide = rng.normal(-12, 0.3, (n_samples, *event.spectra.log10_fnu.shape[1:]))
        narrow = wide.mean(0) + (wide - wide.mean(0)) / 3
        return {"latent": Samples(narrow), "predictive": Samples(wide)}

    monkeypatch.setattr(intervals, "sampler_of", lambda run, method, recipe: sampler)
    table = interval_scores(SimpleNamespace(dataset=lambda: dataset, seed=5), "improved")
    fitted, judged = (
        [stream(use, 5, place).random() for place in range(len(dataset.split[part]))]
        for use, part in (("recalibration", "validation"), ("posterior samples", "test"))
    )
    assert firsts == fitted * 2 + judged + (fitted + judged) * 2
    width = table[table["feature"] == "pixel"].set_index(["method", "recalibrated", "phase_days"])["width_90"]
    np.testing.assert_allclose(3 * width["latent", False], width["likelihood", False], rtol=1e-6)
    np.testing.assert_allclose(width["latent", True], width["likelihood", True], rtol=0.02)
