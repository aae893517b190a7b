"""Cadences in numbers: what a light curve's times and bands look like, and whether two samples agree."""

import numpy as np
import pandas as pd
from scipy.stats import ks_2samp
from threadpoolctl import threadpool_limits

from snlib.data.events import LightCurves
from snlib.data.quantities import BANDS, FAINTEST_MAGNITUDE
from snlib.files.places import DATA
from snlib.random_streams import stream
from snlib.simulation.grid import draw_parameters
from snlib.simulation.photometry import band_magnitudes
from snlib.simulation.surrogate import PHASE_RANGE_DAYS, PHOTOMETRY_WAVELENGTH_AA, Surrogate
from snlib.simulation.survey import draw_cadence, observe

__all__ = ["PUBLISHED_CADENCES", "STATISTICS", "cadence_statistics", "compare_cadences", "whole_light_curves"]

# Made by data/measure_published_cadences.py.
PUBLISHED_CADENCES = DATA / "results" / "published_sample" / "cadences.csv"
# Column of `cadence_statistics`: words for tables and axes.
STATISTICS = {f"points_{band}": f"Points in {band}" for band in BANDS} | {
    "points": "Points in all",
    "nights": "Nights",
    "span_days": "Span [d]",
    "first_phase_days": "First phase [d]",
    "last_phase_days": "Last phase [d]",
    "median_gap_days": "Median in-band gap between nights [d]",
    "longest_gap_days": "Longest in-band gap [d]",
    "same_night_share": "Share of in-band gaps within a night",
}
# Observations that are further apart are of different nights.
_NIGHT_DAYS = 0.5


def cadence_statistics(light_curves):
    """Measure when each light curve was observed.

    Parameters
    ----------
    light_curves : LightCurves

    Returns
    -------
    pandas.DataFrame
        A row a light curve, the columns of `STATISTICS`; days and numbers.  A gap is the time between
        two successive points in one band.  NaN where there is none.
    """
    event, slot = np.nonzero(light_curves.observed)
    points = pd.DataFrame(
        {
            "event": event,
            "band": light_curves.band[event, slot],
            "phase": light_curves.phase_days[event, slot],
        }
    ).sort_values(["event", "phase"], kind="stable")
    of_event = points.groupby("event")["phase"]
    counts = points.groupby(["event", "band"]).size().unstack(fill_value=0)
    gaps = points.assign(gap=points.groupby(["event", "band"])["phase"].diff()).dropna()
    between_nights = gaps[gaps["gap"] > _NIGHT_DAYS]
    columns = {f"points_{name}": counts.get(number, 0) for number, name in enumerate(BANDS)} | {
        "points": of_event.size(),
        "nights": 1 + (of_event.diff() > _NIGHT_DAYS).groupby(points["event"]).sum(),
        "span_days": of_event.max() - of_event.min(),
        "first_phase_days": of_event.min(),
        "last_phase_days": of_event.max(),
        "median_gap_days": between_nights.groupby("event")["gap"].median(),
        "longest_gap_days": gaps.groupby("event")["gap"].max(),
        "same_night_share": (gaps["gap"] <= _NIGHT_DAYS).groupby(gaps["event"]).mean(),
    }
    return pd.DataFrame(columns, index=range(len(light_curves.magnitude)))


def compare_cadences(published, simulated):
    """Compare two samples of light curves, statistic by statistic.

    Parameters
    ----------
    published, simulated : pandas.DataFrame
        See `cadence_statistics`.

    Returns
    -------
    pandas.DataFrame
        A row a statistic, indexed by its column: mean and standard deviation in both samples, and the
        p-value of the two-sample Kolmogorov-Smirnov test (too large, if anything, where values tie).
    """
    rows = {}
    for name in STATISTICS:
        ours, theirs = simulated[name].dropna(), published[name].dropna()
        rows[name] = {
            "published_mean": theirs.mean(),
            "published_sd": theirs.std(),
            "simulated_mean": ours.mean(),
            "simulated_sd": ours.std(),
            "p": ks_2samp(ours, theirs).pvalue,
        }
    return pd.DataFrame.from_dict(rows, orient="index")


@threadpool_limits.wrap(limits=1)  # the matrices are small: threads would wait for each other
def whole_light_curves(visits, n_events, seed, selection="code", faintest=FAINTEST_MAGNITUDE):
    """Simulate light curves as long as the published ones, to compare their cadences.

    `snlib.simulation.simulator.simulate` ends at +60 d, the published light curves where their simulations
    end, 66-84 d after peak. Here the surrogate is followed to its own end, +85 d: as magnitudes its last
    days mean nothing, but a visit there counts as an observation.

    Parameters
    ----------
    visits : snlib.simulation.visits.Visits
    n_events : int
    seed : int
        Light curve i depends on the seed and on i only.
    selection : str
        A name in `snlib.simulation.survey.SELECTIONS`.
    faintest : float
        Points before peak that are fainter than this magnitude count as not observed: the surrogate does
        not know when a model begins to shine.

    Returns
    -------
    LightCurves
    """
    surrogate, phase_days = Surrogate.load(), np.arange(PHASE_RANGE_DAYS[0], PHASE_RANGE_DAYS[1] + 1)
    rows = []
    for i in range(n_events):
        rng = stream("models", seed, i)
        parameters = draw_parameters(rng)
        surface = surrogate.log10_fnu(parameters[None], phase_days, PHOTOMETRY_WAVELENGTH_AA)[0]
        magnitudes = band_magnitudes(PHOTOMETRY_WAVELENGTH_AA, surface)
        not_yet_shining = (magnitudes > faintest) & (phase_days[:, None] < 0)
        magnitudes[not_yet_shining] = np.nan
        rows.append(observe(magnitudes, phase_days, *draw_cadence(visits, rng, selection)))
    return LightCurves(*(np.stack(column) for column in zip(*rows, strict=True)))
