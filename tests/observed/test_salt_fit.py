"""A light curve drawn from SALT3 gives its own parameters back."""

import os
import sys

import numpy as np
import pytest

from snlib.observed import ObservedSupernova, Passband, fit_salt

WAVELENGTH = np.arange(3500.0, 7500, 10)
BANDS = {
    name: Passband(name, WAVELENGTH, np.exp(-0.5 * ((WAVELENGTH - centre) / 250) ** 2), 0.1)
    for name, centre in {"B": 4400, "V": 5400, "R": 6300}.items()
}


def _supernova(flux, error, mjd, names):
    zero = np.full(len(mjd), 27.5)
    return ObservedSupernova("a", 0.03, 0.03, 0.0, 0.05, 55001.0, mjd, names, flux, error, zero, ())


def test_the_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "sncosmo", None)
    with pytest.raises(ModuleNotFoundError, match=r"snlib\[observed\]"):
        fit_salt(_supernova(*np.ones((3, 2)), np.array(["B", "V"])), BANDS, "surfaces")


def test_fit_recovers_a_drawn_light_curve():
    sncosmo = pytest.importorskip("sncosmo", reason="sncosmo is not installed")
    pytest.importorskip("iminuit", reason="iminuit is not installed")
    surfaces = os.environ.get("SNLIB_SALT3") or pytest.skip("SNLIB_SALT3 names no folder of SALT3 surfaces")
    source, dust = sncosmo.SALT3Source(modeldir=surfaces), sncosmo.F99Dust(3.1)
    model = sncosmo.Model(source, effects=[dust], effect_names=["mw"], effect_frames=["obs"])
    model.set(z=0.03, mwebv=0.05, t0=55000.4, x0=0.01, x1=0.7, c=0.05)
    mjd, names = np.repeat(np.arange(54990.0, 55030, 3), 3), np.array(["B", "V", "R"] * 14)
    bands = {key: sncosmo.Bandpass(b.wavelength_aa, b.transmission, name=key) for key, b in BANDS.items()}
    # m_AB = m - 0.1, so that the AB zero point of these fluxes is 27.4.
    flux = np.array(
        [model.bandflux(bands[n], t, zp=27.4, zpsys="ab") for n, t in zip(names, mjd, strict=True)]
    )
    fit = fit_salt(_supernova(flux, 0.01 * flux, mjd, names), BANDS, surfaces)
    assert fit.peak_mjd == pytest.approx(55000.4, abs=0.05) and fit.x0 == pytest.approx(0.01, rel=0.01)
    assert fit.x1 == pytest.approx(0.7, abs=0.05) and fit.c == pytest.approx(0.05, abs=0.01)
