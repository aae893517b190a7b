"""Seeds as an axis: each model of a stack is what it is alone.

Together, models differ from those alone by rounding, and at the recipes' learning rates two runs that do
drift apart exponentially (see test_cuda.py): an MMVAE by 3e-3 of its loss over 30 steps in single precision,
by 1e-11 in double.  At a rate of 1e-5 they do not: there losses of all kinds agree to 4e-7, and weights to
their last digit or a hundredth of a step.
"""

import itertools
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace

import pandas as pd
import pytest
import torch

from snlib.files import read_tensors
from snlib.model import registry
from snlib.model.registry import MODELS, recipe_for
from snlib.replication.trained import train_or_load, train_or_load_stack
from snlib.replication.variants import augment
from snlib.training import loop, state
from snlib.training.draws import draw_block, draw_noise
from snlib.training.loop import train, train_stack
from snlib.training.shared_sums import with_shared_sums
from snlib.training.stack import StackedSteps, Together, clipped
from snlib.training.steps import Steps, new_fabric

SEEDS, SLOW = (0, 1, 5), 1e-5
SLOWLY = {"learning_rate": SLOW, "schedule": "constant"}
TINY = {"d_model": 8, "d_mlp": 8, "n_layers": 1, "n_heads": 2, "n_wavelengths": 20, "batch_size": 8}
EVERY_KIND = [(name, "improved") for name in MODELS] + [("mmvae", "text"), ("mmvae", "large")]
COLUMNS = ["step", "learning_rate", "train_loss", "validation_loss"]


@pytest.fixture(autouse=True)
def few_evaluations(monkeypatch):
    monkeypatch.setattr(loop, "_N_EVALUATIONS", 4)


def new_models(name="mmvae", recipe="improved", **changes):
    settings = replace(recipe_for(name, recipe), **TINY | changes)
    return [registry.new_model(name, settings, seed) for seed in SEEDS]


def each_alone(models, pairs, n_steps):
    return [train(model, *pairs, n_steps, seed) for model, seed in zip(models, SEEDS, strict=True)]


def assert_same(ours, theirs, **tolerance):
    for a, b in zip(ours, theirs, strict=True):
        for (name, x), y in zip(a.state_dict().items(), b.state_dict().values(), strict=True):
            torch.testing.assert_close(
                x, y, **{"rtol": 0, "atol": 0} | tolerance, msg=lambda m, n=name: f"{n}: {m}"
            )


def assert_same_histories(ours, theirs, rtol=0.0):
    for a, b in zip(ours, theirs, strict=True):
        pd.testing.assert_frame_equal(a[COLUMNS], b[COLUMNS], rtol=rtol, atol=0)


@pytest.mark.parametrize("name", ["mmvae", "photometry-regressor"])
def test_in_turn_models_are_bit_for_bit_what_they_are_alone(pairs, name):
    alone, stack = new_models(name), new_models(name)
    assert_same_histories(train_stack(stack, *pairs, 12, SEEDS), each_alone(alone, pairs, 12))
    assert_same(stack, alone)


@pytest.mark.parametrize("name, recipe", EVERY_KIND)
def test_together_models_are_what_they_are_alone(pairs, name, recipe):
    alone, stack, before = (new_models(name, recipe, **SLOWLY) for _ in range(3))
    histories = train_stack(stack, *pairs, 20, SEEDS, together=True)
    assert_same_histories(histories, each_alone(alone, pairs, 20), rtol=2e-6)
    assert_same(stack, alone, atol=SLOW / 20)  # of one step
    for model, first in zip(stack, before, strict=True):
        pieces = zip(model.parameters(), first.parameters(), strict=True)
        assert any((x - y).abs().max() > 3 * SLOW for x, y in pieces)


def test_together_attention_may_be_rounded(pairs):
    """Rounded to 8 bits, factors differ by 0.4 %, and attention by another way of computing it by as much."""
    models = {together: new_models(recipe="evaluated-982", dropout=0.0) for together in (True, False)}
    assert all(model.recipe.rounded for model in models[True])
    losses = [train_stack(models[way], *pairs, 4, SEEDS, together=way) for way in models]
    for one, other in zip(*losses, strict=True):
        assert one["train_loss"].to_list() == pytest.approx(other["train_loss"].to_list(), rel=5e-3)


@pytest.mark.parametrize("name", ["photometry-vae", "contrastive", "spectrum-regressor"])
def test_together_at_full_learning_rate(pairs, name):
    alone, stack = new_models(name), new_models(name)
    assert_same_histories(
        train_stack(stack, *pairs, 20, SEEDS, together=True), each_alone(alone, pairs, 20), rtol=1e-4
    )
    assert_same(stack, alone, atol=1e-4)


def test_models_that_were_together_share_nothing_afterwards(pairs):
    models = new_models("photometry-vae")
    train_stack(models, *pairs, 2, SEEDS, together=True)
    stores = {x.untyped_storage().data_ptr() for model in models for x in model.parameters()}
    assert len(stores) == sum(1 for model in models for _ in model.parameters())


@pytest.mark.parametrize("most", [0.1, 1e6])
def test_gradients_are_clipped_by_the_norm_of_each_model(most):
    generator = torch.Generator().manual_seed(0)
    shapes = [(3, 4, 2), (3, 5), (3,)]
    gradients = [torch.randn(shape, generator=generator) for shape in shapes]
    gradients = [x * torch.tensor([1.0, 10.0, 1e-3]).view(-1, *(1,) * (x.dim() - 1)) for x in gradients]
    found = clipped(gradients, most)
    for i in range(3):
        parameters = [torch.nn.Parameter(torch.zeros(shape[1:])) for shape in shapes]
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.grad = gradient[i].clone()
        torch.nn.utils.clip_grad_norm_(parameters, most)
        for parameter, of_stack in zip(parameters, found, strict=True):
            torch.testing.assert_close(of_stack[i], parameter.grad, rtol=1e-6, atol=0)


class Killed(BaseException):
    pass


def killed(monkeypatch, kind, kill_at, function):
    """Run a function, killed before a step."""
    steps, take = [], kind._step

    def dies(self):
        if len(steps) == kill_at:
            raise Killed
        steps.append(1)
        take(self)

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(kind, "_step", dies)
        patch.setattr(state, "_MOST_SECONDS_UNSAVED", -1)
        patch.setattr(loop, "BLOCK", 3)
        function()


@pytest.mark.parametrize("together, kind, kill_at", [(True, StackedSteps, 13), (False, Steps, 40)])
def test_a_killed_stack_resumes_bit_for_bit(pairs, tmp_path, monkeypatch, together, kind, kill_at):
    unbroken, resumed, checkpoint = new_models(), new_models(), tmp_path / "c.safetensors"
    expected = train_stack(unbroken, *pairs, 20, SEEDS, together=together)
    arguments = *pairs, 20, SEEDS, checkpoint, "data", None, together
    killed(monkeypatch, kind, kill_at, lambda: train_stack(new_models(), *arguments))
    assert read_tensors(checkpoint)[1]["step"] == 13
    assert_same_histories(train_stack(resumed, *arguments), expected)
    assert_same(resumed, unbroken)


def test_some_seeds_go_on_from_the_checkpoint_of_all_in_any_order_and_either_way(
    pairs, tmp_path, monkeypatch
):
    """A checkpoint does not say how it was made."""
    checkpoint, alone = tmp_path / "c.safetensors", new_models("photometry-vae")
    arguments = *pairs, 20, SEEDS, checkpoint, "data", None, True
    killed(monkeypatch, StackedSteps, 13, lambda: train_stack(new_models("photometry-vae"), *arguments))
    histories = each_alone(alone, pairs, 20)
    some, steps = new_models("photometry-vae")[::-2], []
    with monkeypatch.context() as patch:
        take = Steps._step
        patch.setattr(Steps, "_step", lambda self: steps.append(1) or take(self))
        found = train_stack(some, *pairs, 20, SEEDS[::-2], checkpoint, "data", together=False)
    assert len(steps) == 2 * 7
    assert_same_histories(found, histories[::-2], rtol=1e-4)
    assert_same(some, alone[::-2], atol=1e-4)


def test_a_checkpoint_without_one_of_the_seeds_is_not_used(pairs, tmp_path):
    checkpoint, models = tmp_path / "c.safetensors", new_models("photometry-regressor")
    train_stack(models[:2], *pairs, 3, SEEDS[:2], checkpoint)
    with pytest.warns(UserWarning, match="of another training: other data, settings or code"):
        train_stack(models, *pairs, 3, SEEDS, checkpoint)
    assert read_tensors(checkpoint)[1]["seeds"] == list(SEEDS)


@pytest.mark.parametrize("together", [True, False])
def test_a_loss_that_is_not_finite_names_the_seed(pairs, together):
    models = new_models("spectrum-vae")
    batches = [draw_block(models[0], pairs[0], 0, 10, seed).index for seed in SEEDS]
    first = [
        {pair: i for i, batch in reversed(list(enumerate(b.tolist()))) for pair in batch} for b in batches
    ]
    pair = next(p for p in first[1] if first[1][p] < min(first[0].get(p, 99), first[2].get(p, 99)))
    event, phase = divmod(pair, 5)
    pairs[0].flux[event, phase] = torch.nan
    with pytest.raises(FloatingPointError) as stopped:
        train_stack(models, *pairs, 10, SEEDS, together=together)
    step = first[1][pair]
    told = f"seed 1, step {step}: the loss is nan for pairs {batches[1][step].tolist()}"
    assert str(stopped.value) == told


def test_models_that_are_not_alike_are_refused(pairs):
    of_two_recipes = new_models()[:1] + new_models(d_mlp=16)[:1]
    of_two_kinds = new_models("photometry-vae")[:1] + new_models("spectrum-vae")[:1]
    for models in (of_two_recipes, of_two_kinds):
        with pytest.raises(ValueError, match="models of 2 kinds or recipes cannot be trained as a stack"):
            train_stack(models, *pairs, 2, SEEDS[:2])


def test_mixed_precision_is_in_turn_only(pairs):
    fabric, models = new_fabric("cpu", "bf16-mixed"), new_models("spectrum-vae")
    train_stack(models, *pairs, 2, SEEDS, fabric=fabric)
    with pytest.raises(ValueError, match="in one process, in 32-true or tf32"):
        train_stack(models, *pairs, 2, SEEDS, fabric=fabric, together=True)


def test_predictive_mmvaes_of_a_stack_begin_with_those_of_their_seeds(dataset, tmp_path):
    predictives, mmvaes = (
        train_or_load_stack(name, recipe_for(name, "improved"), dataset, 2, [0, 4], tmp_path)
        for name in ("predictive-mmvae", "mmvae")
    )
    for predictive, mmvae in zip(predictives, mmvaes, strict=True):
        assert predictive.provenance["stack"] == mmvae.provenance["stack"] == [0, 4]
        found = predictive.model.state_dict()
        assert all(torch.equal(tensor, found[key]) for key, tensor in mmvae.model.state_dict().items())
        assert predictive.provenance["made_from"]["start"] == mmvae.provenance["made_from"]


def test_seeds_with_pairs_and_dropout_of_their_own_train_as_alone(dataset, tmp_path):
    recipe = replace(recipe_for("mmvae", "evaluated"), d_model=8, d_mlp=8, n_heads=2, n_layers=1)
    recipe = replace(recipe, n_wavelengths=20)
    stack = train_or_load_stack("mmvae", recipe, dataset, 3, [4, 0], tmp_path / "stack")
    alone = [train_or_load("mmvae", recipe, dataset, 3, seed, tmp_path / "alone") for seed in (4, 0)]
    for one, other in zip(stack, alone, strict=True):
        columns = ["step", "train_loss", "validation_loss"]
        assert one.history[columns].equals(other.history[columns])
        assert all(map(torch.equal, one.model.state_dict().values(), other.model.state_dict().values()))


def test_together_each_seed_takes_its_own_pairs(pairs):
    """Pairs that were changed by the seed: the same but for rounding as one model after the other."""
    own = [augment(pairs[0], seed) for seed in SEEDS]
    histories = {
        together: train_stack(new_models(**SLOWLY), own, pairs[1], 4, SEEDS, together=together)
        for together in (False, True)
    }
    for one, other in zip(*histories.values(), strict=True):
        assert one["train_loss"].to_list() == pytest.approx(other["train_loss"].to_list(), rel=1e-5)


def dropping(rate):
    recipe = replace(recipe_for("mmvae", "evaluated"), d_model=8, d_mlp=8, n_heads=2, n_layers=1)
    recipe = replace(recipe, n_wavelengths=20, dropout=rate)
    return [registry.new_model("mmvae", recipe, seed=3).train() for _ in SEEDS]


def losses_of_twins(pairs, rate, seed):
    """Losses of equal models on equal batches, two steps."""
    stack = Together(dropping(rate))
    steps = StackedSteps(new_fabric("cpu"), stack, [pairs] * len(SEEDS), [seed, 1], compiled=False)
    steps.start([draw_block(stack.models[0], pairs, 0, 2, 5) for _ in SEEDS], [1e-3] * 2, 0)
    return steps.losses(2)


def test_together_each_model_drops_out_numbers_of_its_own(pairs):
    whole, some = (losses_of_twins(pairs[0], rate, seed=4) for rate in (0.0, 0.3))
    torch.testing.assert_close(whole[:, 0], whole[:, 1], rtol=1e-6, atol=0)
    assert ((some[:, 0] - some[:, 1]).abs() > 2e-5 * some[:, 0].abs()).all()
    assert torch.equal(some, losses_of_twins(pairs[0], 0.3, seed=4))
    assert not torch.equal(some, losses_of_twins(pairs[0], 0.3, seed=5))


def test_validation_drops_nothing_out(pairs):
    """The loss of a stack is that of each model by itself, which dropout would change."""
    stack = Together([model.eval() for model in dropping(0.3)])
    noise = torch.stack([draw_noise(model, 6, seed) for model, seed in zip(stack.models, SEEDS, strict=True)])
    index, pixels = torch.arange(6), torch.arange(0, 50, 5)
    batch, of_all = pairs[0].take(index), [pairs[0]] * len(SEEDS)
    alone = [model(batch, one, pixels) for model, one in zip(stack.models, noise, strict=True)]
    torch.testing.assert_close(stack.losses(of_all, index, noise, pixels), torch.stack(alone))


def test_gradients_summed_in_parts_are_the_gradients(pairs):
    """With and without a bias, whether or not the rows can be shared."""
    generator = torch.Generator().manual_seed(1)
    for n_rows, bias in itertools.product((2048, 2056, 2051, 16), (True, False)):
        layer = torch.nn.Linear(6, 4, bias=bias).double()
        shared = with_shared_sums(layer)
        assert type(layer) is torch.nn.Linear and type(shared) is not torch.nn.Linear
        x = torch.randn(2, n_rows // 2, 6, generator=generator, dtype=torch.float64, requires_grad=True)
        for one, other in zip(*(gradients(which, x) for which in (layer, shared)), strict=True):
            torch.testing.assert_close(one, other)


def gradients(layer, x):
    y = layer(x)
    return [y, *torch.autograd.grad(y.sin().sum(), [x, *layer.parameters()])]


def test_each_seed_is_asked_for_once(dataset, tmp_path):
    with pytest.raises(ValueError, match=r"seeds are \[4, 4\], expected one or more, each once"):
        train_or_load_stack("mmvae", recipe_for("mmvae", "text"), dataset, 2, [4, 4], tmp_path)
    assert list(tmp_path.iterdir()) == []


def graphs_of_a_step(pairs):
    """How many graphs a step of a stack is compiled to, and its losses, compiled and not."""
    found, compiled, compiler = [], [], torch.compile

    def counting(graph, _):
        compiled.append(1)
        return graph.forward

    torch.compile = lambda function, **_: compiler(function, dynamic=False, backend=counting)
    for wanted in (False, True):
        stack = Together(new_models("photometry-regressor"))
        steps = StackedSteps(new_fabric("cpu"), stack, [pairs] * len(SEEDS), SEEDS, compiled=wanted)
        steps.start([draw_block(stack.models[0], pairs, 0, 3, seed) for seed in SEEDS], [1e-3] * 3, 0)
        found.append(steps.losses(3))
    return len(compiled), *found


def test_a_step_of_a_stack_is_one_compiled_function(pairs):
    """In a process of its own, where no shapes are checked: the compiler does not understand the checks."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        n_graphs, plain, compiled = pool.submit(graphs_of_a_step, pairs[0]).result()
    assert n_graphs == 1
    torch.testing.assert_close(compiled, plain, rtol=1e-6, atol=0)
