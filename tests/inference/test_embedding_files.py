"""Embeddings of one's own light curves, as a table."""

import numpy as np
import pandas as pd
import pytest

from snlib.data.ragged import RaggedLightCurves
from snlib.inference import embedding_files as module
from snlib.inference.embedding_files import embedding_table, write_table
from snlib.inference.forecast import Forecaster


def light_curves(lengths, rng):
    place = np.repeat(np.arange(len(lengths)), lengths)
    n = len(place)
    points = (rng.uniform(-10, 50, n), rng.normal(-18, 1, n), rng.integers(0, 6, n))
    return RaggedLightCurves.from_points(np.arange(len(lengths)).astype(str).astype(object), place, *points)


@pytest.fixture
def forecaster(model, dataset):
    return Forecaster(model, dataset.scaling)


def test_each_row_is_the_posterior_of_its_light_curve(forecaster, monkeypatch):
    monkeypatch.setattr(module, "_MOST_SLOTS", 20)  # so that there are several batches
    curves = light_curves([7, 0, 30, 1, 12], np.random.default_rng(0))
    table = embedding_table(forecaster, curves)
    assert table["object_id"].tolist() == list("01234") and table["n_points"].tolist() == [7, 0, 30, 1, 12]
    assert table.shape == (5, 36)
    for row in range(5):
        photometry = forecaster.scaling.photometry(curves.padded([row]))
        posterior = forecaster.model.photometry.posterior(photometry)
        for name, values in (("mean", posterior.loc), ("scale", posterior.scale)):
            for i, j in np.ndindex(4, 4):
                assert table[f"{name}_{i}_{j}"][row] == pytest.approx(values[0, i, j].item(), abs=1e-5)


def test_one_long_light_curve_does_not_widen_the_others(forecaster, monkeypatch):
    encoded = []
    embed = module.embed

    def count(model, scaling, curves, device):
        encoded.append(curves.magnitude.size)
        return embed(model, scaling, curves, device)

    monkeypatch.setattr(module, "embed", count)
    embedding_table(forecaster, light_curves([3] * 2000 + [1000], np.random.default_rng(0)))
    assert sum(encoded) < 1.01 * 7000


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_embeddings_survive_the_disk(forecaster, tmp_path, suffix):
    table = embedding_table(forecaster, light_curves([7, 0, 30], np.random.default_rng(0)))
    table["object_id"] = ["007", "b", "c"]
    path = tmp_path / f"x{suffix}"
    write_table(path, table)
    again = pd.read_csv(path, dtype={"object_id": str}) if suffix == ".csv" else pd.read_parquet(path)
    pd.testing.assert_frame_equal(again, table, check_dtype=False, check_exact=False, atol=1e-6)


def test_tables_of_other_kinds_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"x\.txt: the name should end in \.csv or \.parquet"):
        write_table(tmp_path / "x.txt", pd.DataFrame({"a": [1]}))
    assert not list(tmp_path.iterdir())
