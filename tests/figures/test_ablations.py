"""Ablations: every number in the row of its change, the best change first."""

import numpy as np
import pandas as pd
import pytest

from snlib.figures.ablations import plot_ablations
from snlib.figures.style import recipe_colour
from tests.figures.artists import colour, labels, line, xy

RMSE_DEX = pd.DataFrame({0: [0.3, 0.1, 0.5], 1: [0.4, 0.4, 0.5], 2: [0.35, 0.1, 0.5]}, ["base", "b", "c"])


def test_the_figure_shows_every_number_the_best_change_first(ax):
    plot_ablations(ax, RMSE_DEX, "base", "text")
    assert [text.get_text() for text in ax.texts] == ["b", "base", "c"]
    assert [text.get_weight() for text in ax.texts] == ["normal", "bold", "normal"]
    heights = [text.get_position()[1] for text in ax.texts]
    assert np.array(heights) == pytest.approx(np.arange(3) - 0.27) and ax.yaxis_inverted()
    for seed in RMSE_DEX:
        x, y = line(ax, f"seed {seed}")
        assert x == pytest.approx(RMSE_DEX[seed]) and y.tolist() == [1, 0, 2]
    x, y = line(ax, "mean")
    assert x == pytest.approx([0.2, 0.35, 0.5]) and y.tolist() == [0, 1, 2]
    reference = ax.lines[0]
    assert xy(reference)[0] == pytest.approx([0.35, 0.35]) and reference.get_linestyle() == "--"


def test_bars_reach_from_the_best_seed_to_the_worst(ax):
    plot_ablations(ax, RMSE_DEX, "base", "improved")
    (bars,) = ax.collections
    expected = [[[0.3, 1], [0.4, 1]], [[0.1, 0], [0.4, 0]], [[0.5, 2], [0.5, 2]]]
    np.testing.assert_allclose(bars.get_segments(), expected)
    assert colour(bars)[:7] == recipe_colour("improved")


@pytest.mark.parametrize("n_seeds", [1, 2, 7])
def test_any_number_of_seeds(ax, n_seeds):
    rmse_dex = pd.DataFrame({seed: RMSE_DEX[0] + seed / 100 for seed in range(n_seeds)})
    plot_ablations(ax, rmse_dex, "base", "text")
    assert labels(ax)[1:] == [*(f"seed {seed}" for seed in range(n_seeds)), "mean"]
    assert line(ax, f"seed {n_seeds - 1}")[0] == pytest.approx(RMSE_DEX[0] + (n_seeds - 1) / 100)


def test_labels_of_the_axes(ax):
    plot_ablations(ax, RMSE_DEX, "base", "text")
    assert (ax.get_title(), ax.get_xlabel()) == ("Recipe “text”", "RMSE, mean over five phases [dex]")
    assert ax.get_xscale() == "log" and len(ax.get_yticks()) == 0
    low, high = sorted(ax.get_ylim())
    assert low < -0.27 and high > 2  # all rows and the words above the first
