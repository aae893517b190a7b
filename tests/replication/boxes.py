"""What the box of a page says, read from its text, and whether that is what was recorded."""

import re
import shlex
from datetime import datetime
from types import SimpleNamespace

PAPERMILL = {"parameters", "start_time", "end_time", "duration", "version"}
_BOX = r":::\{admonition\} (Computed from .*)\n:class: dropdown computed\n\n(.*?)\n:::$"
_OWN = r"(?::::\{admonition\} Your own run\n.*?\n:::\n\n+)?"


def read_box(notebook):
    """The title of the box below the title of the page, and what it says: a list of texts by name."""
    text = "".join(notebook["cells"][0]["source"])
    found = re.match(rf"\A# [^\n]+\n\n{_OWN}{_BOX}", text, flags=re.M | re.S)
    assert found, "no box below the title"
    assert text.count("dropdown computed") == 1
    rows = {}
    for row in found[2].strip().split("\n\n"):
        name, *values = row.split("\n: ")
        rows[name] = values
    return SimpleNamespace(title=found[1], rows=rows)


def seconds_of(words):
    """The time that is told, such as "4 min 40 s", and how far it may be from what was measured."""
    units = {"h": 3600, "min": 60, "s": 1}
    parts = re.findall(r"(\d+) (h|min|s)\b", words)
    return sum(int(number) * units[unit] for number, unit in parts), 30 if parts[0][1] == "h" else 0.5


def numbers(words):
    return [int(number) for number in re.findall(r"\d+", words)]


def faults(name, notebook, provenance):
    """All in which a page differs from what papermill, the pipeline and the run have recorded."""
    box, executed, known = (
        read_box(notebook),
        notebook["metadata"]["papermill"],
        notebook["metadata"]["snlib"],
    )
    parameters, versions = executed["parameters"], known["versions"]
    (when,) = box.rows["Executed"]
    date, took = re.match(r"(.*) UTC, in ([^;]*)", when).groups()
    seconds, error = seconds_of(took)
    commit = re.findall(r"; commit `(.*)`", when)
    profile, seed = re.search(r"profile (\w+), seed (\d+)", box.title).groups()
    command = shlex.split(box.rows["Run this page again"][0].strip("`"))
    given = dict(zip(command[4::3], command[5::3], strict=True))  # after each -p
    cells = [cell["metadata"].get("tags", []) for cell in notebook["cells"]]
    shown = [cell for cell, tags in zip(notebook["cells"], cells, strict=True) if "parameters" in tags]
    values = {}
    exec("".join(shown[0]["source"]), values)
    del values["__builtins__"]
    right = {
        "run time": abs(seconds - executed["duration"]) <= error,
        "run time in the provenance": provenance["run_time_s"][name] == round(executed["duration"], 1),
        "date": datetime.strptime(date, "%d %B %Y, %H:%M")
        == datetime.fromisoformat(executed["start_time"]).replace(tzinfo=None, second=0, microsecond=0),
        "commit": commit == [known["commit"]],
        "versions": all(f"{text}" in box.rows["Versions"][0] for text in versions.values()),
        "versions of the run": {key: versions[key] for key in ("torch", "snlib", "numpy")}.items()
        <= provenance["versions"].items(),
        "profile": profile == parameters["profile"] == provenance["profile"]["name"],
        "seed": int(seed) == parameters["seed"] == provenance["seed"] == numbers(box.rows["Seeds"][0])[0],
        "seeds": set(numbers(box.rows["Seeds"][0])[1:]) == set(repeats(box)),
        "events": _says_events(box, provenance["events"]),
        "notebook": command[:4] == ["papermill", f"notebooks/{name}.ipynb", "out.ipynb", "-p"],
        "command": given == {key: str(value) for key, value in parameters.items() if value != ""},
        "parameters once": len(shown) == 1 and not any("injected-parameters" in tags for tags in cells),
        "parameters not shown": all("remove-cell" in cell["metadata"]["tags"] for cell in shown),
        "parameters": values == parameters,
        "metadata": set(executed) == PAPERMILL,
    }
    return [what for what, is_right in right.items() if not is_right]


def _says_events(box, events):
    """Whether a page of the run says how many there are; others say that they open no run."""
    total = re.match(r"Computed from ([\d,]+) ", box.title)
    (profile,) = box.rows["Profile"]
    if total is None:
        return profile.endswith("opens no run of it")
    told = re.findall(r"([\d,]+) (train|validation|test)\b", profile)
    parts = {part: int(number.replace(",", "")) for number, part in told}
    return parts | {"total": int(total[1].replace(",", ""))} == events


def repeats(box):
    """The seeds of the repeats that the title names."""
    return numbers(box.title.partition("repeated with seeds")[2].partition(", on ")[0])
