"""SNANA files are read by the names of their columns, and refused by the names of file and field."""

import gzip

import pytest

from snlib.observed import read_snana

GOOD = """SNID: 2099a
REDSHIFT_HELIO: 0.02 +- 0.001
REDSHIFT_CMB: 0.021
VPEC: -100 +- 250
MWEBV: 0.05 # E(B-V)
SEARCH_PEAKMJD: 55000
VARLIST: FLT MJD FLUXCALERR FLUXCAL
OBS: CSP-B 54999.5 2 100
OBS: CSP-V 55001 3 200
VARNAMES_SPEC: LAMMIN LAMMAX FLAM FLAMERR SPECFLAG
SPECTRUM_ID: 1
SPECTRUM_MJD: 55002
SPEC: 4010 4020 2e-15 1e-16 1
SPEC: 4000 4010 1e-15 1e-16 1
SPEC: 4020 4030 9e-15 1e-16 0
"""


@pytest.mark.parametrize("name", ["a.dat", "a.dat.gz"])
def test_columns_are_found_by_name(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(gzip.compress(GOOD.encode()) if name.endswith("gz") else GOOD.encode())
    star = read_snana(path)
    assert (star.object_id, star.redshift_heliocentric, star.peculiar_velocity) == ("2099a", 0.02, -100)
    assert (star.redshift_cmb, star.ebv_mw, star.peak_mjd) == (0.021, 0.05, 55000)
    assert star.flux.tolist() == [100, 200] and star.flux_error.tolist() == [2, 3]
    assert star.filter_name.tolist() == ["CSP-B", "CSP-V"]
    (spectrum,) = star.spectra
    assert spectrum.wavelength_aa.tolist() == [4005, 4015] and spectrum.f_lambda.tolist() == [1e-15, 2e-15]


def test_the_peak_may_have_its_other_name(tmp_path):
    (tmp_path / "a.dat").write_text(GOOD.replace("SEARCH_PEAKMJD", "PEAKMJD"))
    assert read_snana(tmp_path / "a.dat").peak_mjd == 55000


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("SNID: 2099a\n", "", "SNID"),
        ("REDSHIFT_HELIO: 0.02", "REDSHIFT_HELIO: x", "REDSHIFT_HELIO"),
        ("REDSHIFT_CMB: 0.021\n", "", "REDSHIFT_CMB"),
        ("REDSHIFT_CMB: 0.021", "REDSHIFT_CMB: -9", "REDSHIFT_CMB"),
        ("MWEBV: 0.05", "MWEBV: nan", "MWEBV"),
        ("SEARCH_PEAKMJD: 55000", "SEARCH_PEAKMJD: 2455000", "SEARCH_PEAKMJD"),
        ("VPEC: -100", "VPEC: 90000", "VPEC"),
        ("VARLIST: FLT", "VARLIST: X", "FLT"),
        ("FLUXCALERR FLUXCAL\n", "FLUXCALERR X\n", "FLUXCAL"),
        ("54999.5 2 100", "54999.5 0 100", "FLUXCALERR"),
        ("54999.5 2 100", "54999.5 2", "4 columns"),
        ("SPECTRUM_MJD: 55002\n", "", "SPECTRUM_MJD"),
        ("SPECTRUM_ID: 1\n", "", "SPECTRUM_ID"),
        ("SPEC: 4010 4020", "SPEC: 4010 4000", "LAMMAX"),
    ],
)
def test_bad_files_name_file_and_field(tmp_path, old, new, word):
    assert old in GOOD
    path = tmp_path / "bad.dat"
    path.write_text(GOOD.replace(old, new))
    with pytest.raises(ValueError, match=rf"bad\.dat.*{word}"):
        read_snana(path)
