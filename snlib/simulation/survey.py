"""Light curves as Rubin would have taken them: the rules that turn visits into observations."""

from dataclasses import dataclass

import numpy as np

from snlib.data.quantities import BANDS

__all__ = [
    "POINTS_PER_BAND",
    "SELECTIONS",
    "SURVEY_DAYS",
    "WINDOW_DAYS",
    "Selection",
    "draw_cadence",
    "draw_window",
    "observe",
]

POINTS_PER_BAND = 10
SURVEY_DAYS = 3652.5
WINDOW_DAYS = 100.0

_MAX_CROWDED_PHASE_DAYS = 80.0
_MAX_DRAWS = 20_000


@dataclass(frozen=True)
class Selection:
    """A rule that places a supernova in a window of visits and says whether it is kept.

    Attributes
    ----------
    peak_days : tuple of float
        Earliest and latest peak, uniform between them, in days after the origin.
    peak_from_first_visit : bool
        Whether that origin is the first visit of the window, or the start of the window.
    min_observations : int
        Fewest points of a light curve, with at most ten a band.
    after_phase_days : float
        The last visit of the window must come later than this, in days from peak.
    """

    peak_days: tuple[float, float]
    peak_from_first_visit: bool
    min_observations: int
    after_phase_days: float


#: The cadence rules, by name.
SELECTIONS = {
    # The light-curve simulator that accompanies the paper (repository Goldstein-LSST).
    "code": Selection((10.0, 20.0), True, 25, 50.0),
    # Section 3 of the paper: a random time and position, at least 10 observations.  It leaves the
    # window open: here the same 100 d, from -20 to +80 d, wherever in it the visits fall.
    "text": Selection((20.0, 20.0), False, 10, -np.inf),
}


def draw_cadence(visits, rng, selection="code"):
    """Draw when, and in which bands, a supernova at a random place and time is observed.

    A window of visits is drawn, the peak is placed in it, and at most ten visits a band are chosen;
    drawn again until the selection accepts it.

    Parameters
    ----------
    visits : Visits
        At least the survey's first half and one window more.
    rng : numpy.random.Generator
    selection : str
        A name in `SELECTIONS`: "code", whose light curves are like the published ones, or
        "text".

    Returns
    -------
    phase_days : ndarray, shape (T,)
        Days from peak; bands in the order u to y, in time order within each.
    band : ndarray of int, shape (T,)
        Index into `snlib.data.quantities.BANDS`.

    Raises
    ------
    ValueError
        If there is no such selection, or if no draw is accepted: too few visits.
    """
    if selection not in SELECTIONS:
        raise ValueError(f"selection is {selection!r}, expected one of {list(SELECTIONS)}")
    rule = SELECTIONS[selection]
    for _ in range(_MAX_DRAWS):
        window, start_mjd = draw_window(visits, rng)
        if len(window) < rule.min_observations:
            continue
        mjd = visits.mjd[window]
        since_origin = mjd - (mjd[0] if rule.peak_from_first_visit else start_mjd)
        phase_days = since_origin - rng.uniform(*rule.peak_days)
        # As in the published code, the last phase is that of the whole window: the random ten of
        # a crowded band may end earlier (one published light curve ends at 29 d).
        if phase_days[-1] <= rule.after_phase_days:
            continue
        chosen = _thin_bands(phase_days, visits.band[window], rng)
        if len(chosen) >= rule.min_observations:
            return phase_days[chosen], visits.band[window[chosen]].astype(int)
    raise ValueError(f"visits: none of {_MAX_DRAWS} random windows gives a long enough light curve")


def draw_window(visits, rng):
    """Draw a position on the whole sphere and 100 d that begin in the survey's first half.

    Parameters
    ----------
    visits : Visits
    rng : numpy.random.Generator

    Returns
    -------
    window : ndarray of int, shape (K,)
        Indices of the visits to that position in that time, in time order; often none.
    start_mjd : float
        Start of the window, days; NaN where the survey never goes.
    """
    ra_deg = rng.uniform(0.0, 360.0)
    dec_deg = np.degrees(np.arcsin(rng.uniform(-1.0, 1.0)))
    near = visits.near(ra_deg, dec_deg)
    if not near.size:
        return near, np.nan
    mjd = visits.mjd[near]
    # The published code takes the middle between the position's own first and last visit. The
    # survey's middle stands in for it, so that the second half need not be stored; counts, first
    # and last phases stay the same within their scatter.
    start_mjd = rng.uniform(mjd[0], max(mjd[0], visits.mjd[0] + SURVEY_DAYS / 2))
    first, stop = np.searchsorted(mjd, start_mjd), np.searchsorted(mjd, start_mjd + WINDOW_DAYS, side="right")
    return near[first:stop], start_mjd


def _thin_bands(phase_days, band, rng):
    """Choose at most ten observations a band; indices by band and then by time."""
    chosen = []
    for b in range(len(BANDS)):
        of_band = np.flatnonzero(band == b)
        # The published code bounds the phases in crowded bands only; elsewhere a point may be as
        # late as +90 d (published ones reach +84 d, where the simulations end). Its early bound,
        # -20 d, is never passed: peak is at most 20 d after the first visit.
        if len(of_band) > POINTS_PER_BAND:
            of_band = of_band[phase_days[of_band] <= _MAX_CROWDED_PHASE_DAYS]
        if len(of_band) > POINTS_PER_BAND:
            of_band = np.sort(rng.choice(of_band, POINTS_PER_BAND, replace=False))
        chosen.append(of_band)
    return np.concatenate(chosen)


def observe(daily_magnitudes, phases_daily, cadence_phase, cadence_band):
    """Observe a light curve at a cadence; linear in time between the daily magnitudes.

    What falls outside the daily phases, or beside a day without flux, is not observed.

    Parameters
    ----------
    daily_magnitudes : ndarray, shape (D, 6)
        Absolute AB magnitudes, bands u to y; NaN where there is no flux.
    phases_daily : ndarray, shape (D,)
        Days from peak, ascending.
    cadence_phase : ndarray, shape (T,)
        Days from peak.
    cadence_band : ndarray of int, shape (T,)
        Index into `snlib.data.quantities.BANDS`.

    Returns
    -------
    phase_days, magnitude : ndarray, shape (60,)
        The k-th observation in band b is in slot 10 b + k, as in the published sample; NaN in
        empty slots.
    band : ndarray of int, shape (60,)
        Band of each slot, empty or not.

    Raises
    ------
    ValueError
        If a band, which the message names, has more than ten observations.
    """
    phase_days, magnitude = np.full((2, len(BANDS), POINTS_PER_BAND), np.nan)
    for b, name in enumerate(BANDS):
        phases = np.sort(cadence_phase[cadence_band == b])
        if len(phases) > POINTS_PER_BAND:
            raise ValueError(f"band {name}: {len(phases)} observations, at most {POINTS_PER_BAND} fit")
        values = np.interp(phases, phases_daily, daily_magnitudes[:, b], left=np.nan, right=np.nan)
        observed = ~np.isnan(values)
        count = observed.sum()
        phase_days[b, :count], magnitude[b, :count] = phases[observed], values[observed]
    return phase_days.ravel(), magnitude.ravel(), np.repeat(np.arange(len(BANDS)), POINTS_PER_BAND)
