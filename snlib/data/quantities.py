"""What a supernova is measured in: the parameters of its explosion, bands, phases and wavelengths."""

import re
from dataclasses import dataclass

import numpy as np

__all__ = [
    "BANDS",
    "FAINTEST_MAGNITUDE",
    "LAST_PHASE_DAYS",
    "LIGHT_AA_PER_S",
    "PARAMETERS",
    "SPECTRUM_PHASES_DAYS",
    "SURFACE_PHASES_DAYS",
    "SURFACE_WAVELENGTH_AA",
    "WAVELENGTH_AA",
    "Parameter",
    "filename_from_parameters",
    "parameters_from_filename",
]

#: The filters of Rubin, in the order of their wavelengths.
BANDS = ("u", "g", "r", "i", "z", "y")
#: Absolute magnitude; fainter points, of models that hardly shine yet, are neither fitted nor predicted.
FAINTEST_MAGNITUDE = -12.0


@dataclass(frozen=True)
class Parameter:
    """One row of Table 1.

    Attributes
    ----------
    name : str
        Column name, with its unit.
    symbol : str
        LaTeX symbol.
    label : str
        Words for tables.
    unit : str
        For tables and figures.
    paper_range : tuple of float
        The range as Table 1 prints it, in that unit.
    """

    name: str
    symbol: str
    label: str
    unit: str
    paper_range: tuple[float, float]


#: The parameters of the explosion, Table 1 of the paper, in the order of every array of them.
PARAMETERS = (
    Parameter("kinetic_energy_1e51erg", r"$E_\mathrm{k}$", "Kinetic energy", "10⁵¹ erg", (4.514, 5.144)),
    Parameter("ejecta_mass_msun", r"$m_\mathrm{ej}$", "Ejecta mass", "M☉", (0.7, 2.5)),
    Parameter("ni56_mass_msun", r"$m_\mathrm{Ni}$", "Nickel-56 mass", "M☉", (0.75, 2.16)),
    Parameter("ime_mass_msun", r"$m_\mathrm{IME}$", "Mass of intermediate elements", "M☉", (0.0036, 2.07)),
    Parameter("co_mass_msun", r"$m_\mathrm{CO}$", "Unburnt C/O mass", "M☉", (0.0, 0.17)),
    Parameter(
        "mixing_passes",
        r"$n_\mathrm{mix}$",
        "Mixing passes (printed as progenitor mass)",
        "passes",
        (1.0, 2.5),
    ),
)

LIGHT_AA_PER_S = 2.99792458e18
#: Å: pixels that are .1 % wide, over all six filters.
SURFACE_WAVELENGTH_AA = 3000.112 * 1.001 ** np.arange(-182, 1301)
#: Å: the 982 of them from 3000 to 8000 Å, those of the published spectra.
WAVELENGTH_AA = SURFACE_WAVELENGTH_AA[182 : 182 + 982]
#: Days from peak at which spectra are taken.
SPECTRUM_PHASES_DAYS = np.array([-10.0, 0.0, 10.0, 20.0, 30.0])
#: Nothing later is used: the simulations end 66-80 d after peak, and their light curves collapse towards that
#: end, which is an artefact.
LAST_PHASE_DAYS = 60.0
#: Days from peak of SED surfaces: daily, like the steps of the simulations.
SURFACE_PHASES_DAYS = np.arange(-20.0, LAST_PHASE_DAYS + 1)

_NUMBER = r"(\d\.\d{3}e[+-]\d{2})"
_FILENAME = re.compile("_".join([_NUMBER] * len(PARAMETERS)) + r"\.h5")


def parameters_from_filename(name):
    """Read the six parameters from the file name of a Sedona model.

    Parameters
    ----------
    name : str
        ``E_k_m_ej_m_Ni_m_IME_m_CO_mixing.h5``, each number as ``%.3e``.

    Returns
    -------
    ndarray, shape (6,)
        In the order and units of `PARAMETERS`.

    Raises
    ------
    ValueError
        If the name does not have this form, or if the ejecta mass is not the sum of its parts.
    """
    match = _FILENAME.fullmatch(name)
    if match is None:
        raise ValueError(
            f"{name!r} is not the name of a Sedona model: six numbers like 1.234e+00 joined by '_', and '.h5'"
        )
    values = np.array([float(group) for group in match.groups()])
    ejecta, parts = values[1], values[2:5].sum()
    if abs(ejecta - parts) > 3e-3 * ejecta:
        raise ValueError(
            f"{name!r}: the ejecta mass {ejecta:g} is not the sum of the Ni, IME and C/O masses, {parts:g}"
        )
    return values


def filename_from_parameters(parameters):
    """File name of a Sedona model, the inverse of `parameters_from_filename`.

    Parameters
    ----------
    parameters : sequence of six float
        In the order and units of `PARAMETERS`.

    Returns
    -------
    str
        Each number with four digits.
    """
    return "_".join(f"{value:.3e}" for value in parameters) + ".h5"
