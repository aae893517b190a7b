"""Misfits and ROC curves: every kind by its own numbers and in its own colour."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from snlib.evaluation.odd_light_curves import KINDS
from snlib.figures.unlike import kind_colour, plot_misfits, plot_roc
from snlib.inference.misfit import Familiarity
from tests.figures.artists import colour, labelled, labels, line

SHOWN = ["simulated", "1991bg-like", "g and i swapped"]


@pytest.fixture
def misfits():
    place = np.arange(1.0, 4)
    return pd.DataFrame(
        {"kind": SHOWN, "misfit_mag": place, "misfit_mag_5": place / 10, "misfit_mag_95": 2 * place}
        | {"unlike": place / 4, "n_light_curves": 7}
    )


def roc_of(points):
    rates = np.array([0.001, 0.01, 0.5, 1.0])
    rows = [
        pd.DataFrame({"kind": kind, "points": points, "false_alarm": rates, "unlike": rates ** (1 / (n + 1))})
        for n, kind in enumerate(SHOWN)
    ]
    return pd.concat(rows)


def test_misfits_are_in_the_rows_of_their_kinds(ax, misfits):
    plot_misfits(ax, misfits)
    assert [tick.get_text() for tick in ax.get_yticklabels()] == SHOWN
    assert list(ax.get_yticks()) == [0, 1, 2] and ax.yaxis_inverted()
    for row, kind in enumerate(SHOWN):
        points, _, (bars,) = labelled(ax.containers, kind)
        assert points.get_xydata().tolist() == [[row + 1, row]]
        (bar,) = bars.get_segments()
        np.testing.assert_allclose(bar, [[(row + 1) / 10, row], [2 * (row + 1), row]])
        assert colour(points) == kind_colour(kind)
    assert ax.get_xscale() == "log" and ax.get_xlabel() == "misfit_mag [mag]"


def test_each_kind_has_its_curve_in_percent(ax):
    plot_roc(ax, roc_of(np.inf), Familiarity(2.0, 0.02, 100))
    assert labels(ax) == [*SHOWN, ""]
    for n, kind in enumerate(SHOWN):
        x, y = line(ax, kind)
        np.testing.assert_allclose(x, [0.1, 1, 50, 100])
        np.testing.assert_allclose(y, 100 * (x / 100) ** (1 / (n + 1)))
        assert colour(labelled(ax.lines, kind)) == kind_colour(kind)
    assert list(ax.lines[-1].get_xdata()) == [2, 2]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("False alarms [%]", "Called unlike [%]")
    assert ax.get_xscale() == "log"


def test_the_title_says_how_many_points_there_are():
    _, axes = plt.subplots(1, 2)
    for ax, points in zip(axes, (8.0, np.inf), strict=True):
        plot_roc(ax, roc_of(points), Familiarity(2.0, 0.01, 100))
    assert [ax.get_title() for ax in axes] == ["8 points", "all points"]


def test_no_two_kinds_have_the_same_colour():
    assert len({kind_colour(kind) for kind in KINDS}) == len(KINDS)
    assert kind_colour("simulated") == "#000000"
