"""What the authors' models do beside giving their program's numbers: dropout, slots, gaps, training."""

import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from snlib.data.batches import Pairs, Spectrum
from snlib.inference.samplers import draw_events, spectrum_retrieval_sampler
from snlib.model.heads import HEADS, ParameterHead
from snlib.model.registry import new_model, recipe_for
from snlib.model.weights import SavedModel, load_model, save_model
from snlib.replication.evaluated import EVALUATED
from snlib.training import loop
from snlib.training.loop import train
from snlib.training.steps import Steps

RECIPES = (EVALUATED.name, "evaluated-may")
MODELS = (
    "mmvae",
    "photometry-vae",
    "spectrum-vae",
    "contrastive",
    "photometry-regressor",
    "spectrum-regressor",
)


def small(model, recipe=EVALUATED.name, **fields):
    """A small model of the authors, with as many slots as theirs."""
    size = {"d_model": 8, "d_mlp": 8, "n_heads": 2, "n_layers": 1, "batch_size": 4, "n_wavelengths": 30}
    return new_model(model, replace(recipe_for(model, recipe), **size | fields), seed=0)


@pytest.fixture(params=RECIPES)
def mmvae(request):
    return small("mmvae", request.param).eval()


@pytest.fixture
def whole_spectrum():
    """Two spectra in all 982 wavelengths."""
    generator = torch.Generator().manual_seed(4)
    observed = torch.rand(2, 982, generator=generator) < 0.9
    value = torch.randn(2, 982, generator=generator)
    return Spectrum(torch.tensor([0.1, 1.2]), torch.linspace(-1.7, 1.7, 982), value, observed)


def test_the_nearest_spectrum_has_the_largest_cosine(dataset):
    model, train, test = small("contrastive").eval(), dataset.part("train"), dataset.part("test")
    pairs, flux = Pairs.from_events(train, dataset.scaling, "cpu"), train.spectra.log10_fnu
    sampler = spectrum_retrieval_sampler(model, dataset.scaling, train)
    for one, drawn in zip(range(len(test)), draw_events(sampler, test, 20, 0), strict=True):
        ours = model.photometry(dataset.scaling.photometry(test.light_curves.select([one])))
        for phase, found in enumerate(drawn["none"].values[0]):
            of_phase = torch.arange(phase, len(pairs), 5)
            cosine = ours @ model.spectrum(pairs.take(of_phase).spectrum).mT
            right = flux[cosine.argmax().item(), phase]
            np.testing.assert_array_equal(found[~np.isnan(right)], right[~np.isnan(right)])


def latents(n_events):
    return torch.randn(3, n_events, 4, 4, generator=torch.Generator().manual_seed(3))


# The settings of their scripts: cannon/test_photospectra.py, test_photometry.py, test_spectra.py,
# test_photospectra_contrast.py, photometry2goldstein_end2end.py and spec2goldstein_end2end.py.
@pytest.mark.parametrize(
    "model, expected",
    {
        "mmvae": (16, 2, 2.5e-4, 1.0, True),
        "photometry-vae": (32, 1, 2.5e-4, 2.0, True),
        "spectrum-vae": (32, 1, 2.5e-4, 2.0, True),
        "contrastive": (16, 2, 2.5e-4, 1.0, True),
        "photometry-regressor": (32, 2, 1e-3, 1.0, False),
        "spectrum-regressor": (32, 2, 1e-3, 1.0, False),
        **dict.fromkeys(HEADS, (32, 2, 1e-3, 1.0, False)),
    }.items(),
)
def test_recipes_are_those_of_the_scripts(model, expected):
    for name, has_table in zip(RECIPES, (False, True), strict=True):
        recipe = recipe_for(model, name)
        names = ("batch_size", "n_samples", "learning_rate", "likelihood_weight", "augmented")
        assert tuple(getattr(recipe, name) for name in names) == expected
        sizes = (recipe.d_model, recipe.d_mlp, recipe.n_layers, recipe.n_heads)
        assert (*sizes, recipe.latent_tokens, recipe.latent_dim) == (32, 32, 4, 4, 4, 4)
        decodes = model.startswith("mmvae") or model.endswith("vae")
        assert (recipe.dropout, recipe.bound, recipe.table) == (0.1, "tight", has_table and decodes)
        assert recipe.photometry_weight == 982 / 60


@pytest.mark.parametrize("part", [nn.MultiheadAttention, nn.Dropout])
def test_dropout_of_attention_and_of_branches_is_random_in_training_only(photometry, part):
    model = small("photometry-vae")
    for module in model.modules():  # leave one kind of dropout
        if isinstance(module, nn.Dropout) and part is not nn.Dropout:
            module.p = 0.0
        if isinstance(module, nn.MultiheadAttention) and part is not nn.MultiheadAttention:
            module.dropout = 0.0
    for training in (True, False):
        model.train(training)
        first, second = (model.posterior(photometry).loc for _ in range(2))
        assert torch.equal(first, second) != training


def test_a_branch_is_dropped_out_as_often_as_the_recipe_says():
    rates = {
        module.p if isinstance(module, nn.Dropout) else module.dropout
        for module in small("mmvae", dropout=0.25).modules()
        if isinstance(module, (nn.Dropout, nn.MultiheadAttention))
    }
    assert rates == {0.25}


def test_what_is_not_observed_makes_no_difference(mmvae, photometry, whole_spectrum):
    for vae, x in ((mmvae.photometry, photometry), (mmvae.spectrum, whole_spectrum)):
        other = replace(x, value=torch.where(x.observed, x.value, 7.0))
        assert torch.equal(vae.posterior(x).loc, vae.posterior(other).loc)
        z = latents(len(x.value))
        torch.testing.assert_close(vae.log_likelihood(z, x), vae.log_likelihood(z, other))


def test_of_nothing_the_posterior_is_the_prior_and_others_are_not_touched(mmvae, photometry):
    nothing = photometry.observed.clone()
    nothing[1] = False
    vae, dark = mmvae.photometry, replace(photometry, observed=nothing)
    before, after = vae.posterior(photometry), vae.posterior(dark)
    assert (after.loc[1] == 0).all() and (after.scale[1] == 1).all()
    torch.testing.assert_close(after.loc[[0, 2]], before.loc[[0, 2]])
    assert vae.log_likelihood(latents(3), dark).isfinite().all()


def test_the_order_of_the_wavelengths_makes_no_difference(mmvae, whole_spectrum):
    """Also where each has a vector of its own: the decoder is told which they are."""
    pixels, z = torch.randperm(982, generator=torch.Generator().manual_seed(0)), latents(2)
    expected = mmvae.spectrum.log_likelihood(z, whole_spectrum)
    found = mmvae.spectrum.log_likelihood(z, whole_spectrum, pixels)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-3)


def test_drawn_wavelengths_stand_for_all(mmvae, whole_spectrum):
    """Every second of 982, with a weight of two, of a decoder that gives the same everywhere."""
    vae, z = mmvae.spectrum, latents(2)
    nn.init.zeros_(vae.decoder.out[2].weight)
    flat = replace(whole_spectrum, value=torch.ones(2, 982), observed=torch.ones(2, 982).bool())
    some = vae.log_likelihood(z, flat, torch.arange(0, 982, 2))
    torch.testing.assert_close(some, vae.log_likelihood(z, flat))


@pytest.mark.parametrize(("name", "independent"), [("evaluated", False), ("evaluated-independent", True)])
def test_what_is_decoded_depends_on_what_else_is_asked_for(whole_spectrum, photometry, name, independent):
    model, z = small("mmvae", name).eval(), latents(2)
    every = model.spectrum.likelihood(z, whole_spectrum).loc[..., ::8]
    some = model.spectrum.likelihood(z, whole_spectrum.at(slice(0, None, 8))).loc
    assert torch.allclose(some, every, atol=1e-5) == independent
    every = model.photometry.likelihood(latents(3), photometry).loc[..., ::2]
    some = model.photometry.likelihood(latents(3), photometry.at(slice(0, None, 2))).loc
    assert torch.allclose(some, every, atol=1e-5) == independent


def test_independent_decoders_are_all_that_differs():
    parts = [dict(small("mmvae", name).named_parameters()) for name in ("evaluated", "evaluated-independent")]
    more = {name for name in parts[0] if name not in parts[1]}
    assert parts[1].keys() < parts[0].keys()
    assert more and all(re.search(r"decoder\.blocks\.\d\.(among|norm_among)\.", name) for name in more)


def test_only_the_state_of_may_has_a_vector_for_each_slot(whole_spectrum, photometry):
    june, may = (small("mmvae", name).eval() for name in RECIPES)
    short = whole_spectrum.at(slice(0, 100))
    assert june.spectrum.likelihood(latents(2), short).loc.shape == (3, 2, 100)
    with pytest.raises(ValueError, match="spectrum: 100 positions, but this model was made for 982"):
        may.spectrum.likelihood(latents(2), short)
    assert may.photometry.likelihood(latents(3), photometry).loc.shape == (3, 3, 12)
    long = replace(photometry, **{name: x.repeat(1, 6) for name, x in vars(photometry).items()})
    with pytest.raises(ValueError, match="photometry: 72 positions, but this model was made for 60"):
        may.photometry.likelihood(latents(3), long)


@pytest.mark.parametrize("name", RECIPES)
def test_with_all_wavelengths_attention_is_rounded(name):
    recipe, whole = recipe_for("mmvae", name), recipe_for("mmvae", f"{name}-982")
    assert whole == replace(recipe, name=f"{name}-982", n_wavelengths=982, rounded=True)


def test_attention_in_bfloat16_stays_near(photometry):
    """Rounded to 8 bits are the factors in the attention only: what comes out has all of its own."""
    model = small("mmvae", dropout=0.0, rounded=True)
    after = model.train().photometry.posterior(photometry).loc
    before = model.eval().photometry.posterior(photometry).loc
    assert after.dtype == torch.float32 and not torch.equal(before, after)
    torch.testing.assert_close(after, before, rtol=0.02, atol=0.02)
    assert not torch.equal(after, after.bfloat16().float())


@pytest.mark.parametrize("model", MODELS)
def test_weights_come_back(tmp_path, dataset, model):
    saved = SavedModel(model, small(model, "evaluated-may"), dataset.scaling, {})
    save_model(tmp_path / "m.safetensors", saved)
    again = load_model(tmp_path / "m.safetensors").model
    assert again.recipe == saved.model.recipe
    for name, tensor in saved.model.state_dict().items():
        assert torch.equal(again.state_dict()[name], tensor)


def test_there_is_no_predictive_model_of_theirs():
    with pytest.raises(ValueError, match=r"model is 'predictive-mmvae', expected one of .* 'evaluated'"):
        new_model("predictive-mmvae", recipe_for("predictive-mmvae", "evaluated"), seed=0)


# Training


@pytest.mark.parametrize("model", MODELS)
def test_the_loss_falls(pairs, model):
    trained = small(model, learning_rate=1e-3, dropout=0.0, batch_size=16, d_model=16, d_mlp=16)
    losses = train(trained, *pairs, n_steps=250, seed=0)["train_loss"]
    assert losses.iloc[-3:].mean() < 0.9 * losses.iloc[:3].mean()


def test_a_training_keeps_its_last_weights_and_ends_without_dropout(pairs):
    model = small("photometry-vae", learning_rate=0.5)
    history = train(model, *pairs, n_steps=20, seed=0)
    assert not model.training
    assert loop.mean_loss(model, pairs[1], seed=0) == pytest.approx(history["validation_loss"].iloc[-1])
    assert history["validation_loss"].iloc[-1] > history["validation_loss"].min()


def test_dropout_follows_the_seed_and_a_killed_training_resumes_the_same(pairs, tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "_N_EVALUATIONS", 4)

    def trained(checkpoint=None, seed=3):
        model = small("photometry-vae")
        torch.rand(7)  # what others have drawn makes no difference
        train(model, *pairs, n_steps=20, seed=seed, checkpoint=checkpoint)
        return torch.cat([x.flatten() for x in model.state_dict().values()])

    unbroken, calls, step = trained(), [], Steps._step

    def dies(steps):
        calls.append(1)
        if len(calls) == 13:
            raise KeyboardInterrupt
        step(steps)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Steps, "_step", dies)
        trained(tmp_path / "c.safetensors")
    assert torch.equal(trained(tmp_path / "c.safetensors"), unbroken)
    assert not torch.equal(trained(seed=4), unbroken)


def test_a_head_trains_and_its_backbone_does_not(pairs):
    backbone = small("photometry-vae")
    before = {name: x.clone() for name, x in backbone.state_dict().items()}
    head = ParameterHead(
        backbone, "photometry", replace(recipe_for("mmvae-photometry-head", "evaluated"), batch_size=8)
    )
    history = train(head, *pairs, n_steps=60, seed=0)
    assert history["train_loss"].iloc[-1] < history["train_loss"].iloc[0]
    for name, x in backbone.state_dict().items():
        assert torch.equal(x, before[name])
    head.train()
    x = pairs[1].take(torch.arange(4)).photometry
    assert torch.equal(head.predict(x), head.predict(x))


@pytest.mark.parametrize("state", ["evaluated-may", "evaluated-independent"])
def test_models_without_a_decoder_are_the_same_in_all_states(state):
    """They are trained once: with equal recipes they have one file."""
    for model in ("contrastive", "photometry-regressor", "spectrum-regressor", "contrastive-spectrum-head"):
        assert recipe_for(model, state) == recipe_for(model, "evaluated")
    for model in ("mmvae", "photometry-vae", "spectrum-vae", "mmvae-spectrum-head"):
        assert recipe_for(model, state) == replace(
            recipe_for(model, "evaluated"),
            name=state,
            table=state == "evaluated-may",
            independent=state == "evaluated-independent",
        )
