"""Cross-modal embedding of Type Ia supernova light curves and spectra.

A replication of Shen & Gagliano (2025).  `ROOMS` is the map: each room is a folder whose ``__init__`` says
what it is for, and imports only from the rooms that are named beside it.
"""

__version__ = "0.1.0"

_TOP = ("random_streams", "workers")
_BASE = (*_TOP, "files")
# Each room, and those that it may import from; data flow down this list and never back.
ROOMS = {
    "files": _TOP,
    "data": _BASE,
    "simulation": (*_BASE, "data"),
    "observed": (*_BASE, "data", "simulation"),
    "model": (*_BASE, "data"),
    "training": (*_BASE, "data", "model"),
    "joint": (*_BASE, "data", "simulation", "observed", "model", "training"),
    "inference": (*_BASE, "data", "simulation", "model"),
    "export": (*_BASE, "data", "model", "inference"),
    "evaluation": (*_BASE, "data", "simulation", "model", "inference"),
    "survey": (*_BASE, "data", "simulation", "observed", "model", "inference", "evaluation"),
    "figures": (*_BASE, "data", "simulation", "model", "inference", "evaluation"),
    "replication": (
        *(*_BASE, "data", "simulation", "observed", "model", "training"),
        *("joint", "inference", "evaluation", "figures"),
    ),
}
