"""Alert packets: Avro files made here in their schema, each point once, from end to end."""

import sys

import pandas as pd
import pytest

from snlib.observed.alerts import is_alerts, read_alerts
from snlib.observed.apparent import read_apparent
from snlib.observed.point_tables import has_dates
from tests.observed.small_alerts import ALERTS, alert, point, schema


@pytest.fixture
def write():
    fastavro = pytest.importorskip("fastavro", reason="needs snlib[survey]: fastavro is not installed")

    def function(path, alerts, **lost):
        with open(path, "wb") as file:
            fastavro.writer(file, schema(**lost), alerts)

    return function


def points(table):
    columns = (table.columns[name].to_pylist() for name in ("object_id", "mjd", "flux"))
    return list(zip(*columns, strict=True))


EXPECTED = [
    (7, 60000, 1),
    (7, 60001, 10),
    (7, 60002, 21),
    (7, 60002, 22),
    (7, 60003, 31),
    (7, 60004, 40),
    (9, 60004, 99),
]


@pytest.mark.parametrize("in_files", [False, True])
def test_points_of_alerts_count_once(tmp_path, write, in_files):
    """Those of the second packet repeat those of the first, in whatever order they come."""
    path = tmp_path / "alerts.avro"
    if in_files:
        path = tmp_path / "alerts"
        path.mkdir()
        for number, one in enumerate(ALERTS[::-1]):
            write(path / f"{number}.avro", [one])
    else:
        write(path, ALERTS)
    assert is_alerts(path) and has_dates(path)
    table = read_alerts(path)
    assert points(table) == EXPECTED
    assert table.columns["zero_point"].to_pylist() == [31.4] * 7
    curves = read_apparent(path)
    assert curves.object_id.tolist() == ["7", "9"] and curves.place.tolist() == [0] * 6 + [1]
    assert {one.name for one in curves.passbands} == {"lsst2016-r"}


def test_an_alert_without_history(tmp_path, write):
    write(tmp_path / "a.avro", [alert(point(3, 30.0))])
    assert points(read_alerts(tmp_path / "a.avro")) == [(7, 60003, 30)]


def test_what_is_wrong_is_named(tmp_path, write):
    path = tmp_path / "a.avro"
    write(path, [], lost=("prvDiaForcedSources",))
    with pytest.raises(ValueError, match=r"a\.avro: field 'prvDiaForcedSources' is missing, which alert"):
        read_alerts(path)
    write(path, ALERTS, lost_of_source=("psfFlux",))
    with pytest.raises(ValueError, match=r"a\.avro: field 'diaSource': 'psfFlux' is missing"):
        read_alerts(path)
    write(path, ALERTS[-1:])
    with pytest.raises(ValueError, match=r"a\.avro: no sources of objects"):
        read_alerts(path)
    write(path, ALERTS)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(ValueError, match=r"a\.avro: not a readable Avro file"):
        read_alerts(path)
    path.write_text("no packet")
    with pytest.raises(ValueError, match=r"a\.avro: not a readable Avro file"):
        read_alerts(path)
    with pytest.raises(FileNotFoundError, match=r"none\.avro: no such file"):
        read_alerts(tmp_path / "none.avro")


def test_without_fastavro_it_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "fastavro", None)
    (tmp_path / "a.avro").write_bytes(b"")
    with pytest.raises(ModuleNotFoundError, match=r"a\.avro: .* pip install 'snlib\[survey\]'"):
        read_alerts(tmp_path / "a.avro")


@pytest.mark.parametrize("in_files", [False, True])
def test_alerts_are_embedded_as_the_table_of_their_points(
    tmp_path, write, snlib, dataset, small_recipe, in_files
):
    from tests.survey.small_surveys import GIVEN, write_weights

    write_weights(tmp_path / "w.safetensors", dataset, small_recipe)
    source = "alerts" if in_files else "alerts.avro"
    if in_files:
        (tmp_path / source).mkdir()
        for number, one in enumerate(ALERTS):
            write(tmp_path / source / f"{number}.avro", [one])
    else:
        write(tmp_path / source, ALERTS)
    known = {"object_id": [7, 9], "redshift": 0.002, "distance_modulus": 42.0, "peak_mjd": 60002.0}
    pd.DataFrame(known).to_csv(tmp_path / "objects.csv", index=False)
    table = pd.DataFrame(EXPECTED, columns=["object_id", "mjd", "flux"])
    table.assign(band="r", flux_error=1.0).to_csv(tmp_path / "plain.csv", index=False)
    sky = ("--objects", "objects.csv")
    assert snlib("embed", source, "--out", "x.csv", *sky, *GIVEN)[0] == 0
    assert snlib("embed", "plain.csv", "--out", "y.csv", *sky, "--zero-point", "31.4", *GIVEN)[0] == 0
    found, expected = (pd.read_csv(tmp_path / name) for name in ("x.csv", "y.csv"))
    pd.testing.assert_frame_equal(found, expected, check_exact=False, atol=1e-5)
    assert found["n_points"].tolist() == [4, 1]  # the faintest is below five sigma, two are of one night
