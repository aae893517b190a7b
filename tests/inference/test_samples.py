"""Intervals of samples: exact for a perfect forecast, however few the samples."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snlib.data.events import Spectra
from snlib.evaluation.scores import sample_scores
from snlib.inference.samplers import mean_spectrum_sampler, spectrum_posteriors
from snlib.inference.samples import Samples, central_interval

N_TRUTHS = 20_000
FOUR_ERRORS = 4 * np.sqrt(0.9 * 0.1 / N_TRUTHS)


def skewed(rng, n):
    return rng.gamma(2.0, size=(n, 1, N_TRUTHS))


def by_central_interval(samples, truth):
    low, high = central_interval(samples, 0.9)
    return ((low <= truth) & (truth <= high)).mean()


def by_score(samples, truth):
    return sample_scores(samples, truth, {"phase_days": [0.0]})["coverage_90"][0]


def by_posterior(samples, truth):
    posteriors = spectrum_posteriors(lambda *_: {"predictive": Samples(samples)}, OneEvent(), 1, 0)
    posterior = posteriors["predictive"]
    return ((posterior.lower <= truth) & (truth <= posterior.upper)).mean()


class OneEvent:
    """In the place of events: one, whatever is in it."""

    def __len__(self):
        return 1

    def select(self, index):
        return self


@pytest.mark.parametrize("n_samples", [20, 100, 200])
@pytest.mark.parametrize("coverage_of", [by_central_interval, by_score, by_posterior])
def test_a_perfect_forecast_covers_ninety_per_cent_at_any_number_of_samples(n_samples, coverage_of):
    """Of twenty samples `numpy.quantile` covers 82 %.  Skewed, so that no shape is assumed."""
    rng = np.random.default_rng(n_samples)
    samples, truth = skewed(rng, n_samples), skewed(rng, 1)[0]
    assert coverage_of(samples, truth) == pytest.approx(0.9, abs=FOUR_ERRORS)


@pytest.mark.parametrize("n_events", [20, 100, 200])
def test_the_mean_spectrum_covers_ninety_per_cent_of_one_more(n_events):
    """Truth and training spectra from one distribution, a fifth of them masked, but not too many."""
    rng = np.random.default_rng(n_events)
    flux, truth = skewed(rng, n_events), skewed(rng, 1)[0]
    flux[20:][rng.random(flux[20:].shape) < 0.2] = np.nan
    train = SimpleNamespace(spectra=Spectra(np.array([0.0]), np.arange(N_TRUTHS) + 3000.0, flux))
    samples = mean_spectrum_sampler(train)(None, 1, None)["predictive"]
    _, low, high = samples.summary()
    assert ((low <= truth) & (truth <= high)).mean() == pytest.approx(0.9, abs=FOUR_ERRORS)
    assert by_score(samples.values, truth) == pytest.approx(0.9, abs=FOUR_ERRORS)


@given(
    n_samples=st.integers(19, 60),
    coverage=st.floats(0.3, 0.9),
    axis=st.integers(0, 2),
    seed=st.integers(0, 1000),
)
def test_ends_are_weibulls_quantiles(n_samples, coverage, axis, seed):
    shape = np.insert([2, 3], axis, n_samples)
    samples = np.random.default_rng(seed).normal(size=shape)
    levels = [(1 - coverage) / 2, (1 + coverage) / 2]
    expected = np.quantile(samples, levels, axis=axis, method="weibull")
    np.testing.assert_allclose(central_interval(samples, coverage, axis), expected, atol=1e-12)


def test_what_is_not_observed_is_left_out():
    samples = np.random.default_rng(0).normal(size=(40, 3))
    samples[:21, 1], samples[:22, 2] = np.nan, np.nan
    low, high = central_interval(samples, 0.9)
    for pixel, alone in enumerate((samples[:, 0], samples[21:, 1])):
        np.testing.assert_allclose((low[pixel], high[pixel]), central_interval(alone, 0.9))
    assert np.isnan([low[2], high[2]]).all()  # 18 samples have no 90 % interval


def test_too_few_samples_are_refused():
    with pytest.raises(ValueError, match="18 are too few for an interval of 90%"):
        central_interval(np.zeros((18, 5)), 0.9)
    central_interval(np.zeros((19, 5)), 0.9)


def test_a_summary_is_location_and_interval():
    values = np.random.default_rng(1).normal(size=(30, 2, 4))
    mean, low, high = Samples(values).summary()
    np.testing.assert_array_equal(mean, values.mean(0))
    np.testing.assert_array_equal((low, high), central_interval(values, 0.9))
    known = np.ones((2, 4))
    assert Samples(values, known).summary()[0] is known
    mean, low, high = Samples(values[:1]).summary()
    np.testing.assert_array_equal(mean, values[0])
    assert np.isnan([low, high]).all()
