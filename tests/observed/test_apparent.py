"""Tables of measured light curves: the same numbers in every form, and what is no point is counted."""

import warnings

import numpy as np
import pandas as pd
import pytest
from astropy import units
from astropy.table import Table

from snlib.observed.apparent import FAULTS, ZERO_POINT, read_apparent
from snlib.observed.point_tables import has_dates

MAGNITUDE = np.array([17.5, 18.0, 17.0, 19.25])
TABLE = pd.DataFrame(
    {
        "object_id": ["a", "b", "a", "a"],
        "mjd": [55002.0, 55001.0, 55000.0, 55003.5],
        "band": ["sdss-g", "r", "r", "bessell-V"],
        "magnitude": MAGNITUDE,
        "magnitude_error": [0.1, 0.02, 0.05, 0.1],
    }
)
NANOJANSKY = 10 ** (-0.4 * (MAGNITUDE - 31.4))


def read(folder, table, **given):
    path = folder / "curves.csv"
    table.to_csv(path, index=False)
    return read_apparent(path, **given)


def fluxes(**more):
    error = NANOJANSKY * np.log(10) / 2.5 * TABLE["magnitude_error"]
    kept = TABLE[["object_id", "mjd", "band"]]
    return kept.assign(**({"flux": NANOJANSKY, "flux_error": error} | more))


def same(curves, others):
    for name in ("place", "mjd", "band", "fault"):
        np.testing.assert_array_equal(getattr(curves, name), getattr(others, name))
    for name in ("flux", "flux_error"):
        np.testing.assert_allclose(getattr(curves, name), getattr(others, name), rtol=1e-10)


def test_rows_are_sorted_by_objects_and_dates(tmp_path):
    curves = read(tmp_path, TABLE)
    assert curves.object_id.tolist() == ["a", "b"] and curves.place.tolist() == [0, 0, 0, 1]
    assert curves.mjd.tolist() == [55000, 55002, 55003.5, 55001]
    names = [curves.passbands[band].name for band in curves.band]
    assert names == ["lsst2016-r", "sdss2010-g", "bessell-V", "lsst2016-r"]
    magnitude = ZERO_POINT - 2.5 * np.log10(curves.flux)
    np.testing.assert_allclose(magnitude, [17, 17.5, 19.25, 18])
    np.testing.assert_allclose(2.5 / np.log(10) * curves.flux_error / curves.flux, [0.05, 0.1, 0.1, 0.02])
    assert curves.of_object(1) == slice(3, 4) and not curves.fault.any()


def test_fluxes_are_magnitudes(tmp_path):
    expected = read(tmp_path, TABLE)
    same(read(tmp_path, fluxes(), zero_point=31.4), expected)
    same(read(tmp_path, fluxes(zero_point=31.4)), expected)
    mixed = fluxes(zero_point=[31.4, None, 31.4, 30.0])
    mixed.loc[3, ["flux", "flux_error"]] *= 10 ** (-0.4 * 1.4)
    same(read(tmp_path, mixed, zero_point=31.4), expected)  # where the table gives none


@pytest.mark.parametrize("unit", [units.nJy, units.mJy, units.Unit("erg/(s cm2 Hz)")])
def test_a_unit_says_the_zero_point(tmp_path, unit):
    factor = units.nJy.to(unit)
    table = Table.from_pandas(fluxes(flux=NANOJANSKY * factor, flux_error=NANOJANSKY * factor / 50))
    table["flux"].unit = unit
    table.write(tmp_path / "curves.ecsv", format="ascii.ecsv")
    np.testing.assert_allclose(read_apparent(tmp_path / "curves.ecsv").flux, read(tmp_path, TABLE).flux)


def test_a_zero_point_that_contradicts_the_unit_is_refused(tmp_path):
    table = Table.from_pandas(fluxes())
    table["flux"].unit = units.uJy
    table.write(tmp_path / "curves.ecsv", format="ascii.ecsv")
    message = r"curves\.ecsv: column 'flux': in 'uJy', of which the zero point is 23\.9, not 31\.4"
    with pytest.raises(ValueError, match=message):
        read_apparent(tmp_path / "curves.ecsv", zero_point=31.4)
    read_apparent(tmp_path / "curves.ecsv", zero_point=23.9)


@pytest.mark.parametrize("suffix", ["ecsv", "parquet", "lists.parquet"])
def test_the_same_in_other_files(tmp_path, suffix):
    path = tmp_path / f"curves.{suffix}"
    if suffix == "ecsv":
        Table.from_pandas(TABLE).write(path, format="ascii.ecsv")
    elif suffix == "parquet":
        TABLE.to_parquet(path)
    else:
        TABLE.groupby("object_id").agg(list).to_parquet(path)
    same(read_apparent(path), read(tmp_path, TABLE))


def test_names_as_people_write_them(tmp_path):
    names = {"band": "Filter", "magnitude": "MAG", "magnitude_error": "mag_err", "mjd": "MJD"}
    same(read(tmp_path, TABLE.rename(columns=names)), read(tmp_path, TABLE))


def test_what_is_no_point_is_told_apart(tmp_path):
    table = pd.DataFrame(
        {
            "object_id": "a",
            "mjd": [55000.0, None, *range(55002, 55009)],
            "band": ["r", "r", "r", "r", "r", "r", "r", "unfiltered", "r"],
            "flux": [100.0, 100, None, 100, -3, 0, 4.9, 100, 5.1],
            "flux_error": [1.0] * 9,
            "upper_limit": ["", "", "", "true", "", "", "", "", "F"],
        }
    )
    curves = read(tmp_path, table, zero_point=25)
    by_date = dict(zip(curves.mjd, curves.fault, strict=True))
    found = [FAULTS[fault] for date, fault in sorted(by_date.items()) if np.isfinite(date)]
    assert found == [
        *("", "no date or value", "upper limit", "not positive", "not positive"),
        *("below five sigma", "unknown band", ""),
    ]
    assert FAULTS[curves.fault[np.isnan(curves.mjd)][0]] == "no date or value"


def test_numbers_for_no_value_are_none(tmp_path):
    curves = read(tmp_path, TABLE.assign(magnitude=[99, 17, -999, 17], magnitude_error=[99, 0, -1, 0.1]))
    assert [FAULTS[fault] for fault in curves.fault] == ["no date or value"] * 2 + ["", ""]
    assert np.isnan(curves.flux_error[curves.place == 1]).all()  # an error of zero is none


def test_errors_may_be_unknown(tmp_path):
    curves = read(tmp_path, TABLE.drop(columns="magnitude_error"))
    assert np.isnan(curves.flux_error).all() and not curves.fault.any()


def test_numbered_bands_are_those_of_plasticc(tmp_path):
    with pytest.warns(UserWarning, match="bands 0 to 5 are taken for"):
        curves = read(tmp_path, TABLE.assign(band=[1, 2, 2, 5]))
    assert [curves.passbands[band].name[-1] for band in curves.band] == ["r", "g", "y", "r"]


WRONG = {
    "neither a column 'magnitude' nor 'flux'": (TABLE.drop(columns="magnitude"), {}),
    "object 'a', column 'magnitude': -19.2, expected an apparent": (TABLE.assign(magnitude=-19.2), {}),
    "object 'a', column 'mjd': 2455000, expected an MJD": (TABLE.assign(mjd=2455000), {}),
    "object 'a', column 'mjd': 'May' is not a number": (TABLE.assign(mjd="May"), {}),
    "object 'a', column 'flux': of which no zero_point": (fluxes(), {}),
    "object 'a', column 'zero_point': 100, expected": (fluxes(), {"zero_point": 100.0}),
    "a zero point is given, and magnitudes need none": (TABLE, {"zero_point": 25.0}),
    "object 'b', column 'band': 'V' alone names no system": (TABLE.assign(band=["r", "V", "r", "g"]), {}),
    "object 'a', column 'upper_limit': 'perhaps' is neither": (TABLE.assign(upper_limit="perhaps"), {}),
    "column 'band' is missing": (TABLE.drop(columns="band"), {}),
}


@pytest.mark.parametrize("message", WRONG)
def test_what_is_wrong_is_named(tmp_path, message):
    table, given = WRONG[message]
    with pytest.raises(ValueError) as error:
        read(tmp_path, table, **given)
    assert str(error.value).startswith(f"{tmp_path / 'curves.csv'}: {message}")


def test_dates_tell_observed_light_curves_from_others(tmp_path):
    path, at_rest = tmp_path / "curves.csv", TABLE.rename(columns={"mjd": "phase_days"})
    for table, expected in ((TABLE, True), (at_rest, False), (at_rest.assign(mjd=1), False)):
        path.write_text("# object_id,mjd\n" + table.to_csv(index=False) + "#a,1,r,17,1\n")
        with warnings.catch_warnings(action="error"):
            assert has_dates(path) is expected
    path.write_text("no table")
    assert not has_dates(path)
    with pytest.raises(FileNotFoundError):
        has_dates(tmp_path / "none.csv")
