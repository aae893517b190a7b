"""Light curves cut short and thinned, and the scores of what is drawn from the rest."""

from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from snlib.data.dataset import make_dataset
from snlib.data.events import Events, LightCurves, Spectra
from snlib.evaluation import early
from snlib.evaluation.early import (
    LAST_PHASES_DAYS,
    N_POINTS,
    cuts,
    early_scores,
    early_table,
    ended,
    known_from,
    thinned,
    uncovered,
    value_label,
)
from snlib.inference.forecast import Forecaster
from snlib.model.registry import new_model, recipe_for
from snlib.replication.intervals import average, score
from snlib.simulation.simulate import simulate

SEED, N = 3, 100
PHASE_DAYS, WAVELENGTH_AA = np.array([0.0, 10.0]), np.linspace(3000.0, 8000.0, 51)
POINT_SCALE, FLUX_SCALE = 2.0, 0.4  # in units of what the supernovae differ by
BY = ["cut", "value", "phase_days"]

some_light_curves = st.integers(0, 12).flatmap(
    lambda slots: st.builds(
        LightCurves,
        arrays(float, (3, slots), elements=st.integers(-20, 60).map(float)),
        arrays(float, (3, slots), elements=st.sampled_from([np.nan, -19.0, -18.5, -17.0])),
        arrays(int, (3, slots), elements=st.integers(0, 5)),
    )
)


def assert_only_hidden(left, given):
    """What is left stays as it was."""
    assert not (left.observed & ~given.observed).any()
    np.testing.assert_array_equal(left.magnitude[left.observed], given.magnitude[left.observed])
    np.testing.assert_array_equal(left.phase_days, given.phase_days)
    np.testing.assert_array_equal(left.band, given.band)


@given(some_light_curves, st.sampled_from([-21.0, -5.0, 0.0, 7.5, 20.0, 60.0, np.inf]))
def test_the_points_up_to_the_last_phase_stay(light_curves, last):
    left = ended(light_curves, last)
    assert_only_hidden(left, light_curves)
    for index, slot in np.ndindex(light_curves.magnitude.shape):
        stays = light_curves.observed[index, slot] and not light_curves.phase_days[index, slot] > last
        assert left.observed[index, slot] == stays


@given(some_light_curves, st.sampled_from([0, 1, 3, 5, 12, np.inf]), st.integers(0, 99))
def test_the_right_number_of_points_stays(light_curves, n_points, seed):
    left = thinned(light_curves, n_points, seed)
    assert_only_hidden(left, light_curves)
    np.testing.assert_array_equal(left.observed.sum(1), np.minimum(light_curves.observed.sum(1), n_points))


@given(some_light_curves, st.integers(0, 99))
def test_fewer_points_are_among_more(light_curves, seed):
    for fewer, more in pairwise([0, 1, 2, 3, 5, 8, np.inf]):
        assert not (
            thinned(light_curves, fewer, seed).observed & ~thinned(light_curves, more, seed).observed
        ).any()


def test_thinning_is_random_and_of_each_place_alone():
    n, slots = 1000, 10
    light_curves = LightCurves(np.zeros((n, slots)), np.full((n, slots), -19.0), np.zeros((n, slots), int))
    kept = thinned(light_curves, 3, SEED).observed
    assert np.abs(kept.mean(0) - 0.3).max() < 4 * np.sqrt(0.3 * 0.7 / n)
    assert len(np.unique(kept, axis=0)) > 100  # of 120 ways to choose 3 of 10
    assert (kept != thinned(light_curves, 3, SEED + 1).observed).any()
    np.testing.assert_array_equal(thinned(light_curves.select(slice(0, 2)), 3, SEED).observed, kept[:2])


def test_cuts_are_nested_and_end_with_the_whole(events):
    found = {}
    for cut, value, left in cuts(events, SEED):
        found.setdefault(cut, {})[value] = left.light_curves.observed
        assert left.spectra is events.spectra and left.object_id is events.object_id
    assert {cut: tuple(of) for cut, of in found.items()} == {
        "last phase": LAST_PHASES_DAYS,
        "points": N_POINTS,
    }
    for of_cut in found.values():
        for fewer, more in pairwise(of_cut.values()):
            assert not (fewer & ~more).any()
        assert next(iter(of_cut.values())).sum() < events.light_curves.observed.sum() / 3
        np.testing.assert_array_equal(of_cut[np.inf], events.light_curves.observed)


@pytest.fixture(scope="module")
def world():
    """Events of one number each, which every point and every pixel shows with noise."""
    rng = np.random.default_rng(0)
    brightness, slots = rng.standard_normal((N, 1)), 12
    phase_days = np.tile(np.linspace(-10.0, 50.0, slots), (N, 1))
    magnitude = -19 + brightness + POINT_SCALE * rng.standard_normal((N, slots))
    pixels = rng.standard_normal((N, len(PHASE_DAYS), len(WAVELENGTH_AA)))
    return Events(
        np.array([f"toy-{i}" for i in range(N)]),
        np.ones((N, 6)),
        LightCurves(phase_days, magnitude, np.zeros((N, slots), int)),
        Spectra(PHASE_DAYS, WAVELENGTH_AA, -12 + brightness[..., None] + FLUX_SCALE * pixels),
        {"source": "test"},
    )


def variance(n_points):
    """Of the brightness given so many points."""
    return 1 / (1 + n_points / POINT_SCALE**2)


def exact(event, n_samples, seed):
    """Draw from the posterior that the rules of normal distributions give."""
    seen = event.light_curves.magnitude[event.light_curves.observed] + 19
    rng, spread = np.random.default_rng(seed), variance(len(seen))
    brightness = spread * seen.sum() / POINT_SCALE**2 + np.sqrt(spread) * rng.standard_normal(
        (n_samples, 1, 1)
    )
    shape = (n_samples, len(PHASE_DAYS), len(WAVELENGTH_AA))
    return -12 + brightness + FLUX_SCALE * rng.standard_normal(shape)


@pytest.fixture
def few_cuts(monkeypatch):
    monkeypatch.setattr(early, "LAST_PHASES_DAYS", (-15.0, 5.0, np.inf))
    monkeypatch.setattr(early, "N_POINTS", (2, 6, np.inf))


# Points left by these cuts: 12 points every 60 / 11 days from -10 d.
LEFT = {("last phase", -15.0): 0, ("last phase", 5.0): 3, ("points", 2): 2, ("points", 6): 6}
LEFT |= {("last phase", np.inf): 12, ("points", np.inf): 12}


def test_exact_draws_cover_at_every_cut_and_err_as_they_must(world, few_cuts):
    given_events = []

    def sample_of(events):
        given_events.append(events)
        return exact

    scores = early_scores(sample_of, world, SEED, n_samples=50)
    assert [events.light_curves.observed.sum(1).tolist() for events in given_events] == [
        [LEFT[key]] * N for key in dict.fromkeys(zip(scores["cut"], scores["value"], strict=True))
    ]
    assert len(scores) == len(LEFT) * N * len(PHASE_DAYS) and not scores["crps_dex"].isna().any()
    for (cut, value, _), row in average(scores, BY).set_index(BY).iterrows():
        scale = np.sqrt(variance(LEFT[cut, value]) + FLUX_SCALE**2)
        np.testing.assert_allclose(row["rmse_dex"], scale, rtol=0.25)
        np.testing.assert_allclose(row["width_90_dex"], 2 * 1.645 * scale, rtol=0.1)
        for name, share in (("coverage_68", 0.6827), ("coverage_90", 0.9)):
            assert 0 < row[f"{name}_error"] < 0.05
            assert abs(row[name] - share) < 4 * row[f"{name}_error"]


def test_draws_that_do_not_see_the_cut_do_not_cover(world, monkeypatch):
    """The test above would notice: the whole light curve's width around the mean of what is left."""
    monkeypatch.setattr(early, "LAST_PHASES_DAYS", (-15.0,))
    monkeypatch.setattr(early, "N_POINTS", ())
    whole = {name: world.select([i]) for i, name in enumerate(world.object_id)}

    def too_sure(event, n_samples, seed):
        sure, honest = exact(whole[event.object_id[0]], n_samples, seed), exact(event, n_samples, seed)
        return sure - sure.mean(0) + honest.mean(0)

    table = average(early_scores(lambda events: too_sure, world, SEED, n_samples=50), BY).set_index(BY)
    row = table.loc[("last phase", -15.0, 0.0)]
    assert row["coverage_90"] < 0.9 - 4 * row["coverage_90_error"]


def test_the_last_cuts_are_none(world, few_cuts):
    scores = early_scores(lambda events: exact, world.select(slice(0, 5)), SEED)
    whole = score(exact, world.select(slice(0, 5)), SEED)
    whole = whole[whole["feature"] == "pixel"].reset_index(drop=True)
    for cut in ("last phase", "points"):
        last = scores[(scores["cut"] == cut) & np.isinf(scores["value"])]
        last.columns = [name.removesuffix("_dex2").removesuffix("_dex") for name in last]
        columns = ["phase_days", "object_id", "mse", "crps", "coverage_68", "coverage_90", "width_90"]
        pd.testing.assert_frame_equal(last[columns].reset_index(drop=True), whole[columns])


def test_the_table(few_cuts, tmp_path):
    """Every method at every cut; the mean spectrum by hand, whatever the light curve."""
    dataset = make_dataset(
        simulate(30, SEED), {"train": range(25), "validation": [25, 26], "test": [27, 28, 29]}
    )
    model = new_model("predictive-mmvae", recipe_for("predictive-mmvae", "improved"), seed=0).eval()
    run = SimpleNamespace(dataset=lambda: dataset, seed=SEED)
    table = early_table(run, Forecaster(model, dataset.scaling))
    assert table["method"].unique().tolist() == ["MMVAE", "inversion", "mean spectrum"]
    assert table.groupby("method").size().tolist() == [len(LEFT) * 5] * 3
    assert not table.isna().any(axis=None)
    assert (table["width_90_dex"] > 0).all()

    train, test = (dataset.part(part).spectra for part in ("train", "test"))
    filled = np.where(train.observed, train.log10_fnu, np.nanmean(train.log10_fnu, axis=0))
    error = filled.mean(0) - test.log10_fnu
    expected = np.sqrt(np.nanmean(error**2, axis=(0, 2)))
    for _, floor in table[table["method"] == "mean spectrum"].groupby(BY[:2]):
        np.testing.assert_allclose(floor["rmse_dex"], expected, rtol=1e-5)

    rmse = table.set_index(["method", *BY])["rmse_dex"].unstack("phase_days")
    np.testing.assert_array_less(
        rmse.loc["inversion", "points", np.inf], rmse.loc["mean spectrum", "points", np.inf]
    )
    table.to_csv(tmp_path / "early.csv", index=False)
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "early.csv"), table)


@pytest.fixture
def table():
    """Errors that come down, up again and down, and coverages of which one is off."""
    return pd.DataFrame(
        {
            "method": "MMVAE",
            "cut": "points",
            "value": [3.0, 5.0, 8.0, 12.0, np.inf],
            "phase_days": 0.0,
            "rmse_dex": [0.19, 0.25, 0.2, 0.15, 0.1],
            "coverage_90": [0.85, 0.78, 0.93, 0.9, 0.96],
            "coverage_90_error": [0.02, 0.02, 0.02, 0.0, 0.03],
        }
    )


def test_known_from_where_the_error_stays_small(table):
    """Not from 3 points on, whose error is small by chance."""
    known = [known_from(table[::step], "MMVAE", "points", 0.0) for step in (1, -1)]
    assert known == [8.0, 8.0]
    assert known_from(table, "MMVAE", "points", 0.0, factor=1.2) == np.inf
    assert known_from(table, "MMVAE", "points", 0.0, factor=3.0) == 3.0


def test_uncovered_is_beyond_its_errors_on_either_side(table):
    assert uncovered(table)["value"].tolist() == [5.0]
    assert uncovered(table, n_errors=1.4)["value"].tolist() == [3.0, 5.0, 8.0, np.inf]
    assert [value_label(value) for value in (-5.0, 2.5, np.inf)] == ["-5", "2.5", "all"]
