"""Weights survive the disk, and nothing on disk passes for weights that are none."""

import json
from dataclasses import replace

import pandas as pd
import pytest
import torch

from snlib.files import read_tensors, write_tensors
from snlib.model.registry import new_model
from snlib.model.weights import SavedModel, load_model, save_model

HISTORY = pd.DataFrame(
    {
        "step": [5, 10],
        "learning_rate": [1e-3, 0.1 + 0.2],
        "train_loss": [-1 / 3, 1e-300],
        "validation_loss": [2.0, 3.0],
        "seconds": [0.5, 1.0],
    }
)
MORE = {"recalibration": {"phase_days": [0.5]}, "familiarity": {"limit": 1 / 3}}


def same_weights(a, b):
    ours, theirs = a.state_dict(), b.state_dict()
    return set(ours) == set(theirs) and all(torch.equal(ours[name], theirs[name]) for name in ours)


@pytest.fixture
def small(small_recipe, dataset):
    """Weights of a small model, with a history and more."""
    model = new_model("mmvae", small_recipe, seed=0)
    return SavedModel("mmvae", model, dataset.scaling, {"seed": 0}, HISTORY, MORE)


@pytest.fixture
def path(small, tmp_path):
    save_model(tmp_path / "mmvae.safetensors", small)
    return tmp_path / "mmvae.safetensors"


def change(path, tensors=None, **metadata):
    """Write a file again with other metadata or tensors, as whoever knows the format can."""
    ours, config = read_tensors(path)
    write_tensors(path, ours if tensors is None else tensors, config | metadata)
    for suffix in (".json", ".csv"):
        path.with_suffix(suffix).unlink(missing_ok=True)


def test_weights_survive_the_disk(model, dataset, photometry, tmp_path):
    path = tmp_path / "mmvae.safetensors"
    save_model(path, SavedModel("mmvae", model, dataset.scaling, {"seed": 1}))
    saved = load_model(path)
    assert same_weights(model, saved.model)
    assert (saved.model.recipe, saved.scaling) == (model.recipe, dataset.scaling)
    assert (saved.name, saved.provenance, saved.more) == ("mmvae", {"seed": 1}, {})
    assert saved.history.empty and "validation_loss" in saved.history
    assert torch.equal(
        model.photometry.posterior(photometry).loc, saved.model.photometry.posterior(photometry).loc
    )
    assert {file.name for file in tmp_path.iterdir()} == {"mmvae.safetensors", "mmvae.json"}


def test_history_and_more_come_back_to_the_last_digit(path):
    saved = load_model(path)
    pd.testing.assert_frame_equal(saved.history, HISTORY, check_exact=True)
    assert saved.more == MORE


def test_the_copies_say_what_the_weights_are(path, small):
    config = json.loads(path.with_suffix(".json").read_text())
    assert config["recipe"] == small.model.recipe.to_dict()
    assert config["provenance"] == {"seed": 0} and config["familiarity"] == MORE["familiarity"]
    assert "history" not in config
    pd.testing.assert_frame_equal(pd.read_csv(path.with_suffix(".csv")), HISTORY)


def test_weights_load_without_their_copies(path, small):
    for suffix in (".json", ".csv"):
        path.with_suffix(suffix).unlink()
    saved = load_model(path)
    assert same_weights(saved.model, small.model)
    assert saved.scaling == small.scaling and len(saved.history) == 2


@pytest.mark.parametrize(
    "suffix, edit",
    [
        (".json", lambda text: text.replace('"seed": 0', '"seed": 1')),
        (".json", lambda text: text[:-50]),
        (".json", lambda text: text.replace("-", "", 1)),  # a mean of the scaling
        (".json", lambda text: "NaN"),
        (".json", lambda text: "\udcff"),
        (".csv", lambda text: text.replace("2.0", "2.5")),
        (".csv", lambda text: ""),
    ],
)
def test_a_copy_that_says_something_else_is_refused(path, suffix, edit):
    copy = path.with_suffix(suffix)
    before = copy.read_text()
    copy.write_text(edit(before), errors="surrogateescape")
    assert copy.read_bytes() != before.encode()
    with pytest.raises(ValueError) as refused:
        load_model(path)
    assert str(refused.value) == f"{copy}: not the copy of what {path} says; restore both, or remove it"
    copy.unlink()
    load_model(path)


def test_a_copy_with_the_line_ends_of_another_system_is_the_same(path):
    for copy in (path.with_suffix(".json"), path.with_suffix(".csv")):
        copy.write_bytes(copy.read_bytes().replace(b"\n", b"\r\n"))
    load_model(path)


def test_damaged_or_missing_weights_are_named(path):
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(ValueError, match=path.name):
        load_model(path)
    path.unlink()
    with pytest.raises(FileNotFoundError, match=path.name):
        load_model(path)


def test_after_a_kill_the_old_weights_are_there_or_the_new_ones(
    path, small, small_recipe, killed_at_each_change
):
    """All of the old or all of the new, with no copy of the others."""
    scaling = replace(small.scaling, magnitude=(-20.0, 2.0))
    new = SavedModel("mmvae", new_model("mmvae", small_recipe, seed=1), scaling, {"seed": 1}, HISTORY[:1])
    found = []
    for _ in killed_at_each_change(lambda: save_model(path, new)):
        saved = load_model(path)
        found.append(saved.provenance["seed"])
        expected = new if found[-1] else small
        assert same_weights(saved.model, expected.model)
        assert (saved.scaling, saved.more) == (expected.scaling, expected.more)
        assert saved.history.equals(expected.history)
        if not found[-1]:
            save_model(path, small)  # the copies too
    assert found == sorted(found) and set(found) == {0, 1}
    assert len(found) > 8  # changes: two copies removed, three files made, filled and renamed
    assert len(pd.read_csv(path.with_suffix(".csv"))) == 1


def test_weights_of_another_recipe_are_refused(path):
    recipe = read_tensors(path)[1]["recipe"]
    change(path, recipe=recipe | {"n_layers": 1})
    with pytest.raises(
        ValueError, match=r"mmvae\.safetensors: the weights are not those of the recipe: .*layers.*none"
    ):
        load_model(path)


def test_a_recipe_larger_than_the_memory_is_refused_for_its_shapes(path):
    recipe = read_tensors(path)[1]["recipe"]
    change(path, recipe=recipe | {"d_mlp": 60_000, "d_model": 60_000, "n_layers": 50})  # some 10**12 numbers
    with pytest.raises(ValueError, match="the weights are not those of the recipe"):
        load_model(path)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda x: x.half(),
        lambda x: x.double(),
        lambda x: x.long(),
        lambda x: x[None],
        lambda x: x[:-1],
        lambda x: torch.full_like(x, torch.nan),
        lambda x: torch.full_like(x, -torch.inf),
        None,
    ],
)
def test_tensors_that_are_not_the_models_are_refused(path, spoil):
    tensors, _ = read_tensors(path)
    name = "photometry.encoder.queries"
    if spoil is None:
        del tensors[name]
    else:
        tensors[name] = spoil(tensors[name])
    change(path, tensors)
    with pytest.raises(ValueError, match=rf"mmvae\.safetensors: .*{name}"):
        load_model(path)


def test_a_tensor_too_many_is_refused(path):
    change(path, read_tensors(path)[0] | {"extra": torch.ones(2)})
    with pytest.raises(ValueError, match=r"extra is \(2,\) torch.float32, expected none; and 0 more"):
        load_model(path)


@pytest.mark.parametrize(
    "changed, message",
    [
        ({"model": "mmmvae"}, "model is 'mmmvae'"),
        ({"model": []}, r"model is \[\]"),
        ({"recipe": None}, "recipe: expected a table"),
        ({"recipe": {"architecture": "other"}}, "recipe: architecture is 'other'"),
        ({"scaling": {}}, "scaling: expected the keys"),
        ({"scaling": None}, "scaling: expected the keys"),
        ({"provenance": 3}, "provenance is not a table"),
        ({"history": 3}, "history: expected the columns step"),
        ({"history": {"step": [1]}}, "history: expected the columns step"),
        ({"history": {name: [None] for name in HISTORY}}, "history: step is None, expected a finite number"),
        (
            {"history": {name: [1] for name in HISTORY} | {"seconds": [1, 2]}},
            "All arrays must be of the same",
        ),
    ],
)
def test_metadata_that_cannot_be_are_refused(path, changed, message):
    change(path, **changed)
    with pytest.raises(ValueError, match=rf"^{path}: {message}"):
        load_model(path)


@pytest.mark.parametrize("metadata", [None, [], {}, {"model": "mmvae"}, "model recipe scaling provenance"])
def test_tensors_without_what_they_are_are_no_weights(path, metadata):
    write_tensors(path, read_tensors(path)[0], metadata)
    with pytest.raises(ValueError, match=rf"^{path}: no weights of snlib: the metadata lack"):
        load_model(path)


def test_the_tensors_are_those_of_the_model(path, small):
    tensors, _ = read_tensors(path)
    assert set(tensors) == set(small.model.state_dict())
