"""``snlib predict`` and ``snlib embed``, as a user calls them."""

import re
import signal
import subprocess
import sys
import time
from functools import partial

import numpy as np
import pandas as pd
import pytest
from astropy.table import Table

from snlib.data.quantities import BANDS, WAVELENGTH_AA
from snlib.files import DATA
from snlib.inference.forecast import Forecaster
from snlib.inference.shipped import DEFAULT_WEIGHTS, find_weights
from snlib.model.registry import new_model
from snlib.model.weights import SavedModel, save_model

PREDICT = ("predict", "curves.csv", "--phases=-10,12", "--samples", "7", "--seed", "2", "--out", "x.npz")
SIZE = "6 objects, 7 spectra at each of 2 phases: 0.3 MB"
ABOUT = ("n_points", "misfit_mag", "unlike")
EMBED = ("embed", "curves.csv", "--out", "x.csv")
GIVEN = ("--weights", "w.safetensors", "--device", "cpu")


@pytest.fixture
def table(events):
    """Six light curves as a table, a row a point."""
    light_curves = events.light_curves.select(slice(0, 6))
    index, slot = np.nonzero(light_curves.observed & (light_curves.phase_days < 60))
    return pd.DataFrame(
        {
            "object_id": events.object_id[index],
            "phase_days": light_curves.phase_days[index, slot],
            "band": np.array(BANDS)[light_curves.band[index, slot]],
            "magnitude": light_curves.magnitude[index, slot],
        }
    )


@pytest.fixture
def folder(table, dataset, small_recipe, tmp_path):
    """A folder with light curves and untrained weights; the commands run there."""
    table.to_csv(tmp_path / "curves.csv", index=False)
    model = new_model("mmvae", small_recipe, seed=0)
    limit = {"familiarity": {"limit": 2.0, "false_alarm": 0.01, "n_light_curves": 100}}
    save_model(tmp_path / "w.safetensors", SavedModel("mmvae", model, dataset.scaling, {}, more=limit))
    return tmp_path


def read(path):
    with np.load(path, allow_pickle=False) as archive:
        return dict(archive)


def lines_of(said):
    return [line for line in re.split(r"[\r\n]+", said) if line.startswith("snlib: ")]


def content(folder):
    return sorted(path.name for path in folder.iterdir())


def test_predict_writes_what_is_promised(snlib, folder, table):
    code, said = snlib(*PREDICT, *GIVEN)
    assert code == 0 and "predict: 100%" in said
    assert lines_of(said) == [f"snlib: x.npz: {SIZE}"]
    result = read(folder / "x.npz")
    assert sorted(result) == sorted([*ABOUT, "object_id", "phase_days", "samples", "wavelength_aa"])
    assert (result["misfit_mag"] > 0).all() and result["unlike"].dtype == bool
    assert result["n_points"].tolist() == table.groupby("object_id", sort=False).size().tolist()
    assert result["object_id"].tolist() == table["object_id"].unique().tolist()
    assert result["phase_days"].tolist() == [-10, 12]
    np.testing.assert_array_equal(result["wavelength_aa"], WAVELENGTH_AA)
    assert result["samples"].shape == (6, 7, 2, 982) and result["samples"].dtype == np.float32
    assert np.isfinite(result["samples"]).all()
    assert snlib(*PREDICT, "--latent-only", *GIVEN)[0] == 0
    latent = read(folder / "x.npz")
    assert sorted(latent) == sorted([*ABOUT, "latent_samples", "object_id", "phase_days", "wavelength_aa"])
    assert latent["latent_samples"].shape == (6, 7, 2, 982) and latent["latent_samples"].dtype == np.float32
    assert result["samples"].std() > latent["latent_samples"].std()


def test_by_default_two_hundred_samples_at_the_phases_of_the_spectra(snlib, folder, table):
    table[table["object_id"] == "event-1"].to_csv(folder / "curves.csv", index=False)
    assert snlib("predict", "curves.csv", "--out", "x.npz", *GIVEN)[0] == 0
    result = read(folder / "x.npz")
    assert result["phase_days"].tolist() == [-10, 0, 10, 20, 30]
    assert result["samples"].shape == (1, 200, 5, 982)


def test_draws_are_those_of_the_seed_that_is_given(snlib, folder, table):
    """By default 0."""
    table[table["object_id"] == "event-1"].to_csv(folder / "curves.csv", index=False)
    drawn = []
    for place, seed in enumerate(([], ["--seed", "0"], ["--seed", "4"], ["--seed", "4"])):
        out = f"{place}.npz"
        assert snlib("predict", "curves.csv", "--samples", "3", "--out", out, *seed, *GIVEN)[0] == 0
        drawn.append(read(folder / out)["samples"])
    np.testing.assert_array_equal(*drawn[:2])
    np.testing.assert_array_equal(*drawn[2:])
    assert (drawn[0] != drawn[2]).any((0, 2, 3)).all()  # in each sample


LARGE = "large/predictive-mmvae-large-seed0"


@pytest.mark.parametrize("command", [PREDICT, EMBED])
@pytest.mark.parametrize(
    "given, weights",
    [
        ((), LARGE),
        (("--weights", "large"), LARGE),
        (("--weights", "predictive-mmvae-large-seed0"), LARGE),
        (("--weights", "mmvae-text-seed0"), "full_length/mmvae-text-seed0"),
    ],
)
def test_shipped_weights_have_names(snlib, folder, monkeypatch, command, given, weights):
    """Also where a file of the name lies in the working folder."""
    asked = []

    def load(path, device):
        asked.append(path)
        raise ValueError("enough")

    monkeypatch.setattr(Forecaster, "load", load)
    for name in ("large", "mmvae-text-seed0"):
        (folder / name).write_text("other")
    assert snlib(*command, "--device", "cpu", *given) == (2, "snlib: enough\n")
    assert asked[0].relative_to(DATA).as_posix() == f"weights/{weights}.safetensors"


def test_the_default_weights_are_those_of_the_notebooks():
    assert find_weights("large") == DEFAULT_WEIGHTS and DEFAULT_WEIGHTS.is_file()


@pytest.mark.parametrize("command", [PREDICT, EMBED])
def test_the_same_light_curves_in_three_kinds_of_file(snlib, folder, table, command):
    Table.from_pandas(table).write(folder / "curves.ecsv", format="ascii.ecsv")
    table.to_parquet(folder / "curves.parquet")
    results = []
    for suffix in ("csv", "ecsv", "parquet"):
        code, said = snlib(command[0], f"curves.{suffix}", *command[2:], *GIVEN)
        assert code == 0, said
        results.append((folder / command[-1]).read_bytes() if command is EMBED else read(folder / "x.npz"))
    if command is EMBED:
        assert results[0] == results[1] == results[2]
    else:
        for name, values in results[0].items():
            for other in results[1:]:
                np.testing.assert_array_equal(other[name], values)


def test_neither_the_order_of_rows_nor_other_objects_matter(snlib, folder, table):
    assert snlib(*PREDICT, *GIVEN)[0] == 0
    expected = read(folder / "x.npz")
    shuffled = table.sample(frac=1, random_state=1)
    for rows in (shuffled, shuffled[shuffled["object_id"].isin(["event-4", "event-2"])]):
        rows.to_csv(folder / "curves.csv", index=False)
        assert snlib(*PREDICT, *GIVEN)[0] == 0
        found = read(folder / "x.npz")
        assert found["object_id"].tolist() == rows["object_id"].unique().tolist()
        place = [expected["object_id"].tolist().index(name) for name in found["object_id"]]
        np.testing.assert_array_equal(found["samples"], expected["samples"][place])


@pytest.mark.parametrize("command", [PREDICT, EMBED])
def test_weights_without_a_limit_call_nothing_unlike_and_say_so(
    snlib, folder, small_recipe, dataset, command
):
    saved = SavedModel("mmvae", new_model("mmvae", small_recipe, seed=0), dataset.scaling, {})
    save_model(folder / "w.safetensors", saved)
    code, said = snlib(*command, *GIVEN)
    (warned,) = [line for line in lines_of(said) if SIZE not in line]
    assert code == 0 and warned.startswith("snlib: these weights have no limit of familiarity")
    result = read(folder / "x.npz") if command is PREDICT else pd.read_csv(folder / "x.csv")
    assert not np.any(result["unlike"]) and np.all(result["misfit_mag"] > 0)


def test_points_left_out_change_nothing_and_are_told(snlib, folder, table):
    assert snlib(*PREDICT, *GIVEN)[0] == 0
    expected = read(folder / "x.npz")["samples"]
    more = pd.DataFrame(
        {
            "object_id": ["event-1", "event-2", "dark"],
            "phase_days": [70.0, 80, -30],
            "band": "r",
            "magnitude": -17.0,
        }
    )
    pd.concat([table, more]).to_csv(folder / "curves.csv", index=False)
    code, said = snlib(*PREDICT, *GIVEN)
    assert code == 0
    assert lines_of(said)[:-1] == [
        "snlib: curves.csv: phase_days before -20: 1 points of 1 objects left out, first of 'dark'",
        "snlib: curves.csv: phase_days after 60: 2 points of 2 objects left out, first of 'event-1'",
        "snlib: curves.csv: no point left, so what follows is the prior's: object 'dark'",
    ]
    result = read(folder / "x.npz")
    assert result["object_id"].tolist()[-1] == "dark"
    np.testing.assert_array_equal(result["samples"][:-1], expected)
    assert np.isfinite(result["samples"][-1]).all()


def test_embed_of_nothing_is_the_prior(snlib, folder, table):
    table.loc[table["object_id"] == "event-3", "band"] = "J"
    table.to_csv(folder / "curves.csv", index=False)
    assert snlib(*EMBED, *GIVEN)[0] == 0
    result = pd.read_csv(folder / "x.csv").set_index("object_id")
    assert list(result.columns) == [
        *ABOUT,
        *(f"{k}_{i}_{j}" for k in ("mean", "scale") for i in range(4) for j in range(4)),
    ]
    assert (result.loc["event-3", "n_points"], result.loc["event-3", "unlike"]) == (0, False)
    assert np.isnan(result.loc["event-3", "misfit_mag"])
    assert result.drop(columns=list(ABOUT)).loc["event-3"].tolist() == [0.0] * 16 + [1.0] * 16
    assert (result.drop("event-3").filter(like="mean").abs().sum(axis=1) > 0).all()


def replaced(column, value):
    def change(table):
        table = table.astype(object)
        table.loc[3, column] = value
        return table

    return change


@pytest.mark.parametrize(
    "change, more, message",
    [
        (
            replaced("magnitude", "abc"),
            (),
            "curves.csv: object 'event-0', column 'magnitude': 'abc' is not a",
        ),
        (
            replaced("magnitude", 22.1),
            (),
            "curves.csv: object 'event-0', column 'magnitude': 22.1, expected an",
        ),
        (replaced("object_id", ""), (), "curves.csv: row 4, column 'object_id': empty"),
        (lambda t: t.drop(columns="band"), (), "curves.csv: column 'band' is missing"),
        (lambda t: t[:0], (), "curves.csv: no rows"),
        (
            lambda t: t,
            ("--weights", "no.safetensors"),
            "no.safetensors: no such file, nor shipped weights of this name; there are full_length, "
            "mmvae-improved-seed0, mmvae-text-seed0, large, predictive-mmvae-large-seed0, observed, "
            "joint-transceiver-joint-tuned-seed0\n",
        ),
        (
            lambda t: t,
            ("--weights", "full_length"),
            "full_length: has mmvae-improved-seed0, mmvae-text-seed0; name one of them\n",
        ),
        (lambda t: t, ("--weights", "curves.csv"), "curves.csv: not a readable safetensors file"),
        (lambda t: t, ("--device", "abacus"), "device is 'abacus', expected 'auto', 'cpu' or 'cuda'"),
    ],
)
@pytest.mark.parametrize("command", [PREDICT, EMBED])
def test_bad_input_is_named_and_nothing_is_written(snlib, folder, table, command, change, more, message):
    change(table).to_csv(folder / "curves.csv", index=False)
    before = content(folder)
    code, said = snlib(*command, *GIVEN, *more)
    assert code == 2
    assert said.startswith(f"snlib: {message}") and said.count("\n") == 1
    assert content(folder) == before


@pytest.mark.parametrize(
    "command, more, message",
    [
        (PREDICT, ("--out", "x.fits"), "x.fits: the name should end in .npz or .csv"),
        (PREDICT, ("--phases=0,40",), "phases: 40 is outside -10 to 30 days from peak"),
        (PREDICT, ("--phases=0,x",), "--phases: '0,x' is not a list of numbers like -10,0,10"),
        (PREDICT, ("--phases=nan",), "phases: nan is outside -10 to 30 days from peak"),
        (PREDICT, ("--samples", "0"), "samples is 0, expected at least 1"),
        (PREDICT, ("--seed=-1",), "seed is -1, expected a whole number from 0 to 2**63 - 1, such as 7"),
        (EMBED, ("--out", "x.fits"), "x.fits: the name should end in .csv or .parquet"),
    ],
)
def test_bad_arguments_are_named_before_anything_is_read(snlib, folder, command, more, message):
    (folder / "curves.csv").write_text("no table")
    before = content(folder)
    assert snlib(*command, *GIVEN, *more) == (2, f"snlib: {message}\n")
    assert content(folder) == before


MANY = ("--samples", "400")  # 3 MB an object, of which six take seconds


def killed(folder, number):
    """Run the command until it has begun to write, and send it a signal."""
    before = content(folder)
    command = [sys.executable, "-m", "snlib", *PREDICT, *GIVEN, *MANY]
    # What a shell starts in the background ignores Ctrl-C, and so would the tests started there.
    heed = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    with subprocess.Popen(command, cwd=folder, stderr=subprocess.DEVNULL, preexec_fn=heed) as process:
        while sum(path.stat().st_size for path in folder.glob(".*.partial")) < 4e6 and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(number)
    assert process.returncode not in (0, 2)
    return set(content(folder)) - set(before)


def test_an_interrupted_prediction_leaves_nothing_behind(folder):
    """Ctrl-C while the samples are being written."""
    assert killed(folder, signal.SIGINT) == set()


def test_a_killed_prediction_is_gone_on_with(snlib, folder):
    assert len(killed(folder, signal.SIGKILL)) == 1
    code, said = snlib(*PREDICT, *GIVEN, *MANY)
    assert code == 0 and not re.search(r"predict:\s+0%", said)  # the bar begins where the first one ended
    gone_on_with = (folder / "x.npz").read_bytes()
    (folder / "x.npz").unlink()
    assert snlib(*PREDICT, *GIVEN, *MANY)[0] == 0
    assert (folder / "x.npz").read_bytes() == gone_on_with
    assert not list(folder.glob(".*"))


def test_predict_writes_a_table_of_intervals(snlib, folder, table):
    code, said = snlib(*PREDICT[:-1], "x.csv", "--samples", "30", *GIVEN)
    assert code == 0, said
    result = pd.read_csv(folder / "x.csv")
    assert result.groupby("object_id", sort=False).size().to_dict() == dict.fromkeys(
        table["object_id"].unique(), 2 * 982
    )
    low, mean, high = (result[f"{name}_log10_fnu"] for name in ("low_90", "mean", "high_90"))
    assert ((low < mean) & (mean < high)).mean() > 0.99
