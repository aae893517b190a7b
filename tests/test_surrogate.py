"""The surrogate: what it must be (smooth, finite, physical) and how near it comes to real models."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.interpolate import BSpline

from snlib import grid, surrogate
from snlib.files import DATA, write_npz
from snlib.photometry import band_magnitudes
from snlib.published import read_published_sample
from snlib.surrogate import PHOTOMETRY_WAVELENGTH_AA, Surrogate, wavelength_splines
from snlib.surrogate_fit import _phase_splines, fit, residuals

PHASES = np.arange(-20.0, 61.0, 4.0)
WAVELENGTHS = np.linspace(2500.0, 11000.0, 200)


def model(velocity_kms=11000.0, ejecta=1.2, nickel=0.6, unburnt=0.04, mixing=50.0):
    energy = grid.kinetic_energy(velocity_kms, ejecta)
    return np.array([[energy, ejecta, nickel, ejecta - nickel - unburnt, unburnt, mixing]])


@pytest.fixture(scope="module")
def shipped():
    return Surrogate.load()


def test_splines_add_up_to_one():
    np.testing.assert_allclose(wavelength_splines(WAVELENGTHS).sum(0), 1, atol=1e-12)
    phases = BSpline.design_matrix(np.linspace(-20, 85, 50), surrogate.PHASE_KNOTS_DAYS, 3).sum(1)
    np.testing.assert_allclose(np.ravel(phases), 1, atol=1e-12)


def test_differentiable_splines_are_those_of_scipy():
    import torch

    phases = np.linspace(-20, 84.9, 100)
    ours = _phase_splines(torch.tensor(phases, dtype=torch.float32)[None], torch.ones(1, 1))[0].numpy()
    expected = BSpline.design_matrix(phases, surrogate.PHASE_KNOTS_DAYS, 3).toarray()
    np.testing.assert_allclose(ours, expected, atol=1e-4)


def test_quadratic_features_by_hand():
    x = np.array([[1.0, 2.0, 3.0, 4.0, 5.0]])
    features = surrogate.polynomial_features(x)[0]
    assert features.tolist()[:6] == [1, 1, 2, 3, 4, 5]
    products = sorted(a * b for i, a in enumerate(x[0]) for b in x[0][i:])
    assert sorted(features[6:]) == products


def test_time_is_stretched_after_peak_only():
    assert surrogate.warped_phases(np.array([-15.0, 0.0, 10.0, 60.0]), 1.5).tolist() == [-15, 0, 15, 85]


def test_finite_and_smooth_everywhere(shipped):
    rng = np.random.default_rng(0)
    parameters = np.array([grid.draw_parameters(rng) for _ in range(20)])
    surface = shipped.log10_fnu(parameters, PHASES, WAVELENGTHS)
    assert surface.shape == (20, len(PHASES), 200)
    assert np.isfinite(surface).all()
    step = shipped.log10_fnu(parameters, np.array([10.0, 10.1]), WAVELENGTHS)
    assert np.abs(np.diff(step, axis=1)).max() < 0.05


def test_a_model_is_the_same_whatever_the_others(shipped):
    rng = np.random.default_rng(1)
    parameters = np.array([grid.draw_parameters(rng) for _ in range(6)])
    together = shipped.log10_fnu(parameters, PHASES, WAVELENGTHS)
    np.testing.assert_array_equal(shipped.log10_fnu(parameters[4:5], PHASES, WAVELENGTHS)[0], together[4])
    np.testing.assert_array_equal(shipped.log10_fnu(parameters[::-1], PHASES, WAVELENGTHS), together[::-1])


def test_a_typical_model_has_the_brightness_of_a_type_ia_supernova(shipped):
    surface = shipped.log10_fnu(model(), np.array([0.0]), PHOTOMETRY_WAVELENGTH_AA)
    g, r = band_magnitudes(PHOTOMETRY_WAVELENGTH_AA, surface)[0, 0, 1:3]
    assert -20 < g < -18
    assert -20 < r < -18


@pytest.mark.parametrize("velocity_kms, ejecta", [(9500.0, 1.0), (11000.0, 1.2), (13000.0, 1.4)])
def test_more_nickel_is_brighter_at_peak(shipped, velocity_kms, ejecta):
    fractions = (0.15, 0.3, 0.45, 0.6, 0.75)
    models = np.concatenate([model(velocity_kms, ejecta, f * ejecta) for f in fractions])
    flux = 10 ** shipped.log10_fnu(models, np.array([0.0]), np.linspace(3500, 9500, 300))
    assert (np.diff(flux.mean((1, 2))) > 0).all()


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda p: p[0], "parameters: expected shape"),
        (lambda p: p[:, :5], "parameters: expected shape"),
        (lambda p: p * np.nan, "kinetic_energy_1e51erg: nan of model 0"),
        (lambda p: p * [[1, 1, -1, 1, 1, 1]], "ni56_mass_msun: -0.6 of model 0"),
        (lambda p: p * [[1, 1, 1, 1, 1, 0]], "mixing_passes: 0 of model 0"),
        (lambda p: p * [[1, 2, 1, 1, 1, 1]], "ejecta_mass_msun: 2.4 of model 0 is not the sum"),
    ],
)
def test_models_that_cannot_be_are_refused(shipped, change, message):
    with pytest.raises(ValueError, match=message):
        shipped.log10_fnu(change(model()), PHASES, WAVELENGTHS)


@pytest.mark.parametrize("phases", [[-30.0], [100.0], [np.nan], [[0.0]]])
def test_phases_out_of_range_are_refused(shipped, phases):
    with pytest.raises(ValueError, match="phase_days"):
        shipped.log10_fnu(model(), np.array(phases), WAVELENGTHS)


@pytest.mark.parametrize("wavelengths", [[2000.0], [12000.0], [np.nan]])
def test_wavelengths_out_of_range_are_refused(shipped, wavelengths):
    with pytest.raises(ValueError, match="wavelength_aa"):
        shipped.log10_fnu(model(), PHASES, np.array(wavelengths))


def test_save_and_load(shipped, tmp_path):
    shipped.save(tmp_path / "surrogate.npz")
    again = Surrogate.load(tmp_path / "surrogate.npz")
    for name, values in vars(shipped).items():
        np.testing.assert_array_equal(values, getattr(again, name))


def test_damaged_files_are_named(shipped, tmp_path):
    path = tmp_path / "surrogate.npz"
    write_npz(path, warp=shipped.warp, loadings=shipped.loadings)
    with pytest.raises(ValueError, match=r"surrogate\.npz: field 'surfaces' is missing"):
        Surrogate.load(path)
    write_npz(path, warp=shipped.warp, loadings=shipped.loadings[:5], surfaces=shipped.surfaces)
    with pytest.raises(ValueError, match=r"surrogate\.npz: loadings: expected shape"):
        Surrogate.load(path)
    with pytest.raises(ValueError, match="warp: not finite"):
        replace(shipped, warp=shipped.warp * np.nan)


def test_the_shipped_file_is_small():
    assert (DATA / "surrogate.npz").stat().st_size <= 150_000


@pytest.fixture(scope="module")
def real(published_folder):
    return read_published_sample(published_folder).events


def rms(values):
    return np.sqrt(np.nanmean(values**2))


def test_shipped_surrogate_fits_the_real_models(shipped, real):
    spectra, magnitudes = residuals(shipped, real)
    for phase, at_most in enumerate((0.08, 0.085, 0.085, 0.105), start=1):
        assert rms(spectra[:, phase]) < at_most
    near_peak = (real.light_curves.phase_days > -5) & (real.light_curves.phase_days < 50)
    assert rms(magnitudes[near_peak]) < 0.1


def test_a_fit_predicts_real_models_that_it_has_not_seen(real):
    unseen = np.arange(len(real)) % 5 == 0
    train, test = real.select(~unseen), real.select(unseen)
    spectra, magnitudes = residuals(fit(train), test)
    near_peak = (test.light_curves.phase_days > -5) & (test.light_curves.phase_days < 50)
    assert rms(magnitudes[near_peak]) < 0.1
    average = np.nanmean(train.spectra.log10_fnu, axis=0) - test.spectra.log10_fnu
    for phase in (1, 2, 3):
        assert rms(spectra[:, phase]) < 0.09 < 0.25 < rms(average[:, phase])
