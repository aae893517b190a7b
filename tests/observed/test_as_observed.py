"""Predictions as a telescope would see them, against astropy's units and against sncosmo."""

import numpy as np
import pandas as pd
import pytest

from snlib.observed import write_as_observed
from tests.observed.invented_supernova import log10_fnu

WAVELENGTH_AA = np.arange(3000.0, 8001, 50)
PHASES = np.array([-5.0, 10.0])
OBJECTS = {
    "a": {"redshift": 0.1, "distance_modulus": 38.2, "ebv_mw": 0.15, "peak_mjd": 55_000.0},
    "b": {"redshift": 0.03, "distance_modulus": np.nan, "ebv_mw": np.nan, "peak_mjd": np.nan},
}


@pytest.fixture
def predictions(tmp_path):
    """Two objects, the rows of which take turns; their steps lie beside them."""
    spectra = log10_fnu(PHASES, WAVELENGTH_AA).ravel()
    rows = pd.DataFrame(
        {
            "object_id": "a",
            "n_points": 7,
            "phase_days": np.repeat(PHASES, len(WAVELENGTH_AA)),
            "wavelength_aa": np.tile(WAVELENGTH_AA, 2),
            "mean_log10_fnu": spectra,
            "low_90_log10_fnu": spectra - 0.1,
            "high_90_log10_fnu": spectra + 0.2,
        }
    )
    both = pd.concat([rows, rows.assign(object_id="b")]).sort_values("wavelength_aa", kind="stable")
    both.to_csv(tmp_path / "x.csv", index=False)
    known = pd.DataFrame(OBJECTS).T.rename_axis("object_id").reset_index()
    known.to_csv(tmp_path / "x.steps.csv", index=False)
    return tmp_path / "x.csv"


def seen(path, name):
    """F_lambda of shape (phases, wavelengths) and the rows."""
    table = pd.read_csv(path)
    table = table[table["object_id"] == name].sort_values(["phase_days", "wavelength_aa"])
    return table["f_lambda"].to_numpy().reshape(len(PHASES), -1), table


def test_the_flux_is_that_of_the_luminosity_at_its_distance(predictions, tmp_path):
    """With astropy: from F_nu at ten parsecs to the luminosity, and from that to F_lambda behind dust."""
    from astropy import constants, units
    from astropy.cosmology import Planck18

    extinction = pytest.importorskip("dust_extinction.parameter_averages", reason="no dust_extinction")
    write_as_observed(predictions, tmp_path / "y.csv")
    for name, known in OBJECTS.items():
        found, rows = seen(tmp_path / "y.csv", name)
        at_rest = WAVELENGTH_AA * units.AA
        fnu = 10 ** log10_fnu(PHASES, WAVELENGTH_AA) * units.Unit("erg s-1 cm-2 Hz-1")
        luminosity = 4 * np.pi * (10 * units.pc) ** 2 * fnu * constants.c / at_rest**2
        redshift, modulus = known["redshift"], known["distance_modulus"]
        distance = 10 ** (modulus / 5 + 1) * units.pc
        if np.isnan(modulus):
            distance = Planck18.luminosity_distance(redshift)
        expected = luminosity / (4 * np.pi * distance**2) / (1 + redshift)
        at_earth = at_rest * (1 + redshift)
        if known["ebv_mw"] > 0:
            expected = expected * extinction.F99(Rv=3.1).extinguish(at_earth, Ebv=known["ebv_mw"])
        np.testing.assert_allclose(found, expected.to_value("erg s-1 cm-2 AA-1"), rtol=1e-6)
        np.testing.assert_allclose(rows["wavelength_aa"], np.tile(at_earth.value, 2), rtol=1e-6)
        np.testing.assert_allclose(rows["low_90_f_lambda"] / rows["f_lambda"], 10**-0.1, rtol=1e-5)
        np.testing.assert_allclose(rows["high_90_f_lambda"] / rows["f_lambda"], 10**0.2, rtol=1e-5)
        mjd = known["peak_mjd"] + np.repeat(PHASES, len(WAVELENGTH_AA)) * (1 + redshift)
        np.testing.assert_allclose(rows["mjd"], mjd)


def test_sncosmo_sees_the_same(predictions, tmp_path):
    sncosmo = pytest.importorskip("sncosmo", reason="sncosmo is not installed")
    pytest.importorskip("dust_extinction", reason="dust_extinction is not installed")
    write_as_observed(predictions, tmp_path / "y.csv")
    known = OBJECTS["a"]
    days = np.arange(-10.0, 20.0, 5.0)
    flux = 10 ** log10_fnu(days, WAVELENGTH_AA) * 2.99792458e18 / WAVELENGTH_AA**2
    source = sncosmo.TimeSeriesSource(days, WAVELENGTH_AA, flux)
    model = sncosmo.Model(source, effects=[sncosmo.F99Dust(3.1)], effect_names=["mw"], effect_frames=["obs"])
    amplitude = 10 ** (-0.4 * known["distance_modulus"])
    model.set(z=known["redshift"], t0=known["peak_mjd"], mwebv=known["ebv_mw"], amplitude=amplitude)
    found, rows = seen(tmp_path / "y.csv", "a")
    mjd = np.sort(rows["mjd"].unique())
    inside = slice(1, -1)  # sncosmo has nothing at the very ends
    expected = model.flux(mjd, WAVELENGTH_AA[inside] * (1 + known["redshift"]))
    np.testing.assert_allclose(found[:, inside], expected, rtol=0.01)


def test_objects_may_be_described_elsewhere(predictions, tmp_path):
    predictions.with_name("x.steps.csv").rename(tmp_path / "objects.csv")
    with pytest.raises(FileNotFoundError, match=r"x\.steps\.csv: no such file, so give --objects TABLE"):
        write_as_observed(predictions, tmp_path / "y.csv")
    pd.DataFrame({"object_id": ["b", "a"], "redshift": [0.03, 0.2]}).to_csv(tmp_path / "o.csv", index=False)
    write_as_observed(predictions, tmp_path / "y.csv", tmp_path / "o.csv")
    assert seen(tmp_path / "y.csv", "a")[1]["wavelength_aa"].iloc[0] == pytest.approx(3600)


@pytest.mark.parametrize(
    "change, message",
    [
        ({"mean_log10_fnu": "bright"}, "object 'a', column 'mean_log10_fnu': 'bright' is not a number"),
        ({"object_id": "c"}, "no row for object 'c'"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_written(predictions, tmp_path, change, message):
    pd.read_csv(predictions).assign(**change).to_csv(predictions, index=False)
    with pytest.raises(ValueError, match=message):
        write_as_observed(predictions, tmp_path / "y.csv")
    assert not (tmp_path / "y.csv").exists()
    with pytest.raises(ValueError, match=r"x\.npz: the name should end in \.csv"):
        write_as_observed(tmp_path / "x.npz", tmp_path / "y.csv")
