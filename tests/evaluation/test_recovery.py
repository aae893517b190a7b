"""Small networks on frozen embeddings find what is in them, and nothing else."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from snlib.data.dataset import make_dataset
from snlib.data.events import Events, LightCurves, Spectra
from snlib.data.quantities import PARAMETERS
from snlib.evaluation.recovery import fit_mlps, parameter_errors, predict_mlps


@pytest.fixture
def known():
    """Embeddings of 16 numbers; of six parameters with units far apart, five can be told from them."""
    rng = np.random.default_rng(0)
    embedding = rng.normal(size=(400, 16))
    first, second = embedding[:, 0], embedding[:, 1]
    parameters = np.stack(
        [1e51 * (1 + 0.2 * first), first + second, np.tanh(first), second**2, first * second,
         rng.normal(size=400)], axis=1,
    )  # fmt: skip
    return embedding, parameters


def unexplained(predicted, parameters):
    """Share of the variance that is left."""
    return ((predicted - parameters) ** 2).mean(0) / parameters.var(0)


def test_what_is_in_the_embedding_is_found(known):
    embedding, parameters = known
    mlps = fit_mlps(embedding[:300], parameters[:300], seed=0)
    left = unexplained(predict_mlps(mlps, embedding[300:]), parameters[300:])
    assert (left[:3] < 0.02).all()  # linear or nearly so
    assert (left[3:5] < 0.5).all()  # curved
    assert 0.8 < left[5] < 3  # not there


def test_few_embeddings_do(known):
    embedding, parameters = known
    mlps = fit_mlps(embedding[:50], parameters[:50], seed=0)
    left = unexplained(predict_mlps(mlps, embedding[300:]), parameters[300:])
    assert (left[:2] < 0.1).all()


def test_units_do_not_matter(known):
    embedding, parameters = known
    unit = np.array([1e-51, 1e3, 7.0, 1e-3, 2.0, 1.0])
    plain = predict_mlps(fit_mlps(embedding, parameters, seed=0), embedding)
    scaled = predict_mlps(fit_mlps(100 * embedding + 3, unit * parameters, seed=0), 100 * embedding + 3)
    assert (unexplained(scaled / unit, plain)[:3] < 1e-3).all()


def test_the_same_seed_gives_the_same(known):
    embedding, parameters = (x[:60] for x in known)
    first, again, other = (
        predict_mlps(fit_mlps(embedding, parameters, seed), embedding) for seed in (0, 0, 1)
    )
    assert np.array_equal(first, again) and not np.array_equal(first, other)


def make_dataset_of(relation):
    """Ninety events whose parameters follow the mean magnitude, of the test part by another `relation`."""
    rng = np.random.default_rng(0)
    n, slots, wavelength = 90, 12, np.linspace(3000.0, 8000.0, 20)
    brightness = rng.normal(size=n)
    curves = LightCurves(
        np.tile(np.linspace(-10.0, 50, slots), (n, 1)),
        -18 + brightness[:, None] + rng.normal(size=(n, slots)) * 0.01,
        np.zeros((n, slots), int),
    )
    flux = -12 - 0.4 * brightness[:, None, None] + np.zeros((1, 2, 20))
    split = {"train": np.arange(40), "validation": np.arange(40, 45), "test": np.arange(45, 90)}
    of_test = np.arange(n) >= 45
    follows = np.where(of_test, relation(brightness, rng), brightness)
    parameters = np.array([1.0, 1.0, 0.5, 0.45, 0.05, 50.0]) * np.exp(0.1 * follows)[:, None]
    events = Events(
        np.array([f"event-{i}" for i in range(n)]),
        parameters,
        curves,
        Spectra(np.array([0.0, 10.0]), wavelength, flux),
        {},
    )
    return make_dataset(events, split)


def toy_models(embedding_of):
    """In place of trained ones: `embedding_of` values, and regressors that always say the training mean."""

    def predict(x):
        return torch.zeros(len(x.value), 6)

    def expert(name):
        return SimpleNamespace(
            posterior=lambda x: SimpleNamespace(loc=embedding_of(x.value)),
            latent=lambda x: embedding_of(x.value),
            modality=name,
            predict=predict,
        )

    both = {name: expert(name) for name in ("photometry", "spectrum")}
    models = {"mmvae": SimpleNamespace(**both), "contrastive": SimpleNamespace(**both)}
    joint = SimpleNamespace(modality="both", predict=lambda photometry, spectrum: predict(photometry))
    return models | {f"{name}-regressor": one for name, one in both.items()} | {"joint-regressor": joint}


def mean_errors(dataset, embedding_of):
    """Of each method and what it was fitted to, for both kinds of data: the mean over all parameters."""
    errors = parameter_errors(dataset, toy_models(embedding_of), seed=0)
    means = errors.set_index(["data", "method", "fitted_to"])[[p.name for p in PARAMETERS]].mean(axis=1)
    return means.groupby(level=[0, 1, 2]).mean()


def brightness_of(value):
    return value.mean(-1, keepdim=True)[..., None]


@pytest.mark.parametrize("data", ["light curve", "spectra"])
def test_what_an_mlp_is_fitted_to_is_what_the_table_says(data):
    """Brighter is more in the training part and less in the test part: each fit knows its own."""
    of = mean_errors(make_dataset_of(lambda brightness, rng: -brightness), brightness_of)[data]
    for method in ("MMVAE", "contrastive"):
        assert of[method, "test"] < 0.2 < 1 < of[method, "train"]


def test_what_is_judged_was_not_fitted_to():
    """Numbers that tell nothing: who has seen the answers errs less than the mean does, others more."""
    dataset = make_dataset_of(lambda brightness, rng: rng.normal(size=len(brightness)))
    noise = np.random.default_rng(1).normal(size=(1000, 16)).astype(np.float32)

    def arbitrary(value):
        place = (value.sum(-1).abs() * 1e4).long() % 1000
        return torch.from_numpy(noise)[place][:, None]

    errors = mean_errors(dataset, arbitrary)["light curve"]
    spread = dataset.part("test").parameters.std(0) / dataset.part("train").parameters.std(0)
    assert errors["MMVAE", "test"] > 0.9 * spread.mean() * np.sqrt(2 / np.pi)


def test_every_mlp_is_of_the_seed():
    dataset, models = make_dataset_of(lambda brightness, rng: brightness), toy_models(brightness_of)
    tables = [parameter_errors(dataset, models, seed).groupby("fitted_to") for seed in (0, 0, 1)]
    names = [parameter.name for parameter in PARAMETERS]
    for fitted_to in ("test", "train"):
        of = (table.get_group(fitted_to).query("method == 'MMVAE'")[names].to_numpy() for table in tables)
        first, again, other = of
        assert np.array_equal(first, again) and not np.array_equal(first, other)


def test_end_to_end_errors_are_in_units_of_the_training_spread():
    dataset = make_dataset_of(lambda brightness, rng: 3 * brightness)
    train, test = (dataset.part(part).parameters for part in ("train", "test"))
    expected = (np.abs(test - train.mean(0)) / train.std(0)).mean()
    found = mean_errors(dataset, brightness_of)
    for data in ("light curve", "spectra", "both"):
        assert found[data, "end to end", "train"] == pytest.approx(expected, rel=1e-5)
