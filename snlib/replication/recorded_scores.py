"""What all committed weights give on a few test events, without random numbers.

``data/weights/<profile>/scores.csv`` records it, and a test compares it with what today's code gives; so
weights are taken by what they are, whatever code made them.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import torch

from snlib.data.batches import Pairs
from snlib.data.dataset import split_events, without_late_points
from snlib.data.quantities import SPECTRUM_PHASES_DAYS, WAVELENGTH_AA
from snlib.data.ragged import RaggedLightCurves
from snlib.inference.shipped import OBSERVED_WEIGHTS
from snlib.joint.forecast import ObservedForecaster
from snlib.model.mmvae import MMVAE
from snlib.model.predictive import PredictiveMMVAE
from snlib.model.vae import VAE
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
        See `recorded_scores`, with the column ``weights`` before: names of files without their ending.  Of a
        joint transceiver the mean residual and scale, since its errors on simulations say nothing.
    """
    folder = Path(folder)
    if folder.name == OBSERVED_WEIGHTS.parent.name:
        return _joint_scores(folder)
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


def _joint_scores(folder):
    """Mean level and width of what a joint transceiver says of simulated light curves, as files write it."""
    events, rows = _first_test_events(PROFILES["quick"].n_events, 0), []
    curves = RaggedLightCurves.from_padded(events.object_id, events.light_curves)
    for path in sorted(folder.glob("*.safetensors")):
        forecaster = ObservedForecaster.load(path)
        for event in range(N_RECORDED):
            predictive = forecaster.predictive(curves, event, SPECTRUM_PHASES_DAYS, WAVELENGTH_AA)
            columns = (predictive.loc.mean(1), predictive.variance().sqrt().mean(1))
            of_phases = zip(SPECTRUM_PHASES_DAYS, *(column.tolist() for column in columns), strict=True)
            rows += [(path.stem, event, *numbers) for numbers in of_phases]
    return pd.DataFrame(rows, columns=["weights", "event", "phase_days", "residual_dex", "scale_dex"])


def _first_test_events(n_events, seed):
    test = split_events(n_events, seed)["test"][:N_RECORDED]
    return without_late_points(simulate(test[-1] + 1, seed).select(test))


@torch.no_grad()
def recorded_scores(model, scaling, events):
    """What a model makes of some events without random numbers: latents are where their posteriors lie.

    Parameters
    ----------
    model : torch.nn.Module
        Of any name in `snlib.model.registry.MODELS` or `snlib.model.heads.HEADS`.
    scaling : snlib.data.scaling.Scaling
    events : Events

    Returns
    -------
    pandas.DataFrame
        A row for each ``event`` and ``phase_days``, and of these columns what the model has: ``rmse_dex`` of
        the spectrum that is decoded, by an MMVAE from the light curve; ``scale_dex``, the mean scale of its
        likelihood (of a predictive MMVAE: the standard deviation of what it predicts); ``rmse_mag`` of the
        light curve that is decoded, by an MMVAE from the spectrum; and ``rms_z``, the root mean square of a
        regressor's or a head's errors, or of the difference of a contrastive model's two embeddings.
    """
    pairs = Pairs.from_events(events, scaling, "cpu")
    batch = pairs.take(torch.arange(len(pairs)))
    n_phases = len(events.spectra.phase_days)
    place = {
        "event": np.repeat(np.arange(len(events)), n_phases),
        "phase_days": np.tile(events.spectra.phase_days, len(events)),
    }
    return pd.DataFrame(place | _scores(model, scaling, batch))


def _scores(model, scaling, batch):
    """By column, a number a pair."""
    if isinstance(model, MMVAE):
        of_spectra = _of_spectrum(*_spectrum(model, batch), scaling, batch)
        z = model.spectrum.posterior(batch.spectrum).loc
        return of_spectra | _of_light_curve(model.photometry, z, scaling, batch)
    if isinstance(model, VAE):
        z = model.posterior(getattr(batch, model.modality)).loc
        if model.modality == "photometry":
            return _of_light_curve(model, z, scaling, batch)
        likelihood = model.likelihood(z[None], batch.spectrum)
        return _of_spectrum(likelihood.loc[0], likelihood.scale[0], scaling, batch)
    if hasattr(model, "predict"):
        difference = model.predict(getattr(batch, model.modality)) - batch.parameters
    else:
        difference = model.photometry(batch.photometry) - model.spectrum(batch.spectrum)
    return {"rms_z": difference.double().flatten(1).square().mean(1).sqrt()}


def _of_spectrum(decoded, scale, scaling, batch):
    unit = scaling.log10_fnu[1]
    return {
        "rmse_dex": unit * _rmse(decoded, batch.spectrum),
        "scale_dex": unit * _mean(scale, batch.spectrum.observed),
    }


def _of_light_curve(vae, z, scaling, batch):
    magnitude = vae.likelihood(z[None], batch.photometry).loc[0]
    return {"rmse_mag": scaling.magnitude[1] * _rmse(magnitude, batch.photometry)}


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
