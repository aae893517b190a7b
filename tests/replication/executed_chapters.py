"""An executed chapter as the pipeline leaves it, made up."""

PARAMETERS = {"profile": "quick", "device": "auto", "seed": 3, "published_sample": ""}
SOURCE = """\
profile = "smoke"      # smoke | quick | full
device = "cpu"         # auto | cpu | cuda
seed = 0
published_sample = ""  # a folder, or "#" for none
"""
PROVENANCE = {
    "profile": {"name": "quick"},
    "source": "surrogate",
    "events": {"total": 1800, "train": 1440, "validation": 180, "test": 180},
    "steps": {"text": 1500, "improved": 60},
    "seed": 3,
    "device": "cpu",
    "trained_on": ["cpu"],
    "training_s": {"mmvae text": 224.1, "mmvae improved": 211.6, "contrastive text": 58.5},
    "versions": {"snlib": "0.1.0", "numpy": "2.4.6", "scipy": "1.17.1", "torch": "2.13.0+cpu"},
    "commit": "abc1234",
    "run_time_s": {"01_first": 72.3, "table spectra": 239.1, "table masking": 3600.8},
}
OPENED = {
    "read": [
        "data/results/quick/none/seed3/spectra.csv.gz",
        "data/results/quick/text/seed1/provenance.json",
        "data/results/quick/text/seed4/spectra.csv.gz",
        "data/results/quick/text/seed5/spectra.csv.gz",
        "data/weights/large/predictive-mmvae-large-seed0.safetensors",
        "generated/quick-seed3/events.npz",
        "generated/quick-seed3/mmvae-text-seed3.safetensors",
        "generated/quick-seed3/tables/improved/seed3/spectra.csv.gz",
    ],
    "made": ["generated/quick-seed3/contrastive-evaluated-may-seed3.safetensors"],
    "runs": {"quick-seed3": "cpu"},
}


def cell(source, tags=(), outputs=(), kind="code"):
    of_code = {"execution_count": 1, "outputs": list(outputs)} if kind == "code" else {}
    times = {"start_time": "2026-11-27T08:12:49+00:00", "duration": 0.1, "status": "completed"}
    metadata = {"tags": list(tags), "papermill": times, "execution": {"iopub.status.idle": "now"}}
    return {"cell_type": kind, "id": "a", "metadata": metadata, "source": [source]} | of_code


def executed(title, folder="/elsewhere", parameters=PARAMETERS, opened=OPENED, outputs=()):
    """A notebook with a text, its parameters, papermill's, and a cell with some outputs."""
    given = "# Parameters\n" + "".join(f"{name} = {value!r}\n" for name, value in parameters.items())
    cells = [
        cell(f"# {title}\n\nText.", kind="markdown"),
        cell(SOURCE, ["parameters"]),
        cell(given, ["injected-parameters"]),
        cell("run()", outputs=outputs),
    ]
    for number, one in enumerate(cells):
        one["id"] = f"cell-{number}"
    return {
        "cells": cells,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "papermill": {
                "default_parameters": {},
                "duration": 72.34,
                "end_time": "2026-11-27T08:14:01.150+00:00",
                "environment_variables": {},
                "exception": None,
                "input_path": "notebooks/01_first.ipynb",
                "output_path": f"{folder}/logs/01_first.ipynb",
                "parameters": parameters,
                "start_time": "2026-11-27T08:12:48.810+00:00",
                "version": "2.7.0",
            },
            "snlib": opened
            | {
                "commit": "abc1234",
                "versions": {"Python": "3.11.7", "torch": "2.13.0+cpu", "snlib": "0.1.0", "numpy": "2.4.6"},
            },
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
