"""The ways of the published code do what their names say, and what the chapter says of them."""

from dataclasses import replace

import pytest
import torch

from snlib.model.recipes import RECIPES, Recipe
from snlib.model.registry import new_model
from snlib.model.transceiver import CrossAttention, TransceiverEncoder
from snlib.replication.variants import (
    ConcatenatingEncoder,
    PublishedRecipe,
    SelfThenCross,
    SwappingEncoder,
    augment,
)
from snlib.training.loop import train

WAYS = {
    "self-attention": {"query_self_attention": True},
    "concatenated": {"concatenated": True},
    "swapped": {"swapped": True},
    "both": {"concatenated": True, "swapped": True},
}


def build(small_recipe, **fields):
    return new_model("mmvae", PublishedRecipe(**vars(small_recipe) | fields), seed=0).eval()


def decoded(model, spectrum, pixels=slice(None)):
    z = torch.randn(2, 3, 4, 4, generator=torch.Generator().manual_seed(3))
    return model.spectrum.likelihood(z, spectrum.at(pixels)).loc


@pytest.mark.parametrize("fields", [{}, {"query_self_attention": True}], ids=["cross only", "self-attention"])
def test_only_with_self_attention_an_output_depends_on_what_else_is_asked_for(small_recipe, spectrum, fields):
    model = build(small_recipe, **fields)
    alone, among_all = decoded(model, spectrum, slice(5, 6)), decoded(model, spectrum)[..., 5:6]
    assert torch.allclose(alone, among_all, atol=1e-5) == (not fields)


def test_self_attention_goes_before_the_cross_attention(small_recipe):
    """Each part by itself: with the other one silenced, the layer is that part."""
    model = build(small_recipe, query_self_attention=True)
    layer = model.spectrum.decoder.layers[0]
    assert isinstance(layer, SelfThenCross)
    query, context = torch.randn(2, 7, 16), torch.randn(2, 5, 16)
    cross = CrossAttention(model.recipe)
    cross.load_state_dict({name: layer.state_dict()[name] for name in cross.state_dict()})
    (among,) = layer.among
    expected = cross(among(query, query), context)
    torch.testing.assert_close(layer(query, context), expected)
    for part in (among.to_out, among.mlp[-1]):
        torch.nn.init.zeros_(part.weight)
        torch.nn.init.zeros_(part.bias)
    torch.testing.assert_close(layer(query, context), cross(query, context))


def test_swapped_arguments(small_recipe, spectrum):
    """The tokens are those of an encoder that is given flux as wavelength and the reverse."""
    encoder = build(small_recipe, swapped=True).spectrum.encoder
    assert isinstance(encoder, SwappingEncoder)
    wavelength = spectrum.wavelength.expand(3, -1)
    other = replace(spectrum, wavelength=spectrum.value, value=wavelength)
    torch.testing.assert_close(encoder.tokens(spectrum), TransceiverEncoder.tokens(encoder, other))
    assert not torch.allclose(encoder.tokens(spectrum), TransceiverEncoder.tokens(encoder, spectrum))


def test_swapping_is_about_spectra_only(small_recipe):
    model = build(small_recipe, swapped=True)
    assert type(model.photometry.encoder) is TransceiverEncoder


@pytest.mark.parametrize("swapped", [False, True])
def test_concatenated_tokens_by_hand(small_recipe, spectrum, swapped):
    encoder = build(small_recipe, concatenated=True, swapped=swapped).spectrum.encoder
    assert isinstance(encoder, ConcatenatingEncoder)
    where, value = spectrum.wavelength.expand(3, -1), spectrum.value
    if swapped:
        where, value = value, where
    frequencies = encoder.position.wavelength.frequencies
    angle = where[1, 7] * frequencies
    token = torch.cat([angle.sin(), angle.cos(), encoder.value(value[1, 7][None])])
    torch.testing.assert_close(encoder.tokens(spectrum)[1, 7], encoder.mix(token))


def test_concatenated_light_curve_by_hand(small_recipe, photometry):
    encoder = build(small_recipe, concatenated=True).photometry.encoder
    where = encoder.position
    parts = (
        where.time(photometry.time),
        where.band(photometry.band),
        encoder.value(photometry.value[..., None]),
    )
    torch.testing.assert_close(encoder.tokens(photometry), encoder.mix(torch.cat(parts, -1)))


@pytest.mark.parametrize("way", WAYS)
def test_what_is_not_observed_is_not_seen(small_recipe, photometry, spectrum, way):
    model = build(small_recipe, **WAYS[way])
    for vae, x in ((model.photometry, photometry), (model.spectrum, spectrum)):
        other = replace(x, value=torch.where(x.observed, x.value, 7.0))
        torch.testing.assert_close(vae.posterior(x).loc, vae.posterior(other).loc)


@pytest.mark.parametrize("way", WAYS)
def test_each_way_trains(small_recipe, pairs, way):
    model = build(small_recipe, **WAYS[way]).train()
    history = train(model, *pairs, n_steps=40, seed=0)
    assert history["train_loss"].iloc[-1] < history["train_loss"].iloc[0]


def test_augmented_pairs(dataset):
    """Sizes as stated; what was not observed stays so, and reads zero."""
    many = torch.arange(len(dataset.part("train"))).repeat(200)
    pairs = dataset.pairs("train", "cpu")
    x = pairs.photometry
    pairs = replace(
        pairs,
        photometry=replace(x, **{name: values[many] for name, values in vars(x).items()}),
        flux=pairs.flux[many],
        observed=pairs.observed[many],
    )
    changed = augment(pairs, seed=0)
    for before, after, seen, still in (
        (
            pairs.photometry.value,
            changed.photometry.value,
            pairs.photometry.observed,
            changed.photometry.observed,
        ),
        (pairs.flux, changed.flux, pairs.observed, changed.observed),
    ):
        assert not (still & ~seen).any() and (after[~still] == 0).all()
        assert (still.sum() / seen.sum()).item() == pytest.approx(0.95, abs=0.01)
        assert (after - before)[still].std().item() == pytest.approx(0.02, rel=0.05)
    still = changed.photometry.observed
    shift = (changed.photometry.time - pairs.photometry.time).masked_fill(~still, torch.nan)
    mean = shift.nanmean(1)
    assert ((shift - mean[:, None]).abs()[still] < 1e-5).all()  # one for all points of a light curve
    assert mean.std().item() == pytest.approx(0.1, rel=0.1)
    assert changed.phase is pairs.phase and changed.parameters is pairs.parameters
    assert torch.equal(changed.flux, augment(pairs, seed=0).flux)
    assert not torch.equal(changed.flux, augment(pairs, seed=1).flux)


def test_the_recipes_of_the_book_have_none_of_these_ways():
    for recipe in RECIPES.values():
        model = new_model("mmvae", recipe, seed=0)
        assert type(model.spectrum.encoder) is type(model.photometry.encoder) is TransceiverEncoder
        assert not any(isinstance(part, SelfThenCross) for part in model.modules())
        assert recipe.photometry_weight == 1 and type(recipe) is Recipe
