"""How near the surrogate comes: to itself, and to the published models where they are at hand."""

import numpy as np
import pytest
from scipy.interpolate import BSpline

from snlib.data.published_sample import read_published_sample
from snlib.data.quantities import SPECTRUM_PHASES_DAYS
from snlib.evaluation.surrogate_accuracy import residuals
from snlib.simulation.simulator import simulate
from snlib.simulation.surrogate import PHASE_KNOTS_DAYS, Surrogate, warped_phases, wavelength_splines
from snlib.simulation.surrogate_features import centred_parameters
from snlib.simulation.surrogate_fit import fit, residual_surfaces
from snlib.simulation.surrogate_grid import SurrogateGrid


def test_of_its_own_models_only_the_median_filter_and_the_daily_steps_are_left():
    surrogate = Surrogate.load()
    events = simulate(3, 0, SurrogateGrid(surrogate, residuals=False, noise=False))
    spectra, magnitudes = residuals(surrogate, events)
    assert rms(spectra) < 1e-4
    light_curves = events.light_curves
    compared = light_curves.observed & (light_curves.phase_days <= 60)
    np.testing.assert_array_equal(np.isnan(magnitudes), ~compared)
    assert 0 < rms(magnitudes[light_curves.phase_days > -5]) < 0.02


@pytest.fixture(scope="module")
def real(published_folder):
    return read_published_sample(published_folder).events


def rms(values):
    return np.sqrt(np.nanmean(values**2))


def test_shipped_surrogate_fits_the_real_models(real):
    spectra, magnitudes = residuals(Surrogate.load(), real)
    for phase, at_most in enumerate((0.08, 0.085, 0.085, 0.105), start=1):
        assert rms(spectra[:, phase]) < at_most
    near_peak = (real.light_curves.phase_days > -5) & (real.light_curves.phase_days < 50)
    assert rms(magnitudes[near_peak]) < 0.1


def test_a_fit_predicts_real_models_that_it_has_not_seen(real):
    unseen = np.arange(len(real)) % 5 == 0
    train, test = real.select(~unseen), real.select(unseen)
    surrogate = fit(train)
    spectra, magnitudes = residuals(surrogate, test)
    near_peak = (test.light_curves.phase_days > -5) & (test.light_curves.phase_days < 50)
    assert rms(magnitudes[near_peak]) < 0.1
    average = np.nanmean(train.spectra.log10_fnu, axis=0) - test.spectra.log10_fnu
    for phase in (1, 2, 3):
        assert rms(spectra[:, phase]) < 0.09 < 0.25 < rms(average[:, phase])
    # A surface of each model's own takes most of the rest away, down to the pixel noise.
    own = residual_surfaces(surrogate, test)
    x = centred_parameters(test.parameters)
    for model_x, surface, residual in zip(x, own, spectra, strict=True):
        phases = warped_phases(SPECTRUM_PHASES_DAYS, np.exp(surrogate.warp @ model_x))
        splines = BSpline.design_matrix(phases, PHASE_KNOTS_DAYS, 3)
        residual += splines @ surface @ wavelength_splines(test.spectra.wavelength_aa)
    assert all(rms(spectra[:, phase]) < 0.065 for phase in (1, 2, 3))
