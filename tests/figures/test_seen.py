"""The figure of spectra as the observer has them: curves and interval are those of the tables."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from snlib.figures.seen import plot_seen
from tests.figures.artists import labelled, line


def night(level):
    wavelength = np.arange(3000.0, 9000.0, 50.0)
    flux = 1e-15 * level * (2 + np.sin(wavelength / 300))
    ends = {"low_90_f_lambda": 0.8 * flux, "high_90_f_lambda": 1.5 * flux}
    return pd.DataFrame({"phase_days": 7.2, "wavelength_aa": wavelength, "f_lambda": flux} | ends)


def test_predictions_the_interval_of_the_first_and_what_was_observed():
    _, ax = plt.subplots()
    nights = {"the light curve": night(1.0), "a spectrum too": night(2.0)}
    observed = pd.DataFrame({"wavelength": [3200.0, 4000.0, 5000.0], "flux": [1e-15, 3e-15, 2e-15]})
    plot_seen(ax, nights, observed)
    for name, table in nights.items():
        shown = table[table["wavelength_aa"].between(3300, 8200)]
        expected = [shown["wavelength_aa"], shown["f_lambda"] * 1e15]
        np.testing.assert_allclose(line(ax, f"predicted from {name}"), expected)
    np.testing.assert_allclose(line(ax, "observed"), [[4000, 5000], [3, 2]])
    (interval,) = ax.collections
    corners = interval.get_paths()[0].vertices
    first = nights["the light curve"]
    inside = first["wavelength_aa"].between(3300, 8200)
    ends = first["low_90_f_lambda"][inside].min(), first["high_90_f_lambda"][inside].max()
    np.testing.assert_allclose([corners[:, 1].min(), corners[:, 1].max()], np.array(ends) * 1e15)
    assert labelled([interval], "90 % interval") is interval
    assert "7" in ax.get_title() and ax.get_ylim()[0] == 0


def test_without_an_observed_spectrum():
    _, ax = plt.subplots()
    plot_seen(ax, {"the light curve": night(1.0)})
    assert len(ax.lines) == 1
