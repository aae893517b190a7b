"""Light curves as Rubin would have taken them: visits, filters and observations.

The rule that turns visits into a cadence is that of the published light-curve simulator
(Shen & Gagliano's companion repository Goldstein-LSST).
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree
from speclite.filters import load_filter

from snlib.events import BANDS
from snlib.files import DATA, read_npz
from snlib.grid import LAST_PHASE_DAYS

__all__ = [
    "PHOTOMETRY_PHASES_DAYS",
    "POINTS_PER_BAND",
    "SURVEY_DAYS",
    "WINDOW_DAYS",
    "Visits",
    "band_magnitudes",
    "draw_cadence",
    "load_visits",
    "observe",
]

# Daily, like the steps of the simulations.
PHOTOMETRY_PHASES_DAYS = np.arange(-20.0, LAST_PHASE_DAYS + 1)
POINTS_PER_BAND = 10
SURVEY_DAYS = 3652.5
WINDOW_DAYS = 100.0

_HALF_BOX_DEG = 1.75
_PEAK_AFTER_FIRST_VISIT_DAYS = (10.0, 20.0)
_MIN_LAST_PHASE_DAYS = 50.0
_MAX_CROWDED_PHASE_DAYS = 80.0
_MIN_OBSERVATIONS = 25
_MAX_DRAWS = 20_000
_LIGHT_AA_PER_S = 2.99792458e18


@dataclass(frozen=True)
class Visits:
    """The visits of a survey, in time order.

    Attributes
    ----------
    mjd : ndarray, shape (V,)
        Start of the exposure, days, ascending.
    ra_deg, dec_deg : ndarray, shape (V,)
        Centre of the field, degrees: RA in [0, 360), Dec in [-90, 90].
    band : ndarray of int, shape (V,)
        Index into `snlib.events.BANDS`.
    five_sigma_depth : ndarray, shape (V,)
        AB magnitude of a point source detected at 5 sigma.

    Raises
    ------
    ValueError
        If a field has another shape or impossible values; the message names it.
    """

    mjd: np.ndarray
    ra_deg: np.ndarray
    dec_deg: np.ndarray
    band: np.ndarray
    five_sigma_depth: np.ndarray

    def __post_init__(self):
        """Check shapes and values."""
        valid = {
            "mjd": np.diff(self.mjd, prepend=self.mjd[:1]) >= 0,
            "ra_deg": (self.ra_deg >= 0) & (self.ra_deg < 360),
            "dec_deg": np.abs(self.dec_deg) <= 90,
            "band": np.isin(self.band, np.arange(len(BANDS))),
            "five_sigma_depth": np.isfinite(self.five_sigma_depth),
        }
        for name, ok in valid.items():
            values = getattr(self, name)
            if values.shape != (self.mjd.size,) or not values.size:
                raise ValueError(f"{name}: shape {values.shape} for {self.mjd.size} visits")
            if not ok.all():
                wrong = np.argmin(ok)
                reason = "not finite, or earlier than the visit before" if name == "mjd" else "out of range"
                raise ValueError(f"{name}: {values[wrong]:g} at visit {wrong} is {reason}")

    def near(self, ra_deg, dec_deg):
        """Find the visits whose field, a box of 3.5 deg, holds a position.

        As in the published code the box is in RA and Dec themselves, without cos(Dec).

        Returns
        -------
        ndarray of int, shape (K,)
            Indices of the visits, in time order.
        """
        found = self._tree.query_ball_point((ra_deg, dec_deg), _HALF_BOX_DEG, p=np.inf, return_sorted=True)
        return np.array(found, dtype=int)

    @cached_property
    def _tree(self):
        # Periodic in RA (period 360), not in Dec (0).
        positions = np.column_stack([self.ra_deg, self.dec_deg])
        return cKDTree(positions, leafsize=64, balanced_tree=False, boxsize=(360.0, 0.0))


def load_visits(path=DATA / "rubin_visits.npz"):
    """Read visits; by default the simulated survey that comes with the repository.

    Parameters
    ----------
    path : path-like
        An npz file: ``mjd_start`` (days), ``mjd_step`` (units of 1e-4 d), ``ra_centideg``,
        ``dec_centideg``, ``band``, ``depth_centimag``.

    Returns
    -------
    Visits

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is damaged, lacks a field or holds impossible values; the message names both.
    """
    names = ("mjd_start", "mjd_step", "ra_centideg", "dec_centideg", "band", "depth_centimag")
    packed = read_npz(path, names)
    try:
        for name, values in packed.items():
            if values.dtype.kind not in "iuf":
                raise ValueError(f"{name}: not numbers but {values.dtype}")
        start, steps, ra, dec, band, depth = packed.values()
        return Visits(start + 1e-4 * np.cumsum(steps), ra / 100, dec / 100, band, depth / 100)
    except ValueError as error:
        raise ValueError(f"{Path(path)}: {error}") from None


def draw_cadence(visits, rng):
    """Draw when, and in which bands, a supernova at a random place and time is observed.

    The rule of the published code: a position on the whole sphere, a window of 100 d that starts
    in the first half of the survey, peak 10-20 d after the window's first visit, more than 24
    visits, the last more than 50 d after peak; then at most ten a band. Drawn again until accepted.

    Parameters
    ----------
    visits : Visits
        At least the survey's first half and one window more.
    rng : numpy.random.Generator

    Returns
    -------
    phase_days : ndarray, shape (T,)
        Days from peak; bands in the order u to y, in time order within each.
    band : ndarray of int, shape (T,)
        Index into `snlib.events.BANDS`.

    Raises
    ------
    ValueError
        If no draw is accepted: too few visits.
    """
    for _ in range(_MAX_DRAWS):
        window = _draw_window(visits, rng)
        if len(window) < _MIN_OBSERVATIONS:
            continue
        since_first = visits.mjd[window] - visits.mjd[window[0]]
        phase_days = since_first - rng.uniform(*_PEAK_AFTER_FIRST_VISIT_DAYS)
        # As in the published code, the last phase is that of the whole window: the random ten of
        # a crowded band may end earlier (one published light curve ends at 29 d).
        if phase_days[-1] <= _MIN_LAST_PHASE_DAYS:
            continue
        chosen = _thin_bands(phase_days, visits.band[window], rng)
        if len(chosen) >= _MIN_OBSERVATIONS:
            return phase_days[chosen], visits.band[window[chosen]].astype(int)
    raise ValueError(f"visits: none of {_MAX_DRAWS} random windows gives a long enough light curve")


def _draw_window(visits, rng):
    """Find the visits (K,) to a random position in a random window, in time order."""
    ra_deg = rng.uniform(0.0, 360.0)
    dec_deg = np.degrees(np.arcsin(rng.uniform(-1.0, 1.0)))
    near = visits.near(ra_deg, dec_deg)
    if not near.size:
        return near
    mjd = visits.mjd[near]
    # The published code takes the middle between the position's own first and last visit. The
    # survey's middle stands in for it, so that the second half need not be stored; counts, first
    # and last phases stay the same within their scatter.
    start = rng.uniform(mjd[0], max(mjd[0], visits.mjd[0] + SURVEY_DAYS / 2))
    return near[np.searchsorted(mjd, start) : np.searchsorted(mjd, start + WINDOW_DAYS, side="right")]


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


def band_magnitudes(wavelength_aa, log10_fnu):
    """Absolute AB magnitudes of spectra through the six LSST filters.

    Filter curves: `lsst2016` of speclite (https://speclite.readthedocs.io), within 17 mmag of
    those of the paper on a supernova spectrum. Between wavelengths F_lambda is linear.

    Parameters
    ----------
    wavelength_aa : ndarray, shape (L,)
        Ascending.
    log10_fnu : ndarray, shape (..., L)
        log10 of erg/s/cm^2/Hz at 10 pc; -inf where there is no flux.

    Returns
    -------
    ndarray, shape (..., 6)
        In the order of `snlib.events.BANDS`; NaN, not observed, where a filter receives no flux.

    Raises
    ------
    ValueError
        If the wavelengths do not cover a filter, which the message names, or do not fit the spectra.
    """
    wavelength_aa = np.asarray(wavelength_aa, dtype=float)
    if wavelength_aa.shape != log10_fnu.shape[-1:]:
        raise ValueError(f"log10_fnu: shape {log10_fnu.shape} for {wavelength_aa.shape} wavelengths")
    fnu = 10.0 ** np.asarray(log10_fnu, dtype=float)
    weights = _filter_weights(wavelength_aa.tobytes())
    maggies = np.stack([fnu[..., inside] @ weight for inside, weight in weights], axis=-1)
    return -2.5 * np.log10(np.where(maggies > 0, maggies, np.nan))


@lru_cache(maxsize=8)
def _filter_weights(wavelength_bytes):
    """Give the slice of the wavelengths within each filter, and the weight of F_nu at each there.

    A magnitude is linear in the flux, so speclite is asked once, for each wavelength's own share.
    """
    wavelength_aa = np.frombuffer(wavelength_bytes)
    result = []
    for band in BANDS:
        response = load_filter(f"lsst2016-{band}")
        blue, red = response.wavelength[[0, -1]]
        if wavelength_aa[0] > blue or wavelength_aa[-1] < red:
            raise ValueError(
                f"filter lsst2016-{band} needs {blue:.0f}-{red:.0f} Å, "
                f"but the wavelengths span {wavelength_aa[0]:.0f}-{wavelength_aa[-1]:.0f} Å"
            )
        # The bins that hold the filter's ends count too: flux is interpolated within them.
        first = np.searchsorted(wavelength_aa, blue, side="right") - 1
        inside = slice(first, np.searchsorted(wavelength_aa, red) + 1)
        flambda = np.diag(_LIGHT_AA_PER_S / wavelength_aa[inside] ** 2)
        result.append((inside, response.get_ab_maggies(flambda, wavelength_aa[inside])))
    return result


def observe(daily_magnitudes, phases_daily, cadence_phase, cadence_band):
    """Observe a light curve at a cadence; linear in time between the daily magnitudes.

    What falls outside the daily phases, or beside a day without flux, is not observed.

    Parameters
    ----------
    daily_magnitudes : ndarray, shape (D, 6)
        Absolute AB magnitudes, bands u to y; NaN where there is no flux.
    phases_daily : ndarray, shape (D,)
        Days from peak, ascending; `PHOTOMETRY_PHASES_DAYS`.
    cadence_phase : ndarray, shape (T,)
        Days from peak.
    cadence_band : ndarray of int, shape (T,)
        Index into `snlib.events.BANDS`.

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
