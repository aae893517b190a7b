"""The model card of the joint transceiver that predicts observed supernovae."""

import pandas as pd

from snlib.data.quantities import SPECTRUM_PHASES_DAYS, WAVELENGTH_AA
from snlib.evaluation.observed_scores import mean_over_supernovae
from snlib.files.json_files import read_json
from snlib.joint.forecast import ObservedForecaster
from snlib.replication.cache import file_digest
from snlib.replication.card import LICENCE, Card, bibtex, days, markdown_table, rounded
from snlib.replication.card_use import INSTALLED, predicting
from snlib.replication.joint_few import FEW
from snlib.replication.joint_scores import JOINT_NAME

__all__ = ["joint_card"]

_METRICS = {
    "raw_dex": "RMS error [dex]",
    "shape_dex": "RMS error of the shape [dex]",
    "coverage_68": "68 % coverage",
    "coverage_90": "90 % coverage",
    "width_90_dex": "90 % width [dex]",
}


def joint_card(folder):
    """The card, from committed files only.

    Parameters
    ----------
    folder : pathlib.Path
        ``weights/observed`` in a data folder, with one file of weights; its results are ``results/joint``.

    Returns
    -------
    snlib.replication.card.Card
    """
    (path,) = folder.glob("*.safetensors")
    results = folder.parents[1] / "results" / "joint"
    made, spectra = read_json(results / "provenance.json"), pd.read_csv(results / "spectra.csv")
    scores = _scores(spectra[spectra["method"] == JOINT_NAME])
    sections = {
        "Model details": _details(path, ObservedForecaster.load(path)),
        "Intended use": _INTENDED,
        "Out-of-scope use": _OUT_OF_SCOPE,
        "Training data": _training_data(made),
        "Training procedure": _procedure(made),
        "Evaluation": _evaluation(scores, made),
        "Limitations": _limitations(pd.read_csv(results / "few_points.csv")),
        "How to use": _how_to_use(folder.name),
        "Citation": bibtex(),
    }
    return Card(_metadata(path.stem, scores), f"Model card: weights “{folder.name}”", sections)


def _scores(table):
    """Means over supernovae by phase bin, and over all phases."""
    table = table.query("-10 <= phase_days <= 30")
    every = pd.concat([table, table.assign(phase_bin="all")])
    return mean_over_supernovae(every, list(_METRICS), ["phase_bin"]).set_index("phase_bin")


def _metadata(stem, scores):
    metrics = [
        {
            "type": name,
            "value": rounded(row[name]),
            "name": f"{words}, phases {phase_bin}",
            "args": {"phases": phase_bin, "source": "data/results/joint/spectra.csv"},
        }
        for phase_bin, row in scores.iterrows()
        for name, words in _METRICS.items()
    ]
    result = {
        "task": {"type": "other", "name": JOINT_NAME},
        "dataset": {"type": "observed-supernovae", "name": "Observed Type Ia supernovae, left out in folds"},
        "metrics": metrics,
    }
    return {
        "license": LICENCE,
        "library_name": "snlib",
        "tags": [
            "astronomy",
            "supernovae",
            "light-curves",
            "spectra",
            "multimodal",
            "pytorch",
            "safetensors",
        ],
        "metrics": list(_METRICS),
        "model-index": [{"name": stem, "results": [result]}],
    }


def _details(path, forecaster):
    n_weights = sum(weights.numel() for weights in forecaster.model.parameters())
    row = [f"`{path.stem}`", f"{n_weights:,}", f"{path.stat().st_size / 1e6:.1f}"]
    table = markdown_table(["File", "Parameters", "MB", "SHA-256"], [[*row, f"`{file_digest(path)[:16]}…`"]])
    return (
        "A PyTorch model of the package `snlib`: a transceiver that reads the light curve and any observed "
        "spectra of a supernova as one sequence of residuals from a mean supernova, and predicts its "
        "spectrum at another phase. By how much bands and spectra differ from what is predicted for them is "
        f"carried over by a Gaussian process.\n\n{table}\n\nThe safetensors file holds the weights, the mean "
        "supernova, and how far intervals are widened. Developed by the snlib authors; licence: MIT."
    )


_PHASES = f"{days(SPECTRUM_PHASES_DAYS[0])} to {days(SPECTRUM_PHASES_DAYS[-1])}"
_INTENDED = (
    "Research: predicting spectra of normal Type Ia supernovae at phases of "
    f"{_PHASES} and from {WAVELENGTH_AA[0]:.0f} to {WAVELENGTH_AA[-1]:.0f} Å, from observed light curves "
    "and, where there are, observed spectra at other phases. `snlib predict --objects` uses these weights "
    "unless it is told otherwise."
)
_OUT_OF_SCOPE = (
    "- Classification: every light curve is treated as that of a Type Ia supernova.\n"
    "- Peculiar supernovae: `unlike` marks light curves that fit worse than nearly all that were learned "
    "from.\n"
    "- Distances or cosmology: the level of a spectrum is that of the light curve and its distance."
)


def _training_data(made):
    first, last = made["wavelengths_aa"]
    return (
        f"First {made['simulated']:,} supernovae that were simulated with SALT3, with random smooth "
        f"deviations and the cadences of observed light curves; then {made['spectra']} observed spectra of "
        f"{made['supernovae']} supernovae of public surveys (judged from {first:.0f} to {last:.0f} Å). The "
        "spectra are not in the repository, since the terms of their redistribution are unclear; "
        "`data/README.md` says where they come from."
    )


def _procedure(made):
    rows = [[f"`{recipe}`", f"{steps:,}"] for recipe, steps in made["steps"].items()]
    return (
        f"{markdown_table(['Recipe', 'Steps'], rows)}\n\nThe shipped weights learned from all folds; every "
        "seventh supernova chose when to stop. How far intervals are widened is taken from the errors of "
        f"{made['folds']} other models, each on the supernovae that it had not seen. All settings are in "
        "`recipe`, in the JSON file beside the weights."
    )


def _evaluation(scores, made):
    rows = [
        [
            phase_bin,
            f"{row['spectra']:.0f}",
            *(f"{row[name]:.3f} ± {row[f'{name}_error']:.3f}" for name in _METRICS),
        ]
        for phase_bin, row in scores.iterrows()
    ]
    table = markdown_table(["Phases [d]", "Spectra", *_METRICS.values()], rows)
    return (
        f"Of {made['folds']} models of the same recipe, each judged by supernovae of the fold that it had "
        "not seen, from light curves alone (`data/results/joint/spectra.csv`). Means over supernovae with "
        f"bootstrap standard errors.\n\n{table}\n\n`scores.csv` beside the weights records what they give on "
        "a few simulated light curves, and a test of the repository checks that today's code still gets it."
    )


def _limitations(few):
    mine = few[few["method"] == JOINT_NAME].query("-10 <= phase_days <= 30")
    shape = mean_over_supernovae(mine, ["shape_dex"], ["points"]).set_index("points")["shape_dex"]
    words = ", ".join(f"{error:.3f} dex from the {name}" for name, error in shape.items())
    return "\n".join(
        f"- {line}"
        for line in (
            "Light curves and spectra are nearby supernovae's of a few surveys, and their magnitudes were "
            "taken to Rubin's filters with fits of SALT3, which was made from many of the same supernovae.",
            f"Fewer points tell less. The error of the shape is {words.replace(f'the {FEW}', FEW)}.",
            "Intervals hold on average over pixels and supernovae; pixels of one spectrum err together.",
        )
    )


_USE = """```python
from pathlib import Path

import numpy as np
from snlib.data import read_light_curves
from snlib.inference import Request, find_weights, predict_spectra
from snlib.joint import ObservedForecaster

PREDICTmodel = forecaster.model  # a PyTorch module
```

The same from the command line, for a table of your own:

```bash
snlib predict curves.csv --weights NAME --phases=-10,0,10 --out spectra.npz
```
"""


def _how_to_use(name):
    example = predicting("ObservedForecaster", name)
    return INSTALLED + _USE.replace("PREDICT", example).replace("NAME", name)
