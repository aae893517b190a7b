"""The noise of photon packets: Poisson statistics, and the noise of the real spectra."""

import numpy as np
import pytest

from snlib.data.published_sample import read_published_sample
from snlib.data.quantities import SPECTRUM_PHASES_DAYS, WAVELENGTH_AA
from snlib.evaluation.surrogate_accuracy import compare_noise
from snlib.simulation.packets import fit_log10_packets, pixel_variance, with_packet_noise
from snlib.simulation.spectra import observe_spectra
from snlib.simulation.surrogate import Surrogate

LIGHT_AA_PER_S = 2.99792458e18


def noisy(expected_packets, n_spectra=2000, wavelength_aa=WAVELENGTH_AA[:9], nickel=0.5, seed=0):
    """Flat spectra for which the law of the module's docstring gives so many packets a pixel."""
    log10_packets = np.full(n_spectra, 2.0)
    hz = LIGHT_AA_PER_S / wavelength_aa * np.gradient(np.log(wavelength_aa))
    flux = np.log10(expected_packets * nickel / hz) - 2.0
    flux = np.broadcast_to(flux, (n_spectra, len(wavelength_aa)))
    rng = np.random.default_rng(seed)
    return 10 ** (with_packet_noise(flux, wavelength_aa, nickel, log10_packets, rng) - flux)


@pytest.mark.parametrize("packets", [0.5, 4.0, 100.0])
def test_counts_are_poisson(packets):
    ratio = noisy(packets)
    n = ratio.size
    assert ratio.mean() == pytest.approx(1, abs=4 / np.sqrt(n * packets))
    assert ratio.var() * packets == pytest.approx(1, rel=0.05 if packets > 1 else 0.1)
    assert (ratio == 0).mean() == pytest.approx(np.exp(-packets), abs=4 * np.exp(-packets / 2) / np.sqrt(n))
    np.testing.assert_allclose(ratio * packets, np.rint(ratio * packets), atol=1e-9)


def test_wider_pixels_and_less_nickel_mean_less_noise():
    wide = noisy(50.0, wavelength_aa=np.array([5000.0, 5050.0, 5100.0]))
    assert wide.var() * 50 == pytest.approx(1, rel=0.1)  # 50 packets in each wide pixel
    flux, packets = np.full((500, 9), -13.0), np.full(500, 2.5)
    same_flux = [
        with_packet_noise(flux, WAVELENGTH_AA[:9], nickel, packets, np.random.default_rng(0))
        for nickel in (0.2, 0.8)
    ]
    little, much = (np.var(10 ** (fnu + 13.0)) for fnu in same_flux)
    assert much / little == pytest.approx(4, rel=0.15)


def test_variance_of_white_noise():
    """A median over 15 pixels takes most of white noise away, so what is left has nearly its variance."""
    noise = 0.03 * np.random.default_rng(0).standard_normal((20, 3000))
    assert pixel_variance(noise).mean() == pytest.approx(0.03**2, rel=0.1)
    smooth = 0.5 * np.sin(np.arange(3000) / 150) * np.ones((20, 1))
    assert pixel_variance(smooth + noise).mean() == pytest.approx(pixel_variance(noise).mean(), rel=0.05)
    gaps = noise.copy()
    gaps[:, ::50] = np.nan
    assert np.isfinite(pixel_variance(gaps)).all()


@pytest.fixture(scope="module")
def real(published_folder):
    return read_published_sample(published_folder).events


def with_noise(log10_fnu, nickel, log10_packets):
    """Packet noise on (N, P, 982) spectra, a stream of random numbers a model."""
    models = zip(log10_fnu, nickel, strict=True)
    return np.array(
        [
            with_packet_noise(fnu, WAVELENGTH_AA, mass, log10_packets, np.random.default_rng((1, i)))
            for i, (fnu, mass) in enumerate(models)
        ]
    )


def test_the_law_is_found_again_in_simulated_spectra(real):
    """Smooth spectra with known noise: the fit returns the packets that were put in."""
    surrogate = Surrogate.load()
    smooth = surrogate.log10_fnu(real.parameters, SPECTRUM_PHASES_DAYS, WAVELENGTH_AA)
    truth = np.array([2.3, 2.1, 2.2, 2.3, 2.4])
    events = real.select(np.arange(len(real)))
    events.spectra.log10_fnu[:] = observe_spectra(with_noise(smooth, real.parameters[:, 2], truth))
    np.testing.assert_allclose(fit_log10_packets(events)[1:], truth[1:], atol=0.06)


def test_real_pixel_noise_follows_the_law_in_flux(real):
    """One number a phase fits all of its pixels together; the noise agrees in bright and faint ones."""
    rows = compare_noise(Surrogate.load(), real)
    assert len(rows) == 10
    assert sum(row["pixels"] for row in rows) > 0.9 * 60 * 5 * 982
    for row in rows:
        # fewer packets at -10 d scatter more than Poisson's law says, and few pixels say little
        if row["pixels"] > 1000 and row["packets"][0] >= (10 if row["phase_days"] == [-10, -10] else 3):
            assert row["real_dex"] == pytest.approx(row["simulated_dex"], rel=0.25)
            # and both are those of Poisson statistics behind a median filter of three pixels
            middle = np.sqrt(np.prod(row["packets"]))
            assert row["simulated_dex"] == pytest.approx(0.67 / np.log(10) / np.sqrt(middle), rel=0.35)
