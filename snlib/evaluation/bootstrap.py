"""Error bars: test events, and seeds of whole runs, drawn again with replacement."""

import numpy as np

from snlib.random_streams import stream

__all__ = ["N_REPLICATES", "draw_weights", "interval", "over_seeds", "share_within", "weights_of_seeds"]

N_REPLICATES = 2000


def draw_weights(n, rng):
    """How often each of n events occurs: once in the sample itself, then as drawn with replacement.

    Parameters
    ----------
    n : int
    rng : numpy.random.Generator
        The stream "bootstrap of events": equal ones for events that are compared.

    Returns
    -------
    ndarray, shape (1 + N_REPLICATES, n)
        The first row is ones.
    """
    drawn = rng.multinomial(n, np.full(n, 1 / n), N_REPLICATES)
    return np.vstack([np.ones(n), drawn])


def weights_of_seeds(tables, events=None):
    """`draw_weights` for the events of each seed: the same for seeds that were judged by the same events.

    Parameters
    ----------
    tables : sequence of pandas.DataFrame
        One a seed, whose column ``event`` numbers its N events from 0.
    events : sequence, optional
        By which events each seed was judged: equal for the same ones.  By default each had its own.

    Returns
    -------
    list of ndarray, shape (1 + N_REPLICATES, N)
    """
    events = list(range(len(tables)) if events is None else events)
    return [
        draw_weights(int(table["event"].max()) + 1, stream("bootstrap of events", 0, events.index(one), 0))
        for table, one in zip(tables, events, strict=True)
    ]


def over_seeds(values):
    """Mean of a statistic over seeds: of all of them, and for each replicate of as many drawn again.

    Parameters
    ----------
    values : sequence of ndarray, shape (1 + N_REPLICATES, ...)
        One a seed: the statistic of the sample itself, and of its replicates.

    Returns
    -------
    ndarray, shape (1 + N_REPLICATES, ...)
    """
    values = np.stack(values)
    n_seeds, n_rows = values.shape[:2]
    drawn = stream("bootstrap of seeds", 0, n_seeds).integers(0, n_seeds, (n_rows, n_seeds))
    drawn[0] = np.arange(n_seeds)
    return values[drawn, np.arange(n_rows)[:, None]].mean(1)


def interval(values, level=0.95):
    """Estimate and both ends of the percentile interval of its replicates, from what `over_seeds` gave."""
    lower, upper = np.quantile(values[1:], [(1 - level) / 2, (1 + level) / 2], axis=0)
    return values[0], lower, upper


def share_within(values, low, high):
    """Share of the replicates between two limits, both included."""
    return np.mean((values[1:] >= low) & (values[1:] <= high), axis=0)
