"""Weights that come with the repository give what they gave when they were committed."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from snlib.files import DATA
from snlib.inference.embedding import encode, encode_spectra, predict_parameters
from snlib.inference.posteriors import from_light_curve, from_spectra, spectrum_query
from snlib.model.registry import new_model
from snlib.replication.recorded_scores import N_RECORDED, recorded_scores, set_scores

SETS = sorted(path.name for path in (DATA / "weights").iterdir())


@pytest.mark.parametrize("name", SETS)
def test_todays_code_gets_the_recorded_scores(name):
    """The events are simulated again, so that these must not change either."""
    folder = DATA / "weights" / name
    recorded, found = pd.read_csv(folder / "scores.csv"), set_scores(folder)
    stems = {path.stem for path in folder.glob("*.safetensors")}
    assert set(recorded["weights"]) == stems and len(recorded) == len(stems) * N_RECORDED * 5
    key = ["weights", "event", "phase_days"]
    recorded, found = (table.set_index(key).sort_index() for table in (recorded, found))
    pd.testing.assert_frame_equal(found, recorded, rtol=0, atol=2e-5)


def by_hand(decoded, truth):
    return np.sqrt(np.nanmean((decoded - truth) ** 2))


@torch.no_grad()
def test_scores_by_hand(model, events, dataset):
    """In physical units, one event at a time, through the functions that judge posteriors."""
    events, scaling = events.select(np.arange(3)), dataset.scaling
    wavelength, phases = events.spectra.wavelength_aa, events.spectra.phase_days
    rows = recorded_scores(model, scaling, events).set_index(["event", "phase_days"])
    assert len(rows) == 3 * 5
    for i in range(3):
        event = events.select([i])
        truth, curve = event.spectra.log10_fnu[0], event.light_curves
        from_curve, of_spectra = (
            from_light_curve(model, scaling, event),
            from_spectra(model.spectrum, scaling, event),
        )
        photometry = scaling.photometry(curve)
        for p, phase in enumerate(phases):
            query = spectrum_query(scaling, phases[[p]], wavelength, "cpu")
            likelihood = model.spectrum.likelihood(from_curve.loc[None], query)
            decoded = scaling.log10_fnu[0] + scaling.log10_fnu[1] * likelihood.loc.numpy()[0, 0]
            assert rows.loc[(i, phase), "rmse_dex"] == pytest.approx(by_hand(decoded, truth[p]), rel=1e-4)
            scale = scaling.log10_fnu[1] * likelihood.scale.numpy()[0, 0][~np.isnan(truth[p])].mean()
            assert rows.loc[(i, phase), "scale_dex"] == pytest.approx(scale, rel=1e-4)
            z = of_spectra.loc[[p]]
            magnitude = model.photometry.likelihood(z[None], photometry).loc.numpy()[0, 0]
            magnitude = scaling.magnitude[0] + scaling.magnitude[1] * magnitude
            assert rows.loc[(i, phase), "rmse_mag"] == pytest.approx(
                by_hand(magnitude, curve.magnitude[0]), rel=1e-4
            )


def test_scores_of_a_predictive_mmvae(events, dataset, small_recipe):
    """Its location is that of the MMVAE inside; its scale is the scatter of what it draws."""
    model, events = new_model("predictive-mmvae", small_recipe, 0), events.select(np.arange(2))
    plain = new_model("mmvae", small_recipe, 1)
    plain.load_state_dict({name: model.state_dict()[name] for name in plain.state_dict()})
    scores, of_plain = (recorded_scores(one, dataset.scaling, events) for one in (model, plain))
    columns = ["rmse_dex", "rmse_mag"]
    pd.testing.assert_frame_equal(scores[columns], of_plain[columns])
    pairs = replace(dataset, events=events, split={"test": np.arange(2)}).pairs("test", "cpu")
    batch = pairs.take(torch.arange(len(pairs)))
    with torch.no_grad():
        predicted = model.predictive(batch.photometry, batch.spectrum)
        drawn = predicted.expand(20_000).draw(np.random.default_rng(0)).numpy()
    scatter = np.where(batch.spectrum.observed, drawn.std(0), np.nan) * dataset.scaling.log10_fnu[1]
    np.testing.assert_allclose(scores["scale_dex"], np.nanmean(scatter, 1), rtol=0.01)


@pytest.mark.parametrize("name", ["photometry-regressor", "spectrum-regressor", "contrastive-spectrum-head"])
def test_scores_of_what_predicts_parameters(events, dataset, small_recipe, name):
    """In physical units, through the function that predicts."""
    model, events, scaling = new_model(name, small_recipe, 0), events.select(np.arange(2)), dataset.scaling
    predicted = predict_parameters(model, scaling, events).reshape(2, -1, 6)
    unit = np.array(scaling.parameters)[:, 1]
    errors = np.sqrt(np.mean(((predicted - events.parameters[:, None]) / unit) ** 2, axis=-1))
    found = recorded_scores(model, scaling, events)["rms_z"].to_numpy().reshape(2, 5)
    np.testing.assert_allclose(found, np.broadcast_to(errors, (2, 5)), rtol=1e-4)


def test_scores_of_a_contrastive_model(events, dataset, small_recipe):
    model, events = new_model("contrastive", small_recipe, 0), events.select(np.arange(2))
    with torch.no_grad():
        ours = encode(model.photometry, dataset.scaling, events.light_curves)
        spectra = encode_spectra(model.spectrum, dataset.scaling, events)
    apart = np.sqrt(((ours[:, None] - spectra) ** 2).reshape(2, 5, -1).mean(-1))
    found = recorded_scores(model, dataset.scaling, events)["rms_z"].to_numpy().reshape(2, 5)
    np.testing.assert_allclose(found, apart, rtol=1e-4)


@pytest.mark.parametrize("modality", ["photometry", "spectrum"])
def test_scores_of_a_modality_are_those_of_an_mmvae_that_sees_it(events, dataset, small_recipe, modality):
    """Of an MMVAE whose encoders both are that modality's, what it decodes from the other is from itself."""
    events = events.select(np.arange(2))
    vae, mmvae = (new_model(name, small_recipe, 0) for name in (f"{modality}-vae", "mmvae"))
    part = getattr(mmvae, modality)
    part.load_state_dict(vae.state_dict())
    other = "spectrum" if modality == "photometry" else "photometry"
    getattr(mmvae, other).posterior = lambda x: part.posterior(getattr(batch, modality))
    pairs = replace(dataset, events=events, split={"test": np.arange(2)}).pairs("test", "cpu")
    batch = pairs.take(torch.arange(len(pairs)))
    expected, found = (recorded_scores(one, dataset.scaling, events) for one in (mmvae, vae))
    assert set(found) - {"event", "phase_days"} == (
        {"rmse_mag"} if modality == "photometry" else {"rmse_dex", "scale_dex"}
    )
    pd.testing.assert_frame_equal(found, expected[list(found)])
