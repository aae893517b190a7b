"""Supernovae as they are published: files written here by the formats' definitions, with known magnitudes."""

import gzip
import json
import os
from pathlib import Path

import numpy as np
import pytest

from snlib.data.quantities import BANDS
from snlib.observed import distance_modulus_at, read_observed_light_curves
from snlib.observed.apparent import FAULTS, ZERO_POINT, read_apparent
from snlib.observed.kcor import read_kcor
from snlib.observed.natural import NATURAL_FILTERS, ab_offset
from snlib.observed.passbands import ab_magnitudes, find_passband
from snlib.observed.point_tables import has_dates
from snlib.observed.published import read_published
from tests.observed.invented_supernova import (
    WAVELENGTH_AA,
    absolute_magnitudes,
    apparent_magnitudes,
    log10_fnu,
)

SNOOPY = """SN2099a 0.02 171.0 -12.3
# a comment
filter B
 815.647  16.740  0.009
 816.771  16.362  0.008
filter V0  of another telescope
 2453815.65  16.5  0.01
filter g_s
 53815.15  16.6  0.01
 53816.15  99.9  0.01
filter H
 815.647  16.0  0.02
"""
SNANA = """SURVEY: FOUNDATION
SNID: 2099b
MWEBV: 0.06 # MW E(B-V)
SEARCH_PEAKMJD: 55003.5
REDSHIFT_HELIO: 0.019 +- 0.0001
VARLIST: MJD FLT FIELD FLUXCAL FLUXCALERR
OBS: 55000.0 PS1-g VOID 10000 100
OBS: 55001.0 r VOID 1000 10
OBS: 55001.0 CSP-n/x VOID 1000 10
OBS: 55002.0 Bessell-B/B VOID -30 10
OBS: 55003.0 NOT-a/z VOID 1000 10
END_PHOTOMETRY:
"""
POINT = {"time": "53815.15", "magnitude": "16.74", "e_magnitude": "0.009", "u_time": "MJD"}
ENTRY = {
    "name": "SN2099c",
    "redshift": [{"value": "0.0170", "kind": "cmb"}, {"value": "0.0167", "kind": "heliocentric"}],
    "ebv": [{"value": "0.041", "derived": True}],
    "lumdist": [
        {"value": "99", "derived": True},
        {"value": "70", "u_value": "Mpc"},
        {"value": 80},
        {"value": "72"},
    ],
    "maxdate": [{"value": "2006/04/01", "derived": True}],
    "photometry": [
        POINT | {"band": "B", "system": "CSP", "observatory": "LCO"},
        POINT | {"band": "V", "telescope": "kait3"},
        POINT | {"band": "g", "system": "SDSS", "time": 2453815.65, "u_time": "JD", "magnitude": 16.6},
        POINT | {"band": "i", "instrument": "PS1", "time": ["53815.0", "53815.3"]},
        POINT | {"band": "r", "system": "AB", "upperlimit": True},
        POINT | {"band": "V", "system": "Vega", "telescope": "Swift", "instrument": "UVOT"},
        POINT | {"band": "V", "kcorrected": True},
        POINT | {"band": "V", "realization": "1"},
        {"time": "53816", "fluxdensity": "3", "frequency": "5", "u_time": "MJD"},
        {"time": "53813.5", "magnitude": "16.5", "u_time": "MJD"},
    ],
}


def write(folder, name, content):
    text = content if isinstance(content, str) else json.dumps(content)
    (folder / name).write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return folder / name


def magnitudes(curves):
    with np.errstate(invalid="ignore"):
        return (ZERO_POINT - 2.5 * np.log10(curves.flux)).tolist()


def filters(curves):
    return [curves.passbands[band].name if band >= 0 else None for band in curves.band]


@pytest.mark.parametrize("name", ["a.txt", "a.dat.gz"])
def test_snoopy(tmp_path, name):
    path = write(tmp_path, name, SNOOPY)
    curves = read_apparent(path)
    assert has_dates(path) and curves.object_id.tolist() == ["SN2099a"]
    np.testing.assert_allclose(curves.mjd[:4], [53815.147, 53815.147, 53815.15, 53815.15], atol=1e-6)
    assert set(filters(curves)[:4]) == {"csp-B", "csp-V0", "sdss2010-g", None}
    of_filter = dict(zip(filters(curves), magnitudes(curves), strict=True))
    assert of_filter["csp-V0"] == pytest.approx(16.5 - ab_offset("csp-V0"))
    assert curves.unknown_bands == ("H (SNooPy)",)
    faults = [FAULTS[fault] for fault in curves.fault]
    assert faults.count("unknown band") == 1 and faults.count("no date or value") == 1
    (redshift,) = read_published(path).objects.columns["redshift"].to_pylist()
    assert float(redshift) == 0.02


def test_snana(tmp_path):
    path = write(tmp_path, "a.dat", SNANA)
    curves = read_apparent(path)
    assert curves.object_id.tolist() == ["2099b"]
    assert curves.mjd.tolist() == [55000.0, 55001.0, 55001.0, 55002.0, 55003.0]
    assert filters(curves)[0] == "panstarrs-g" and magnitudes(curves)[0] == pytest.approx(17.5)
    assert set(filters(curves)[1:3]) == {"panstarrs-r", "csp-V"}
    csp = filters(curves).index("csp-V")
    assert magnitudes(curves)[csp] == pytest.approx(20.0 - ab_offset("csp-V"))
    assert [FAULTS[fault] for fault in curves.fault[3:]] == ["not positive", "unknown band"]
    known = read_published(path).objects.columns
    assert known["redshift"].to_pylist() == [0.019] and known["ebv_mw"].to_pylist() == [0.06]
    assert known["peak_mjd"].to_pylist() == [55003.5]


def test_open_catalog(tmp_path):
    path = write(tmp_path, "a.json", {"SN2099c": ENTRY, "SN2099d": {"name": "SN2099d"}})
    with pytest.warns(UserWarning, match="1 points in no system, taken for 'landolt-V'"):
        curves = read_apparent(path)
    assert has_dates(path) and curves.object_id.tolist() == ["SN2099c"] and len(curves.mjd) == 8
    of_filter = dict(zip(filters(curves), zip(curves.mjd, magnitudes(curves), strict=True), strict=True))
    assert of_filter["csp-B"] == pytest.approx((53815.15, 16.74 - ab_offset("csp-B")))
    assert of_filter["landolt-V"] == pytest.approx((53815.15, 16.74 - ab_offset("landolt-V")))
    assert of_filter["sdss2010-g"] == pytest.approx((53815.15, 16.6))
    assert of_filter["panstarrs-i"] == pytest.approx((53815.15, 16.74))
    faults = dict(zip(filters(curves), curves.fault, strict=True))
    assert FAULTS[faults["sdss2010-r"]] == "upper limit"
    assert set(curves.unknown_bands) == {"V (Vega UVOT Swift)", "V (kcorrected)", " (no system)".strip()}
    known = {name: column.to_pylist() for name, column in read_published(path).objects.columns.items()}
    assert known["redshift"] == [0.0167] and known["ebv_mw"] == [0.041]
    assert known["distance_modulus"] == [pytest.approx(5 * np.log10(72) + 25)]
    assert known["peak_mjd"] == [53826.5]


def _snoopy_of(redshift, peak_mjd, phases, names):
    """The invented supernova through CSP's filters, in their own magnitudes."""
    modulus = float(distance_modulus_at(redshift))
    spectra = log10_fnu(phases, WAVELENGTH_AA)
    seen = _seen(spectra, redshift, modulus)
    lines = [f"SN2099a {redshift} 10 20"]
    for name in names:
        own = ab_magnitudes(*seen, find_passband(f"csp-{name}")) + ab_offset(f"csp-{name}")
        lines.append(f"filter {name}")
        jd = peak_mjd + phases * (1 + redshift) + 2400000.5
        lines += [f"{date - 2453000:.4f} {value:.5f} 0.01" for date, value in zip(jd, own, strict=True)]
    return "\n".join(lines)


def _seen(spectra, redshift, modulus):
    observed_aa = WAVELENGTH_AA * (1 + redshift)
    f_lambda = 10 ** (spectra - 0.4 * modulus) * 2.99792458e18 / WAVELENGTH_AA**2 / (1 + redshift)
    return observed_aa, f_lambda


def test_a_published_light_curve_needs_no_table_of_its_object(tmp_path):
    """The catalog's peak is used; magnitudes at rest are those of the spectrum that was seen."""
    phases = np.arange(-8.0, 30, 4)
    text = _snoopy_of(0.01, 53826.5, phases, ("u", "g", "r", "i", "B", "V"))
    objects = write(tmp_path, "objects.csv", "object_id,redshift,peak_mjd\nSN2099a,0.01,53826.5\n")
    curves, (steps,) = read_observed_light_curves(write(tmp_path, "a.txt", text), objects)
    assert steps.peak_from == "given" and steps.unknown_bands == 0
    expected = absolute_magnitudes(phases, "ugri")
    night = np.abs(curves.phase_days[:, None] - phases).argmin(1)
    np.testing.assert_allclose(curves.phase_days, phases[night], atol=1e-3)
    difference = curves.magnitude - expected[night, curves.band]
    assert set(curves.band) >= {1, 2, 3} and np.abs(difference[curves.band > 0]).max() < 0.1
    entry = {"redshift": [{"value": "0.01"}], "maxdate": [{"value": "2006/04/01"}]}
    points = [
        {"band": "g", "system": "SDSS", "time": str(53826.5 + phase), "magnitude": str(magnitude)}
        for phase, magnitude in zip(
            phases, apparent_magnitudes(phases, ["sdss2010-g"], 0.01, 33.0)[:, 0], strict=True
        )
    ]
    path = write(tmp_path, "a.json", {"SN2099e": entry | {"photometry": points}})
    curves, (steps,) = read_observed_light_curves(path)
    assert steps.peak_from == "given in the file" and steps.peak_mjd == 53826.5 and steps.redshift == 0.01
    assert len(curves.magnitude) == len(phases)


def test_what_a_file_does_not_say_is_asked_for(tmp_path):
    path = write(tmp_path, "a.txt", SNOOPY)
    with pytest.raises(ValueError, match=r"a\.txt: object 'SN2099a', column 'peak_mjd': not known; give it"):
        read_observed_light_curves(path)
    path = write(tmp_path, "b.json", {"a": {"photometry": [POINT | {"band": "V"}]}})
    message = r"b\.json: object 'a', column 'redshift': empty, and every object needs one"
    with pytest.warns(UserWarning, match="no system"), pytest.raises(ValueError, match=message):
        read_observed_light_curves(path)
    path = write(tmp_path, "c.csv", "object_id,mjd,band,magnitude\na,59000,r,17\n")
    with pytest.raises(ValueError, match=r"c\.csv: column 'mjd': dates need redshifts"):
        read_observed_light_curves(path)


def changed(point=None, **entry):
    points = [POINT | {"band": "B", "system": "CSP"} | (point or {})]
    return {"SN2099c": {"redshift": [{"value": "0.02"}], "photometry": points} | entry}


@pytest.mark.parametrize(
    "name, content, message",
    [
        ("a.txt", SNOOPY.replace("16.362", "faint"), "object 'SN2099a', column 'magnitude': 'faint' is not"),
        ("a.txt", SNOOPY.replace("  0.008", ""), "line 5: '816.771 16.362', expected a date, a magnitude"),
        ("a.txt", SNOOPY[: SNOOPY.index(" 815.647")], "no rows"),
        (
            "a.txt",
            SNOOPY.replace("815.647", "12815.647"),
            "object 'SN2099a', column 'mjd': 12815.647, expected",
        ),
        ("a.dat", SNANA.replace("10000 100", "bright 100"), "object '2099b', column 'FLUXCAL': 'bright' is"),
        ("a.dat", SNANA.replace("FLUXCAL ", "FLUX "), "the list of columns lacks FLUXCAL"),
        ("a.dat", SNANA.replace("MWEBV: 0.06", "MWEBV: dusty"), "MWEBV is not a number: 'dusty'"),
        ("a.dat", SNANA.replace("SNID: 2099b\n", ""), "SNID is missing"),
        ("a.dat", SNANA.replace(" 10000 100", " 10000"), "a row has 4 values for 5 columns"),
        ("a.json", changed({"magnitude": "faint"}), "object 'SN2099c', column 'magnitude': 'faint' is not a"),
        (
            "a.json",
            changed({"time": ["53815", None]}),
            "object 'SN2099c', column 'date': \"['53815', None]\"",
        ),
        (
            "a.json",
            changed(redshift=[{"value": "far"}]),
            "object 'SN2099c', 'redshift': 'far' is not a number",
        ),
        (
            "a.json",
            changed(maxdate=[{"value": "2006/13/01"}]),
            "object 'SN2099c', 'maxdate': '2006/13/01' is",
        ),
        (
            "a.json",
            changed(photometry=["bright"]),
            "object 'SN2099c', 'photometry': 'bright', expected a point",
        ),
        ("a.json", changed(photometry=[]), "no rows of photometry with magnitudes"),
        ("a.json", {"a": [1]}, "object 'a' is not described as in the Open Supernova Catalog"),
        ("a.json", "{broken", "not a readable JSON of the Open Supernova Catalog"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, name, content, message):
    path = write(tmp_path, name, content)
    with pytest.raises(ValueError) as error:
        read_apparent(path)
    assert str(error.value).startswith(f"{path}: {message}")


def test_other_files_are_left_to_others(tmp_path):
    assert read_published(write(tmp_path, "a.csv", "object_id,mjd,band,magnitude\na,59000,r,17\n")) is None
    assert read_published(write(tmp_path, "b.txt", "filter mjd magnitude object_id\nr 59000 17 a\n")) is None
    (tmp_path / "c.parquet").write_bytes(b"PAR1\xff\xfe\x00")
    assert read_published(tmp_path / "c.parquet") is None and read_published(tmp_path) is None


def test_odd_files_are_read(tmp_path):
    """Numbers as numbers, errors above and below, an error that is not known, and a null."""
    odd = {"magnitude": 16.7, "e_magnitude": None, "e_upper_magnitude": "0.02", "time": 53815}
    with_null = changed()["SN2099c"]["photometry"] + [
        POINT | {"band": "B", "system": "CSP", "magnitude": None}
    ]
    path = write(tmp_path, "a.json", changed(odd) | {"b": {"photometry": with_null, "redshift": None}})
    curves = read_apparent(path)
    assert len(curves.mjd) == 3 and [FAULTS[fault] for fault in curves.fault].count("no date or value") == 1


@pytest.fixture
def saltshaker():
    """A clone of the public repository with the calibration files."""
    folder = os.environ.get("SNLIB_SALTSHAKER") or pytest.skip(
        "SNLIB_SALTSHAKER names no clone of SALTShaker"
    )
    return Path(folder) / "examples" / "saltshaker-latest-training"


OF_KCOR = {
    **{f"csp-{name[0]}": f"CSP-{name}" for name in ("u/t", "g/A", "r/L", "i/C", "B/u")},
    "csp-V": "CSP-n/x",
    "csp-V0": "CSP-o/v",
    "csp-V1": "CSP-m/w",
    **{f"keplercam-{band}": f"CFA3K-{band}/{letter}" for band, letter in zip("UBVri", "fhjkl", strict=True)},
    **{f"4shooter-{band}": f"CFA3S-{band}/{letter}" for band, letter in zip("UBVRI", "abcde", strict=True)},
    **{f"landolt-{band}": f"Bessell-{band}/{band}" for band in "UBVRI"},
}


@pytest.mark.parametrize("name", NATURAL_FILTERS)
def test_moved_curves_give_the_magnitudes_of_the_measured_ones(saltshaker, name):
    measured = read_kcor(saltshaker / "kcor" / "kcor_CSPDR3.fits")[OF_KCOR[name]]
    assert ab_offset(name) == pytest.approx(measured.zero_point_offset, abs=6e-4)
    seen = _seen(log10_fnu(np.arange(-10.0, 31, 10), WAVELENGTH_AA), 0.03, 35.0)
    moved = ab_magnitudes(*seen, find_passband(name))
    np.testing.assert_allclose(moved, ab_magnitudes(*seen, measured), atol=0.04)


@pytest.fixture
def observed_folder():
    """The folder with the table of observed supernovae, and the original files of three of them."""
    return Path(
        os.environ.get("SNLIB_OBSERVED") or pytest.skip("SNLIB_OBSERVED names no folder with the table")
    )


@pytest.mark.parametrize("name", ["CSPDR3_2004ef", "CSPDR3_2005bo", "Foundation_DR1_2016W"])
def test_published_files_give_the_magnitudes_of_the_table(observed_folder, name):
    """The table was made by another program, with the measured curves and zero points of each survey."""
    pytest.importorskip("sncosmo", reason="sncosmo is not installed")
    surfaces = os.environ.get("SNLIB_SALT3") or pytest.skip("SNLIB_SALT3 names no folder of SALT3 surfaces")
    table = np.load(observed_folder / "observed.npz")
    index = table["object_id"].tolist().index(name.split("_")[-1])
    curves, (steps,) = read_observed_light_curves(observed_folder / "raw" / f"{name}.dat.gz", salt3=surfaces)
    assert steps.peak_mjd == pytest.approx(table["peak_mjd"][index], abs=0.1)
    nearer = steps.distance_modulus - table["distance_modulus"][index]
    for band in "ugriz":
        own = (table["lc_object"] == index) & (table["lc_band"] == band)
        here = curves.band == BANDS.index(band)
        assert here.sum() == own.sum()
        if own.any():
            expected = table["lc_magnitude"][own][np.argsort(table["lc_phase_days"][own])]
            phase = np.sort(table["lc_phase_days"][own])
            found = curves.magnitude[here] + nearer
            np.testing.assert_allclose(np.sort(curves.phase_days[here]), phase, atol=0.1)
            assert abs(np.median(found - expected)) < 0.03 and np.std(found - expected) < 0.02
