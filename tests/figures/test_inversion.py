"""Errors of many methods: each beside its own name, the best first."""

import numpy as np
import pandas as pd
import pytest

from snlib.figures.inversion import plot_error_ranking
from snlib.figures.style import method_colour
from tests.figures.artists import the, xy


def test_errors_are_ranked_beside_their_names(ax):
    rmse_dex = pd.Series({"large": 0.2, "inversion": 0.1234, "improved": 0.3})
    plot_error_ranking(ax, rmse_dex, "inversion")
    np.testing.assert_allclose(the(ax.collections).get_offsets(), [(0.1234, 0), (0.2, 1), (0.3, 2)])
    assert [text.get_text() for text in ax.texts] == ["inversion: 0.123", "large: 0.200", "improved: 0.300"]
    assert [text.get_position()[1] for text in ax.texts] == pytest.approx([-0.27, 0.73, 1.73])
    assert xy(the(ax.lines))[0] == pytest.approx([0.1234] * 2)
    colours = ["#" + "".join(f"{round(255 * part):02x}" for part in rgba[:3]) for rgba in dots(ax)]
    assert colours == [method_colour("inversion"), *[method_colour("MMVAE")] * 2]


def dots(ax):
    return the(ax.collections).get_facecolors()


def test_the_axes_of_the_ranking(ax):
    plot_error_ranking(ax, pd.Series({"inversion": 0.2, "improved": 0.3}), "inversion")
    assert ax.get_xlim()[0] == 0 and ax.yaxis_inverted() and len(ax.get_yticks()) == 0
    assert ax.get_xlabel() == "RMSE, mean over 0 to 30 d [dex]"
