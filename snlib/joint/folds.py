"""Joint transceivers fine-tuned in folds: each observed spectrum is predicted by one that never saw it."""

from dataclasses import dataclass

import numpy as np

from snlib.joint.build import make_examples
from snlib.joint.model import JOINT_TUNED
from snlib.joint.predict import NAME, JointForecaster
from snlib.model.registry import new_model
from snlib.training.loop import train

__all__ = ["HeldOut", "fine_tune", "pre_train", "predict_held_out"]

_ONE_IN = 7  # of the supernovae that a fold may learn from validates
_N_VALIDATE = 60  # of the simulated ones


def pre_train(model, simulated, n_steps, seed, checkpoint=None):
    """Train a joint transceiver on simulated supernovae.

    Parameters
    ----------
    model : snlib.joint.model.JointTransceiver
        Which remembers its mean supernova.
    simulated : snlib.observed.table.ObservedSupernovae
    n_steps, seed : int
    checkpoint : path, optional

    Returns
    -------
    pandas.DataFrame
        The history; see `snlib.training.loop.train`.
    """
    validates = simulated.spectrum_object < _N_VALIDATE
    return _train(model, simulated, ~validates, validates, n_steps, seed, checkpoint, "simulated")


def fine_tune(start, observed, fold, n_steps, seed, checkpoint=None):
    """Go on with observed supernovae, but for those of one fold.

    Every seventh supernova of the others validates.

    Parameters
    ----------
    start : snlib.joint.model.JointTransceiver
        Whose weights to begin with.
    observed : snlib.observed.table.ObservedSupernovae
    fold : int or None
        None to learn from all.
    n_steps, seed : int
    checkpoint : path, optional

    Returns
    -------
    model : snlib.joint.model.JointTransceiver
    history : pandas.DataFrame
    """
    model = new_model(NAME, JOINT_TUNED, seed)
    model.load_state_dict(start.state_dict())
    of_object = observed.spectrum_object
    allowed = np.unique(of_object[observed.fold[of_object] != fold])
    validating = allowed[(fold or 0) % _ONE_IN :: _ONE_IN]
    validates = np.isin(of_object, validating)
    learns = np.isin(of_object, allowed) & ~validates
    history = _train(model, observed, learns, validates, n_steps, seed, checkpoint, f"fold {fold}")
    return model, history


def _train(model, supernovae, learns, validates, n_steps, seed, checkpoint, run):
    mean = model.mean_supernova()
    pairs = [make_examples(supernovae, mean, np.flatnonzero(part)) for part in (learns, validates)]
    return train(model, *pairs, n_steps, seed, checkpoint, run)


@dataclass(frozen=True)
class HeldOut:
    """What models that were not trained on a supernova say of its M spectra.

    Attributes
    ----------
    mean, deviation : ndarray, shape (M, L)
        log10 F_nu at 10 pc, and dex.
    """

    mean: np.ndarray
    deviation: np.ndarray


def predict_held_out(models, observed, spectra=None):
    """Predict every spectrum by the model of its supernova's fold.

    Parameters
    ----------
    models : sequence of snlib.joint.model.JointTransceiver
        By fold.
    observed : snlib.observed.table.ObservedSupernovae
    spectra : ndarray of int, shape (M, C), optional
        Known spectra of the same supernova, -1 for none; by default the light curve alone.

    Returns
    -------
    HeldOut
    """
    of_spectrum = observed.fold[observed.spectrum_object]
    mean, deviation = (np.empty_like(observed.log10_fnu) for _ in range(2))
    for fold, model in enumerate(models):
        examples = make_examples(observed, model.mean_supernova())
        index = np.flatnonzero(of_spectrum == fold)
        known = None if spectra is None else spectra[index]
        mean[index], deviation[index] = JointForecaster(model).moments(examples, index, known)
    return HeldOut(mean, deviation)
