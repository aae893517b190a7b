"""What a process and those that it starts read and make is recorded, and nothing else."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODE = """
import os, subprocess, sys
from pathlib import Path
import numpy as np, torch
from snlib.files import DATA, generated_folder, replacing, write_tensors, read_tensors
folder = generated_folder() / "run"
folder.mkdir(parents=True)
with replacing(folder / "made.txt") as temporary:
    temporary.write_text("made")
(folder / "made.txt").read_text()
(folder / ".hidden").write_text("1")
(folder / ".hidden").read_text()
(folder / "written.txt").open("w").close()
np.load(DATA / "surrogate.npz")["warp"]
open(DATA / "README.md", "rb").close()
open(DATA / "README.md").close()
write_tensors(folder / "a.safetensors", {"a": torch.ones(2)})
read_tensors(folder / "a.safetensors")
Path(os.environ["ELSEWHERE"]).read_text()
os.chdir("/")
inner = "from snlib.files import DATA; open(DATA / 'rubin_visits.npz', 'rb')"
subprocess.run([sys.executable, "-c", inner], check=True)
"""
FOUND = [
    ["made", "generated/run/made.txt"],
    ["read", "generated/run/made.txt"],
    ["read", "data/surrogate.npz"],
    ["read", "data/README.md"],
    ["made", "generated/run/a.safetensors"],
    ["read", "generated/run/a.safetensors"],
    ["read", "data/rubin_visits.npz"],
]


@pytest.mark.parametrize("asked", [True, False])
def test_what_is_opened_is_recorded_if_that_is_asked_for(tmp_path, asked):
    (tmp_path / "elsewhere").write_text("")
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "SNLIB_GENERATED": "generated here",
        "ELSEWHERE": str(tmp_path / "elsewhere"),
    }
    environment |= {"SNLIB_OPENED": "record"} if asked else {}
    subprocess.run([sys.executable, "-c", CODE], env=environment, cwd=tmp_path, check=True)
    if not asked:
        assert not (tmp_path / "record").exists()
        return
    assert [json.loads(line) for line in (tmp_path / "record").read_text().splitlines()] == FOUND
