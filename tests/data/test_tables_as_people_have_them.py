"""One small light curve in all the forms that people have: each gives the same, or one line says why not."""

import gzip
import warnings

import astropy.units as u
import numpy as np
import pandas as pd
import pytest
from astropy.table import QTable

from snlib.data.light_curve_tables import read_light_curves

TABLE = pd.DataFrame(
    {
        "object_id": ["SN A", "SN A", "SN A", "B", "B", "SN A"],
        "phase_days": [-8.2, -3.1, 0.4, 1.5, 9.9, 24.0],
        "band": ["g", "r", "g", "u", "y", "i"],
        "magnitude": [-18.1, -18.9, -19.2, -17.0, -16.5, -18.2],
    }
)
NESTED = TABLE.groupby("object_id", sort=False).agg(list).reset_index()


def text(**options):
    return lambda path: path.write_text(TABLE.to_csv(index=False, **options))


def in_hours(path):
    table = QTable.from_pandas(TABLE)
    table["phase_days"] = (TABLE["phase_days"].to_numpy() * u.day).to(u.hour)
    table["magnitude"] = TABLE["magnitude"].to_numpy() * u.ABmag
    table.write(path)


def folder(path):
    path.mkdir()
    TABLE[:2].to_parquet(path / "part.0.parquet")
    TABLE[2:].to_parquet(path / "part.1.parquet")


def nested(**change):
    return lambda path: NESTED.assign(**change).to_parquet(path)


def with_bands(name):
    return lambda path: TABLE.assign(band=TABLE["band"].map(name)).to_csv(path, index=False)


FORMS = {
    "tab.tsv": text(sep="\t"),
    "semicolon.csv": text(sep=";"),
    "blank.dat": text(sep=" "),
    "aligned.txt": lambda path: path.write_text(
        TABLE.assign(object_id='"' + TABLE["object_id"] + '"').to_string(index=False)
    ),
    "commented header.csv": lambda path: path.write_text("# z = 0.1\n#" + TABLE.to_csv(index=False)),
    "comments.csv": lambda path: path.write_text("# z = 0.1\n# mine\n" + TABLE.to_csv(index=False)),
    "capitals.csv": lambda path: TABLE.rename(columns=str.upper).to_csv(path, index=False),
    "padded.csv": lambda path: TABLE.rename(columns=lambda name: f" {name} ").to_csv(path, index=False),
    "filter.csv": lambda path: TABLE.rename(columns={"band": "Filter"}).to_csv(path, index=False),
    "packed.csv.gz": lambda path: path.write_bytes(gzip.compress(TABLE.to_csv(index=False).encode())),
    "index.parquet": lambda path: TABLE.set_index("object_id").to_parquet(path),
    "two indices.parquet": lambda path: TABLE.set_index(["object_id", "band"]).to_parquet(path),
    "categories.parquet": lambda path: TABLE.astype({"object_id": "category", "band": "category"}).to_parquet(
        path
    ),
    "nested.parquet": nested(),
    "nested index.parquet": lambda path: NESTED.set_index("object_id").to_parquet(path),
    "folder.parquet": folder,
    "folder": folder,
    "hours.ecsv": in_hours,
    "hours.parquet": in_hours,
    "lsstg.csv": with_bands("lsst{}".format),
    "LSST-g.csv": with_bands("LSST-{}".format),
    "g_39.csv": with_bands("{}_39".format),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_light_curves(tmp_path, form):
    FORMS[form](tmp_path / form)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = read_light_curves(tmp_path / form)
    assert found.object_id.tolist() == ["SN A", "B"] and found.n_points.tolist() == [4, 2]
    np.testing.assert_allclose(found.phase_days, [-8.2, -3.1, 0.4, 24.0, 1.5, 9.9], rtol=0, atol=1e-14)
    assert found.magnitude.tolist() == [-18.1, -18.9, -19.2, -18.2, -17.0, -16.5]
    assert found.band.tolist() == [1, 2, 1, 3, 0, 5]


def test_a_scalar_beside_lists_counts_for_all_of_its_row(tmp_path):
    by_band = TABLE.groupby(["object_id", "band"], sort=False).agg(list).reset_index()
    by_band.to_parquet(tmp_path / "t.parquet")
    found = read_light_curves(tmp_path / "t.parquet")
    assert found.object_id.tolist() == ["SN A", "B"] and found.band.tolist() == [1, 2, 1, 3, 0, 5]


def test_an_object_whose_lists_are_empty_stays(tmp_path):
    more = pd.DataFrame({"object_id": ["C"], "phase_days": [[]], "band": [[]], "magnitude": [[]]})
    pd.concat([more, NESTED]).to_parquet(tmp_path / "t.parquet")
    with pytest.warns(UserWarning, match="no point left, so what follows is the prior's: object 'C'$"):
        found = read_light_curves(tmp_path / "t.parquet")
    assert found.object_id.tolist() == ["C", "SN A", "B"] and found.n_points.tolist() == [0, 4, 2]


def test_band_codes_are_said(tmp_path):
    with_bands(lambda name: "ugrizy".index(name))(tmp_path / "t.csv")
    with pytest.warns(UserWarning, match=r"t\.csv: bands 0 to 5 are taken for u, g, r, i, z, y$"):
        assert read_light_curves(tmp_path / "t.csv").band.tolist() == [1, 2, 1, 3, 0, 5]


ROW = {"object_id": "B", "phase_days": 3.0, "band": "g", "magnitude": -17.5}


@pytest.mark.parametrize(
    "change, reason",
    [
        *(
            ({"magnitude": value}, f"magnitude only a placeholder ({value})")
            for value in (99.0, -999.0, 99.99)
        ),
        ({"upper_limit": "T"}, "upper limits"),
        ({"upper_limit": "true", "magnitude": 30.0}, "upper limits"),
        ({"band": "ztfg"}, "band none of u, g, r, i, z, y ('ztfg')"),
        ({"phase_days": -999}, "phase_days before -20"),
    ],
)
@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_points_that_are_none_are_left_out_with_one_warning(tmp_path, suffix, change, reason):
    extra = pd.DataFrame([ROW | change] * 2)
    table = pd.concat([TABLE, extra], ignore_index=True)
    path = tmp_path / f"t{suffix}"
    table.to_csv(path, index=False) if suffix == ".csv" else table.to_parquet(path)
    with pytest.warns(UserWarning) as caught:
        found = read_light_curves(path)
    said = f"{path}: {reason}: 2 points of 1 objects left out, first of 'B'"
    assert [str(one.message) for one in caught] == [said]
    assert found.n_points.tolist() == [4, 2] and found.magnitude.min() == -19.2


def test_exact_duplicates_are_left_out_and_others_are_not(tmp_path):
    near = TABLE.assign(magnitude=TABLE["magnitude"] + [0, 0, 0, 0, 0, 1e-9])
    other = TABLE[:1].assign(object_id="B")
    pd.concat([TABLE, near, TABLE[3:4], other]).to_csv(tmp_path / "t.csv", index=False)
    with pytest.warns(UserWarning) as caught:
        found = read_light_curves(tmp_path / "t.csv")
    said = f"{tmp_path}/t.csv: exact duplicates: 6 points of 2 objects left out, first of 'SN A'"
    assert [str(one.message) for one in caught] == [said]
    assert found.n_points.tolist() == [5, 3]
    assert sorted(found.magnitude[:5]) == [-19.2, -18.9, -18.2, -18.2 + 1e-9, -18.1]


@pytest.mark.parametrize(
    "change, said",
    [
        ({"band": "ztfg"}, "6 points with band none of u, g, r, i, z, y ('ztfg')"),
        ({"phase_days": 819.0}, "6 points with phase_days after 60 (819 to 819)"),
        (
            {"magnitude": TABLE["magnitude"] / 20},
            "6 points with magnitude fainter than -12 (-0.96 to -0.825)",
        ),
        ({"magnitude": 99}, "6 points with magnitude only a placeholder (99.0)"),
        ({"magnitude": np.nan}, "6 points with magnitude not finite"),
        ({"upper_limit": True}, "6 points with upper limits"),
        (
            {"phase_days": [70, -30, 0, 0, 0, 0], "band": [*"gggJJJ"]},
            "3 points with band none of u, g, r, i, z, y ('J'), "
            "1 points with phase_days before -20 (-30 to -30), "
            "1 points with phase_days after 60 (70 to 70), 1 points with magnitude",
        ),
    ],
)
def test_a_file_of_which_nothing_can_be_used_says_what_was_found(tmp_path, change, said):
    table = TABLE.assign(**change)
    if "J" in str(change):
        table.loc[2, "magnitude"] = -11
    table.to_csv(tmp_path / "t.csv", index=False)
    with warnings.catch_warnings(), pytest.raises(ValueError) as stopped:
        warnings.simplefilter("error")
        read_light_curves(tmp_path / "t.csv")
    assert str(stopped.value).startswith(f"{tmp_path}/t.csv: no point can be used: {said}")


def test_a_file_of_empty_lists_says_so(tmp_path):
    empty = {name: [np.array([], float)] * 2 for name in ("phase_days", "magnitude")}
    NESTED.assign(**empty, band=[np.array([], str)] * 2).to_parquet(tmp_path / "t.parquet")
    with pytest.raises(ValueError, match=r"t\.parquet: no point can be used: there is none$"):
        read_light_curves(tmp_path / "t.parquet")


@pytest.mark.parametrize(
    "change, said",
    [
        (
            {"phase_days": 53000.5},
            "object 'SN A', column 'phase_days': 53000.5, expected days from peak between",
        ),
        (
            {"magnitude": 19.5},
            "object 'SN A', column 'magnitude': 19.5, expected an absolute magnitude between",
        ),
        (
            {"upper_limit": [0, 0, 0, 2, 0, 0]},
            "object 'B', column 'upper_limit': '2' is neither true nor false",
        ),
        (
            {"object_id": 2.0**60},
            "row 1, column 'object_id': '1.152921504606847e+18' is a number that was stored",
        ),
        (
            {"object_id": "x" * 100_000},
            "row 1, column 'object_id': 'xxxxxxxxxxxxxxxxxxxx'… has 100,000 characters",
        ),
    ],
)
def test_what_is_wrong_is_named(tmp_path, change, said):
    TABLE.assign(**change).to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(ValueError) as stopped:
        read_light_curves(tmp_path / "t.csv")
    assert str(stopped.value).startswith(f"{tmp_path}/t.csv: {said}")


@pytest.mark.parametrize(
    "change, said",
    [
        (
            {"magnitude": [[1.0], [2.0]]},
            "object 'SN A': columns 'phase_days' and 'magnitude' have 4 and 1 values",
        ),
        ({"phase_days": [[[1.0]] * 4, [[1.0]] * 2]}, "object 'SN A': column 'phase_days' has lists of lists"),
        ({"phase_days": [[1.0, 2, 3, "x"], [1.0, 2]]}, None),
        ({"object_id": [["a"], ["b"]]}, "not a readable table of light curves"),
        ({"phase_days": [{"a": 1}, {"a": 2}]}, "not a readable table of light curves, or not all of it ("),
    ],
)
def test_lists_that_are_wrong_are_named(tmp_path, change, said):
    path = tmp_path / "t.parquet"
    if said is None:
        change, said = (
            {"phase_days": [["1", "2", "3", "x"], ["1", "2"]]},
            "object 'SN A', column 'phase_days': 'x' is",
        )
    nested(**change)(path)
    with pytest.raises(ValueError) as stopped:
        read_light_curves(path)
    assert str(stopped.value).startswith(f"{path}: {said}") and "\n" not in str(stopped.value)


@pytest.mark.parametrize("name, unit", [("phase_days", "Jy"), ("phase_days", "yr"), ("magnitude", "mJy")])
@pytest.mark.parametrize("suffix", [".ecsv", ".parquet"])
def test_units_that_are_others_are_refused(tmp_path, suffix, name, unit):
    table = QTable.from_pandas(TABLE)
    table[name] = TABLE[name].to_numpy() * u.Unit(unit)
    table.write(tmp_path / f"t{suffix}")
    with pytest.raises(ValueError, match=rf"t\{suffix}: column '{name}': in '{unit}', expected "):
        read_light_curves(tmp_path / f"t{suffix}")


def test_all_missing_columns_are_named_with_those_that_are_there(tmp_path):
    TABLE.rename(columns={"band": "colour", "magnitude": "flux"}).to_csv(tmp_path / "t.csv", index=False)
    said = r"t\.csv: columns 'band', 'magnitude' are missing; found are 'object_id', .*, 'colour', 'flux'$"
    with pytest.raises(ValueError, match=said):
        read_light_curves(tmp_path / "t.csv")


def test_one_long_light_curve_costs_the_short_ones_nothing(tmp_path):
    """Side by side they would need 20,000 slots for each of 3,000 objects."""
    place = np.concatenate([np.zeros(20_000, int), np.arange(1, 3001)])
    phase = np.concatenate([np.linspace(-10, 50, 20_000), np.ones(3000)])
    table = pd.DataFrame({"object_id": place, "phase_days": phase, "band": "r", "magnitude": -18.0})
    table.to_csv(tmp_path / "t.csv", index=False)
    with pytest.warns(UserWarning, match="more than 1,000 points: 1 objects thinned"):
        found = read_light_curves(tmp_path / "t.csv")
    assert len(found) == 3001 and found.n_points[1:].tolist() == [1] * 3000
    assert sum(values.nbytes for values in (found.start, found.phase_days, found.magnitude, found.band)) < 2e5
