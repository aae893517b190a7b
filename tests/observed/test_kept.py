"""What a killed process has brought to the rest frame is not brought there again, and the end is the same."""

import io
import shutil

import numpy as np
import pandas as pd
import pytest

from snlib.files.writing import resumable
from snlib.observed.command import Given, light_curves_at_rest
from snlib.observed.conversion import Conversion
from snlib.observed.kept import keep, kept
from snlib.observed.one_object import ToRestFrame

NAMES = ("a", "b", "no points", "d", "e")


@pytest.fixture
def tables(tmp_path):
    """Paths of light curves, one of which has upper limits only, and of their objects."""
    rng = np.random.default_rng(0)
    points = pd.DataFrame(
        {
            "object_id": np.repeat(NAMES, 12),
            "mjd": 55_000 + np.tile(np.repeat(np.arange(-5.0, 25, 5), 2), 5),
            "band": np.tile(["ztfg", "ztfr"], 30),
            "magnitude": rng.uniform(16, 18, 60),
            "upper_limit": np.repeat([name == "no points" for name in NAMES], 12),
        }
    )
    points.to_csv(tmp_path / "curves.csv", index=False)
    known = {"object_id": NAMES, "redshift": 0.03, "peak_mjd": 55_001.5}
    pd.DataFrame(known).to_csv(tmp_path / "objects.csv", index=False)
    return tmp_path / "curves.csv", tmp_path / "objects.csv"


@pytest.fixture
def brought(monkeypatch):
    """The indices of the objects that are brought to the rest frame."""
    indices, call = [], ToRestFrame.__call__

    def function(self, index):
        indices.append(index)
        return call(self, index)

    monkeypatch.setattr(ToRestFrame, "__call__", function)
    return indices


def columns(curves):
    return [
        curves.object_id.tolist(),
        curves.start.tolist(),
        curves.phase_days.tobytes(),
        curves.magnitude.tobytes(),
    ]


pytestmark = pytest.mark.filterwarnings("ignore:.*curves.csv")


@pytest.mark.parametrize("cut", [0, 1, 500, 1200, -40, -1, None])
def test_what_is_there_is_taken_and_the_rest_is_made(tables, brought, cut):
    conversion = Conversion.read(*tables)
    whole = io.BytesIO()
    curves, steps = conversion.run(whole)
    assert brought == [0, 1, 2, 3, 4]
    there = whole.getvalue()[:cut]
    n_there = there.count(b"\n")
    brought.clear()
    again = io.BytesIO(there)
    curves_again, steps_again = conversion.run(again)
    assert brought == list(range(n_there, 5)) and again.getvalue() == whole.getvalue()
    assert columns(curves_again) == columns(curves)
    assert repr(steps_again) == repr(steps)


@pytest.mark.parametrize("spoilt", [b"\0" * 300, b'["x", {}]\n', b"[{}, {}]\n", b"3\n"])
def test_what_is_spoilt_is_made_again(tables, brought, spoilt):
    conversion, whole = Conversion.read(*tables), io.BytesIO()
    conversion.run(whole)
    lines = whole.getvalue().splitlines(keepends=True)
    file = io.BytesIO(lines[0] + spoilt + lines[2])
    assert len(kept(file, NAMES)) == 1 and file.getvalue() == lines[0]
    other_order = io.BytesIO(lines[0] + lines[2])
    assert [steps.object_id for _, steps in kept(other_order, NAMES)] == ["a"]


def test_numbers_stay_the_same_to_the_last_bit(tables):
    points, steps = Conversion.read(*tables).to_rest_frame(0)
    file = io.BytesIO()
    keep(file, points, steps)
    file.seek(0)
    ((points_again, steps_again),) = kept(file, NAMES)
    for name in ("phase_days", "magnitude", "band"):
        assert getattr(points_again, name).tobytes() == getattr(points, name).tobytes()
    assert points_again.largest_shift_aa == points.largest_shift_aa
    assert np.isnan(steps_again.peak_error_days) and steps_again.peak_mjd == steps.peak_mjd


def test_a_killed_command_goes_on_after_the_objects_that_were_there(tables, brought, tmp_path, monkeypatch):
    """It is killed while its light curves are used: none is made again, and the steps are the same."""
    curves_path, objects = tables
    out, steps = tmp_path / "x.npz", tmp_path / "x.steps.csv"
    with light_curves_at_rest(curves_path, out, "code", Given(objects)):
        (partial,) = tmp_path.glob(".x.steps.csv.*.partial")
        shutil.copy(partial, tmp_path / "left")
    expected = steps.read_bytes()
    steps.unlink()
    for code, made in {"code": [], "other code": [0, 1, 2, 3, 4]}.items():
        shutil.copy(tmp_path / "left", partial)
        brought.clear()
        with light_curves_at_rest(curves_path, out, code, Given(objects)) as (curves, _):
            assert brought == made and not steps.exists()
            assert curves.n_points.tolist() == [12, 12, 0, 12, 12]
        assert steps.read_bytes() == expected and not list(tmp_path.glob(".*.partial"))
        steps.unlink()
    with pytest.raises(RuntimeError), light_curves_at_rest(curves_path, out, "code", Given(objects)):
        raise RuntimeError
    assert not steps.exists() and not list(tmp_path.glob(".*.partial"))


def test_another_input_is_not_gone_on_with(tables, tmp_path):
    digests = [Conversion.read(*tables).to_rest_frame.digest("code")]
    for change in ({"magnitude": 17.0}, {"band": "ztfr"}, {"mjd": 55_000.25}):
        pd.read_csv(tables[0]).assign(**change).to_csv(tmp_path / "other.csv", index=False)
        digests.append(Conversion.read(tmp_path / "other.csv", tables[1]).to_rest_frame.digest("code"))
    pd.read_csv(tables[1]).assign(ebv_mw=0.1).to_csv(tmp_path / "other.csv", index=False)
    digests.append(Conversion.read(tables[0], tmp_path / "other.csv").to_rest_frame.digest("code"))
    assert len(set(digests)) == 5
    with resumable(tmp_path / "y", digests[0]) as file:  # a digest fits into a name
        file.write(b"")
