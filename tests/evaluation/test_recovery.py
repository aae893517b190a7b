"""Small networks on frozen embeddings find what is in them, and nothing else."""

import numpy as np
import pytest

from snlib.evaluation.recovery import fit_mlps, predict_mlps


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
