"""The figures in the paper's layout: every curve in the panel of its row and column."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from snlib.data.events import LightCurves, Spectra
from snlib.data.quantities import PARAMETERS
from snlib.evaluation.masking import MaskedEvent
from snlib.figures.paper import plot_figure_4, plot_figure_6, plot_figure_7, plot_figure_8
from snlib.figures.style import WAVELENGTH_LABEL, method_colour, paper_colours
from snlib.inference.posteriors import SpectrumPosterior
from tests.figures.artists import bands, colour, edges, errorbar, labelled, line, the

WAVELENGTH = np.linspace(3000.0, 8000, 40)
PHASES = np.array([-10.0, 0.0, 10.0])
TRUTH = np.arange(3.0)[:, None] * 10 + np.linspace(0, 1, 40)  # phase by phase, shape (P, L)
AVERAGE = TRUTH + 3


def curve(code):
    """Constants that say the model, the quantity and the phase."""
    names = ("bias", "spread", "coverage", "width")
    values = {name: code + 0.1 * (n + 1) + 0.01 * PHASES for n, name in enumerate(names)}
    return {name: of_phase[:, None] * np.ones(len(WAVELENGTH)) for name, of_phase in values.items()}


def test_figure_4_has_a_column_for_each_phase():
    _, axes = plt.subplots(3, 3)
    plot_figure_4(axes, WAVELENGTH, PHASES, {"MMVAE (text)": curve(1), "contrastive (text)": curve(2)})
    for column, phase in zip(axes.T, PHASES, strict=True):
        for ax, quantity in zip(column, (0.1, 0.3, 0.4), strict=True):
            for name, code in (("MMVAE (text)", 1), ("contrastive (text)", 2)):
                x, y = line(ax, name)
                np.testing.assert_array_equal(x, WAVELENGTH)
                assert y == pytest.approx(code + quantity + 0.01 * phase)
                assert colour(labelled(ax.lines, name)) == method_colour(name)
        for band, code in zip(bands(column[0]), (1, 2), strict=True):
            bias, spread = code + 0.1 + 0.01 * phase, code + 0.2 + 0.01 * phase
            np.testing.assert_allclose(edges(band)[1:], ([bias - spread] * 40, [bias + spread] * 40))
        assert column[1].get_ylim() == (-0.02, 1.02) and column[2].get_ylim()[0] == 0
    assert [ax.get_title() for ax in axes[0]] == ["-10 d", "+0 d", "+10 d"]
    assert [ax.get_ylabel() for ax in axes[:, 0]] == ["Residual [dex]", "Coverage", "Width [dex]"]
    assert {ax.get_xlabel() for ax in axes[-1]} == {WAVELENGTH_LABEL}


@pytest.fixture
def masked():
    """Of four points two are hidden; predictions are 0.25 and 1.25 above the truth."""
    phase, band = np.array([[-5.0, 0, 10, 20]]), np.array([[0, 1, 1, 2]])
    events = {}
    magnitudes = ([-17.0, -18, -19, -18], [-17.0, np.nan, -19, np.nan])
    for n, (fraction, magnitude) in enumerate(zip((0.0, 0.5), magnitudes, strict=True)):
        mean = (TRUTH + 0.25 + n)[None]
        light_curves = LightCurves(phase, np.array([magnitude]), band)
        posterior = SpectrumPosterior(mean, mean - 0.5, mean + 0.75)
        events[fraction] = MaskedEvent(light_curves, posterior, TRUTH + 5 + n)
    return events


@pytest.fixture
def spectra():
    return Spectra(PHASES, WAVELENGTH, TRUTH[None])


def test_figure_6_has_light_curves_first_and_then_the_spectra(masked, spectra):
    _, axes = plt.subplots(2, 4)
    with paper_colours():
        plot_figure_6(axes, spectra, AVERAGE, masked)
        expected = {name: method_colour(name) for name in ("truth", "contrastive", "mean spectrum")}
    for n, row in enumerate(axes):
        for ax, truth, average in zip(row[1:], TRUTH, AVERAGE, strict=True):
            np.testing.assert_allclose(line(ax, "truth")[1], truth)
            np.testing.assert_allclose(line(ax, "mean spectrum")[1], average)
            np.testing.assert_allclose(line(ax, "MMVAE, 90 % interval")[1], truth + 0.25 + n)
            np.testing.assert_allclose(line(ax, "contrastive")[1], truth + 5 + n)
            for name, of_paper in expected.items():
                assert colour(labelled(ax.lines, name)) == of_paper
        grey = the(drawn for drawn in row[0].lines if drawn.get_color() == "0.75")
        assert len(grey.get_xdata()) == 2 * n
    assert_labelled(axes)


def test_figure_7_has_light_curves_first_and_then_the_distances(masked, spectra):
    _, axes = plt.subplots(2, 4)
    plot_figure_7(axes, spectra, AVERAGE, masked)
    for n, row in enumerate(axes):
        for ax in row[1:]:
            assert line(ax, "|mean − truth|")[1] == pytest.approx(3.0)
            assert line(ax, "|LC2spec − mean|")[1] == pytest.approx(2.75 - n)
            assert line(ax, "|LC2spec − truth|")[1] == pytest.approx(0.25 + n)
    assert_labelled(axes)


def assert_labelled(axes):
    assert [ax.get_title() for ax in axes[0]] == ["Light curve [mag]", "-10 d", "+0 d", "+10 d"]
    assert {ax.get_title() for ax in axes[1]} == {""}
    assert [ax.get_ylabel() for ax in axes[:, 0]] == ["0 % hidden", "50 % hidden"]
    assert {ax.get_ylabel() for ax in axes[:, 1:].flat} == {""}
    assert axes[0, 0].yaxis_inverted()


def test_figure_8_has_a_panel_for_each_parameter_in_its_unit():
    _, axes = plt.subplots(2, 3)
    parameter = np.arange(6.0)
    errors = {"MMVAE": np.array([parameter + 1, parameter + 3]), "end to end": np.array([parameter] * 2)}
    plot_figure_8(axes.flat, errors)
    for index, ax in enumerate(axes.flat):
        for name, mean, spread in (("MMVAE", index + 2, 1), ("end to end", index, 0)):
            _, y, low, high = errorbar(ax, name)
            assert (y, low, high) == pytest.approx((mean, mean - spread, mean + spread))
            assert colour(labelled(ax.containers, name)[0]) == method_colour(name)
        assert ax.get_title() == f"{PARAMETERS[index].symbol} [{PARAMETERS[index].unit}]"
        assert ax.get_ylim()[0] == 0
