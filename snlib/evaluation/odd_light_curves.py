"""Light curves that are unlike simulated ones: mistakes that tables have, and supernovae of other types."""

import numpy as np

from snlib.data.events import LightCurves
from snlib.data.quantities import (
    BANDS,
    FAINTEST_MAGNITUDE,
    LAST_PHASE_DAYS,
    SURFACE_PHASES_DAYS,
)
from snlib.random_streams import stream

__all__ = ["KINDS", "odd"]

_RISE_DAYS = 18.0  # from explosion to peak


def _swapped_g_and_i(band):
    g, i = BANDS.index("g"), BANDS.index("i")
    return np.select([band == g, band == i], [i, g], band)


def _plateau(phase_days, band, rng):
    """A type IIP: a quick rise to a plateau that fades in the blue, as its envelope cools.

    Peaks scatter about -17 by half a magnitude (V-band peaks and slopes: Anderson et al. 2014).
    """
    slope = np.array([0.06, 0.022, 0.005, 0.002, 0.0, 0.0])[band]  # mag a day
    fading = slope * np.maximum(phase_days, 0) + 0.005 * np.minimum(phase_days, 0) ** 2
    return rng.normal(-17, 0.5) + fading


def _like_1991bg(phase_days, band, rng):
    """A faint, red and fast type Ia without a second maximum in the red (Taubenberger 2017)."""
    peak = np.array([-15.2, -16.8, -17.4, -17.3, -17.3, -17.2])[band]
    in_15_days = np.array([2.1, 1.8, 1.1, 0.9, 0.8, 0.8])[band]  # mag
    fast = np.clip(phase_days, -15, 15)
    late = 0.04 * np.maximum(phase_days - 15, 0)
    return rng.normal(0, 0.3) + peak + in_15_days * (fast / 15) ** 2 + late


#: Each makes phases, magnitudes and bands of the points of a light curve from those of a simulated one.
KINDS = {
    "simulated": lambda t, m, b, rng: (t, m, b),
    "shuffled magnitudes": lambda t, m, b, rng: (t, rng.permutation(m), b),
    "phases from explosion": lambda t, m, b, rng: (t + _RISE_DAYS, m, b),
    "peak wrong by 5 d": lambda t, m, b, rng: (t + rng.choice([-5, 5]), m, b),
    "peak wrong by 3 d": lambda t, m, b, rng: (t + rng.choice([-3, 3]), m, b),
    "g and i swapped": lambda t, m, b, rng: (t, m, _swapped_g_and_i(b)),
    "off by 1 mag": lambda t, m, b, rng: (t, m + rng.choice([-1, 1]), b),
    "off by 0.5 mag": lambda t, m, b, rng: (t, m + rng.choice([-0.5, 0.5]), b),
    "noise of 0.05 mag": lambda t, m, b, rng: (t, m + rng.normal(0, 0.05, len(m)), b),
    "plateau (IIP)": lambda t, m, b, rng: (t, _plateau(t, b, rng), b),
    "1991bg-like": lambda t, m, b, rng: (t, _like_1991bg(t, b, rng), b),
}


def odd(kind, light_curves, seed):
    """Make odd light curves of simulated ones.

    Parameters
    ----------
    kind : str
        A name in `KINDS`.
    light_curves : LightCurves
        Simulated.
    seed : int
        Each kind and place has a stream of its own.

    Returns
    -------
    LightCurves
        Of the same shape.  As from a table, points before or after the simulated phases, or fainter than
        simulated, are left out.
    """
    first = SURFACE_PHASES_DAYS[0]
    phase_days, magnitude = np.full((2, *light_curves.magnitude.shape), np.nan)
    band = np.zeros(phase_days.shape, int)
    for index, observed in enumerate(light_curves.observed):
        points = (values[index][observed] for values in vars(light_curves).values())
        rng = stream("odd light curves", seed, list(KINDS).index(kind), index)
        t, m, b = KINDS[kind](*points, rng)
        possible = (first <= t) & (t <= LAST_PHASE_DAYS) & (m <= FAINTEST_MAGNITUDE)
        phase_days[index, observed], band[index, observed] = t, b
        magnitude[index, observed] = np.where(possible, m, np.nan)
    return LightCurves(phase_days, magnitude, band)
