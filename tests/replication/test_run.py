"""A run makes what is missing, keeps what is up to date and nothing else."""

import json
import shutil
from dataclasses import replace
from types import SimpleNamespace

import pandas as pd
import pytest
import torch

from snlib.data.events import Events
from snlib.data.published_sample import PublishedSample
from snlib.files import DATA, read_json
from snlib.model.recipes import RECIPES
from snlib.model.registry import MODELS, recipe_for
from snlib.model.weights import load_model, save_model
from snlib.replication import run as runs
from snlib.replication import sources, trained
from snlib.replication.profiles import PROFILES, Length, Profile
from snlib.replication.run import Run, open_run
from snlib.simulation.simulator import simulate


@pytest.fixture
def tiny(monkeypatch, tmp_path):
    monkeypatch.setitem(
        PROFILES,
        "tiny",
        Profile(
            "tiny",
            n_events=12,
            n_steps=3,
            n_posterior_samples=4,
            lengths={"text": Length(3, 2), "improved": Length(3, 1), "evaluated": Length(1)},
        ),
    )
    monkeypatch.setenv("SNLIB_GENERATED", str(tmp_path))
    return "tiny"


@pytest.mark.parametrize(
    "parameters, message",
    [({"profile": "huge"}, "'huge', expected one of"), ({"device": "tpu"}, "'tpu', expected 'auto'")],
)
def test_parameters_without_meaning_are_refused(parameters, message):
    with pytest.raises(ValueError, match=message):
        open_run(**parameters)


def test_a_device_that_is_not_there_is_refused(monkeypatch):
    monkeypatch.setattr(runs.torch.cuda, "is_available", lambda: False)
    with pytest.raises(ValueError, match="no CUDA device"):
        open_run(device="cuda")
    assert open_run(device="auto").device == "cpu"


def test_runs_of_different_settings_do_not_share_a_folder(tmp_path):
    (tmp_path / "posterior_test_photometrycond_1.npz").touch()
    folders = {
        open_run(profile, "cpu", seed, sample).folder
        for profile in PROFILES
        for seed in (0, 1)
        for sample in ("", str(tmp_path))
    }
    assert len(folders) == len(PROFILES) * 4


@pytest.fixture
def simulations(monkeypatch):
    """Number and seed of each simulation."""
    calls = []

    def counted(n_events, seed, grid, workers):
        calls.append((n_events, seed))
        return simulate(n_events, seed, grid)

    monkeypatch.setattr(sources, "simulate", counted)
    return calls


@pytest.fixture
def trainings(monkeypatch):
    """A list that grows by one item a training."""
    calls, train_stack = [], trained.train_stack
    monkeypatch.setattr(
        trained, "train_stack", lambda *args, **more: calls.append(args) or train_stack(*args, **more)
    )
    return calls


def test_events_are_made_once_and_again_when_the_code_changes(tiny, simulations, monkeypatch):
    first = open_run(tiny).events()
    assert first.digest() == simulate(12, 0).digest() == open_run(tiny).events().digest()
    assert simulations == [(12, 0)]
    monkeypatch.setattr(sources, "digest", lambda stage: "newer code")
    assert open_run(tiny).events().digest() == first.digest()
    assert simulations == [(12, 0), (12, 0)]


@pytest.mark.parametrize(
    "n_events, cores, workers", [(60, 8, 1), (800, 8, 1), (4500, 2, 2), (4500, 32, 9), (4500, None, 1)]
)
def test_many_events_are_shared_by_processes(monkeypatch, n_events, cores, workers):
    asked = []
    monkeypatch.setattr(sources.os, "cpu_count", lambda: cores)
    monkeypatch.setattr(sources, "simulate", lambda *given, workers: asked.append(workers) or simulate(1, 0))
    sources.SurrogateEvents().make(n_events, 0)
    assert asked == [workers]


def test_events_of_another_seed_or_number_are_not_taken(tiny, simulations):
    """Even where they lie in the same folder."""
    run = open_run(tiny)
    more = replace(run.profile, n_events=13)
    for other in (run, replace(run, seed=5), replace(run, seed=5, profile=more)):
        assert other.events().digest() == simulate(other.profile.n_events, other.seed).digest()
    assert simulations == [(12, 0), (12, 5), (13, 5)]


def test_truncated_events_are_made_again(tiny, simulations):
    first, path = open_run(tiny).events(), open_run(tiny).folder / "events.npz"
    path.write_bytes(path.read_bytes()[:-1000])
    assert open_run(tiny).events().digest() == first.digest()
    assert len(simulations) == 2
    assert Events.load(path).digest() == first.digest()


def test_published_events_are_read_again_when_a_file_changes(tiny, events, tmp_path, monkeypatch):
    reads = []
    sample = PublishedSample(events, events.spectra.log10_fnu[:, None])
    monkeypatch.setattr(sources, "read_published_sample", lambda folder: reads.append(folder) or sample)
    folder = tmp_path / "published"
    folder.mkdir()
    (folder / "posterior_test_photometrycond_1.npz").write_bytes(b"1")
    run = open_run(tiny, published_sample=str(folder))
    for _ in range(2):
        assert run.events().digest() == events.digest()
    assert reads == [folder]
    (folder / "posterior_test_photometrycond_1.npz").write_bytes(b"2")
    assert run.events().digest() == events.digest()
    assert reads == [folder, folder]
    assert {name: len(index) for name, index in run.dataset().split.items()} == {
        "train": 14,
        "validation": 2,
        "test": 4,
    }


def test_weights_are_trained_once_and_again_when_the_events_change(tiny, trainings, monkeypatch):
    first = open_run(tiny).trained("mmvae", "improved")
    again = open_run(tiny).trained("mmvae", "improved")
    assert len(trainings) == 1
    assert again.provenance == first.provenance
    pd.testing.assert_frame_equal(again.history, first.history)
    (open_run(tiny).folder / "events.npz").unlink()
    monkeypatch.setattr(sources, "simulate", lambda n, seed, grid, workers: simulate(n, seed + 1, grid))
    open_run(tiny).trained("mmvae", "improved")
    assert len(trainings) == 2


@pytest.mark.filterwarnings("ignore:.*of another training")
def test_weights_of_fewer_or_more_steps_are_not_taken(tiny, trainings):
    """Even where they lie in the same folder."""
    run = open_run(tiny)
    for n_steps, so_far in (3, 1), (4, 2), (4, 2), (3, 3):
        other = replace(run, profile=replace(run.profile, lengths={"text": Length(n_steps)}))
        assert other.trained("photometry-regressor", "text").history["step"].iloc[-1] == n_steps
        assert len(trainings) == so_far


@pytest.mark.parametrize("suffix", [".safetensors", ".json", ".csv"])
def test_truncated_weights_are_trained_again(tiny, trainings, suffix):
    run = open_run(tiny)
    first = run.trained("mmvae", "improved")
    path = run.folder / f"mmvae-improved-seed0{suffix}"
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.warns(UserWarning, match=rf"{path}: .*; the model is trained again"):
        again = run.trained("mmvae", "improved")
    assert len(trainings) == 2
    for key, tensor in first.model.state_dict().items():
        assert torch.equal(tensor, again.model.state_dict()[key])


@pytest.mark.filterwarnings("ignore:.*of another training")
def test_after_a_kill_at_any_time_the_same_weights_are_trained(tiny, monkeypatch, killed_at_each_change):
    """By the run that goes on; before it does, what lies in the folder is whole or not taken."""
    first = open_run(tiny).trained("photometry-regressor", "text")
    events = open_run(tiny).events()
    monkeypatch.setattr(Run, "events", lambda run: events)
    path = open_run(tiny).folder / "photometry-regressor-text-seed0.safetensors"
    monkeypatch.setattr(trained, "digest", lambda stage: "newer code")
    found = []
    for _ in killed_at_each_change(lambda: open_run(tiny).trained("photometry-regressor", "text")):
        saved = load_model(path)
        found.append(saved.provenance["made_from"]["code"] == "newer code")
        for key, tensor in first.model.state_dict().items():
            assert torch.equal(tensor, saved.model.state_dict()[key])
    assert found == sorted(found) and len(found) > 8
    assert not found[0] and found[-1]


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    return tmp_path_factory.mktemp("kept") / "committed"


@pytest.fixture
def shipped(tiny, tmp_path, kept):
    """A run, not yet begun, beside committed weights that another run of the same made."""
    if not kept.exists():
        made_by = replace(open_run(tiny), folder=tmp_path / "another run")
        made_by.trained("mmvae", "improved")
        kept.mkdir()
        for path in made_by.folder.glob("mmvae-improved-seed0*"):
            shutil.copy(path, kept)
    shutil.copytree(kept, tmp_path / "committed")
    return replace(open_run(tiny), shipped=tmp_path / "committed")


def test_shipped_weights_are_taken_whatever_code_made_them(shipped, trainings, monkeypatch):
    """A run's own weights go stale with the code; committed ones do not."""
    monkeypatch.setattr(trained, "digest", lambda stage: "newer code")
    found = shipped.trained("mmvae", "improved")
    assert not trainings
    committed = read_json(shipped.shipped / "mmvae-improved-seed0.json")["provenance"]
    assert found.provenance == committed and committed["made_from"]["code"] != "newer code"
    assert found.seconds() > 0
    alone = replace(shipped, shipped=None)
    alone.trained("mmvae", "improved")
    monkeypatch.setattr(trained, "digest", lambda stage: "the newest code")
    alone.trained("mmvae", "improved")
    assert len(trainings) == 2


@pytest.mark.filterwarnings("ignore:.*of another training")
@pytest.mark.parametrize(("recipe", "stage"), [("improved", "training"), ("evaluated", "variants")])
def test_own_weights_go_stale_with_the_code_that_makes_them(tiny, trainings, monkeypatch, recipe, stage):
    """What the authors evaluated is built by modules that all other models know nothing of."""
    code = {"training": "a", "variants": "b"}
    monkeypatch.setattr(trained, "digest", code.get)
    for other in code.keys() - {stage}:
        for code[other] in ("c", "d"):
            open_run(tiny).trained("photometry-regressor", recipe)
            assert len(trainings) == 1
    code[stage] = "newer"
    open_run(tiny).trained("photometry-regressor", recipe)
    assert len(trainings) == 2


@pytest.mark.parametrize(
    "key, value", [("model", "spectrum-vae"), ("dataset", "0" * 64), ("seed", 1), ("n_steps", 4)]
)
def test_shipped_weights_of_something_else_are_not_taken(shipped, trainings, key, value):
    path = shipped.shipped / "mmvae-improved-seed0.safetensors"
    saved = load_model(path)
    made_from = saved.provenance["made_from"] | {key: value}
    save_model(path, replace(saved, provenance=saved.provenance | {"made_from": made_from}))
    found = shipped.trained("mmvae", "improved")
    assert len(trainings) == 1
    assert found.provenance["made_from"][key] != value


def test_shipped_weights_of_another_recipe_are_not_taken(shipped, trainings, monkeypatch):
    other = replace(RECIPES["improved"], learning_rate=1e-4)
    monkeypatch.setattr(runs, "recipe_for", lambda model, name: other)
    assert shipped.trained("mmvae", "improved").model.recipe == other
    assert len(trainings) == 1


def test_damaged_shipped_weights_are_named_and_not_trained_again(shipped, trainings):
    path = shipped.shipped / "mmvae-improved-seed0.safetensors"
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(ValueError, match=r"committed/mmvae-improved-seed0\.safetensors"):
        shipped.trained("mmvae", "improved")
    assert not trainings


def test_a_predictive_mmvae_begins_with_the_shipped_mmvae(shipped, trainings):
    found = shipped.trained("predictive-mmvae", "improved")
    assert len(trainings) == 1
    committed = read_json(shipped.shipped / "mmvae-improved-seed0.json")["provenance"]
    assert found.provenance["made_from"]["start"] == committed["made_from"]


@pytest.mark.parametrize(
    "profile, model, recipe, n_rows",
    [
        ("large", "predictive-mmvae", "large", 0),
    ],
)
def test_the_weights_of_the_repository_are_taken(profile, model, recipe, n_rows, trainings, monkeypatch):
    """Given events with the digest of those that they were trained on, whose simulation takes minutes."""
    path = DATA / "weights" / profile / f"{model}-{recipe}-seed0.json"
    digest = read_json(path)["provenance"]["made_from"]["dataset"]
    dataset = SimpleNamespace(digest=lambda: digest, n_train_pairs=18_000)
    monkeypatch.setattr(Run, "dataset", lambda run: dataset)
    found = open_run(profile).trained(model, recipe)
    assert not trainings
    assert found.model.recipe == recipe_for(model, recipe)
    assert len(found.history) == n_rows


@pytest.mark.parametrize("name", MODELS)
def test_every_model_is_trained_and_found_again(tiny, name, monkeypatch):
    first = open_run(tiny).trained(name, "text")
    monkeypatch.setattr(trained, "train_stack", None)
    again = open_run(tiny).trained(name, "text")
    for key, tensor in first.model.state_dict().items():
        assert torch.equal(tensor, again.model.state_dict()[key])
    assert again.n_parameters() == first.n_parameters() > 10_000
    assert again.best()["validation_loss"] == min(first.history["validation_loss"])
    assert again.seconds() > 0


def test_a_model_that_is_found_again_drops_nothing_out(tiny):
    """It predicts what it predicted when it was trained."""
    first, again = (open_run(tiny).trained("photometry-regressor", "evaluated").model for _ in range(2))
    x = open_run(tiny).dataset().pairs("test", "cpu").photometry
    assert first.recipe.dropout > 0
    assert torch.equal(again.predict(x), first.predict(x))


@pytest.mark.parametrize("damage", [b"", b"{}", b'{"recipe": 1}', b"[1]"])
def test_weights_that_are_damaged_or_of_another_version_are_trained_again(tiny, damage):
    run = open_run(tiny)
    first = run.trained("photometry-regressor", "text")
    path = run.folder / "photometry-regressor-text-seed0.json"
    path.write_bytes(damage)
    with pytest.warns(UserWarning, match=rf"{path}: not the copy of what .*safetensors says"):
        again = run.trained("photometry-regressor", "text")
    assert again.provenance["made_from"] == first.provenance["made_from"]
    assert json.loads(path.read_text())["model"] == "photometry-regressor"


def test_the_summary_of_a_training(tiny):
    result = open_run(tiny).trained("contrastive", "improved")
    rows = [
        row.split(",")
        for row in (open_run(tiny).folder / "contrastive-improved-seed0.csv").read_text().split()
    ]
    step, loss = min(((int(row[0]), float(row[3])) for row in rows[1:]), key=lambda row: row[1])
    summary = result.summary()
    assert summary["Validation loss"] == f"{loss:.4g}"
    assert summary["Step of the stored weights"] == f"{step} of 3"
    assert summary["Pairs in a batch"] == 64


@pytest.mark.parametrize("keeps, step", [("best", 20), ("last", 40)])
def test_the_row_of_a_training_is_that_of_the_weights_it_keeps(keeps, step):
    losses = {"train_loss": [1.0, 4.0, 3.0, 2.0], "validation_loss": [3.0, 1.0, 2.0, 4.0]}
    history = pd.DataFrame({"step": [10, 20, 30, 40]} | losses)
    model = SimpleNamespace(recipe=SimpleNamespace(keeps=keeps))
    assert trained.Trained(model, history, {}).best()["step"] == step


def test_a_recipe_may_differ_for_a_model():
    assert recipe_for("mmvae", "improved") == RECIPES["improved"]
    assert recipe_for("contrastive", "text") == RECIPES["text"]
    assert recipe_for("contrastive", "improved") == replace(RECIPES["improved"], batch_size=64)


@pytest.mark.parametrize(
    "name, recipe, message",
    [
        ("vae", "text", "model is 'vae', expected one of"),
        ("mmvae", "best", "recipe is 'best', expected one"),
    ],
)
def test_models_and_recipes_that_do_not_exist_are_refused(tiny, name, recipe, message):
    with pytest.raises(ValueError, match=message):
        open_run(tiny).trained(name, recipe)
