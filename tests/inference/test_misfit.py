"""Misfits by hand, whatever the light curve lies beside, and what is called unlike."""

import json
import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch

from snlib.data.events import LightCurves
from snlib.data.ragged import RaggedLightCurves
from snlib.data.scaling import Scaling
from snlib.inference.embedding import embed
from snlib.inference.forecast import Forecaster
from snlib.inference.misfit import Familiarity, about_objects, misfit_columns, misfits
from snlib.inference.recalibration import Recalibration
from snlib.model.likelihoods import Laplace
from snlib.model.registry import new_model
from snlib.model.weights import load_model, save_model

MEAN, UNIT = -18.0, 2.0  # of magnitudes
ANY = (0.0, 1.0)
SCALING = Scaling((10.0, 20.0), (MEAN, UNIT), ANY, ANY, ANY, (ANY,) * 6)
LIMIT = Familiarity(limit=1.5, false_alarm=0.01, n_light_curves=1000)


class ConstantLightCurves(torch.nn.Module):
    """Takes each light curve for a constant, the mean of its points; its scale grows with the band."""

    def __init__(self):
        super().__init__()
        self.unit = torch.nn.Parameter(torch.ones(()))

    def posterior(self, x):
        n = x.observed.sum(1).clamp(min=1)
        mean = (x.value * x.observed).sum(1) / n
        return Laplace(mean[:, None, None], torch.ones(len(mean), 1, 1))

    def likelihood(self, z, x):
        loc = z[:, :, 0].expand(-1, -1, x.value.shape[1]) * self.unit
        return Laplace(loc, (0.1 * (1 + x.band.float())).expand_as(loc))


@pytest.fixture
def toy():
    return Forecaster(torch.nn.ModuleDict({"photometry": ConstantLightCurves()}), SCALING, None, LIMIT)


@pytest.fixture
def trained_like(dataset, small_recipe):
    model = new_model("mmvae", small_recipe, seed=0).eval()
    return Forecaster(model, dataset.scaling, None, LIMIT)


def curves_of(*points):
    """Light curves of (phase, magnitude, band) each, with empty slots at the end."""
    slots = max(map(len, points))
    phase, magnitude = np.full((2, len(points), slots), np.nan)
    band = np.zeros(phase.shape, int)
    for row, some in enumerate(points):
        for slot, point in enumerate(some):
            phase[row, slot], magnitude[row, slot], band[row, slot] = point
    return LightCurves(phase, magnitude, band)


def by_hand(points):
    """Misfit and surprise of one light curve in the toy's eyes, point by point."""
    decoded = np.mean([magnitude for _, magnitude, _ in points])
    judged = [(decoded - magnitude, UNIT * 0.1 * (1 + band)) for t, magnitude, band in points if t > -3]
    squares = sum(distance**2 for distance, _ in judged)
    scaled = sum((distance / scale) ** 2 for distance, scale in judged)
    return np.sqrt(squares / len(judged)), np.sqrt((4 + scaled) / (4 + len(judged)))


def ragged(curves):
    place, slot = np.nonzero(curves.observed)
    columns = (values[place, slot] for values in (curves.phase_days, curves.magnitude, curves.band))
    return RaggedLightCurves.from_points(np.arange(len(curves.magnitude)).astype(object), place, *columns)


SOME = (
    [(-8.0, -17.0, 1), (0.0, -19.0, 0), (12.0, -18.2, 3)],
    [(5.0, -18.1, 0)],
    [(-3.0, -16.0, 4), (-2.99, -18.5, 5), (30.0, -17.5, 0), (31.0, -18.4, 2), (60.0, -16.9, 1)],
)


@pytest.mark.parametrize("form", [lambda curves: curves, ragged])
def test_misfit_and_surprise_are_those_by_hand(toy, form):
    expected = np.array([by_hand(points) for points in SOME])
    found = misfits(toy, form(curves_of(*SOME)))
    np.testing.assert_allclose(np.stack(found, 1), expected, rtol=1e-5, atol=1e-6)
    assert all(values.dtype == float for values in found)


def test_a_single_exact_point_and_four_others():
    """What the surprise is for one point that is off by one scale, or by none."""
    forecaster = Forecaster(torch.nn.ModuleDict({"photometry": ConstantLightCurves()}), SCALING)
    one = curves_of([(0.0, -18.0, 0)], [(0.0, -18.0, 0)])
    off = np.array([0.0, 0.1])[:, None, None].astype(np.float32)  # z-scores: the scale of band 0
    misfit, surprise = misfits(forecaster, one, off)
    np.testing.assert_allclose(misfit, [0, 0.2], atol=1e-6)
    np.testing.assert_allclose(surprise, [np.sqrt(4 / 5), 1], rtol=1e-6)


def test_without_a_point_to_judge_nothing_is_unlike(toy):
    early = [(-10.0, -12.5, 0), (-3.0, -18.5, 0)]
    curves = curves_of([], early, SOME[0])
    misfit, surprise = misfits(toy, curves)
    assert np.isnan(misfit).tolist() == [True, True, False] and surprise[:2].tolist() == [1, 1]
    below_one = replace(toy, familiarity=replace(LIMIT, limit=0.5))
    about = about_objects(below_one, curves)
    assert about["n_points"].tolist() == [0, 2, 3]
    assert about["unlike"].tolist() == [False, False, True]


def test_no_light_curves_give_no_rows(toy):
    nothing = np.empty((0, 5))
    about = about_objects(toy, LightCurves(nothing, nothing, nothing.astype(int)))
    assert {name: len(values) for name, values in about.items()} == dict.fromkeys(about, 0)


def test_unlike_is_what_exceeds_the_limit(toy):
    curves = curves_of(*SOME)
    _, surprise = misfits(toy, curves)
    for limit in surprise:
        known = replace(toy, familiarity=replace(LIMIT, limit=float(limit)))
        assert misfit_columns(known, curves)["unlike"].tolist() == (surprise > limit).tolist()
    assert len(set(surprise)) == 3


def test_columns_are_those_of_the_interface(toy):
    about = about_objects(toy, curves_of(*SOME))
    assert list(about) == ["n_points", "misfit_mag", "unlike"]
    assert [values.dtype.kind for values in about.values()] == ["i", "f", "b"]
    assert about["n_points"].tolist() == [3, 1, 5]
    np.testing.assert_array_equal(about["misfit_mag"], misfits(toy, curves_of(*SOME))[0])


def test_order_padding_and_the_other_light_curves_make_no_difference(trained_like, dataset):
    curves = dataset.events.light_curves
    expected = np.stack(misfits(trained_like, curves))
    assert np.isfinite(expected).all() and len(np.unique(expected)) == expected.size
    rng = np.random.default_rng(0)
    order = rng.permuted(np.tile(np.arange(curves.magnitude.shape[1]), (len(curves.magnitude), 1)), axis=1)
    shuffled = LightCurves(*(np.take_along_axis(v, order, 1) for v in vars(curves).values()))
    padding = {"phase_days": np.nan, "magnitude": np.nan, "band": 0}
    padded = LightCurves(
        *(np.pad(v, ((0, 0), (3, 40)), constant_values=padding[k]) for k, v in vars(curves).items())
    )
    for same in (shuffled, padded, ragged(curves)):
        np.testing.assert_allclose(np.stack(misfits(trained_like, same)), expected, rtol=1e-4)
    alone = [np.stack(misfits(trained_like, curves.select([i])))[:, 0] for i in range(4)]
    np.testing.assert_allclose(np.stack(alone, 1), expected[:, :4], rtol=1e-4)
    reverse = curves.select(slice(None, None, -1))
    np.testing.assert_allclose(np.stack(misfits(trained_like, reverse)), expected[:, ::-1], rtol=1e-4)


def test_a_location_that_is_known_is_taken(trained_like, dataset):
    """Each light curve by its own, whatever order their lengths bring them into."""
    curves = dataset.events.light_curves
    assert (np.diff(curves.observed.sum(1)) < 0).any()
    location, _ = embed(trained_like.model, dataset.scaling, curves)
    for expected, found in zip(
        misfits(trained_like, curves), misfits(trained_like, curves, location), strict=True
    ):
        np.testing.assert_allclose(found, expected, rtol=1e-4)
    elsewhere = misfits(trained_like, curves, location + 3)
    assert (np.abs(elsewhere[0] - misfits(trained_like, curves)[0]) > 1e-3).all()


def test_long_light_curves_are_decoded_apart(toy):
    """More points than are decoded together; each misfit stays with its light curve."""
    rng, lengths = np.random.default_rng(1), [40_000, 3, 20_000, 1, 25_000]
    points = [
        list(
            zip(
                rng.uniform(-10 if n > 1 else 0, 60, n),
                rng.normal(-18, 0.1 * (i + 1), n),
                rng.integers(0, 6, n),
                strict=True,
            )
        )
        for i, n in enumerate(lengths)
    ]
    expected = np.array([by_hand(some) for some in points])
    np.testing.assert_allclose(np.stack(misfits(toy, curves_of(*points)), 1), expected, rtol=1e-4, atol=1e-6)


def test_weights_without_a_limit_warn_and_call_nothing_unlike(toy):
    curves = curves_of(*SOME)
    unknown = replace(toy, familiarity=None)
    with pytest.warns(UserWarning, match="no limit of familiarity.*'unlike' is false"):
        columns = misfit_columns(unknown, curves)
    assert not columns["unlike"].any()
    np.testing.assert_array_equal(columns["misfit_mag"], misfits(toy, curves)[0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert misfit_columns(toy, curves)["unlike"].any()


# The limit on disk


def test_a_familiarity_survives_json():
    assert Familiarity.from_dict(json.loads(json.dumps(LIMIT.to_dict()))) == LIMIT


@pytest.mark.parametrize(
    "changed, message",
    [
        ({"limit": 0.0}, "limit is 0.0, expected above 0"),
        ({"limit": -2.0}, "limit is -2.0, expected above 0"),
        ({"limit": float("nan")}, "limit is nan, expected a finite number"),
        ({"limit": float("inf")}, "limit is inf, expected a finite number"),
        ({"limit": "2"}, "limit is '2', expected a finite number"),
        ({"limit": True}, "limit is True, expected a finite number"),
        ({"limit": None}, "limit is None, expected a finite number"),
        ({"limit": [2.0]}, r"limit is \[2.0\], expected a finite number"),
        ({"false_alarm": 0.0}, "false_alarm is 0.0, expected above 0 and below 1"),
        ({"false_alarm": 1.0}, "false_alarm is 1.0, expected above 0 and below 1"),
        ({"n_light_curves": 0}, "n_light_curves is 0, expected at least 1"),
        ({"n_light_curves": 7.5}, "n_light_curves is 7.5, expected an integer"),
        ({"colour": 1}, "expected the fields false_alarm, limit, n_light_curves"),
    ],
)
def test_a_familiarity_that_cannot_be_is_refused(changed, message):
    with pytest.raises(ValueError, match=message):
        Familiarity.from_dict(LIMIT.to_dict() | changed)


@pytest.mark.parametrize("content", [[], None, "limit", {"limit": 2.0}])
def test_what_is_no_familiarity_is_refused(content):
    with pytest.raises(ValueError, match="expected the fields false_alarm, limit, n_light_curves"):
        Familiarity.from_dict(content)


@pytest.fixture
def saved(dataset, small_recipe, tmp_path):
    quantiles = np.ones((1, 3))
    model = new_model("predictive-mmvae", replace(small_recipe, ended_early=0.5), seed=0).eval()
    forecaster = Forecaster(
        model, dataset.scaling, Recalibration(np.zeros(1), quantiles, quantiles), familiarity=LIMIT
    )
    forecaster.save(tmp_path / "f.safetensors", {})
    return tmp_path / "f.safetensors"


def test_the_limit_stays_with_its_weights(saved):
    assert Forecaster.load(saved).familiarity == LIMIT


@pytest.mark.parametrize(
    "limit",
    [
        None,
        2.0,
        {"limit": 2},
        {"limit": -1, "false_alarm": 0.01, "n_light_curves": 9},
        LIMIT.to_dict() | {"a": 1},
    ],
)
def test_a_limit_that_cannot_be_is_named(saved, limit):
    weights = load_model(saved)
    save_model(saved, replace(weights, more=weights.more | {"familiarity": limit}))
    with pytest.raises(ValueError, match=r"f\.safetensors: .*(familiarity|limit)"):
        Forecaster.load(saved)


def test_what_is_not_known_of_weights_is_refused(saved):
    weights = load_model(saved)
    save_model(saved, replace(weights, more=weights.more | {"colour": "blue"}))
    with pytest.raises(ValueError, match=r"f\.safetensors: unknown part 'colour'"):
        Forecaster.load(saved)
