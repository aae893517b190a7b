"""What each committed set of weights gives on a few test events, without random numbers.

``data/weights/<profile>/scores.csv`` records it, and a test compares it with what today's code gives; so
weights are taken by what they are, whatever code made them.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import torch

from snlib.data.batches import Pairs
from snlib.data.dataset import split_events, without_late_points
from snlib.model.predictive import PredictiveMMVAE
from snlib.model.weights import load_model
from snlib.replication.profiles import PROFILES
from snlib.simulation.simulator import simulate

__all__ = ["N_RECORDED", "recorded_scores", "set_scores"]

N_RECORDED = 4  # test events of each set


def set_scores(folder):
    """Scores of every weights file of a folder, on the first test events of its profile, simulated again.

    Parameters
    ----------
    folder : path
        ``data/weights/<profile>``; all weights in it are of one seed.

    Returns
    -------
    pandas.DataFrame
        See `recorded_scores`, with the column ``weights`` before: names of files without their ending.
    """
    folder = Path(folder)
    paths = sorted(folder.glob("*.safetensors"))
    sets = {path.stem: load_model(path) for path in paths}
    (seed,) = {saved.provenance["made_from"]["seed"] for saved in sets.values()}
    profile = folder.name.partition("_")[0]  # "full_length" is of "full"
    events = _first_test_events(PROFILES[profile].n_events, seed)
    tables = []
    for name, saved in sets.items():
        tables.append(recorded_scores(saved.model, saved.scaling, events))
        tables[-1].insert(0, "weights", name)
    return pd.concat(tables, ignore_index=True)


def _first_test_events(n_events, seed):
    test = split_events(n_events, seed)["test"][:N_RECORDED]
    return without_late_points(simulate(test[-1] + 1, seed).select(test))


@torch.no_grad()
def recorded_scores(model, scaling, events):
    """What an MMVAE decodes where its posteriors lie, each modality from the other one.

    Parameters
    ----------
    model : MMVAE
        Or a predictive one.
    scaling : snlib.data.scaling.Scaling
    events : Events

    Returns
    -------
    pandas.DataFrame
        A row for each ``event`` and ``phase_days``: ``rmse_dex`` of the spectrum decoded at the location of
        the posterior given the light curve; ``scale_dex``, the mean scale of its likelihood (of a predictive
        MMVAE: the standard deviation of what it predicts); and ``rmse_mag`` of the light curve decoded at the
        location of the posterior given the spectrum.
    """
    pairs = Pairs.from_events(events, scaling, "cpu")
    batch = pairs.take(torch.arange(len(pairs)))
    decoded, scale = _spectrum(model, batch)
    z = model.spectrum.posterior(batch.spectrum).loc
    magnitude = model.photometry.likelihood(z[None], batch.photometry).loc[0]
    n_phases, unit = len(events.spectra.phase_days), scaling.log10_fnu[1]
    return pd.DataFrame(
        {
            "event": np.repeat(np.arange(len(events)), n_phases),
            "phase_days": np.tile(events.spectra.phase_days, len(events)),
            "rmse_dex": unit * _rmse(decoded, batch.spectrum),
            "scale_dex": unit * _mean(scale, batch.spectrum.observed),
            "rmse_mag": scaling.magnitude[1] * _rmse(magnitude, batch.photometry),
        }
    )


def _spectrum(model, batch):
    """Location and scale of each spectrum given its light curve, shape (B, L), in z-scores."""
    if isinstance(model, PredictiveMMVAE):
        predicted = model.predictive(batch.photometry, batch.spectrum)
        return predicted.loc, predicted.variance().sqrt()
    z = model.photometry.posterior(batch.photometry).loc
    likelihood = model.spectrum.likelihood(z[None], batch.spectrum)
    return likelihood.loc[0], likelihood.scale[0]


def _rmse(decoded, truth):
    return _mean((decoded - truth.value).square(), truth.observed).sqrt()


def _mean(values, observed):
    return (values.double() * observed).sum(1) / observed.sum(1)
