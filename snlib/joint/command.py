"""Joint transceivers on the command line.

Like the command line, it imports what it needs when it runs.
"""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["SpectraOption", "knowing_spectra", "load_joint"]

#: Of ``--spectra``.
SpectraOption = Annotated[
    Path | None,
    typer.Option(
        help="With observed light curves: spectra of the same objects, for weights of a joint transceiver; "
        "table of object_id, mjd, wavelength (Angstrom) and flux (per Angstrom, in any unit)."
    ),
]


def load_joint(path):
    """Read weights if they are those of a joint transceiver.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    snlib.joint.forecast.ObservedForecaster or None
        None if they are of another model.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is damaged; the message names the file.
    """
    from snlib.files.tensors import read_tensors
    from snlib.joint.forecast import ObservedForecaster
    from snlib.joint.predict import NAME

    metadata = read_tensors(path)[1]
    is_joint = isinstance(metadata, dict) and metadata.get("model") == NAME
    return ObservedForecaster.load(path) if is_joint else None


def knowing_spectra(forecaster, path, steps):
    """A forecaster that knows the spectra of a table.

    Parameters
    ----------
    forecaster
        Of an MMVAE or a joint transceiver.
    path : path-like or None
        As of `snlib.observed.known_spectra.read_known_spectra`; None for no spectra.
    steps : list of snlib.observed.steps.Steps
        What was done to the light curves.

    Returns
    -------
    snlib.inference.forecast.Forecaster or snlib.joint.forecast.ObservedForecaster

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        As of `snlib.observed.known_spectra.read_known_spectra`; also if the light curves are at rest, or the
        weights read no spectra.
    """
    from snlib.joint.forecast import ObservedForecaster
    from snlib.observed.known_spectra import read_known_spectra

    if path is None:
        return forecaster
    if not steps:
        raise ValueError(f"{path}: spectra have dates, so that light curves must have them too")
    if not isinstance(forecaster, ObservedForecaster):
        raise ValueError(f"{path}: these weights read no spectra; the weights 'observed' do")
    return forecaster.knowing(read_known_spectra(path, steps, forecaster.wavelength_aa))
