"""Parameter heads: what they read, what they learn, and that embedding the pairs once changes nothing."""

from dataclasses import replace

import pytest
import torch

from snlib.data.batches import Pairs, Photometry
from snlib.model.heads import HEADS
from snlib.model.registry import MODELS, new_model, recipe_for
from snlib.model.weights import SavedModel, load_model, save_model
from snlib.replication.evaluated import EVALUATED
from snlib.training.loop import train

RECIPES = ("text", "improved", EVALUATED.name)
SMALL = {"d_model": 8, "d_mlp": 8, "n_heads": 2, "n_layers": 1, "batch_size": 8}


def small(name, recipe="text", seed=0, **changes):
    return new_model(name, replace(recipe_for(name, recipe), **SMALL | changes), seed)


def weights(model):
    return {name: x.clone() for name, x in model.state_dict().items()}


def assert_same(ours, theirs, **tolerance):
    assert list(ours) == list(theirs)
    for name, x in ours.items():
        torch.testing.assert_close(x, theirs[name], **{"rtol": 0, "atol": 0} | tolerance)


def test_heads_are_not_among_the_models_that_are_compared():
    assert not set(HEADS) & set(MODELS)
    assert {name.rsplit("-", 2)[0] for name in HEADS} <= set(MODELS)


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("name", HEADS)
def test_a_head_reads_the_latent_of_the_model_it_begins_with(photometry, spectrum, name, recipe):
    of, modality, _ = name.split("-")
    x, model = {"photometry": photometry, "spectrum": spectrum}[modality], small(of, recipe, seed=1).eval()
    head = small(name, recipe)
    head.begin_with(model)
    part = getattr(model, modality)
    with torch.no_grad():
        expected = part.posterior(x).loc if of == "mmvae" else part.latent(x)
    torch.testing.assert_close(head.latent(x), expected.reshape(3, 16))
    assert head.predict(x).shape == (3, 6)


def test_the_readout_has_the_layers_of_the_authors():
    shapes = [tuple(x.shape) for x in small(HEADS[0]).readout.parameters() if x.dim() == 2]
    assert shapes == [(128, 16), (128, 128), (128, 128), (128, 128), (6, 128)]


@pytest.mark.parametrize("name", HEADS)
def test_a_head_takes_no_weights_of_another_kind(name):
    other = {"mmvae": "contrastive", "contrastive": "mmvae"}[name.split("-")[0]]
    with pytest.raises(RuntimeError, match="state_dict"):
        small(name).begin_with(small(other))


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("name", HEADS)
def test_training_on_embedded_pairs_is_training_through_the_encoder(pairs, name, recipe):
    through, ahead = (small(name, recipe) for _ in range(2))
    before = weights(ahead.backbone)
    histories = [
        train(through, *pairs, n_steps=12, seed=3),
        train(ahead.readout, *map(ahead.embed, pairs), n_steps=12, seed=3),
    ]
    assert_same(weights(ahead.readout), weights(through.readout), rtol=1e-4, atol=1e-5)
    for loss in ("train_loss", "validation_loss"):
        one, other = (history[loss].to_list() for history in histories)
        assert one == pytest.approx(other, rel=1e-5)
    first, last = (head.readout.to_parameters[0].weight for head in (small(name, recipe), ahead))
    assert (last - first).abs().max() > 1e-3  # so that there is something to agree on
    for head in (through, ahead):
        assert_same(weights(head.backbone), before)


def toy(head, n_events):
    """Pairs of random light curves whose parameters are linear functions of their latents."""
    generator = torch.Generator().manual_seed(n_events)
    time, value = torch.randn(2, n_events, 12, generator=generator)
    band = torch.randint(0, 6, time.shape, generator=generator)
    photometry = Photometry(time, band, value, torch.ones_like(band, dtype=torch.bool))
    directions = torch.randn(16, 6, generator=torch.Generator().manual_seed(0))
    flux = torch.zeros(n_events, 1, 3)
    return Pairs(
        photometry, torch.zeros(1), torch.arange(3.0), flux, flux == 0, head.latent(photometry) @ directions
    )


def test_a_head_recovers_a_linear_function_of_the_latent():
    """Of light curves that it has not seen: of the variance, which the mean leaves, little is left."""
    head = small("contrastive-photometry-head", batch_size=32)
    head.backbone.to_latent.weight.data *= 10  # latents of untrained weights are close together
    train_pairs, validation, test = (toy(head, n) for n in (2000, 100, 300))
    train(head.readout, head.embed(train_pairs), head.embed(validation), n_steps=1500, seed=0)
    with torch.no_grad():
        left = (head.predict(test.photometry) - test.parameters).square().mean(0)
    of_mean = (train_pairs.parameters.mean(0) - test.parameters).square().mean(0)
    assert (left < 0.2 * of_mean).all()


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("name", HEADS)
def test_a_head_comes_back_whole(tmp_path, dataset, photometry, spectrum, name, recipe):
    """Its backbone too, which drops nothing out."""
    head = small(name, recipe)
    save_model(tmp_path / "h.safetensors", SavedModel(name, head, dataset.scaling, {}))
    again, x = load_model(tmp_path / "h.safetensors").model, {"photometry": photometry, "spectrum": spectrum}
    assert again.recipe == head.recipe
    assert torch.equal(again.predict(x[head.modality]), head.predict(x[head.modality]))


def test_heads_see_whole_light_curves_and_train_as_their_recipe_says():
    for name in HEADS:
        for recipe in ("text", "improved", "large"):
            whole = {"hidden_points": 0.0, "ended_early": 0.0}
            assert recipe_for(name, recipe) == replace(recipe_for("mmvae", recipe), **whole)
