"""HATS catalogs: what LSDB wrote is read, and what is written LSDB opens and joins back."""

import logging
import os
import shutil
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pyarrow import parquet

from tests.survey.small_surveys import (
    GIVEN,
    contents,
    count_computed,
    kill_in_the_midst,
    points_of,
    run,
    shorten_slices,
    write_weights,
)

lsdb = pytest.importorskip("lsdb", reason="needs snlib[survey]: LSDB is not installed")
nested_pandas = pytest.importorskip("nested_pandas", reason="needs snlib[survey]: no nested-pandas")

LENGTHS = np.random.default_rng(4).integers(0, 12, 80).tolist()
POINTS = points_of(LENGTHS, seed=5)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A catalog of several partitions of two sizes, one of them with nothing in it; and its points."""
    path = tmp_path_factory.mktemp("catalogs") / "objects"
    write_catalog(path, partition_rows=20)
    names = parquet_files(path)
    assert len(names) > 4
    empty = path / names[1]
    parquet.write_table(parquet.read_table(empty).slice(0, 0), empty)
    return path


def write_catalog(path, collection=False, **settings):
    rng, n = np.random.default_rng(6), len(LENGTHS)
    objects = {
        "object_id": np.arange(n) + 10**17,
        "ra": rng.uniform(0, 90, n),
        "dec": rng.uniform(-40, 40, n),
        "note": "not needed",
    }
    place = POINTS["object_id"].str[2:].astype(int).to_numpy()
    points = POINTS.drop(columns="object_id").set_index(place)
    frame = nested_pandas.NestedFrame(objects).join_nested(points, "lightcurve")
    catalog = lsdb.from_dataframe(frame, catalog_name="objects", **settings)
    catalog.write_catalog(path, as_collection=collection, progress_bar=False)


def parquet_files(path):
    return sorted(str(file.relative_to(path)) for file in path.glob("dataset/**/Npix=*"))


def read(path):
    return lsdb.open_catalog(path).compute(progress_bar=False)


@pytest.fixture
def folder(tmp_path, dataset, small_recipe, made):
    shutil.copytree(made, tmp_path / "in")
    write_weights(tmp_path / "w.safetensors", dataset, small_recipe)
    return tmp_path


def test_results_are_those_of_the_table_of_points_and_join_back(snlib, folder):
    read(folder / "in")
    names = set(read(folder / "in")["object_id"] - 10**17)
    assert 0 < len(names) < len(LENGTHS)  # those of the partition with nothing in it are gone
    points = POINTS[POINTS["object_id"].str[2:].astype(int).isin(names)]
    points.to_csv(folder / "points.csv", index=False)
    assert snlib("embed", "points.csv", "--out", "expected.csv", *GIVEN)[0] == 0
    code, said = snlib("embed", "in", "--out", "x", *GIVEN)
    assert code == 0 and "embed: 100%" in said, said
    found = read(folder / "x")
    assert set(found["object_id"] - 10**17) == names
    assert (found["n_points"] == 0).any()
    expected = pd.read_csv(folder / "expected.csv")
    expected["object_id"] = expected["object_id"].str[2:].astype(int) + 10**17
    ours = found.set_index("object_id").loc[expected["object_id"]].reset_index()[expected.columns]
    ours = pd.DataFrame(ours).astype(expected.dtypes.to_dict())  # where nothing is judged, no misfit is NaN
    pd.testing.assert_frame_equal(ours, expected, check_exact=False, atol=1e-5)
    both = lsdb.open_catalog(folder / "in").join(
        lsdb.open_catalog(folder / "x"), left_on="object_id", right_on="object_id", suffixes=("", "_x")
    )
    both = both.compute(progress_bar=False)
    assert len(both) == len(names)
    np.testing.assert_array_equal(both["ra"], both["ra_x"])
    given = both["lightcurve"].map(lambda points: 0 if points is None else len(points))
    assert (given >= both["n_points_x"]).all() and given.sum() > both["n_points_x"].sum() > 0


def test_what_is_written_is_a_valid_catalog(folder, caplog):
    import hats.io.validation

    run(folder / "in", folder / "x")
    with caplog.at_level(logging.WARNING):
        assert hats.io.validation.is_valid_catalog(folder / "x", strict=True), caplog.text
    empty, *rest = sorted(set(parquet_files(folder / "in")) - set(parquet_files(folder / "x")))
    assert parquet.read_metadata(folder / "in" / empty).num_rows == 0 and not rest
    catalog = lsdb.open_catalog(folder / "x")
    info = catalog.hc_structure.catalog_info
    assert (info.catalog_name, info.total_rows) == ("x", len(read(folder / "in")))
    assert "/" not in (folder / "x/hats.properties").read_text().replace(
        "HATS/", ""
    )  # no path of this machine
    cone = catalog.cone_search(45, 0, 20 * 3600).compute(progress_bar=False)
    inside = read(folder / "in").pipe(lambda table: table[table["object_id"].isin(cone["object_id"])])
    assert 0 < len(cone) == len(inside) < info.total_rows


@pytest.mark.parametrize("collection", [False, True])
def test_a_catalog_of_one_partition_and_a_collection(tmp_path, collection):
    write_catalog(tmp_path / "in", collection, partition_rows=1000, lowest_order=0)
    one = lsdb.open_catalog(tmp_path / "in").query("ra < 20 and dec < -30")
    one.write_catalog(tmp_path / "one", as_collection=False, progress_bar=False)
    run(tmp_path / "one", tmp_path / "y")
    assert len(read(tmp_path / "y")) == len(read(tmp_path / "one")) > 0
    run(tmp_path / "in", tmp_path / "x")
    assert len(read(tmp_path / "x")) == len(LENGTHS)


def test_a_partition_that_is_a_folder(tmp_path, made):
    shutil.copytree(made, tmp_path / "in")
    for name in parquet_files(tmp_path / "in"):
        path = tmp_path / "in" / name
        table = parquet.read_table(path)
        path.unlink()
        path.with_suffix("").mkdir()
        for number, first in enumerate(range(0, max(len(table), 1), 7)):
            parquet.write_table(table.slice(first, 7), path.with_suffix("") / f"{number}.parquet")
    for name in ("properties", "hats.properties"):
        path = tmp_path / "in" / name
        path.write_text(path.read_text().replace("hats_npix_suffix=.parquet", "hats_npix_suffix=/"))
    run(tmp_path / "in", tmp_path / "x")
    run(made, tmp_path / "y")
    pd.testing.assert_frame_equal(read(tmp_path / "x"), read(tmp_path / "y"))


def test_a_run_that_was_killed_goes_on_where_it_was(folder, monkeypatch):
    shorten_slices(monkeypatch)
    kill_in_the_midst(folder, folder / "in", folder / "x", n_slices=15)
    computed = count_computed(monkeypatch)
    run(folder / "in", folder / "x")
    rows = [parquet.read_metadata(folder / "in" / name).num_rows for name in parquet_files(folder / "in")]
    assert 0 < len(computed) <= sum((n_rows + 1) // 2 for n_rows in rows) - 14  # two rows are a slice
    resumed = contents(folder / "x")
    assert not list(folder.glob(".x*"))
    (folder / "x").rename(folder / "y")
    time.sleep(1.1)  # so that a time of day would show
    run(folder / "in", folder / "x")
    assert contents(folder / "x") == resumed


def test_bad_partitions_are_named_and_may_be_left_out(folder):
    truncated, without = (folder / "in" / parquet_files(folder / "in")[index] for index in (0, 2))
    truncated.write_bytes(truncated.read_bytes()[:-50])
    lost = parquet.read_table(without)
    parquet.write_table(lost.drop_columns("dec"), without)
    with pytest.raises(ValueError, match=f"{truncated}: not a readable Parquet table"):
        run(folder / "in", folder / "x")
    with pytest.warns(UserWarning, match="left out") as said:
        run(folder / "in", folder / "x", skip_bad=True)
    said = [str(one.message) for one in said]
    assert len(said) == 2
    assert said[0].startswith(f"left out: {truncated}: ") and said[1].startswith(f"left out: {without}: ")
    assert "column 'dec' is missing" in said[1]
    left = set(read(folder / "x")["object_id"])
    assert left and not left & set(lost["object_id"].to_pylist())


def test_a_missing_partition_is_named(folder):
    gone = folder / "in" / parquet_files(folder / "in")[0]
    gone.unlink()
    with pytest.raises(FileNotFoundError, match=f"{gone}: no such file"):
        run(folder / "in", folder / "x")


def test_what_is_no_catalog_is_named(snlib, folder):
    assert snlib("embed", "in", "--out", "x.parquet", *GIVEN) == (
        2,
        "snlib: x.parquet: expected the name of a folder, without a dot, for those of a HATS catalog\n",
    )
    (folder / "in/hats.properties").write_text("nothing")
    (folder / "in/properties").unlink()
    code, said = snlib("embed", "in", "--out", "x", *GIVEN)
    assert code == 2 and said.startswith("snlib: in: not a readable HATS catalog"), said
    assert not list(folder.glob("*x*"))


def test_workers_of_an_existing_cluster_give_the_same_bytes(snlib, folder):
    from distributed import LocalCluster

    assert snlib("embed", "in", "--out", "alone", *GIVEN)[0] == 0
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        address = cluster.scheduler_address
        cluster.get_client().run(os.chdir, "/")  # as those that were started elsewhere
        code, said = snlib("embed", "in", "--out", "x", "--scheduler", address, *GIVEN)
    assert code == 0, said
    (folder / "alone").rename(folder / "y")
    for name in set(contents(folder / "x")) - {"properties", "hats.properties"}:
        assert (folder / "x" / name).read_bytes() == (folder / "y" / name).read_bytes(), name


def test_without_lsdb_a_catalog_is_refused_in_one_line(snlib, folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "lsdb", None)
    assert snlib("embed", "in", "--out", "x", *GIVEN) == (
        2,
        "snlib: in: a HATS catalog needs LSDB: pip install 'snlib[survey]'\n",
    )
    assert Path("in").is_dir() and not Path("x").exists()
