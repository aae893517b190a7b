"""An installed wheel works from any folder, without the checkout."""

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]
PARTS = ("pyproject.toml", "setup.py", "LICENSE", "snlib", "data")


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """What a wheel is built from, so that nothing is written to the checkout."""
    copy = tmp_path_factory.mktemp("copy")
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(
                ROOT / part, copy / part, ignore=shutil.ignore_patterns("generated", "__pycache__")
            )
        else:
            shutil.copyfile(ROOT / part, copy / part)
    return copy


@pytest.fixture(scope="module")
def environment(copy, tmp_path_factory):
    """The `bin` of a fresh environment with the wheel; it borrows the dependencies of this one.

    A folder that a .pth file names is searched for packages, but its own .pth files, such as the one of an
    editable snlib, are not read.
    """
    build = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-index", "--no-build-isolation"]
    subprocess.run([*build, "-w", copy / "dist", copy], check=True)
    (wheel,) = (copy / "dist").glob("snlib-*.whl")
    fresh = tmp_path_factory.mktemp("fresh")
    venv.create(fresh)
    install = [sys.executable, "-m", "pip", "-q", "--python", fresh / "bin/python", "install", "--no-deps"]
    alone = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    subprocess.run([*install, "--no-index", wheel], check=True, env=alone)
    (site,) = fresh.glob("lib/python*/site-packages")
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return fresh / "bin"


@pytest.fixture
def run(environment, tmp_path, monkeypatch):
    """Run a command of the fresh environment in an empty folder, and give what it prints."""
    for name in ("PYTHONPATH", "SNLIB_GENERATED"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)

    def run(*command):
        done = subprocess.run([environment / command[0], *command[1:]], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return run


@pytest.fixture
def curves(tmp_path):
    phase_days = np.arange(-10.0, 40.0, 5.0)
    table = pd.DataFrame({"object_id": "SN", "phase_days": phase_days, "band": list("grizgrizgr")})
    table["magnitude"] = -19.0 + 0.002 * phase_days**2
    table.to_csv(tmp_path / "curves.csv", index=False)
    return tmp_path / "curves.csv"


def test_it_is_the_wheel_that_is_imported(run, environment):
    imported = Path(run("python", "-c", "import snlib; print(snlib.__file__)"))
    assert environment.parent in imported.parents


def test_predict_gives_what_it_gives_in_the_checkout(run, curves, tmp_path):
    arguments = ["predict", "curves.csv", "--phases=0,10", "--samples", "3", "--device", "cpu", "--out"]
    run("snlib", *arguments, "wheel.npz")
    here = os.environ | {"PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-m", "snlib", *arguments, "checkout.npz"], check=True, env=here)
    with np.load("wheel.npz") as wheel, np.load("checkout.npz") as checkout:
        assert wheel["samples"].shape[:3] == (1, 3, 2)
        assert set(wheel) == set(checkout)
        for name in wheel:
            np.testing.assert_array_equal(wheel[name], checkout[name])


def test_simulate_finds_surrogate_and_visits(run, tmp_path):
    run("snlib", "simulate", "--events", "10", "--out", "set")
    assert (tmp_path / "set/events.npz").is_file()


def test_what_runs_make_goes_to_the_working_folder(run, tmp_path):
    folder = run("python", "-c", "from snlib.replication.run import open_run; print(open_run().folder)")
    assert Path(folder) == tmp_path / "data/generated/smoke-seed0"


def test_in_the_checkout_it_goes_there_from_any_folder(tmp_path, monkeypatch):
    from snlib.files import DATA, generated_folder

    monkeypatch.delenv("SNLIB_GENERATED", raising=False)
    monkeypatch.chdir(tmp_path)
    assert (DATA, generated_folder()) == (ROOT / "data", ROOT / "data/generated")
    monkeypatch.setenv("SNLIB_GENERATED", str(tmp_path))
    assert generated_folder() == tmp_path


def test_the_wheel_holds_rooms_and_data_and_nothing_else(environment):
    (site,) = environment.parent.glob("lib/python*/site-packages")
    installed = {path.relative_to(site / "snlib").as_posix() for path in (site / "snlib").rglob("*.*")}
    modules = {name for name in installed if name.endswith(".py")}
    assert modules == {path.relative_to(ROOT / "snlib").as_posix() for path in (ROOT / "snlib").rglob("*.py")}
    data = {name for name in installed if name.startswith("shipped/") and "__pycache__" not in name}
    weights = {f"weights/{path.parent.name}/{path.name}" for path in (ROOT / "data/weights").glob("*/*")}
    wanted = {"surrogate.npz", "rubin_visits.npz", *weights}
    assert data == {f"shipped/{name}" for name in wanted}
