"""Samplers against what they draw from, each event with its own random numbers."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from scipy.stats import norm

from snlib.data.batches import Pairs
from snlib.evaluation.score_table import score_events
from snlib.evaluation.scores import average_scores
from snlib.inference.embedding import retrieve_spectra
from snlib.inference.forecast import Forecaster
from snlib.inference.inversion import invert_light_curves, inverted_samples
from snlib.inference.posteriors import from_light_curve, from_spectra, posterior_samples
from snlib.inference.recalibration import Recalibration
from snlib.inference.samplers import (
    diffusion_sampler,
    draw_events,
    fit_recalibration,
    forecast_sampler,
    inversion_sampler,
    light_curve_sampler,
    mean_spectrum_sampler,
    recalibrated,
    retrieval_sampler,
    spectra_sampler,
    spectrum_posteriors,
    spectrum_retrieval_sampler,
)
from snlib.inference.samples import central_interval
from snlib.model.registry import new_model
from snlib.random_streams import stream
from snlib.simulation.surrogate import Surrogate
from tests.evaluation.toy_worlds import COVERAGES, PHASE_DAYS, N, assert_covers, forecast, make_world


def rng(seed=8):
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def world():
    return make_world()


@pytest.mark.parametrize("modality", ["photometry", "spectrum"])
def test_a_posterior_is_drawn_once_for_both_kinds(dataset, small_recipe, modality):
    """And the mean of the predictive samples is that of the latent ones, without the likelihood's noise."""
    model, event = new_model("mmvae", small_recipe, seed=0).eval(), dataset.part("test").select([1])
    if modality == "photometry":
        posterior, sampler = (
            from_light_curve(model, dataset.scaling, event),
            light_curve_sampler(model, dataset.scaling),
        )
    else:
        posterior = from_spectra(model.spectrum, dataset.scaling, event)
        sampler = spectra_sampler(model.spectrum, dataset.scaling)
    where = (event.spectra.phase_days, event.spectra.wavelength_aa)
    latent, predictive = posterior_samples(posterior, model.spectrum, dataset.scaling, *where, 20, rng())
    found = sampler(event, 20, rng())
    assert list(found) == ["latent", "predictive"]
    np.testing.assert_array_equal(found["latent"].values, latent)
    np.testing.assert_array_equal(found["predictive"].values, predictive)
    for kind in found:
        np.testing.assert_array_equal(found[kind].location(), latent.mean(0))
    assert (latent != predictive).any()


def test_a_forecaster_draws_at_the_phases_of_the_event(dataset, small_recipe):
    model = new_model("predictive-mmvae", small_recipe, seed=0).eval()
    forecaster, event = Forecaster(model, dataset.scaling), dataset.part("test").select([1])
    where = (event.spectra.phase_days, event.spectra.wavelength_aa)
    expected = forecaster.samples(event.light_curves, *where, 20, rng())
    np.testing.assert_array_equal(
        forecast_sampler(forecaster)(event, 20, rng())["predictive"].values, expected
    )


def test_retrieval_gives_the_neighbours_that_are_found_together(dataset, small_recipe):
    model, test = new_model("contrastive", small_recipe, seed=0).eval(), dataset.part("test")
    expected = retrieve_spectra(model, dataset.scaling, dataset.part("train"), test.light_curves)
    drawn = draw_events(retrieval_sampler(model, dataset.scaling, dataset.part("train")), test, 20, 0)
    for one, flux in zip(drawn, expected, strict=True):
        assert list(one) == ["none"]
        np.testing.assert_array_equal(one["none"].values, flux[None])


def embeds_the_truth(scaling, calls):
    """A contrastive model whose embeddings are the brightness that the fixture `events` follows."""

    def physical(name, z_scores):
        mean, scale = getattr(scaling, name)
        return mean + scale * z_scores

    def average(brightness, observed):
        return (brightness * observed).sum(1, keepdim=True) / observed.sum(1, keepdim=True)

    def photometry(x):
        return average(physical("magnitude", x.value) + 18 - 0.02 * physical("time", x.time), x.observed)

    def spectrum(x):
        calls.append(len(x.value))
        lines = 0.1 * torch.sin(physical("wavelength", x.wavelength) / 300)
        return average((lines - 12 - physical("log10_fnu", x.value)) / 0.4, x.observed)

    return SimpleNamespace(photometry=photometry, spectrum=spectrum)


def test_the_nearest_spectrum_is_that_of_the_truth_at_each_phase(dataset):
    """Though at each phase the spectra are dealt anew to the events; they are embedded once for all."""
    train, events, calls, rng = dataset.part("train"), dataset.events, [], np.random.default_rng(9)
    flux = train.spectra.log10_fnu
    dealt = np.stack([flux[rng.permutation(len(train)), phase] for phase in range(5)], axis=1)
    mixed = replace(train, spectra=replace(train.spectra, log10_fnu=dealt))
    sampler = spectrum_retrieval_sampler(embeds_the_truth(dataset.scaling, calls), dataset.scaling, mixed)
    brightness, known = (np.log(some.parameters[:, 0]) for some in (events, train))
    for index, drawn in enumerate(draw_events(sampler, events, 20, 0)):
        assert list(drawn) == ["none"]
        right = flux[np.argmin(np.abs(known - brightness[index]))]
        (found,) = drawn["none"].values
        np.testing.assert_array_equal(found[~np.isnan(right)], right[~np.isnan(right)])
    assert sum(calls) == len(train) * 5


def test_the_nearest_spectrum_of_a_model_by_hand(dataset, small_recipe):
    """By the distance that the model is trained with, one spectrum at a time; one event lacks a spectrum."""
    model, train = new_model("contrastive", small_recipe, seed=0).eval(), dataset.part("train")
    flux = train.spectra.log10_fnu.copy()
    flux[3, 2] = np.nan
    train = replace(train, spectra=replace(train.spectra, log10_fnu=flux))
    pairs, test = Pairs.from_events(train, dataset.scaling, "cpu"), dataset.part("test")
    sampler = spectrum_retrieval_sampler(model, dataset.scaling, train)
    for one, drawn in zip(range(len(test)), draw_events(sampler, test, 20, 0), strict=True):
        ours = model.photometry(dataset.scaling.photometry(test.light_curves.select([one])))[0]
        for phase, found in enumerate(drawn["none"].values[0]):
            distances = {
                event: torch.linalg.matrix_norm(
                    model.spectrum(pairs.take(torch.tensor([5 * event + phase])).spectrum)[0] - ours
                ).item()
                for event in range(len(train))
                if not np.isnan(flux[event, phase]).all()
            }
            right = flux[min(distances, key=distances.get), phase]
            np.testing.assert_array_equal(found[~np.isnan(right)], right[~np.isnan(right)])
            assert not np.isnan(found).any()


def test_an_inversion_is_of_its_own_light_curve(events):
    """The brighter the light curve, the brighter the spectra; the same whoever was inverted before."""
    shipped = Surrogate.load()
    surrogate = replace(shipped, residuals=shipped.residuals[:2])
    sampler, drawn = inversion_sampler(surrogate, 0.3), {}
    for index in (3, 8):
        drawn[index] = sampler(events.select([index]), 20, rng())["predictive"].values
        assert drawn[index].shape == (20, 5, 50)
    np.testing.assert_array_equal(sampler(events.select([3]), 20, rng())["predictive"].values, drawn[3])
    where = (events.spectra.phase_days, events.spectra.wavelength_aa)
    inversion = invert_light_curves(surrogate, events.light_curves.select([3]), 0.3)
    _, predictive = inverted_samples(surrogate, inversion, 0, *where, 20, rng())
    np.testing.assert_array_equal(drawn[3], predictive)
    faint, bright = sorted(drawn, key=lambda i: -np.nanmean(events.light_curves.magnitude[i]))
    assert drawn[bright].mean() > drawn[faint].mean()


def test_the_mean_spectrum_is_of_all_and_its_samples_are_spectra(events):
    flux = events.spectra.log10_fnu
    (samples,) = mean_spectrum_sampler(events)(events.select([0]), 7, rng()).values()
    np.testing.assert_array_equal(samples.values, flux)
    np.testing.assert_allclose(samples.location(), np.nanmean(flux, axis=0))
    many = np.concatenate([flux] * 30 + [flux + 1] * 30)
    thousand = SimpleNamespace(spectra=replace(events.spectra, log10_fnu=many))
    (samples,) = mean_spectrum_sampler(thousand)(events.select([0]), 7, rng()).values()
    np.testing.assert_array_equal(samples.values, many[:500])
    np.testing.assert_allclose(samples.location(), np.nanmean(flux, axis=0) + 0.5)


def test_diffusion_samples_are_found_by_name(events):
    drawn = np.random.default_rng(0).normal(size=(len(events), 3, 5, 50))
    sampler = diffusion_sampler(SimpleNamespace(events=events, diffusion_log10_fnu=drawn))
    for index in (2, 11):
        np.testing.assert_array_equal(
            sampler(events.select([index]), 20, rng())["predictive"].values, drawn[index]
        )


def test_each_event_is_drawn_by_itself_with_its_stream(world):
    events, calls = world[0].select(np.array([7, 2, 5])), []

    def sampler(event, n_samples, rng):
        calls.append((event.object_id.tolist(), n_samples, rng.random()))
        return forecast(world)(event, n_samples, rng)

    for use in ("posterior samples", "recalibration"):
        calls.clear()
        list(draw_events(sampler, events, 25, 4, use))
        expected = [stream(use, 4, place).random() for place in range(3)]
        assert calls == [([name], 25, first) for name, first in zip(events.object_id, expected, strict=True)]


def test_posteriors_are_mean_and_interval_of_what_is_drawn(dataset, model):
    test, sampler = dataset.part("test"), light_curve_sampler(model, dataset.scaling)
    found = spectrum_posteriors(sampler, test, 25, seed=3)
    last = len(test) - 1
    drawn = sampler(test.select([last]), 25, stream("posterior samples", 3, last))
    for kind, posterior in found.items():
        np.testing.assert_array_equal(posterior.mean[last], drawn["latent"].values.mean(0))
        low, high = central_interval(drawn[kind].values, 0.9)
        np.testing.assert_array_equal(posterior.lower[last], low)
        np.testing.assert_array_equal(posterior.upper[last], high)
        assert posterior.lower.shape == test.spectra.log10_fnu.shape


def test_a_recalibration_has_random_numbers_of_its_own(world):
    """Others than those with which the same events are judged, and others for each seed."""
    firsts = []

    def sampler(event, n_samples, rng):
        firsts.append(rng.random())
        return forecast(world)(event, n_samples, rng)

    fit_recalibration(sampler, world[0].select(np.array([7, 2, 5])), 4, 25)
    assert firsts == [stream("recalibration", 4, place).random() for place in range(3)]


@pytest.mark.parametrize("width", [0.5, 2.0])
def test_wrong_widths_are_made_right(world, width):
    """Fitted to half of the events, judged by the others."""
    events, sampler = world[0], forecast(world, width)
    fitted = fit_recalibration(sampler, events.select(np.arange(N // 2)), seed=3)
    unseen = events.select(np.arange(N // 2, N))
    scores = score_events(draw_events(recalibrated(sampler, {"predictive": fitted}), unseen, 100, 1), unseen)
    table = average_scores(scores, ["interval", "phase_days"]).set_index("interval")
    before, after = (table.loc[kind] for kind in ("predictive", "predictive, recalibrated"))
    shares = {name: 1 - 2 * norm.sf(width * norm.isf((1 - share) / 2)) for name, share in COVERAGES.items()}
    assert_covers(before, shares)
    assert_covers(after)
    ratio = after["width_90_dex"].to_numpy() / before["width_90_dex"].to_numpy()
    np.testing.assert_allclose(ratio, 1 / width, rtol=0.15)


def test_recalibration_stretches_about_the_samples_mean_at_the_phases_of_the_event(world):
    ours = np.tile([0.5, 1.0, 2.0], (2, 1))
    one = Recalibration(PHASE_DAYS, ours, ours * [[2.0], [3.0]])
    found = recalibrated(forecast(world), {"predictive": one})(world[0].select([3]), 30, rng(5))
    samples, stretched = (found[kind].values for kind in ("predictive", "predictive, recalibrated"))
    mean = samples.mean(0)
    np.testing.assert_allclose(stretched - mean, [[[2.0], [3.0]]] * (samples - mean), atol=1e-9)


def test_a_recalibration_is_fitted_to_the_kind_that_is_asked_for(world):
    def both(event, n_samples, rng):
        (samples,) = forecast(world)(event, n_samples, rng).values()
        narrow = replace(
            samples, values=samples.values.mean(0) + (samples.values - samples.values.mean(0)) / 3
        )
        return {"predictive": samples, "latent": narrow}

    fitted = {kind: fit_recalibration(both, world[0], 0, 50, kind) for kind in ("predictive", "latent")}
    stretch = {kind: one.stretch(1.0, 0.0) for kind, one in fitted.items()}
    assert stretch["predictive"] == pytest.approx(1, rel=0.1)
    assert stretch["latent"] == pytest.approx(3, rel=0.1)
