"""The limit of what is familiar: its false alarms, and what it finds with the weights that are shipped."""

import hashlib

import numpy as np
import pandas as pd
import pytest
import torch

from snlib.data.dataset import without_late_points
from snlib.data.events import Events, LightCurves, Spectra
from snlib.data.scaling import Scaling
from snlib.evaluation.early import LAST_PHASES_DAYS, N_POINTS
from snlib.evaluation.odd_light_curves import KINDS, odd
from snlib.evaluation.thinning import ended, thinned
from snlib.evaluation.unlike import (
    FEW_POINTS,
    fit_familiarity,
    judge_cuts,
    judge_kinds,
    judge_shortened,
    roc,
    shares,
)
from snlib.files import DATA, read_json
from snlib.inference import DEFAULT_WEIGHTS, Familiarity, Forecaster, about_objects
from snlib.inference.misfit import misfits
from snlib.model.likelihoods import Laplace
from snlib.simulation import simulate

SEED, ANY = 5, (0.0, 1.0)


class ConstantLightCurves(torch.nn.Module):
    """Decodes -18 mag with a scale of .1 mag, whatever the light curve."""

    def __init__(self):
        super().__init__()
        self.zero = torch.nn.Parameter(torch.zeros(()))

    def posterior(self, x):
        return Laplace(torch.zeros(len(x.value), 1, 1), torch.ones(len(x.value), 1, 1))

    def likelihood(self, z, x):
        loc = self.zero.expand(len(z), *x.value.shape)
        return Laplace(loc, torch.full_like(loc, 0.1))


@pytest.fixture
def constant():
    scaling = Scaling(ANY, (-18.0, 1.0), ANY, ANY, ANY, (ANY,) * 6)
    return Forecaster(torch.nn.ModuleDict({"photometry": ConstantLightCurves()}), scaling)


def noisy_events(n, seed, first_day=-15.0, slots=20):
    """Light curves that scatter about -18 mag by .1 mag."""
    rng = np.random.default_rng(seed)
    curves = LightCurves(
        rng.uniform(first_day, first_day + 60, (n, slots)),
        rng.normal(-18, 0.1, (n, slots)),
        rng.integers(0, 6, (n, slots)),
    )
    names, nothing = np.array([f"toy-{i}" for i in range(n)]), np.full((n, 1, 1), np.nan)
    return Events(names, np.ones((n, 6)), curves, Spectra(np.zeros(1), np.array([5000.0]), nothing), {})


def test_false_alarms_are_as_rare_on_other_events_as_the_limit_says(constant):
    familiarity = fit_familiarity(constant, noisy_events(3000, 1), SEED)
    others = judge_shortened(constant, noisy_events(3000, 2), SEED)["surprise"]
    rate, n = (others > familiarity.limit).mean(), len(others)
    assert familiarity.false_alarm == 0.01
    assert rate == pytest.approx(
        0.01, abs=4 * np.sqrt(0.01 * 0.99 * (1 / n + 1 / familiarity.n_light_curves))
    )


def test_the_limit_is_exceeded_by_one_in_a_hundred_of_those_it_is_from(constant):
    events = noisy_events(500, 1)
    familiarity = fit_familiarity(constant, events, SEED)
    judged = judge_shortened(constant, events, SEED)
    assert familiarity.n_light_curves == len(judged) > 5000
    beyond = (judged["surprise"] > familiarity.limit).sum()
    assert 0.01 * len(judged) - 2 <= beyond <= 0.01 * len(judged)
    assert familiarity.limit == pytest.approx(np.quantile(judged["surprise"], 0.99), rel=0.01)


def test_light_curves_without_a_point_to_judge_do_not_count(constant):
    """Half of the events end before -3 days: the limit is that of the others."""
    early, events = noisy_events(4000, 3, first_day=-70), noisy_events(4000, 4)
    both = Events(
        np.arange(8000).astype(str),
        np.ones((8000, 6)),
        LightCurves(
            *(
                np.concatenate(pair)
                for pair in zip(*(vars(x.light_curves).values() for x in (events, early)), strict=True)
            )
        ),
        Spectra(np.zeros(1), np.array([5000.0]), np.full((8000, 1, 1), np.nan)),
        {},
    )
    half = judge_shortened(constant, both, SEED)
    assert half["misfit_mag"].notna().all() and (half["surprise"] != 1).all()
    assert len(half) < 4000
    with pytest.raises(ValueError, match="none has a point by which it can be judged"):
        fit_familiarity(constant, early, SEED)


def test_light_curves_are_shortened_and_repeated_in_different_ways(constant):
    events = noisy_events(10, 1)
    judged = judge_shortened(constant, events, SEED)
    whole = misfits(constant, events.light_curves)[1]
    assert 5000 < len(judged) <= 8000 and judged["surprise"].nunique() > 500
    assert not set(whole) >= set(judged["surprise"])


def test_cuts_are_judged_one_by_one(constant):
    events = noisy_events(30, 1)
    judged = judge_cuts(constant, events, SEED)
    expected = {("last phase", value) for value in LAST_PHASES_DAYS if value > -3}
    expected |= {("points", value) for value in N_POINTS}
    assert {key for key, _ in judged.groupby(["cut", "value"])} == expected
    for cut, value, left in (
        ("last phase", 10.0, ended(events.light_curves, 10.0)),
        ("points", 5, thinned(events.light_curves, 5, SEED)),
    ):
        misfit, surprise = misfits(constant, left)
        rows = judged[(judged["cut"] == cut) & (judged["value"] == value)]
        np.testing.assert_array_equal(rows["surprise"], surprise[np.isfinite(misfit)])
        np.testing.assert_array_equal(rows["misfit_mag"], misfit[np.isfinite(misfit)])


def test_kinds_are_judged_whole_and_of_few_points(constant):
    events = noisy_events(30, 1)
    judged = judge_kinds(constant, events, SEED)
    keys = [key for key, _ in judged.groupby(["points", "kind"], sort=False)]
    assert keys == [(points, kind) for points in (FEW_POINTS, np.inf) for kind in KINDS]
    for points in (FEW_POINTS, np.inf):
        curves = odd("off by 1 mag", thinned(events.light_curves, points, SEED), SEED)
        rows = judged[(judged["kind"] == "off by 1 mag") & (judged["points"] == points)]
        np.testing.assert_array_equal(rows["misfit_mag"], misfits(constant, curves)[0])


def test_shares_by_hand():
    judged = pd.DataFrame(
        {"kind": ["a"] * 4 + ["b"] * 2, "misfit_mag": [4.0, 1, 2, 3, 7, 7], "surprise": [3.0, 1, 2, 5, 1, 9]}
    )
    table = shares(judged[::-1], ["kind"], limit=2.0).set_index("kind")
    assert list(table.index) == ["b", "a"]
    assert table.loc["a"].to_dict() == pytest.approx(
        {"n_light_curves": 4, "misfit_mag": 2.5, "misfit_mag_5": 1.15, "misfit_mag_95": 3.85, "unlike": 0.5}
    )
    assert table.loc["b"].to_dict() == pytest.approx(
        {"n_light_curves": 2, "misfit_mag": 7, "misfit_mag_5": 7, "misfit_mag_95": 7, "unlike": 0.5}
    )


def test_the_roc_of_two_exponentials_is_a_power():
    """Surprises that exceed s with probability 1/s and 1/sqrt(s): y = sqrt(x)."""
    chance = (np.arange(20_000) + 0.5) / 20_000
    simulated = pd.DataFrame({"surprise": 1 / chance})
    kinds = pd.concat(
        pd.DataFrame({"kind": kind, "points": points, "surprise": chance**-power})
        for kind, power in (("same", 1), ("wilder", 2))
        for points in (8.0, np.inf)
    )
    curves = roc(kinds, simulated)
    assert [key for key, _ in curves.groupby(["kind", "points"], sort=False)] == [
        (kind, points) for kind in ("same", "wilder") for points in (8.0, np.inf)
    ]
    for (kind, _), rows in curves.groupby(["kind", "points"]):
        rate = rows["false_alarm"].to_numpy()
        assert rate[0] == pytest.approx(0.001) and rate[-1] == pytest.approx(1) and (np.diff(rate) > 0).all()
        expected = rate if kind == "same" else np.sqrt(rate)
        np.testing.assert_allclose(rows["unlike"], expected, atol=2e-3)


# The weights that are shipped


@pytest.fixture(scope="module")
def shipped():
    return Forecaster.load(DEFAULT_WEIGHTS)


@pytest.fixture(scope="module")
def simulated():
    """Events that the weights have not seen."""
    return without_late_points(simulate(25, 77)).light_curves


FOUND = [kind for kind in KINDS if kind not in ("simulated", "off by 0.5 mag", "peak wrong by 3 d")]


@pytest.mark.parametrize("kind", FOUND)
def test_odd_light_curves_are_called_unlike(shipped, simulated, kind):
    about = about_objects(shipped, odd(kind, simulated, SEED))
    assert about["unlike"].mean() >= 0.8
    misfit = np.median(about["misfit_mag"])
    assert misfit > 1.5 * np.median(about_objects(shipped, simulated)["misfit_mag"])


def test_simulated_light_curves_are_not_called_unlike(shipped, simulated):
    for curves in (simulated, thinned(simulated, 10, SEED), ended(simulated, 15.0)):
        about = about_objects(shipped, curves)
        assert about["unlike"].sum() <= 1  # of 25; more than one has a chance of 1 in 40
        assert np.nanmedian(about["misfit_mag"]) < 0.05


def test_committed_results_are_those_of_the_shipped_weights(shipped):
    provenance = read_json(DATA / "results" / "unlike" / "provenance.json")
    digest = hashlib.sha256(DEFAULT_WEIGHTS.read_bytes()).hexdigest()
    assert provenance["weights"] == {"file": DEFAULT_WEIGHTS.name, "sha256": digest}
    assert Familiarity.from_dict(provenance["familiarity"]) == shipped.familiarity


def test_the_stated_rate_of_false_alarms_holds_on_the_committed_test(shipped):
    table = pd.read_csv(DATA / "results" / "unlike" / "false_alarms.csv").set_index(["cut", "value"])
    at_random = table.loc[("at random", np.inf)]
    assert at_random["n_light_curves"] > 5000
    assert at_random["unlike"] == pytest.approx(shipped.familiarity.false_alarm, abs=0.005)
    assert table["unlike"].max() < 0.05


@pytest.mark.parametrize("kind", FOUND)
def test_committed_shares_and_roc_agree(shipped, kind):
    """At the false alarms of the limit the curve passes through the share that is found with it."""
    kinds, curves, alarms = (
        pd.read_csv(DATA / "results" / "unlike" / f"{name}.csv") for name in ("kinds", "roc", "false_alarms")
    )
    rate = alarms.set_index(["cut", "value"]).loc[("at random", np.inf), "unlike"]
    of_kind = curves[(curves["kind"] == kind) & np.isinf(curves["points"])]
    share = kinds[(kinds["kind"] == kind) & np.isinf(kinds["points"])]["unlike"].item()
    assert np.interp(rate, of_kind["false_alarm"], of_kind["unlike"]) == pytest.approx(share, abs=0.02)
