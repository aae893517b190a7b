"""The simulation grid of Goldstein & Kasen (2018): how its parameters are distributed, and where it ends."""

import numpy as np

__all__ = [
    "CO_FRACTION",
    "EJECTA_MSUN",
    "LN_EJECTA",
    "MIXING_PASSES",
    "NICKEL_FRACTION",
    "VELOCITY_KMS",
    "beyond_grid",
    "draw_parameters",
    "kinetic_energy",
    "kinetic_velocity",
]

# The limits of the grid, as seen in the published sample.
VELOCITY_KMS, EJECTA_MSUN, MIXING_PASSES = (8000.0, 14500.0), (0.7, 2.5), (10.0, 300.0)
NICKEL_FRACTION, CO_FRACTION = (0.1, 0.9), (0.0, 0.07)
LN_EJECTA = np.log(1.17), 0.27  # mean and standard deviation of ln(ejecta mass / Msun)


def beyond_grid(parameters):
    """Say in words where models lie outside the grid, by more than a hundredth of its extent.

    Parameters
    ----------
    parameters : ndarray, shape (N, 6)

    Returns
    -------
    list of (int, str)
        Index of the model, and which quantity lies outside which limits, by index; empty if all are inside.
    """
    energy, ejecta, nickel, _, unburnt, mixing = np.asarray(parameters, dtype=float).T
    quantities = {
        "kinetic velocity [km/s]": (kinetic_velocity(energy, ejecta), VELOCITY_KMS),
        "ejecta_mass_msun": (ejecta, EJECTA_MSUN),
        "nickel fraction of the ejecta": (nickel / ejecta, NICKEL_FRACTION),
        "C/O fraction of the ejecta": (unburnt / ejecta, CO_FRACTION),
        "mixing_passes": (mixing, MIXING_PASSES),
    }
    faults = []
    for name, (values, (low, high)) in quantities.items():
        margin = 0.01 * (high - low)
        outside = np.flatnonzero((values < low - margin) | (values > high + margin))
        faults += [(i, f"{name}: {values[i]:.4g} is outside {low:g} to {high:g}") for i in outside]
    return sorted(faults)


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
        velocity_kms = rng.uniform(*VELOCITY_KMS)
        ejecta = rng.lognormal(*LN_EJECTA)
        nickel = ejecta * rng.uniform(*NICKEL_FRACTION)
        unburnt = ejecta * rng.uniform(*CO_FRACTION)
        mixing = np.rint(np.exp(rng.uniform(*np.log(MIXING_PASSES))))
        ime = ejecta - nickel - unburnt
        if EJECTA_MSUN[0] <= ejecta <= EJECTA_MSUN[1] and ime > 0:
            break
    return np.array([kinetic_energy(velocity_kms, ejecta), ejecta, nickel, ime, unburnt, mixing])


# 1 Msun (km/s)^2 in 1e51 erg
_MSUN_KMS2 = 1.98841e33 * 1e10 / 1e51


def kinetic_energy(velocity_kms, ejecta_mass_msun):
    """E_k = m_ej v_K^2 / 2.

    Parameters
    ----------
    velocity_kms : float or ndarray
        Kinetic velocity v_K, km/s.
    ejecta_mass_msun : float or ndarray

    Returns
    -------
    float or ndarray
        In 1e51 erg.
    """
    return 0.5 * ejecta_mass_msun * velocity_kms**2 * _MSUN_KMS2


def kinetic_velocity(kinetic_energy_1e51erg, ejecta_mass_msun):
    """v_K = sqrt(2 E_k / m_ej).

    Parameters
    ----------
    kinetic_energy_1e51erg, ejecta_mass_msun : float or ndarray

    Returns
    -------
    float or ndarray
        In km/s.

    Examples
    --------
    >>> from snlib.simulation import kinetic_energy, kinetic_velocity
    >>> round(kinetic_velocity(kinetic_energy(11000.0, 1.2), 1.2))
    11000
    """
    return np.sqrt(2 * kinetic_energy_1e51erg / (ejecta_mass_msun * _MSUN_KMS2))
