"""Joint transceivers and SALT3 from a few points of each light curve, or from those well before peak."""

from dataclasses import replace

import numpy as np
import pandas as pd

from snlib.data.quantities import SURFACE_WAVELENGTH_AA
from snlib.joint.folds import predict_held_out
from snlib.random_streams import stream
from snlib.replication.joint_scores import JOINT_NAME
from snlib.replication.observed import method_scores
from snlib.simulation.photometry import band_magnitudes

__all__ = ["EARLY", "FEW", "SALT_WITH_PRIORS", "WHOLE", "few_points_table", "most_probable_spectra"]

WHOLE, FEW, EARLY = "whole light curve", "three points", "points before -5 d"
SALT_WITH_PRIORS = "SALT3 (fitted with priors)"
_N_FEW, _LAST_EARLY_DAYS, _FEWEST = 3, -5.0, 2
# Normal priors of stretch and colour, of the brightness about what these explain, and of photometry.
_X1, _C, _BRIGHT_MAG = (-0.1, 1.1), (0.02, 0.11), 0.25
_POINT_MAG = np.array([0.085, 0.042, 0.042, 0.042, 0.058, 0.058])
_X1_GRID, _C_GRID = np.linspace(-4, 4, 17), np.linspace(-0.4, 0.8, 25)
_DAYS = np.arange(-19.0, 51.0)


def few_points_table(observed, models, salt, seed=0):
    """Score spectra that are predicted from the whole light curve, from three points, and from early ones.

    Objects with fewer than two such points are left out.

    Parameters
    ----------
    observed : snlib.observed.table.ObservedSupernovae
    models : sequence of snlib.joint.model.JointTransceiver
        By fold.
    salt : snlib.observed.salt.Salt3
    seed : int
        Of the choice of points.

    Returns
    -------
    pandas.DataFrame
        A row a choice of points, method and spectrum: ``points``, and the columns of
        `snlib.replication.observed.method_scores`.
    """
    curves, tables, grid = observed.light_curves, [], _magnitudes(salt)
    early = curves.phase_days < _LAST_EARLY_DAYS
    for name, keep in {WHOLE: early | True, FEW: _few(curves, seed), EARLY: early}.items():
        less = replace(observed, light_curves=curves.only(keep))
        enough = less.light_curves.n_points[observed.spectrum_object] >= _FEWEST
        spectra = {
            JOINT_NAME: predict_held_out(models, less).mean,
            SALT_WITH_PRIORS: most_probable_spectra(salt, less, grid),
        }
        scores = [method_scores(observed, method, one)[enough] for method, one in spectra.items()]
        tables.append(pd.concat(scores).assign(points=name))
    return pd.concat(tables, ignore_index=True)


def _few(curves, seed):
    """Three points of each light curve, by chance."""
    keep = np.zeros(len(curves.phase_days), dtype=bool)
    for index in range(len(curves)):
        rows = np.arange(*curves.start[index : index + 2])
        keep[stream("fewer points", seed, index).permutation(rows)[:_N_FEW]] = True
    return keep


def most_probable_spectra(salt, observed, grid=None):
    """Spectra of SALT3 of the mean stretch, colour and brightness given the light curves and priors.

    Parameters
    ----------
    salt : snlib.observed.salt.Salt3
    observed : snlib.observed.table.ObservedSupernovae
        The stretch and colour of its fits are not used.
    grid : ndarray, optional
        Magnitudes by stretch, colour, day and band; computed if not given.

    Returns
    -------
    ndarray, shape (M, L)
    """
    grid = _magnitudes(salt) if grid is None else grid
    log10_fnu = np.full_like(observed.log10_fnu, np.nan)
    for index in np.unique(observed.spectrum_object):
        points, rows = observed.light_curves.padded([index]), observed.spectrum_object == index
        seen = points.observed[0]
        given = (values[0, seen] for values in (points.phase_days, points.magnitude, points.band))
        x1, c, bright = _most_probable(grid, *given)
        at = observed.spectrum_phase_days[rows], observed.wavelength_aa
        log10_fnu[rows] = salt.log10_fnu(x1, c, *at) - 0.4 * bright
    return log10_fnu


def _magnitudes(salt):
    """Of SALT3 by stretch, colour, day and band."""
    return np.array(
        [
            [
                band_magnitudes(SURFACE_WAVELENGTH_AA, salt.log10_fnu(x1, c, _DAYS, SURFACE_WAVELENGTH_AA))
                for c in _C_GRID
            ]
            for x1 in _X1_GRID
        ]
    )


def _most_probable(grid, phase, magnitude, band):
    """Posterior means of stretch, colour and brightness, on the grid."""
    place = np.clip(phase - _DAYS[0], 0, len(_DAYS) - 1.001)
    before, part = place.astype(int), place % 1
    model = (1 - part) * grid[:, :, before, band] + part * grid[:, :, before + 1, band]
    weight, x1, c = _POINT_MAG[band] ** -2, _X1_GRID[:, None], _C_GRID
    expected = -19.1 - 0.14 * x1 + 3.1 * c - 10.5  # of magnitude 10.5 in B is the unit of SALT3
    prior = _BRIGHT_MAG**-2
    difference = magnitude - model
    bright = ((weight * difference).sum(-1) + prior * expected) / (weight.sum() + prior)
    misfit = (weight * (difference - bright[..., None]) ** 2).sum(-1) + prior * (bright - expected) ** 2
    misfit = misfit + ((x1 - _X1[0]) / _X1[1]) ** 2 + ((c - _C[0]) / _C[1]) ** 2
    share = np.exp(-0.5 * (misfit - misfit.min()))
    share /= share.sum()
    return (share * x1).sum(), (share * c).sum(), (share * bright).sum()
