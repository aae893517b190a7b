"""Inputs of other lengths: errors as numpy counts them event by event, and costs of models that are plain."""

import numpy as np
import pytest
import torch
from torch import nn

from snlib.evaluation import lengths
from snlib.evaluation.lengths import COMPARED, cost_exponent, length_scores
from snlib.inference.posteriors import spectrum_query
from snlib.model.likelihoods import Laplace
from snlib.model.registry import new_model, recipe_for
from snlib.replication import evaluated  # noqa: F401 (registers recipes)


def test_errors_are_those_of_each_spectrum_by_itself(dataset, small_recipe, monkeypatch):
    monkeypatch.setattr(lengths, "_AT_ONCE", 3)
    mmvae, scaling, test = new_model("mmvae", small_recipe, 1), dataset.scaling, dataset.part("test")
    found = length_scores(mmvae, dataset).set_index(["every", "event", "phase_days"])
    spectra, (mean, unit) = test.spectra, scaling.log10_fnu
    assert len(found) == 2 * spectra.log10_fnu.shape[0] * 5
    for every in (1, 8):
        for event, truth in enumerate(spectra.log10_fnu):
            for phase, days in enumerate(spectra.phase_days):
                query = spectrum_query(scaling, spectra.phase_days[[phase]], spectra.wavelength_aa, "cpu")
                z_score = torch.from_numpy((truth[phase] - mean) / unit).float()
                some = slice(None, None, every)
                given = type(query)(
                    query.phase,
                    query.wavelength[some],
                    z_score.nan_to_num()[None, some],
                    z_score.isfinite()[None, some],
                )
                with torch.no_grad():
                    z = mmvae.spectrum.posterior(given).loc
                    decoded = mmvae.spectrum.likelihood(z[None], query).loc[0, 0].numpy()
                row = found.loc[every, event, days]
                assert row["n_pixels"] == np.isfinite(truth[phase]).sum()
                square = np.nanmean((mean + unit * decoded - truth[phase]) ** 2)
                assert row["mse_dex2"] == pytest.approx(square, rel=1e-3)


class Plain(nn.Module):
    """Reconstructs with so many multiplications a pixel, or a pair of pixels."""

    def __init__(self, quadratic):
        super().__init__()
        self.quadratic, self.given = quadratic, []

    def posterior(self, x):
        self.given.append(x.value.shape[-1])
        return Laplace(x.value[:, None] @ x.value[..., None], torch.ones(1, 1, 1))

    def log_likelihood(self, z, x, pixels):
        some = x.value[:, pixels]
        return some[..., None] @ some[:, None] if self.quadratic else some @ some.mT


@pytest.mark.parametrize("quadratic, low, high", [(False, 0.999, 1.001), (True, 1.9, 2.0)])
def test_exponents_of_linear_and_quadratic_work(quadratic, low, high):
    assert low < cost_exponent(Plain(quadratic)) < high


def test_the_lengths_compared_are_those_that_are_given():
    vae = Plain(quadratic=False)
    cost_exponent(vae)
    assert sorted(vae.given) == list(COMPARED)


def test_only_attention_among_positions_costs_more_than_their_number():
    found = {
        name: cost_exponent(new_model("spectrum-vae", recipe_for("spectrum-vae", name), 0))
        for name in ("text", "evaluated", "evaluated-may", "evaluated-independent")
    }
    assert found["evaluated"] == found["evaluated-may"] > 1.5
    assert found["text"] < 1 and found["evaluated-independent"] < 1


def test_nothing_is_left_changed():
    vae, fast = new_model("spectrum-vae", recipe_for("spectrum-vae", "text"), 0), torch.backends.mha
    before = fast.get_fastpath_enabled()
    cost_exponent(vae)
    assert fast.get_fastpath_enabled() == before
