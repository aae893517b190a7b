"""The data card of the surrogate."""

import inspect

import numpy as np

from snlib.data.quantities import PARAMETERS
from snlib.files.json_files import read_json
from snlib.replication.cache import file_digest
from snlib.replication.card import LICENCE, Card, bibtex, days, markdown_table
from snlib.replication.card_use import surrogate_use
from snlib.simulation.surrogate import PHASE_RANGE_DAYS, WAVELENGTH_RANGE_AA, Surrogate

__all__ = ["data_card"]

_METHODS = ("surrogate", "PCA + ridge", "mean spectrum")


def data_card(path):
    """The card of the surrogate's coefficients, from the committed files only.

    Parameters
    ----------
    path : pathlib.Path
        ``surrogate.npz`` in a data folder, which has ``results/surrogate/accuracy.json`` too.

    Returns
    -------
    Card
    """
    accuracy = read_json(path.parent / "results" / "surrogate" / "accuracy.json")
    metadata = {
        "license": LICENCE,
        "pretty_name": "Surrogate of Type Ia supernova simulations",
        "tags": ["astronomy", "supernovae", "simulation", "surrogate-model", "spectra"],
        "annotations_creators": ["no-annotation"],
        "size_categories": ["n<1K"],
        "task_categories": ["tabular-regression"],
    }
    sections = {
        "Dataset details": _details(path, accuracy),
        "Intended use": _INTENDED,
        "Out-of-scope use": _OUT_OF_SCOPE,
        "Dataset structure": _structure(path),
        "Source data and creation": _creation(accuracy),
        "Evaluation": _evaluation(accuracy),
        "Limitations": _limitations(accuracy),
        "How to use": surrogate_use(_middle(accuracy)),
        "Citation": bibtex(),
    }
    return Card(metadata, "Data card: the surrogate of the simulation grid", sections)


def _details(path, accuracy):
    return (
        "Coefficients of a smooth model of the flux of a Type Ia supernova, log10 F_ν(t, λ; θ), as a "
        f"function of phase, wavelength and {len(PARAMETERS)} parameters of the explosion, and of how "
        "simulations scatter about it. It stands in for the grid of radiative-transfer simulations that "
        "Shen & Gagliano (2025) trained on (Goldstein & Kasen 2018), and was fitted to "
        f"{accuracy['n_models']} of these models that the authors have published. It holds no simulation "
        "itself, no observation and no personal data.\n\n"
        f"File: `{path.name}`, {path.stat().st_size:,} bytes, SHA-256 `{file_digest(path)}`. Made by the "
        "snlib authors; the coefficients have the licence MIT. The models that they were fitted to are not "
        "included."
    )


_INTENDED = (
    "Simulating any number of supernovae like those of the grid, for training and comparing models of light "
    "curves and spectra where the grid itself is not at hand; testing inference against a likelihood that "
    "can be evaluated."
)
_OUT_OF_SCOPE = (
    "- A physical model of supernovae: individual lines and rare models of the grid are not reproduced.\n"
    "- Parameters beyond the grid, for which it extrapolates with a warning.\n"
    "- Fits to observed supernovae without an error model for the surrogate itself."
)


def _structure(path):
    surrogate = Surrogate.load(path)
    meaning = _attributes()
    rows = [
        [f"`{name}`", f"`{array.dtype}`", " × ".join(map(str, array.shape)), meaning[name]]
        for name, array in vars(surrogate).items()
    ]
    low, high = PHASE_RANGE_DAYS
    return (
        f"{markdown_table(['Array', 'Type', 'Shape', 'Meaning'], rows)}\n\n"
        f"Phases from {days(low)} to {days(high)} from peak, wavelengths from {WAVELENGTH_RANGE_AA[0]:,.0f} "
        f"to {WAVELENGTH_RANGE_AA[1]:,.0f} Å. There are no splits."
    )


def _attributes():
    """What the docstring of `Surrogate` says of each array."""
    lines = inspect.getdoc(Surrogate).partition("Attributes\n----------\n")[2].partition("\nRaises")[0]
    meaning = {}
    for line in lines.splitlines():
        if line and not line.startswith(" "):
            name = line.partition(" : ")[0]
            meaning[name] = ""
        elif line.strip():
            meaning[name] = f"{meaning[name]} {line.strip()}".strip()
    return {name: text.replace("`", "") for name, text in meaning.items()}


def _creation(accuracy):
    labels = {one.name: one for one in PARAMETERS}
    rows = [
        [
            labels[row["name"]].label,
            f"{row['range'][0]:.3g} to {row['range'][1]:.3g}",
            labels[row["name"]].unit,
        ]
        for row in accuracy["parameters"]
    ]
    return (
        f"The {accuracy['n_models']} models are those of the files `posterior_test_photometrycond_*.npz` in "
        "the authors' repository `YunyiShen/generative-spectra-lightcurves` (arXiv:2505.03063). "
        "`data/fit_surrogate.py` fits the coefficients to their spectra and light curves. The parameters of "
        f"the models span\n\n{markdown_table(['Parameter', 'Range', 'Unit'], rows)}\n\n"
        "There are no annotations."
    )


def _evaluation(accuracy):
    spectra = [
        [days(row["phase_days"]), *(f"{row[method]:.3f}" for method in _METHODS)]
        for row in accuracy["spectra"]
    ]
    curves = [
        [f"{row['phase_days'][0]} to {days(row['phase_days'][1])}".replace("-", "−"), f"{row['rms_mag']:.3f}"]
        for row in accuracy["light_curves"]
    ]
    return (
        f"Each model was predicted by a fit to the others, in {accuracy['n_folds']} folds "
        "(`data/results/surrogate/accuracy.json`). RMSE of the spectra in dex, with two simpler predictions "
        f"beside it:\n\n{markdown_table(['Phase', *_METHODS], spectra)}\n\n"
        f"RMS error of the light curves:\n\n{markdown_table(['Phases', 'RMS [mag]'], curves)}\n\n"
        "The settings of the fit were chosen on the same folds, so these numbers are slightly optimistic."
    )


def _limitations(accuracy):
    early, late = (accuracy["light_curves"][i] for i in (0, -1))
    return (
        f"- Early and late phases are poorly constrained: {early['rms_mag']:.2g} mag before "
        f"{days(early['phase_days'][1])}, {late['rms_mag']:.2g} mag after {days(late['phase_days'][0])}.\n"
        "- The published spectra end at 3000 and 8000 Å: at redder wavelengths only magnitudes constrain "
        "it, at bluer ones nothing.\n"
        f"- {accuracy['n_models']} models are few: its scatter about the mean is Gaussian, so outliers of "
        "the grid are missing, and dependences beyond quadratic ones in the parameters are not captured.\n"
        "- Whatever the simulations get wrong about real supernovae, it gets wrong too."
    )


def _middle(accuracy):
    """The middle of the parameters' ranges, but the mass of the ejecta that is the sum of its parts."""
    middle = {row["name"]: float(f"{np.mean(row['range']):.2g}") for row in accuracy["parameters"]}
    parts = ("ni56_mass_msun", "ime_mass_msun", "co_mass_msun")
    return middle | {"ejecta_mass_msun": sum(middle[name] for name in parts)}
