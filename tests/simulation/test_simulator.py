"""Simulated events, and the spectra that are taken of them."""

import sqlite3
from contextlib import closing

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snlib.data.quantities import BANDS
from snlib.simulation import surrogate_grid
from snlib.simulation.simulator import simulate
from snlib.simulation.spectra import extract_spectra, observe_spectra
from snlib.simulation.surfaces import Surface
from snlib.simulation.surrogate import Surrogate
from snlib.simulation.surrogate_grid import SurrogateGrid
from snlib.simulation.survey import draw_cadence
from snlib.simulation.visits import load_visits


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
    # only where hardly a packet arrives is there no flux
    assert events.spectra.observed[:, 1:3].mean() > 0.999
    assert 0.9 < events.spectra.observed.mean() < 1


def test_light_curve_and_spectrum_agree(events):
    """Brighter light curves go with brighter spectra: the i band lies within the spectrum's range."""
    light_curves, spectra = events.light_curves, events.spectra
    i_band = (light_curves.band == 3) & (light_curves.phase_days > 5) & (light_curves.phase_days < 35)
    seen = i_band.any(1)
    assert seen.sum() > 8
    magnitude = np.nanmean(np.where(i_band, light_curves.magnitude, np.nan)[seen], axis=1)
    red = (spectra.wavelength_aa > 6900) & (spectra.wavelength_aa < 7900)
    brightness = np.nanmean(spectra.log10_fnu[:, 2:4][..., red], axis=(1, 2))
    assert np.corrcoef(magnitude, brightness[seen])[0, 1] < -0.8


def test_an_event_is_the_same_whatever_the_number_of_workers(events):
    shared = simulate(12, seed=3, workers=2)
    for name, values in events.arrays().items():
        np.testing.assert_array_equal(shared.arrays()[name], values, err_msg=name)


def test_events_of_a_processor_with_other_last_bits_have_the_same_digest(events, monkeypatch):
    """Powers, exponentials and logarithms of vector units differ in the last bit from the C library's."""
    monkeypatch.setattr(surrogate_grid, "SURFACE_WAVELENGTH_AA", _next(surrogate_grid.SURFACE_WAVELENGTH_AA))
    for name in ("exp", "log", "log10", "sqrt"):
        exact = getattr(np, name)
        monkeypatch.setattr(np, name, lambda x, *a, exact=exact, **k: _next(exact(x, *a, **k)))
    others = simulate(12, seed=3)
    assert not np.array_equal(others.spectra.wavelength_aa, events.spectra.wavelength_aa)
    assert others.digest() == events.digest()


def _next(x):
    """The next number in double precision, of what is neither zero nor infinite."""
    x = np.asarray(x)
    return np.where(np.isfinite(x) & (x != 0), np.nextafter(x, np.inf), x) if x.dtype == np.float64 else x


def test_committed_weights_rest_on_the_events_that_this_machine_simulates(events):
    """With other events all committed weights and results would be refused, and everything trained anew."""
    assert events.digest() == "8cd46b677698f122607776c166e1065a4b577a2a2af1b0c5471c363c9f560244"


def test_without_residuals_and_noise_a_surface_is_the_surrogate_itself():
    surrogate = Surrogate.load()
    smooth = SurrogateGrid(surrogate, residuals=False, noise=False).surface(2, seed=0)
    own = SurrogateGrid(surrogate, noise=False).surface(2, seed=0)
    at = smooth.phase_days, smooth.wavelength_aa
    mean = surrogate.log10_fnu(smooth.parameters[None], *at)[0]
    np.testing.assert_array_equal(smooth.log10_fnu, mean)
    assert 0.02 < np.sqrt(np.mean((own.log10_fnu - mean)[15:60] ** 2)) < 0.3


def test_residuals_and_noise_leave_parameters_and_cadence_alone(events):
    smooth = simulate(12, 3, SurrogateGrid(Surrogate.load(), residuals=False, noise=False))
    np.testing.assert_array_equal(smooth.parameters, events.parameters)
    both = smooth.light_curves.observed & events.light_curves.observed
    assert both.mean() > 0.8 * events.light_curves.observed.mean()
    assert smooth.spectra.observed.all()
    assert events.provenance["residuals"] and not smooth.provenance["residuals"]


@pytest.mark.parametrize("name", ["n_events", "workers"])
def test_numbers_that_make_no_sense(name):
    with pytest.raises(ValueError, match=f"{name} is 0"):
        simulate(**{"n_events": 1, "seed": 0, name: 0})


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


def surface(phase_days, wavelength_aa=None):
    wavelength_aa = np.linspace(2500, 9000, 50) if wavelength_aa is None else wavelength_aa
    log10_fnu = np.asarray(phase_days)[:, None] + 0 * wavelength_aa
    return Surface("one", np.ones(6), np.asarray(phase_days, float), wavelength_aa, log10_fnu)


def test_spectra_are_those_of_the_nearest_steps():
    wavelength, spectra = extract_spectra(surface(np.arange(-15.2, 40)))
    assert 3000 <= wavelength[0] < wavelength[-1] <= 8000
    np.testing.assert_allclose(
        spectra, np.repeat([[-10.2], [-0.2], [9.8], [19.8], [29.8]], len(wavelength), 1)
    )


def test_spectra_before_the_first_step_are_not_observed():
    spectra = extract_spectra(surface(np.arange(-8.0, 40)))[1]
    assert np.isnan(spectra[0]).all() and not np.isnan(spectra[1:]).any()


def test_a_simulation_that_ends_early_or_leaves_out_days_is_refused():
    with pytest.raises(ValueError, match=r"one: no step near \+30 d, it has -12.0 to 25.0 d"):
        extract_spectra(surface(np.arange(-12.0, 26)))
    with pytest.raises(ValueError, match=r"no step near \+0 d"):
        extract_spectra(surface(np.r_[-12:-4, 5:40]))
    with pytest.raises(ValueError, match="no pixel in 3000 to 8000"):
        extract_spectra(surface(np.arange(-12.0, 40), np.array([8500.0, 9000.0])))


@pytest.mark.parametrize(
    "change, message",
    [
        ({"parameters": np.ones(5)}, "parameters: expected shape"),
        ({"phase_days": np.array([1.0, 0.0])}, "phase_days: not strictly ascending"),
        ({"wavelength_aa": np.array([1.0, np.nan])}, "wavelength_aa: not strictly ascending"),
        ({"log10_fnu": np.zeros((2, 3))}, "log10_fnu: expected shape"),
        ({"log10_fnu": np.full((2, 2), np.nan)}, "log10_fnu: NaN"),
        ({"log10_fnu": np.full((2, 2), np.inf)}, "log10_fnu: NaN or infinite"),
    ],
)
def test_surfaces_that_make_no_sense_are_refused(change, message):
    fields = {
        "object_id": "one",
        "parameters": np.ones(6),
        "phase_days": np.array([0.0, 1.0]),
        "wavelength_aa": np.array([1.0, 2.0]),
        "log10_fnu": np.full((2, 2), -np.inf),
    }
    Surface(**fields)
    with pytest.raises(ValueError, match=message):
        Surface(**fields | change)


def test_another_survey_and_the_other_rule(tmp_path):
    """An OpSim database in place of the visits that come with the repository."""
    shipped = load_visits()
    strip = np.flatnonzero(np.abs(shipped.dec_deg + 20) < 15)
    columns = {
        "observationStartMJD": shipped.mjd,
        "fieldRA": shipped.ra_deg,
        "fieldDec": shipped.dec_deg,
        "fiveSigmaDepth": shipped.five_sigma_depth,
        "filter": np.array(BANDS)[shipped.band],
    }
    path = tmp_path / "strip.db"
    with closing(sqlite3.connect(path)) as database:
        table = pd.DataFrame({name: values[strip] for name, values in columns.items()})
        table.to_sql("observations", database, index=False)
    light_curves = simulate(3, seed=0, visits=path, selection="text").light_curves
    visits = load_visits(path)
    for i in range(3):
        phases, _ = draw_cadence(visits, np.random.default_rng((0, 1, i)), "text")
        seen = light_curves.phase_days[i][light_curves.observed[i]]
        assert len(seen) and np.isin(seen, phases).all()
    with pytest.raises(ValueError, match="selection is 'mine', expected one of"):
        simulate(1, seed=0, selection="mine")
