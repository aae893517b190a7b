"""Light curves of ZTF as brokers and its forced photometry give them, from small files written here."""

import numpy as np
import pytest

from snlib.observed.apparent import FAULTS, ZERO_POINT, read_apparent
from snlib.observed.brokers import read_broker_table
from snlib.observed.point_tables import has_dates

ALERCE = """oid,candid,mjd,fid,magpsf,sigmapsf,isdiffpos
ZTF20abc,1,59000.5,1,18.0,0.05,1
ZTF20abc,2,59001.5,2,18.5,0.10,-1
ZTF20abc,3,59002.5,2,17.5,0.02,1
ZTF20abc,4,59003.5,3,17.5,0.02,1
"""
FORCED = """# Requested: ra, dec
#
index, field, filter, zpdiff, jd, forcediffimflux, forcediffimfluxunc, forcediffimsnr,
 0 600 ZTF_g 26.0 2459000.75 1000.0 20.0 50.0
 1 600 ZTF_r 26.5 2459002.0 -40.0 20.0 -2.0
 2 600 ZTF_r 26.5 2459003.0 null null null
 3 600 ZTF_r 26.5 2459004.0 60.0 20.0 3.0
"""


def write(folder, name, text):
    (folder / name).write_text(text)
    return folder / name


def test_detections_of_a_broker_are_points(tmp_path):
    path = write(tmp_path, "detections.csv", ALERCE)
    curves = read_apparent(path)
    assert has_dates(path) and curves.object_id.tolist() == ["ZTF20abc"]
    assert [FAULTS[fault] for fault in curves.fault] == ["", "not positive", "", "unknown band"]
    names = [curves.passbands[band].name for band in curves.band[:3]]
    assert names == ["ztf-g", "ztf-r", "ztf-r"] and curves.mjd[0] == 59000.5
    good = curves.fault == 0
    np.testing.assert_allclose(ZERO_POINT - 2.5 * np.log10(curves.flux[good]), [18.0, 17.5])
    np.testing.assert_allclose(2.5 / np.log(10) * curves.flux_error[good] / curves.flux[good], [0.05, 0.02])


def test_without_a_name_the_object_is_called_as_its_file(tmp_path):
    rows = [line.split(",")[2:6] for line in ALERCE.splitlines()]
    path = write(tmp_path, "SN 2020abc.csv", "\n".join(",".join(row) for row in rows))
    curves = read_apparent(path)
    assert curves.object_id.tolist() == ["SN 2020abc"] and (curves.flux > 0).all()


def test_forced_fluxes_have_their_zero_points(tmp_path):
    path = write(tmp_path, "ZTF20xyz.txt", FORCED)
    curves = read_apparent(path)
    assert has_dates(path) and curves.object_id.tolist() == ["ZTF20xyz"]
    assert curves.mjd.tolist() == [59000.25, 59001.5, 59002.5, 59003.5]
    faults = [FAULTS[fault] for fault in curves.fault]
    assert faults == ["", "not positive", "no date or value", "below five sigma"]
    assert ZERO_POINT - 2.5 * np.log10(curves.flux[0]) == pytest.approx(26 - 7.5)
    assert curves.flux_error[0] / curves.flux[0] == pytest.approx(0.02)
    assert ZERO_POINT - 2.5 * np.log10(curves.flux[3] / 60) == pytest.approx(26.5)


@pytest.mark.parametrize(
    "name, text, message",
    [
        ("a.csv", ALERCE.replace("18.5", "faint"), "row 2, column 'magpsf': 'faint' is not a number"),
        ("a.txt", FORCED.replace("26.0", "high"), "row 1, column 'zpdiff': 'high' is not a number"),
        ("a.txt", FORCED.replace(" -2.0", ""), "a row has 7 values for 8 columns: 1 600 ZTF_r"),
        ("a.txt", FORCED[: FORCED.index(" 0 600")], "no rows"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, name, text, message):
    path = write(tmp_path, name, text)
    with pytest.raises(ValueError) as error:
        read_apparent(path)
    assert str(error.value).startswith(f"{path}: {message}")


def test_other_tables_are_left_to_others(tmp_path):
    assert read_broker_table(write(tmp_path, "a.csv", "object_id,mjd,band,magnitude\na,59000,r,17\n")) is None
    (tmp_path / "parts.parquet").mkdir()
    with pytest.raises(FileNotFoundError):
        read_broker_table(tmp_path / "none.csv")
