"""Supernovae as SALT3 knows them, seen as observed ones are: to learn from before any observed spectrum."""

from dataclasses import replace

import numpy as np

from snlib.data.quantities import LIGHT_AA_PER_S, SURFACE_WAVELENGTH_AA
from snlib.data.ragged import RaggedLightCurves
from snlib.random_streams import stream
from snlib.simulation.photometry import band_magnitudes

__all__ = ["simulate_salt"]

_DAYS = np.arange(-19.0, 50.0)
_N_SPECTRA, _FIRST_DAYS, _LAST_DAYS = 4, -12.0, 34.0
_LEAST_FLUX = 0.02
_PIXEL_DEX, _MAG = 0.01, 0.03  # noise
_BLUE_AA, _RED_AA = (3300.0, 3700.0), (6800.0, 8500.0)  # where spectra begin and end
_N_WAVES, _SCATTER_DEX = 120, 0.045  # a random field of what SALT3 does not know


def simulate_salt(salt, cadences, n_supernovae, seed):
    """Simulate light curves and spectra.

    Stretch, colour and brightness are drawn as of normal supernovae, a smooth random field in phase and
    wavelength is added, and each is observed at the phases and in the bands of some given light curve.

    Parameters
    ----------
    salt : snlib.observed.salt.Salt3
    cadences : snlib.observed.table.ObservedSupernovae
        Of its light curves the phases and bands are used, and its wavelengths.
    n_supernovae, seed : int

    Returns
    -------
    snlib.observed.table.ObservedSupernovae
        Four spectra each.
    """
    surfaces, wavelength = _surfaces(salt), cadences.wavelength_aa
    points, spectra, phases, drawn = [], [], [], []
    for number in range(n_supernovae):
        rng = stream("models", seed, number)
        x1, c = rng.normal(-0.1, 1.1), rng.normal(-0.05, 0.06) + rng.exponential(0.07)
        peak_b = -19.1 - 0.14 * x1 + 3.1 * c + rng.normal(0, 0.15)
        log10_fnu = _surface(surfaces, x1, c, peak_b) + _field(rng)
        points.append((number, *_light_curve(rng, cadences, log10_fnu)))
        at = rng.uniform(_FIRST_DAYS, _LAST_DAYS, _N_SPECTRA)
        spectra.append(_observe(rng, at, log10_fnu, wavelength))
        phases.append(at)
        drawn.append((x1, c))
    names = np.array([f"simulated {number}" for number in range(n_supernovae)], dtype=object)
    place = np.concatenate([np.full(len(phase), number) for number, phase, *_ in points])
    phase, magnitude, band = (np.concatenate([one[i] for one in points]) for i in (1, 2, 3))
    x1, c = np.transpose(drawn)
    return replace(
        cadences,
        object_id=names,
        x1=x1,
        c=c,
        fold=np.zeros(n_supernovae, dtype=int),
        light_curves=RaggedLightCurves.from_points(names, place, phase, magnitude, band),
        spectrum_object=np.repeat(np.arange(n_supernovae), _N_SPECTRA),
        spectrum_phase_days=np.concatenate(phases),
        log10_fnu=np.concatenate(spectra),
    )


def _surfaces(salt):
    """F_lambda of SALT3 day by day: mean, change with stretch, and log10 of the change with colour."""
    source, covered = salt.source, _covered(salt.source)
    wavelength = SURFACE_WAVELENGTH_AA[covered]
    source.set(x0=1.0, x1=0.0, c=0.0)
    mean = source.flux(_DAYS, wavelength)
    source.set(x1=1.0)
    stretch = source.flux(_DAYS, wavelength) - mean
    source.set(x1=0.0, c=1.0)
    peak = int(np.argmin(np.abs(_DAYS)))
    colour = np.log10(source.flux(_DAYS, wavelength)[peak] / mean[peak])
    return covered, mean, stretch, colour


def _covered(source):
    return (source.minwave() <= SURFACE_WAVELENGTH_AA) & (source.maxwave() >= SURFACE_WAVELENGTH_AA)


def _surface(surfaces, x1, c, peak_b):
    """log10 F_nu at 10 pc, day by day; -inf where SALT3 has no wavelengths."""
    covered, mean, stretch, colour = surfaces
    flux = np.maximum(mean + x1 * stretch, _LEAST_FLUX * np.abs(mean)) + 1e-30
    log10_fnu = np.full((len(_DAYS), len(SURFACE_WAVELENGTH_AA)), -np.inf)
    in_nu = np.log10(flux * SURFACE_WAVELENGTH_AA[covered] ** 2 / LIGHT_AA_PER_S)
    log10_fnu[:, covered] = in_nu + c * colour - 0.4 * (peak_b - 10.5)
    return log10_fnu


def _field(rng):
    """A smooth random field, dex by day and wavelength: waves, most of them about as long as features."""
    place = np.log(SURFACE_WAVELENGTH_AA / 5500.0)
    in_wavelength = rng.normal(0, 1 / 0.03, _N_WAVES) * np.where(rng.random(_N_WAVES) < 0.3, 0.15, 1.0)
    in_phase = rng.normal(0, 1 / 9.0, _N_WAVES)
    start = rng.uniform(0, 2 * np.pi, _N_WAVES)
    size = rng.normal(0, _SCATTER_DEX * np.sqrt(2 / _N_WAVES), _N_WAVES)
    along, across = np.outer(_DAYS, in_phase) + start, np.outer(in_wavelength, place)
    return (size * np.cos(along)) @ np.cos(across) - (size * np.sin(along)) @ np.sin(across)


def _light_curve(rng, cadences, log10_fnu):
    """Phases, magnitudes and bands of a light curve, at the phases and in the bands of one that is given."""
    known = cadences.light_curves
    enough = np.flatnonzero(known.n_points > 8)
    given = known.padded([rng.choice(enough)])
    seen = given.observed[0]
    phase, band = given.phase_days[0, seen] + rng.normal(0, 1.5), given.band[0, seen]
    magnitude = _at(phase, band_magnitudes(SURFACE_WAVELENGTH_AA, log10_fnu))[np.arange(len(band)), band]
    magnitude = magnitude + rng.normal(0, _MAG, len(band))
    use = np.isfinite(magnitude)
    return phase[use], magnitude[use], band[use]


def _observe(rng, phase_days, log10_fnu, wavelength_aa):
    """Noisy spectra at some phases, each from a random blue to a random red end."""
    covered = np.isfinite(log10_fnu[0])
    at = _at(phase_days, log10_fnu[:, covered])
    spectra = np.array([np.interp(wavelength_aa, SURFACE_WAVELENGTH_AA[covered], one) for one in at])
    spectra += rng.normal(0, _PIXEL_DEX, spectra.shape)
    blue, red = (rng.uniform(*ends, (len(at), 1)) for ends in (_BLUE_AA, _RED_AA))
    return np.where((wavelength_aa >= blue) & (wavelength_aa <= red), spectra, np.nan)


def _at(phase_days, daily):
    """Values at some phases, linear between days."""
    place = np.clip(phase_days - _DAYS[0], 0, len(_DAYS) - 1.001)
    before, part = place.astype(int), (place % 1)[:, None]
    return (1 - part) * daily[before] + part * daily[before + 1]
