"""Simulated events, and the spectra that are taken of them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snlib.simulate import simulate
from snlib.spectra import observe_spectra


@pytest.fixture(scope="module")
def events():
    return simulate(12, seed=3)


@pytest.mark.parametrize("n", [1, 5])
def test_an_event_is_the_same_whatever_the_number_of_events(events, n):
    fewer = simulate(n, seed=3)
    for name, values in fewer.arrays().items():
        if name not in ("spectrum_phase_days", "wavelength_aa"):
            np.testing.assert_array_equal(values, events.arrays()[name][:n], err_msg=name)


def test_another_seed_gives_other_events(events):
    assert not np.isclose(simulate(1, seed=4).parameters, events.parameters[:1]).all()


def test_events_are_type_ia_supernovae_seen_by_rubin(events):
    light_curves = events.light_curves
    assert light_curves.magnitude.shape == (12, 60)
    assert np.nanmax(light_curves.phase_days) <= 60
    assert np.nanmax(light_curves.magnitude) < -12  # fainter is not what the surrogate was fitted to
    near_peak = (np.abs(light_curves.phase_days) < 5) & np.isin(light_curves.band, (1, 2))
    assert -20.5 < np.nanmedian(light_curves.magnitude[near_peak]) < -17
    assert events.spectra.observed.all()


def test_light_curve_and_spectrum_agree(events):
    """Brighter light curves go with brighter spectra: the i band lies within the spectrum's range."""
    light_curves, spectra = events.light_curves, events.spectra
    i_band = (light_curves.band == 3) & (light_curves.phase_days > 5) & (light_curves.phase_days < 35)
    seen = i_band.any(1)
    assert seen.sum() > 8
    magnitude = np.nanmean(np.where(i_band, light_curves.magnitude, np.nan)[seen], axis=1)
    red = (spectra.wavelength_aa > 6900) & (spectra.wavelength_aa < 7900)
    brightness = spectra.log10_fnu[:, 2:4][..., red].mean((1, 2))
    assert np.corrcoef(magnitude, brightness[seen])[0, 1] < -0.8


def test_no_events():
    with pytest.raises(ValueError, match="n_events is 0"):
        simulate(0, seed=0)


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1))
def test_median_filter_by_hand(seed):
    flux = np.random.default_rng(seed).normal(size=(2, 3, 8))
    padded = np.concatenate([flux[..., :1], flux, flux[..., -1:]], axis=-1)
    expected = np.median([padded[..., k : k + 8] for k in range(3)], axis=0)
    np.testing.assert_array_equal(observe_spectra(flux), expected)


def test_pixels_without_flux_are_not_observed():
    flux = np.array([1.0, 2.0, -np.inf, 2.0, 1.0, 3.0])
    assert np.isnan(observe_spectra(flux)).tolist() == [False, False, True, False, False, False]
    assert np.isnan(observe_spectra(np.full(5, -np.inf))).all()
