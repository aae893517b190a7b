"""Cadences and observations."""

import numpy as np
import pytest
from scipy.stats import kstest

from snlib.data.events import LightCurves
from snlib.data.quantities import SURFACE_PHASES_DAYS
from snlib.simulation.survey import SELECTIONS, draw_cadence, draw_window, observe
from snlib.simulation.visits import Visits, load_visits


@pytest.fixture(scope="module")
def visits():
    return load_visits()


def test_cadences_keep_the_rules(visits):
    for seed in range(30):
        phase_days, band = draw_cadence(visits, np.random.default_rng(seed))
        counts = np.bincount(band, minlength=6)
        assert phase_days.shape == band.shape
        assert counts.sum() > 24
        assert counts.max() <= 10
        assert phase_days.min() >= -20
        assert phase_days.max() <= 90
        assert (np.diff(band) >= 0).all()
        for b in range(6):
            assert (np.diff(phase_days[band == b]) >= 0).all()


def whole_sky(epochs_days, bands):
    """Visit every point of a 4-degree grid at every epoch; a position sees at most one grid point."""
    ra_deg, dec_deg = (axis.ravel() for axis in np.meshgrid(np.arange(0, 360, 4.0), np.arange(-8, 9, 4.0)))
    n = len(ra_deg)
    return Visits(
        60000.0 + np.repeat(epochs_days, n),
        np.tile(ra_deg, len(epochs_days)),
        np.tile(dec_deg, len(epochs_days)),
        np.repeat(np.resize(bands, len(epochs_days)), n),
        np.full(n * len(epochs_days), 24.0),
    )


def test_peak_follows_the_first_visit_by_10_to_20_days():
    sky = whole_sky(np.arange(0, 1930, 3.95), bands=np.arange(6))
    for seed in range(20):
        phase_days, _ = draw_cadence(sky, np.random.default_rng(seed))
        assert len(phase_days) in (25, 26)
        assert -20 <= phase_days.min() <= -10
        np.testing.assert_allclose(np.diff(np.sort(phase_days)), 3.95, atol=1e-6)


def test_crowded_bands_keep_a_random_ten_up_to_80_days():
    sky = whole_sky(np.arange(0.0, 1930.0), bands=np.arange(6))
    phase_days, band = draw_cadence(sky, np.random.default_rng(2))
    assert np.bincount(band).tolist() == [10] * 6
    assert 70 < phase_days.max() <= 80
    assert len(np.unique(np.diff(phase_days[band == 0]).round(6))) > 1


@pytest.mark.parametrize(
    ("why", "epochs_days", "bands"),
    [
        ("only 24 visits in 100 d", np.arange(0, 1930, 4.2), np.arange(6)),
        ("no visit 50 d after peak", np.add.outer(365 * np.arange(6), np.arange(59)).ravel(), np.arange(6)),
        ("one crowded band keeps only ten", np.arange(0, 1930, 3.0), [2]),
    ],
)
def test_too_sparse_visits_give_no_cadence(why, epochs_days, bands):
    with pytest.raises(ValueError, match="visits"):
        draw_cadence(whole_sky(epochs_days, bands), np.random.default_rng(0))


@pytest.mark.parametrize("selection", SELECTIONS)
def test_sparsest_light_curve_that_a_selection_takes(selection):
    """Regular epochs, n or n + 1 of them in any window."""
    fewest = {"code": 25, "text": 10}[selection]
    enough, too_few = (
        whole_sky(np.arange(0, 1930, 100 / (n + 0.01)), np.arange(6)) for n in (fewest, fewest - 2)
    )
    phase_days, _ = draw_cadence(enough, np.random.default_rng(0), selection)
    assert len(phase_days) in (fewest, fewest + 1)
    with pytest.raises(ValueError, match="visits"):
        draw_cadence(too_few, np.random.default_rng(0), selection)


def test_selection_of_the_paper_does_not_wait_for_visits():
    """Peak is 20 d into the window, whenever the first visit comes and the last one is."""
    nights = np.add.outer(50.0 * np.arange(40), np.arange(12.0)).ravel()  # 12 nights, then 38 without
    sky = whole_sky(nights, bands=np.arange(6))
    cadences = [draw_cadence(sky, np.random.default_rng(seed), "text")[0] for seed in range(60)]
    first, last = ([pick(phase_days) for phase_days in cadences] for pick in (min, max))
    assert -20 <= min(first) < -19
    assert 15 < max(first) <= 19
    assert 41 < min(last) < 45
    assert max(last) <= 80


def test_published_code_is_the_default(visits):
    default, named = (draw_cadence(visits, np.random.default_rng(5), *n) for n in ((), ("code",)))
    np.testing.assert_array_equal(default, named)


def test_unknown_selection_is_named(visits):
    with pytest.raises(ValueError, match=r"'published'.*code.*text"):
        draw_cadence(visits, np.random.default_rng(0), "published")


def test_windows_are_anywhere_on_the_sphere_and_in_the_first_half():
    rng = np.random.default_rng(1)
    n = 400_000
    sky = Visits(
        np.sort(rng.uniform(0, 1930, n)),
        rng.uniform(0, 360, n),
        rng.uniform(-90, 90, n),
        np.zeros(n, int),
        np.full(n, 24.0),
    )
    drawn = [draw_window(sky, rng) for _ in range(1000)]
    ra_deg, sin_dec = np.array(
        [(sky.ra_deg[w[0]] / 360, np.sin(np.radians(sky.dec_deg[w[0]]))) for w, _ in drawn if len(w)]
    ).T
    starts = [start for _, start in drawn]
    assert len(ra_deg) > 950
    assert kstest(ra_deg, "uniform").pvalue > 0.01
    assert kstest(sin_dec, "uniform", (-1, 2)).pvalue > 0.01
    # A position's first visit, where windows begin, is some 25 d after the survey's first.
    assert kstest(starts, "uniform", (25, 3652.5 / 2 - 25)).pvalue > 0.01
    for window, start in drawn:
        assert ((sky.mjd[window] >= start) & (sky.mjd[window] <= start + 100)).all()


def test_the_survey_does_not_go_everywhere(visits):
    drawn = [draw_window(visits, np.random.default_rng(seed)) for seed in range(200)]
    never = [np.isnan(start) for _, start in drawn]
    assert 0.1 < np.mean(never) < 0.5
    assert all(len(window) == 0 for (window, _), no in zip(drawn, never, strict=True) if no)


# Observations


def linear_light_curve(phase_days, band):
    return -19.0 + 0.03 * phase_days + 0.1 * band


@pytest.fixture
def daily_magnitudes():
    return linear_light_curve(SURFACE_PHASES_DAYS[:, None], np.arange(6))


def test_observing_a_linear_light_curve_is_exact_and_grouped_by_band(visits, daily_magnitudes):
    cadence_phase, cadence_band = draw_cadence(visits, np.random.default_rng(11))
    shuffled = np.random.default_rng(0).permutation(len(cadence_phase))
    phase_days, magnitude, band = observe(
        daily_magnitudes, SURFACE_PHASES_DAYS, cadence_phase[shuffled], cadence_band[shuffled]
    )
    curves = LightCurves(phase_days[None], magnitude[None], band[None])
    observed = curves.observed[0]
    np.testing.assert_array_equal(band, np.repeat(np.arange(6), 10))
    np.testing.assert_array_equal(phase_days[observed], cadence_phase[cadence_phase <= 60])
    np.testing.assert_array_equal(band[observed], cadence_band[cadence_phase <= 60])
    expected = linear_light_curve(phase_days[observed], band[observed])
    np.testing.assert_allclose(magnitude[observed], expected, rtol=0, atol=1e-12)
    assert np.isnan(phase_days[~observed]).all()


def test_slots_and_what_is_not_observed(daily_magnitudes):
    daily_magnitudes[SURFACE_PHASES_DAYS < -15, 1] = np.nan  # no flux yet in g
    cadence_phase = np.array([60.0, -19.5, 60.1, 3.5, -14.0, -19.5])
    cadence_band = np.array([5, 1, 5, 1, 1, 4])
    phase_days, magnitude, _ = observe(daily_magnitudes, SURFACE_PHASES_DAYS, cadence_phase, cadence_band)
    assert np.flatnonzero(~np.isnan(magnitude)).tolist() == [10, 11, 40, 50]
    np.testing.assert_array_equal(phase_days[[10, 11, 40, 50]], [-14.0, 3.5, -19.5, 60.0])


def test_more_than_ten_in_a_band_is_refused(daily_magnitudes):
    with pytest.raises(ValueError, match="band i: 11"):
        observe(daily_magnitudes, SURFACE_PHASES_DAYS, np.arange(11.0), np.full(11, 3))
