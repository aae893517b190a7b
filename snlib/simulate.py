"""Simulated supernovae: parameters -> SED surface -> light curve and spectra."""

import numpy as np
from tqdm import tqdm

from snlib.events import Events, LightCurves, Spectra
from snlib.grid import SPECTRUM_PHASES_DAYS, WAVELENGTH_AA, draw_parameters
from snlib.photometry import band_magnitudes
from snlib.spectra import observe_spectra
from snlib.surrogate import FAINTEST_MAGNITUDE, PHOTOMETRY_WAVELENGTH_AA, Surrogate
from snlib.survey import PHOTOMETRY_PHASES_DAYS, draw_cadence, observe
from snlib.visits import load_visits

__all__ = ["simulate"]


def simulate(n_events, seed):
    """Simulate supernovae from the embedded surrogate, observed by Rubin.

    Parameters
    ----------
    n_events : int
    seed : int
        Event i depends on the seed and on i only.

    Returns
    -------
    Events

    Raises
    ------
    ValueError
        If `n_events` is not positive.
    """
    if n_events < 1:
        raise ValueError(f"n_events is {n_events}, expected at least 1")
    surrogate, visits = Surrogate.load(), load_visits()
    rows = [
        _simulate_event(surrogate, visits, np.random.default_rng((seed, 0, i)))
        for i in tqdm(range(n_events), desc="simulate", mininterval=2)
    ]
    parameters, phase_days, magnitude, band, log10_fnu = (
        np.stack(column) for column in zip(*rows, strict=True)
    )
    return Events(
        object_id=np.array([f"surrogate-{seed}-{i:06d}" for i in range(n_events)]),
        parameters=parameters,
        light_curves=LightCurves(phase_days, magnitude, band),
        spectra=Spectra(SPECTRUM_PHASES_DAYS, WAVELENGTH_AA, log10_fnu.astype(np.float32)),
        provenance={"source": "surrogate", "n_events": n_events, "seed": seed},
    )


def _simulate_event(surrogate, visits, rng):
    parameters = draw_parameters(rng)
    surface = surrogate.log10_fnu(parameters[None], PHOTOMETRY_PHASES_DAYS, PHOTOMETRY_WAVELENGTH_AA)[0]
    magnitudes = band_magnitudes(PHOTOMETRY_WAVELENGTH_AA, surface)
    # Like the visits before a Sedona model starts to shine: not observed.
    magnitudes[magnitudes > FAINTEST_MAGNITUDE] = np.nan
    light_curve = observe(magnitudes, PHOTOMETRY_PHASES_DAYS, *draw_cadence(visits, rng))
    spectra = surrogate.log10_fnu(parameters[None], SPECTRUM_PHASES_DAYS, WAVELENGTH_AA)[0]
    return parameters, *light_curve, observe_spectra(spectra)
