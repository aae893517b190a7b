"""Surprises that are carried over, against another library's Gaussian process and against integrals."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, Matern

from snlib.joint import CarryOver, Surprises, find_surprises
from snlib.joint.examples import OtherSpectra, Points, phase_place, wavelength_place

RNG = np.random.default_rng(8)
NEVER = -5.0  # the logarithm of a size that does not count, as it is learned


def tensor(values):
    return torch.from_numpy(np.atleast_2d(values)).float()


def surprises(phase_days, wavelength_aa, value=None, width=0.0, source=-1):
    phase_days, log_wavelength = tensor(phase_days), tensor(np.log(wavelength_aa))
    shape = log_wavelength.shape
    value = torch.zeros(shape) if value is None else tensor(value)
    width, source = torch.full(shape, width), torch.full(shape, source)
    return Surprises(
        phase_days.expand(shape), log_wavelength, width, source, value, torch.ones(shape, dtype=torch.bool)
    )


def only(component):
    """A process of one lasting component that is as large at all phases and wavelengths."""
    carry_over = CarryOver()
    with torch.no_grad():
        carry_over.lasting.fill_(NEVER)
        carry_over.own.fill_(NEVER)
        carry_over.lasting[component] = 0.03
    return carry_over


def test_what_is_expected_is_that_of_another_library():
    carry_over = only(3)
    lasting, days, width, noise = (
        carry_over.size(name).detach().double().numpy() for name in ("lasting", "days", "width", "noise")
    )
    at = np.stack([RNG.uniform(-10, 30, 25), RNG.uniform(4000, 5000, 25)], axis=1)
    value, asked = RNG.normal(size=25), np.linspace(4000, 5000, 40)
    kernel = ConstantKernel(lasting[3] ** 2) * Matern([days[1], 1e12], nu=0.5) * RBF([1e12, width[2]])
    process = GaussianProcessRegressor(kernel, alpha=noise[0] ** 2, optimizer=None)
    process.fit(np.column_stack([at[:, 0], np.log(at[:, 1])]), value)
    expected, deviation = process.predict(np.column_stack([np.full(40, 7.0), np.log(asked)]), return_std=True)
    with torch.no_grad():
        change, left = carry_over([surprises(*at.T, value)], torch.tensor([7.0]), tensor(np.log(asked))[0])
    np.testing.assert_allclose(change[0], expected, atol=2e-4)
    before = np.hypot(lasting[3], noise[1])  # of a pixel, which is noisy itself
    np.testing.assert_allclose(left[0] * before, np.hypot(deviation, noise[1]), rtol=1e-3)


@pytest.mark.parametrize("component", [1, 2, 3])
def test_a_band_sees_the_mean_across_it(component):
    """Its covariance with a pixel, and with another band, as an integral over pixels."""
    carry_over, middle = only(component), np.log(5000.0)
    grid = np.linspace(-0.3, 0.3, 301)
    weight = np.exp(-0.5 * (grid / 0.065) ** 2)
    weight /= weight.sum()
    pixels = surprises(np.zeros(301), np.exp(middle + grid))
    pixel = surprises([4.0], [5300.0])
    others = surprises(np.full(301, 4.0), np.exp(np.log(5300.0) + grid))
    band, other = (surprises([t], [w], width=0.065) for t, w in ((0.0, 5000.0), (4.0, 5300.0)))
    with torch.no_grad():
        with_pixel = weight @ carry_over.covariance(pixels, pixel)[0].double().numpy()
        with_band = weight @ carry_over.covariance(pixels, others)[0].double().numpy() @ weight
        found = carry_over.covariance(band, pixel).item(), carry_over.covariance(band, other).item()
    np.testing.assert_allclose(found, [with_pixel[0], with_band], rtol=2e-3)


def test_an_error_of_one_spectrum_is_not_carried_over():
    carry_over = only(3)
    with torch.no_grad():
        carry_over.lasting.fill_(NEVER)
        carry_over.own[1] = 0.0
    known = surprises(np.zeros(30), np.linspace(4000, 6000, 30), np.ones(30), source=0)
    change, left = carry_over([known], torch.tensor([0.0]), tensor(np.log([5000.0]))[0])
    assert change.item() == pytest.approx(0, abs=1e-6) and left.item() == pytest.approx(1, abs=1e-6)


def test_with_nothing_observed_nothing_changes_whatever_the_slots_hold():
    known = surprises(np.zeros(5), np.linspace(4000, 6000, 5), np.full(5, 9.0))
    known = replace(known, observed=torch.zeros(1, 5, dtype=torch.bool))
    change, left = CarryOver()([known], torch.tensor([3.0]), tensor(np.log([4500.0, 5000.0]))[0])
    assert (change == 0).all() and (left == 1).all()


def test_it_is_worth_more_the_nearer_it_is():
    asked = torch.tensor([0.0, 0.0, 0.0])
    wavelength = np.linspace(4000, 6000, 30)
    known = surprises(
        np.array([[1.0], [8.0], [40.0]]), np.tile(wavelength, (3, 1)), np.ones((3, 30)), source=0
    )
    change, left = CarryOver()([known], asked, tensor(np.log([5000.0]))[0])
    assert (change.diff(dim=0) < 0).all() and (left.diff(dim=0) > 0).all()
    assert 0 < change[2].item() < change[0].item() < 1


def test_bands_and_spectra_are_compared_with_what_is_decoded():
    """Decoded is a slope in wavelength and in phase, and observed is .25 more."""

    def slope(phase, wavelength):
        return phase[..., None] + 0.5 * wavelength

    phases, bands = np.array([[-3.0, 0.0, 4.0, 9.0]]), np.array([[4826.0, 6223.0, 8700.0, 6223.0]])
    phase, wavelength = tensor(phase_place(phases)), tensor(wavelength_place(bands))
    observed = torch.tensor([[True, True, True, False]])
    light_curve = Points(phase, wavelength, phase + 0.5 * wavelength + 0.25, ~observed & False, observed)
    bins = torch.linspace(-1, 1, 8)
    at = tensor(phase_place(np.array([[2.0, 20.0]])))
    others = OtherSpectra(at, bins, slope(at, bins) + 0.25, torch.ones(1, 2, 8, dtype=torch.bool))
    of_bands, of_spectra = find_surprises(slope, light_curve, others, at[:, 0])
    # the third band reaches beyond the spectra, and the fourth was not observed
    assert of_bands.observed.sum() == 2
    np.testing.assert_allclose(of_bands.value[of_bands.observed], 0.25, atol=0.03)
    np.testing.assert_allclose(of_spectra.value, 0.25, atol=1e-6)
    np.testing.assert_allclose(of_spectra.phase_days, np.repeat([[2.0, 20.0]], 8, axis=1), atol=1e-5)
    assert of_spectra.source.tolist() == [[0] * 8 + [1] * 8]
