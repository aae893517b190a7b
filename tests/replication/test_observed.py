"""Committed scores of observed spectra: whole, of the shipped weights, and what the chapter says of them."""

import numpy as np
import pandas as pd
import pytest

from snlib.data.quantities import WAVELENGTH_AA
from snlib.evaluation.observed_scores import mean_over_supernovae
from snlib.files import DATA, read_json
from snlib.inference import DEFAULT_WEIGHTS, Forecaster
from snlib.observed import Salt3, read_observed
from snlib.replication.cache import file_digest
from snlib.replication.observed import SIMULATED, predict_observed, score_tables, typical_supernova
from tests.observed.small_table import N_OBJECTS, write_table
from tests.observed.test_salt import FlatSurface

RESULTS = DATA / "results" / "observed"


@pytest.fixture(scope="module")
def spectra():
    return pd.read_csv(RESULTS / "spectra.csv")


def test_they_are_of_the_weights_that_are_shipped():
    weights = read_json(RESULTS / "provenance.json")["weights"]
    assert weights == {"file": DEFAULT_WEIGHTS.name, "sha256": file_digest(DEFAULT_WEIGHTS)}


def test_every_method_is_judged_by_the_same_spectra(spectra):
    provenance = read_json(RESULTS / "provenance.json")
    columns = ["supernova", "fold", "phase_days"]
    first, *others = (rows[columns].reset_index(drop=True) for _, rows in spectra.groupby("method"))
    assert len(first) == provenance["spectra"] and first["supernova"].nunique() == provenance["supernovae"]
    for other in others:
        pd.testing.assert_frame_equal(first, other)
    assert (first.groupby("supernova")["fold"].nunique() == 1).all() and first["fold"].nunique() == 5
    assert len(others) == 3


def test_shape_is_what_is_left_without_the_level(spectra):
    judged = spectra.dropna(subset="raw_dex")
    assert len(judged) > 0.95 * len(spectra)
    assert (judged["shape_dex"] <= judged["raw_dex"] * 1.001 + 0.03).all()
    bound = judged["shape_dex"] + judged["offset_dex"].abs()
    assert (judged["raw_dex"] <= bound + 1e-3).all()  # the triangle inequality


def test_only_the_forecast_has_intervals_and_they_are_nested(spectra):
    has = spectra.groupby("method")["coverage_90"].apply(lambda column: column.notna().any())
    assert has.index[has].tolist() == [SIMULATED]
    ours = spectra[spectra["method"] == SIMULATED].dropna(subset="coverage_90")
    assert (ours["coverage_50"] <= ours["coverage_68"]).all()
    assert (ours["coverage_68"] <= ours["coverage_90"]).all()


def test_the_floor_lies_below_every_method(spectra):
    floor = pd.read_csv(RESULTS / "floor.csv").groupby("supernova")["shape_dex"].mean().mean()
    means = mean_over_supernovae(spectra, ["shape_dex"], ["method"])["shape_dex"]
    assert 0.01 < floor < means.min()


def test_from_a_table_to_scores(tmp_path):
    """The whole way, with a small table and a surface of known brightness."""
    spectra_aa = WAVELENGTH_AA[::5]
    flux = np.full((12, len(spectra_aa)), -11.6, np.float32)
    flux[::2, :20] = np.nan
    path = write_table(tmp_path / "o.npz", wavelength_aa=spectra_aa.astype(np.float32), log10_fnu=flux)
    observed = read_observed(path)
    predictions = predict_observed(observed, Forecaster.load(DEFAULT_WEIGHTS), Salt3(FlatSurface()))
    assert predictions.samples.shape[0] == 12 and predictions.samples.shape[2] == len(spectra_aa)
    tables = score_tables(observed, predictions)
    scores = tables["spectra"].set_index("method")
    assert len(scores) == 12 * len(predictions.means())
    level = scores.loc["mean spectrum (observed)"]
    assert level["raw_dex"].max() < 1e-6  # all are alike
    assert scores.loc[SIMULATED, "coverage_90"].between(0, 1).all()
    typical = typical_supernova(tables["spectra"])
    assert typical["supernova"].nunique() == 1 and typical["phase_bin"].tolist() == ["-5 to 5", "15 to 30"]
    assert scores["supernova"].nunique() == N_OBJECTS


def test_the_typical_supernova_has_the_median_error(spectra):
    rows = typical_supernova(spectra)
    ours = spectra[spectra["method"] == SIMULATED].reset_index()
    whole = ours.groupby("supernova")["phase_bin"].nunique()
    errors = ours.groupby("supernova")["shape_dex"].mean()[whole.index[whole == 4]]
    (name,) = set(rows["supernova"])
    below = (errors < errors[name]).sum()
    assert below == (len(errors) - 1) // 2
    assert len(rows) == 4 and ours.loc[rows["index"], "supernova"].tolist() == [name] * 4
