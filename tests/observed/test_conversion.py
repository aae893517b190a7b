"""The whole way: from a table of what a telescope measured to the magnitudes of the spectrum it saw."""

import warnings

import numpy as np
import pandas as pd
import pytest

from snlib.data.quantities import BANDS, SURFACE_WAVELENGTH_AA
from snlib.observed import distance_modulus_at, observer_frame, read_observed_light_curves
from snlib.observed.passbands import ab_magnitudes, find_passband
from snlib.simulation import band_magnitudes
from tests.observed.invented_supernova import absolute_magnitudes, apparent_magnitudes, log10_fnu

PHASES = np.arange(-8.0, 30.0, 4.0)
FILTERS = ("lsst2016-g", "lsst2016-r", "lsst2016-i")


def light_curve(name, redshift, modulus, peak_mjd, filters=FILTERS):
    magnitude = apparent_magnitudes(PHASES, filters, redshift, modulus)
    return pd.DataFrame(
        {
            "object_id": name,
            "mjd": np.repeat(peak_mjd + PHASES * (1 + redshift), len(filters)),
            "band": np.tile(filters, len(PHASES)),
            "magnitude": magnitude.ravel(),
        }
    )


@pytest.fixture
def convert(tmp_path):
    """Read two tables, the objects of which are a list of dicts."""

    def function(curves, objects, **given):
        curves.to_csv(tmp_path / "curves.csv", index=False)
        pd.DataFrame(objects).to_csv(tmp_path / "objects.csv", index=False)
        return read_observed_light_curves(tmp_path / "curves.csv", tmp_path / "objects.csv", **given)

    return function


def test_near_magnitudes_are_those_at_rest(convert):
    """Through Rubin's own filters; the distance of one is given, that of the other is the cosmology's."""
    modulus = float(distance_modulus_at(0.002))
    near = light_curve("given", 0.0, 33.0, 55_000.0)
    curves, steps = convert(
        pd.concat([near, light_curve("Planck", 0.002, modulus, 56_000.0)]),
        [
            {"object_id": "Planck", "redshift": 0.002, "peak_mjd": 56_000},
            {"object_id": "given", "redshift": 0, "distance_modulus": 33, "peak_mjd": 55_000, "ebv_mw": 0},
        ],
    )
    assert curves.object_id.tolist() == ["given", "Planck"] and curves.n_points.tolist() == [30, 30]
    expected = absolute_magnitudes(PHASES, "gri").ravel()
    for index in range(2):
        own = slice(*curves.start[index : index + 2])
        np.testing.assert_allclose(curves.phase_days[own], np.repeat(PHASES, 3), atol=1e-6)
        order = np.lexsort((curves.band[own], curves.phase_days[own].round(3)))
        np.testing.assert_allclose(curves.magnitude[own][order], expected, atol=[0.002, 0.02][index])
    assert [one.distance_from[:8] for one in steps] == ["given", "Planck18"]
    assert steps[0].dust == "F99 with R_V = 3.1" and steps[1].dust.startswith("none, since ebv_mw")
    assert {one.peak_from for one in steps} == {"given"}
    assert all("linear in wavelength" in one.k_correction and one.n_points == 30 for one in steps)
    assert steps[1].distance_modulus == modulus and steps[0].peak_mjd == 55_000


def test_the_way_back_is_the_inverse(convert):
    """A spectrum as predicted, as a telescope sees it, as a table, gives its own magnitudes."""
    spectra = log10_fnu(PHASES, SURFACE_WAVELENGTH_AA)
    seen = observer_frame(SURFACE_WAVELENGTH_AA, spectra, 0.0, 35.5)
    table = light_curve("a", 0.0, 35.5, 55_000.0)
    table["magnitude"] = np.stack([ab_magnitudes(*seen, find_passband(name)) for name in FILTERS], 1).ravel()
    known = [{"object_id": "a", "redshift": 0.0, "distance_modulus": 35.5, "peak_mjd": 55_000}]
    curves, _ = convert(table, known)
    expected = band_magnitudes(SURFACE_WAVELENGTH_AA, spectra)[:, 1:4]
    np.testing.assert_allclose(
        curves.magnitude[np.argsort(curves.band, kind="stable")], expected.T.ravel(), atol=1e-3
    )


def test_what_is_left_out_is_counted_and_said(convert):
    table = light_curve("a", 0.02, 35.0, 55_000.0).assign(upper_limit=False)
    table.loc[:2, "upper_limit"] = True
    table.loc[3, "magnitude"] = 99
    table.loc[4, "band"] = "clear"
    table["magnitude_error"] = 0.1
    table.loc[7, "magnitude_error"] = 0.25  # less than five times the error
    known = [{"object_id": "a", "redshift": 0.02, "peak_mjd": 55_000}]
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        curves, (steps,) = convert(table, known)
    assert (steps.n_rows, steps.upper_limits, steps.no_value, steps.unknown_bands) == (30, 3, 1, 1)
    assert (steps.below_five_sigma, steps.not_positive, steps.n_points) == (1, 0, 24)
    assert curves.n_points.tolist() == [24]
    text = " ".join(str(one.message) for one in said)
    assert "upper limit: 3 points" in text and "unknown band ('clear'): 1 points" in text


def test_an_object_without_points_stays(convert):
    table = pd.concat([light_curve("a", 0.02, 35.0, 55_000.0), light_curve("b", 0.02, 35, 55_000)[:1]])
    known = [{"object_id": name, "redshift": 0.02, "peak_mjd": 55_000} for name in "ab"]
    with pytest.warns(UserWarning, match="no point left.*'b'"):
        curves, steps = convert(table.assign(upper_limit=table["object_id"] == "b"), known)
    assert curves.n_points.tolist() == [30, 0] and [one.n_points for one in steps] == [30, 0]


def test_a_table_without_a_point_is_refused(convert):
    known = [{"object_id": "a", "redshift": 0.02, "peak_mjd": 55_000}]
    message = r"curves\.csv: no point can be used: 30 rows: upper limit"
    with pytest.warns(UserWarning, match="upper limit: 30"), pytest.raises(ValueError, match=message):
        convert(light_curve("a", 0.02, 35.0, 55_000.0).assign(upper_limit=True), known)


def test_what_is_brighter_than_any_supernova_is_refused(convert):
    """Such as fluxes in another unit: 22.5 mag from Jy to nJy."""
    table = light_curve("a", 0.02, 35.0, 55_000.0)
    table["magnitude"] -= 12.0
    known = [{"object_id": "a", "redshift": 0.02, "distance_modulus": 35.0, "peak_mjd": 55_000}]
    with pytest.raises(
        ValueError, match=r"curves\.csv: object 'a': at rest of magnitude -3\d\.\d+, expected"
    ):
        convert(table, known)


def test_without_salt3_the_peak_must_be_given(convert):
    known = [{"object_id": "a", "redshift": 0.02}]
    with pytest.raises(ValueError, match=r"objects\.csv: object 'a', column 'peak_mjd': not known; give it"):
        convert(light_curve("a", 0.02, 35.0, 55_000.0), known)


def test_the_missing_package_of_salt3_is_named(convert, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "sncosmo", None)
    with pytest.raises(ModuleNotFoundError, match=r"snlib\[observed\]"):
        convert(light_curve("a", 0.02, 35, 55_000), [{"object_id": "a", "redshift": 0.02}], salt3="surfaces")


# With SALT3: supernovae that sncosmo draws from it, and what sncosmo says of their magnitudes at rest

SDSS = ("sdss2010-g", "sdss2010-r", "sdss2010-i")
DRAWN = {"z": 0.06, "mwebv": 0.12, "t0": 55_003.2, "x0": 2e-4, "x1": 0.8, "c": 0.06}


def _magnitudes(model, filters, mjd):
    import sncosmo

    bands = [find_passband(name) for name in filters]
    bands = [sncosmo.Bandpass(band.wavelength_aa, band.transmission, name=band.name) for band in bands]
    return np.stack([model.bandmag(band, "ab", mjd) for band in bands], axis=1)


@pytest.mark.parametrize("given", [{}, {"peak_mjd": DRAWN["t0"]}, {"peak_mjd": DRAWN["t0"] + 4}])
def test_a_drawn_supernova_has_its_peak_and_its_magnitudes_at_rest(convert, salt3, given):
    """A peak that is given is taken, and the spectra are still those of the fitted one."""
    folder, model = salt3
    mjd = DRAWN["t0"] + PHASES * (1 + DRAWN["z"])
    table = light_curve("a", DRAWN["z"], 0, DRAWN["t0"], SDSS)
    table["magnitude"] = _magnitudes(model(**DRAWN), SDSS, mjd).ravel()
    known = {"object_id": "a", "redshift": DRAWN["z"], "ebv_mw": DRAWN["mwebv"], "distance_modulus": 37.0}
    curves, (steps,) = convert(table.assign(magnitude_error=0.02), [known | given], salt3=folder)
    assert steps.peak_from == ("given" if given else "SALT3 fit") and "warped" in steps.k_correction
    assert steps.peak_mjd == pytest.approx(given.get("peak_mjd", DRAWN["t0"]), abs=0.1)
    assert np.isnan(steps.peak_error_days) if given else 0 < steps.peak_error_days < 1
    # At rest and at ten parsecs; sncosmo makes F_lambda fainter by (1 + z) itself where it redshifts.
    at_rest = DRAWN | {"z": 0, "mwebv": 0, "t0": 0, "x0": DRAWN["x0"] * 10 ** (0.4 * 37)}
    expected = _magnitudes(model(**at_rest), ("lsst2016-g", "lsst2016-r", "lsst2016-i"), PHASES)
    at = PHASES + (DRAWN["t0"] - steps.peak_mjd) / (1 + DRAWN["z"])
    night = np.abs(curves.phase_days[:, None] - at).argmin(1)
    np.testing.assert_allclose(curves.phase_days, at[night], atol=1e-6)
    assert {BANDS[band] for band in curves.band} == set("gri") and len(curves.band) == 30
    np.testing.assert_allclose(curves.magnitude, expected[night, curves.band - 1], atol=0.012)


def test_the_peak_is_found_among_non_detections_and_beyond_the_brightest_point(convert, salt3):
    """One was found late, 14 d after its peak; the other was watched long before."""
    folder, model = salt3
    late, watched = 14.0 + np.arange(0.0, 24, 3), np.arange(-90.0, 30, 3)
    tables = []
    for name, phases in {"late": late, "watched": watched}.items():
        mjd = DRAWN["t0"] + phases * (1 + DRAWN["z"])
        magnitude = np.nan_to_num(_magnitudes(model(**DRAWN), SDSS, mjd), nan=np.inf)
        flux = 10 ** (-0.4 * (magnitude.ravel() - 25))
        columns = {"mjd": np.repeat(mjd, 3), "band": np.tile(SDSS, len(mjd)), "flux": flux}
        tables.append(pd.DataFrame({"object_id": name, **columns, "flux_error": 0.5 + 0.02 * flux}))
    known = [{"object_id": name, "redshift": DRAWN["z"], "ebv_mw": 0.12} for name in ("late", "watched")]
    _, steps = convert(pd.concat(tables), known, zero_point=25.0, salt3=folder)
    for one in steps:
        assert one.peak_from == "SALT3 fit" and one.peak_mjd == pytest.approx(DRAWN["t0"], abs=0.5)


def test_a_light_curve_that_salt3_cannot_fit_is_said(convert, salt3):
    """With a given peak it is interpolated, without one it has no points."""
    few = [light_curve(name, 0.02, 35.0, 55_000.0)[:6] for name in "ab"]
    known = [{"object_id": "a", "redshift": 0.02, "peak_mjd": 55_000}, {"object_id": "b", "redshift": 0.02}]
    with pytest.warns(UserWarning, match="SALT3 could not be fitted: object 'a', 'b'"):
        curves, steps = convert(pd.concat(few), known, salt3=salt3[0])
    assert curves.n_points.tolist() == [6, 0]
    assert [one.peak_from for one in steps] == ["given", "not found: SALT3 could not be fitted"]
    assert all("since SALT3 could not be fitted" in one.k_correction for one in steps)
