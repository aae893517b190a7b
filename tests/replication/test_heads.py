"""Heads by name: they begin with the trained model of their recipe and seed, which is left as it is."""

from dataclasses import replace

import pytest
import torch

from snlib.model.heads import HEADS
from snlib.model.registry import new_model, recipe_for
from snlib.replication import trained
from snlib.replication.run import open_run
from snlib.replication.trained import train_or_load, train_or_load_stack
from snlib.training.loop import train_stack

SMALL = {"d_model": 8, "d_mlp": 8, "n_heads": 2, "n_layers": 1, "n_wavelengths": 20}
SEEDS = (0, 1, 5)


@pytest.fixture
def trainings(monkeypatch):
    """Kind of model and number of steps of each training."""
    calls, train_stack = [], trained.train_stack

    def counted(models, *arguments, **more):
        calls.append((type(models[0]).__name__, arguments[2]))
        return train_stack(models, *arguments, **more)

    monkeypatch.setattr(trained, "train_stack", counted)
    return calls


def assert_same(ours, theirs):
    assert len(ours.state_dict()) == len(theirs.state_dict())
    for name, x in ours.state_dict().items():
        assert torch.equal(x, theirs.state_dict()[name]), name


@pytest.mark.parametrize("recipe", ["text", "evaluated"])
@pytest.mark.parametrize("name", HEADS)
def test_a_head_begins_with_the_trained_model_and_leaves_it_as_it_is(dataset, tmp_path, name, recipe):
    of, modality, _ = name.split("-")
    small = replace(recipe_for(of, recipe), **SMALL)
    start = train_or_load(of, small, dataset, 2, 1, tmp_path)
    small = replace(recipe_for(name, recipe), **SMALL)
    head = train_or_load(name, small, dataset, 4, 1, tmp_path, start=start)
    assert head.provenance["made_from"]["start"] == start.provenance["made_from"]
    assert_same(head.model.backbone, getattr(start.model, modality))
    first = new_model(name, small, 1).readout.to_parameters[0].weight
    assert not torch.equal(head.model.readout.to_parameters[0].weight, first)


@pytest.mark.filterwarnings("ignore:.*of another training")
def test_a_head_of_a_changed_backbone_is_trained_again(dataset, tmp_path, trainings):
    small = replace(recipe_for("contrastive", "text"), **SMALL)
    starts = [train_or_load("contrastive", small, dataset, 2, seed, tmp_path) for seed in (1, 2)]
    name, found = "contrastive-photometry-head", []
    for i in (0, 0, 1):
        found.append(train_or_load(name, small, dataset, 3, 0, tmp_path, start=starts[i]))
    assert trainings == [("Contrastive", 2)] * 2 + [("Readout", 3)] * 2
    assert_same(found[0].model, found[1].model)
    assert found[2].provenance["made_from"]["start"]["seed"] == 2
    assert_same(found[2].model.backbone, starts[1].model.photometry)


def test_heads_of_a_stack_are_each_what_they_are_alone(dataset, tmp_path):
    name, recipe = "mmvae-photometry-head", recipe_for("mmvae-photometry-head", "text")
    stack = train_or_load_stack(name, recipe, dataset, 3, [4, 0], tmp_path / "stack")
    alone = [train_or_load(name, recipe, dataset, 3, seed, tmp_path / "alone") for seed in (4, 0)]
    for one, other in zip(stack, alone, strict=True):
        assert_same(one.model, other.model)
        columns = ["step", "train_loss", "validation_loss"]
        assert one.history[columns].equals(other.history[columns])
        assert one.provenance["made_from"] == other.provenance["made_from"]
    mmvaes = train_or_load_stack("mmvae", recipe_for("mmvae", "text"), dataset, 3, [4, 0], tmp_path / "stack")
    for head, mmvae in zip(stack, mmvaes, strict=True):
        assert_same(head.model.backbone, mmvae.model.photometry)


def test_together_each_head_has_pairs_of_its_own_also_to_be_validated_by(pairs):
    """The same but for rounding as one head after the other, as on a card."""
    name, histories = "mmvae-photometry-head", []
    recipe = replace(recipe_for(name, "text"), **SMALL, learning_rate=1e-5)
    for together in (False, True):
        heads = [new_model(name, recipe, seed) for seed in SEEDS]
        parts = ([head.embed(one) for head in heads] for one in pairs)
        histories.append(train_stack([head.readout for head in heads], *parts, 4, SEEDS, together=together))
    for one, other in zip(*histories, strict=True):
        for loss in ("train_loss", "validation_loss"):
            assert one[loss].to_list() == pytest.approx(other[loss].to_list(), rel=1e-5)
    assert len({history["validation_loss"].iloc[0] for history in histories[0]}) == len(SEEDS)


def test_a_run_trains_a_head_on_its_own_model_for_as_long_as_its_profile_lets_it(
    small_run, tmp_path, trainings
):
    """The model that a head reads is the run's own."""
    run = replace(small_run, folder=tmp_path)
    head = run.trained("contrastive-spectrum-head", "evaluated")
    assert trainings == [("EvaluatedContrastive", 1), ("Readout", 1)]
    again, start = (run.trained(of, "evaluated") for of in ("contrastive-spectrum-head", "contrastive"))
    assert len(trainings) == 2
    assert_same(again.model, head.model)
    assert_same(head.model.backbone, start.model.spectrum)
    made_from = head.provenance["made_from"]
    assert (made_from["n_steps"], made_from["start"]) == (1, start.provenance["made_from"])


@pytest.mark.parametrize("name, recipe, n_steps", [
    ("mmvae-spectrum-head", "evaluated", 500 * (18_000 // 32)),
    ("contrastive-photometry-head", "evaluated-may-982", 500 * (18_000 // 32)),
    ("mmvae-photometry-head", "improved", 562_500),
])  # fmt: skip
def test_the_full_profile_lets_heads_take_all_passes(name, recipe, n_steps):
    assert open_run("full").n_steps(name, recipe_for(name, recipe), 18_000) == n_steps
