"""A forecast is recalibrated in units of its own scale."""

from dataclasses import replace

import numpy as np
import pytest

from snlib.inference.forecast import Forecaster
from snlib.inference.recalibration import Recalibration
from snlib.model.registry import new_model

PHASE_DAYS, WAVELENGTH_AA = np.array([0.0, 10.0]), np.array([3500.0, 4200.0, 7000.0])


def test_distances_are_stretched_by_how_many_standard_deviations_they_are(dataset, small_recipe):
    """A map that is bent at one standard deviation, against the scatter of many draws."""
    ours = np.tile([1.0, 2.0, 3.0], (2, 1))
    theirs = np.tile([1.0, 5.0, 9.0], (2, 1))
    model = new_model("predictive-mmvae", small_recipe, seed=0).eval()
    forecaster = Forecaster(model, dataset.scaling, Recalibration(PHASE_DAYS, ours, theirs))
    light_curve = dataset.events.light_curves.select([4])

    def draw(forecaster):
        return forecaster.samples(light_curve, PHASE_DAYS, WAVELENGTH_AA, 4000, np.random.default_rng(0))

    before, after = draw(replace(forecaster, recalibration=None)), draw(forecaster)
    mean, scale = before.mean(0), before.std(0)
    distance = np.abs(before - mean) / scale
    inside, outside = distance < 0.9, (distance > 1.1) & (distance < 2.9)
    assert np.abs(after - before)[inside].max() < 0.05 * scale.max()
    beyond = 1 + 4 * (distance[outside] - 1)
    found = (np.abs(after - mean) / scale)[outside]
    assert found == pytest.approx(beyond, rel=0.15)


def test_a_draw_is_stretched_about_the_mean_of_all_however_few_there_are(dataset, small_recipe):
    ours = np.tile([1.0, 2.0, 3.0], (2, 1))
    model = new_model("predictive-mmvae", small_recipe, seed=0).eval()
    forecaster = Forecaster(model, dataset.scaling, Recalibration(PHASE_DAYS, ours, 3 * ours))
    raw, light_curve = replace(forecaster, recalibration=None), dataset.events.light_curves.select([4])

    def draw(forecaster, n_samples, seed):
        rng = np.random.default_rng(seed)
        return forecaster.samples(light_curve, PHASE_DAYS, WAVELENGTH_AA, n_samples, rng)

    many = draw(raw, 4000, seed=0)
    for seed in (1, 2):
        before, after = draw(raw, 1, seed)[0], draw(forecaster, 1, seed)[0]
        np.testing.assert_allclose((3 * before - after) / 2, many.mean(0), atol=0.1 * many.std())
