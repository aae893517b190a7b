"""Readings: each seed's errors at its steps, and what died in black."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from snlib.figures.readings import plot_reading
from tests.figures.artists import labels, line, xy

ROWS = pd.DataFrame(
    {
        "seed": [3, 3, 3, 7, 7, 7],
        "step": [1000, 2000, 3000] * 2,
        "light_curve": [0.5, 0.4, 0.3, 0.5, 0.7, 0.6],
        "spectrum": [0.4, 0.2, 0.1, 0.4, 0.3, 0.2],
        "dead": [False, False, False, False, True, True],
    }
)


def test_each_seed_has_a_line_for_each_expert(ax):
    plot_reading(ax, ROWS, 0.33)
    assert line(ax, "the mean spectrum")[1].tolist() == [0.33, 0.33]
    lines = [np.array(xy(artist)) for artist in ax.lines[1:]]
    for number, seed in enumerate((3, 7)):
        of_seed = ROWS[ROWS["seed"] == seed]
        for expert, (x, y) in zip(("light_curve", "spectrum"), lines[3 * number :], strict=False):
            assert x.tolist() == [1, 2, 3] and y == pytest.approx(of_seed[expert].to_numpy())
    assert labels(ax)[1:3] == ["from the light curve", "from the spectrum itself"]
    assert labels(ax)[3:] == ["from the light curve, expert dead", "", "", ""]  # each is in the legend once
    colours = (
        {to_hex(ax.lines[i].get_color()) for i in (1, 4)},
        {to_hex(ax.lines[i].get_color()) for i in (2, 5)},
    )
    assert len(colours[0]) == len(colours[1]) == 1 and colours[0] != colours[1]


def test_dead_experts_are_black_while_they_are_dead(ax):
    plot_reading(ax, ROWS, 0.33)
    alive, died = ax.lines[3], ax.lines[6]
    assert np.isnan(xy(alive)[1]).all()
    assert died.get_color() == "k" and np.array(xy(died)[1])[1:].tolist() == [0.7, 0.6]
    assert np.isnan(xy(died)[1][0])
