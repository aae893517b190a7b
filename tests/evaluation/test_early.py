"""Light curves cut short and thinned, and the scores of what is drawn from the rest."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from snlib.data.events import Events, LightCurves, Spectra
from snlib.evaluation import early
from snlib.evaluation.early import (
    LAST_PHASES_DAYS,
    N_POINTS,
    cuts,
    early_scores,
    known_from,
    uncovered,
    value_label,
)
from snlib.evaluation.score_table import score_events
from snlib.evaluation.scores import average_scores
from snlib.inference.samplers import draw_events
from snlib.inference.samples import Samples

SEED, N = 3, 100
PHASE_DAYS, WAVELENGTH_AA = np.array([0.0, 10.0]), np.linspace(3000.0, 8000.0, 51)
POINT_SCALE, FLUX_SCALE = 2.0, 0.4  # in units of what the supernovae differ by
BY = ["cut", "value", "phase_days"]


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


def exact(event, n_samples, rng):
    """Draw from the posterior that the rules of normal distributions give."""
    seen = event.light_curves.magnitude[event.light_curves.observed] + 19
    spread = variance(len(seen))
    brightness = spread * seen.sum() / POINT_SCALE**2 + np.sqrt(spread) * rng.standard_normal(
        (n_samples, 1, 1)
    )
    shape = (n_samples, len(PHASE_DAYS), len(WAVELENGTH_AA))
    return {"predictive": Samples(-12 + brightness + FLUX_SCALE * rng.standard_normal(shape))}


@pytest.fixture
def few_cuts(monkeypatch):
    monkeypatch.setattr(early, "LAST_PHASES_DAYS", (-15.0, 5.0, np.inf))
    monkeypatch.setattr(early, "N_POINTS", (2, 6, np.inf))


# Points left by these cuts: 12 points every 60 / 11 days from -10 d.
LEFT = {("last phase", -15.0): 0, ("last phase", 5.0): 3, ("points", 2): 2, ("points", 6): 6}
LEFT |= {("last phase", np.inf): 12, ("points", np.inf): 12}


def test_exact_draws_cover_at_every_cut_and_err_as_they_must(world, few_cuts):
    given = []

    def sample(event, n_samples, rng):
        given.append(event.light_curves.observed.sum())
        return exact(event, n_samples, rng)

    scores = early_scores(sample, world, SEED, n_samples=50)
    order = dict.fromkeys(zip(scores["cut"], scores["value"], strict=True))
    assert given == [LEFT[key] for key in order for _ in range(N)]
    assert len(scores) == len(LEFT) * N * len(PHASE_DAYS) and not scores["crps_dex"].isna().any()
    for (cut, value, _), row in average_scores(scores, BY).set_index(BY).iterrows():
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

    def too_sure(event, n_samples, rng):
        sure, honest = (
            exact(seen, n_samples, rng)["predictive"].values for seen in (whole[event.object_id[0]], event)
        )
        return {"predictive": Samples(sure - sure.mean(0) + honest.mean(0))}

    table = average_scores(early_scores(too_sure, world, SEED, n_samples=50), BY).set_index(BY)
    row = table.loc[("last phase", -15.0, 0.0)]
    assert row["coverage_90"] < 0.9 - 4 * row["coverage_90_error"]


def test_the_last_cuts_are_none(world, few_cuts):
    few = world.select(slice(0, 5))
    scores = early_scores(exact, few, SEED, n_samples=50)
    whole = score_events(draw_events(exact, few, 50, SEED), few)
    for cut in ("last phase", "points"):
        last = scores[(scores["cut"] == cut) & np.isinf(scores["value"])]
        pd.testing.assert_frame_equal(last[list(whole)].reset_index(drop=True), whole)


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
