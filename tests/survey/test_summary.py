"""Predicted spectra in short, against the samples that ``snlib predict`` draws."""

import numpy as np
import pandas as pd
import pytest
from pyarrow import parquet

from snlib.data.quantities import WAVELENGTH_AA
from snlib.evaluation.features import FEATURES, features
from snlib.survey.summary import nearest_pixels
from tests.survey.small_surveys import GIVEN, write_survey, write_weights

LENGTHS = [7, 0, 30]
WHERE = ("--phases=-10,12", "--samples", "39", "--seed", "2")
SUMMARY = ("--summary", "--wavelengths", "3000,6150,8000", *WHERE)
FIELDS = ("mean_log10_fnu", "low_90_log10_fnu", "high_90_log10_fnu")


@pytest.fixture
def folder(tmp_path, dataset, small_recipe):
    write_weights(tmp_path / "w.safetensors", dataset, small_recipe)
    return tmp_path


def test_a_summary_is_that_of_the_samples(snlib, folder):
    """Of 39 samples and one more draw, 5 % lie below the second smallest: the ends of the 90 % interval."""
    points = write_survey(folder / "s.parquet", LENGTHS)
    points.to_csv(folder / "s.csv", index=False)
    assert snlib("predict", "s.csv", "--out", "x.npz", *WHERE, *GIVEN)[0] == 0
    samples = np.load(folder / "x.npz")["samples"]
    code, said = snlib("predict", "s.parquet", "--out", "y.parquet", *SUMMARY, *GIVEN)
    assert code == 0 and "predict: 100%" in said, said
    table = parquet.read_table(folder / "y.parquet")
    assert table["object_id"].to_pylist() == ["sn0", "sn1", "sn2"]
    assert table["n_points"].to_pylist()[1] == 0 and table["misfit_mag"].to_pylist()[1] is None
    pixels = [np.argmin(np.abs(WAVELENGTH_AA - one)) for one in (3000, 6150, 8000)]
    for row, of_object in ((0, samples[0]), (2, samples[1])):
        spectra = table["spectra"][row].as_py()
        assert spectra["phase_days"] == [-10] * 3 + [12] * 3
        np.testing.assert_allclose(spectra["wavelength_aa"], np.tile(WAVELENGTH_AA[pixels], 2), rtol=1e-6)
        check(spectra, FIELDS, of_object[..., pixels])
        measured = table["features"][row].as_py()
        assert measured["feature"] == [*FEATURES] * 2 and measured["phase_days"] == [-10] * 8 + [12] * 8
        check(measured, ("mean", "low_90", "high_90"), features(WAVELENGTH_AA, of_object))


def check(found, names, samples):
    ordered = np.sort(samples, axis=0)
    for name, expected in zip(names, (samples.mean(0), ordered[1], ordered[-2]), strict=True):
        np.testing.assert_allclose(found[name], expected.ravel(), rtol=1e-4, atol=1e-4)


def numbers_of(column):
    """Of each object, the lists of numbers of a nested column."""
    return [[values for name, values in row.items() if name != "feature"] for row in column]


def test_a_table_of_text_is_summed_up_in_memory(snlib, folder):
    write_survey(folder / "s.parquet", LENGTHS).to_csv(folder / "s.csv", index=False)
    for source, out in (("s.parquet", "x.parquet"), ("s.csv", "y.parquet")):
        code, said = snlib("predict", source, "--out", out, *SUMMARY, *GIVEN)
        assert code == 0, said
    ours, theirs = (parquet.read_table(folder / f"{name}.parquet").to_pandas() for name in "xy")
    ours = ours[ours["object_id"] != "sn1"].reset_index(drop=True)
    for name in ("spectra", "features"):
        for one, other in zip(numbers_of(ours[name]), numbers_of(theirs[name]), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-5)
    pd.testing.assert_frame_equal(ours.iloc[:, :4], theirs.iloc[:, :4], check_dtype=False)
    code, said = snlib("predict", "s.csv", "--out", "z.csv", *SUMMARY, *GIVEN)
    assert code == 2 and said == "snlib: z.csv: the name should end in .parquet\n"
    code, said = snlib("predict", "s.csv", "--out", "z.parquet", "--skip-bad", *SUMMARY, *GIVEN)
    assert code == 2 and "are for surveys" in said


def test_the_pixel_of_a_wavelength_is_the_nearest():
    assert nearest_pixels([8000, 3000, 3000.5]).tolist() == [0, 981]
    (place,) = nearest_pixels([5000.0])
    assert abs(WAVELENGTH_AA[place] - 5000) <= 0.0005 * 5000 * 1.01


@pytest.mark.parametrize(
    "given, message",
    [
        (("--wavelengths", "2000"), "wavelengths: 2000 is outside 3000 to 7998 Angstrom"),
        (("--wavelengths", "x"), "--wavelengths: 'x' is not a list of numbers"),
        (("--phases=0,40",), "phases: 40 is outside -10 to 30 days from peak"),
        (("--samples", "0"), "samples is 0, expected at least 1"),
        (("--objects", "o.csv"), "s.parquet: no column 'mjd', and --objects is for observed light curves"),
        (("--samples", "18"), "samples is 18, expected at least 19 of a summary"),
    ],
)
def test_what_cannot_be_summed_up_is_named(snlib, folder, given, message):
    write_survey(folder / "s.parquet", [5])
    code, said = snlib("predict", "s.parquet", "--out", "x", "--summary", *given, *GIVEN)
    assert code == 2 and said.startswith(f"snlib: {message}"), said
    assert not (folder / "x").exists() and not list(folder.glob(".x*"))


def test_bad_weights_are_named_before_anything_is_begun(snlib, folder):
    write_survey(folder / "s.parquet", [5])
    (folder / "w.safetensors").write_text("none")
    code, said = snlib("predict", "s.parquet", "--out", "x", "--summary", *GIVEN)
    assert code == 2 and "w.safetensors: not a readable safetensors file" in said, said
    assert not list(folder.glob(".x*"))
