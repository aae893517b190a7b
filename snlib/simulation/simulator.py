"""Simulated supernovae: a grid of models -> SED surfaces -> light curves and spectra."""

import warnings
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from snlib.data.events import Events, LightCurves, Spectra
from snlib.data.quantities import SPECTRUM_PHASES_DAYS
from snlib.random_streams import require_seed, stream
from snlib.simulation.photometry import band_magnitudes
from snlib.simulation.spectra import extract_spectra
from snlib.simulation.surrogate import Surrogate
from snlib.simulation.surrogate_grid import SurrogateGrid
from snlib.simulation.survey import SELECTIONS, draw_cadence, observe
from snlib.simulation.visits import RUBIN_VISITS, load_visits
from snlib.workers import worker_pool

__all__ = ["simulate"]

_CHUNK = 16
_visits = lru_cache(load_visits)  # once in each process


def simulate(
    n_events,
    seed,
    grid=None,
    visits=RUBIN_VISITS,
    selection="code",
    workers=1,
    skip_bad=False,
):
    """Simulate supernovae, observed by Rubin.

    Parameters
    ----------
    n_events : int
    seed : int
        Event i depends on the seed and on i only, whatever the number of events and workers.
    grid : SurrogateGrid or SedonaGrid, optional
        Where the models come from; by default the embedded surrogate with residuals and noise.
    visits : path-like
        Of the survey; see `snlib.simulation.visits.load_visits`.
    selection : str
        A name in `snlib.simulation.survey.SELECTIONS`.
    workers : int
        Processes to share the work.
    skip_bad : bool
        Leave out, with a warning, the events whose model cannot be read.

    Returns
    -------
    Events

    Raises
    ------
    ValueError
        If a number is not positive, there are fewer models than that, one cannot be read or all are left out,
        their spectra are on different wavelengths, or the seed, the visits or the selection are none.

    Examples
    --------
    >>> from snlib.simulation import simulate
    >>> events = simulate(2, seed=0)
    >>> events.spectra.log10_fnu.shape  # supernovae, phases, wavelengths
    (2, 5, 982)
    >>> bool(simulate(1, seed=0).object_id[0] == events.object_id[0])  # however many are asked for
    True
    """
    for name, value in {"n_events": n_events, "workers": workers}.items():
        if value < 1:
            raise ValueError(f"{name} is {value}, expected at least 1")
    require_seed(seed)
    grid = SurrogateGrid(Surrogate.load()) if grid is None else grid
    if n_events > grid.n_models:
        raise ValueError(f"{n_events} events asked for, but there are {grid.n_models} models")
    if selection not in SELECTIONS:
        raise ValueError(f"selection is {selection!r}, expected one of {list(SELECTIONS)}")
    _visits(str(visits))  # unreadable ones are refused before anything is simulated
    task = partial(_simulate_event, grid, seed, str(visits), selection, skip_bad)
    rows = []
    for row in tqdm(_map(task, n_events, workers), "simulate", n_events, mininterval=2):
        if isinstance(row, str):
            with tqdm.external_write_mode():  # a line of its own, not behind the bar
                warnings.warn(row, stacklevel=2)
        else:
            rows.append(row)
    if not rows:
        raise ValueError("none of the models could be read")
    names, parameters, phase_days, magnitude, band, wavelengths, log10_fnu = zip(*rows, strict=True)
    for name, wavelength in zip(names, wavelengths, strict=True):
        if not np.array_equal(wavelength, wavelengths[0]):
            raise ValueError(f"{name}: its wavelengths are not those of {names[0]}")
    return Events(
        object_id=np.array(names),
        parameters=np.stack(parameters),
        light_curves=LightCurves(np.stack(phase_days), np.stack(magnitude), np.stack(band)),
        spectra=Spectra(SPECTRUM_PHASES_DAYS, wavelengths[0], np.stack(log10_fnu)),
        provenance=grid.describe()
        | {"visits": Path(visits).name, "selection": selection, "n_events": n_events, "seed": seed},
    )


def _map(task, n_events, workers):
    """Yield the result of each event, in order; one thread a process, see `snlib.workers`."""
    if workers == 1:
        with threadpool_limits(1):
            yield from map(task, range(n_events))
        return
    with worker_pool(workers) as pool:
        yield from pool.map(task, range(n_events), chunksize=_CHUNK)


def _simulate_event(grid, seed, visits, selection, skip_bad, index):
    """Give one event's row of arrays; of a model that is left out, why."""
    try:
        surface = grid.surface(index, seed)
        wavelength_aa, log10_fnu = extract_spectra(surface)
        magnitudes = band_magnitudes(surface.wavelength_aa, surface.log10_fnu)
    except (ValueError, FileNotFoundError) as error:
        if not skip_bad:
            raise
        return f"event {index} left out: {error}"
    # Like the visits before a Sedona model starts to shine: not observed.
    magnitudes[magnitudes > grid.faintest_magnitude] = np.nan
    cadence = draw_cadence(_visits(visits), stream("cadences", seed, index), selection)
    phase_days, magnitude, band = observe(magnitudes, surface.phase_days, *cadence)
    # Machines differ in the last bit of a double: single precision makes them agree.
    magnitude, log10_fnu = magnitude.astype(np.float32), log10_fnu.astype(np.float32)
    return surface.object_id, surface.parameters, phase_days, magnitude, band, wavelength_aa, log10_fnu
