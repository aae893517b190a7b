"""Surveys from end to end: the results of one table in memory, whatever is killed or broken on the way."""

import sys

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from snlib.survey import Cluster, Embedding
from tests.survey.small_surveys import (
    GIVEN,
    LAYOUTS,
    contents,
    count_computed,
    kill_in_the_midst,
    run,
    shorten_slices,
    write_survey,
    write_weights,
)

LENGTHS = [7, 0, 30, 1, 12, 3, 0, 25, 8, 9, 2]


@pytest.fixture
def small(monkeypatch):
    shorten_slices(monkeypatch)


@pytest.fixture
def folder(tmp_path, dataset, small_recipe):
    write_weights(tmp_path / "w.safetensors", dataset, small_recipe)
    return tmp_path


@pytest.mark.parametrize("layout", LAYOUTS)
def test_results_are_those_of_the_table_of_points(snlib, folder, small, layout):
    points = write_survey(folder / "s.parquet", LENGTHS, layout)
    points.to_csv(folder / "s.csv", index=False)
    assert snlib("embed", "s.csv", "--out", "expected.csv", *GIVEN)[0] == 0
    expected = pd.read_csv(folder / "expected.csv")
    for out in ("x.parquet", "x"):
        code, said = snlib("embed", "s.parquet", "--out", out, *GIVEN)
        assert code == 0 and "embed: 100%" in said, said
        found = pd.read_parquet(folder / out)
        assert len(found) == (len(LENGTHS) if layout != "points" else len(expected))
        assert found["n_points"].sum() == expected["n_points"].sum()
        found = found[found["object_id"].isin(expected["object_id"])].reset_index(drop=True)
        pd.testing.assert_frame_equal(found, expected, check_dtype=False, check_exact=False, atol=1e-5)
    assert "s.parquet: band none of u, g, r, i, z, y:" in said
    assert not list(folder.glob(".*"))


def test_objects_without_a_usable_point_have_the_prior(snlib, folder):
    write_survey(folder / "s.parquet", LENGTHS)
    code, said = snlib("embed", "s.parquet", "--out", "x.parquet", *GIVEN)
    assert code == 0
    table = pd.read_parquet(folder / "x.parquet").set_index("object_id")
    n_empty, found = (table["n_points"] == 0).sum(), table.loc["sn1"]
    assert f"s.parquet: no point is left of {n_empty} objects, whose n_points is 0" in said and n_empty >= 2
    assert found["n_points"] == 0 and not found["unlike"]
    assert found.filter(like="mean").tolist() == [0.0] * 16
    assert found.filter(like="scale").tolist() == [1.0] * 16


def test_a_csv_file_is_written_as_before(snlib, folder):
    points = write_survey(folder / "s.parquet", LENGTHS, "points")
    points.to_csv(folder / "s.csv", index=False)
    for source, out in (("s.parquet", "x.csv"), ("s.csv", "y.csv")):
        assert snlib("embed", source, "--out", out, *GIVEN)[0] == 0
    assert (folder / "x.csv").read_bytes() == (folder / "y.csv").read_bytes()


@pytest.mark.parametrize("out", ["x.parquet", "x"])
def test_whatever_is_killed_goes_on_to_the_same_bytes(tmp_path, small, killed_at_each_change, out):
    write_survey(tmp_path / "s.parquet", LENGTHS, row_group_size=3)
    run(tmp_path / "s.parquet", tmp_path / "whole" / out)
    made = 0
    for _ in killed_at_each_change(lambda: run(tmp_path / "s.parquet", tmp_path / "killed" / out)):
        made += 1
        if (tmp_path / "killed" / out).exists():  # never a part of it
            assert len(parquet.read_table(tmp_path / "killed" / out)) == len(LENGTHS)
    assert made > 10
    assert contents(tmp_path / "killed") == contents(tmp_path / "whole")


def test_a_run_that_was_killed_goes_on_where_it_was(tmp_path, small, monkeypatch):
    write_survey(tmp_path / "s.parquet", LENGTHS, row_group_size=2)
    kill_in_the_midst(tmp_path, tmp_path / "s.parquet", tmp_path / "x", n_slices=4)
    computed = count_computed(monkeypatch)
    run(tmp_path / "s.parquet", tmp_path / "x")
    assert 0 < len(computed) <= 6 - 3  # of six slices three were whole
    resumed = contents(tmp_path / "x")
    (tmp_path / "x").rename(tmp_path / "y")
    run(tmp_path / "s.parquet", tmp_path / "x")
    assert contents(tmp_path / "x") == resumed


def test_another_survey_in_its_place_is_begun_anew(tmp_path, small):
    write_survey(tmp_path / "s.parquet", LENGTHS)
    table = parquet.read_table(tmp_path / "s.parquet")
    run(tmp_path / "s.parquet", tmp_path / "x.parquet")
    parquet.write_table(table.slice(0, 5), tmp_path / "s.parquet")
    left = tmp_path / ".x.parquet.0123.partial"
    left.mkdir()
    run(tmp_path / "s.parquet", tmp_path / "x.parquet")
    assert parquet.read_table(tmp_path / "x.parquet")["object_id"].to_pylist() == [f"sn{i}" for i in range(5)]
    assert not left.exists()


# Bad pieces


def spoil_nothing(path):
    pass


def truncate(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def drop_band(path):
    parquet.write_table(parquet.read_table(path).drop_columns("band"), path)


def say_flux(path):
    table = parquet.read_table(path)
    field = table.schema.field("magnitude").with_metadata({"unit": "nJy"})
    parquet.write_table(table.set_column(3, field, table["magnitude"]), path)


def give_apparent_magnitudes(path):
    table = parquet.read_table(path)
    magnitude = [[22.5] * len(one) for one in table["phase_days"].to_pylist()]
    magnitude = [pa.array(magnitude, pa.list_(pa.float64()))]
    parquet.write_table(table.set_column(3, "magnitude", magnitude), path)


def repeat_an_object(path):
    table = parquet.read_table(path)
    names = [f"b{index}" for index in range(len(table) - 1)]
    parquet.write_table(table.set_column(0, "object_id", [[*names, "b0"]]), path)


BAD = [
    (truncate, r"b\.parquet: not a readable Parquet table"),
    (drop_band, r"b\.parquet: column 'band' is missing"),
    (say_flux, r"b\.parquet: column 'magnitude': in 'nJy', expected mag\(AB\)"),
    (give_apparent_magnitudes, r"b\.parquet: object 'b0', column 'magnitude': 22\.5, expected an absolute"),
    (repeat_an_object, r"b\.parquet: object 'b0' has rows in two places"),
]


@pytest.fixture
def three(tmp_path):
    (tmp_path / "in").mkdir()
    for name in "abc":
        names = [f"{name}{index}" for index in range(len(LENGTHS))]
        write_survey(tmp_path / f"in/{name}.parquet", LENGTHS, object_id=names)
    return tmp_path


@pytest.mark.parametrize("spoil, message", BAD)
def test_a_bad_piece_is_named_and_may_be_left_out(three, small, spoil, message):
    spoil(three / "in/b.parquet")
    with pytest.raises(ValueError, match=message):
        run(three / "in", three / "x.parquet")
    assert not (three / "x.parquet").exists()
    with pytest.warns(UserWarning, match=f"left out: .*{message}"):
        run(three / "in", three / "x.parquet", skip_bad=True)
    names = {name[0] for name in parquet.read_table(three / "x.parquet")["object_id"].to_pylist()}
    assert {"a", "c"} <= names
    assert len(parquet.read_table(three / "x.parquet")) >= 2 * len(LENGTHS)


@pytest.mark.filterwarnings("ignore:left out")
def test_what_is_finished_before_a_bad_piece_is_kept_and_told(three, small, capsys):
    truncate(three / "in/b.parquet")
    with pytest.raises(ValueError):
        run(three / "in", three / "x.parquet")
    said = capsys.readouterr().err
    (left,) = three.glob(".x.parquet.*.partial")
    assert f"what is finished stays in {left}; the same command goes on with it" in said
    run(three / "in", three / "x.parquet", skip_bad=True)
    assert not left.exists()


@pytest.mark.filterwarnings("ignore:left out")
def test_nothing_is_left_where_all_is_bad(three):
    for name in "abc":
        truncate(three / f"in/{name}.parquet")
    with pytest.raises(ValueError, match="in: no part of it can be used"):
        run(three / "in", three / "x.parquet", skip_bad=True)
    assert {path.name for path in three.iterdir()} == {"in"}


def test_files_that_do_not_fit_together_are_named(three):
    write_survey(three / "in/c.parquet", LENGTHS, object_id=list(range(len(LENGTHS))))
    with pytest.raises(ValueError, match="in: column 'object_id': of type int64 and string"):
        run(three / "in", three / "x.parquet")


def test_identifiers_keep_their_name_and_type(tmp_path):
    write_survey(tmp_path / "s.parquet", LENGTHS, object_id=list(range(len(LENGTHS))))
    table = parquet.read_table(tmp_path / "s.parquet").rename_columns({"object_id": "diaObjectId"})
    parquet.write_table(table, tmp_path / "s.parquet")
    run(tmp_path / "s.parquet", tmp_path / "x.parquet")
    column = parquet.read_table(tmp_path / "x.parquet")["diaObjectId"]
    assert column.type == pa.int64() and column.to_pylist() == list(range(len(LENGTHS)))


def test_an_object_in_two_files_is_named(three):
    write_survey(three / "in/c.parquet", [3], object_id=["a4"])
    with pytest.raises(ValueError, match=r"c\.parquet: object 'a4' has rows in two places"):
        run(three / "in", three / "x.parquet")


def test_empty_files_are_no_fault(three):
    table = parquet.read_table(three / "in/a.parquet")
    parquet.write_table(table.slice(0, 0), three / "in/a.parquet")
    run(three / "in", three / "x.parquet")
    assert len(parquet.read_table(three / "x.parquet")) == 2 * len(LENGTHS)
    for name in "bc":
        parquet.write_table(table.slice(0, 0), three / f"in/{name}.parquet")
    with pytest.raises(ValueError, match="in: no rows"):
        run(three / "in", three / "y.parquet")


@pytest.mark.parametrize(
    "source, out, error, message",
    [
        ("no.parquet", "x.parquet", FileNotFoundError, r"no\.parquet: no such file"),
        ("empty", "x.parquet", ValueError, r"empty: no file \*\.parquet in this folder"),
        ("in", "x.fits", ValueError, r"x\.fits: the name should end in \.parquet, or be that of a folder"),
        ("in", "empty", FileExistsError, "empty: is there already; remove it, or choose another name"),
    ],
)
def test_places_that_cannot_be(three, source, out, error, message):
    (three / "empty").mkdir()
    with pytest.raises(error, match=message):
        run(three / source, three / out)
    assert {path.name for path in three.iterdir()} == {"in", "empty"}


def test_two_processes_do_not_make_the_same(three, monkeypatch):
    def nested(work, pieces, cluster, skip_bad):
        with pytest.raises(BlockingIOError, match=r"another process is making .*x\.parquet here"):
            run(three / "in", three / "x.parquet")
        raise KeyboardInterrupt

    monkeypatch.setattr("snlib.survey.surveys.run_pieces", nested)
    with pytest.raises(KeyboardInterrupt):
        run(three / "in", three / "x.parquet")
    assert {path.name for path in three.iterdir()} == {"in"}


# Workers


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"n_workers": 0}, "workers is 0, expected at least 1"),
        ({"scheduler": "tcp://a:1", "n_workers": 2}, "scheduler: a cluster has its own workers and memory"),
        ({"scheduler": "tcp://a:1", "memory": "1GB"}, "scheduler: a cluster has its own workers and memory"),
    ],
)
def test_workers_that_cannot_be(settings, message):
    with pytest.raises(ValueError, match=message):
        Cluster(**settings)


@pytest.mark.parametrize("given", [("--workers", "2"), ("--memory", "1GB"), ("--skip-bad",)])
def test_what_only_a_survey_heeds_is_refused_elsewhere(snlib, folder, given):
    write_survey(folder / "s.parquet", LENGTHS, "points").to_csv(folder / "s.csv", index=False)
    code, said = snlib("embed", "s.csv", "--out", "x.csv", *given, *GIVEN)
    assert code == 2 and "are for surveys" in said and not (folder / "x.csv").exists()


def test_several_workers_give_the_same_bytes(snlib, folder):
    pytest.importorskip("distributed", reason="needs snlib[survey]: Dask is not installed")
    (folder / "in").mkdir()
    for name in "abc":
        names = [f"{name}{index}" for index in range(len(LENGTHS))]
        write_survey(folder / f"in/{name}.parquet", LENGTHS, object_id=names, seed=ord(name))
    assert snlib("embed", "in", "--out", "alone", *GIVEN)[0] == 0
    code, said = snlib("embed", "in", "--out", "shared", "--workers", "2", "--memory", "1GB", *GIVEN)
    assert code == 0, said
    assert contents(folder / "shared") == contents(folder / "alone")


def test_without_dask_several_workers_are_refused_in_one_line(snlib, folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    write_survey(folder / "s.parquet", LENGTHS)
    code, said = snlib("embed", "s.parquet", "--out", "x", "--workers", "2", *GIVEN)
    assert code == 2 and said.endswith("several workers need Dask: pip install 'snlib[survey]'\n")
    assert not (folder / "x").exists() and not list(folder.glob(".x*"))


def test_an_embedding_is_another_with_other_weights(folder, dataset, small_recipe):
    one = Embedding(str(folder / "w.safetensors"), "cpu")
    (folder / "same.safetensors").write_bytes((folder / "w.safetensors").read_bytes())
    assert one.digest() == Embedding(str(folder / "same.safetensors"), "cpu").digest()
    write_weights(folder / "same.safetensors", dataset, small_recipe, seed=1)
    assert one.digest() != Embedding(str(folder / "same.safetensors"), "cpu").digest()
