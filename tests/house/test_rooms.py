"""The house: its arrows, circles, private names and lengths, and what its faces cost."""

import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import snlib
from snlib import ROOMS
from tests.house.structure import (
    arrows_against,
    circles,
    imported,
    long_modules,
    own_modes,
    private_names,
    read_modules,
    streams_started,
    top_of,
)

ROOT = Path(snlib.__file__).parent
TESTS = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def modules():
    return read_modules(ROOT)


@pytest.mark.parametrize("check", [circles, private_names, long_modules, own_modes, streams_started])
def test_the_house_keeps_its_rules(modules, check):
    assert check(modules) == []


def test_imports_run_one_way(modules):
    assert arrows_against(modules, ROOMS) == []


def test_every_folder_is_a_room_and_rooms_see_only_earlier_ones():
    folders = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert folders == set(ROOMS)
    earlier = []
    for room, seen in ROOMS.items():
        assert set(seen) - top_of(ROOMS) <= set(earlier), room
        earlier.append(room)
    assert not {"model"} & set(ROOMS["simulation"]) and "simulation" not in ROOMS["model"]


def test_tests_are_sorted_by_room():
    folders = {path.name for path in TESTS.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders == {*ROOMS, "house", "book", "command_line", "fuzzing"}
    assert [path.name for path in TESTS.glob("*.py")] == ["conftest.py"]


@pytest.mark.parametrize("room", ROOMS)
def test_a_face_says_what_the_room_is_for_and_names_what_is_there(room):
    face = importlib.import_module(f"snlib.{room}")
    purpose = face.__doc__
    assert purpose.endswith(".") and "\n" not in purpose and purpose.count(". ") == 0
    assert face.__all__
    for path in (ROOT / room).glob("[a-z]*.py"):
        importlib.import_module(f"snlib.{room}.{path.stem}")
    for name in face.__all__:  # a module that was imported must not stand before what it holds
        assert not inspect.ismodule(getattr(face, name)), name


def test_importing_the_faces_costs_nothing():
    faces = "; ".join(f"import snlib.{room}" for room in ROOMS)
    code = f"{faces}; import sys; print([name for name in sys.modules if name.startswith('snlib.')])"
    code += "; print({'torch', 'numpy', 'pandas', 'astropy', 'matplotlib'} & set(sys.modules))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said == f"{[f'snlib.{room}' for room in ROOMS]}\nset()\n"


# The checks themselves, by a made-up package

HOUSE = {"ground": ("tools",), "first": ("tools", "ground"), "roof": ("tools", "first")}
SOUND = {
    "__init__": "ROOMS = {}",
    "__main__": "from house.cli import main",
    "cli": "import house.ground.stone\nfrom house.roof import tile",
    "tools": "import json",
    "ground/__init__": '"""Stones."""',
    "ground/stone": "from house.tools import hammer\nhammer.handle\nself._x",
    "ground/wall": "from house.ground.stone import lay\nfrom . import stone\nfrom .stone import lay as put",
    "first/__init__": '"""Wood."""',
    "first/beam": "from house.ground import stone, wall\nstone.lay(wall.height, stone.__doc__)",
    "roof/__init__": '"""Tiles."""',
    "roof/tile": "import house.first.beam as beam\nfrom house import __version__",
}


@pytest.fixture
def build(tmp_path):
    def function(**changed):
        for name, source in (SOUND | changed).items():
            path = tmp_path / "house" / f"{name}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(source + "\n")
        return read_modules(tmp_path / "house")

    return function


def all_faults(modules):
    checks = (circles, private_names, long_modules, own_modes, streams_started)
    return arrows_against(modules, HOUSE) + [fault for check in checks for fault in check(modules)]


def test_a_sound_house_has_no_faults(build):
    assert all_faults(build()) == []


@pytest.mark.parametrize(
    "module, source, fault",
    [
        ("ground/stone", "from house.first.beam import x", "house.ground.stone imports house.first.beam"),
        (
            "ground/stone",
            "def f():\n    import house.roof.tile",
            "house.ground.stone imports house.roof.tile",
        ),
        ("ground/stone", "from ..first import beam", "house.ground.stone imports house.first.beam"),
        ("roof/tile", "from house.ground import stone", "house.roof.tile imports house.ground.stone"),
        ("roof/tile", "from house import ground", "house.roof.tile imports house.ground"),
        ("roof/tile", "from house.cli import main", "house.roof.tile imports house.cli"),
        ("tools", "from house.ground.stone import lay", "house.tools imports house.ground.stone"),
        ("__init__", "from house.ground.stone import lay", "house imports house.ground.stone"),
        (
            "first/beam",
            "from house.ground import lay",
            "house.first.beam imports lay from the face house.ground",
        ),
        ("cellar/wine", "", "cellar is no room"),
        ("shed", "", "shed is no room"),
        ("ground/stone", "from house.ground.wall import x", "house.ground.stone -> house.ground.wall"),
        (
            "first/beam",
            "from house.ground.stone import _lay",
            "house.first.beam imports house.ground.stone._lay",
        ),
        ("first/beam", "from house.ground.stone import lay, _y as y", "imports house.ground.stone._y"),
        ("first/beam", "from house.ground import stone as s\ns._lay", "house.first.beam uses s._lay"),
        ("first/beam", "import house.ground.stone\nhouse.ground.stone._x", "uses house.ground.stone._x"),
        ("first/beam", "import house.ground.stone as s\nf(s._x)", "house.first.beam uses s._x"),
        ("first/beam", "from house.ground.stone import Lay\nLay._x", "house.first.beam uses Lay._x"),
        ("first/beam", "\n" * 300, "house.first.beam has 301 lines"),
        (
            "first/beam",
            "import numpy as np\nnp.random.default_rng(0)",
            "house.first.beam, line 2: default_rng",
        ),
        ("first/beam", "import torch\ntorch.manual_seed(0)", "house.first.beam, line 2: manual_seed"),
        ("first/beam", "torch.Generator().manual_seed(0)", "house.first.beam, line 1: manual_seed"),
        ("first/beam", "from numpy.random import SeedSequence", "house.first.beam, line 1: SeedSequence"),
        ("first/beam", "from numpy import random", "house.first.beam, line 1: random"),
        ("first/beam", "import random", "house.first.beam, line 1: random"),
        ("first/beam", "np.random.seed(1)", "house.first.beam, line 1: seed"),
        ("first/beam", "import shutil\nshutil.copytree(a, b)", "house.first.beam, line 2: copytree"),
        ("first/beam", "from tempfile import mkstemp", "house.first.beam, line 1: mkstemp"),
        ("first/beam", "from safetensors.torch import save_file", "house.first.beam, line 1: save_file"),
    ],
)
def test_each_fault_is_found(build, module, source, fault):
    found = all_faults(build(**{module: source}))
    assert any(fault in line for line in found), found


def test_a_circle_over_three_modules_is_found(build):
    stone, wall = "from house.ground.wall import x", "from house.ground.arch import x"
    modules = build(
        **{"ground/stone": stone, "ground/wall": wall, "ground/arch": "from house.ground import stone"}
    )
    (circle,) = circles(modules)
    assert circle.count("->") == 3


def test_the_map_for_contributors_is_that_of_the_rooms():
    rows = re.findall(r"^\| `snlib/(\w+)` \| (.+) \|$", (TESTS.parent / "CONTRIBUTING.md").read_text(), re.M)
    assert rows == [(room, importlib.import_module(f"snlib.{room}").__doc__) for room in ROOMS]


def test_the_paper_itself_is_short_and_stands_alone(modules):
    """Transceiver, VAE, MMVAE and objectives: under 600 lines, and nothing but what they speak of."""
    core = [f"snlib.model.{name}" for name in ("transceiver", "vae", "mmvae", "objectives")]
    allowed = {*core, "snlib.model.likelihoods", "snlib.data.batches", "snlib.data.quantities"}
    assert sum(len(modules[name].source.splitlines()) for name in core) < 600
    assert {source for name in core for source, _ in imported(modules[name], modules)} <= allowed
