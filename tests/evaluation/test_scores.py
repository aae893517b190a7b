"""Metrics by hand, and posteriors that mean what they say."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch

from snlib.data.events import Spectra
from snlib.evaluation.scores import average_scores, curves, event_scores, spectrum_metrics
from snlib.inference.embedding import embed, predict_parameters, retrieve_spectra
from snlib.inference.posteriors import (
    SpectrumPosterior,
    from_light_curve,
    from_spectra,
    mean_spectrum,
    posterior_samples,
    spectrum_posteriors,
    summarise_samples,
)
from snlib.model.registry import new_model


def test_metrics_by_hand():
    """Two events, one phase, two pixels, one of them masked."""
    truth = Spectra(np.array([0.0]), np.array([4000.0, 5000.0]), np.array([[[1.0, 2.0]], [[3.0, np.nan]]]))
    mean = np.array([[[1.0, 2.5]], [[4.0, 99.0]]])
    posterior = SpectrumPosterior(mean, mean - np.array([[[0.1, 0.2]], [[2.0, 9.0]]]), mean + 0.3)
    row = spectrum_metrics(posterior, truth).iloc[0]
    assert row["phase_days"] == 0
    assert row["rmse_dex"] == pytest.approx(np.sqrt((0 + 0.25 + 1) / 3))
    assert row["coverage_90"] == pytest.approx(2 / 3)
    assert row["width_90_dex"] == pytest.approx((0.4 + 0.5 + 2.3) / 3)


def test_each_phase_is_judged_by_itself():
    truth = Spectra(np.array([0.0, 10.0]), np.array([4000.0, 5000.0]), np.zeros((3, 2, 2)))
    mean = np.zeros((3, 2, 2))
    mean[:, 1] = 2.0
    table = spectrum_metrics(SpectrumPosterior(mean, mean - 1, mean + np.array([[1], [3]])), truth)
    assert table["rmse_dex"].tolist() == [0, 2]
    assert table["coverage_90"].tolist() == [1, 0]
    assert table["width_90_dex"].tolist() == [2, 4]


@pytest.fixture
def judged():
    """Three events, two phases, four pixels, some masked: truth and a posterior of random numbers."""
    rng = np.random.default_rng(0)
    flux = rng.normal(size=(3, 2, 4))
    flux[rng.random(flux.shape) < 0.3] = np.nan
    mean = rng.normal(size=flux.shape)
    posterior = SpectrumPosterior(mean, mean - rng.random(flux.shape), mean + rng.random(flux.shape))
    return posterior, Spectra(np.array([0.0, 10.0]), np.linspace(4000.0, 5000.0, 4), flux)


def test_scores_of_each_event_by_hand(judged):
    posterior, spectra = judged
    scores = event_scores(posterior, spectra).set_index(["event", "phase_days"])
    for event, (index, phase) in ((e, p) for e in range(3) for p in enumerate((0.0, 10.0))):
        at, row = (event, index), scores.loc[event, phase]
        pixels = [i for i in range(4) if not np.isnan(spectra.log10_fnu[at][i])]
        truth, mean, low, high = (
            x[at][pixels] for x in (spectra.log10_fnu, posterior.mean, posterior.lower, posterior.upper)
        )
        assert row["n_pixels"] == len(pixels) > 0
        assert row["mse_dex2"] == pytest.approx(sum((mean - truth) ** 2) / len(pixels))
        assert row["coverage_90"] == pytest.approx(sum((low <= truth) & (truth <= high)) / len(pixels))
        assert row["width_90_dex"] == pytest.approx(sum(high - low) / len(pixels))


def test_curves_by_hand(judged):
    """Each wavelength by itself, over the events that are observed there."""
    posterior, spectra = judged
    drawn = curves(posterior, spectra)
    at = np.s_[:, 1, 2]
    seen = ~np.isnan(spectra.log10_fnu[at])
    error = (posterior.mean - spectra.log10_fnu)[at][seen]
    inside = (posterior.lower <= spectra.log10_fnu) & (spectra.log10_fnu <= posterior.upper)
    assert drawn["bias"][1, 2] == pytest.approx(error.mean())
    assert drawn["spread"][1, 2] == pytest.approx(error.std())
    assert drawn["coverage"][1, 2] == pytest.approx(inside[at][seen].mean())
    assert drawn["width"][1, 2] == pytest.approx((posterior.upper - posterior.lower)[at][seen].mean())


def test_averages_count_pixels(judged):
    """Scores of all events together are those of all their pixels, whatever the groups."""
    posterior, spectra = judged
    scores = event_scores(posterior, spectra).assign(model="a")
    error = posterior.mean - spectra.log10_fnu
    together = average_scores(scores, ["model"]).iloc[0]
    assert together["rmse_dex"] == pytest.approx(np.sqrt(np.nanmean(error**2)))
    by_phase = average_scores(scores, ["model", "phase_days"]).set_index("phase_days")
    assert by_phase.loc[10.0, "rmse_dex"] == pytest.approx(np.sqrt(np.nanmean(error[:, 1] ** 2)))


def test_a_prediction_without_interval_has_no_coverage(judged):
    posterior, spectra = judged
    nothing = np.full_like(posterior.mean, np.nan)
    point = SpectrumPosterior(posterior.mean, nothing, nothing)
    row = average_scores(event_scores(point, spectra).assign(model="a"), ["model"]).iloc[0]
    assert np.isnan(row["coverage_90"]) and np.isnan(row["width_90_dex"]) and row["rmse_dex"] > 0
    drawn = curves(point, spectra)
    assert np.isnan(drawn["coverage"]).all() and not np.isnan(drawn["bias"]).all()


def test_intervals_of_known_samples_cover_as_they_should():
    """Truth and samples from one distribution: 90 % of the truth lies inside."""
    rng = np.random.default_rng(0)
    truth = Spectra(np.array([0.0]), np.arange(100.0), rng.laplace(size=(200, 1, 100)))
    posterior = summarise_samples(rng.laplace(size=(200, 2000, 1, 100)), axis=1)
    row = spectrum_metrics(posterior, truth).iloc[0]
    assert row["coverage_90"] == pytest.approx(0.9, abs=0.01)
    assert row["width_90_dex"] == pytest.approx(2 * np.log(10), abs=0.05)


def test_mean_spectrum_ignores_masked_pixels(events):
    posterior = mean_spectrum(events, 3)
    flux = events.spectra.log10_fnu
    seen = ~np.isnan(flux[:, 2, 7])
    assert posterior.mean.shape == (3, 5, 50)
    assert posterior.mean[1, 2, 7] == pytest.approx(flux[seen, 2, 7].mean())
    assert posterior.upper[1, 2, 7] == pytest.approx(np.quantile(flux[seen, 2, 7], 0.95))


@pytest.fixture
def draw(model, dataset):
    events = dataset.part("test").select(np.array([0]))
    spectra = events.spectra

    def function(n_samples=40, phases=spectra.phase_days, wavelengths=spectra.wavelength_aa, seed=0):
        posterior = from_light_curve(model, dataset.scaling, events)
        return posterior_samples(
            posterior, model.spectrum, dataset.scaling, phases, wavelengths, n_samples, seed
        )

    return function


def test_posterior_samples_have_their_shape_and_unit(draw, dataset):
    latent, predictive = draw()
    assert latent.shape == predictive.shape == (40, 5, 50)
    mean, scale = dataset.scaling.log10_fnu
    assert abs(latent.mean() - mean) < 5 * scale


def test_the_likelihood_only_widens(draw):
    latent, predictive = draw(n_samples=400)
    assert (predictive.std(0) > latent.std(0)).mean() > 0.95
    np.testing.assert_allclose(predictive.mean(0), latent.mean(0), atol=6 * predictive.std() / 20)


@pytest.mark.parametrize("model", ["text"], indirect=True)
def test_the_likelihood_has_its_scale(draw, dataset):
    """With a fixed scale of one z-unit the added noise has the quantiles of a Laplace distribution."""
    latent, predictive = draw(n_samples=400)
    noise = (predictive - latent) / dataset.scaling.log10_fnu[1]
    assert np.quantile(noise, [0.05, 0.5, 0.95]) == pytest.approx([-np.log(10), 0, np.log(10)], abs=0.05)


def test_samples_follow_the_seed_and_not_what_else_is_asked_for(draw, dataset):
    spectra = dataset.events.spectra
    latent, _ = draw(seed=3)
    np.testing.assert_array_equal(latent, draw(seed=3)[0])
    assert np.abs(latent - draw(seed=4)[0]).max() > 0
    some, _ = draw(seed=3, phases=spectra.phase_days[[3]], wavelengths=spectra.wavelength_aa[10:20])
    np.testing.assert_allclose(some, latent[:, [3], 10:20], atol=1e-4)


def test_a_light_curve_without_points_gives_prior_samples(model, dataset):
    test = dataset.part("test").select(np.array([0]))
    nothing = np.full_like(test.light_curves.magnitude, np.nan)
    blind = replace(test, light_curves=replace(test.light_curves, magnitude=nothing))
    posterior = from_light_curve(model, dataset.scaling, blind)
    assert (posterior.loc == 0).all() and (posterior.scale == 1).all()
    latent, _ = posterior_samples(
        posterior, model.spectrum, dataset.scaling, test.spectra.phase_days, test.spectra.wavelength_aa, 10, 0
    )
    assert np.isfinite(latent).all()


def test_spectra_are_encoded_each_by_itself(model, dataset):
    """Five spectra, five posteriors; decoded each at its own phase."""
    event = dataset.part("test").select([0])
    posterior = from_spectra(model.spectrum, dataset.scaling, event)
    assert posterior.loc.shape == (5, 4, 4)
    pairs = dataset.pairs("test", "cpu")
    one = model.spectrum.posterior(pairs.take(torch.tensor([3])).spectrum)
    np.testing.assert_allclose(posterior.loc[3], one.loc[0].detach(), atol=1e-5)
    spectra = event.spectra
    together, _ = posterior_samples(
        posterior, model.spectrum, dataset.scaling, spectra.phase_days, spectra.wavelength_aa, 400, 0
    )
    alone, _ = posterior_samples(
        one, model.spectrum, dataset.scaling, spectra.phase_days[[3]], spectra.wavelength_aa, 400, 1
    )
    error = np.hypot(together[:, 3].std(0), alone[:, 0].std(0)) / 20
    assert (abs(together[:, 3].mean(0) - alone[:, 0].mean(0)) < 5 * error + 1e-5).all()


def test_summaries_follow_from_the_samples(model, dataset):
    test = dataset.part("test")
    posterior_of = partial(from_light_curve, model, dataset.scaling)
    posteriors = spectrum_posteriors(posterior_of, model.spectrum, dataset.scaling, test, 20, seed=0)
    spectra, last = test.spectra, len(test) - 1
    latent, predictive = posterior_samples(
        posterior_of(test.select([last])), model.spectrum, dataset.scaling, spectra.phase_days,
        spectra.wavelength_aa, 20, (0, last),
    )  # fmt: skip
    np.testing.assert_array_equal(posteriors["latent"].mean[last], latent.mean(0))
    np.testing.assert_array_equal(posteriors["predictive"].mean[last], latent.mean(0))
    np.testing.assert_allclose(
        posteriors["predictive"].upper[last], np.quantile(predictive, 0.95, axis=0), rtol=1e-6
    )
    assert (posteriors["latent"].lower <= posteriors["latent"].upper).all()


@pytest.mark.parametrize("batch_size", [1, 7, 100])
def test_embeddings_are_the_posteriors_of_single_light_curves(model, dataset, batch_size):
    light_curves = dataset.part("train").light_curves
    mean, scale = embed(model, dataset.scaling, light_curves, batch_size=batch_size)
    assert mean.shape == scale.shape == (len(light_curves.magnitude), 4, 4)
    assert mean.dtype == scale.dtype == np.float32
    for i in (0, 5, len(mean) - 1):
        one = dataset.part("train").select([i]).light_curves
        posterior = model.photometry.posterior(dataset.scaling.photometry(one))
        np.testing.assert_allclose(mean[i], posterior.loc[0].detach(), atol=1e-5)
        np.testing.assert_allclose(scale[i], posterior.scale[0].detach(), atol=1e-5)


@pytest.fixture
def contrastive(small_recipe):
    return new_model("contrastive", small_recipe, seed=0).eval()


def test_a_training_light_curve_retrieves_its_own_spectra(contrastive, dataset):
    """Its own is the nearest; what it lacks comes from the next nearest that has it."""
    train = dataset.part("train")
    found = retrieve_spectra(contrastive, dataset.scaling, train, train.light_curves)
    flux = train.spectra.log10_fnu
    assert np.isnan(flux).any() and not np.isnan(found).any()
    np.testing.assert_array_equal(found[~np.isnan(flux)], flux[~np.isnan(flux)])


def test_the_nearest_neighbour_by_hand(contrastive, dataset):
    """Nearest by the Frobenius distance of the 4 x 8 embeddings, one light curve at a time."""
    train, test = dataset.part("train"), dataset.part("test")

    def embedding(events, i):
        return contrastive.photometry(dataset.scaling.photometry(events.light_curves.select([i])))[0]

    found = retrieve_spectra(contrastive, dataset.scaling, train, test.light_curves)
    for i in range(len(test)):
        ours = embedding(test, i)
        distances = [torch.linalg.matrix_norm(embedding(train, j) - ours).item() for j in range(len(train))]
        flux = train.spectra.log10_fnu[np.argmin(distances)]
        np.testing.assert_array_equal(found[i][~np.isnan(flux)], flux[~np.isnan(flux)])


def test_a_pixel_nobody_has_stays_empty(contrastive, dataset):
    train = dataset.part("train")
    flux = train.spectra.log10_fnu.copy()
    flux[:, 2, 7] = np.nan
    train = replace(train, spectra=replace(train.spectra, log10_fnu=flux))
    found = retrieve_spectra(contrastive, dataset.scaling, train, dataset.part("test").light_curves)
    assert np.argwhere(np.isnan(found)).tolist() == [[0, 2, 7], [1, 2, 7]]


@pytest.mark.parametrize("modality, shape", [("photometry", (16, 6)), ("spectrum", (16, 5, 6))])
def test_predicted_parameters_are_physical(dataset, small_recipe, modality, shape):
    model = new_model(f"{modality}-regressor", small_recipe, seed=0).eval()
    events, pairs = dataset.part("train"), dataset.pairs("train", "cpu")
    predicted = predict_parameters(model, dataset.scaling, events)
    assert predicted.shape == shape
    with torch.no_grad():
        z = model.predict(getattr(pairs.take(torch.tensor([17])), modality))[0].numpy()  # event 3, phase 2
    expected = events.parameters.mean(0) + events.parameters.std(0) * z
    np.testing.assert_allclose(
        predicted[3] if modality == "photometry" else predicted[3, 2], expected, rtol=1e-4
    )
