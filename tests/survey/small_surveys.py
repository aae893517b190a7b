"""Small surveys: the same light curves as a table of points and in every layout of Parquet."""

import os
import signal
import subprocess
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from snlib.data.quantities import BANDS
from snlib.model.registry import new_model
from snlib.model.weights import SavedModel, save_model
from snlib.survey import Cluster, pieces, run_survey

COLUMNS = ("phase_days", "band", "magnitude")
GIVEN = ("--weights", "w.safetensors", "--device", "cpu")
LAYOUTS = ("lists", "large lists", "struct of lists", "list of structs", "points")


def points_of(lengths, seed=0):
    """A row a point, for objects of so many points; some of these no model knows the like of."""
    rng, n = np.random.default_rng(seed), sum(lengths)
    band = np.array(BANDS)[rng.integers(0, 6, n)].astype(object)
    band[rng.random(n) < 0.05] = "H"
    magnitude = rng.normal(-18, 1, n)
    magnitude[rng.random(n) < 0.05] = np.nan
    return pd.DataFrame(
        {
            "object_id": np.repeat([f"sn{index}" for index in range(len(lengths))], lengths),
            "phase_days": rng.uniform(-25, 70, n),
            "band": band,
            "magnitude": magnitude,
        }
    )


def arrow_table(points, layout, lengths, object_id=None):
    """These points in one of `LAYOUTS`; only lists can have objects without any."""
    if layout == "points":
        return pa.Table.from_pandas(points, preserve_index=False)
    object_id = [f"sn{index}" for index in range(len(lengths))] if object_id is None else object_id
    offsets = pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int32())
    values = [pa.array(points[name], from_pandas=True) for name in COLUMNS]
    if layout == "list of structs":
        lists = pa.ListArray.from_arrays(offsets, pa.StructArray.from_arrays(values, COLUMNS))
        return pa.table({"object_id": object_id, "lightcurve": lists})
    lists = [pa.ListArray.from_arrays(offsets, one) for one in values]
    if layout == "large lists":
        lists = [one.cast(pa.large_list(one.type.value_type)) for one in lists]
    if layout == "struct of lists":
        nested = pa.StructArray.from_arrays(lists, COLUMNS)
        return pa.table({"object_id": object_id, "lightcurve": nested})
    return pa.table({"object_id": object_id, **dict(zip(COLUMNS, lists, strict=True))})


def write_survey(path, lengths, layout="lists", seed=0, row_group_size=None, object_id=None):
    """A Parquet file of made light curves, and its table of points."""
    points = points_of(lengths, seed)
    table = arrow_table(points, layout, lengths, object_id)
    parquet.write_table(table, path, row_group_size=row_group_size)
    return points


def write_weights(path, dataset, recipe, seed=0):
    """Untrained weights that know a limit of familiarity."""
    limit = {"familiarity": {"limit": 2.0, "false_alarm": 0.01, "n_light_curves": 100}}
    model = new_model("mmvae", recipe, seed)
    save_model(path, SavedModel("mmvae", model, dataset.scaling, {}, more=limit))


@dataclass(frozen=True)
class Counting:
    """A task that costs nothing: how many points, and the sum of their magnitudes."""

    name = "count"
    at_once = 1000

    def columns(self, curves):
        sums = np.diff(np.concatenate([[0], curves.magnitude.cumsum()])[curves.start])
        return pa.table({"n_points": curves.n_points, "sum_mag": sums})

    def digest(self):
        return "0"


def run(path, out, **more):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".* left out, first of|.* no point is left of")
        run_survey(path, out, Counting(), "code", Cluster(), **more)


def shorten_slices(monkeypatch):
    """Have several slices in each piece, and several pieces in a survey of a few objects."""
    for name, n_rows in (("_SLICE_OBJECTS", 2), ("_SLICE_POINTS", 20), ("_PIECE_OBJECTS", 4)):
        monkeypatch.setattr(pieces, name, n_rows)


def contents(path):
    """Every file below a folder, with its bytes."""
    return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()}


SLOW = """
import sys, time
from pytest import MonkeyPatch
from tests.survey.small_surveys import Counting, run, shorten_slices

shorten_slices(MonkeyPatch())
count = Counting.columns

def columns(self, curves):
    print("computed", flush=True)
    time.sleep(0.3)
    return count(self, curves)

Counting.columns = columns
run(*sys.argv[1:])
"""


def kill_in_the_midst(folder, survey, out, n_slices):
    """Compute a survey in another process and kill it by a signal that it cannot catch, in the next slice."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2]), *sys.path])}
    command = [sys.executable, "-c", SLOW, str(survey), str(out)]
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "env": environment, "cwd": folder}
    with subprocess.Popen(command, **options) as process:
        for _ in range(n_slices):
            assert process.stdout.readline() == b"computed\n"
        process.kill()
    assert process.returncode == -signal.SIGKILL and not out.exists()


def count_computed(monkeypatch):
    """A list that grows with each slice that is computed."""
    computed, count = [], Counting.columns
    monkeypatch.setattr(
        Counting, "columns", lambda task, curves: [computed.append(1), count(task, curves)][1]
    )
    return computed
