"""Forecasts that draw what their model says, survive the disk, and cover the truth."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from snlib.data.batches import Spectrum
from snlib.data.events import LightCurves
from snlib.inference.forecast import Forecaster
from snlib.inference.recalibration import Recalibration
from snlib.inference.samplers import fit_recalibration, forecast_sampler
from snlib.inference.samples import central_interval
from snlib.model.registry import new_model
from snlib.model.weights import SavedModel, save_model

PHASE_DAYS, WAVELENGTH_AA = np.array([-4.0, 3.0, 17.0]), np.array([3500.0, 4200.0, 4210.0, 7000.0])


@pytest.fixture
def recipe(small_recipe):
    return replace(small_recipe, ended_early=0.5)


@pytest.fixture
def predictive(recipe):
    return new_model("predictive-mmvae", recipe, seed=0).eval()


def covariance(normal):
    return normal.factors @ normal.factors.mT + torch.diag_embed(normal.scale.square())


def stretching(factors, phase_days=(-10.0, 0.0, 10.0, 20.0, 30.0)):
    """A recalibration that multiplies distances by a factor, phase by phase."""
    ours = np.tile([0.5, 1.0, 2.0], (len(phase_days), 1))
    return Recalibration(np.array(phase_days), ours, ours * np.array(factors)[:, None])


@pytest.fixture
def forecaster(predictive, dataset):
    return Forecaster(predictive, dataset.scaling, stretching([1.0, 2.0, 3.0, 2.0, 1.0]))


@pytest.fixture
def light_curve(dataset):
    return dataset.events.light_curves.select([4])


def forecast(forecaster, light_curve, n=30, seed=0, phase_days=PHASE_DAYS):
    return forecaster.samples(light_curve, phase_days, WAVELENGTH_AA, n, np.random.default_rng(seed))


def raw(forecaster):
    return replace(forecaster, recalibration=None)


def test_samples_have_the_mean_and_covariance_of_the_predictive(forecaster, light_curve):
    """In dex, at phases and wavelengths of one's own, pixel by pixel; and phases err apart."""
    n, scaling = 8000, forecaster.scaling
    samples = forecast(raw(forecaster), light_curve, n)
    assert samples.shape == (n, 3, 4) and samples.dtype == np.float32
    phase, wavelength = (
        torch.tensor((values - moments[0]) / moments[1], dtype=torch.float32)
        for values, moments in ((PHASE_DAYS, scaling.phase), (WAVELENGTH_AA, scaling.wavelength))
    )
    photometry, empty = scaling.photometry(light_curve), torch.zeros(1, 4)
    with torch.no_grad():
        normals = [
            forecaster.model.predictive(photometry, Spectrum(one[None], wavelength, empty, empty.bool()))
            for one in phase
        ]
    mean, unit = scaling.log10_fnu
    expected = unit**2 * torch.block_diag(*(covariance(normal)[0] for normal in normals)).numpy()
    variance = expected.diagonal()
    error = np.sqrt((variance[:, None] * variance + expected**2) / n)
    assert (np.abs(expected - np.diag(variance)) > 8 * error).any()
    assert (np.abs(np.cov(samples.reshape(n, -1).T.astype(float)) - expected) < 5 * error).all()
    distance = samples.mean(0, dtype=float) - (
        mean + unit * torch.cat([normal.loc for normal in normals]).numpy()
    )
    assert (np.abs(distance.ravel()) < 5 * np.sqrt(variance / n)).all()


def test_the_recalibration_stretches_samples_also_between_its_phases(forecaster, light_curve):
    """About what the MMVAE decodes, so that a sample does not depend on how many there are."""
    before, after = forecast(raw(forecaster), light_curve), forecast(forecaster, light_curve)
    factors = np.array([1.6, 2.3, 2.3])[:, None]  # at -4, 3 and 17 days
    location = (after - factors * before) / (1 - factors)
    np.testing.assert_allclose(location, np.broadcast_to(location[0], location.shape), atol=2e-4)
    standard_error = before.std(0) / np.sqrt(len(before))
    assert (np.abs(before.mean(0) - location[0]) < 5 * standard_error).mean() > 0.99


def test_the_same_seed_draws_the_same_samples(forecaster, light_curve):
    first = forecast(forecaster, light_curve, seed=(1, 2))
    assert np.array_equal(first, forecast(forecaster, light_curve, seed=(1, 2)))
    assert (first != forecast(forecaster, light_curve, seed=(1, 3))).all()


def test_a_light_curve_without_points_has_a_forecast(forecaster):
    nothing = np.full((1, 5), np.nan)
    samples = forecast(forecaster, LightCurves(nothing, nothing, np.zeros((1, 5), int)))
    assert np.isfinite(samples).all()


def test_a_forecaster_survives_the_disk(forecaster, light_curve, tmp_path):
    path = tmp_path / "f.safetensors"
    forecaster.save(path, {"seed": 1})
    assert {file.name for file in tmp_path.iterdir()} == {"f.safetensors", "f.json"}
    assert json.loads(path.with_suffix(".json").read_text())["provenance"] == {"seed": 1}
    again = Forecaster.load(path)
    assert np.array_equal(forecast(again, light_curve), forecast(forecaster, light_curve))
    assert again.scaling == forecaster.scaling


def test_weights_of_another_model_are_refused(dataset, small_recipe, tmp_path):
    path = tmp_path / "f.safetensors"
    save_model(
        path,
        SavedModel("photometry-vae", new_model("photometry-vae", small_recipe, seed=0), dataset.scaling, {}),
    )
    with pytest.raises(ValueError, match=r"f\.safetensors: weights of a VAE, expected an MMVAE"):
        Forecaster.load(path)


def test_a_file_that_is_missing_or_damaged_is_named(forecaster, tmp_path):
    path = tmp_path / "f.safetensors"
    forecaster.save(path, {})
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ValueError, match=path.name) as refused:
        Forecaster.load(path)
    assert str(refused.value).count(path.name) == 1
    path.unlink()
    with pytest.raises(FileNotFoundError, match=path.name):
        Forecaster.load(path)


def test_after_a_kill_weights_and_recalibration_are_of_one_forecaster(
    forecaster, recipe, dataset, tmp_path, killed_at_each_change
):
    path = tmp_path / "f.safetensors"
    other = Forecaster(
        new_model("predictive-mmvae", recipe, seed=1),
        replace(dataset.scaling, log10_fnu=(-12.0, 0.5)),
        stretching([3.0, 3.0, 3.0, 3.0, 3.0]),
    )
    forecaster.save(path, {})

    def agrees(loaded, one):
        pairs = [(each.model.spectrum.encoder.queries, each.recalibration) for each in (loaded, one)]
        (ours, stretch), (theirs, their_stretch) = pairs
        same = np.array_equal(stretch.truth_quantiles, their_stretch.truth_quantiles)
        return {torch.equal(ours, theirs), loaded.scaling == one.scaling, same}

    found = []
    for _ in killed_at_each_change(lambda: other.save(path, {})):
        loaded = Forecaster.load(path)
        found.append((agrees(loaded, forecaster), agrees(loaded, other)))
    old, new = ({True}, {False}), ({False}, {True})
    assert found[0] == old and found[-1] == new
    assert all(one in (old, new) for one in found)


GOOD = {"phase_days": [0, 1], "sample_quantiles": [[1, 2], [1, 2]], "truth_quantiles": [[1, 2], [2, 3]]}
NO_QUANTILES = (0, -1, None, "1", True, 10**400, [1], 3)  # the last: more than what follows it


@pytest.mark.parametrize(
    "content, message",
    [
        *(
            (content, "expected the fields phase_days, sample")
            for content in (None, {}, [1], 3, "phase_days")
        ),
        (GOOD | {"extra": 1}, "expected the fields"),
        (GOOD | {"truth_quantiles": [[1], [2]]}, "truth_quantiles: shape"),
        (GOOD | {"sample_quantiles": [1, 2]}, "sample_quantiles has 1 axes"),
        (GOOD | {"sample_quantiles": [[1, 2], [1]]}, "sample_quantiles has 1 axes"),
        (
            {name: [[], []] if "q" in name else values for name, values in GOOD.items()},
            "sample_quantiles: shape",
        ),
        ({"phase_days": [], "sample_quantiles": [], "truth_quantiles": []}, ""),
        (GOOD | {"phase_days": {}}, "phase_days has 0 axes"),
        (GOOD | {"phase_days": [0]}, "sample_quantiles: shape"),
        *((GOOD | {"phase_days": [0, bad]}, "phase_days") for bad in (0, -1, None, "1", True, 10**400)),
        *((GOOD | {name: [[bad, 2], [1, 2]]}, name) for name in list(GOOD)[1:] for bad in NO_QUANTILES),
    ],
)
def test_a_recalibration_without_meaning_is_refused(forecaster, tmp_path, content, message):
    path = tmp_path / "f.safetensors"
    save_model(
        path,
        SavedModel(
            "predictive-mmvae", forecaster.model, forecaster.scaling, {}, more={"recalibration": content}
        ),
    )
    with pytest.raises(ValueError, match=rf"f\.safetensors: .*{message}"):
        Forecaster.load(path)


def test_a_predictive_mmvae_without_recalibration_is_refused(forecaster, tmp_path):
    path = tmp_path / "f.safetensors"
    save_model(path, SavedModel("predictive-mmvae", forecaster.model, forecaster.scaling, {}))
    with pytest.raises(ValueError, match=r"f\.safetensors: no recalibration"):
        Forecaster.load(path)


@pytest.mark.parametrize("name", list(GOOD))
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_recalibration_of_what_is_not_finite_cannot_be_made(name, bad):
    values = {field: np.array(numbers, float) for field, numbers in GOOD.items()}
    values[name].flat[-1] = bad
    with pytest.raises(ValueError, match=f"{name}: not"):
        Recalibration(**values)


def test_a_recalibration_survives_json():
    again = Recalibration.from_dict(json.loads(json.dumps(stretching([1.0, 2.0, 1 / 3, 2.0, 1.0]).to_dict())))
    np.testing.assert_array_equal(
        again.truth_quantiles, stretching([1.0, 2.0, 1 / 3, 2.0, 1.0]).truth_quantiles
    )


def many(events, n):
    """Events that differ in nothing but their names."""
    rows = np.zeros(n, int)
    repeated = {name: getattr(events, name)[rows] for name in ("object_id", "parameters")}
    repeated["object_id"] = np.array([f"event-{i}" for i in range(n)])
    spectra = replace(events.spectra, log10_fnu=events.spectra.log10_fnu[rows])
    return replace(events, light_curves=events.light_curves.select(rows), spectra=spectra, **repeated)


def test_recalibrated_forecasts_cover_the_truth(predictive, dataset):
    """The truth errs twice as far as the model says, and pixels are missing."""
    n, raw = 160, Forecaster(predictive, dataset.scaling)
    events = many(dataset.events, n)
    sampler, rng = forecast_sampler(raw), np.random.default_rng(99)
    draws = sampler(events.select([0]), 4000, rng)["predictive"].values
    truth = (draws.mean(0) + 2 * (draws[:n] - draws.mean(0))).astype(float)
    truth[np.random.default_rng(0).random(truth.shape) < 0.1] = np.nan
    events = replace(events, spectra=replace(events.spectra, log10_fnu=truth))
    fitted = fit_recalibration(sampler, events.select(np.arange(80)), seed=0)
    recalibrated = replace(raw, recalibration=fitted)

    def coverage(forecaster, i):
        rng = np.random.default_rng((5, i))
        low, high = central_interval(
            forecast_sampler(forecaster)(events.select([i]), 200, rng)["predictive"].values, 0.9
        )
        seen = np.isfinite(truth[i])
        return ((low <= truth[i]) & (truth[i] <= high))[seen].mean()

    before, after = (
        np.array([coverage(forecaster, i) for i in range(80, n)]) for forecaster in (raw, recalibrated)
    )
    assert before.mean() == pytest.approx(0.59, abs=0.05)  # that of 1.645 / 2 standard deviations
    assert after.mean() == pytest.approx(0.9, abs=0.03)
