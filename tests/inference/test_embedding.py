"""What encoders say of many events: embeddings, neighbours and parameters, against one event at a time."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from snlib.inference.embedding import (
    embed,
    nearest_spectra_by_phase,
    predict_parameters,
    retrieve_spectra,
)
from snlib.model.registry import new_model


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


@pytest.fixture(params=[(4, 8), (8,)], ids=["matrices", "vectors"])
def embedded(request):
    """Embeddings of three light curves and of seven events' spectra at two phases, and these spectra."""
    rng, shape = np.random.default_rng(5), request.param
    ours, theirs = rng.normal(size=(3, *shape)), rng.normal(size=(7, 2, *shape))
    return ours.astype(np.float32), theirs.astype(np.float32), rng.normal(size=(7, 2, 5))


def test_the_nearest_spectrum_of_each_phase_by_brute_force(embedded):
    ours, theirs, flux = embedded
    found = nearest_spectra_by_phase(ours, theirs, flux)
    assert found.shape == (3, 2, 5)
    chosen = np.empty((3, 2), int)
    for i, j in np.ndindex(3, 2):
        chosen[i, j] = np.argmin([np.sqrt(np.sum((one - ours[i]) ** 2)) for one in theirs[:, j]])
        np.testing.assert_array_equal(found[i, j], flux[chosen[i, j], j])
    assert (chosen[:, 0] != chosen[:, 1]).any()


def test_a_spectrum_with_nothing_observed_is_never_retrieved(embedded):
    """Though its embedding is that of the light curve; a single pixel is taken from the next nearest."""
    ours, theirs, flux = embedded
    found = nearest_spectra_by_phase(ours, theirs, flux)
    empty = np.full((3, *flux.shape[1:]), np.nan)
    decoys = np.repeat(ours[:, None], 2, axis=1)
    with_decoys = np.concatenate([decoys, theirs]), np.concatenate([empty, flux])
    np.testing.assert_array_equal(nearest_spectra_by_phase(ours, *with_decoys), found)
    empty[:, 1, 2] = 99.0
    found[:, 1, 2] = 99.0
    with_decoys = np.concatenate([decoys, theirs]), np.concatenate([empty, flux])
    np.testing.assert_array_equal(nearest_spectra_by_phase(ours, *with_decoys), found)


def test_the_order_of_the_spectra_makes_no_difference(embedded):
    ours, theirs, flux = embedded
    flux[np.random.default_rng(6).random(flux.shape) < 0.3] = np.nan
    order = np.random.default_rng(7).permutation(7)
    found = nearest_spectra_by_phase(ours, theirs[order], flux[order])
    np.testing.assert_array_equal(found, nearest_spectra_by_phase(ours, theirs, flux))


@pytest.mark.parametrize(
    "modality, shape", [("photometry", (16, 6)), ("spectrum", (16, 5, 6)), ("joint", (16, 5, 6))]
)
def test_predicted_parameters_are_physical(dataset, small_recipe, modality, shape):
    model = new_model(f"{modality}-regressor", small_recipe, seed=0).eval()
    events, pairs = dataset.part("train"), dataset.pairs("train", "cpu")
    predicted = predict_parameters(model, dataset.scaling, events)
    assert predicted.shape == shape
    with torch.no_grad():
        pair = pairs.take(torch.tensor([17]))  # event 3, phase 2
        seen = (pair.photometry, pair.spectrum) if modality == "joint" else (getattr(pair, modality),)
        z = model.predict(*seen)[0].numpy()
    expected = events.parameters.mean(0) + events.parameters.std(0) * z
    np.testing.assert_allclose(
        predicted[3] if modality == "photometry" else predicted[3, 2], expected, rtol=1e-4
    )
