"""The surrogate: what it must be (smooth, finite, physical) and how near it comes to real models."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import BSpline

from snlib.files import DATA, write_npz
from snlib.simulation import grid
from snlib.simulation import surrogate as surrogate_module
from snlib.simulation.photometry import band_magnitudes
from snlib.simulation.surrogate import PHOTOMETRY_WAVELENGTH_AA, Surrogate, wavelength_splines
from snlib.simulation.surrogate_features import polynomial_features
from snlib.simulation.surrogate_fit import residual_components
from snlib.simulation.surrogate_torch import phase_splines

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
    phases = BSpline.design_matrix(np.linspace(-20, 85, 50), surrogate_module.PHASE_KNOTS_DAYS, 3).sum(1)
    np.testing.assert_allclose(np.ravel(phases), 1, atol=1e-12)


def test_differentiable_splines_are_those_of_scipy():
    import torch

    phases = np.linspace(-20, 84.9, 100)
    ours = phase_splines(torch.tensor(phases, dtype=torch.float32)[None], torch.ones(1, 1))[0].numpy()
    expected = BSpline.design_matrix(phases, surrogate_module.PHASE_KNOTS_DAYS, 3).toarray()
    np.testing.assert_allclose(ours, expected, atol=1e-4)


def test_quadratic_features_by_hand():
    x = np.array([[1.0, 2.0, 3.0, 4.0, 5.0]])
    features = polynomial_features(x)[0]
    assert features.tolist()[:6] == [1, 1, 2, 3, 4, 5]
    products = sorted(a * b for i, a in enumerate(x[0]) for b in x[0][i:])
    assert sorted(features[6:]) == products


def test_time_is_stretched_after_peak_only():
    assert surrogate_module.warped_phases(np.array([-15.0, 0.0, 10.0, 60.0]), 1.5).tolist() == [
        -15,
        0,
        15,
        85,
    ]


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


@settings(max_examples=50, deadline=None)
@given(
    velocity_kms=st.floats(8000, 14500),
    ejecta=st.floats(0.8, 1.8),
    unburnt=st.floats(0, 0.07),
    mixing=st.floats(10, 300),
)
def test_more_nickel_is_brighter_at_peak(shipped, velocity_kms, ejecta, unburnt, mixing):
    fractions = (0.1, 0.2, 0.35, 0.5, 0.65, 0.8)
    models = [model(velocity_kms, ejecta, f * ejecta, unburnt * ejecta, mixing) for f in fractions]
    flux = 10 ** shipped.log10_fnu(np.concatenate(models), np.array([0.0]), np.linspace(3500, 9500, 100))
    assert (np.diff(flux.mean((1, 2))) > 0).all()


def test_residuals_scatter_about_the_mean(shipped):
    """Half a million draws: the mean is the surrogate's, the variance the sum of the squares."""
    rng = np.random.default_rng(0)
    amplitudes = rng.standard_normal((4000, len(shipped.residuals)))
    at = np.array([-5.0, 15.0]), np.array([4000.0, 6500.0])
    surfaces = shipped.log10_fnu(np.repeat(model(), 4000, axis=0), *at, amplitudes)
    mean = shipped.log10_fnu(model(), *at)[0]
    one_by_one = shipped.log10_fnu(
        np.repeat(model(), len(shipped.residuals), axis=0), *at, np.eye(len(shipped.residuals))
    )
    expected = np.sqrt(((one_by_one - mean) ** 2).sum(0))
    np.testing.assert_allclose(surfaces.mean(0), mean, atol=4 * expected.max() / np.sqrt(4000))
    np.testing.assert_allclose(surfaces.std(0), expected, rtol=0.06)
    with pytest.raises(ValueError, match="amplitudes: expected shape"):
        shipped.log10_fnu(model(), *at, amplitudes)


def test_models_beyond_the_grid_are_named(shipped):
    inside, outside = model(), model(velocity_kms=17000.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        shipped.log10_fnu(inside, *(np.array([x]) for x in (0.0, 5000.0)))
    with pytest.warns(
        UserWarning, match=r"model 1, kinetic velocity \[km/s\]: 1\.7e\+04 is outside 8000 to 14500"
    ):
        shipped.log10_fnu(np.concatenate([inside, outside]), *(np.array([x]) for x in (0.0, 5000.0)))
    for change in ({"ejecta": 3.0, "nickel": 1.0}, {"nickel": 1.15}, {"unburnt": 0.2}, {"mixing": 500.0}):
        assert len(grid.beyond_grid(model(**change))) == 1


def test_residual_components_reproduce_the_scatter_of_surfaces():
    """Surfaces of low rank come back: standard normal amplitudes times components vary as they do."""
    rng = np.random.default_rng(1)
    truth = rng.normal(size=(3, 22, 92)) * rng.uniform(0.1, 1, (22, 1))
    surfaces = np.einsum("nk,kij->nij", rng.normal(size=(500, 3)), truth)
    components = residual_components(surfaces).astype(float)
    covariance = np.einsum("kij,kij->ij", components, components)
    np.testing.assert_allclose(covariance, (surfaces**2).mean(0), rtol=0.02, atol=2e-3)


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda p: p[0], "parameters: expected shape"),
        (lambda p: p[:, :5], "parameters: expected shape"),
        (lambda p: p * np.nan, "model 0, 'kinetic_energy_1e51erg': nan"),
        (lambda p: p * [[1, 1, -1, 1, 1, 1]], "model 0, 'ni56_mass_msun': -0.6"),
        (lambda p: p * [[1, 1, 1, 1, 1, 0]], "model 0, 'mixing_passes': 0"),
        (lambda p: p * [[1, 2, 1, 1, 1, 1]], "model 0, 'ejecta_mass_msun': 2.4 is not the sum"),
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
    fields = vars(shipped)
    write_npz(path, **{name: values for name, values in fields.items() if name != "surfaces"})
    with pytest.raises(ValueError, match=r"surrogate\.npz: field 'surfaces' is missing"):
        Surrogate.load(path)
    write_npz(path, **fields | {"loadings": shipped.loadings[:5]})
    with pytest.raises(ValueError, match=r"surrogate\.npz: loadings: expected shape"):
        Surrogate.load(path)
    with pytest.raises(ValueError, match="warp: not finite"):
        replace(shipped, warp=shipped.warp * np.nan)


def test_the_shipped_file_is_small():
    assert (DATA / "surrogate.npz").stat().st_size <= 150_000
