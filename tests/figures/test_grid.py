"""The grid: parameters in their panels with their units, surfaces on one scale."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from snlib.data.events import Events, LightCurves, Spectra
from snlib.figures.grid import plot_corner, plot_real_and_surrogate, plot_spectrum_versions, plot_surfaces
from snlib.figures.style import FNU_LABEL, PHASE_LABEL, WAVELENGTH_LABEL
from snlib.simulation.surfaces import Surface
from tests.figures.artists import labels, legend, line, the, xy


@pytest.fixture
def corner():
    """Parameter k of event n is 10 k + n."""
    parameters = 10.0 * np.arange(6) + np.arange(40)[:, None]
    _, axes = plt.subplots(6, 6)
    plot_corner(axes, parameters)
    return axes, parameters


def test_each_pair_of_parameters_is_in_its_panel(corner):
    axes, parameters = corner
    for (row, column), ax in np.ndenumerate(axes):
        if column > row:
            assert not ax.axison and not ax.has_data()
        elif column == row:
            counts = [bar.get_height() for bar in ax.patches]
            left, right = ax.patches[0].get_x(), ax.patches[-1].get_x() + ax.patches[-1].get_width()
            assert counts == [2] * 20  # forty events, evenly spread
            assert (left, right) == pytest.approx((10 * row, 10 * row + 39))
        else:
            x, y = xy(the(ax.lines))
            np.testing.assert_array_equal(x, parameters[:, column])
            np.testing.assert_array_equal(y, parameters[:, row])


def test_parameters_have_their_symbols_and_units(corner):
    axes, _ = corner
    below = [ax.get_xlabel() for ax in axes[-1]]
    assert below[0] == r"$E_\mathrm{k}$ [$10^{51}$ erg]"
    assert below[2] == r"$m_\mathrm{Ni}$ [$M_\odot$]"
    assert below[5] == r"$n_\mathrm{mix}$ [passes]"
    assert [ax.get_ylabel() for ax in axes[:, 0]] == ["", *below[1:]]
    assert not any(ax.get_xlabel() for ax in axes[:-1].flat) and not any(
        ax.get_ylabel() for ax in axes[:, 1:].flat
    )


def surface(log10_fnu):
    phase, wavelength = np.array([-20.0, 0, 60]), np.array([2500.0, 5000, 8000, 11000])
    return Surface("a", np.ones(6), phase, wavelength, log10_fnu)


@pytest.fixture
def surfaces():
    """Two surfaces, the second brighter by one; the first has a corner without flux."""
    faint = np.linspace(-17.0, -13.0, 12).reshape(3, 4)
    bright = faint + 1
    faint = np.where(np.arange(12).reshape(3, 4) == 0, -np.inf, faint)
    _, axes = plt.subplots(1, 2)
    plot_surfaces(axes, {"faint": surface(faint), "bright": surface(bright)})
    return axes, faint, bright


def test_surfaces_share_one_scale_that_ends_below_the_brightest(surfaces):
    axes, *values = surfaces
    for ax, flux, title in zip(axes, values, ("faint", "bright"), strict=True):
        image = the(ax.collections)
        shown = np.asarray(image.get_array()).reshape(3, 4)
        np.testing.assert_allclose(shown, np.maximum(flux, -12 - 3.5))
        assert image.get_clim() == (-15.5, -12)
        assert ax.get_title() == title and ax.get_xlabel() == WAVELENGTH_LABEL
    assert [ax.get_ylabel() for ax in axes] == [PHASE_LABEL, ""]
    bar = the(ax for ax in axes[0].figure.axes if ax not in axes)
    assert bar.get_ylabel() == FNU_LABEL


def test_a_frame_is_around_what_spectra_constrain(surfaces):
    for ax in surfaces[0]:
        frame = the(ax.patches)
        assert (frame.get_x(), frame.get_y()) == (3000, -10)
        assert (frame.get_width(), frame.get_height()) == (5000, 40)
        assert not frame.get_fill()
        assert xy(the(ax.lines))[1].tolist() == [60, 60]  # nothing later is used


def test_pixels_are_at_their_wavelengths_and_phases(surfaces):
    image = the(surfaces[0][0].collections)
    corners = image.get_coordinates()
    assert corners.shape == (4, 5, 2)
    middles = corners[:-1, :-1], corners[1:, 1:]
    inside = np.array([5000.0, 0.0])  # the pixel in row 1, column 1
    assert (middles[0][1, 1] < inside).all() and (inside < middles[1][1, 1]).all()


def test_versions_of_a_spectrum_are_told_apart():
    _, axes = plt.subplots(1, 2)
    phases, wavelength = np.array([0.0, 10.0]), np.array([3000.0, 8000.0])
    versions = {"smooth": np.arange(4.0).reshape(2, 2), "noisy": np.arange(4.0).reshape(2, 2) + 50}
    plot_spectrum_versions(axes, versions, phases, wavelength)
    for place, (ax, title) in enumerate(zip(axes, ("+0 d", "+10 d"), strict=True)):
        assert labels(ax) == list(versions)
        for name, spectra in versions.items():
            np.testing.assert_array_equal(line(ax, name), (wavelength, spectra[place]))
        assert len({tuple(drawn.get_color()) for drawn in ax.lines}) == 2
        assert (ax.get_title(), ax.get_xlabel()) == (title, WAVELENGTH_LABEL)
    assert axes[0].get_ylabel() == FNU_LABEL
    assert legend(axes[0]) == list(versions)


def test_the_surrogate_is_drawn_about_its_own_model():
    """Flux says model, phase and pixel; the residual says model and phase."""
    model, phase, pixel = np.indices((3, 2, 4))
    flux, residual = 100.0 * model + 10 * phase + pixel, 0.1 * (model + 1) + 0.01 * phase
    curves = LightCurves(*np.zeros((2, 3, 1)), np.zeros((3, 1), int))
    spectra = Spectra(np.array([0.0, 10.0]), np.array([3000.0, 4000, 5000, 8000]), flux)
    parameters = np.ones((3, 6)) * [[0.3], [0.5], [0.7]]
    _, axes = plt.subplots(2, 2)
    events = Events(np.array(["a", "b", "c"]), parameters, curves, spectra, {})
    plot_real_and_surrogate(axes, events, residual, chosen=[2, 0])
    for row, chosen, nickel in zip(axes, (2, 0), ("0.70", "0.30"), strict=True):
        assert f"= {nickel} $M_\\odot$" in the(row[0].texts).get_text()
        for place, ax in enumerate(row):
            expected = flux[chosen, place]
            np.testing.assert_array_equal(line(ax, "real model"), (spectra.wavelength_aa, expected))
            shift = 0.1 * (chosen + 1) + 0.01 * place
            np.testing.assert_allclose(line(ax, "surrogate"), (spectra.wavelength_aa, expected + shift))
    assert [ax.get_title() for ax in axes.flat] == ["+0 d", "+10 d", "", ""]
    assert [ax.get_xlabel() for ax in axes.flat] == ["", "", WAVELENGTH_LABEL, WAVELENGTH_LABEL]
    assert [ax.get_ylabel() for ax in axes.flat] == ["", "", FNU_LABEL, ""]
    assert legend(axes[0, 1]) == ["real model", "surrogate"]
