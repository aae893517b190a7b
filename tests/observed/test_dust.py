"""The law of the Milky Way's dust, against another library and against what it is defined by."""

import sys

import numpy as np
import pytest

from snlib.observed.dust import extinction_mag


def test_without_reddening_nothing_is_taken(monkeypatch):
    monkeypatch.setitem(sys.modules, "dust_extinction", None)  # is not needed then
    assert extinction_mag(np.array([4000.0, 9000.0]), 0.0).tolist() == [0, 0]


def test_the_missing_package_is_named(monkeypatch):
    for name in ("dust_extinction", "dust_extinction.parameter_averages"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ModuleNotFoundError, match="pip install dust_extinction"):
        extinction_mag(np.array([5000.0]), 0.1)


def test_a_reddening_is_the_difference_of_b_and_v():
    pytest.importorskip("dust_extinction", reason="dust_extinction is not installed")
    blue, visual = extinction_mag(np.array([4400.0, 5450.0]), 0.2)
    assert blue - visual == pytest.approx(0.2, rel=0.05) and visual == pytest.approx(3.1 * 0.2, rel=0.03)


def test_the_law_is_that_of_another_library():
    pytest.importorskip("dust_extinction", reason="dust_extinction is not installed")
    other = pytest.importorskip("extinction", reason="extinction is not installed")
    wavelength = np.linspace(3000.0, 12000.0, 100)
    expected = other.fitzpatrick99(wavelength, 3.1 * 0.3, 3.1)
    np.testing.assert_allclose(extinction_mag(wavelength, 0.3), expected, rtol=0.01)
