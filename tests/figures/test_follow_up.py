"""The figure of objects to follow up: every object stands where it belongs, in one colour."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from snlib.figures.follow_up import plot_follow_up
from tests.figures.artists import colour, labelled, line


def test_chosen_objects_and_others_stand_at_their_values():
    rng = np.random.default_rng(0)
    columns = ("redshift", "misfit_mag", "r_mag", "width_dex")
    table = pd.DataFrame(
        {name: rng.uniform(0.1, 1, 9) for name in columns}, index=[f"o{i}" for i in range(9)]
    )
    _, axes = plt.subplots(1, 2)
    plot_follow_up(axes, table, table.index[2:5], table.index[[0, 8]])
    for ax, label, x, y, rows in (
        (axes[0], "most unlike", "redshift", "misfit_mag", [2, 3, 4]),
        (axes[1], "would teach most", "r_mag", "width_dex", [0, 8]),
    ):
        others = [row for row in range(9) if row not in rows]
        for name, own in ((label, rows), ("others", others)):
            np.testing.assert_array_equal(line(ax, name), table[[x, y]].iloc[own].to_numpy().T)
    assert colour(labelled(axes[0].lines, "most unlike")) != colour(labelled(axes[0].lines, "others"))
    assert axes[0].get_yscale() == "log"
