"""Forecasts of normal distributions, as wide as they should be or not."""

import numpy as np
import pandas as pd

from snlib.evaluation.scores import average_scores, sample_scores

PHASES = np.array([0.0, 10.0])
ROWS = {"phase_days": PHASES}


def event(rng, n_samples=100, n_pixels=150, n_phases=2, narrow=1.0, noise=None):
    """Samples whose width is too small by `narrow`, and a truth; each pixel with its mean and scale."""
    shape = (n_phases, n_pixels)
    mean, scale = rng.normal(-12, 1, shape), rng.uniform(0.05, 0.5, shape)
    noise = noise or (lambda: rng.normal(size=shape))
    return mean + scale / narrow * rng.normal(size=(n_samples, *shape)), mean + scale * noise()


def events(seed, n=60, **options):
    rng = np.random.default_rng(seed)
    for _ in range(n):
        yield event(rng, **options)


def scored(predictions, recalibration=None):
    """Averages over phases and events."""
    tables = []
    for samples, truth in predictions:
        if recalibration is not None:
            samples = recalibration.apply(samples, PHASES)
        tables.append(sample_scores(samples, truth, ROWS))
    return average_scores(pd.concat(tables).assign(model="a"), ["model"]).iloc[0]
