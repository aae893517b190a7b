"""The table of observed supernovae: a drawn one comes back as drawn, real ones as in the table at hand."""

import io
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from snlib.data.quantities import BANDS
from snlib.files import write_npz
from snlib.observed import (
    ObservedSpectrum,
    ObservedSupernova,
    find_passband,
    read_kcor,
    read_observed,
    read_snana,
)
from snlib.observed.calibrated_spectra import PIXELS_AA, _binned, _holds, _synthetic
from snlib.observed.kcor import Passband
from snlib.observed.passbands import ab_magnitudes
from snlib.observed.table_making import TableMaker

DRAWN = {"z": 0.03, "mwebv": 0.12, "t0": 55_003.2, "x0": 6e-4, "x1": 0.8, "c": 0.06}
FILTERS = ("bessell-B", "sdss2010-g", "sdss2010-r", "sdss2010-i")
OFFSET = 0.2  # of the survey's own magnitudes from those of AB
PHASES = np.arange(-10.0, 35.0, 3.0)
SEEN_AA = np.arange(3400.0, 9000.0, 7.0)


def survey():
    return {
        name: Passband(name, curve.wavelength_aa, curve.transmission, OFFSET)
        for name, curve in ((name, find_passband(name)) for name in FILTERS)
    }


def magnitudes(model, filters, mjd):
    """In AB."""
    import sncosmo

    curves = [find_passband(name) for name in filters]
    bands = [sncosmo.Bandpass(curve.wavelength_aa, curve.transmission, name=curve.name) for curve in curves]
    return np.stack([model.bandmag(band, "ab", mjd) for band in bands], axis=1)


def drawn(model, spectra):
    """A supernova as a survey publishes it."""
    mjd = DRAWN["t0"] + PHASES * (1 + DRAWN["z"])
    own = magnitudes(model(**DRAWN), FILTERS, mjd) + OFFSET
    flux = 10 ** (-0.4 * (own.ravel() - 27.5))
    known = {
        "object_id": "drawn",
        "redshift_heliocentric": DRAWN["z"],
        "redshift_cmb": 0.031,
        "peculiar_velocity": 300.0,
        "ebv_mw": DRAWN["mwebv"],
        "peak_mjd": DRAWN["t0"] + 2,
        "mjd": np.repeat(mjd, len(FILTERS)),
        "filter_name": np.tile(FILTERS, len(mjd)),
        "flux": flux,
        "flux_error": 0.02 * flux,
        "zero_point": np.full(len(flux), 27.5),
        "spectra": tuple(spectra),
    }
    return ObservedSupernova(**known)


def spectrum(model, phase, factor=1.0, error=0.02, wavelength_aa=SEEN_AA):
    mjd = DRAWN["t0"] + phase * (1 + DRAWN["z"])
    f_lambda = factor * model(**DRAWN).flux(mjd, wavelength_aa)
    return ObservedSpectrum(mjd, wavelength_aa, f_lambda, error * np.abs(f_lambda))


def test_a_drawn_supernova_comes_back(salt3, tmp_path):
    """Spectra of a wrong level come to that of the light curve; odd ones and noisy ones are left out."""
    folder, model = salt3
    noise = np.random.default_rng(0).normal(1, 0.25, len(SEEN_AA))
    spectra = [
        spectrum(model, 0.4, 3.0),
        spectrum(model, 12.0, 1e-3),
        spectrum(model, 5.0, (SEEN_AA / 6000) ** 0.8),  # too red
        spectrum(model, 8.0, noise),
        spectrum(model, 10.0, error=0.9),
        spectrum(model, 50.0),
        spectrum(model, 3.0, wavelength_aa=np.arange(4800.0, 9000, 7)),  # without its blue end
    ]
    maker = TableMaker(folder, {"drawn": 3})
    maker.add(drawn(model, spectra), survey())
    assert maker.left_out == {}
    arrays = maker.arrays()
    write_npz(tmp_path / "observed.npz", **arrays)
    observed = read_observed(tmp_path / "observed.npz")
    assert observed.object_id.tolist() == ["drawn"] and observed.fold.tolist() == [3]
    assert observed.x1[0] == pytest.approx(DRAWN["x1"], abs=0.05)
    assert arrays["peak_mjd"][0] == pytest.approx(DRAWN["t0"], abs=0.1)
    flow = (1 + 0.031) / (1 + 300 / 299792.458) - 1
    from astropy.cosmology import Planck18

    luminosity_distance = Planck18.comoving_distance(flow).to_value("pc") * (1 + DRAWN["z"])
    modulus = 5 * np.log10(luminosity_distance / 10)
    assert arrays["distance_modulus"][0] == pytest.approx(modulus, abs=1e-3)
    at_rest = model(**DRAWN | {"z": 0, "mwebv": 0, "t0": 0, "x0": DRAWN["x0"] * 10 ** (0.4 * modulus)})
    np.testing.assert_allclose(observed.spectrum_phase_days, [0.4, 12.0], atol=0.1)
    for phase, found in zip([0.4, 12.0], observed.log10_fnu, strict=True):
        expected = np.log10(at_rest.flux(phase, PIXELS_AA) * PIXELS_AA**2 / 2.99792458e18)
        seen = np.isfinite(found)
        assert seen.sum() > 400
        assert np.abs(found - expected)[seen].max() < 0.03 and np.std((found - expected)[seen]) < 0.01
    phase, band = arrays["lc_phase_days"], arrays["lc_band"]
    for name in "gri":
        expected = magnitudes(at_rest, [f"lsst2016-{name}"], np.sort(phase[band == name]))[:, 0]
        own = arrays["lc_magnitude"][band == name][np.argsort(phase[band == name])]
        np.testing.assert_allclose(own, expected, atol=0.02)
    assert (arrays["lc_magnitude_error"] < 0.05).all() and (arrays["lc_magnitude_error"] >= 0.01).all()
    native = arrays["native_filter"] == "sdss2010-g"
    unredden = magnitudes(model(**DRAWN | {"mwebv": 0}), ["sdss2010-g"], DRAWN["t0"] + PHASES * 1.03)[:, 0]
    expected = unredden - modulus + 2.5 * np.log10(1.03)
    np.testing.assert_allclose(arrays["native_magnitude"][native], expected, atol=0.01)


def late(supernova):
    """Without its rise and its peak."""
    names = ("mjd", "filter_name", "flux", "flux_error", "zero_point")
    return replace(supernova, **{name: getattr(supernova, name)[24:] for name in names})


@pytest.mark.parametrize(
    "change, reason",
    [
        (lambda one: replace(one, spectra=()), "no good spectrum"),
        (lambda one: replace(one, redshift_heliocentric=0.3), "far away"),
        (lambda one: replace(one, object_id="other"), "not wanted"),
        (late, "poor fit"),
        (lambda one: replace(one, filter_name=np.full(60, "clear")), "fewer than eight points"),
    ],
)
def test_why_a_supernova_is_left_out_is_said(salt3, change, reason):
    folder, model = salt3
    maker = TableMaker(folder, {"drawn": 0})
    maker.add(change(drawn(model, [spectrum(model, 0.0)])), survey())
    ((_, said),) = maker.left_out.items()
    assert reason in said


def test_what_was_kept_is_not_made_again(salt3):
    """One that was taken, one that was left out, and the beginning of a third line."""
    folder, model = salt3
    maker, file = TableMaker(folder, {"drawn": 0, "late": 1}), io.BytesIO()
    for supernova in (one := drawn(model, [spectrum(model, 0.0)]), late(replace(one, object_id="late"))):
        maker.add(supernova, survey())
        maker.keep(file)
    left = io.BytesIO(file.getvalue() + b'["third", [{"obj')
    again = TableMaker(folder, maker.folds)
    again.go_on(left)
    assert "drawn" in again and "late" in again and "third" not in again
    assert left.getvalue() == file.getvalue() and again.left_out == maker.left_out
    for name, values in maker.arrays().items():
        other = again.arrays()[name]
        assert other.dtype == values.dtype and other.tobytes() == values.tobytes(), name


def test_pixels_are_means_of_what_is_in_them():
    fine = np.arange(3900.0, 6100.0, 0.5)
    flux, error = _binned(fine, 2.0 + fine / 1000, np.full(len(fine), 0.3))
    inside = (PIXELS_AA > 3910) & (PIXELS_AA < 6090)
    np.testing.assert_allclose(flux[inside], 2 + PIXELS_AA[inside] / 1000, atol=1e-3)
    assert np.isnan(flux[(PIXELS_AA < 3890) | (PIXELS_AA > 6110)]).all()
    width = PIXELS_AA[inside] * 0.002
    np.testing.assert_allclose(error[inside], 0.3 / np.sqrt(width / 0.5), rtol=0.06)


@pytest.mark.parametrize("step, between", [(20.0, True), (40.0, False)])
def test_gaps_between_pixels_are_filled_where_they_are_narrow(step, between):
    coarse = np.arange(4000.0, 6000.0, step)
    flux, _ = _binned(coarse, coarse, np.ones(len(coarse)))
    inside = (PIXELS_AA > 4000) & (coarse[-1] > PIXELS_AA)
    assert np.isfinite(flux[inside]).all() == between
    if between:
        np.testing.assert_allclose(flux[inside], PIXELS_AA[inside], atol=6)


def test_synthetic_magnitudes_are_those_through_the_filter():
    band = find_passband("bessell-V")
    fine = np.arange(4000.0, 8000.0, 2.0)
    f_lambda = 1e-15 * (1 + 0.3 * np.sin(fine / 300))
    (expected,) = ab_magnitudes(fine, f_lambda[None], band)
    assert _synthetic(fine, f_lambda, band) == pytest.approx(expected, abs=2e-3)
    assert _holds(fine, band) and not _holds(fine[fine > 5300], band)


@pytest.mark.parametrize("file", ["CSPDR3/CSPDR3_2005bo", "Foundation_DR1/Foundation_DR1_2016W"])
def test_real_supernovae_are_as_the_table_has_them(salt3, file):
    """The table was made by another program."""
    clone = os.environ.get("SNLIB_SALTSHAKER") or pytest.skip("SNLIB_SALTSHAKER names no clone of SALTShaker")
    known = os.environ.get("SNLIB_OBSERVED") or pytest.skip("SNLIB_OBSERVED names no folder with the table")
    table = np.load(Path(known) / "observed.npz")
    example = Path(clone) / "examples" / "saltshaker-latest-training"
    survey, name = file.split("/")
    maker = TableMaker(salt3[0], {name.split("_")[-1]: 1})
    path = example / "SALT3TRAIN_PanPlus" / f"SALT3TRAIN_PanPlus_{survey}" / f"{name}.dat.gz"
    maker.add(read_snana(path), read_kcor(example / "kcor" / f"kcor_{survey}.fits"))
    arrays = maker.arrays()
    index = table["object_id"].tolist().index(arrays["object_id"][0])
    for key in ("peak_mjd", "salt3_x1", "salt3_c", "distance_modulus"):
        assert arrays[key][0] == pytest.approx(table[key][index], abs=0.02)
    own = table["spectrum_object"] == index
    assert len(arrays["log10_fnu"]) == own.sum()
    both = np.isfinite(arrays["log10_fnu"]) & np.isfinite(table["log10_fnu"][own])
    assert both.mean() > 0.5
    assert np.abs(arrays["log10_fnu"] - table["log10_fnu"][own])[both].max() < 0.02
    for band in BANDS[:5]:
        here, there = arrays["lc_band"] == band, (table["lc_object"] == index) & (table["lc_band"] == band)
        assert here.sum() == there.sum()
        expected = np.sort(table["lc_magnitude"][there])
        np.testing.assert_allclose(np.sort(arrays["lc_magnitude"][here]), expected, atol=0.03)
