"""The weights for observed supernovae, with supernovae that are known because they are invented."""

import numpy as np
import pytest

from snlib.data.quantities import BANDS
from snlib.data.ragged import RaggedLightCurves
from snlib.inference import OBSERVED_WEIGHTS
from snlib.joint import ObservedForecaster
from snlib.observed import KnownSpectra
from snlib.observed.passbands import find_passband

N, ASKED_DAYS = 24, 5.0
AT_AA = np.linspace(3600.0, 7800.0, 120)
BANDS_AA = np.array([find_passband(band).effective_wavelength_aa for band in BANDS[:4]])


@pytest.fixture(scope="module")
def forecaster():
    return ObservedForecaster.load(OBSERVED_WEIGHTS)


class Oddity:
    """How a supernova differs from the mean one: waves in phase and wavelength of .05 dex."""

    def __init__(self, seed):
        rng = np.random.default_rng((77, seed))
        self.rates = np.stack([rng.normal(0, 1 / 15, 40), rng.normal(0, 1 / rng.choice([0.04, 0.3], 40))])
        self.start, self.size = rng.uniform(0, 2 * np.pi, 40), rng.normal(0, 0.05 * np.sqrt(2 / 40), 40)

    def __call__(self, phase_days, wavelength_aa):
        x = np.stack(np.broadcast_arrays(phase_days, np.log(wavelength_aa / 5500.0)))
        return np.cos(np.tensordot(x, self.rates, (0, 0)) + self.start) @ self.size

    def in_bands(self, phase_days):
        """The mean across each band, shape (P, 4)."""
        away = np.linspace(-2, 2, 21)
        weight = np.exp(-0.5 * away**2)
        at = BANDS_AA[:, None] * np.exp(0.065 * away)
        return self(phase_days[:, None, None], at) @ weight / weight.sum()


def light_curves(mean):
    rng, days = np.random.default_rng(5), np.arange(-11.0, 36.0, 3.0)
    place, phase, band = (one.ravel() for one in np.meshgrid(np.arange(N), days, np.arange(4), indexing="ij"))
    change = np.concatenate([Oddity(number).in_bands(days).ravel() for number in range(N)])
    magnitude = mean.magnitudes_at(phase, band) - 2.5 * change + rng.normal(0, 0.02, len(phase))
    names = np.array([f"invented {number}" for number in range(N)], dtype=object)
    return RaggedLightCurves.from_points(names, place, phase, magnitude, band)


def spectra(forecaster, days):
    rng, wavelength = np.random.default_rng(6), forecaster.wavelength_aa
    found = {}
    for number in range(N):
        phases = np.array([days])
        log10_fnu = forecaster.joint.mean.spectra_at(phases) + Oddity(number)(phases[:, None], wavelength)
        found[f"invented {number}"] = KnownSpectra(phases, log10_fnu + rng.normal(0, 0.01, log10_fnu.shape))
    return found


def errors(forecaster, curves):
    """Of the shapes."""
    asked = np.array([ASKED_DAYS])
    missed = []
    for number in range(N):
        residual = forecaster.predictive(curves, number, asked, AT_AA).loc.numpy()[0]
        missed.append(np.std(residual - Oddity(number)(asked, AT_AA)))
    return np.array(missed)


def test_a_spectrum_more_never_hurts_and_is_worth_more_the_nearer_it_is(forecaster):
    curves = light_curves(forecaster.joint.mean)
    alone = errors(forecaster, curves)
    ratio = [
        (errors(forecaster.knowing(spectra(forecaster, ASKED_DAYS + away)), curves) / alone).mean()
        for away in (1.0, 5.0, 12.0, 25.0)
    ]
    assert ratio == sorted(ratio) and ratio[0] < 0.7 and ratio[-1] < 1.0, ratio


def test_a_light_curve_more_never_hurts(forecaster):
    """Beside a spectrum that is twelve days away; and beside nothing."""
    curves = light_curves(forecaster.joint.mean)
    without = RaggedLightCurves(curves.object_id, np.zeros(N + 1, int), *np.empty((2, 0)), np.empty(0, int))
    knowing = forecaster.knowing(spectra(forecaster, ASKED_DAYS + 12.0))
    for one in (knowing, forecaster):
        assert errors(one, curves).mean() < errors(one, without).mean()


def test_intervals_hold_what_they_say(forecaster):
    """Of these, about: they are less odd than observed supernovae are wrong in calibration."""
    from types import SimpleNamespace

    curves = light_curves(forecaster.joint.mean)
    request = SimpleNamespace(phase_days=np.array([ASKED_DAYS]), n_samples=99, latent_only=False)
    mean = np.interp(AT_AA, forecaster.wavelength_aa, forecaster.joint.mean.spectra_at(request.phase_days)[0])
    inside = []
    for number in range(N):
        drawn = forecaster.draws(curves, number, request, AT_AA, np.random.default_rng(number))[:, 0]
        low, high = np.quantile(drawn, [0.05, 0.95], axis=0)
        truth = mean + Oddity(number)(request.phase_days, AT_AA)
        inside.append(((truth >= low) & (truth <= high)).mean())
    assert 0.85 < np.mean(inside) <= 1
