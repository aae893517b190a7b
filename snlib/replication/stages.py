"""Which code decides a result: the rooms behind it, as `snlib.ROOMS` has them."""

import ast
import hashlib
from pathlib import Path

import snlib
from snlib import ROOMS
from snlib.files.places import DATA

__all__ = ["STAGES", "digest", "modules", "rooms_behind", "sources"]

_PACKAGE = Path(snlib.__file__).parent
# The modules here whose models a training of the stage "variants" makes.
_VARIANTS = ("evaluated", "variants")
# The room that makes the results of each stage; those of a survey come from the shipped weights.
STAGES = {
    "events": "simulation",
    "training": "training",
    "variants": "training",
    "predictions": "inference",
    "joint": "joint",  # predictions of a joint transceiver, which are of this room besides
    "evaluation": "replication",
    "survey": "survey",
}


def rooms_behind(*rooms):
    """Some rooms, and all rooms and top modules that they may import from.

    Parameters
    ----------
    *rooms : str
        Names in `snlib.ROOMS`, top modules, or "cli", which is behind the door of all rooms.

    Returns
    -------
    list of str
        Sorted.
    """
    arrows, found, left = ROOMS | {"cli": tuple(ROOMS)}, set(), set(rooms)
    while left:
        found |= left
        left = {behind for room in left for behind in arrows.get(room, ())} - found
    return sorted(found)


def modules(rooms):
    """The files of some rooms: of a folder its ``*.py``.

    Parameters
    ----------
    rooms : sequence of str
        Rooms and top modules.

    Returns
    -------
    list of pathlib.Path

    Raises
    ------
    ValueError
        If a room has no module.
    """
    files = []
    for room in rooms:
        of_room = sorted((_PACKAGE / room).glob("*.py")) or sorted(_PACKAGE.glob(f"{room}.py"))
        if not of_room:
            raise ValueError(f"snlib has no room {room!r}")
        files += of_room
    return files


def sources(stage):
    """The files that decide the results of a stage.

    Figures show results and make none, so the tables of an evaluation do not depend on that room.

    Parameters
    ----------
    stage : str
        A name in `STAGES`.

    Returns
    -------
    list of pathlib.Path
    """
    rooms = [room for room in rooms_behind(STAGES[stage]) if room != "figures"]
    given = [DATA / "surrogate.npz", DATA / "rubin_visits.npz"] if stage == "events" else []
    return modules(rooms) + (_with_neighbours(_VARIANTS) if stage == "variants" else given)


def _with_neighbours(names):
    """The files of some modules of this room, and of those here that they need."""
    found, left = set(), set(names)
    while left:
        found |= left
        left = {other for name in left for other in _neighbours(name)} - found
    return [_PACKAGE / "replication" / f"{name}.py" for name in sorted(found)]


def _neighbours(name):
    tree = ast.parse((_PACKAGE / "replication" / f"{name}.py").read_text())
    wanted = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return {module.split(".")[2] for module in wanted if module.startswith("snlib.replication.")}


def digest(stage):
    """SHA-256 of the files that decide the results of a stage."""
    sha = hashlib.sha256()
    for file in sources(stage):
        sha.update(file.read_bytes())
    return sha.hexdigest()
