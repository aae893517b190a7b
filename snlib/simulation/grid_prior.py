"""The grid's distribution of models, written with standard normal numbers: the prior of a fit.

It is the distribution that `snlib.simulation.grid.draw_parameters` draws from, but for mixing, which here
need not be a whole number, with the same limits; a fit wants it differentiable and without edges.
"""

from math import log

import numpy as np
import torch
from torch.special import ndtr, ndtri

from snlib.simulation.grid import (
    CO_FRACTION,
    EJECTA_MSUN,
    LN_EJECTA,
    MIXING_PASSES,
    NICKEL_FRACTION,
    VELOCITY_KMS,
    kinetic_energy,
)

__all__ = ["N_PARAMETERS", "grid_parameters", "grid_quantities"]

N_PARAMETERS = 5


def grid_quantities(u):
    """What a model of the grid is made of, from standard normal numbers.

    Parameters
    ----------
    u : Tensor, shape (..., 5 or more)
        Only the first five count.

    Returns
    -------
    velocity_kms, ejecta_msun, nickel_fraction, co_fraction, mixing_passes : Tensor, shape (...)
        As `snlib.simulation.surrogate.centred` takes them; differentiable.
    """
    share = ndtr(u)

    def uniform(column, limits):
        return limits[0] + (limits[1] - limits[0]) * share[..., column]

    mean, scale = LN_EJECTA
    below = [ndtr(torch.tensor((log(mass) - mean) / scale, dtype=u.dtype)) for mass in EJECTA_MSUN]
    return (
        uniform(0, VELOCITY_KMS),
        torch.exp(mean + scale * ndtri(uniform(1, below))),
        uniform(2, NICKEL_FRACTION),
        uniform(3, CO_FRACTION),
        torch.exp(uniform(4, [log(mixing) for mixing in MIXING_PASSES])),
    )


def grid_parameters(u):
    """Parameters of models, from numbers that are standard normal in the grid's distribution.

    Parameters
    ----------
    u : ndarray, shape (N, 5 or more)
        Only the first five count.

    Returns
    -------
    ndarray, shape (N, 6)
        In the order and units of `snlib.data.quantities.PARAMETERS`; mixing passes are not whole numbers.
    """
    velocity, ejecta, nickel, unburnt, mixing = (x.numpy() for x in grid_quantities(torch.tensor(u)))
    masses = [ejecta, ejecta * nickel, ejecta * (1 - nickel - unburnt), ejecta * unburnt]
    return np.stack([kinetic_energy(velocity, ejecta), *masses, mixing], axis=-1)
