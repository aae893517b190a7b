"""The rooms behind a result are those that its code can reach, and no result is kept when they change."""

import ast
from pathlib import Path

import pytest

import snlib.replication.trained  # noqa: F401  registers the recipes of this room
from snlib import ROOMS
from snlib.model.recipes import Recipe
from snlib.replication import stages
from snlib.replication.stages import STAGES, digest, modules, rooms_behind, sources

PACKAGE = Path(stages.__file__).parents[1]


def every_subclass(of):
    return {one for child in of.__subclasses__() for one in {child, *every_subclass(child)}}


def room_of(path):
    inside = path.relative_to(PACKAGE)
    return inside.parts[0] if len(inside.parts) > 1 else inside.stem


def imported(path):
    """Rooms and top modules that a module imports from, anywhere in it."""
    nodes = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom)]
    return {node.module.split(".")[1] for node in nodes if (node.module or "").startswith("snlib.")}


def test_rooms_behind_a_room():
    top = ROOMS["files"]  # no room is behind it
    assert rooms_behind("files") == sorted(["files", *top])
    assert rooms_behind("training") == sorted(["data", "files", "model", "training", *top])
    both = sorted(["data", "files", "model", "simulation", "training", *top])
    assert rooms_behind("training", "simulation") == both
    assert rooms_behind("cli") == sorted(["cli", *ROOMS, *top])


def test_modules_of_rooms_are_all_files_of_their_folders():
    expected = {*(PACKAGE / "data").glob("*.py"), *(PACKAGE / "files").glob("*.py"), PACKAGE / "workers.py"}
    assert set(modules(["data", "files", "workers"])) == expected
    with pytest.raises(ValueError, match="no room 'kitchen'"):
        modules(["kitchen"])


@pytest.mark.parametrize("stage", STAGES)
def test_sources_of_a_stage_leave_nothing_out_that_they_import(stage):
    files = [path for path in sources(stage) if path.suffix == ".py"]
    rooms = {room_of(path) for path in files}
    missing = {room for path in files for room in imported(path)} - rooms
    assert missing <= ({"figures"} if stage == "evaluation" else set())


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """A copy of the package in place of the installed one."""
    for path in PACKAGE.rglob("*.py"):
        copy = tmp_path / path.relative_to(PACKAGE)
        copy.parent.mkdir(exist_ok=True)
        copy.write_bytes(path.read_bytes())
    monkeypatch.setattr(stages, "_PACKAGE", tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "module, changed",
    [
        ("files/npz.py", {*STAGES}),
        ("simulation/survey.py", {"events", "joint", "predictions", "evaluation", "survey"}),
        ("model/vae.py", {"training", "variants", "joint", "predictions", "evaluation", "survey"}),
        ("inference/forecast.py", {"predictions", "evaluation", "survey"}),
        ("joint/carrying.py", {"joint", "evaluation"}),
        ("survey/packing.py", {"survey"}),
        ("replication/results.py", {"evaluation"}),
        ("replication/variants.py", {"variants", "evaluation"}),
        ("replication/evaluated_layers.py", {"variants", "evaluation"}),
        ("figures/style.py", set()),
        ("cli.py", set()),
    ],
)
def test_digest_changes_with_the_rooms_behind_a_stage(copied, module, changed):
    before = {stage: digest(stage) for stage in STAGES}
    (copied / module).write_text((copied / module).read_text() + "\n# changed\n")
    assert {stage for stage in STAGES if digest(stage) != before[stage]} == changed


def test_recipes_of_this_room_are_of_modules_that_decide_their_training():
    modules = {recipe.__module__ for recipe in every_subclass(Recipe)}
    own = {module.split(".")[2] for module in modules if module.startswith("snlib.replication.")}
    assert own and own <= {path.stem for path in sources("variants")}


@pytest.mark.parametrize("stage", STAGES)
def test_any_file_that_decides_a_stage_changes_its_digest(stage, monkeypatch):
    before, read = digest(stage), Path.read_bytes
    for changed in sources(stage):
        with monkeypatch.context() as patch:
            patch.setattr(Path, "read_bytes", lambda path, one=changed: read(path) + b"#" * (path == one))
            assert digest(stage) != before, changed


def test_events_are_made_from_the_surrogate_and_the_visits():
    assert {"surrogate.npz", "rubin_visits.npz"} <= {path.name for path in sources("events")}
