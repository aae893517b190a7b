"""Judging by real models: what is unseen stays unseen, and differences are those worked out by hand."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from snlib.data.events import Events, LightCurves, Spectra
from snlib.data.published_sample import PublishedSample, read_published_sample
from snlib.data.quantities import LAST_PHASE_DAYS
from snlib.data.scaling import Scaling
from snlib.evaluation.scores import PIT_COLUMNS
from snlib.files import read_json
from snlib.inference.samplers import REAL_MAGNITUDE_SCALE
from snlib.inference.samples import Samples
from snlib.model.registry import new_model, recipe_for
from snlib.replication import folds as real_models
from snlib.replication import methods, real_results, real_scores
from snlib.replication import run as runs
from snlib.replication.folds import N_FOLDS, Fold, real_folds, train_folds
from snlib.replication.real_scores import draw_all, paired_differences, recalibrate_folds
from snlib.simulation.simulator import simulate
from snlib.simulation.surrogate import Surrogate
from snlib.simulation.surrogate_grid import SurrogateGrid

N_SAMPLES = 25
COLUMNS = ["phase_days", "n_pixels", "mse_dex2", "crps_dex", "log_score", *PIT_COLUMNS]
COLUMNS += ["coverage_68", "width_68_dex", "coverage_90", "width_90_dex"]


def sample_of(events):
    """As a published sample, without what the diffusion model drew."""
    return PublishedSample(events, np.zeros((len(events), 1, *events.spectra.log10_fnu.shape[1:])))


def toy_draws(folds, seed=0):
    """Samples about zero, whatever the models."""
    rng = np.random.default_rng(seed)
    shape = (N_SAMPLES, *folds[0].unseen.spectra.log10_fnu.shape[1:])
    return [[Samples(rng.normal(size=shape)) for _ in range(len(fold.unseen))] for fold in folds]


def values_of(drawn):
    return [np.array([samples.values for samples in of_fold]) for of_fold in drawn]


def with_truth(fold, change):
    spectra = replace(fold.unseen.spectra, log10_fnu=change(fold.unseen.spectra.log10_fnu))
    return replace(fold, unseen=replace(fold.unseen, spectra=spectra))


def with_seen(fold, seen):
    return replace(fold, source=replace(fold.source, seen=seen))


@pytest.fixture
def folds(events, tmp_path):
    """Folds of 30 simulated events each."""
    return [
        replace(fold, profile=replace(fold.profile, n_events=30))
        for fold in real_folds(sample_of(events), tmp_path)
    ]


@pytest.fixture
def small_surrogate(monkeypatch):
    """The shipped surrogate in the place of each fold's, whose fit takes long: whose models it was given."""
    given = []

    def fit(seen):
        given.append(seen.object_id.tolist())
        return Surrogate.load()

    monkeypatch.setattr(real_models, "fit_with_residuals", fit)
    return given


def test_every_model_is_unseen_once(events, folds):
    assert len(folds) == N_FOLDS
    unseen = [name for fold in folds for name in fold.unseen.object_id]
    assert sorted(unseen) == sorted(events.object_id)
    for fold in folds:
        assert sorted([*fold.seen.object_id, *fold.unseen.object_id]) == sorted(events.object_id)
    sizes = [len(fold.unseen) for fold in folds]
    assert max(sizes) - min(sizes) <= 1


def test_folds_are_the_same_each_time(events, folds, tmp_path):
    again = real_folds(sample_of(events), tmp_path / "elsewhere")
    for fold, other in zip(folds, again, strict=True):
        assert fold.seen.digest() == other.seen.digest()
        assert fold.unseen.digest() == other.unseen.digest()
    assert len({fold.folder for fold in folds}) == N_FOLDS


def test_a_fold_holds_back_every_fifth_of_a_permutation(events, folds):
    """The folds of the committed results on real models."""
    number = np.random.default_rng(0).permutation(20) % 5
    for k, fold in enumerate(folds):
        assert fold.unseen.object_id.tolist() == [f"event-{i}" for i in range(20) if number[i] == k]


def test_unseen_light_curves_end_where_training_ends(events, folds):
    late = events.light_curves.observed & (events.light_curves.phase_days > LAST_PHASE_DAYS)
    assert late.any()
    n_before = (events.light_curves.observed & ~late).sum()
    unseen = [fold.unseen.light_curves for fold in folds]
    assert max(curves.phase_days[curves.observed].max() for curves in unseen) <= LAST_PHASE_DAYS
    assert sum(curves.observed.sum() for curves in unseen) == n_before


def test_fine_tuning_is_split_among_seen_models(folds):
    for fold in folds:
        index = np.concatenate(list(fold.fine_tuning_split().values()))
        assert sorted(index) == list(range(len(fold.seen)))


def test_fine_tuning_is_of_the_mmvae_on_seen_models_scaled_as_before(folds, monkeypatch):
    """As long and as fast as for the committed results on real models."""
    fold, given = folds[3], []
    large = recipe_for("mmvae", "large")
    start = SimpleNamespace(model=SimpleNamespace(recipe=large))
    scaling = Scaling.fit(fold.unseen)  # any that is not that of the seen models
    monkeypatch.setattr(Fold, "trained", lambda fold, *what: given.append(what) or start)
    monkeypatch.setattr(Fold, "dataset", lambda fold: SimpleNamespace(scaling=scaling))
    monkeypatch.setattr(real_models, "train_or_load", lambda *what, **more: (*what, more))
    name, recipe, dataset, n_steps, seed, folder, _, more = fold.fine_tuned("large")
    assert given == [("mmvae", "large")] and more == {"start": start}
    assert (name, n_steps, seed, folder) == ("mmvae", 600, 103, fold.folder)
    assert recipe == replace(large, name="fine-tuned", learning_rate=3e-4, batch_size=16)
    assert dataset.events.object_id.tolist() == fold.seen.object_id.tolist()
    assert dataset.scaling == scaling
    for part, index in fold.fine_tuning_split().items():
        np.testing.assert_array_equal(dataset.split[part], index)


def test_the_fine_tuned_method_has_every_weight_that_was_tuned(dataset, small_recipe, monkeypatch):
    trained, tuned = (
        SimpleNamespace(model=new_model(name, small_recipe, seed))
        for name, seed in (("predictive-mmvae", 5), ("mmvae", 6))
    )
    fold = SimpleNamespace(
        trained=lambda model, recipe: trained,
        fine_tuned=lambda recipe: tuned,
        dataset=lambda: dataset,
        device="cpu",
    )
    monkeypatch.setattr(methods, "forecast_sampler", lambda forecaster: forecaster.model)
    found = methods.sampler_of(fold, "fine-tuned MMVAE", "large").state_dict()
    before, after = trained.model.state_dict(), tuned.model.state_dict()
    assert found.keys() == before.keys() > after.keys()
    for key, tensor in found.items():
        assert torch.equal(tensor, after.get(key, before[key]))


def test_an_inversion_is_of_the_surrogate_of_its_fold(folds, small_surrogate, monkeypatch):
    monkeypatch.setattr(methods, "inversion_sampler", lambda *given: given)
    assert methods.sampler_of(folds[1], "inversion") == (folds[1].surrogate, REAL_MAGNITUDE_SCALE)


def test_surrogate_is_kept_for_its_seen_models_only(folds, small_surrogate):
    fold = folds[0]
    fold.surrogate  # noqa: B018
    assert small_surrogate == [fold.seen.object_id.tolist()]
    # Unseen models are nothing to it ...
    with_truth(fold, lambda flux: flux + 1).surrogate  # noqa: B018
    assert len(small_surrogate) == 1
    # ... and any change of a seen one makes another.
    magnitude = fold.seen.light_curves.magnitude.copy()
    magnitude[np.unravel_index(np.nanargmax(magnitude), magnitude.shape)] += 0.01
    curves = replace(fold.seen.light_curves, magnitude=magnitude)
    with_seen(fold, replace(fold.seen, light_curves=curves)).surrogate  # noqa: B018
    assert len(small_surrogate) == 2


def test_a_truncated_surrogate_is_fitted_again(folds, small_surrogate):
    fold = folds[0]
    fold.surrogate  # noqa: B018
    path = fold.folder / "surrogate.npz"
    path.write_bytes(path.read_bytes()[:-100])
    found = replace(fold, source=replace(fold.source)).surrogate
    assert len(small_surrogate) == 2
    np.testing.assert_array_equal(found.surfaces, Surrogate.load().surfaces)


def test_events_of_a_fold_are_simulated_from_its_surrogate(folds, monkeypatch):
    dimmer = replace(Surrogate.load(), loadings=0.99 * Surrogate.load().loadings)
    monkeypatch.setattr(real_models, "fit_with_residuals", lambda seen: dimmer)
    fold = folds[2]
    expected = simulate(30, 102, SurrogateGrid(dimmer))
    assert fold.events().digest() == expected.digest() != simulate(30, 102).digest()
    dataset = fold.dataset()
    assert {name: len(index) for name, index in dataset.split.items()} == {
        "train": 24,
        "validation": 3,
        "test": 3,
    }
    order = np.random.default_rng((102, 1)).permutation(30)
    assert sorted(order[:24]) == dataset.split["train"].tolist()


def test_events_of_a_fold_are_kept_for_its_seen_models_only(folds, small_surrogate):
    first, again, other = (fold.events() for fold in (folds[0], folds[0], folds[1]))
    assert first.digest() == again.digest() != other.digest()
    assert len(small_surrogate) == 2
    # From another surrogate: made again, not read.
    seen = replace(folds[0].seen, parameters=folds[0].seen.parameters * 1.01)
    assert with_seen(folds[0], seen).events().provenance["seen"] == seen.digest()
    assert len(small_surrogate) == 3


def test_what_is_trained_for_a_fold(folds, monkeypatch):
    """As long as for the committed results on real models."""
    asked = {}

    def noted(name, recipe, dataset, n_steps, seed, folder, fabric, shipped):
        asked[name, recipe.name] = (n_steps(name, recipe, 14_400), seed, folder, shipped)

    monkeypatch.setattr(runs, "train_or_load", noted)
    monkeypatch.setattr(Fold, "dataset", lambda fold: None)
    train_folds(folds[3:4])
    where = (103, folds[3].folder, None)
    assert asked == {
        ("mmvae", "large"): (12_000, *where),
        ("predictive-mmvae", "large"): (12_000, *where),
        ("mmvae", "text"): (12_000, *where),
        ("spectrum-vae", "improved"): (3000, *where),
        ("contrastive", "improved"): (2000, *where),
    }


@settings(max_examples=10, deadline=None)
@given(k=st.integers(0, N_FOLDS - 1), shift=st.floats(-5, 5), seed=st.integers(0, 100))
def test_recalibration_of_a_fold_does_not_see_its_truth(k, shift, seed):
    folds = toy_folds()
    drawn = toy_draws(folds, seed)
    changed = [with_truth(f, lambda x: 2 * x + shift + 0.1) if f.number == k else f for f in folds]
    before, after = (values_of(recalibrate_folds(some, drawn)) for some in (folds, changed))
    np.testing.assert_array_equal(before[k], after[k])
    assert (before[k - 1] != after[k - 1]).any()


def toy_folds(n=20):
    """Folds whose truths are standard normal, as `toy_draws` are."""
    rng = np.random.default_rng(1)
    events = toy_events(n, rng.normal(size=(n, 2, 30)))
    return real_folds(sample_of(events), "nowhere")


def toy_events(n, flux):
    light_curves = LightCurves(np.zeros((n, 3)), np.full((n, 3), -18.0), np.zeros((n, 3), int))
    spectra = Spectra(np.array([0.0, 10.0]), np.linspace(4000.0, 5000.0, flux.shape[-1]), flux)
    names = np.array([f"model-{i}" for i in range(n)])
    return Events(names, np.ones((n, 6)), light_curves, spectra, {"source": "test"})


def test_recalibration_widens_what_is_too_narrow():
    folds = toy_folds(40)
    narrow = [[Samples(samples.values / 3) for samples in of_fold] for of_fold in toy_draws(folds)]
    wide, narrow = (np.concatenate(values_of(drawn)) for drawn in (recalibrate_folds(folds, narrow), narrow))
    ratio = np.mean(wide.std((1, 2, 3)) / narrow.std((1, 2, 3)))
    assert 2.5 < ratio < 3.7


@pytest.fixture
def toy_methods(monkeypatch):
    """Two methods: one draws about zero; one retrieves, the same again and again."""
    shape = (2, 30)

    def draws(fold, recipe):
        return lambda event, n, rng: {"predictive": Samples(rng.normal(size=(n, *shape)))}

    def retrieval(fold, recipe):
        return lambda event, n, rng: {"none": Samples(np.zeros((1, *shape)))}

    monkeypatch.setitem(methods.METHODS, "draws", draws)
    monkeypatch.setitem(methods.METHODS, "contrastive", retrieval)
    judged = {"draws": ("draws", None, "predictive"), "contrastive": ("contrastive", None, "none")}
    monkeypatch.setattr(real_scores, "JUDGED", judged)


def test_scores_of_toy_methods(toy_methods):
    events = toy_events(20, np.random.default_rng(1).normal(size=(20, 2, 30)))
    published = PublishedSample(events, np.zeros((20, 1, 2, 30)))
    scores = real_scores.real_scores(published, "nowhere", ["draws", "contrastive"])
    kinds = scores.groupby(["method", "recalibrated"]).size()
    assert kinds.to_dict() == {("contrastive", False): 40, ("draws", False): 40, ("draws", True): 40}
    retrieved = scores[scores["method"] == "contrastive"]
    no_interval = ["coverage_68", "coverage_90", "width_68_dex", "width_90_dex", "log_score", *PIT_COLUMNS]
    assert retrieved[no_interval].isna().all(axis=None)
    truth = dict(zip(events.object_id, events.spectra.log10_fnu, strict=True))
    assert set(scores) == {*COLUMNS, "fold", "object_id", "method", "recalibrated"}
    for row in retrieved.itertuples():
        error = truth[row.object_id][int(row.phase_days / 10)]
        assert row.mse_dex2 == pytest.approx(np.mean(error**2))
        assert row.crps_dex == pytest.approx(np.mean(np.abs(error)))
    covered = scores[(scores["method"] == "draws")].groupby("recalibrated")["coverage_90"].mean()
    assert (abs(covered - 0.9) < 0.06).all()


def test_draws_depend_on_the_model_only(toy_methods):
    folds = toy_folds()
    both, one = (values_of(draw_all("draws", some)) for some in (folds, folds[2:3]))
    np.testing.assert_array_equal(both[2], one[0])
    assert len(np.unique(np.concatenate(both)[:, 0, 0, 0])) == 20  # each model in its own way


def table(method, mse, crps, n_pixels, phase_days=0.0):
    return pd.DataFrame(
        {"method": method, "phase_days": phase_days, "object_id": [f"m{i}" for i in range(len(mse))]}
        | {"n_pixels": n_pixels, "mse_dex2": mse, "crps_dex": crps}
    )


def test_paired_differences_by_hand():
    n_pixels = [100, 300]
    ours = table("ours", [0.04, 0.16], [0.1, 0.3], n_pixels)
    theirs = table("theirs", [0.01, 0.01], [0.1, 0.1], n_pixels)
    # The other way round: models are paired by name, not by place.
    (row,) = paired_differences(pd.concat([ours, theirs[::-1]]), "ours", "theirs").itertuples()
    assert row.rmse_ratio == pytest.approx(np.sqrt((100 * 0.04 + 300 * 0.16) / 400 / 0.01))
    assert row.crps_difference == pytest.approx((100 * 0.1 + 300 * 0.3) / 400 - 0.1)
    # Of two models drawn twice one in four draws has the first only, one in four the second.
    assert (row.rmse_ratio_low, row.rmse_ratio_high) == pytest.approx((2, 4))
    assert (row.crps_difference_low, row.crps_difference_high) == pytest.approx((0, 0.2))


def test_paired_differences_are_exact_where_methods_differ_by_a_factor():
    rng = np.random.default_rng(0)
    mse, crps = rng.uniform(0.1, 1, 60), rng.uniform(0.1, 1, 60)
    scores = pd.concat([table("ours", 4 * mse, crps + 0.5, 100), table("theirs", mse, crps, 100)])
    (row,) = paired_differences(scores, "ours", "theirs").itertuples()
    assert [row.rmse_ratio, row.rmse_ratio_low, row.rmse_ratio_high] == pytest.approx([2, 2, 2])
    names = ("crps_difference", "crps_difference_low", "crps_difference_high")
    assert [getattr(row, name) for name in names] == pytest.approx([0.5] * 3)


def test_paired_differences_bootstrap_is_that_of_the_normal_theory():
    rng = np.random.default_rng(0)
    ours, theirs = rng.uniform(0, 1, (2, 400))
    scores = pd.concat([table("ours", ours, ours, 100), table("theirs", theirs, theirs, 100)])
    (row,) = paired_differences(scores, "ours", "theirs").itertuples()
    error = 1.96 * np.std(ours - theirs, ddof=1) / np.sqrt(400)
    assert row.crps_difference_high - row.crps_difference == pytest.approx(error, rel=0.1)
    assert row.crps_difference - row.crps_difference_low == pytest.approx(error, rel=0.1)


def test_rows_that_share_a_phase_go_together():
    rng = np.random.default_rng(0)
    mse, other = rng.uniform(0.1, 1, (2, 2, 30))
    halves = [
        pd.concat([table("ours", a, a, 50, phase), table("theirs", b, b, 50, phase)])
        for phase, a, b in zip((0.0, 10.0), mse, other, strict=True)
    ]
    (pooled,) = paired_differences(pd.concat(halves).assign(phase_days="all"), "ours", "theirs").values[:, 1:]
    whole = [table("ours", mse.mean(0), mse.mean(0), 100), table("theirs", other.mean(0), other.mean(0), 100)]
    (expected,) = paired_differences(pd.concat(whole), "ours", "theirs").values[:, 1:]
    np.testing.assert_allclose(pooled.astype(float), expected.astype(float))


def test_pixels_without_score_do_not_count():
    full = [table("ours", [0.04], [0.1], [10]), table("theirs", [0.01], [0.1], [10])]
    empty = [row.assign(object_id="m1", n_pixels=0, mse_dex2=np.nan, crps_dex=np.nan) for row in full]
    with np.errstate(invalid="ignore"):
        (row,) = paired_differences(pd.concat(full + empty), "ours", "theirs").itertuples()
    assert row.rmse_ratio == pytest.approx(2)


@pytest.mark.parametrize("name", ["m5", None])
def test_methods_must_have_scored_the_same_models(name):
    ours, theirs = (table(method, [0.1, 0.2], [0.1, 0.2], 10) for method in ("ours", "theirs"))
    theirs = theirs.assign(object_id=["m0", name]) if name else theirs[:0]
    with pytest.raises(ValueError, match="'ours' and 'theirs' are not of the same models"):
        paired_differences(pd.concat([ours, theirs]), "ours", "theirs")


def test_ranked_events():
    rmse = [0.3, 0.1, 0.5, 0.2, 0.4]
    scores = pd.concat(
        table(real_results.TUNED, np.square(rmse), rmse, 10, phase) for phase in (0.0, 10.0)
    ).assign(recalibrated=False)
    better = scores.assign(recalibrated=True, mse_dex2=0.0)
    ranked = real_results.ranked_events(
        pd.concat([scores, better, scores.assign(method="other", mse_dex2=9)])
    )
    assert ranked["object_id"].to_dict() == {"best": "m1", "median": "m0", "worst": "m2"}
    np.testing.assert_allclose(ranked["rmse_dex"], [0.1, 0.3, 0.5])


def test_results_are_written(monkeypatch, tmp_path):
    flux = np.random.default_rng(1).normal(-12, 0.1, (20, 4, 30))
    events = toy_events(20, flux[:, :2])
    spectra = replace(events.spectra, phase_days=np.array([0.0, 10, 20, 30]), log10_fnu=flux)
    published = PublishedSample(replace(events, spectra=spectra), np.zeros((20, 1, 4, 30)))

    def draws(fold, recipe):
        return lambda event, n, rng: {
            kind: Samples(rng.normal(-12, 0.1, (n, 4, 30))) for kind in ("predictive", "none")
        }

    for method in methods.METHODS:
        monkeypatch.setitem(methods.METHODS, method, draws)
    recipe = {"batch_size": 8, "learning_rate": 1e-3}
    provenance = {"made_from": {"n_steps": 1234, "recipe": recipe}, "device": "cpu", "torch": "2"}
    for name in ("trained", "fine_tuned"):
        monkeypatch.setattr(Fold, name, lambda fold, *what: SimpleNamespace(provenance=provenance))
    real_results.write_real_results(published, tmp_path, tmp_path / "results")

    scores = pd.read_csv(tmp_path / "results" / "real.csv")
    assert not set(PIT_COLUMNS) & set(scores)
    assert set(scores["object_id"]) == set(events.object_id)
    for rank in ("best", "median", "worst"):
        assert (tmp_path / "results" / f"real_{rank}.png").read_bytes().startswith(b"\x89PNG")
    content = read_json(tmp_path / "results" / "real.json")
    assert (content["n_models"], content["seen"]) == (20, [16] * N_FOLDS)
    table = real_results.fitted_to(content)
    assert list(table.index.sort_values()) == sorted(real_scores.JUDGED)
    assert table.loc["MMVAE (text)", "Trained for"] == "1,234 steps of 8"
    assert "13 of the 16 real models" in table.loc[real_results.TUNED, "Fitted to"]


def test_folds_of_the_published_sample(published_folder, tmp_path):
    published = read_published_sample(published_folder)
    folds = real_folds(published, tmp_path)
    assert [len(fold.unseen) for fold in folds] == [12] * N_FOLDS
    drawn = draw_all("diffusion", folds[:1])[0]
    place = published.events.object_id.tolist().index(folds[0].unseen.object_id[3])
    np.testing.assert_array_equal(drawn[3].values, published.diffusion_log10_fnu[place])
