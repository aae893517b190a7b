"""Judgement by real models: every method with its own scores and samples."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from snlib.data.events import Events, LightCurves, Spectra
from snlib.figures.real_models import plot_differences, plot_real_event, plot_real_scores
from snlib.figures.style import FNU_LABEL, PHASE_LABEL, WAVELENGTH_LABEL, method_colour, method_marker
from tests.figures.artists import bands, colour, edges, errorbar, labelled, labels, legend, line, the

PHASES = [0.0, 10.0]


@pytest.fixture
def average():
    """Numbers that say method, step, measure and phase; the contrastive model has no interval."""
    table = pd.DataFrame(
        {"method": method, "recalibrated": step, "phase_days": phase}
        | {"rmse_dex": 0.1 + code, "crps_dex": 0.2 + code}
        | {"coverage_90": 0.5 + code, "width_90_dex": 0.4 + code}
        for n, method in enumerate(("MMVAE (large)", "inversion", "contrastive"))
        for step in (False, True)
        for phase in PHASES
        for code in [0.01 * n + 0.001 * step + 0.0001 * phase]
    )
    table = table[(table["method"] != "contrastive") | ~table["recalibrated"]]
    nothing = table["method"] == "contrastive"
    return table.assign(**{name: table[name].mask(nothing) for name in ("coverage_90", "width_90_dex")})


def test_scores_of_each_method_and_step(average):
    _, axes = plt.subplots(3, 2, sharex=True)
    plot_real_scores(axes, average)
    # Panel: what the measure begins with, and the step that is shown.
    panels = {(0, 0): (0.1, 0), (0, 1): (0.2, 1), (1, 0): (0.5, 0), (1, 1): (0.4, 0), (2, 0): (0.5, 1)}
    for place, (value, step) in (panels | {(2, 1): (0.4, 1)}).items():
        for n, method in enumerate(("MMVAE (large)", "inversion")):
            x, y = line(axes[place], method)
            assert x.tolist() == PHASES
            assert y == pytest.approx(value + 0.01 * n + 0.001 * step + 0.0001 * np.array(PHASES))
            drawn = labelled(axes[place].lines, method)
            assert colour(drawn) == method_colour(method)
            assert drawn.get_marker() == method_marker(method)
    assert line(axes[0, 0], "contrastive")[1] == pytest.approx([0.12, 0.121])
    assert line(axes[0, 1], "contrastive")[1] == pytest.approx([0.22, 0.221])
    assert not any("contrastive" in labels(ax) for ax in axes[1:].flat)


def test_labels_of_real_scores(average):
    _, axes = plt.subplots(3, 2, sharex=True)
    plot_real_scores(axes, average)
    assert [ax.get_ylabel() for ax in axes.flat] == [
        "RMSE [dex]",
        "CRPS [dex]",
        "90 % coverage,\nbefore recalibration",
        "90 % width [dex],\nbefore recalibration",
        "90 % coverage,\nrecalibrated",
        "90 % width [dex],\nrecalibrated",
    ]
    assert [ax.get_xlabel() for ax in axes[2]] == [PHASE_LABEL] * 2
    for below, above in zip(axes[2], axes[1], strict=True):
        assert below.get_ylim() == above.get_ylim()  # comparable
    for ax in axes[1:, 0]:
        assert [drawn.get_ydata()[0] for drawn in ax.lines if drawn.get_color() == "0.6"] == [0.9]
        assert ax.get_yscale() == "linear"
    assert {ax.get_yscale() for ax in (*axes[0], *axes[1:, 1])} == {"log"}


def test_differences_have_their_own_intervals():
    def table(shift):
        phase = np.array(PHASES)
        return pd.DataFrame(
            {
                "phase_days": phase,
                "rmse_ratio": 1 + shift + phase / 100,
                "crps_difference": shift - phase / 100,
            }
        ).assign(
            rmse_ratio_low=lambda rows: rows["rmse_ratio"] - 0.1,
            rmse_ratio_high=lambda rows: rows["rmse_ratio"] + 0.3,
            crps_difference_low=lambda rows: rows["crps_difference"] - 0.01,
            crps_difference_high=lambda rows: rows["crps_difference"] + 0.04,
        )

    _, axes = plt.subplots(2, 1, sharex=True)
    shifts = {"contrastive": 0.5, "diffusion": 0.2, "MMVAE (text)": 0.1}
    plot_differences(axes, {method: table(shift) for method, shift in shifts.items()}, "inversion")
    places = []
    for method, shift in shifts.items():
        x, y, low, high = errorbar(axes[0], method)
        assert y == pytest.approx([1 + shift, 1.1 + shift])
        np.testing.assert_allclose((low, high), (y - 0.1, y + 0.3))
        _, y, low, high = errorbar(axes[1], method)
        assert y == pytest.approx([shift, shift - 0.1])
        np.testing.assert_allclose((low, high), (y - 0.01, y + 0.04), atol=1e-12)
        assert colour(labelled(axes[1].containers, method)[0]) == method_colour(method)
        places.append(x - PHASES)
    np.testing.assert_allclose(np.mean(places, axis=0), 0, atol=1e-12)
    assert (np.diff(places, axis=0) > 0).all()
    for ax, same in zip(axes, (1, 0), strict=True):
        assert [drawn.get_ydata()[0] for drawn in ax.lines if drawn.get_color() == "0.6"] == [same]
    assert axes[0].get_title() == "against inversion"
    assert [ax.get_ylabel() for ax in axes] == ["RMSE ratio", "Difference of CRPS [dex]"]
    assert axes[1].get_xlabel() == PHASE_LABEL and axes[0].get_yscale() == "log"


def test_a_real_event_with_what_is_said_about_it():
    wavelength, phases = np.array([3000.0, 5000, 8000]), np.array([-10.0, 0, 10, 20, 30])
    flux = np.arange(15.0).reshape(1, 5, 3)
    curve = LightCurves(np.array([[1.0, 2.0]]), np.array([[-19.0, -18.5]]), np.array([[3, 3]]))
    truth = Events(np.array(["a"]), np.ones((1, 6)), curve, Spectra(phases, wavelength, flux), {})
    order = np.random.default_rng(0).permutation(np.arange(1.0, 100))[:, None, None]
    samples = {"inversion": flux[0] + order, "diffusion": flux[0] + 1000 + order[:10], "MMVAE (large)": 0}
    samples["MMVAE (large)"] = flux[0] + 2000 + order
    _, axes = plt.subplots(2, 2)
    plot_real_event(axes.flat, truth, samples)
    (light_curve, *panels) = axes.flat
    np.testing.assert_array_equal(line(light_curve, "i"), ([1, 2], [-19, -18.5]))
    tenth = 1000 + order[:10].mean()
    expected = {"truth": 0, "inversion": 50, "diffusion": tenth, "MMVAE (large), 90 % interval": 2050}
    for ax, place, title in zip(panels, (1, 2, 4), ("+0 d", "+10 d", "+30 d"), strict=True):
        assert labels(ax) == list(expected)
        for label, shift in expected.items():
            np.testing.assert_allclose(line(ax, label), (wavelength, flux[0, place] + shift))
        band = the(bands(ax))
        low, high = flux[0, place] + 2005, flux[0, place] + 2095
        np.testing.assert_allclose(edges(band), (wavelength, low, high))
        assert colour(band) == method_colour("MMVAE (large)")
        assert (ax.get_title(), ax.get_xlabel(), ax.get_ylabel()) == (title, WAVELENGTH_LABEL, FNU_LABEL)
    assert legend(panels[-1]) == list(expected)
