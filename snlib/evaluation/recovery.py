"""What light curves and spectra know of the explosion: the six parameters of Table 1 (Figure 8)."""

import warnings
from functools import partial

import numpy as np
import pandas as pd
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import KFold
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from snlib.data.quantities import PARAMETERS
from snlib.inference.embedding import encode, encode_spectra, predict_parameters

__all__ = ["fit_mlps", "head_errors", "mean_parameter_errors", "parameter_errors", "predict_mlps"]

# The paper fits to two thirds of the test set and judges by the rest; here each third has its turn.
_N_FOLDS = 3
_DATA = {"light curve": "photometry", "spectra": "spectrum"}
_METHODS = {"mmvae": "MMVAE", "contrastive": "contrastive"}


def parameter_errors(dataset, models, seed, device="cpu"):
    """Absolute errors of the six parameters of the test events, by every way of predicting them.

    Parameters
    ----------
    dataset : snlib.data.dataset.Dataset
    models : dict of str to torch.nn.Module
        Some of "mmvae", "contrastive", "photometry-regressor", "spectrum-regressor" and "joint-regressor",
        trained on its training events, on `device`.
    seed : int
        Of the MLPs.
    device : str

    Returns
    -------
    pandas.DataFrame
        A row an event and way: ``method`` ("MMVAE" or "contrastive": MLPs on frozen embeddings; "end to
        end"), ``data`` ("light curve", "spectra", or "both": a spectrum with its light curve),
        ``fitted_to`` ("test": the MLPs to two thirds of the test events, in turn; "train"), ``event``, and a
        column a parameter: the error in standard deviations of the training events, where there are spectra
        the mean over the phases.
    """
    train, test = dataset.part("train"), dataset.part("test")
    rows = []
    for data, modality in _DATA.items():
        if regressor := models.get(f"{modality}-regressor"):
            rows.append(_errors(dataset, "end to end", data, "train", _predicted(dataset, regressor, device)))
        for method, embed in _embeddings(models, dataset.scaling, modality, device).items():
            known, unknown = embed(train), embed(test)
            for fitted_to, predicted in (
                ("test", _in_turn(unknown, test.parameters, seed)),
                ("train", _fit_and_predict(known, train.parameters, unknown, seed)),
            ):
                rows.append(_errors(dataset, method, data, fitted_to, predicted))
    if joint := models.get("joint-regressor"):
        rows.append(_errors(dataset, "end to end", "both", "train", _predicted(dataset, joint, device)))
    return pd.concat(rows, ignore_index=True)


def head_errors(dataset, head, model, modality, device="cpu"):
    """Errors of a parameter head, which is fitted to the training events.

    Parameters
    ----------
    dataset : snlib.data.dataset.Dataset
    head : snlib.model.heads.ParameterHead
        On `device`.
    model, modality : str
        What it reads; see `snlib.model.heads.HEAD_OF`.
    device : str

    Returns
    -------
    pandas.DataFrame
        Rows as in `parameter_errors`; ``fitted_to`` is "head".
    """
    (data,) = (name for name, of in _DATA.items() if of == modality)
    return _errors(dataset, _METHODS[model], data, "head", _predicted(dataset, head, device))


def _predicted(dataset, model, device):
    """What a regressor or a head says of the test events, shape (N, views, 6)."""
    test = dataset.part("test")
    predicted = predict_parameters(model, dataset.scaling, test, device)
    return predicted.reshape(len(test), -1, len(PARAMETERS))


def mean_parameter_errors(dataset):
    """Errors of the mean of the training events: rows as in `parameter_errors`, of "training mean"."""
    predicted = dataset.part("train").parameters.mean(0)[None, None]
    return _errors(dataset, "training mean", "none", "train", predicted)


def _errors(dataset, method, data, fitted_to, predicted):
    """Rows of one way; `predicted` is (N, views, 6)."""
    truth, unit = dataset.part("test").parameters, dataset.part("train").parameters.std(0)
    errors = (np.abs(predicted - truth[:, None]) / unit).mean(1)
    place = {"method": method, "data": data, "fitted_to": fitted_to, "event": np.arange(len(truth))}
    return pd.DataFrame(place | dict(zip([p.name for p in PARAMETERS], errors.T, strict=True)))


def _embeddings(models, scaling, modality, device):
    """Of each model: a function from N events to what its frozen encoder gives, shape (N, views, 16)."""
    encoders = {name: getattr(models[name], modality) for name in _METHODS if name in models}
    functions = {
        "mmvae": lambda x: encoders["mmvae"].posterior(x).loc,
        "contrastive": lambda x: encoders["contrastive"].latent(x),
    }

    def embed(function, events):
        if modality == "photometry":
            encoded = encode(function, scaling, events.light_curves, device)[:, None]
        else:
            encoded = encode_spectra(function, scaling, events, device)
        return encoded.reshape(*encoded.shape[:2], -1)

    return {_METHODS[name]: partial(embed, functions[name]) for name in encoders}


def _fit_and_predict(known, parameters, unknown, seed):
    n_views = known.shape[1]
    with warnings.catch_warnings():
        # After two thousand iterations a fit may go on improving, in the fourth digit.
        warnings.simplefilter("ignore", ConvergenceWarning)
        mlps = fit_mlps(known.reshape(-1, known.shape[-1]), np.repeat(parameters, n_views, axis=0), seed)
    return predict_mlps(mlps, unknown.reshape(-1, unknown.shape[-1])).reshape(len(unknown), n_views, -1)


def _in_turn(embedding, parameters, seed):
    """Each third of the events predicted by MLPs fitted to the other two."""
    predicted = np.empty((*embedding.shape[:2], parameters.shape[1]))
    for others, third in KFold(_N_FOLDS, shuffle=True, random_state=seed).split(embedding):
        predicted[third] = _fit_and_predict(embedding[others], parameters[others], embedding[third], seed)
    return predicted


def fit_mlps(embedding, parameters, seed):
    """Fit a small MLP for each parameter to frozen embeddings (Appendix B.3).

    Parameters
    ----------
    embedding : ndarray, shape (N, d)
    parameters : ndarray, shape (N, 6)
        In physical units; scaled inside.
    seed : int

    Returns
    -------
    list of 6 scikit-learn regressors
    """

    def new_mlp():
        # All embeddings at each step, and a penalty: as few as fifty must do.
        mlp = MLPRegressor(
            hidden_layer_sizes=(32,), activation="tanh", solver="lbfgs", alpha=1.0, tol=1e-3,
            max_iter=2000, random_state=seed,
        )  # fmt: skip
        return TransformedTargetRegressor(make_pipeline(StandardScaler(), mlp), transformer=StandardScaler())

    with threadpool_limits(1):  # of matrices so small, more threads only wait for each other
        return [new_mlp().fit(embedding, values) for values in parameters.T]


def predict_mlps(mlps, embedding):
    """Parameters of embeddings (N, d), shape (N, 6), from what `fit_mlps` gave."""
    return np.stack([mlp.predict(embedding) for mlp in mlps], axis=1)
