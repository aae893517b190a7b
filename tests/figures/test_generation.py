"""Samples, their diversity and their power, by hand."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from snlib.data.quantities import WAVELENGTH_AA
from snlib.figures.generation import plot_diversity, plot_power, plot_samples
from snlib.figures.style import WAVELENGTH_LABEL, recipe_colour
from tests.figures.artists import colour, labelled, labels, line, the

LIGHT_KM_S = 299_792.458
GRID_AA = WAVELENGTH_AA[::4]


def test_samples_are_drawn_from_dark_to_bright(ax):
    spectra = np.array([-11.0, -13.0, -12.0])[:, None] + np.zeros(len(GRID_AA))
    plot_samples(ax, GRID_AA, spectra)
    lines = sorted(ax.lines, key=lambda drawn: drawn.get_ydata()[0])
    assert [drawn.get_ydata()[0] for drawn in lines] == [-13, -12, -11]
    lightness = [sum(drawn.get_color()[:3]) for drawn in lines]
    assert lightness == sorted(lightness) and len(set(lightness)) == 3
    assert all((drawn.get_xdata() == GRID_AA).all() for drawn in lines)


def test_a_sample_with_gaps_has_its_place_too(ax):
    spectra = np.array([[-11.0, np.nan, -11.0], [-12.0, -12.0, -12.0]])
    plot_samples(ax, np.array([1.0, 2, 3]), spectra)
    assert [drawn.get_ydata()[0] for drawn in ax.lines] == [-12, -11]  # the brightest on top


KINDS = {
    "true spectra": ("#000000", "-"),
    "surrogate without noise": ("#000000", ":"),
    "prior samples": (recipe_colour("text"), "--"),
    "conditional samples": (recipe_colour("text"), "-"),
}


def pairs(shape=1.0):
    """Two spectra of each kind, `n` apart times a shape."""
    kinds = ("truth", "no noise", "prior", "conditional")
    return {kind: np.stack([0 * shape, n * shape]) for n, kind in enumerate(kinds, 1)}


def test_diversity_is_the_standard_deviation_of_each_kind(ax):
    """Of two spectra that are a apart it is a / sqrt 2."""
    plot_diversity(ax, GRID_AA, pairs(np.ones(len(GRID_AA))), "text")
    assert labels(ax) == list(KINDS)
    for n, (label, style) in enumerate(KINDS.items(), 1):
        x, y = line(ax, label)
        np.testing.assert_array_equal(x, GRID_AA)
        assert y == pytest.approx(n / np.sqrt(2))
        assert (colour(labelled(ax.lines, label)), labelled(ax.lines, label).get_linestyle()) == style
    assert ax.get_xlabel() == WAVELENGTH_LABEL and "[dex]" in ax.get_ylabel() and ax.get_ylim()[0] == 0


def test_power_is_the_mean_over_the_spectra_of_each_kind(ax):
    """A sine of amplitude a has the power a^2 / 2, at its scale."""
    sine = np.sin(2 * np.pi * np.log(GRID_AA) * LIGHT_KM_S / 20_000)
    plot_power(ax, GRID_AA, pairs(sine), "text")
    assert labels(ax) == list(KINDS)
    for n, (label, style) in enumerate(KINDS.items(), 1):
        scale, power = line(ax, label)
        assert power.sum() == pytest.approx(n**2 / 4, rel=0.05)
        assert scale[power.argmax()] == pytest.approx(20_000, rel=0.1)
        assert (colour(labelled(ax.lines, label)), labelled(ax.lines, label).get_linestyle()) == style
    assert ax.get_xlim()[0] > ax.get_xlim()[1]  # finer to the right
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("Scale of the structure [km/s]", "Power [dex$^2$]")


def test_ranges_of_scales_are_shaded_and_named(ax):
    plot_power(ax, WAVELENGTH_AA, {"truth": np.ones((2, len(WAVELENGTH_AA))) + WAVELENGTH_AA / 1e4}, "text")
    finest = the(ax.lines).get_xdata()[-1]
    expected = {"broad": (20_000, 100_000), "lines": (5_000, 20_000), "fine": (finest, 3_000)}
    assert [text.get_text() for text in ax.texts] == list(expected)
    for patch, text, (low, high) in zip(ax.patches, ax.texts, expected.values(), strict=True):
        assert (patch.get_x(), patch.get_x() + patch.get_width()) == pytest.approx((low, high))
        assert low < text.get_position()[0] < high


def test_only_the_kinds_given_are_drawn():
    for plot in (plot_diversity, plot_power):
        _, ax = plt.subplots()
        plot(ax, GRID_AA, {"prior": np.random.default_rng(0).normal(size=(3, len(GRID_AA)))}, "improved")
        assert labels(ax) == ["prior samples"]
        assert colour(ax.lines[0]) == recipe_colour("improved")
