"""JSON files, as the standard says: in UTF-8, of finite numbers."""

import json
import math

from snlib.files.guard import guarded, require_file
from snlib.files.writing import replacing

__all__ = ["parse_json", "read_json", "write_json"]


def write_json(path, value):
    """Write a JSON file."""
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(value, indent=2, allow_nan=False) + "\n", encoding="utf-8")


def parse_json(text):
    """Read JSON from a string, more strictly than Python does: all numbers must be finite.

    Raises
    ------
    ValueError, RecursionError
        If it is not valid JSON, or nested too deeply.
    """
    return json.loads(text, parse_constant=_refuse, parse_float=_finite)


def _refuse(name):
    raise ValueError(f"it holds {name}, which is no number")


def _finite(text):
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"it holds {text}, which is too large a number")
    return value


def read_json(path):
    """Read a JSON file.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is not valid JSON, or holds a number that is not finite; the message names the file.
    """
    with guarded(path, "JSON file"):
        return parse_json(require_file(path).read_text(encoding="utf-8"))
