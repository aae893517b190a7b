"""What Make is told reaches every command that the pipeline starts: by dry runs, which start none."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest
import yaml

from snlib.replication.ablations import ABLATIONS
from snlib.replication.launch import snakemake
from snlib.replication.tables import TABLES

ROOT = Path(__file__).parents[2]
PARTS = ("Snakefile", "maintainers.smk", "_config.yml", "snlib", "notebooks", "book", "data")
TOLD = {"profile": "smoke", "device": "cpu", "seed": "3", "seeds": "2"}


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
@pytest.mark.parametrize("target", ["book", "publish", "repeats", "ablations", "weights", "real"])
def test_make_tells_the_launcher(tmp_path, target):
    for name in ("pyproject.toml", "setup.py", "constraints.txt"):  # what its first step waits for
        (tmp_path / name).touch()
    shutil.copyfile(ROOT / "Makefile", tmp_path / "Makefile")
    given = [f"{name.upper()}={value}" for name, value in (TOLD | {"cores": "1"}).items()]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    command = ["make", "-n", target, *given]
    said = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    (line,) = re.findall(r"-m snlib\.replication\.launch .*", said.stdout.replace("\\\n", " "))
    assert shlex.split(line)[2:] == [target, *given]


def test_the_launcher_tells_the_pipeline():
    command = snakemake("book", TOLD | {"cores": "5"}, {})
    place = command.index("--config")
    assert command[place - 1] == "book"
    assert command[place + 1 :] == [f"{name}={value}" for name, value in TOLD.items()]
    assert command[command.index("--cores") + 1] == "5"


@pytest.fixture(scope="module")
def commands(tmp_path_factory):
    """What the targets would start in a folder where nothing is made yet."""
    folder = tmp_path_factory.mktemp("checkout")
    for part in PARTS:
        (folder / part).symlink_to(ROOT / part)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SNLIB_")}
    environment |= {"PYTHONPATH": str(folder), "SNLIB_GENERATED": str(folder / "generated")}
    command = [sys.executable, "-m", "snakemake", "-n", "-p", "--cores", "1"]
    command += ["book", "repeats", "ablations", "weights"]
    command += ["--config", *(f"{name}={value}" for name, value in TOLD.items())]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return re.findall(r"-m (papermill|snlib \w+|snlib\.replication\.\w+) (.*)", _joined(done.stdout))


def _joined(text):
    return re.sub(r"\\\s*\n\s*", " ", text)


def of(commands, program):
    return [arguments for name, arguments in commands if name == program]


def test_the_pipeline_tells_every_chapter(commands):
    chapters = yaml.safe_load((ROOT / "notebooks/chapters.yml").read_text())
    told = of(commands, "papermill")
    assert len(told) == len(chapters)
    for arguments in told:
        assert " -p profile smoke -p device cpu -p seed 3 " in f" {arguments}"


def test_the_pipeline_tells_every_table(commands):
    told = of(commands, "snlib evaluate")
    assert sorted(arguments.split()[0] for arguments in told) == sorted(TABLES)
    for arguments in told:
        assert " --profile smoke --device cpu --seed 3 " in arguments


def test_every_ablation_has_its_own_seed(commands):
    told = [arguments.split(" > ")[0].split() for arguments in of(commands, "snlib ablate")]
    expected = [
        [name, "--profile", "smoke", "--device", "cpu", "--seed", seed]
        for name, seed in product(ABLATIONS, ("0", "1"))
    ]
    assert sorted(told) == sorted(expected)
    (repeats,) = of(commands, "snlib.replication.seeds")
    assert repeats.split() == ["smoke", "--device", "cpu", "--seed", "3"]
    assert of(commands, "snlib ship") == ["--device cpu"]
