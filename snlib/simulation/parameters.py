"""The parameters of models, as others give them: what cannot be, and what lies outside the grid, in words."""

import warnings

import numpy as np

from snlib.data.cells import words
from snlib.data.quantities import LIGHT_AA_PER_S, PARAMETERS
from snlib.files.columns import Wanted
from snlib.files.tables import read_table
from snlib.simulation.grid import beyond_grid, kinetic_velocity

__all__ = ["BeyondGridWarning", "impossible", "read_parameters", "shortened"]

# The parts of a file name, rounded to four digits, add up to the ejecta mass within this.
_MASS_TOLERANCE = 3e-3
_CAN_BE_ZERO = ("ime_mass_msun", "co_mass_msun")  # elements that can be absent altogether
_LIGHT_KM_PER_S = LIGHT_AA_PER_S * 1e-13
_MOST_LISTED = 10


class BeyondGridWarning(UserWarning):
    """Models lie outside the grid, so that the surrogate is extrapolated."""


def read_parameters(path):
    """Read the parameters of models from a table.

    Models outside the grid come with a warning that names file, rows, parameters, values and limits.

    Parameters
    ----------
    path : path-like
        A table of any kind that `snlib.files.tables.read_table` reads, with the columns of
        `snlib.data.quantities.PARAMETERS`, in any order, and maybe others.

    Returns
    -------
    ndarray, shape (N, 6)

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no table, lacks a column, or holds something else than finite numbers or models that cannot
        be; the message names the file, and each row, column and value, the first ten of many.
    """
    names = tuple(parameter.name for parameter in PARAMETERS)
    table = read_table(path, Wanted(names))
    cells = {name: words(table.columns[name]) for name in names}
    columns = [np.array([_number(text) for text in texts])[code] for code, texts in cells.values()]
    values = np.column_stack(columns)
    faults = []
    for row, name, what in impossible(values):
        code, texts = cells[name]
        if not np.isfinite(values[row, names.index(name)]):
            what = f"{texts[code[row]]!r} is not a finite number"
        faults.append((row, f"column {name!r}: {what}"))
    if faults:
        raise ValueError(f"{path}: {shortened(faults, 'row', first=1)}")
    if outside := beyond_grid(values):
        said = shortened(outside, "row", first=1)
        warnings.warn(f"{path}: extrapolated beyond the grid: {said}", BeyondGridWarning, stacklevel=2)
    return values


def _number(text):
    try:
        return float(text)
    except ValueError:
        return np.nan


def impossible(parameters):
    """Say in words which models cannot be.

    Parameters
    ----------
    parameters : ndarray, shape (N, 6)

    Returns
    -------
    list of (int, str, str)
        Index of the model, parameter, and what is wrong with it, by index: values that are not finite or
        have a wrong sign, ejecta masses that are not the sum of their parts, and ejecta faster than light.
    """
    faults = []
    for parameter, values in zip(PARAMETERS, parameters.T, strict=True):
        can_be_zero = parameter.name in _CAN_BE_ZERO
        bad = ~(np.isfinite(values) & ((values >= 0) if can_be_zero else (values > 0)))
        expected = "zero or positive" if can_be_zero else "positive"
        faults += [(i, parameter.name, f"{values[i]:g}, expected {expected}") for i in np.flatnonzero(bad)]
    sound = np.setdiff1d(np.arange(len(parameters)), [i for i, *_ in faults])
    energy, ejecta, nickel, ime, unburnt, _ = parameters.T
    with np.errstate(all="ignore"):
        parts, velocity_kms = nickel + ime + unburnt, kinetic_velocity(energy, ejecta)
    for i in sound:
        if abs(parts[i] - ejecta[i]) > _MASS_TOLERANCE * ejecta[i]:
            words = f"{ejecta[i]:g} is not the sum {parts[i]:g} of its Ni, IME and C/O masses"
            faults.append((i, "ejecta_mass_msun", words))
        elif velocity_kms[i] >= _LIGHT_KM_PER_S:
            words = f"{energy[i]:g} is more than moves {ejecta[i]:g} Msun at the speed of light"
            faults.append((i, "kinetic_energy_1e51erg", words))
    return sorted(faults)


def shortened(faults, kind, first=0):
    """Faults in one line, of many the first ten and how many more there are.

    Parameters
    ----------
    faults : list of (int, str)
    kind : str
        What the indices count, such as "model".
    first : int
        The number of the first of its kind.

    Returns
    -------
    str
    """
    listed = [f"{kind} {index + first}, {words}" for index, words in faults[:_MOST_LISTED]]
    more = [f"and {len(faults) - _MOST_LISTED:,} more"] if len(faults) > _MOST_LISTED else []
    return "; ".join(listed + more)
