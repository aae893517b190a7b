"""The command line, as a user calls it."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from snlib import replication
from snlib.cli import app
from snlib.data.dataset import split_events
from snlib.data.events import Events
from snlib.data.light_curve_tables import LIGHT_CURVE_COLUMNS
from snlib.data.quantities import PARAMETERS, WAVELENGTH_AA
from snlib.files import read_json
from snlib.model.heads import HEADS
from snlib.model.recipes import RECIPES
from snlib.model.registry import MODELS
from snlib.replication.ablations import ABLATIONS
from snlib.replication.profiles import PROFILES
from snlib.replication.tables import TABLES
from snlib.simulation.simulator import simulate
from snlib.simulation.surrogate import Surrogate
from snlib.simulation.survey import SELECTIONS
from snlib.training.steps import PRECISIONS

NAMES = [parameter.name for parameter in PARAMETERS]
ROWS = np.array([[1.45, 1.2, 0.6, 0.56, 0.04, 50.0], [0.9, 1.0, 0.3, 0.67, 0.03, 20.0]])


@pytest.fixture
def table():
    return pd.DataFrame(ROWS, columns=NAMES)


def test_surface(snlib, tmp_path, table):
    table.insert(0, "name", ["a", "b"])
    table[["name", *NAMES[::-1]]].to_csv(tmp_path / "models.csv", index=False)
    code, said = snlib("surface", "models.csv", "--phases=-10,0,7.5", "--out", "fluxes.npz")
    assert (code, said) == (0, "")
    with np.load(tmp_path / "fluxes.npz") as result:
        assert sorted(result.files) == ["log10_fnu", "phase_days", "wavelength_aa"]
        assert result["phase_days"].tolist() == [-10, 0, 7.5]
        np.testing.assert_array_equal(result["wavelength_aa"], WAVELENGTH_AA)
        expected = Surrogate.load().log10_fnu(ROWS, result["phase_days"], WAVELENGTH_AA)
        np.testing.assert_array_equal(result["log10_fnu"], expected)


def test_surface_by_default_at_the_phases_of_the_spectra(snlib, tmp_path, table):
    table.to_csv(tmp_path / "models.csv", index=False)
    assert snlib("surface", "models.csv", "--out", "fluxes.npz") == (0, "")
    with np.load(tmp_path / "fluxes.npz") as result:
        assert result["phase_days"].tolist() == [-10, 0, 10, 20, 30]
        assert result["log10_fnu"].shape == (2, 5, 982)


def test_models_beyond_the_grid_come_with_a_warning(snlib, tmp_path, table):
    table.loc[1, "kinetic_energy_1e51erg"] = 4.0
    table.to_csv(tmp_path / "models.csv", index=False)
    code, said = snlib("surface", "models.csv", "--out", "fluxes.npz")
    assert code == 0
    assert said.startswith("snlib: models.csv: extrapolated beyond the grid: row 2, kinetic velocity")
    assert said.count("\n") == 1
    assert (tmp_path / "fluxes.npz").exists()


def replaced(column, row, value):
    def change(table):
        table = table.astype(object)
        table.loc[row, column] = value
        return table

    return change


@pytest.mark.parametrize(
    "change, arguments, message",
    [
        (lambda t: t.drop(columns="co_mass_msun"), (), "models.csv: column 'co_mass_msun' is missing"),
        (replaced("co_mass_msun", 1, "much"), (), "row 2, column 'co_mass_msun': 'much' is not a finite"),
        (replaced("ni56_mass_msun", 0, ""), (), "row 1, column 'ni56_mass_msun': '' is not a finite"),
        (replaced("ni56_mass_msun", 0, "inf"), (), "row 1, column 'ni56_mass_msun': 'inf' is not a finite"),
        (replaced("ni56_mass_msun", 1, -0.3), (), "models.csv: row 2, column 'ni56_mass_msun': -0.3"),
        (lambda t: t[:0], (), "models.csv: no rows"),
        (lambda t: t, ("--phases=0,x",), "--phases: '0,x' is not a list of numbers"),
        (lambda t: t, ("--phases=0,200",), "phase_days: 200 is outside"),
        (lambda t: t, ("--phases=nan",), "phase_days: nan is outside"),
    ],
)
def test_bad_input_is_named_and_nothing_is_written(snlib, tmp_path, table, change, arguments, message):
    change(table).to_csv(tmp_path / "models.csv", index=False)
    code, said = snlib("surface", "models.csv", "--out", "fluxes.npz", *arguments)
    assert code == 2
    assert message in said
    assert said.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["models.csv"]


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe\x00", b'a,b\n"1,2\n'])
def test_files_that_are_no_tables_are_named(snlib, tmp_path, content):
    if content is not None:
        (tmp_path / "models.csv").write_bytes(content)
    code, said = snlib("surface", "models.csv", "--out", "fluxes.npz")
    assert code == 2
    assert said.startswith("snlib: models.csv: ")
    assert said.count("\n") == 1


def test_simulate_writes_the_dataset_of_the_package(snlib, tmp_path):
    code, _ = snlib("simulate", "--events", "12", "--seed", "4", "--out", "set")
    assert code == 0
    events = Events.load(tmp_path / "set" / "events.npz")
    assert events.digest() == simulate(12, seed=4).digest()
    split = split_events(12, seed=4)
    expected = {"events": events.digest()} | {name: i.tolist() for name, i in split.items()}
    assert read_json(tmp_path / "set" / "split.json") == expected


@pytest.mark.parametrize(
    "arguments, message",
    [
        (("--events", "0"), "0 events are too few to split"),
        (("--events", "-1"), "-1 events are too few to split"),
        (("--events", "2"), "2 events are too few to split into ['train', 'validation', 'test']"),
        (("--workers", "0"), "workers is 0, expected at least 1"),
        (("--seed", "-1"), "seed is -1, expected a whole number from 0"),
        (("--selection", "best"), "selection is 'best', expected one of ['code', 'text']"),
        (("--visits", "nowhere.db"), "nowhere.db: no such file"),
        (("--grid", "nowhere"), "nowhere: no such folder, or no *.h5 file in it"),
    ],
)
def test_simulate_checks_its_options_before_it_begins(snlib, tmp_path, arguments, message):
    code, said = snlib("simulate", "--events", "12", "--out", "set", *arguments)
    assert code == 2
    assert said.startswith(f"snlib: {message}") and said.count("\n") == 1  # and no progress bar
    assert list(tmp_path.iterdir()) == []


def test_simulate_places_supernovae_by_the_rule_that_is_asked_for(snlib, tmp_path):
    code, _ = snlib("simulate", "--events", "10", "--selection", "text", "--out", "set")
    events = Events.load(tmp_path / "set" / "events.npz")
    assert code == 0 and events.digest() == simulate(10, seed=0, selection="text").digest()
    assert events.digest() != simulate(10, seed=0).digest()


def test_results_are_of_the_sample_that_is_asked_for(snlib, tmp_path, monkeypatch):
    monkeypatch.setenv("SNLIB_GENERATED", str(tmp_path / "generated"))
    said = snlib("evaluate", "--profile", "smoke", "--published-sample", "nowhere", "--out", "results")
    assert said == (2, "snlib: nowhere: no such folder (the published sample)\n")


@pytest.mark.parametrize(
    "command, function, seed, given",
    [
        ("evaluate masking --out there --seed 3", "write_results", 3, (Path("there"), ["masking"])),
        ("evaluate --out there --seed 3", "write_results", 3, (Path("there"), tuple(TABLES))),
        ("ablate text-bound --seed 3", "ablate", 3, ("text-bound",)),
        ("ship --weights w.safetensors --results there", "ship", 0, (Path("w.safetensors"), Path("there"))),
    ],
)
def test_the_run_is_the_one_that_is_asked_for(snlib, monkeypatch, command, function, seed, given):
    asked = []
    monkeypatch.setattr(replication, function, lambda *what: asked.append(what))
    assert snlib(*command.split(), "--profile", "smoke", "--device", "cpu") == (0, "")
    ((run, *what),) = asked
    assert (run.profile, run.seed, run.device) == (PROFILES["smoke"], seed, "cpu")
    assert tuple(what) == given


def test_simulate_from_a_folder_without_models(snlib, tmp_path):
    code, said = snlib("simulate", "--events", "12", "--out", "set", "--grid", "nowhere")
    assert (code, said) == (2, "snlib: nowhere: no such folder, or no *.h5 file in it\n")
    assert not (tmp_path / "set").exists()


def test_the_package_runs_as_a_module_and_as_a_program():
    for command in ([sys.executable, "-m", "snlib"], [str(Path(sys.executable).with_name("snlib"))]):
        done = subprocess.run(
            [*command, "surface", "nowhere.csv", "--out", "x.npz"], capture_output=True, text=True
        )
        assert (done.returncode, done.stderr) == (2, "snlib: nowhere.csv: no such file\n")


def test_help_loads_nothing_that_takes_time():
    code = """
import sys
from snlib.__main__ import main
sys.argv = ["snlib", "--help"]
try:
    main()
finally:
    print(sorted({"torch", "pandas", "astropy", "scipy", "matplotlib", "sklearn"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "simulate" in done.stdout and done.stdout.endswith("[]\n")


@pytest.mark.parametrize(
    "command, names",
    [
        ("train", (*MODELS, *HEADS, *RECIPES, *PROFILES, *PRECISIONS)),
        ("evaluate", TABLES),
        ("predict", LIGHT_CURVE_COLUMNS),
        ("embed", LIGHT_CURVE_COLUMNS),
        ("simulate", SELECTIONS),
    ],
)
def test_help_names_what_may_be_given(command, names):
    said = CliRunner().invoke(app, [command, "--help"], terminal_width=400).stdout
    words = set(re.findall(r"[\w-]+", said))
    assert set(names) <= words


def test_help_of_ablate_gives_a_name_as_an_example():
    said = CliRunner().invoke(app, ["ablate", "--help"], terminal_width=400).stdout
    assert set(re.findall(r"[\w-]+", said)) & set(ABLATIONS)


@pytest.mark.parametrize(
    "arguments, message",
    [
        (
            ["evaluate", "colours", "--profile", "smoke", "--out", "results"],
            "table is 'colours', expected one of",
        ),
        (["evaluate", "--profile", "huge", "--out", "results"], "profile is 'huge', expected one of"),
        (["evaluate", "--published-sample", "nowhere", "--out", "results"], "nowhere: no such folder"),
        (["evaluate", "--seed", "-1", "--out", "results"], "seed is -1, expected a whole number"),
        (["ablate", "text-hope", "--profile", "smoke"], "ablation is 'text-hope', expected one of"),
        (["ablate", "text-bound", "--profile", "huge"], "profile is 'huge', expected one of"),
        (["ablate", "text-bound", "--seed", "-1"], "seed is -1, expected a whole number"),
        (["ship", "--profile", "huge"], "profile is 'huge', expected one of"),
        (["ship", "--device", "tpu"], "device is 'tpu', expected 'auto'"),
        (["real", "--published-sample", "nowhere"], "nowhere: no such folder"),
        (["real", "--published-sample", ".", "--device", "tpu"], "device is 'tpu', expected 'auto'"),
    ],
)
def test_results_that_do_not_exist_are_refused(snlib, tmp_path, monkeypatch, arguments, message):
    monkeypatch.setenv("SNLIB_GENERATED", str(tmp_path / "generated"))
    code, said = snlib(*arguments)
    assert code == 2 and said.startswith(f"snlib: {message}") and said.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
