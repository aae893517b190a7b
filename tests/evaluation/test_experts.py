"""What an expert has learned: errors as numpy counts them event by event, and one that is seen to be dead."""

import numpy as np
import pytest
import torch

from snlib.evaluation import experts
from snlib.evaluation.experts import DEAD_BELOW, expert_scores
from snlib.inference.posteriors import from_light_curve, from_spectra, spectrum_query
from snlib.model.registry import new_model


@pytest.fixture
def mmvae(small_recipe):
    return new_model("mmvae", small_recipe, seed=2)


def one_by_one(mmvae, dataset, events):
    """By expert, squared errors [dex^2] and the posterior's location and scale of each event and phase."""
    spectra, scaling = events.spectra, dataset.scaling
    query = spectrum_query(scaling, spectra.phase_days, spectra.wavelength_aa, "cpu")
    found = {"light_curve": [], "spectrum": []}
    with torch.no_grad():
        for i in range(len(events)):
            event = events.select(np.array([i]))
            light_curve = from_light_curve(mmvae, scaling, event)
            posteriors = (light_curve, from_spectra(mmvae.spectrum, scaling, event))
            for columns, posterior in zip(found.values(), posteriors, strict=True):
                loc, scale = (x.expand(len(query.phase), -1, -1) for x in (posterior.loc, posterior.scale))
                decoded = mmvae.spectrum.likelihood(loc[None], query).loc[0].numpy()
                mean, unit = scaling.log10_fnu
                square = (mean + unit * decoded - event.spectra.log10_fnu[0]) ** 2
                columns.append((square, loc.numpy(), scale.numpy()))
    return {name: [np.array(x) for x in zip(*columns, strict=True)] for name, columns in found.items()}


def test_scores_are_those_of_each_event_by_itself(mmvae, dataset, monkeypatch):
    monkeypatch.setattr(experts, "_BATCH", 7)  # whole events or not
    events, phases = dataset.part("train"), range(5)
    scores = expert_scores(mmvae.train(), dataset.pairs("train", "cpu"), dataset.scaling)
    assert mmvae.training
    for name, (square, loc, scale) in one_by_one(mmvae.eval(), dataset, events).items():
        rmse = np.sqrt(np.nanmean(square, axis=(0, 2)))
        assert [scores.pop(f"{name}_rmse_dex_{i}") for i in phases] == pytest.approx(rmse, rel=1e-4)
        variance = loc.var(axis=0, ddof=1).mean(axis=0)  # over events, then the phases
        spread = (np.sqrt(variance) / scale.mean(axis=(0, 1))).max()
        assert scores.pop(f"{name}_spread") == pytest.approx(spread, rel=1e-4)
    assert scores == {}


def test_an_expert_that_says_the_same_of_every_event_is_dead(mmvae, dataset):
    with torch.no_grad():
        mmvae.photometry.to_latent.weight.zero_()
    scores = expert_scores(mmvae, dataset.pairs("test", "cpu"), dataset.scaling)
    assert scores["light_curve_spread"] == pytest.approx(0, abs=1e-6)
    assert scores["light_curve_spread"] < DEAD_BELOW and scores["spectrum_spread"] > 0.01


def test_nothing_is_dropped_out(dataset):
    """The scores of a model with dropout are the same at every call."""
    from tests.replication.test_evaluated import small

    mmvae, pairs = small("mmvae").train(), dataset.pairs("test", "cpu")
    assert expert_scores(mmvae, pairs, dataset.scaling) == expert_scores(mmvae, pairs, dataset.scaling)
