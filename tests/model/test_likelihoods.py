"""Densities against those of PyTorch and SciPy, draws against the covariance they should have."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kstest, laplace
from torch.distributions import LowRankMultivariateNormal, MultivariateNormal, Normal

from snlib.model.likelihoods import Laplace, LowRankNormal, joined


def random_normal(shape, rank, seed=0, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    numbers = torch.randn(*shape, rank + 2, generator=generator, dtype=dtype)
    return LowRankNormal(numbers[..., 0], 0.3 + numbers[..., 1].abs(), numbers[..., 2:])


def random_values(shape, seed=1):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def covariance(normal):
    return normal.factors @ normal.factors.mT + torch.diag_embed(normal.scale.square())


def parts(likelihood):
    names = ("loc", "scale", "factors") if isinstance(likelihood, LowRankNormal) else ("loc", "scale")
    return [getattr(likelihood, name) for name in names]


def assert_same(a, b):
    assert type(a) is type(b)
    for x, y in zip(parts(a), parts(b), strict=True):
        assert torch.equal(x, y)


@pytest.mark.parametrize("rank", [1, 2, 5, 12])
def test_the_density_is_that_of_pytorch(rank):
    """Of several samples of several spectra; the rank may be larger than the number of pixels."""
    normal, values = random_normal((4, 3, 9), rank), random_values((3, 9))
    expected = LowRankMultivariateNormal(normal.loc, normal.factors, normal.scale.square()).log_prob(values)
    found = normal.log_likelihood(values, torch.ones(3, 9, dtype=torch.bool))
    assert found.shape == (4, 3)
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-10)


@settings(max_examples=60, deadline=None)
@given(
    rank=st.integers(0, 6),
    observed=st.lists(st.booleans(), min_size=1, max_size=12),
    seed=st.integers(0, 10_000),
)
def test_pixels_that_are_not_observed_are_integrated_out(rank, observed, seed):
    observed = torch.tensor(observed)
    normal, values = random_normal((len(observed),), rank, seed), random_values((len(observed),), seed + 1)
    expected = torch.zeros((), dtype=torch.float64)
    if observed.any():
        among = covariance(normal)[observed][:, observed]
        expected = MultivariateNormal(normal.loc[observed], among).log_prob(values[observed])
    values[~observed] = torch.nan
    torch.testing.assert_close(normal.log_likelihood(values, observed), expected, rtol=1e-8, atol=1e-8)


def test_without_modes_pixels_are_independent():
    normal, values = random_normal((2, 3, 8), rank=0), random_values((3, 8))
    observed = torch.rand(3, 8, generator=torch.Generator().manual_seed(0)) < 0.6
    assert not observed.all()
    expected = (Normal(normal.loc, normal.scale).log_prob(values) * observed).sum(-1)
    torch.testing.assert_close(normal.log_likelihood(values, observed), expected)


def test_gradients():
    """Finite differences; and what is not observed, NaN even, has none."""
    normal, values = random_normal((2, 6), rank=3), random_values((2, 6))
    observed = torch.tensor([[True, True, False, True, False, True], [False] * 6])
    values[~observed] = torch.nan
    inputs = [x.requires_grad_() for x in parts(normal)]
    assert torch.autograd.gradcheck(lambda *x: LowRankNormal(*x).log_likelihood(values, observed), inputs)
    for gradient in torch.autograd.grad(normal.log_likelihood(values, observed).sum(), inputs):
        assert (gradient[~observed] == 0).all()
        assert (gradient[observed] != 0).all()


def test_a_value_that_is_observed_but_not_a_number_shows():
    normal, values = random_normal((2, 6), rank=3), random_values((2, 6))
    values[1, 2] = torch.nan
    found = normal.log_likelihood(values, torch.ones(2, 6, dtype=torch.bool))
    assert torch.isfinite(found).tolist() == [True, False]


@pytest.mark.parametrize("scale", [1.0, 0.1, 0.03])
def test_single_precision_is_enough(scale):
    """In nats of a whole spectrum, of 982 pixels that err by one z-score together."""
    exact = random_normal((5, 982), rank=8)
    exact = LowRankNormal(exact.loc, scale * exact.scale, exact.factors)
    values = exact.draw(np.random.default_rng(0))
    observed = torch.ones(5, 982, dtype=torch.bool)
    expected = exact.log_likelihood(values, observed)
    single = LowRankNormal(*(x.float() for x in parts(exact))).log_likelihood(values.float(), observed)
    torch.testing.assert_close(single.double(), expected, rtol=0, atol=0.1)


def test_draws_have_the_covariance():
    """Within five times the sampling error, of each pair of pixels, and between two spectra none."""
    n, normal = 20_000, random_normal((2, 5), rank=2)
    draws = normal.expand(n).draw(np.random.default_rng(0))
    assert draws.shape == (n, 2, 5)
    expected = torch.block_diag(*covariance(normal))
    variance = expected.diagonal()
    assert (expected - torch.diag(variance)).abs().max() > 1  # there is something to see
    error = ((variance[:, None] * variance + expected.square()) / n).sqrt()
    assert ((draws.flatten(1).T.cov() - expected).abs() < 5 * error).all()
    assert ((draws.mean(0) - normal.loc).flatten().abs() < 5 * (variance / n).sqrt()).all()


def test_the_variance_of_a_pixel_is_the_diagonal_of_the_covariance():
    normal = random_normal((2, 5), rank=3)
    torch.testing.assert_close(normal.variance(), covariance(normal).diagonal(dim1=-2, dim2=-1))


def test_draws_are_normal_along_and_across_the_modes():
    normal = random_normal((6,), rank=2)
    draws = normal.expand(5000).draw(np.random.default_rng(1)) - normal.loc
    white = torch.linalg.solve_triangular(torch.linalg.cholesky(covariance(normal)), draws.T, upper=False)
    assert kstest(white.flatten().numpy(), "norm").pvalue > 0.01


@pytest.mark.parametrize("kind", ["laplace", "normal", "without modes"])
def test_the_same_generator_draws_the_same(kind):
    normal = random_normal((3, 4), rank=0 if kind == "without modes" else 2, dtype=torch.float32)
    likelihood = Laplace(normal.loc, normal.scale) if kind == "laplace" else normal
    first, again, other = (likelihood.draw(np.random.default_rng(seed)) for seed in (5, 5, 6))
    assert first.dtype == torch.float32 and first.shape == (3, 4)
    assert torch.equal(first, again)
    assert (first != other).all()


def test_expanded_it_is_the_same_distribution():
    normal, values = random_normal((3, 4), rank=2), random_values((3, 4))
    many, observed = normal.expand(5), values < 1
    assert many.factors.shape == (5, 3, 4, 2)
    for x, y in zip(parts(many), parts(normal), strict=True):
        assert all(torch.equal(one, y) for one in x)
    one = normal.log_likelihood(values, observed)
    torch.testing.assert_close(many.log_likelihood(values, observed), one.expand(5, 3))


@pytest.mark.parametrize("rank", [None, 0, 2])
def test_joined_likelihoods_are_the_parts_they_are_joined_from(rank):
    whole = random_normal((7, 2, 4), rank or 0)
    whole = Laplace(whole.loc, whole.scale) if rank is None else whole
    pieces = [type(whole)(*(x[rows] for x in parts(whole))) for rows in (slice(0, 3), slice(3, 7))]
    assert_same(joined(pieces), whole)


def test_laplace_is_that_of_scipy_over_what_is_observed():
    normal, values = random_normal((2, 3, 50), rank=0), random_values((3, 50))
    observed = torch.rand(3, 50, generator=torch.Generator().manual_seed(0)) < 0.6
    found = Laplace(normal.loc, normal.scale).log_likelihood(values, observed)
    densities = laplace.logpdf(values.numpy(), normal.loc.numpy(), normal.scale.numpy())
    np.testing.assert_allclose(found, (densities * observed.numpy()).sum(-1))


def test_laplace_lets_nan_pass_where_it_is_observed():
    values = torch.tensor([0.0, torch.nan])
    likelihood = Laplace(torch.zeros(2), torch.ones(2))
    assert likelihood.log_likelihood(values, torch.tensor([True, True])).isnan()
    assert likelihood.log_likelihood(values, torch.tensor([True, False])).item() == pytest.approx(-np.log(2))
    assert Laplace(torch.tensor([torch.nan]), torch.ones(1)).loc.isnan()


def test_draws_of_laplace():
    normal = random_normal((20_000,), rank=0)
    draws = Laplace(normal.loc, normal.scale).draw(np.random.default_rng(0))
    assert kstest(((draws - normal.loc) / normal.scale).numpy(), "laplace").pvalue > 0.01
