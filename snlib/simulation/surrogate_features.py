"""What the surrogate makes of a model's parameters: five numbers of order one, and their polynomials."""

import numpy as np

from snlib.data.quantities import PARAMETERS
from snlib.simulation.grid import kinetic_velocity
from snlib.simulation.parameters import impossible, shortened

__all__ = ["N_CENTRED", "N_FEATURES", "centred", "centred_parameters", "polynomial_features"]

_CENTRE = np.array([np.log(11000.0), np.log(1.2), np.log(0.45), 0.035, np.log(55.0)])
_SCALE = np.array([0.17, 0.33, 0.5, 0.02, 1.0])
N_CENTRED = len(_CENTRE)
N_FEATURES = 1 + N_CENTRED + N_CENTRED * (N_CENTRED + 1) // 2


def centred_parameters(parameters):
    """Turn grid parameters into five numbers of order one.

    They are ln v_K, ln m_ej, ln(m_Ni/m_ej), m_CO/m_ej and ln mixing; m_IME is the rest of m_ej.

    Parameters
    ----------
    parameters : ndarray, shape (N, 6)
        In the order and units of `snlib.data.quantities.PARAMETERS`.

    Returns
    -------
    ndarray, shape (N, 5)

    Raises
    ------
    ValueError
        If the shape is wrong, a value is not finite or not physical, or the ejecta mass is not the
        sum of its parts; the message names the models and the parameters.
    """
    parameters = np.asarray(parameters, dtype=float)
    if parameters.ndim != 2 or parameters.shape[1] != len(PARAMETERS):
        raise ValueError(f"parameters: expected shape (N, {len(PARAMETERS)}), got {parameters.shape}")
    if faults := impossible(parameters):
        words = [(index, f"{name!r}: {what}") for index, name, what in faults]
        raise ValueError(f"parameters: {shortened(words, 'model')}")
    energy, ejecta, nickel, _, unburnt, mixing = parameters.T
    velocity = kinetic_velocity(energy, ejecta)
    return centred(velocity, ejecta, nickel / ejecta, unburnt / ejecta, mixing)


def centred(velocity_kms, ejecta_msun, nickel_fraction, co_fraction, mixing_passes, xp=np):
    """x: what the grid is made of, as numbers of order one.

    Parameters
    ----------
    velocity_kms, ejecta_msun, nickel_fraction, co_fraction, mixing_passes : array, shape (...)
        Kinetic velocity, ejecta mass, the fractions of nickel and of unburnt C/O in it, and mixing.
    xp : module
        `numpy`, or `torch` for tensors.

    Returns
    -------
    array, shape (..., 5)
    """
    logs = xp.log(velocity_kms), xp.log(ejecta_msun), xp.log(nickel_fraction)
    x = xp.stack([*logs, co_fraction, xp.log(mixing_passes)], -1)
    return (x - xp.asarray(_CENTRE)) / xp.asarray(_SCALE)


def polynomial_features(x, xp=np):
    """φ: 1, x and all products of two of them.

    Parameters
    ----------
    x : array, shape (..., 5)
    xp : module
        `numpy`, or `torch` for tensors.

    Returns
    -------
    array, shape (..., 21)
    """
    first, second = np.triu_indices(x.shape[-1])
    return xp.concatenate([xp.ones_like(x[..., :1]), x, x[..., first] * x[..., second]], -1)
