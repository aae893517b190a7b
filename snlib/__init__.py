"""Cross-modal embedding of Type Ia supernova light curves and spectra.

A replication of Shen & Gagliano (2025).  `ROOMS` is the map: each room is a folder whose ``__init__`` says
what it is for, and imports only from the rooms that are named beside it.
"""

__version__ = "0.1.0"

_TOP = ("files", "random_streams", "workers")
# Each room, and those that it may import from; data flow down this list and never back.
ROOMS = {
    "data": _TOP,
    "simulation": (*_TOP, "data"),
    "model": (*_TOP, "data"),
    "training": (*_TOP, "data", "model"),
    "inference": (*_TOP, "data", "simulation", "model"),
    "evaluation": (*_TOP, "data", "simulation", "model", "inference"),
    "figures": (*_TOP, "data", "simulation", "model", "inference", "evaluation"),
    "replication": (
        *(*_TOP, "data", "simulation", "model", "training"),
        *("inference", "evaluation", "figures"),
    ),
}
