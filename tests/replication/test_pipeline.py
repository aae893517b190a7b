"""What is out of date is executed again, and nothing else: by dry runs in a copy of the checkout."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
import yaml

from snlib import ROOMS
from snlib.replication import pipeline, tables
from snlib.replication.ablations import ABLATIONS
from snlib.replication.pipeline import Chapter, Pipeline

ROOT = Path(__file__).parents[2]
TABLE = yaml.safe_load((ROOT / "notebooks/chapters.yml").read_text())
RUN = "data/generated/quick-seed0"
PARTS = ("Snakefile", "maintainers.smk", "_config.yml", "snlib", "notebooks", "book", "data")
TABLES = ("spectra", "masking", "masked_distances", "experts", "lengths", "generation", "parameters")
JUDGED = {"11_metrics", "12_prior", "13_masking", "14_parameters", "15_claims", "23_gallery"}
MADE = [
    *(f"{RUN}/chapters/{name}.ipynb" for name in TABLE),
    *(f"{RUN}/results/{name}.csv" for name in TABLES),
    f"{RUN}/events.npz",
    f"{RUN}/light_curve_to_spectrum.png",
    f"{RUN}/claims.json",
    f"{RUN}/results/metrics.json",
    f"{RUN}/results/provenance.json",
    f"{RUN}/_build/html/index.html",
]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A copy of the checkout in which a run is complete, and newer than all that it was made from."""
    copy = tmp_path_factory.mktemp("a checkout")
    ignored = shutil.ignore_patterns("generated", "_build", "__pycache__")
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, copy / part, ignore=ignored)
        else:
            shutil.copyfile(ROOT / part, copy / part)
    now = time.time()
    for path in copy.rglob("*"):
        os.utime(path, (now - 2000, now - 2000))
    for name in MADE:
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).touch()
        os.utime(copy / name, (now - 1000, now - 1000))
    return copy


def planned(checkout, *changed, options=()):
    """Names of the rules that a dry run would execute, once some files have changed."""
    before = {name: (checkout / name).stat().st_mtime for name in changed}
    for name in changed:
        os.utime(checkout / name)
    command = [sys.executable, "-m", "snakemake", "-n", "--rerun-triggers", "mtime", "--cores", "1", *options]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("SNLIB_")}
    environment["PYTHONPATH"] = str(checkout)
    done = subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True)
    for name, mtime in before.items():
        os.utime(checkout / name, (mtime, mtime))
    assert done.returncode == 0, done.stdout + done.stderr
    return re.findall(r"^rule (\w+):$", done.stdout, flags=re.M)


def depends_on(room, rooms):
    return any(room == own or room in ROOMS.get(own, ()) or own == "cli" for own in rooms)


def expected(stale):
    """Chapters to execute again, if those of `stale` are: they, and those that read what others make."""
    while True:
        makes = {file for name in stale for file in TABLE[name].get("makes", ())}
        tables = any("*" in file for file in makes)
        waiting = {
            name
            for name, entry in TABLE.items()
            for file in entry["reads"]
            if file in makes or (tables and file.startswith("results/"))
        }
        if waiting <= stale:
            return stale
        stale = stale | waiting


def chapters(rules):
    return {rule.removeprefix("chapter_") for rule in rules if rule.startswith("chapter_")}


def test_a_complete_run_has_nothing_to_do(checkout):
    assert planned(checkout) == []


@pytest.mark.parametrize(
    "room, module",
    [
        ("simulation", "simulation/survey.py"),
        ("training", "training/loop.py"),
        ("figures", "figures/style.py"),
        ("evaluation", "evaluation/masking.py"),
        ("cli", "cli.py"),
    ],
)
def test_a_changed_module_executes_the_chapters_that_can_change(checkout, room, module):
    rules = planned(checkout, f"snlib/{module}")
    stale = expected({name for name, entry in TABLE.items() if depends_on(room, entry["rooms"])})
    assert chapters(rules) == stale
    assert stale
    assert rules.count("table") == (0 if room == "cli" else len(TABLES))
    assert rules.count("book") == 1


@pytest.mark.parametrize(
    "file, stale",
    [
        ("data/results/cpu/cpu.json", {"09_cost", "16_paper_vs_code", "22_gpu"}),
        ("data/results/quick/text/seed1/masking.csv.gz", JUDGED),
        ("notebooks/08_regressors.ipynb", expected({"08_regressors"})),
    ],
)
def test_a_changed_file_executes_the_chapters_that_read_it(checkout, file, stale):
    assert chapters(planned(checkout, file)) == stale


@pytest.mark.parametrize(
    "target, rules",
    [
        ("publish", {"publish": 1}),
        ("repeats", {"repeats": 1}),
        ("ablations", {"ablation": 3 * len(ABLATIONS), "ablations": 1}),
        ("weights", {"weights": 1}),
        ("real", {"real": 1}),
    ],
)
def test_targets_of_maintainers_of_a_complete_run(checkout, target, rules):
    assert Counter(planned(checkout, options=[target, "--config", "seeds=3"])) == rules


def test_tables_are_those_that_the_code_makes():
    assert set(pipeline.TABLES) == set(tables.TABLES)


def test_published_results_of_the_run_itself_are_not_read(monkeypatch):
    """A run that has been published would otherwise be out of date at once."""
    monkeypatch.chdir(ROOT)
    entry = Chapter(rooms=("data",), reads=("data/results/{profile}/*/seed*/masking.csv.gz",))
    files = Pipeline({"01": entry}, "run", "quick", seed=1).needs("01")
    assert [name for name in files if name.startswith("data/")] == [
        f"data/results/quick/{recipe}/seed{other}/masking.csv.gz"
        for recipe in ("improved", "text")
        for other in (0, 2)
    ]


def test_a_file_that_no_step_makes_is_refused():
    steps = Pipeline({"01": Chapter(rooms=("data",), reads=("lost.npz",))}, "run", "quick", 0)
    with pytest.raises(ValueError, match=r"no step of the pipeline makes 'lost\.npz'"):
        steps.needs("01")
