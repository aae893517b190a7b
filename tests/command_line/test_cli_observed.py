"""``snlib predict`` and ``snlib embed`` with light curves as telescopes measure them."""

import numpy as np
import pandas as pd
import pytest

from snlib.model.registry import new_model
from snlib.model.weights import SavedModel, save_model

GIVEN = ("--weights", "w.safetensors", "--device", "cpu")
PREDICT = ("predict", "curves.csv", "--phases=0", "--samples", "3", "--out", "x.npz", *GIVEN)
EMBED = ("embed", "curves.csv", "--out", "x.csv", *GIVEN)
SKY = ("--objects", "objects.csv")
REDSHIFT, MODULUS, PEAK = 0.05, 36.7, 55_000.0


@pytest.fixture
def table():
    """Two objects of a flat spectrum, for which m = M + mu - 2.5 log10(1 + z); in nJy."""
    phase = np.tile(np.arange(-5.0, 25.0, 5.0), 2)
    absolute = np.repeat([-19.0, -18.0], 6) + phase / 50
    magnitude = absolute + MODULUS - 2.5 * np.log10(1 + REDSHIFT)
    return pd.DataFrame(
        {
            "object_id": np.repeat(["a", "b"], 6),
            "mjd": PEAK + phase * (1 + REDSHIFT),
            "filter": np.tile(["ztfr", "PS1-g"], 6),
            "flux": 10 ** (-0.4 * (magnitude - 31.4)),
        }
    )


@pytest.fixture
def folder(table, dataset, small_recipe, tmp_path, monkeypatch):
    monkeypatch.delenv("SNLIB_SALT3", raising=False)
    table.to_csv(tmp_path / "curves.csv", index=False)
    objects = {"redshift": REDSHIFT, "distance_modulus": MODULUS, "peak_mjd": PEAK, "ebv_mw": 0.0}
    pd.DataFrame({"object_id": ["b", "a"]} | objects).to_csv(tmp_path / "objects.csv", index=False)
    model = new_model("mmvae", small_recipe, seed=0)
    save_model(tmp_path / "w.safetensors", SavedModel("mmvae", model, dataset.scaling, {}))
    return tmp_path


def at_rest(folder):
    """The same light curves as absolute magnitudes at rest."""
    table = pd.read_csv(folder / "curves.csv")
    magnitude = -2.5 * np.log10(table["flux"]) + 31.4 - MODULUS + 2.5 * np.log10(1 + REDSHIFT)
    phase = (table["mjd"] - PEAK) / (1 + REDSHIFT)
    band = table["filter"].str[-1]
    kept = {"object_id": table["object_id"], "phase_days": phase, "band": band, "magnitude": magnitude}
    pd.DataFrame(kept).to_csv(folder / "rest.csv", index=False)


def test_the_prediction_is_that_of_the_light_curve_at_rest(snlib, folder):
    at_rest(folder)
    code, said = snlib(*PREDICT, *SKY, "--zero-point", "31.4")
    assert code == 0, said
    assert "snlib: x.steps.csv: brought to the rest frame: peak: given, distance: given, dust: F99" in said
    assert snlib("predict", "rest.csv", *PREDICT[2:-5], "y.npz", *GIVEN)[0] == 0
    with np.load(folder / "x.npz") as observed, np.load(folder / "y.npz") as expected:
        assert observed["object_id"].tolist() == ["a", "b"] and observed["n_points"].tolist() == [6, 6]
        np.testing.assert_allclose(observed["samples"], expected["samples"], atol=1e-3)
    steps = pd.read_csv(folder / "x.steps.csv")
    assert steps["object_id"].tolist() == ["a", "b"] and steps["n_points"].tolist() == [6, 6]
    assert steps["redshift"].tolist() == [REDSHIFT] * 2 and (steps["k_correction"].str.len() > 20).all()


def test_the_embedding_is_that_of_the_light_curve_at_rest(snlib, folder):
    at_rest(folder)
    assert snlib(*EMBED, *SKY, "--zero-point", "31.4")[0] == 0
    assert snlib("embed", "rest.csv", "--out", "y.csv", *GIVEN)[0] == 0
    observed, expected = (pd.read_csv(folder / name) for name in ("x.csv", "y.csv"))
    assert observed["object_id"].tolist() == ["a", "b"]
    numbers = expected.select_dtypes("number").columns
    assert len(numbers) > 30
    np.testing.assert_allclose(observed[numbers], expected[numbers], atol=2e-3)
    assert (folder / "x.steps.csv").is_file() and not (folder / "y.steps.csv").exists()


def test_predictions_are_shown_as_they_would_be_seen(snlib, folder):
    """F_nu at rest is F_lambda at earth times lambda^2 / c, brighter by the distance, fainter by 1 + z."""
    predicted = [*PREDICT[:-6], "--out", "x.csv", *GIVEN]
    predicted[predicted.index("--samples") + 1] = "20"
    assert snlib(*predicted, *SKY, "--zero-point", "31.4")[0] == 0
    code, said = snlib("observe", "x.csv", "--out", "seen.csv")
    assert code == 0, said
    rest, seen = (pd.read_csv(folder / name) for name in ("x.csv", "seen.csv"))
    np.testing.assert_allclose(seen["wavelength_aa"], rest["wavelength_aa"] * (1 + REDSHIFT), rtol=1e-6)
    fnu = seen["f_lambda"] * seen["wavelength_aa"] ** 2 / 2.99792458e18 * 10 ** (0.4 * MODULUS)
    np.testing.assert_allclose(np.log10(fnu / (1 + REDSHIFT)), rest["mean_log10_fnu"], atol=1e-4)
    assert (seen["low_90_f_lambda"] < seen["high_90_f_lambda"]).all() and (seen["mjd"] == PEAK).all()


def without_dates(table):
    return table.rename(columns={"mjd": "phase_days"})


WRONG = {
    "curves.csv: column 'mjd': dates need redshifts, so give --objects": ((), lambda t: t),
    "curves.csv: object 'a', column 'flux': of which no zero_point": (SKY, lambda t: t),
    "curves.csv: object 'b', column 'band': 'V' alone names no system": (
        (*SKY, "--zero-point", "31.4"),
        lambda t: t.assign(filter=[*t["filter"][:-1], "V"]),
    ),
    "curves.csv: no column 'mjd', and --objects is for": (
        SKY,
        lambda t: t.rename(columns={"mjd": "phase_days"}),
    ),
    "curves.csv: no column 'mjd', and --zero-point is for": (
        ("--zero-point", "25"),
        lambda t: t.rename(columns={"mjd": "phase_days"}),
    ),
    "objects.csv: no row for object 'c'": ((*SKY, "--zero-point", "31.4"), lambda t: t.replace("b", "c")),
    "none.csv: no such file": (("--objects", "none.csv", "--zero-point", "31.4"), lambda t: t),
}


@pytest.mark.parametrize("message", WRONG)
@pytest.mark.parametrize("command", [PREDICT, EMBED])
def test_bad_input_is_named_and_nothing_is_written(snlib, folder, table, command, message):
    more, change = WRONG[message]
    change(table).to_csv(folder / "curves.csv", index=False)
    before = sorted(folder.iterdir())
    code, said = snlib(*command, *more)
    assert code == 2 and said.startswith(f"snlib: {message}") and said.count("\n") == 1, said
    assert sorted(folder.iterdir()) == before


def test_a_missing_package_is_one_line(snlib, folder, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "sncosmo", None)
    code, said = snlib(*EMBED, *SKY, "--zero-point", "31.4", "--salt3", "surfaces")
    assert (
        code == 2 and said.splitlines()[-1].endswith("pip install 'snlib[observed]'") and "Trace" not in said
    )
