"""Surveys of light curves as observed: of Rubin, and plain ones, with their objects beside or in them."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from snlib.observed.command import Given
from tests.survey.rubin_tables import (
    FIRST_ID,
    KINDS,
    KNOWN,
    MODULUS,
    N_OBJECTS,
    PEAK_MJD,
    REDSHIFT,
    as_observed,
    at_rest,
    objects_of,
    rubin_table,
    write_rubin,
)
from tests.survey.small_surveys import GIVEN, contents, run, write_weights

RUBIN = ("--columns", "rubin-dp1")
SKY = ("--objects", "objects.csv")
OBSERVED = as_observed(at_rest())


@pytest.fixture
def folder(tmp_path, dataset, small_recipe, monkeypatch):
    monkeypatch.delenv("SNLIB_SALT3", raising=False)
    write_weights(tmp_path / "w.safetensors", dataset, small_recipe)
    OBSERVED.to_csv(tmp_path / "plain.csv", index=False)
    objects_of(OBSERVED).to_csv(tmp_path / "objects.csv", index=False)
    at_rest().to_csv(tmp_path / "rest.csv", index=False)
    return tmp_path


@pytest.fixture
def embed(snlib, folder):
    """Embed light curves: the table that is written."""

    def function(source, *given, out="x.parquet"):
        code, said = snlib("embed", source, "--out", out, *given, *GIVEN)
        assert code == 0, said
        table = pd.read_csv(folder / out) if out.endswith("csv") else pd.read_parquet(folder / out)
        return table.rename(columns={"diaObjectId": "object_id"}).sort_values("object_id", ignore_index=True)

    return function


def latents(table):
    return table.filter(regex="^(mean|scale)_").to_numpy()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("beside", [True, False])
def test_rubins_columns_give_the_embedding_of_the_plain_table(folder, embed, kind, beside):
    """And that of the magnitudes at rest, which are known."""
    plain = embed("plain.csv", *SKY, "--zero-point", "31.4", out="plain_x.csv")
    rest = embed("rest.csv", out="rest_x.csv")
    write_rubin(folder / "s.parquet", OBSERVED, kind, None if beside else objects_of(OBSERVED))
    found = embed("s.parquet", *RUBIN, *(SKY if beside else ()))
    assert found["object_id"].tolist() == [FIRST_ID + index for index in range(N_OBJECTS)]
    assert found["n_points"].tolist() == plain["n_points"].tolist() == [18] * N_OBJECTS
    np.testing.assert_allclose(latents(found), latents(plain), atol=1e-5)
    np.testing.assert_allclose(latents(found), latents(rest), atol=2e-3)
    assert np.ptp(latents(rest), axis=0).max() > 0.05  # they are not all alike
    np.testing.assert_allclose(found["misfit_mag"], plain["misfit_mag"], atol=1e-4)


def test_a_plain_table_in_parquet_is_as_in_text(folder, embed):
    expected = embed("plain.csv", *SKY, "--zero-point", "31.4", out="plain_x.csv")
    OBSERVED.to_parquet(folder / "points.parquet")
    OBSERVED.groupby("object_id").agg(list).reset_index().to_parquet(folder / "lists.parquet")
    for name in ("points.parquet", "lists.parquet"):
        found = embed(name, *SKY, "--zero-point", "31.4")
        np.testing.assert_allclose(latents(found), latents(expected), atol=1e-5)
    OBSERVED.merge(objects_of(OBSERVED)).to_parquet(folder / "all.parquet")
    np.testing.assert_allclose(
        latents(embed("all.parquet", "--zero-point", "31.4")), latents(expected), atol=1e-5
    )


def test_tables_in_text_may_have_rubins_columns(folder, embed):
    expected = embed("plain.csv", *SKY, "--zero-point", "31.4", out="plain_x.csv")
    for kind in ("forced", "sources"):
        rubin_table(OBSERVED, kind).to_pandas().to_csv(folder / "rubin.csv", index=False)
        found = embed("rubin.csv", *RUBIN, *SKY, out="x.csv")
        np.testing.assert_allclose(latents(found), latents(expected), atol=1e-5)


@pytest.mark.parametrize("kind", ["nested", "forced"])
def test_dates_may_be_those_of_visits(folder, embed, snlib, kind):
    write_rubin(folder / "s.parquet", OBSERVED, kind)
    expected = embed("s.parquet", *RUBIN, *SKY)
    table = rubin_table(OBSERVED, "forced")
    visits = pd.DataFrame({"visit": table["visit"], "expMidptMJD": table["midpointMjdTai"]})
    visits.sample(frac=1, random_state=0).to_csv(folder / "visits.csv", index=False)
    if kind == "forced":
        parquet.write_table(table.drop_columns("midpointMjdTai"), folder / "s.parquet")
    found = embed("s.parquet", *RUBIN, *SKY, "--visits", "visits.csv", out="y.parquet")
    pd.testing.assert_frame_equal(found, expected)
    visits[1:].to_csv(folder / "visits.csv", index=False)
    code, said = snlib("embed", "s.parquet", "--out", "z", *RUBIN, *SKY, "--visits", "visits.csv", *GIVEN)
    assert code == 2 and "s.parquet: column 'visit': 2025000000 is none of the visits given" in said, said


def test_how_they_were_brought_to_rest_is_written_beside(folder, embed):
    known = objects_of(OBSERVED).assign(distance_modulus=np.nan, ebv_mw=np.nan)
    write_rubin(folder / "s.parquet", OBSERVED, known=known)
    found = embed("s.parquet", *RUBIN)
    assert (found["redshift"] == REDSHIFT).all() and (found["peak_mjd"] == PEAK_MJD).all()
    assert set(found["peak_from"]) == {"given"} and found["dust"].str.startswith("none, since").all()
    assert found["distance_from"].str.startswith("Planck18").all()
    assert (found["distance_modulus"] - MODULUS).abs().max() < 0.1  # Planck18 at 0.05
    assert found["n_rows"].tolist() == found["n_at_rest"].tolist() == [18] * N_OBJECTS


def test_objects_of_which_too_little_is_known_have_the_prior(folder, snlib):
    known = objects_of(OBSERVED)
    known.loc[known.index[1], "redshift"] = np.nan
    known.loc[known.index[2], "peak_mjd"] = np.nan
    known.drop(index=known.index[3]).to_csv(folder / "objects.csv", index=False)
    write_rubin(folder / "s.parquet", OBSERVED)
    code, said = snlib("embed", "s.parquet", "--out", "x.parquet", *RUBIN, *SKY, *GIVEN)
    assert code == 0, said
    assert f"redshift not known: 36 points of 2 objects left out, first of '{FIRST_ID + 1}'" in said
    assert f"peak_mjd not known: 18 points of 1 objects left out, first of '{FIRST_ID + 2}'" in said
    assert "no point is left of 3 objects, whose n_points is 0" in said
    found = pd.read_parquet(folder / "x.parquet")
    assert found["n_points"].tolist() == [18, 0, 0, 0] + [18] * (N_OBJECTS - 4)
    assert (latents(found)[1] == [0.0] * 16 + [1.0] * 16).all()
    assert found["redshift"].isna().tolist() == [False, True, False, True] + [False] * (N_OBJECTS - 4)
    assert found["distance_from"][3] == "not known, since the redshift is not"


def test_a_summary_of_observed_light_curves(folder, snlib):
    summary = ("--summary", "--phases=0", "--samples", "19", "--wavelengths", "5000,6000")
    write_rubin(folder / "s.parquet", OBSERVED, known=objects_of(OBSERVED))
    for source, out, given in (
        ("s.parquet", "x.parquet", RUBIN),
        ("plain.csv", "y.parquet", (*SKY, "--zero-point", "31.4")),
    ):
        code, said = snlib("predict", source, "--out", out, *summary, *given, *GIVEN)
        assert code == 0, said
    found, expected = (parquet.read_table(folder / name) for name in ("x.parquet", "y.parquet"))
    mean, other = (
        np.array([one["mean_log10_fnu"] for one in table["spectra"].to_pylist()])
        for table in (found, expected)
    )
    assert mean.shape == (N_OBJECTS, 2)
    np.testing.assert_allclose(mean, other, atol=1e-4)
    assert "redshift" in found.column_names and (folder / "y.steps.csv").is_file()


# What is wrong is named, and may be left out


def truncate(table, path):
    parquet.write_table(table, path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def forced_with(table, changed):
    """The table with fields of the forced photometry changed: others, or none where they are None."""
    nested = table["diaObjectForcedSource"].combine_chunks()
    fields = {field.name: nested.field(field.name) for field in nested.type}
    fields = {name: one for name, one in (fields | changed(fields)).items() if one is not None}
    nested = pa.StructArray.from_arrays(list(fields.values()), list(fields))
    place = table.column_names.index("diaObjectForcedSource")
    return table.set_column(place, "diaObjectForcedSource", nested)


def scaled(factor):
    def changed(fields):
        flux = fields["psfDiffFlux"]
        values = pa.array(flux.values.to_numpy() * factor)
        return {"psfDiffFlux": pa.ListArray.from_arrays(flux.offsets, values)}

    return changed


def with_unit(table, unit):
    """As metadata of the field, which only flat tables keep."""
    table = rubin_table(OBSERVED[OBSERVED["object_id"] == str(FIRST_ID + 1)], "forced", KNOWN_HERE)
    place = table.column_names.index("psfDiffFlux")
    field = table.schema.field("psfDiffFlux").with_metadata({"unit": unit})
    return table.set_column(place, field, table["psfDiffFlux"])


def replaced(table, name, value):
    column = [value, *table[name].to_pylist()[1:]]
    return table.set_column(table.column_names.index(name), name, [column])


KNOWN_HERE = objects_of(OBSERVED)
SPOILED = {
    "not a readable Parquet table": truncate,
    "column 'diaObjectForcedSource': column 'psfDiffFlux' is missing": lambda table, path: (
        parquet.write_table(forced_with(table, lambda fields: {"psfDiffFlux": None}), path)
    ),
    "column 'redshift' is missing, which describes objects: give --objects": lambda table, path: (
        parquet.write_table(table.drop_columns("redshift"), path)
    ),
    "column 'peak_mjd' is missing": lambda table, path: parquet.write_table(
        table.drop_columns("peak_mjd"), path
    ),
    f"object '{FIRST_ID + 2}', column 'redshift': 5, expected a redshift": lambda table, path: (
        parquet.write_table(replaced(table, "redshift", 5.0), path)
    ),
    f"object '{FIRST_ID + 2}', column 'redshift': 0, not positive": lambda table, path: parquet.write_table(
        replaced(replaced(table, "redshift", 0.0), "distance_modulus", None), path
    ),
    f"object '{FIRST_ID + 2}': at rest of magnitude -41.": lambda table, path: parquet.write_table(
        forced_with(table, scaled(1e9)), path
    ),
    "column 'flux': in 'uJy', of which the zero point is 23.9, not 31.4": lambda table, path: (
        parquet.write_table(with_unit(table, "uJy"), path)
    ),
    "none of Rubin's tables of differences": lambda table, path: parquet.write_table(
        table.drop_columns(["diaSource", "diaObjectForcedSource"]), path
    ),
}


@pytest.fixture
def three(tmp_path):
    """Three files with objects of their own, of which the second is to be spoiled."""
    (tmp_path / "in").mkdir()
    for index, name in enumerate("abc"):
        own = OBSERVED["object_id"].isin([str(FIRST_ID + 2 * index), str(FIRST_ID + 2 * index + 1)])
        write_rubin(tmp_path / f"in/{name}.parquet", OBSERVED[own], known=KNOWN_HERE)
    return tmp_path


@pytest.mark.parametrize("message", SPOILED)
def test_a_bad_part_is_named_and_may_be_left_out(three, message):
    path = three / "in/b.parquet"
    SPOILED[message](parquet.read_table(path), path)
    given = Given(columns="rubin-dp1")
    with pytest.raises(ValueError) as error:
        run(three / "in", three / "x.parquet", given=given)
    assert str(error.value).startswith(f"{path}: {message}")
    assert not (three / "x.parquet").exists()
    with pytest.warns(UserWarning, match="left out: ") as said:
        run(three / "in", three / "x.parquet", given=given, skip_bad=True)
    assert [str(one.message).startswith(f"left out: {path}: {message}") for one in said] == [True]
    left = parquet.read_table(three / "x.parquet")["diaObjectId"].to_pylist()
    assert left == [FIRST_ID + index for index in (0, 1, 4, 5)]


WRONG = {
    "columns: 'dp1' is not known, expected rubin-dp1": ("--columns", "dp1"),
    "zero-point: the fluxes of rubin-dp1 are in nJy": (*RUBIN, "--zero-point", "27"),
    "visits: only for --columns rubin-dp1": ("--visits", "v.csv"),
    "none.csv: no such file": (*RUBIN, "--objects", "none.csv"),
    "no_peaks.csv: column 'peak_mjd': not known of any object": (*RUBIN, "--objects", "no_peaks.csv"),
    "in: these are Rubin's columns, so give --columns rubin-dp1": (),
}


@pytest.mark.parametrize("message", WRONG)
def test_what_does_not_go_together_is_named_and_nothing_is_written(snlib, folder, three, message):
    KNOWN_HERE[["object_id", "redshift"]].to_csv(folder / "no_peaks.csv", index=False)
    before = contents(folder)
    code, said = snlib("embed", "in", "--out", "x", *WRONG[message], *GIVEN)
    assert code == 2 and message.split(":")[0] in said and message.split(": ")[1] in said, said
    assert contents(folder) == before


def test_objects_of_two_values_are_named(tmp_path):
    table = rubin_table(OBSERVED, "forced", KNOWN_HERE)
    parquet.write_table(replaced(table, "redshift", 0.06), tmp_path / "s.parquet")
    message = f"object '{FIRST_ID}', column 'redshift': not the same in all its rows"
    with pytest.raises(ValueError, match=message):
        run(tmp_path / "s.parquet", tmp_path / "x.parquet", given=Given(columns="rubin-dp1"))


def test_whatever_is_killed_goes_on_to_the_same_bytes(three, killed_at_each_change):
    given = Given(columns="rubin-dp1")
    run(three / "in", three / "whole", given=given)
    made = 0
    for _ in killed_at_each_change(lambda: run(three / "in", three / "killed", given=given)):
        made += 1
    assert made > 10 and contents(three / "killed") == contents(three / "whole")


def test_another_table_of_objects_is_begun_anew(three, monkeypatch):
    """Of a run that had been interrupted nothing is taken over."""
    KNOWN_HERE.to_csv(three / "objects.csv", index=False)
    given = Given(objects=three / "objects.csv", columns="rubin-dp1")
    (three / "in/c.parquet").rename(three / "c.parquet")
    (three / "in/c.parquet").write_text("bad")
    with pytest.raises(ValueError):
        run(three / "in", three / "x.parquet", given=given)
    assert list(three.glob(".x.parquet.*/*.parquet"))
    (three / "c.parquet").rename(three / "in/c.parquet")
    KNOWN_HERE.assign(redshift=0.04).to_csv(three / "objects.csv", index=False)
    run(three / "in", three / "x.parquet", given=given)
    assert set(parquet.read_table(three / "x.parquet")["redshift"].to_pylist()) == {0.04}


def test_several_workers_give_the_same_bytes(snlib, three, folder):
    pytest.importorskip("distributed", reason="needs snlib[survey]: Dask is not installed")
    assert snlib("embed", "in", "--out", "alone", *RUBIN, *SKY, *GIVEN)[0] == 0
    code, said = snlib("embed", "in", "--out", "shared", "--workers", "2", *RUBIN, *SKY, *GIVEN)
    assert code == 0, said
    assert contents(folder / "shared") == contents(folder / "alone")


def test_a_catalog_of_lsdb_joins_back_with_its_results(snlib, folder):
    lsdb = pytest.importorskip("lsdb", reason="needs snlib[survey]: LSDB is not installed")
    nested_pandas = pytest.importorskip("nested_pandas", reason="needs snlib[survey]: no nested-pandas")
    rng = np.random.default_rng(0)
    objects = {"diaObjectId": np.arange(N_OBJECTS) + FIRST_ID}
    objects |= {"ra": rng.uniform(0, 90, N_OBJECTS), "dec": rng.uniform(-40, 40, N_OBJECTS)}
    objects |= {name: KNOWN_HERE[name].to_numpy() for name in KNOWN}
    place = (OBSERVED["object_id"].astype(np.int64) - FIRST_ID).to_numpy()
    points = rubin_table(OBSERVED, "forced").drop_columns(["diaObjectId", "forcedSourceOnDiaObjectId"])
    points = points.to_pandas().set_index(place)
    frame = nested_pandas.NestedFrame(objects).join_nested(points, "diaObjectForcedSource")
    catalog = lsdb.from_dataframe(frame, catalog_name="dia", partition_rows=3)
    catalog.write_catalog(folder / "in", progress_bar=False)
    assert len(list((folder / "in").rglob("Npix=*"))) > 1
    code, said = snlib("embed", "in", "--out", "x", *RUBIN, *GIVEN)
    assert code == 0, said
    left, right = (lsdb.open_catalog(folder / name) for name in ("in", "x"))
    both = left.join(right, left_on="diaObjectId", right_on="diaObjectId", suffixes=("", "_x"))
    both = both.compute(progress_bar=False).sort_values("diaObjectId")
    assert both["n_points_x"].tolist() == [18] * N_OBJECTS
    np.testing.assert_array_equal(both["ra"], both["ra_x"])
    assert snlib("embed", "plain.csv", "--out", "y.csv", *SKY, "--zero-point", "31.4", *GIVEN)[0] == 0
    expected = latents(pd.read_csv(folder / "y.csv"))
    found = both.filter(regex="^(mean|scale)_").to_numpy(float)
    np.testing.assert_allclose(found, expected, atol=1e-5)
