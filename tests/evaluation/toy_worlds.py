"""Events whose spectra are drawn from what is known of each, and samplers that know it too."""

import numpy as np

from snlib.data.events import Events, LightCurves, Spectra
from snlib.inference.samples import Samples

PHASE_DAYS, WAVELENGTH_AA = np.array([0.0, 10.0]), np.linspace(3000.0, 8000.0, 51)
N = 160
COVERAGES = {"coverage_68": 0.6827, "coverage_90": 0.9}


def draws(rng, n, together=1.0):
    """Errors of n spectra, half of the variance shared by all pixels: (n, P, L)."""
    shared = rng.standard_normal((n, len(PHASE_DAYS), 1))
    own = rng.standard_normal((n, len(PHASE_DAYS), len(WAVELENGTH_AA)))
    return 0.1 * (together * shared + np.sqrt(2 - together**2) * own) / np.sqrt(2)


def make_world():
    """Events whose light curves say nothing, and the spectrum that each of them should have."""
    rng = np.random.default_rng(0)
    mean = rng.normal(-12, 0.3, (N, len(PHASE_DAYS), 1)) + 0.1 * np.sin(WAVELENGTH_AA / 300)
    flux = mean + draws(rng, N)
    flux[::5, 0, :2] = np.nan  # where no feature looks
    nothing = np.full((N, 1), np.nan)
    events = Events(
        np.array([f"toy-{i}" for i in range(N)]),
        np.ones((N, 6)),
        LightCurves(nothing, nothing, np.zeros((N, 1), int)),
        Spectra(PHASE_DAYS, WAVELENGTH_AA, flux),
        {"source": "test"},
    )
    return events, dict(zip(events.object_id, mean, strict=True))


def forecast(world, width=1.0, together=1.0):
    """Draw from what the truth was drawn from, but for the width or what pixels share."""

    def sample(event, n_samples, rng):
        errors = width * draws(rng, n_samples, together)
        return {"predictive": Samples(world[1][event.object_id[0]] + errors)}

    return sample


def assert_covers(table, expected=COVERAGES):
    for name, share in expected.items():
        error = table[f"{name}_error"].to_numpy()
        assert ((error > 0) & (error < 0.05)).all()
        np.testing.assert_array_less(np.abs(table[name] - share) / error, 4.5)
