"""The simulation grid: its six parameters, its wavelengths and its file names.

The grid is the set of Sedona models of Goldstein & Kasen (2018); Table 1 of the paper
lists its parameters.
"""

import re
from dataclasses import dataclass

import numpy as np

__all__ = [
    "LAST_PHASE_DAYS",
    "PARAMETERS",
    "SPECTRUM_PHASES_DAYS",
    "WAVELENGTH_AA",
    "Parameter",
    "draw_parameters",
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

# The published spectra: 982 bins, each .1 % wider than the one before.
WAVELENGTH_AA = 3000.112 * 1.001 ** np.arange(982)
SPECTRUM_PHASES_DAYS = np.array([-10.0, 0.0, 10.0, 20.0, 30.0])
# The simulations end 66-80 d after peak and their light curves collapse towards it, an artefact:
# nothing later than this is used.
LAST_PHASE_DAYS = 60.0

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
        velocity_kms = rng.uniform(8000.0, 14500.0)
        ejecta = rng.lognormal(np.log(1.17), 0.27)
        nickel = ejecta * rng.uniform(0.1, 0.9)
        unburnt = ejecta * rng.uniform(0.0, 0.07)
        mixing = np.rint(np.exp(rng.uniform(np.log(10.0), np.log(300.0))))
        ime = ejecta - nickel - unburnt
        if 0.7 <= ejecta <= 2.5 and ime > 0:
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
