"""The simulation grid: its six parameters, its wavelengths and its file names.

The grid is the set of Sedona models of Goldstein & Kasen (2018); Table 1 of the paper
lists its parameters.
"""

import re
from dataclasses import dataclass

import numpy as np

__all__ = [
    "LAST_PHASE_DAYS",
    "LIGHT_AA_PER_S",
    "PARAMETERS",
    "SPECTRUM_PHASES_DAYS",
    "SURFACE_PHASES_DAYS",
    "SURFACE_WAVELENGTH_AA",
    "WAVELENGTH_AA",
    "Parameter",
    "beyond_grid",
    "draw_parameters",
    "filename_from_parameters",
    "kinetic_energy",
    "kinetic_velocity",
    "parameters_from_filename",
]


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
    paper_range : tuple of float
        The range as Table 1 prints it, in the unit of the column.
    """

    name: str
    symbol: str
    label: str
    paper_range: tuple[float, float]


PARAMETERS = (
    Parameter("kinetic_energy_1e51erg", r"$E_\mathrm{k}$", "Kinetic energy", (4.514, 5.144)),
    Parameter("ejecta_mass_msun", r"$m_\mathrm{ej}$", "Ejecta mass", (0.7, 2.5)),
    Parameter("ni56_mass_msun", r"$m_\mathrm{Ni}$", "Nickel-56 mass", (0.75, 2.16)),
    Parameter("ime_mass_msun", r"$m_\mathrm{IME}$", "Mass of intermediate elements", (0.0036, 2.07)),
    Parameter("co_mass_msun", r"$m_\mathrm{CO}$", "Unburnt C/O mass", (0.0, 0.17)),
    Parameter("mixing_passes", r"$n_\mathrm{mix}$", "Mixing passes (printed as progenitor mass)", (1.0, 2.5)),
)

LIGHT_AA_PER_S = 2.99792458e18
# Pixels that are .1 % wide, over all six filters; the published spectra are the 982 from 3000 to 8000 Å.
SURFACE_WAVELENGTH_AA = 3000.112 * 1.001 ** np.arange(-182, 1301)
WAVELENGTH_AA = SURFACE_WAVELENGTH_AA[182 : 182 + 982]
SPECTRUM_PHASES_DAYS = np.array([-10.0, 0.0, 10.0, 20.0, 30.0])
# The simulations end 66-80 d after peak and their light curves collapse towards it, an artefact:
# nothing later than this is used.
LAST_PHASE_DAYS = 60.0
# Daily, like the steps of the simulations.
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
    """File name of a Sedona model; see `parameters_from_filename`."""
    return "_".join(f"{value:.3e}" for value in parameters) + ".h5"


# The limits of the grid, as seen in the published sample.
_VELOCITY_KMS, _EJECTA_MSUN, _MIXING = (8000.0, 14500.0), (0.7, 2.5), (10.0, 300.0)
_NICKEL_FRACTION, _CO_FRACTION = (0.1, 0.9), (0.0, 0.07)


def beyond_grid(parameters):
    """Say in words where models lie outside the grid, by more than a hundredth of its extent.

    Parameters
    ----------
    parameters : ndarray, shape (N, 6)

    Returns
    -------
    list of str
        One line for each quantity and model, empty if all are inside.
    """
    energy, ejecta, nickel, _, unburnt, mixing = np.asarray(parameters, dtype=float).T
    quantities = {
        "kinetic velocity [km/s]": (kinetic_velocity(energy, ejecta), _VELOCITY_KMS),
        "ejecta_mass_msun": (ejecta, _EJECTA_MSUN),
        "nickel fraction of the ejecta": (nickel / ejecta, _NICKEL_FRACTION),
        "C/O fraction of the ejecta": (unburnt / ejecta, _CO_FRACTION),
        "mixing_passes": (mixing, _MIXING),
    }
    lines = []
    for name, (values, (low, high)) in quantities.items():
        margin = 0.01 * (high - low)
        outside = np.flatnonzero((values < low - margin) | (values > high + margin))
        lines += [f"model {i}: {name} {values[i]:.4g} is outside {low:g} to {high:g}" for i in outside]
    return lines


def draw_parameters(rng):
    """Draw one model from the grid's distribution, as seen in the published sample.

    Velocity uniform in 8000-14500 km/s, ejecta mass log-normal around 1.17 Msun, nickel and C/O
    fractions uniform, mixing log-uniform; the mass of intermediate elements is the rest.

    Parameters
    ----------
    rng : numpy.random.Generator

    Returns
    -------
    ndarray, shape (6,)
        In the order and units of `PARAMETERS`.
    """
    while True:
        velocity_kms = rng.uniform(*_VELOCITY_KMS)
        ejecta = rng.lognormal(np.log(1.17), 0.27)
        nickel = ejecta * rng.uniform(*_NICKEL_FRACTION)
        unburnt = ejecta * rng.uniform(*_CO_FRACTION)
        mixing = np.rint(np.exp(rng.uniform(*np.log(_MIXING))))
        ime = ejecta - nickel - unburnt
        if _EJECTA_MSUN[0] <= ejecta <= _EJECTA_MSUN[1] and ime > 0:
            break
    return np.array([kinetic_energy(velocity_kms, ejecta), ejecta, nickel, ime, unburnt, mixing])


# 1 Msun (km/s)^2 in 1e51 erg
_MSUN_KMS2 = 1.98841e33 * 1e10 / 1e51


def kinetic_energy(velocity_kms, ejecta_mass_msun):
    """E_k = m v_K^2 / 2, in 1e51 erg."""
    return 0.5 * ejecta_mass_msun * velocity_kms**2 * _MSUN_KMS2


def kinetic_velocity(kinetic_energy_1e51erg, ejecta_mass_msun):
    """v_K = sqrt(2 E_k / m_ej), in km/s."""
    return np.sqrt(2 * kinetic_energy_1e51erg / (ejecta_mass_msun * _MSUN_KMS2))
