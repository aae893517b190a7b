"""Several trainings on the same events: as stacks, judged each by itself, committed and read together."""

import json
import re
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from snlib.files import DATA, read_json, write_json
from snlib.model.registry import recipe_for
from snlib.replication import committed, results, seeds, trained
from snlib.replication.profiles import PROFILES, Length, Profile
from snlib.replication.results import figure4_curves, table
from snlib.replication.run import open_run
from snlib.replication.seeds import (
    commit_run,
    describe_seeds,
    events_of_seeds,
    read_seeds,
    train_seeds,
)
from snlib.replication.tables import OF_NO_RECIPE, TABLES
from snlib.replication.verdicts import evidence_of, published_evidence

SEED = 4  # of the events


@pytest.fixture(scope="module")
def profile():
    """Two MMVAEs of "text", one of "improved"; the others once."""
    return Profile(
        "small",
        n_events=40,
        n_steps=9,
        n_posterior_samples=20,
        lengths={"text": Length(2, 2), "improved": Length(2, 1), "evaluated": Length(1)},
    )


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """What is committed, in a folder of its own."""
    place = tmp_path_factory.mktemp("data")
    return place


@pytest.fixture(scope="module")
def run(profile, place, tmp_path_factory):
    """All seeds are trained, judged and committed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PROFILES, "small", profile)
        patch.setenv("SNLIB_GENERATED", str(tmp_path_factory.mktemp("generated")))
        patch.setattr(committed, "DATA", place)
        patch.setattr(seeds, "commit", lambda: "abc")
        run = replace(open_run("small", seed=SEED), shipped=place / "weights" / "small")
        for recipe in run.recipes:
            train_seeds(run, recipe)
        for repeated in run.repeats():
            commit_run(repeated, with_weights=True)
        yield run


def test_a_run_knows_what_is_trained_how_often(run):
    assert [one.training_seed for one in run.repeats()] == [4, 5]
    assert [one.recipes for one in run.repeats()] == [("text", "improved"), ("text",)]
    assert [one.has("contrastive", "text") for one in run.repeats()] == [True, False]
    assert not run.has("mmvae", "evaluated") and not run.has("mmvae", "large")


def test_trainings_differ_by_their_seed_on_the_same_events(run):
    models = [one.trained("mmvae", "text").model for one in run.repeats()]
    assert len({one.dataset().digest() for one in run.repeats()}) == 1
    assert not torch.equal(*(next(model.parameters()) for model in models))


def test_a_seed_of_the_stack_is_what_a_run_trains_by_itself(run, tmp_path, monkeypatch):
    alone = replace(run, folder=tmp_path, shipped=None, repeat=1)
    shutil.copyfile(run.folder / "events.npz", tmp_path / "events.npz")
    own, of_stack = alone.trained("mmvae", "text"), replace(run, repeat=1).trained("mmvae", "text")
    for key, tensor in own.model.state_dict().items():
        assert torch.equal(tensor, of_stack.model.state_dict()[key])
    monkeypatch.setattr(trained, "train_stack", None)
    assert replace(alone, repeat=1).trained("mmvae", "text").provenance == own.provenance


def test_what_is_committed(run, place):
    names = {path.relative_to(place / "results" / "small").as_posix() for path in place.rglob("*.csv.gz")}
    expected = {f"none/seed4/{name}.csv.gz" for name in OF_NO_RECIPE}
    for recipe, of_recipe in (("text", (4, 5)), ("improved", (4,))):
        expected |= {f"{recipe}/seed{seed}/{name}.csv.gz" for seed in of_recipe for name in TABLES}
    assert names == expected
    curves = {path.parent.relative_to(place / "results" / "small") for path in place.rglob("curves.npz")}
    assert sorted(map(str, curves)) == ["improved/seed4", "none/seed4", "text/seed4"]
    weights = {path.name for path in (place / "weights" / "small").glob("*.safetensors")}
    assert {name.rpartition("-")[2] for name in weights} == {"seed4.safetensors"}
    assert "spectrum-vae-text-seed4.safetensors" in weights and not any("head" in name for name in weights)
    assert len(weights) == 2 * 7


def test_from_what_it_was_made(run):
    found = read_json(committed.committed_folder(run, "text", 5) / "provenance.json")
    assert (found["seed"], found["commit"], found["test_events"]) == (5, "abc", 4)
    assert found["n_steps"] == {"mmvae": 2} and found["weights"] == {}
    assert found["dataset"] == run.dataset().digest()
    first = read_json(committed.committed_folder(run, "text", 4) / "provenance.json")
    assert len(first["weights"]) == 7 and len(first["n_steps"]) == len(first["training_s"]) == 11


def test_all_seeds_are_read_together(run):
    found = read_seeds(run, "spectra")
    assert list(found) == [4, 5]
    pd.testing.assert_frame_equal(found[4], table(run, "spectra"))
    assert set(found[5]["model"]) == {"mean spectrum", "MMVAE (text)"} < set(found[4]["model"])
    pd.testing.assert_frame_equal(found[5], table(replace(run, repeat=1), "spectra"), rtol=1e-3)
    ours = [rows.query("model == 'MMVAE (text)'")["mse_dex2"].to_numpy() for rows in found.values()]
    assert not np.allclose(*ours)
    assert list(read_seeds(run, "experts")) == [4, 5]
    assert events_of_seeds(run) == [run.dataset().digest()] * 2


def test_numbers_come_from_the_seeds_that_have_them(run):
    evidence = evidence_of(run)
    assert (evidence.n_seeds("text"), evidence.n_seeds("improved")) == (2, 1)
    assert all((weights == evidence.weights[0]).all() for weights in evidence.weights)
    rmse = {}
    for seed, rows in read_seeds(run, "spectra").items():
        for name, of in rows.query("interval != 'predictive'").groupby("model"):
            mean = of.groupby("phase_days").apply(lambda x: np.average(x["mse_dex2"], weights=x["n_pixels"]))
            rmse.setdefault(name, {})[seed] = np.log(mean).mean() / 2
    ours, theirs = (list(rmse[f"{name} (text)"].values()) for name in ("MMVAE", "spectra-only VAE"))
    assert (len(ours), len(theirs)) == (2, 1)
    found = evidence.rmse_ratio("MMVAE", "spectra-only VAE", "text")
    assert found[0] == pytest.approx(np.exp(np.mean(ours) - np.mean(theirs)))
    won = [
        sum(
            rows[(rows["method"] == "MMVAE") & (rows["fitted_to"] == "test")].iloc[:, -6:].mean()
            < rows[rows["method"] == "end to end"].iloc[:, -6:].mean()
        )
        for rows in (
            rows[(rows["recipe"] == "text") & (rows["data"] == "light curve")]
            for rows in list(read_seeds(run, "parameters").values())[:1]
        )
    ]
    assert evidence.parameters_won("MMVAE", "text")[0] == np.mean(won)


def test_committed_results_are_taken_where_their_weights_are(run, tmp_path, monkeypatch):
    """By a run that has neither models nor tables of its own, whatever code made them."""
    fresh = replace(run, folder=tmp_path)
    shutil.copyfile(run.folder / "events.npz", tmp_path / "events.npz")
    for name in TABLES:
        monkeypatch.setitem(TABLES, name, None)
    monkeypatch.setattr(results, "spectra_and_curves", None)
    for name in TABLES:
        pd.testing.assert_frame_equal(table(fresh, name), table(run, name))
    for key, curves in figure4_curves(run).items():
        for name, values in curves.items():
            np.testing.assert_array_equal(figure4_curves(fresh)[key][name], values)


def test_what_is_published_is_read_without_a_run(run):
    """The same numbers as by the run, whose own are among them."""
    found, expected = published_evidence("small"), evidence_of(run)
    assert found.recipes == ["text", "improved"]
    for recipe in found.recipes:
        for measure in (
            lambda e, r: e.rmse_ratio("MMVAE", "contrastive", r),
            lambda e, r: e.masked_distance_ratio(0.9, r),
            lambda e, r: e.generated_ratio("variance_dex2", "prior", "truth", r),
            lambda e, r: e.hardly_recovered(r),
        ):
            np.testing.assert_allclose(measure(found, recipe), measure(expected, recipe))


def test_what_was_made_before_the_weights_were_committed_is_not_made_again(run, monkeypatch):
    monkeypatch.setitem(TABLES, "masking", None)
    assert len(results.own_part(run, "text", "masking")) > 0


@pytest.mark.parametrize("change", ["weights", "events", "length", "none shipped"])
def test_committed_results_of_something_else_are_not_taken(run, place, tmp_path, monkeypatch, change):
    fresh = replace(run, folder=tmp_path)
    shutil.copyfile(run.folder / "events.npz", tmp_path / "events.npz")
    if change == "weights":
        shutil.copytree(run.shipped, tmp_path / "weights")
        path = tmp_path / "weights" / "mmvae-text-seed4.safetensors"
        path.write_bytes((run.shipped / "mmvae-improved-seed4.safetensors").read_bytes())
        fresh = replace(fresh, shipped=tmp_path / "weights")
    elif change == "events":
        fresh = replace(fresh, seed=3, repeat=1)
    elif change == "length":
        fresh = replace(fresh, profile=replace(run.profile, lengths={"text": Length(3, 1)}))
    else:
        fresh = replace(fresh, shipped=None)
    assert committed.committed_table(run, "text", "masking") is not None
    assert committed.committed_table(fresh, "text", "masking") is None


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        (lambda path: path.unlink(), FileNotFoundError, "no such file"),
        (
            lambda path: pd.read_csv(path).drop(columns="spread").to_csv(path, index=False),
            ValueError,
            r"lacks the columns \['spread'\]",
        ),
    ],
    ids=["table", "column"],
)
def test_committed_results_of_older_code_are_named(run, place, tmp_path, monkeypatch, change, error, said):
    shutil.copytree(place / "results", tmp_path / "results")
    monkeypatch.setattr(committed, "DATA", tmp_path)
    folder = tmp_path / "results" / "small" / "text" / "seed5"
    change(folder / "experts.csv.gz")
    with pytest.raises(error, match=f"{re.escape(str(folder))}.*{said}; .*make repeats"):
        read_seeds(run, "experts")
    assert list(read_seeds(run, "masking")) == [4, 5]


def test_seeds_are_described(run):
    rows = describe_seeds(run)
    assert list(rows.index) == [4, 5]
    assert rows["recipes"].tolist() == ["text, improved", "text"]
    assert set(rows["code of models and training"]) == {"this"} and set(rows["test events"]) == {4}


def test_seeds_with_events_of_their_own_are_told_apart(run, place, tmp_path, monkeypatch):
    """A seed judged by other events has its own mean spectrum, and its own draws of events."""
    shutil.copytree(place / "results", tmp_path / "results")
    monkeypatch.setattr(committed, "DATA", tmp_path)
    small = tmp_path / "results" / "small"
    path = small / "text" / "seed5" / "provenance.json"
    write_json(path, json.loads(path.read_text()) | {"dataset": "other"})
    shutil.copytree(small / "none" / "seed4", small / "none" / "seed5")
    none = small / "none" / "seed5" / "provenance.json"
    write_json(none, json.loads(none.read_text()) | {"dataset": "other"})
    other = small / "none" / "seed5" / "spectra.csv.gz"
    pd.read_csv(other).assign(mse_dex2=7.0).to_csv(other, index=False)
    found = read_seeds(run, "spectra")[5].query("model == 'mean spectrum'")
    assert (found["mse_dex2"] == 7).all()
    assert events_of_seeds(run) == [run.dataset().digest(), "other"]
    weights = evidence_of(run).weights
    assert not (weights[0] == weights[1]).all()


def test_the_committed_results_of_the_repository_are_of_recipes_and_whole():
    folders = [path.parent for path in (DATA / "results").glob("*/*/seed*/provenance.json")]
    assert folders
    for folder in folders:
        recipe = folder.parent.name
        names = OF_NO_RECIPE if recipe == "none" else TABLES
        assert {path.name for path in folder.glob("*.csv.gz")} == {f"{name}.csv.gz" for name in names}
        if recipe != "none":
            assert recipe_for("mmvae", recipe).name == recipe


def test_the_work_may_be_shared_by_several_commands(profile, tmp_path, monkeypatch, trainings):
    """Each does its part, and the last finds what the others have made."""
    monkeypatch.setitem(PROFILES, "small", replace(profile, lengths={"text": Length(1, 2)}))
    monkeypatch.setenv("SNLIB_GENERATED", str(tmp_path / "generated"))
    monkeypatch.setattr(committed, "DATA", tmp_path)

    def command(*options):
        monkeypatch.setattr("sys.argv", ["seeds", "small", "--device", "cpu", "--seed", str(SEED), *options])
        seeds.main()

    command("--models", "mmvae", "spectrum-vae")
    assert trainings == ["mmvae", "spectrum-vae"]
    assert not list(tmp_path.rglob("*.csv.gz"))
    command("--repeats", "1", "--tables", "experts", "lengths")
    made = {path.relative_to(tmp_path / "generated" / f"small-seed{SEED}") for path in tmp_path.rglob("*.gz")}
    assert {str(path) for path in made} == {
        f"tables/text/seed5/{name}.csv.gz" for name in ("experts", "lengths")
    }
    n_trained = len(trainings)
    monkeypatch.setitem(TABLES, "experts", None)
    command("--repeats", "1")
    assert len(trainings) == n_trained
    committed_files = {
        path.parent.relative_to(tmp_path / "results") for path in tmp_path.rglob("provenance.json")
    }
    assert set(map(str, committed_files)) == {"small/text/seed5"}


@pytest.fixture
def trainings(monkeypatch):
    """Names of the models that are trained, one a stack."""
    names, train = [], trained._train
    monkeypatch.setattr(trained, "_train", lambda task, *rest: names.append(task.name) or train(task, *rest))
    return names
