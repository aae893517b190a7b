"""Objectives and training: every curve with its recipe, device, bound or precision."""

from functools import partial
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from snlib.figures.style import recipe_colour
from snlib.figures.training import (
    plot_convergence,
    plot_divergence,
    plot_losses,
    plot_race,
    plot_random_decoding,
    plot_subset_estimates,
    plot_throughput,
)
from tests.figures.artists import colour, errorbar, labelled, labels, legend, line, the, xy


def history(start):
    """The lowest validation loss is in the middle, the lowest training loss at the end."""
    return pd.DataFrame(
        {
            "step": [10, 20, 30],
            "seconds": [60.0, 120.0, 240.0],
            "train_loss": [start + 5.0, start + 4, start + 1],
            "validation_loss": [start + 6.0, start + 2, start + 3],
        }
    )


@pytest.mark.parametrize("recipes", [("text", "improved"), ("text", "evaluated", "improved")])
def test_losses_of_each_recipe(recipes):
    histories = {recipe: history(100 * n) for n, recipe in enumerate(recipes)}
    _, axes = plt.subplots(1, len(recipes))
    kept = {recipe: 2 if recipe == "evaluated" else 1 for recipe in recipes}
    trained = {
        recipe: SimpleNamespace(history=table, best=partial(table.iloc.__getitem__, kept[recipe]))
        for recipe, table in histories.items()
    }
    plot_losses(axes, trained, "Loss [nats]")
    for n, (ax, recipe) in enumerate(zip(axes, recipes, strict=True)):
        start = 100 * n
        np.testing.assert_array_equal(line(ax, "training"), ([10, 20, 30], np.array([5, 4, 1]) + start))
        np.testing.assert_array_equal(line(ax, "validation"), ([10, 20, 30], np.array([6, 2, 3]) + start))
        expected = {1: ([20], [2 + start]), 2: ([30], [3 + start])}[kept[recipe]]
        np.testing.assert_array_equal(line(ax, "weights kept"), expected)
        assert {colour(drawn) for drawn in ax.lines} == {recipe_colour(recipe)}
        assert labelled(ax.lines, "training").get_linestyle() == ":"
        assert (ax.get_title(), ax.get_xlabel()) == (f"Recipe “{recipe}”", "Training step")
        assert ax.get_ylabel() == "Loss [nats]"
    assert legend(axes[-1]) == ["training", "validation", "weights kept"]


def test_a_race_is_against_the_clock():
    short = history(50).iloc[:2]
    by_recipe = {"text": {"CPU": short, "H100": history(0)}, "improved": {"H100": history(20)}}
    _, axes = plt.subplots(1, 2)
    plot_race(axes, by_recipe)
    for ax, (recipe, by_device), lowest in zip(axes, by_recipe.items(), (52, 22), strict=True):
        for device, table in by_device.items():
            minutes, loss = line(ax, device)
            assert minutes.tolist() == [1, 2, 4][: len(table)]
            assert loss.tolist() == table["validation_loss"].tolist()
        dotted = the(drawn for drawn in ax.lines if drawn.get_linestyle() == ":")
        assert xy(dotted)[1].tolist() == [lowest] * 2  # of the shortest
        assert (ax.get_title(), ax.get_xlabel()) == (f"Recipe “{recipe}”", "Time [min]")
        assert ax.get_xlim()[0] == 0
    colours = [colour(labelled(axes[0].lines, device)) for device in ("CPU", "H100")]
    assert len(set(colours)) == 2
    assert "[nats per pair]" in axes[0].get_ylabel()


def test_bounds_with_their_standard_errors(ax):
    bounds = pd.DataFrame({"bound": ["tight"] * 2 + ["loose"] * 2, "k": [1, 8, 1, 8]})
    bounds = bounds.assign(mean=[-5.0, -4, -7, -6], error=[0.4, 0.3, 0.2, 0.1])
    plot_convergence(ax, bounds, -3.5)
    for name, mean, error in (("tight", [-5, -4], [0.4, 0.3]), ("loose", [-7, -6], [0.2, 0.1])):
        x, y, low, high = errorbar(ax, name)
        assert x.tolist() == [1, 8] and y.tolist() == mean
        np.testing.assert_allclose((low, high), (y - error, y + error))
    assert line(ax, "log evidence, exact")[1].tolist() == [-3.5, -3.5]
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["1", "8"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("Samples per modality, $K$", "Mean over events [nats]")


def test_divergences_of_each_scale(ax):
    location = np.linspace(-2, 2, 17)
    closed = {0.5: location**2, 2.0: location**2 + 1}
    integrated = {scale: values + 0.25 for scale, values in closed.items()}
    plot_divergence(ax, location, closed, integrated)
    for scale, dots in zip(closed, ax.lines[1::2], strict=True):
        np.testing.assert_array_equal(line(ax, f"scale {scale:g}"), (location, closed[scale]))
        np.testing.assert_array_equal(xy(dots), (location[[0, 8, 16]], integrated[scale][[0, 8, 16]]))
        assert colour(dots) == colour(labelled(ax.lines, f"scale {scale:g}"))
        assert dots.get_marker() == "o"
    assert (ax.get_xlabel(), ax.get_ylabel()) == (
        "Location of the posterior",
        "Divergence from the prior [nats]",
    )


def test_estimates_of_subsets_and_their_means(ax):
    """Of -1, 1 and 3 the mean is 1, and its standard error 2 / sqrt 3."""
    estimates = {32: np.array([-1.0, 1, 3]), 128: np.array([-0.5, 0, 0.5, 0])}
    plot_subset_estimates(ax, estimates, 982)
    for place, ((_, values), container) in enumerate(zip(estimates.items(), ax.containers, strict=True), 1):
        x, y = xy(container[0])
        assert (x.item(), y.item()) == (place, values.mean())
        segment = container[2][0].get_segments()[0]
        half = 4 * values.std(ddof=1) / np.sqrt(len(values))
        np.testing.assert_allclose(segment[:, 1], (y.item() - half, y.item() + half))
    assert 4 * np.std([-1, 1, 3], ddof=1) / np.sqrt(3) == pytest.approx(8 / np.sqrt(3))
    bodies = [body.get_paths()[0].vertices[:, 1] for body in ax.collections[:2]]
    assert [(body.min(), body.max()) for body in bodies] == [(-1, 3), (-0.5, 0.5)]
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["32", "128"]
    assert ax.get_xlabel() == "Wavelengths decoded, of 982" and "[nats]" in ax.get_ylabel()


def test_quality_and_cost_of_random_decoding():
    rows = pd.DataFrame({"wavelengths": [982, 128, 128, 982], "rmse_dex": [0.2, 0.3, 0.5, 0.4]})
    milliseconds = pd.Series({982: 190.0, 128: 62.0})
    _, axes = plt.subplots(1, 2)
    plot_random_decoding(axes, rows, milliseconds)
    quality, cost = axes
    dots, means = quality.lines
    np.testing.assert_array_equal(xy(dots), ([1, 0, 0, 1], rows["rmse_dex"]))
    np.testing.assert_allclose(xy(means), ([0, 1], [0.4, 0.3]))
    bars = {bar.get_x() + bar.get_width() / 2: bar.get_height() for bar in cost.patches}
    assert bars == pytest.approx({0: 62, 1: 190})
    for ax in axes:
        assert [tick.get_text() for tick in ax.get_xticklabels()] == ["128", "982"]
        assert ax.get_xlabel() == "Wavelengths decoded a step"
    assert quality.get_ylim() == pytest.approx((0, 0.625))
    assert quality.get_ylabel() == "RMSE on test events [dex]"
    assert cost.get_ylabel() == "Time of a step, one CPU thread [ms]"


def test_throughput_of_each_mode_and_precision(ax):
    series = {("plain", "fp32"): 100, ("plain", "bf16"): 200, ("recorded", "bf16"): 1000}
    steps = pd.DataFrame(
        {"batch": batch, "mode": mode, "precision": precision, "pairs/s": rate * batch}
        for batch in (64, 16)
        for (mode, precision), rate in series.items()
    )
    plot_throughput(ax, steps)
    assert sorted(labels(ax)) == sorted(f"{mode}, {precision}" for mode, precision in series)
    for (mode, precision), rate in series.items():
        np.testing.assert_array_equal(line(ax, f"{mode}, {precision}"), ([16, 64], [16 * rate, 64 * rate]))
    plain, half, recorded = (labelled(ax.lines, f"{mode}, {precision}") for mode, precision in series)
    assert colour(plain) == colour(half) != colour(recorded)
    assert plain.get_marker() != half.get_marker() == recorded.get_marker()
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("Pairs in a batch", "Pairs trained per second")
    assert sorted(tick.get_text() for tick in ax.get_xticklabels()) == ["16", "64"]
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
