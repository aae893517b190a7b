"""From a file of weights to ONNX files, and what these say of themselves."""

import hashlib
import json
from contextlib import ExitStack
from pathlib import Path

from tqdm import tqdm

from snlib import __version__
from snlib.data.quantities import (
    BANDS,
    FAINTEST_MAGNITUDE,
    LAST_PHASE_DAYS,
    SPECTRUM_PHASES_DAYS,
    WAVELENGTH_AA,
)
from snlib.export.graphs import to_onnx
from snlib.export.parts import parts_of
from snlib.files.writing import replacing
from snlib.model.mmvae import MMVAE
from snlib.model.weights import load_model

__all__ = ["export_weights"]

_MASK_RULE = (
    "observed is True where a point or pixel was observed; elsewhere what is said of that point or pixel may "
    "be anything, NaN too, and changes nothing. Where nothing at all is observed the posterior is the prior. "
    "All axes have a length of 1 or more."
)
_TRAINED_ON = {
    "light_curve_phase_days_at_most": LAST_PHASE_DAYS,
    "magnitude_at_most": FAINTEST_MAGNITUDE,
    "spectrum_phase_days": [SPECTRUM_PHASES_DAYS.min(), SPECTRUM_PHASES_DAYS.max()],
    "wavelength_aa": [WAVELENGTH_AA.min(), WAVELENGTH_AA.max()],
}


def export_weights(path, folder):
    """Write each part of a model as an ONNX file.

    Parameters
    ----------
    path : path-like
        Weights of an MMVAE, as `snlib.model.weights.save_model` writes them.
    folder : path-like
        For the files, which are named after the weights and the part; all are written, or none.

    Returns
    -------
    list of pathlib.Path

    Notes
    -----
    They compute what PyTorch does but for the rounding of float32: for light curves and spectra like those of
    training, a number x differs by less than 1e-5 (1 + abs(x)), both from PyTorch's evaluation in double
    precision and from that in single precision.  With "improved" the latter alone errs by 3e-5 in the
    posterior of a light curve, where PyTorch's GELU is imprecise (seen on a processor with AVX-512).

    Raises
    ------
    FileNotFoundError
        If there are no such weights.
    ModuleNotFoundError
        If onnx or onnxscript is not installed.
    ValueError
        If the file is damaged or holds another model; the message names it.
    """
    path, folder = Path(path), Path(folder)
    saved = load_model(path)
    if not isinstance(saved.model, MMVAE):
        raise ValueError(f"{path}: weights of a {type(saved.model).__name__}, expected an MMVAE")
    contents = {}
    parts = parts_of(saved.model.eval(), saved.scaling)
    for name, part in tqdm(parts.items(), desc="export"):
        graph = to_onnx(part)
        for key, value in _metadata(path, saved, name, part).items():
            graph.metadata_props.add(key=key, value=value if isinstance(value, str) else json.dumps(value))
        contents[folder / f"{path.stem}-{name}.onnx"] = graph.SerializeToString(deterministic=True)
    with ExitStack() as stack:
        for target, content in contents.items():
            stack.enter_context(replacing(target)).write_bytes(content)
    return list(contents)


def _metadata(path, saved, name, part):
    """What a file says of itself: text, or JSON."""
    more = saved.more if name == "predictive" else {}  # their intervals
    return {
        "part": name,
        "inputs": [port.to_dict() for port in part.inputs],
        "outputs": [port.to_dict() for port in part.outputs],
        "distribution": part.distribution,
        "mask_rule": _MASK_RULE,
        "bands": list(BANDS),
        "scaling": {name: pair for name, pair in saved.scaling.to_dict().items() if name != "parameters"},
        "scaling_rule": "z = (value - mean) / standard deviation; the graph does it, inputs are physical",
        "trained_on": _TRAINED_ON,
        "model": saved.name,
        "recipe": saved.model.recipe.to_dict(),
        "weights": path.stem,
        "weights_sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "provenance": saved.provenance,
        "snlib": __version__,
        **more,
    }
