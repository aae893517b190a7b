"""A predictive MMVAE says what PyTorch's densities say, leaves its MMVAE alone, and its forecasts cover."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.distributions import LowRankMultivariateNormal, MultivariateNormal

from snlib.data.batches import Spectrum
from snlib.data.events import LightCurves
from snlib.inference.forecast import Forecaster, fit_recalibration
from snlib.inference.recalibration import Recalibration
from snlib.model.mmvae import MMVAE
from snlib.model.predictive import PredictiveMMVAE
from snlib.model.registry import new_model
from snlib.model.weights import save_model
from snlib.training.loop import train
from snlib.training.steps import Steps


@pytest.fixture
def recipe(small_recipe):
    return replace(small_recipe, ended_early=0.5)


@pytest.fixture
def predictive(recipe):
    return new_model("predictive-mmvae", recipe, seed=0).eval()


def the_mmvae(predictive):
    """The MMVAE inside, as a model of its own."""
    mmvae = MMVAE(predictive.recipe).eval()
    mmvae.load_state_dict({name: predictive.state_dict()[name] for name in mmvae.state_dict()})
    return mmvae


def covariance(normal):
    return normal.factors @ normal.factors.mT + torch.diag_embed(normal.scale.square())


def test_the_location_is_what_the_mmvae_decodes(predictive, photometry, spectrum):
    found, mmvae = predictive.predictive(photometry, spectrum), the_mmvae(predictive)
    z = mmvae.photometry.posterior(photometry).loc
    torch.testing.assert_close(found.loc, mmvae.spectrum.likelihood(z[None], spectrum).loc[0])
    assert found.factors.shape == (3, 40, 8) and (found.scale > 0).all()


def test_the_loss_is_minus_the_density_of_pytorch(predictive, pairs):
    index = torch.tensor([0, 7, 31])
    pairs[0].observed[:] = True
    batch, pixels = pairs[0].take(index), torch.arange(0, 50, 3)
    normal = predictive.predictive(batch.photometry, batch.spectrum.at(pixels))
    exact = LowRankMultivariateNormal(normal.loc, normal.factors, normal.scale.square())
    found = predictive(batch, torch.zeros(0, 2, 3, 4, 4), pixels)
    torch.testing.assert_close(found, -exact.log_prob(batch.spectrum.value[:, pixels]), rtol=1e-4, atol=1e-3)


def test_the_loss_of_some_pixels_is_the_marginal(predictive, pairs):
    """Of those that are drawn and observed, cut out of the covariance of all pixels."""
    batch, pixels = pairs[0].take(torch.tensor([3, 12])), torch.tensor([40, 2, 17, 5, 33, 18, 9, 48])
    batch.spectrum.observed[0, pixels[:3]] = False
    whole = predictive.predictive(batch.photometry, batch.spectrum)
    losses = predictive(batch, None, pixels)
    for i, loss in enumerate(losses):
        seen = pixels[batch.spectrum.observed[i, pixels]]
        exact = MultivariateNormal(whole.loc[i, seen], covariance(whole)[i][seen][:, seen])
        expected = -exact.log_prob(batch.spectrum.value[i, seen])
        torch.testing.assert_close(loss, expected, rtol=1e-4, atol=1e-3)


def test_points_that_are_hidden_do_not_matter(predictive, photometry, spectrum):
    hidden = ~photometry.observed
    other = replace(
        photometry,
        time=torch.where(hidden, 3.0, photometry.time),
        value=torch.where(hidden, -7.0, photometry.value),
        band=torch.where(hidden, 5, photometry.band),
    )
    shown = replace(photometry, value=photometry.value + photometry.observed)

    def numbers(photometry):
        return torch.cat([x.flatten() for x in vars(predictive.predictive(photometry, spectrum)).values()])

    torch.testing.assert_close(numbers(other), numbers(photometry))
    assert (numbers(shown) - numbers(photometry)).abs().max() > 0.01


def test_a_light_curve_without_points(predictive, photometry, spectrum):
    """Its prediction is finite, has a gradient, and is one and the same whatever is written in the slots."""
    nothing = torch.zeros_like(photometry.observed)
    spectrum = replace(spectrum, phase=spectrum.phase[:1].expand(3))
    found = predictive.predictive(replace(photometry, observed=nothing), spectrum)
    for x in vars(found).values():
        assert torch.isfinite(x).all()
        torch.testing.assert_close(x, x[:1].expand_as(x))
    at_prior = the_mmvae(predictive).spectrum.likelihood(torch.zeros(1, 3, 4, 4), spectrum).loc[0]
    torch.testing.assert_close(found.loc, at_prior)
    found.log_likelihood(spectrum.value, spectrum.observed).sum().backward()
    gradients = [parameter.grad for parameter in predictive.errors.parameters()]
    assert all(torch.isfinite(gradient).all() for gradient in gradients)


def test_the_mmvae_inside_stays_as_it_is(predictive, pairs):
    before = {name: tensor.clone() for name, tensor in predictive.state_dict().items()}
    train(predictive.train(), *pairs, n_steps=20, seed=0)
    after = predictive.state_dict()
    inside = set(the_mmvae(predictive).state_dict())
    assert all(torch.equal(before[name], after[name]) for name in inside)
    learned = {name for name in before if not torch.equal(before[name], after[name])}
    assert learned == {f"errors.{name}" for name in predictive.errors.state_dict()}
    assert learned == {name for name, parameter in predictive.named_parameters() if parameter.requires_grad}


def test_a_killed_training_resumes_bit_for_bit(recipe, pairs, tmp_path, monkeypatch):
    """Though most weights have no state of the optimiser."""
    unbroken, killed, resumed = (new_model("predictive-mmvae", recipe, seed=0) for _ in range(3))
    checkpoint, step, calls = tmp_path / "checkpoint.safetensors", Steps._step, []
    train(unbroken, *pairs, n_steps=20, seed=3)

    def dies(steps):
        if len(calls) == 13:
            raise KeyboardInterrupt
        calls.append(step(steps))

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Steps, "_step", dies)
        train(killed, *pairs, n_steps=20, seed=3, checkpoint=checkpoint)
    monkeypatch.setattr(Steps, "_step", lambda steps: calls.append(step(steps)))
    train(resumed, *pairs, n_steps=20, seed=3, checkpoint=checkpoint)
    assert 20 <= len(calls) < 25
    for a, b in zip(unbroken.state_dict().values(), resumed.state_dict().values(), strict=True):
        assert torch.equal(a, b)


def test_it_learns_how_pixels_err_together(pairs, recipe):
    """Spectra that differ from what is decoded by a number of their own, plus noise of each pixel."""
    recipe = replace(recipe, hidden_points=0.0, ended_early=0.0, learning_rate=1e-2)
    torch.manual_seed(0)
    predictive = PredictiveMMVAE(recipe, n_modes=1)
    rng, index = np.random.default_rng(0), torch.arange(len(pairs[0]))
    batch = pairs[0].take(index)
    with torch.no_grad():
        decoded = predictive.predictive(batch.photometry, batch.spectrum).loc
    error = 0.5 * rng.standard_normal((len(index), 1)) + 0.2 * rng.standard_normal(decoded.shape)
    flux = (decoded + torch.from_numpy(error.astype(np.float32))).view_as(pairs[0].flux)
    pairs = replace(pairs[0], flux=flux, observed=torch.ones_like(pairs[0].observed))
    train(predictive, pairs, pairs, n_steps=200, seed=0)
    with torch.no_grad():
        normal = predictive.predictive(batch.photometry, batch.spectrum)
    assert normal.scale.mean().item() == pytest.approx(0.2, rel=0.1)
    correlation = normal.factors[..., 0].square() / covariance(normal).diagonal(dim1=-2, dim2=-1)
    assert correlation.mean().item() == pytest.approx(0.25 / (0.25 + 0.04), abs=0.1)


# Forecasts

PHASE_DAYS, WAVELENGTH_AA = np.array([-4.0, 3.0, 17.0]), np.array([3500.0, 4200.0, 4210.0, 7000.0])


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
    return forecaster.samples(light_curve, phase_days, WAVELENGTH_AA, n, seed)


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
    assert {file.name for file in tmp_path.iterdir()} == {
        "f.safetensors",
        "f.json",
        "f.recalibration.json",
    }
    assert json.loads(path.with_suffix(".json").read_text())["provenance"] == {"seed": 1}
    again = Forecaster.load(path)
    assert np.array_equal(forecast(again, light_curve), forecast(forecaster, light_curve))
    assert again.scaling == forecaster.scaling


def test_weights_of_another_model_are_refused(dataset, small_recipe, tmp_path):
    path = tmp_path / "f.safetensors"
    save_model(path, "photometry-vae", new_model("photometry-vae", small_recipe, seed=0), dataset.scaling, {})
    with pytest.raises(ValueError, match=r"f\.safetensors: weights of a VAE, expected an MMVAE"):
        Forecaster.load(path)


@pytest.mark.parametrize("suffix", [".safetensors", ".json", ".recalibration.json"])
def test_a_file_that_is_missing_or_damaged_is_named(forecaster, tmp_path, suffix):
    forecaster.save(tmp_path / "f.safetensors", {})
    broken = tmp_path / f"f{suffix}"
    broken.write_bytes(broken.read_bytes()[:-20])
    with pytest.raises(ValueError, match=broken.name) as refused:
        Forecaster.load(tmp_path / "f.safetensors")
    assert str(refused.value).count(broken.name) == 1
    broken.unlink()
    with pytest.raises(FileNotFoundError, match=broken.name):
        Forecaster.load(tmp_path / "f.safetensors")


@pytest.mark.parametrize(
    "content, message",
    [
        ({}, "'phase_days' is missing"),
        ([1], "'phase_days' is missing"),
        (3, ""),
        (
            {"phase_days": [0], "sample_quantiles": [[1, 2]], "truth_quantiles": [[1]]},
            "truth_quantiles: shape",
        ),
        ({"phase_days": [0], "sample_quantiles": [[1]], "truth_quantiles": [[-1]]}, "not positive"),
        ({"phase_days": {}, "sample_quantiles": [[1]], "truth_quantiles": [[1]]}, ""),
    ],
)
def test_a_recalibration_without_meaning_is_refused(forecaster, tmp_path, content, message):
    forecaster.save(tmp_path / "f.safetensors", {})
    (tmp_path / "f.recalibration.json").write_text(json.dumps(content))
    with pytest.raises(ValueError, match=rf"f\.recalibration\.json: .*{message}"):
        Forecaster.load(tmp_path / "f.safetensors")


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
    phase_days, wavelength_aa = events.spectra.phase_days, events.spectra.wavelength_aa

    def sample(events, n_samples, seed):
        return raw.samples(events.light_curves, phase_days, wavelength_aa, n_samples, seed)

    draws = sample(events.select([0]), 4000, 99)
    truth = (draws.mean(0) + 2 * (draws[:n] - draws.mean(0))).astype(float)
    truth[np.random.default_rng(0).random(truth.shape) < 0.1] = np.nan
    events = replace(events, spectra=replace(events.spectra, log10_fnu=truth))
    fitted = fit_recalibration(sample, events.select(np.arange(80)), seed=0)
    recalibrated = replace(raw, recalibration=fitted)

    def coverage(forecaster, i):
        samples = forecaster.samples(events.select([i]).light_curves, phase_days, wavelength_aa, 200, (5, i))
        low, high = np.quantile(samples, [0.05, 0.95], axis=0)
        seen = np.isfinite(truth[i])
        return ((low <= truth[i]) & (truth[i] <= high))[seen].mean()

    before, after = (
        np.array([coverage(forecaster, i) for i in range(80, n)]) for forecaster in (raw, recalibrated)
    )
    assert before.mean() == pytest.approx(0.59, abs=0.05)  # that of 1.645 / 2 standard deviations
    assert after.mean() == pytest.approx(0.9, abs=0.03)


def test_each_event_is_forecast_by_itself_with_a_seed_of_its_own(dataset):
    calls = []

    def sample(events, n_samples, seed):
        calls.append((events.object_id.tolist(), seed))
        rng = np.random.default_rng(seed)
        return np.nan_to_num(events.spectra.log10_fnu, nan=-12.0) + rng.normal(size=(n_samples, 5, 50))

    events = dataset.part("train")
    fitted = fit_recalibration(sample, events, seed=7)
    assert calls == [([name], (7, i)) for i, name in enumerate(events.object_id)]
    assert np.array_equal(fitted.phase_days, events.spectra.phase_days)
