"""``snlib train``, as a user calls it: files, resuming, several processes, bad input."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import ExitStack

import numpy as np
import pandas as pd
import pytest
import torch

from snlib.data.dataset import split_events, write_dataset
from snlib.files import read_tensors, write_json
from snlib.model.weights import load_model


@pytest.fixture
def data(events, tmp_path, monkeypatch):
    """A dataset as ``snlib simulate`` writes it, in the current folder."""
    monkeypatch.chdir(tmp_path)
    write_dataset(tmp_path / "set", events, split_events(len(events), seed=3))
    return tmp_path / "set"


def arguments(model, *more):
    return ("train", model, "--profile", "smoke", "--device", "cpu", "--data", "set", *more)


def start(model, *more):
    """Start a training in a process of its own, in the current folder."""
    command = [sys.executable, "-m", "snlib", *arguments(model, *more)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


def run(model, *more):
    with start(model, *more) as process:
        said = process.communicate()[1]
    return process.returncode, said


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    return tmp_path_factory.mktemp("kept")


@pytest.fixture
def undisturbed(snlib, data, kept):
    """Train a model, once for all tests: the folder, which none of them may change."""

    def train(model):
        if not (kept / model).exists():
            code, said = snlib(*arguments(model, "--out", str(kept / model)))
            assert code == 0, said
        return kept / model

    return train


def losses(path):
    return pd.read_csv(path).drop(columns="seconds")


def test_weights_config_and_history(snlib, data, tmp_path, events):
    code, said = snlib(*arguments("photometry-regressor", "--recipe", "text", "--out", "w"))
    assert code == 0, said
    assert re.search(r"60/60 \[\d\d:\d\d<00:00, .*(it/s|s/it), loss=[\d.]+, validation=[\d.]+\]", said)
    path = tmp_path / "w/photometry-regressor-text-seed0.safetensors"
    saved = load_model(path)
    assert saved.model.recipe.name == "text"
    train = json.loads((data / "split.json").read_text())["train"]
    assert saved.scaling.parameters[0][0] == pytest.approx(events.parameters[train, 0].mean())
    assert saved.provenance["made_from"]["n_steps"] == 60
    history = pd.read_csv(path.with_suffix(".csv"))
    assert list(history) == ["step", "learning_rate", "train_loss", "validation_loss", "seconds"]
    assert history["step"].iloc[-1] == 60
    assert history["validation_loss"].min() < history["validation_loss"].iloc[0]


@pytest.mark.parametrize("model", ["mmvae", "contrastive"])
def test_two_processes_are_one_on_the_same_batches(undisturbed, tmp_path, model):
    """Through gloo; InfoNCE also sees the counterexamples of the other process.

    Over the first 15 steps: at full learning rate any two roundings drift apart after some more.
    """
    alone = undisturbed(model)
    code, said = run(model, "--processes", "2", "--out", "2")
    assert code == 0, said
    assert said.count(" 0/60 [") == 1  # one of them shows a bar
    one, two = (losses(folder / f"{model}-improved-seed0.csv") for folder in (alone, tmp_path / "2"))
    assert one["train_loss"].iloc[-1] < one["train_loss"].iloc[0]
    np.testing.assert_allclose(two[:5], one[:5], rtol=1e-4)
    saved = load_model(tmp_path / "2" / f"{model}-improved-seed0.safetensors")
    assert saved.provenance["processes"] == 2


def test_a_killed_training_resumes_to_the_same_weights(snlib, undisturbed, tmp_path):
    unbroken = undisturbed("mmvae")
    checkpoint = tmp_path / "killed/checkpoints/mmvae-improved-seed0.safetensors"
    with start("mmvae", "--out", "killed") as process:
        while not checkpoint.exists() and process.poll() is None:
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert [path.name for path in (tmp_path / "killed").iterdir()] == ["checkpoints"]
    step = read_tensors(checkpoint)[1]["step"]
    code, said = snlib(*arguments("mmvae", "--out", "killed", "--resume"))
    assert code == 0, said
    assert 0 < step < 60
    assert int(re.search(r"(\d+)/60 ", said)[1]) == step  # the bar goes on where it was
    ours, theirs = (folder / "mmvae-improved-seed0.safetensors" for folder in (unbroken, tmp_path / "killed"))
    ours_state, their_state = (load_model(path).model.state_dict() for path in (ours, theirs))
    assert all(torch.equal(tensor, their_state[name]) for name, tensor in ours_state.items())
    assert losses(ours.with_suffix(".csv")).equals(losses(theirs.with_suffix(".csv")))


def test_another_seed_is_another_model(snlib, data, tmp_path):
    def train(out, seed, *more):
        code, said = snlib(*arguments("photometry-regressor", "--seed", str(seed), "--out", out, *more))
        assert code == 0, said
        path = tmp_path / out / f"photometry-regressor-improved-seed{seed}.safetensors"
        return path.read_bytes(), load_model(path), " 0/60 [" in said

    first, _, _ = train("w", 0)
    _, other, trained = train("w", 1, "--resume")
    assert trained
    assert other.provenance["made_from"]["seed"] == 1
    _, alone, _ = train("alone", 1)
    ours, theirs = other.model.state_dict(), alone.model.state_dict()
    assert all(torch.equal(tensor, theirs[name]) for name, tensor in ours.items())
    again, of_first, trained = train("w", 0, "--resume")
    assert again == first and not trained
    assert any(not torch.equal(x, ours[name]) for name, x in of_first.model.state_dict().items())


def test_weights_under_the_name_of_another_seed_are_not_taken(snlib, data, tmp_path):
    """By what they were made from, and not by their name."""
    assert snlib(*arguments("photometry-regressor", "--out", "w"))[0] == 0
    for folder in (tmp_path / "w", tmp_path / "w/checkpoints"):
        for path in folder.glob("*-seed0.*"):
            path.rename(path.with_name(path.name.replace("seed0", "seed1")))
    code, said = snlib(*arguments("photometry-regressor", "--seed", "1", "--out", "w", "--resume"))
    assert code == 0 and " 0/60 [" in said
    assert "seed1.safetensors: of another training: other data, settings or code; the training starts" in said
    saved = load_model(tmp_path / "w/photometry-regressor-improved-seed1.safetensors")
    assert saved.provenance["made_from"]["seed"] == 1


def test_two_trainings_of_the_same_at_once(snlib, data, tmp_path):
    """The second ends, whether it is one process or two; the first goes on."""
    with start("mmvae", "--out", "w") as first, ExitStack() as at_last:
        while not (tmp_path / "w/checkpoints/mmvae-improved-seed0.safetensors").exists():
            assert first.poll() is None
            time.sleep(0.01)
        first.send_signal(signal.SIGSTOP)
        at_last.callback(first.send_signal, signal.SIGCONT)  # or a failure would wait for it for ever
        lock = "w/checkpoints/mmvae-improved-seed0.lock"
        refused = f"snlib: another process is training here: {lock} is locked\n"
        for resume in ((), ("--resume",)):
            assert snlib(*arguments("mmvae", "--out", "w", *resume)) == (2, refused)
        code, said = run("mmvae", "--out", "w", "--processes", "2")
        assert code == 2 and said.endswith(refused) and said.count("snlib: ") == 1
        assert snlib(*arguments("photometry-regressor", "--out", "w"))[0] == 0
        at_last.close()
        first.communicate()
    assert first.returncode == 0
    assert snlib(*arguments("mmvae", "--out", "w", "--resume"))[0] == 0


def test_a_split_of_other_events_is_named(snlib, data, tmp_path, events):
    assert snlib("simulate", "--events", "12", "--out", "other")[0] == 0
    (tmp_path / "other/split.json").replace(data / "split.json")
    code, said = snlib(*arguments("mmvae", "--out", "w"))
    told = "snlib: set/split.json: not the split of set/events.npz; snlib simulate makes both\n"
    assert (code, said) == (2, told)
    assert not (tmp_path / "w").exists()


def test_without_resume_it_starts_again(snlib, data):
    for resume, trains in ((), True), ((), True), (("--resume",), False):
        code, said = snlib(*arguments("photometry-regressor", "--out", "w", *resume))
        assert code == 0, said
        assert (" 0/60 [" in said) == trains  # the bar of a resumed training begins elsewhere


def test_processes_that_cannot_share_equally(data, tmp_path):
    code, said = run("mmvae", "--processes", "3", "--out", "w")
    assert code == 2
    lines = [line for line in said.splitlines() if line.startswith("snlib: ")]
    assert lines == ["snlib: 3 processes cannot share equally in batches of 16"]
    assert not (tmp_path / "w").exists()


def weights(path):
    return load_model(path).model.state_dict()


def test_several_seeds_are_each_what_it_is_alone(snlib, data, tmp_path):
    """Bit for bit on the CPU, whichever were there before; the files say that they trained in a stack."""
    name, seeds = "photometry-regressor", (0, 2, 3)
    for seed in seeds:
        assert snlib(*arguments(name, "--seed", str(seed), "--out", "alone"))[0] == 0
    code, said = snlib(*arguments(name, "--seeds", "2-3", "--out", "w"))
    assert code == 0, said
    assert said.count(" 0/60 [") == 1  # one bar for all
    before = (tmp_path / "w" / f"{name}-improved-seed2.safetensors").read_bytes()
    code, said = snlib(*arguments(name, "--seeds", "0,2-3", "--out", "w", "--resume"))
    assert code == 0 and said.count(" 0/60 [") == 1
    for seed in seeds:
        alone, ours = (tmp_path / out / f"{name}-improved-seed{seed}.safetensors" for out in ("alone", "w"))
        expected = weights(alone)
        assert all(torch.equal(tensor, expected[key]) for key, tensor in weights(ours).items())
        assert losses(ours.with_suffix(".csv")).equals(losses(alone.with_suffix(".csv")))
        of_alone, of_ours = (load_model(path).provenance for path in (alone, ours))
        assert of_ours == of_alone | {"stack": [0] if seed == 0 else [2, 3]}
    assert (tmp_path / "w" / f"{name}-improved-seed2.safetensors").read_bytes() == before
    assert " 0/60 [" not in snlib(*arguments(name, "--seed", "3", "--out", "w", "--resume"))[1]
    assert " 0/60 [" not in snlib(*arguments(name, "--seeds", "0,2", "--out", "alone", "--resume"))[1]


def test_a_killed_stack_resumes_to_the_same_weights(snlib, data, tmp_path):
    """Also if it was killed when only some of the weights were written."""
    assert snlib(*arguments("photometry-vae", "--seeds", "0,5", "--out", "unbroken"))[0] == 0
    names = [f"photometry-vae-improved-seed{seed}.safetensors" for seed in (0, 5)]
    with start("photometry-vae", "--seeds", "0,5", "--out", "killed") as process:
        while not list(tmp_path.glob("killed/checkpoints/photometry-vae-improved-seeds0-5-*.safetensors")):
            assert process.poll() is None
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGSTOP)
        locked = "killed/checkpoints/photometry-vae-improved-seed5.lock is locked"
        refused = f"snlib: another process is training here: {locked}\n"
        for others in ("--seed", "5"), ("--seeds", "4-6"):
            code, said = snlib(*arguments("photometry-vae", *others, "--out", "killed"))
            assert (code, said) == (2, refused)
        os.kill(process.pid, signal.SIGKILL)
    for _ in range(2):
        code, said = snlib(*arguments("photometry-vae", "--seeds", "0,5", "--out", "killed", "--resume"))
        assert code == 0 and " 0/60 [" not in said
        for name in names:
            expected = weights(tmp_path / "unbroken" / name)
            assert all(
                torch.equal(x, expected[key]) for key, x in weights(tmp_path / "killed" / name).items()
            )
        (tmp_path / "killed" / names[1]).unlink()


def test_a_head_is_trained_on_its_model(snlib, data, tmp_path):
    """Which is trained first, into the same folder; another head of it then trains alone."""
    name, recipe = "contrastive-photometry-head", ("--recipe", "text")
    code, said = snlib(*arguments(name, "--seeds", "0-1", *recipe, "--out", "w"))
    assert code == 0 and said.count(" 0/60 [") == 2  # a bar for both models, and one for both heads
    for seed in (0, 1):
        of_head, of_model = (
            weights(tmp_path / f"w/{one}-text-seed{seed}.safetensors") for one in (name, "contrastive")
        )
        for key, tensor in of_model.items():
            modality, _, rest = key.partition(".")
            assert modality != "photometry" or torch.equal(of_head[f"backbone.{rest}"], tensor)
    other = name.replace("photometry", "spectrum")
    code, said = snlib(*arguments(other, "--seed", "1", *recipe, "--out", "w"))
    assert code == 0 and said.count(" 0/60 [") == 1


@pytest.mark.parametrize(
    "seeds", ["", "3-1", "1,1", "0-2,1", "a", "-1", "1-", "0,,1", "0 1", "0-1000", "1.5"]
)
def test_seeds_that_are_none(snlib, data, tmp_path, seeds):
    code, said = snlib(*arguments("mmvae", f"--seeds={seeds}", "--out", "w"))
    assert code == 2
    assert said.startswith(
        f"snlib: seeds are {seeds!r}, expected a list without repetitions such as 0-7 or 0,3,5"
    )
    assert said.count("\n") == 1
    assert not (tmp_path / "w").exists()


@pytest.mark.parametrize(
    "model, more, message",
    [
        ("vae", (), "snlib: model is 'vae', expected one of ['mmvae', "),
        ("mmvae", ("--recipe", "best"), "snlib: recipe is 'best', expected one of ['text', 'improved', "),
        ("mmvae", ("--profile", "huge"), "snlib: profile is 'huge', expected one of"),
        ("mmvae", ("--seed", "-1"), "snlib: seed is -1, expected a whole number from 0"),
        (
            "mmvae",
            ("--seed", "0", "--seeds", "0-3"),
            "snlib: --seed 0 and --seeds 0-3 are both given, expected one of them",
        ),
        (
            "mmvae",
            ("--seeds", f"{2**63}"),
            "snlib: seed is 9223372036854775808, expected a whole number from 0",
        ),
        ("mmvae", ("--precision", "8"), "snlib: precision is '8', expected one of"),
        ("mmvae", ("--precision", "tf32"), "snlib: precision is 'tf32', which is for cuda"),
        ("mmvae", ("--processes", "0"), "snlib: processes is 0, expected at least 1"),
        ("mmvae", ("--data", "nowhere"), "snlib: nowhere/events.npz: no such file"),
    ],
)
def test_bad_arguments_are_named_and_nothing_is_left(snlib, data, tmp_path, model, more, message):
    code, said = snlib(*arguments(model, *more, "--out", "w"))
    assert code == 2
    assert said.startswith(message)
    assert said.count("\n") == 1
    assert not (tmp_path / "w").exists()


@pytest.mark.parametrize("option", [("--precision", "8"), ("--processes", "0"), ("--device", "tpu")])
def test_options_are_checked_before_events_are_simulated(snlib, tmp_path, monkeypatch, option):
    monkeypatch.setenv("SNLIB_GENERATED", str(tmp_path / "generated"))
    code, said = snlib("train", "mmvae", "--profile", "smoke", "--device", "cpu", "--out", "w", *option)
    assert (code, said.count("\n")) == (2, 1)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("split", [[1, 2], {"train": [0], "validation": [1], "test": [99]}, {"train": [0]}])
def test_a_split_that_is_none_is_named(snlib, data, events, split):
    if isinstance(split, dict):
        split |= {"events": events.digest()}
    write_json(data / "split.json", split)
    code, said = snlib(*arguments("mmvae", "--out", "w"))
    assert code == 2
    assert said.startswith("snlib: set/split.json: ")
    assert said.count("\n") == 1
