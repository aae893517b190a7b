"""Training goes on after a kill as if nothing had been, and learns; weights survive the disk."""

import json
from dataclasses import replace

import pytest
import torch

from snlib import training
from snlib.mmvae import MMVAE
from snlib.recipes import RECIPES, Recipe
from snlib.training import hide_points, learning_rate, mean_bound, train
from snlib.weights import load_mmvae, read_tensors, save_mmvae, write_tensors


@pytest.fixture
def pairs(dataset):
    return dataset.pairs("train", "cpu"), dataset.pairs("validation", "cpu")


def new_model(recipe):
    torch.manual_seed(0)
    return MMVAE(recipe)


def same_weights(a, b):
    return all(
        torch.equal(x, y) for x, y in zip(a.state_dict().values(), b.state_dict().values(), strict=True)
    )


def test_the_bound_rises(pairs, small_recipe):
    model = new_model(small_recipe)
    before = mean_bound(model, pairs[1], seed=0)
    history = train(model, *pairs, n_steps=150, seed=0)
    after = mean_bound(model, pairs[1], seed=0)
    assert after > before + 30
    assert after == pytest.approx(history["validation_bound"].max())


def test_the_same_seed_gives_the_same_weights(pairs, small_recipe):
    models = [new_model(small_recipe) for _ in range(3)]
    for model, seed in zip(models, (0, 0, 1), strict=True):
        train(model, *pairs, n_steps=10, seed=seed)
    assert same_weights(models[0], models[1])
    assert not same_weights(models[0], models[2])


def test_training_leaves_the_random_numbers_of_others_alone(pairs, small_recipe):
    model = new_model(small_recipe)
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    train(model, *pairs, n_steps=2, seed=0)
    assert torch.equal(torch.rand(3), expected)


class Killed(BaseException):
    pass


@pytest.mark.parametrize("kill_at", [1, 17, 25, 39])
def test_a_killed_training_resumes_bit_for_bit(pairs, small_recipe, tmp_path, monkeypatch, kill_at):
    unbroken = new_model(small_recipe)
    history = train(unbroken, *pairs, n_steps=40, seed=3)

    def dies(model, optimiser, pairs, step, *rest):
        if step == kill_at:
            raise Killed
        return step_of_training(model, optimiser, pairs, step, *rest)

    step_of_training = training._step
    checkpoint = tmp_path / "checkpoint.safetensors"
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(training, "_step", dies)
        train(new_model(small_recipe), *pairs, n_steps=40, seed=3, checkpoint=checkpoint)
    resumed = new_model(replace(small_recipe))
    again = train(resumed, *pairs, n_steps=40, seed=3, checkpoint=checkpoint)
    assert same_weights(unbroken, resumed)
    columns = ["step", "learning_rate", "train_bound", "validation_bound"]
    assert again[columns].equals(history[columns])


def test_a_finished_checkpoint_is_not_trained_again(pairs, small_recipe, tmp_path, monkeypatch):
    checkpoint = tmp_path / "checkpoint.safetensors"
    first, again = new_model(small_recipe), new_model(small_recipe)
    train(first, *pairs, n_steps=20, seed=0, checkpoint=checkpoint)
    monkeypatch.setattr(training, "_step", None)
    train(again, *pairs, n_steps=20, seed=0, checkpoint=checkpoint)
    assert same_weights(first, again)


@pytest.mark.parametrize("kind", ["another run", "plain weights"])
def test_a_checkpoint_of_another_run_is_not_used(pairs, small_recipe, tmp_path, kind):
    checkpoint = tmp_path / "checkpoint.safetensors"
    train(new_model(small_recipe), *pairs, n_steps=20, seed=0, checkpoint=checkpoint, run="old data")
    if kind == "plain weights":
        write_tensors(checkpoint, new_model(small_recipe).state_dict())
    fresh, after = new_model(small_recipe), new_model(small_recipe)
    train(fresh, *pairs, n_steps=20, seed=1)
    train(after, *pairs, n_steps=20, seed=1, checkpoint=checkpoint, run="new data")
    assert same_weights(fresh, after)


def test_a_damaged_checkpoint_is_named(pairs, small_recipe, tmp_path):
    checkpoint = tmp_path / "checkpoint.safetensors"
    train(new_model(small_recipe), *pairs, n_steps=5, seed=0, checkpoint=checkpoint)
    checkpoint.write_bytes(checkpoint.read_bytes()[:-100])
    with pytest.raises(ValueError, match=r"checkpoint\.safetensors"):
        train(new_model(small_recipe), *pairs, n_steps=5, seed=0, checkpoint=checkpoint)


def test_a_loss_that_is_not_finite_stops_the_training(pairs, small_recipe):
    pairs[0].flux[3] = torch.nan
    with pytest.raises(FloatingPointError, match=r"step 0: the loss is nan for pairs \[\d+"):
        train(new_model(small_recipe), *pairs, n_steps=5, seed=0)


def test_every_pair_is_seen_once_an_epoch():
    batches = [training._batch(40, 8, step, seed=0) for step in range(10)]
    for epoch in (batches[:5], batches[5:]):
        assert sorted(torch.cat(epoch).tolist()) == list(range(40))
    assert batches[0].tolist() != batches[5].tolist()


def test_hidden_points(photometry):
    torch.manual_seed(0)
    many = replace(photometry, **{k: v.repeat(2000, 1) for k, v in vars(photometry).items()})
    hidden = hide_points(many, 0.8)
    assert not (hidden.observed & ~many.observed).any()
    kept = hidden.observed.sum(1) / many.observed.sum(1)
    assert kept.mean() == pytest.approx(1 - 0.8 / 2, abs=0.02)  # the share is uniform in 0-.8
    assert hide_points(photometry, 0.0) is photometry


def test_learning_rates():
    paper, improved = RECIPES["paper"], RECIPES["improved"]
    assert {learning_rate(paper, step, 100) for step in range(100)} == {1e-3}
    rates = [learning_rate(improved, step, 100) for step in range(100)]
    assert max(rates) == rates[30] == pytest.approx(3e-3)
    assert rates[:31] == sorted(rates[:31])
    assert rates[30:] == sorted(rates[30:], reverse=True)
    assert rates[-1] < 1e-5


def test_weights_survive_the_disk(model, dataset, photometry, tmp_path):
    path = tmp_path / "mmvae.safetensors"
    save_mmvae(path, model, dataset.scaling, {"seed": 1})
    loaded, scaling, provenance = load_mmvae(path)
    assert same_weights(model, loaded)
    assert (loaded.recipe, scaling, provenance) == (model.recipe, dataset.scaling, {"seed": 1})
    assert torch.equal(
        model.photometry.posterior(photometry).loc, loaded.photometry.posterior(photometry).loc
    )


@pytest.mark.parametrize("suffix", [".safetensors", ".json"])
def test_damaged_or_missing_weights_are_named(model, dataset, tmp_path, suffix):
    path = tmp_path / "mmvae.safetensors"
    save_mmvae(path, model, dataset.scaling, {})
    broken = path.with_suffix(suffix)
    broken.write_bytes(broken.read_bytes()[:-50])
    with pytest.raises(ValueError, match=broken.name):
        load_mmvae(path)
    broken.unlink()
    with pytest.raises(FileNotFoundError, match=broken.name):
        load_mmvae(path)


def test_weights_of_another_recipe_are_refused(model, dataset, tmp_path):
    path = tmp_path / "mmvae.safetensors"
    save_mmvae(path, model, dataset.scaling, {})
    config = json.loads(path.with_suffix(".json").read_text())
    config["recipe"]["n_layers"] = 2
    path.with_suffix(".json").write_text(json.dumps(config))
    with pytest.raises(
        ValueError, match=r"mmvae\.safetensors: the weights are not those of the recipe: .*layers"
    ):
        load_mmvae(path)


def test_weights_are_plain_tensors(model, dataset, tmp_path):
    path = tmp_path / "mmvae.safetensors"
    save_mmvae(path, model, dataset.scaling, {})
    tensors, _ = read_tensors(path)
    assert set(tensors) == set(model.state_dict())


@pytest.mark.parametrize(
    "change, message",
    [
        ({"n_layer": 3}, "unknown keys.*n_layer"),
        ({"bound": "wide"}, "'wide'"),
        ({"d_model": 30}, "d_model 30"),
    ],
)
def test_recipes_refuse_what_they_do_not_know(change, message):
    with pytest.raises(ValueError, match=message):
        Recipe.from_dict(RECIPES["paper"].to_dict() | change)


def test_recipes_refuse_what_is_missing():
    values = RECIPES["paper"].to_dict()
    del values["bound"]
    with pytest.raises(ValueError, match=r"missing keys \['bound'\]"):
        Recipe.from_dict(values)


def test_the_paper_recipe_is_what_the_text_says():
    """Section 2: width 32, MLP 32, 4 layers, 4 heads, latent 4 x 4, AdamW at .001."""
    paper = RECIPES["paper"]
    assert (paper.d_model, paper.d_mlp, paper.n_layers, paper.n_heads) == (32, 32, 4, 4)
    assert (paper.latent_tokens, paper.latent_dim, paper.learning_rate) == (4, 4, 0.001)
