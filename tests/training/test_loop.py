"""Training goes on after a kill as if nothing had been, and learns."""

import itertools
import json
import multiprocessing
import os
import signal
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from scipy.stats import kstest

from snlib.data.batches import Photometry
from snlib.files import read_tensors, write_tensors
from snlib.model import registry as models
from snlib.model.recipes import RECIPES
from snlib.model.registry import MODELS
from snlib.random_streams import stream
from snlib.replication import trained
from snlib.replication.trained import train_or_load
from snlib.training import loop as training
from snlib.training import state
from snlib.training.draws import draw_block, draw_noise, spread_pixels
from snlib.training.loop import evaluation_interval, learning_rate, mean_loss, train, train_stack
from snlib.training.steps import Steps, new_fabric, new_optimiser, use_one_core

FABRIC = new_fabric("cpu")


def new_model(recipe, name="mmvae"):
    return models.new_model(name, recipe, seed=0)


def new_steps(model, pairs):
    return Steps(FABRIC, model, new_optimiser(model), pairs)


def same_weights(a, b):
    return all(
        torch.equal(x, y) for x, y in zip(a.state_dict().values(), b.state_dict().values(), strict=True)
    )


FALLS_BY = {
    "mmvae": 50,
    "photometry-vae": 15,
    "spectrum-vae": 50,
    "contrastive": 1.5,
    "photometry-regressor": 0.8,
    "spectrum-regressor": 0.8,
    "joint-regressor": 0.8,
    "predictive-mmvae": 30,
}


@pytest.mark.parametrize("name", MODELS)
def test_the_loss_falls(pairs, small_recipe, name):
    """In squared standard deviations for the regressors, in nats for all others."""
    model = new_model(replace(small_recipe, hidden_points=0.3), name)
    before = mean_loss(model, pairs[0], seed=0)
    history = train(model, pairs[0], pairs[0], n_steps=150, seed=0)
    after = mean_loss(model, pairs[0], seed=0)
    assert after < before - FALLS_BY[name]
    assert after == pytest.approx(history["validation_loss"].min())


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


@pytest.fixture(scope="module")
def kept():
    """What several tests need, made by the first of them: for the others to read only."""
    return {}


@pytest.fixture
def unbroken(kept, pairs, small_recipe, monkeypatch):
    """A training of 40 steps, with a row every five: model and history."""
    monkeypatch.setattr(training, "_N_EVALUATIONS", 8)
    if "unbroken" not in kept:
        model = new_model(small_recipe)
        kept["unbroken"] = model, train(model, *pairs, n_steps=40, seed=3)
    return kept["unbroken"]


@pytest.mark.parametrize("save", ["with each row", "after each block"])
@pytest.mark.parametrize("kill_at", [1, 17, 25, 39])
def test_a_killed_training_resumes_bit_for_bit(
    pairs, small_recipe, unbroken, tmp_path, monkeypatch, kill_at, save
):
    calls = []

    def dies(steps):
        if len(calls) == kill_at:
            raise Killed
        calls.append(1)
        step_of_training(steps)

    step_of_training = Steps._step
    checkpoint = tmp_path / "checkpoint.safetensors"
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(Steps, "_step", dies)
        if save == "after each block":
            patch.setattr(state, "_MOST_SECONDS_UNSAVED", -1)
            patch.setattr(training, "BLOCK", 3)
        train(new_model(small_recipe), *pairs, n_steps=40, seed=3, checkpoint=checkpoint)
    resumed, done = new_model(small_recipe), len(calls)
    monkeypatch.setattr(Steps, "_step", lambda steps: calls.append(1) or step_of_training(steps))
    again = train(resumed, *pairs, n_steps=40, seed=3, checkpoint=checkpoint)
    assert len(calls) - done < 40 or done < 5
    model, history = unbroken
    assert same_weights(model, resumed)
    columns = ["step", "learning_rate", "train_loss", "validation_loss"]
    assert again[columns].equals(history[columns])


def train_on_one_core(*arguments):
    """In a process of its own, which does not inherit the number of threads (and so the order of sums)."""
    use_one_core()
    train(*arguments)


def test_a_process_killed_from_outside_resumes_bit_for_bit(pairs, small_recipe, tmp_path):
    unbroken, resumed = new_model(small_recipe), new_model(small_recipe)
    train(unbroken, *pairs, n_steps=100, seed=3)
    checkpoint = tmp_path / "checkpoint.safetensors"
    arguments = (new_model(small_recipe), *pairs, 100, 3, checkpoint)
    process = multiprocessing.get_context("spawn").Process(target=train_on_one_core, args=arguments)
    process.start()
    while not checkpoint.exists() and process.is_alive():
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert process.exitcode == -signal.SIGKILL
    train(resumed, *pairs, n_steps=100, seed=3, checkpoint=checkpoint)
    assert same_weights(unbroken, resumed)


def test_a_finished_checkpoint_is_not_trained_again(pairs, small_recipe, tmp_path, monkeypatch):
    checkpoint = tmp_path / "checkpoint.safetensors"
    first, again = new_model(small_recipe), new_model(small_recipe)
    train(first, *pairs, n_steps=20, seed=0, checkpoint=checkpoint)
    monkeypatch.setattr(Steps, "_step", None)
    train(again, *pairs, n_steps=20, seed=0, checkpoint=checkpoint)
    assert same_weights(first, again)


@pytest.mark.parametrize("kind", ["another run", "plain weights"])
def test_a_checkpoint_of_another_run_is_not_used(pairs, small_recipe, tmp_path, kind):
    checkpoint = tmp_path / "checkpoint.safetensors"
    train(new_model(small_recipe), *pairs, n_steps=6, seed=0, checkpoint=checkpoint, run="old data")
    if kind == "plain weights":
        write_tensors(checkpoint, new_model(small_recipe).state_dict())
    fresh, after = new_model(small_recipe), new_model(small_recipe)
    train(fresh, *pairs, n_steps=6, seed=1)
    with pytest.warns(UserWarning, match=rf"{checkpoint}: of another training"):
        train(after, *pairs, n_steps=6, seed=1, checkpoint=checkpoint, run="new data")
    assert same_weights(fresh, after)


@pytest.mark.parametrize(
    "change", [{"n_steps": 3}, {"seed": 1}, {"run": "other data"}, {"recipe": 0.5}], ids=str
)
def test_a_checkpoint_is_of_one_length_seed_recipe_and_run(pairs, small_recipe, tmp_path, change):
    checkpoint = tmp_path / "checkpoint.safetensors"
    asked = {"n_steps": 6, "seed": 0, "run": "data"}
    train(new_model(small_recipe), *pairs, **asked, checkpoint=checkpoint)
    asked |= change
    recipe = replace(small_recipe, hidden_points=asked.pop("recipe", small_recipe.hidden_points))
    with pytest.warns(UserWarning, match="of another training"):
        history = train(new_model(recipe), *pairs, **asked, checkpoint=checkpoint)
    assert history["step"].iloc[-1] == asked["n_steps"]


def test_a_resumed_training_goes_on_counting_its_seconds(pairs, small_recipe, tmp_path, monkeypatch):
    """By a clock that ticks until the kill, and stands still afterwards."""
    monkeypatch.setattr(training, "_N_EVALUATIONS", 8)  # every five steps
    times, steps_done, step = itertools.count(0, 100), itertools.count(), Steps._step

    def dies(steps):
        if next(steps_done) == 17:
            raise Killed
        step(steps)

    checkpoint = tmp_path / "checkpoint.safetensors"
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(state, "time", SimpleNamespace(monotonic=lambda: next(times)))
        patch.setattr(Steps, "_step", dies)
        train(new_model(small_recipe), *pairs, n_steps=40, seed=3, checkpoint=checkpoint)
    monkeypatch.setattr(state, "time", SimpleNamespace(monotonic=lambda: 0.0))
    seconds = train(new_model(small_recipe), *pairs, n_steps=40, seed=3, checkpoint=checkpoint)["seconds"]
    assert seconds[0] > 0 and seconds.is_monotonic_increasing


@pytest.mark.parametrize("damage", ["truncated", "empty", "flipped"])
def test_a_damaged_checkpoint_is_named_and_replaced(pairs, small_recipe, tmp_path, damage):
    checkpoint, first = tmp_path / "checkpoint.safetensors", new_model(small_recipe)
    train(first, *pairs, n_steps=5, seed=0, checkpoint=checkpoint)
    content = bytearray(checkpoint.read_bytes())
    content[-3] ^= 1
    checkpoint.write_bytes({"truncated": content[:-100], "empty": b"", "flipped": content}[damage])
    again = new_model(small_recipe)
    with pytest.warns(UserWarning, match=rf"{checkpoint}: .*; the training starts afresh"):
        train(again, *pairs, n_steps=5, seed=0, checkpoint=checkpoint)
    assert same_weights(first, again)
    assert read_tensors(checkpoint)[1]["step"] == 5


def test_a_loss_that_is_not_finite_stops_the_training(pairs, small_recipe):
    pairs[0].flux[:] = torch.nan
    with pytest.raises(FloatingPointError, match=r"step 0: the loss is nan for pairs \[\d+"):
        train(new_model(small_recipe), *pairs, n_steps=5, seed=0)


def test_the_first_loss_that_is_not_finite_is_named_and_nothing_after_it_kept(pairs, small_recipe, tmp_path):
    model, checkpoint = new_model(small_recipe), tmp_path / "checkpoint.safetensors"
    batches = draw_block(new_model(small_recipe), pairs[0], 0, 80, seed=0).index.tolist()
    event, phase = divmod(batches[7][0], 5)  # seen once an epoch, of ten steps
    pairs[0].flux[event, phase] = torch.nan
    with pytest.raises(FloatingPointError) as stopped:
        train(model, *pairs, n_steps=80, seed=0, checkpoint=checkpoint)  # evaluates every 4 steps
    assert str(stopped.value) == f"step 7: the loss is nan for pairs {batches[7]}"
    tensors, place = read_tensors(checkpoint)
    assert place["step"] == 4
    assert all(torch.isfinite(tensor).all() for tensor in tensors.values())


def test_every_pair_is_seen_once_an_epoch(pairs, small_recipe):
    recipe, n = replace(small_recipe, batch_size=8), len(pairs[0])
    batches = draw_block(new_model(recipe), pairs[0], 0, 2 * (n // 8), seed=0).index
    for epoch in batches.chunk(2):
        assert len(set(epoch.flatten().tolist())) == n // 8 * 8
        assert epoch.max() < n
    assert batches[0].tolist() != batches[n // 8].tolist()


def test_draws_do_not_depend_on_the_block(pairs, small_recipe):
    whole = draw_block(new_model(small_recipe), pairs[0], 0, 60, seed=2)
    for first, stop in [(0, 1), (7, 31), (59, 60)]:
        part = draw_block(new_model(small_recipe), pairs[0], first, stop, seed=2)
        for name, draws in vars(part).items():
            assert torch.equal(draws, getattr(whole, name)[first:stop])
    assert not torch.equal(whole.noise[0], whole.noise[1])
    assert not torch.equal(whole.noise, draw_block(new_model(small_recipe), pairs[0], 0, 60, seed=3).noise)


def test_noise_is_standard_laplace(small_recipe):
    noise = draw_noise(new_model(small_recipe), 300, seed=0)
    assert noise.shape == (2, 2, 300, 4, 4)
    assert not torch.equal(noise, draw_noise(new_model(small_recipe), 300, seed=1))
    assert kstest(noise.flatten().numpy(), "laplace").pvalue > 0.01


def test_each_pixel_is_drawn_with_equal_probability(pairs, small_recipe):
    """As the rescaled likelihood needs: 20 of 50 pixels, none twice."""
    pixels = draw_block(new_model(small_recipe), pairs[0], 0, 2000, seed=0).pixels
    assert all(len(set(step)) == 20 for step in pixels.tolist())
    counts = torch.bincount(pixels.flatten(), minlength=50).double()
    assert (counts - 800).abs().max() < 5 * (2000 * 0.4 * 0.6) ** 0.5


def test_hidden_points(pairs, small_recipe):
    shown = draw_block(new_model(replace(small_recipe, hidden_points=0.8)), pairs[0], 0, 300, seed=0).shown
    assert shown.double().mean() == pytest.approx(1 - 0.8 / 2, abs=0.01)  # the share is uniform in 0-.8
    assert shown.double().mean(-1).std() > 0.8 / 12**0.5  # and each light curve's own
    assert draw_block(new_model(replace(small_recipe, hidden_points=0.0)), pairs[0], 0, 5, seed=0).shown.all()


def end_some(pairs, recipe, share, n_steps=100):
    """Of a share of the light curves the end is hidden: times, what is observed, what is shown."""
    recipe = replace(recipe, hidden_points=0.0, ended_early=share)
    draws = draw_block(new_model(recipe), pairs, 0, n_steps, seed=0)
    photometry = pairs.take(draws.index.flatten()).photometry
    return photometry.time, photometry.observed, draws.shown.flatten(0, 1)


def test_nothing_is_shown_after_the_end_of_a_light_curve(pairs, small_recipe):
    """All before it is; that is one point at least, and never the last."""
    time, observed, shown = end_some(pairs[0], small_recipe, share=1.0)
    before, after = observed & shown, observed & ~shown
    assert before.any(-1).all() and after.any(-1).all()
    last = time.masked_fill(~before, -torch.inf).amax(-1)
    assert (last < time.masked_fill(~after, torch.inf).amin(-1)).all()


def test_the_share_of_light_curves_that_end_early(pairs, small_recipe):
    _, observed, shown = end_some(pairs[0], small_recipe, share=0.3, n_steps=300)
    ended = (observed & ~shown).any(-1).double()
    assert abs(ended.mean() - 0.3) < 4 * (0.3 * 0.7 / len(ended)) ** 0.5
    assert shown[ended == 0].all()


def test_ends_are_uniform_in_time(pairs, small_recipe):
    """Between first and last point, wherever the others lie."""
    x, slots = pairs[0].photometry, 4000
    time = 3 * torch.rand(len(x.time), slots, generator=torch.Generator().manual_seed(0)) ** 4 - 1
    time[:, 0], time[:, 1] = -1.0, 2.0
    every = torch.ones(time.shape, dtype=torch.bool)
    dense = replace(pairs[0], photometry=Photometry(time, time.long().abs(), time, every))
    time, _, shown = end_some(dense, small_recipe, share=1.0, n_steps=40)
    last = time.masked_fill(~shown, -torch.inf).amax(-1)
    assert kstest((last.numpy() + 1) / 3, "uniform").pvalue > 0.01


def test_slots_without_a_point_do_not_say_when_a_light_curve_ends(pairs, small_recipe):
    x = pairs[0].photometry
    other = replace(pairs[0], photometry=replace(x, time=torch.where(x.observed, x.time, 100.0)))
    _, observed, shown = end_some(pairs[0], small_recipe, share=0.7)
    assert torch.equal(observed & shown, observed & end_some(other, small_recipe, share=0.7)[2])


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("n_points", [0, 1])
def test_light_curves_of_no_point_or_one_do_not_end(pairs, small_recipe, n_points):
    x = pairs[0].photometry
    observed = torch.zeros_like(x.observed)
    observed[:, 3 : 3 + n_points] = True
    few = replace(pairs[0], photometry=replace(x, observed=observed))
    _, observed, shown = end_some(few, small_recipe, share=1.0)
    assert torch.equal(observed & shown, observed)


def test_light_curves_that_end_early_leave_all_else_as_it_was(pairs, small_recipe):
    def draws(share):
        model = new_model(replace(small_recipe, ended_early=share))
        return draw_block(model, pairs[0], 0, 20, seed=0)

    whole, ended = draws(0.0), draws(0.5)
    for name in ("index", "noise", "pixels"):
        assert torch.equal(getattr(whole, name), getattr(ended, name))
    assert not (ended.shown & ~whole.shown).any()
    assert (whole.shown & ~ended.shown).any()
    rng = stream("steps", 0, 0)  # of the first step: what is shown is drawn as ever
    rng.laplace(size=whole.noise[0].shape), rng.permutation(50)
    expected = rng.random((8, 30)) >= 0.9 * rng.random((8, 1))
    assert np.array_equal(whole.shown[0], expected)


def test_losses_outlive_the_next_block(pairs, small_recipe):
    model = new_model(small_recipe)
    steps = new_steps(model, pairs[0])
    steps.start(draw_block(new_model(small_recipe), pairs[0], 0, 2, seed=0), [1e-3] * 2)
    first = steps.losses(2)
    before = first.clone()
    steps.start(draw_block(new_model(small_recipe), pairs[0], 2, 4, seed=0), [1e-3] * 2)
    assert torch.equal(first, before) and not torch.equal(steps.losses(2), before)


def test_hidden_points_are_hidden_in_training(pairs, small_recipe):
    """Light curves without a point that is shown: the losses do not feel their magnitudes."""
    draws = draw_block(new_model(small_recipe), pairs[0], 0, 2, seed=0)
    other = replace(pairs[0], photometry=replace(pairs[0].photometry, value=pairs[0].photometry.value + 1.0))

    def losses(pairs, shown):
        model = new_model(small_recipe)
        steps = new_steps(model, pairs)
        steps.start(replace(draws, shown=shown), [1e-3, 1e-3])
        return steps.losses(2)

    nothing = torch.zeros_like(draws.shown)
    assert torch.equal(losses(pairs[0], nothing), losses(other, nothing))
    assert not torch.equal(losses(pairs[0], draws.shown), losses(other, draws.shown))


def test_a_step_is_adamw_on_the_mean_loss(pairs, small_recipe):
    """Against a step written out with PyTorch's plain AdamW."""
    model, plain = new_model(small_recipe), new_model(small_recipe)
    draws, rates = draw_block(new_model(small_recipe), pairs[0], 0, 3, seed=0), [1e-3, 3e-3, 2e-3]
    steps = new_steps(model, pairs[0])
    steps.start(draws, rates)
    optimiser = torch.optim.AdamW(plain.parameters())
    for step, rate in enumerate(rates):
        optimiser.param_groups[0]["lr"] = rate
        batch = pairs[0].take(draws.index[step])
        photometry = replace(batch.photometry, observed=batch.photometry.observed & draws.shown[step])
        loss = -plain.bound(photometry, batch.spectrum, draws.noise[step], draws.pixels[step]).mean()
        optimiser.zero_grad()
        loss.backward()
        norm = torch.cat([p.grad.flatten() for p in plain.parameters()]).norm()
        assert norm > small_recipe.clip_norm
        for parameter in plain.parameters():
            parameter.grad *= small_recipe.clip_norm / norm
        optimiser.step()
        assert steps.losses(3)[step].item() == pytest.approx(loss.item(), rel=1e-4)
    for a, b in zip(model.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-4)


def graphs_compiled(pairs, recipe):
    """How many graphs are compiled for each of six models of different shape."""
    compiled, compiler = [], torch.compile

    def counting(graph, _):
        compiled[-1] += 1
        return graph.forward

    torch.compile = lambda module, **_: compiler(module, dynamic=False, backend=counting)
    for d_mlp in range(8, 18):  # more than the compiler puts up with by default
        model = new_model(replace(recipe, d_mlp=d_mlp))
        steps = Steps(new_fabric("cpu"), model, new_optimiser(model), pairs, compiled=True)
        compiled.append(0)
        steps.start(draw_block(model, pairs, 0, 1, seed=0), [1e-3])
        steps.losses(1)
    return compiled


def test_a_process_compiles_however_many_models(pairs, small_recipe):
    """The compiler gives up, with a warning only, when a function has had too many forms.

    In a process of its own, where no shapes are checked: the compiler does not understand the checks.
    """
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        compiled = pool.submit(graphs_compiled, pairs[0], small_recipe).result()
    assert compiled[1] > 0 and set(compiled[1:]) == {compiled[1]}


def test_mixed_precision_stays_near(pairs, small_recipe):
    def losses(precision):
        model = new_model(small_recipe)
        steps = Steps(new_fabric("cpu", precision), model, new_optimiser(model), pairs[0])
        steps.start(draw_block(model, pairs[0], 0, 10, seed=0), [1e-5] * 10)
        assert all(parameter.dtype == torch.float32 for parameter in model.parameters())
        return steps.losses(10)

    full, mixed = losses("32-true"), losses("bf16-mixed")
    torch.testing.assert_close(mixed, full, rtol=2e-2, atol=0)
    assert not torch.equal(mixed, full)


@pytest.mark.parametrize("parts", [2, 4])
def test_processes_share_all_pairs_of_a_batch(pairs, small_recipe, parts):
    whole = draw_block(new_model(small_recipe), pairs[0], 0, 3, seed=0)
    shares = [whole.share(part, parts) for part in range(parts)]
    order = [pair for part in range(parts) for pair in range(part, 8, parts)]
    for name, dim in (("index", 1), ("shown", 1), ("noise", 3)):
        together = torch.cat([getattr(share, name) for share in shares], dim)
        assert torch.equal(together, getattr(whole, name).index_select(dim, torch.tensor(order)))
    assert all(torch.equal(share.pixels, whole.pixels) for share in shares)


def test_the_validation_loss_does_not_depend_on_the_batches(pairs, small_recipe, monkeypatch):
    """It is the mean over pairs, each with its own noise."""
    model = new_model(small_recipe)
    noise, pixels = draw_noise(model, len(pairs[0]), 4), spread_pixels(50, small_recipe.n_wavelengths)
    one_by_one = []
    for i in range(len(pairs[0])):
        pair = pairs[0].take(torch.tensor([i]))
        one_by_one.append(-model.bound(pair.photometry, pair.spectrum, noise[:, :, [i]], pixels).item())
    monkeypatch.setattr(training, "_VALIDATION_BATCH", 30)
    assert mean_loss(model, pairs[0], seed=4) == pytest.approx(np.mean(one_by_one), rel=1e-5)


def test_spread_pixels():
    assert spread_pixels(982, 3).tolist() == [0, 490, 981]
    assert spread_pixels(5, 128).tolist() == [0, 1, 2, 3, 4]
    steps = spread_pixels(982, 128).diff()
    assert set(steps.tolist()) == {7, 8}


@pytest.mark.parametrize("n_steps, interval", [(3, 1), (60, 3), (1500, 75), (20_000, 500), (562_500, 5625)])
def test_evaluations_are_few_in_long_runs(n_steps, interval):
    assert evaluation_interval(n_steps) == interval


def test_learning_rates():
    paper, improved = RECIPES["text"], RECIPES["improved"]
    assert {learning_rate(paper, step, 100) for step in range(100)} == {1e-3}
    rates = [learning_rate(improved, step, 100) for step in range(100)]
    assert max(rates) == rates[30] == pytest.approx(3e-3)
    assert rates[:31] == sorted(rates[:31])
    assert rates[30:] == sorted(rates[30:], reverse=True)
    assert rates[-1] < 1e-5


@pytest.fixture
def trained_on(dataset, small_recipe, tmp_path):
    """Train a model for three steps, or find it: `train_or_load`."""

    def train_it(name, seed=0, start=None, **changes):
        recipe = replace(small_recipe, **changes)
        folder = tmp_path / f"{seed}" if start is None else tmp_path
        return train_or_load(name, recipe, dataset, 3, seed, folder, start=start)

    return train_it


def test_a_training_begins_with_the_weights_of_another(trained_on):
    start = trained_on("mmvae", seed=1)
    resting = trained_on("mmvae", start=start, learning_rate=0.0)
    assert same_weights(resting.model, start.model)
    predictive = trained_on("predictive-mmvae", start=start).model.state_dict()
    assert len(predictive) > len(start.model.state_dict())
    assert all(torch.equal(tensor, predictive[name]) for name, tensor in start.model.state_dict().items())


def test_a_start_is_written_down_and_a_model_is_trained_again_if_it_changes(
    trained_on, tmp_path, monkeypatch
):
    starts, calls = [trained_on("mmvae", seed=seed) for seed in (1, 2)], []
    monkeypatch.setattr(
        trained, "train_stack", lambda *args, **more: calls.append(1) or train_stack(*args, **more)
    )
    first, again, other = (trained_on("predictive-mmvae", start=starts[i]) for i in (0, 0, 1))
    assert len(calls) == 2
    assert same_weights(first.model, again.model) and not same_weights(first.model, other.model)
    assert first.provenance["made_from"]["start"] == starts[0].provenance["made_from"]
    path = tmp_path / "predictive-mmvae-improved-seed0.json"
    assert json.loads(path.read_text())["provenance"]["made_from"]["start"]["seed"] == 2
    assert "start" not in starts[0].provenance["made_from"]
    assert torch.equal(
        other.model.state_dict()["photometry.encoder.queries"], starts[1].model.photometry.encoder.queries
    )
