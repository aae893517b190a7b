"""Light curves at rest that a process has made before it was killed: a line of JSON for each object."""

import json
import math
from dataclasses import asdict

import numpy as np

from snlib.observed.rest_frame import RestFramePoints
from snlib.observed.steps import Steps

__all__ = ["keep", "kept"]


def keep(file, points, steps):
    """Add what was made of an object, so that it outlives this process.

    Parameters
    ----------
    file : file object
        Of bytes.
    points : snlib.observed.rest_frame.RestFramePoints
    steps : snlib.observed.steps.Steps
    """
    columns = {name: np.asarray(values).tolist() for name, values in vars(points).items()}
    known = {name: None if _is_nan(value) else value for name, value in asdict(steps).items()}
    columns["largest_shift_aa"] = known["largest_shift_aa"]
    file.write(json.dumps([columns, known], allow_nan=False).encode() + b"\n")
    file.flush()


def _is_nan(value):
    return isinstance(value, float) and math.isnan(value)


def kept(file, object_id):
    """What a file holds whole; it is left behind that, and without more.

    Parameters
    ----------
    file : file object
        Of bytes, at its beginning.
    object_id : sequence of str
        Of all objects, in their order.

    Returns
    -------
    list of (snlib.observed.rest_frame.RestFramePoints, snlib.observed.steps.Steps)
        Of the first objects.
    """
    found, behind = [], 0
    for line, name in zip(file, object_id, strict=False):
        try:
            points, steps = json.loads(line)
            if not line.endswith(b"\n") or steps["object_id"] != str(name):
                break
        except (ValueError, TypeError, KeyError):  # cut, or what a lost power supply leaves
            break
        found.append((_points(points), Steps(**_with_nan(steps))))
        behind += len(line)
    file.seek(behind)
    file.truncate()
    return found


def _points(columns):
    columns = _with_nan(columns)
    arrays = {
        name: np.array(columns.pop(name), dtype=float) for name in ("phase_days", "magnitude", "error_mag")
    }
    return RestFramePoints(band=np.array(columns.pop("band"), dtype=int), **arrays, **columns)


def _with_nan(values):
    return {name: math.nan if value is None else value for name, value in values.items()}
