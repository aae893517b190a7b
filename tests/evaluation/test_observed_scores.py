"""Scores of observed spectra, against spectra that differ by what is known."""

import numpy as np
import pandas as pd
import pytest

from snlib.evaluation.observed_scores import (
    mean_over_supernovae,
    mean_residuals,
    phase_bin,
    repeat_floor,
    spectrum_scores,
)

WAVELENGTH_AA = np.linspace(3300.0, 8200.0, 500)
JUDGED = (WAVELENGTH_AA >= 3500) & (WAVELENGTH_AA <= 8000)
RNG = np.random.default_rng(3)
TRUTH = -12 + 0.2 * np.sin(WAVELENGTH_AA / 300)


def test_an_offset_is_level_and_no_shape():
    scores = spectrum_scores(TRUTH + 0.3, TRUTH, WAVELENGTH_AA)
    assert scores["n_pixels"] == JUDGED.sum()
    assert scores["raw_dex"] == pytest.approx(0.3) and scores["offset_dex"] == pytest.approx(0.3)
    assert scores["shape_dex"] == pytest.approx(0, abs=1e-12)
    assert np.isnan(scores["coverage_90"])


def test_noise_of_known_scale_is_found_whatever_the_level():
    noise = RNG.normal(0, 0.05, len(TRUTH))
    first, second = (spectrum_scores(TRUTH + noise + level, TRUTH, WAVELENGTH_AA) for level in (0.0, -0.7))
    assert first["shape_dex"] == pytest.approx(0.05, rel=0.1)
    assert second["shape_dex"] == pytest.approx(first["shape_dex"])
    assert second["raw_dex"] == pytest.approx(np.hypot(0.7, 0.05), rel=0.02)


def test_what_lies_outside_or_was_not_observed_does_not_count():
    spoilt = np.where(JUDGED, TRUTH, 99.0)
    observed = TRUTH.copy()
    observed[100:150] = np.nan
    scores = spectrum_scores(spoilt, observed, WAVELENGTH_AA)
    assert scores["raw_dex"] == 0 and scores["n_pixels"] == JUDGED.sum() - 50


def test_too_few_pixels_have_no_scores():
    observed = np.full_like(TRUTH, np.nan)
    observed[100:199] = TRUTH[100:199]
    scores = spectrum_scores(TRUTH, observed, WAVELENGTH_AA)
    assert scores["n_pixels"] == 99 and np.isnan(scores["raw_dex"])


def test_intervals_of_a_perfect_forecast_cover_what_they_should():
    samples = TRUTH + RNG.normal(0, 0.1, (400, len(TRUTH)))
    observed = TRUTH + RNG.normal(0, 0.1, len(TRUTH))
    scores = spectrum_scores(samples.mean(0), observed, WAVELENGTH_AA, samples)
    for percent, expected in ((50, 0.5), (68, 0.6827), (90, 0.9)):
        assert scores[f"coverage_{percent}"] == pytest.approx(expected, abs=0.06)
    assert scores["width_90_dex"] == pytest.approx(2 * 1.645 * 0.1, rel=0.03)


def test_phase_bins_hold_their_first_end_and_the_last_both():
    found = phase_bin([-10.0, -5.0, 4.99, 15.0, 30.0]).tolist()
    assert found == ["-10 to -5", "-5 to 5", "-5 to 5", "15 to 30", "15 to 30"]


def test_a_supernova_counts_once_however_many_spectra_it_has():
    table = pd.DataFrame(
        {
            "method": "a",
            "supernova": ["x"] * 9 + ["y"],
            "shape_dex": [0.1] * 9 + [0.3],
            "coverage_90": [np.nan] * 10,
        }
    )
    (row,) = mean_over_supernovae(table, ["shape_dex", "coverage_90"], ["method"]).to_dict("records")
    assert row["shape_dex"] == pytest.approx(0.2) and np.isnan(row["coverage_90"])
    assert (row["supernovae"], row["spectra"]) == (2, 10)


def test_errors_are_those_of_a_mean():
    values = RNG.normal(0, 1, 200)
    table = pd.DataFrame({"method": "a", "supernova": range(200), "shape_dex": values})
    error = mean_over_supernovae(table, ["shape_dex"], ["method"])["shape_dex_error"].item()
    assert error == pytest.approx(values.std() / np.sqrt(200), rel=0.05)


def test_residuals_are_found_where_they_are():
    """A bump at 6000 Angstrom in spectra after +5 d, at any level."""
    n = 40
    phase = np.repeat([0.0, 10.0], n // 2)
    bump = 0.2 * np.exp(-(((WAVELENGTH_AA - 6000) / 150) ** 2))
    predicted = TRUTH + np.where(phase[:, None] > 5, bump, 0) + RNG.normal(0, 0.5, (n, 1))
    table = mean_residuals(predicted, np.tile(TRUTH, (n, 1)), WAVELENGTH_AA, np.arange(n), phase)
    early, late = (table[table["phase_bin"] == name] for name in ("-5 to 5", "5 to 15"))
    np.testing.assert_allclose(early["residual_dex"], 0, atol=1e-9)
    highest = late.loc[late["residual_dex"].idxmax()]
    assert abs(highest["wavelength_aa"] - 6000) <= 50 and highest["residual_dex"] > 0.15
    assert set(table["phase_bin"]) == {"-5 to 5", "5 to 15"}


def test_the_floor_is_the_noise_of_one_spectrum():
    n, supernova = 60, np.repeat(np.arange(30), 2)
    observed = np.tile(np.isfinite(TRUTH), (n, 1))
    observed[::2, :30] = False  # another instrument
    residual = np.where(observed, RNG.normal(0, 0.04, (n, len(TRUTH))), np.nan)
    phase = np.tile([0.0, 0.5], 30)
    floor = repeat_floor(residual, WAVELENGTH_AA, observed, supernova, phase)
    assert len(floor) == 30 and floor["shape_dex"].mean() == pytest.approx(0.04, rel=0.03)


@pytest.mark.parametrize("which", ["another supernova", "too late", "the same range"])
def test_other_pairs_do_not_count(which):
    observed = np.tile(np.isfinite(TRUTH), (2, 1))
    observed[0, :30] = which == "the same range"
    residual = np.where(observed, 0.0, np.nan)
    supernova = np.array([0, which == "another supernova"], dtype=int)
    phase = np.array([0.0, 1.5 if which == "too late" else 0.5])
    assert repeat_floor(residual, WAVELENGTH_AA, observed, supernova, phase).empty
