"""Parameters of the explosion from data: end to end, or from a frozen embedding (Figure 8)."""

import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits
from torch import nn

from snlib.grid import PARAMETERS
from snlib.transceiver import TransceiverEncoder

__all__ = ["Regressor", "fit_mlps", "predict_mlps"]


class Regressor(nn.Module):
    """Transceiver encoder to the latent of the VAEs (4 x 4), then an MLP to the six parameters.

    The end-to-end baseline of the paper, from light curves or from spectra.

    Parameters
    ----------
    modality : {"photometry", "spectrum"}
    recipe : snlib.recipes.Recipe
    """

    n_posteriors = 0

    def __init__(self, modality, recipe):
        super().__init__()
        self.modality, self.recipe = modality, recipe
        self.encoder = TransceiverEncoder(modality, recipe, n_outputs=recipe.latent_tokens)
        self.to_latent = nn.Linear(recipe.d_model, recipe.latent_dim)
        self.to_parameters = nn.Sequential(
            nn.Linear(recipe.latent_tokens * recipe.latent_dim, recipe.d_mlp),
            nn.GELU(),
            nn.Linear(recipe.d_mlp, len(PARAMETERS)),
        )

    def predict(self, x):
        """Photometry or Spectrum -> z-scores of the parameters, shape (B, 6)."""
        return self.to_parameters(self.to_latent(self.encoder(x)).flatten(1))

    def forward(self, batch, noise=None, pixels=None):
        """Loss of each pair of a batch, shape (B,): mean squared error of the z-scores.

        Parameters
        ----------
        batch : snlib.dataset.Batch
        noise, pixels
            Not used: nothing is sampled or decoded.
        """
        return (self.predict(getattr(batch, self.modality)) - batch.parameters).square().mean(-1)


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
