"""The split, the scaling and the batches."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from snlib.data.dataset import make_dataset, read_dataset, split_events, without_late_points, write_dataset
from snlib.data.events import LightCurves
from snlib.data.quantities import LAST_PHASE_DAYS
from snlib.data.scaling import Scaling
from snlib.files import write_json
from snlib.random_streams import stream


def test_parts_are_disjoint_and_complete(events, dataset):
    together = np.concatenate(list(dataset.split.values()))
    assert sorted(together) == list(range(len(events)))
    assert {name: len(part) for name, part in dataset.split.items()} == {
        "train": 16,
        "validation": 2,
        "test": 2,
    }


def test_the_split_follows_the_seed(events):
    first, again, other = (split_events(len(events), seed)["test"] for seed in (0, 0, 1))
    assert (first == again).all()
    assert (first != other).any()


def test_too_few_events():
    with pytest.raises(ValueError, match="2 events are too few"):
        split_events(2, seed=0)


@pytest.mark.parametrize(
    "change, message",
    [
        ({"test": []}, "none of them empty"),
        ({"test": [0, 1], "train": [1, 2]}, "twice"),
        ({"test": [20]}, "not one of 20 events"),
        ({"test": [-1]}, "not one of 20 events"),
        ({"more": [3]}, "expected the parts"),
    ],
)
def test_splits_that_are_none_are_refused(events, dataset, change, message):
    with pytest.raises(ValueError, match=message):
        make_dataset(events, dataset.split | change)


def test_late_points_are_cut_and_nothing_else(events, dataset):
    before, after = events.light_curves, dataset.events.light_curves
    late = before.phase_days > LAST_PHASE_DAYS
    assert (before.observed & late).any()
    np.testing.assert_array_equal(after.observed, before.observed & ~late)
    np.testing.assert_array_equal(after.magnitude[after.observed], before.magnitude[after.observed])


def test_training_values_have_mean_zero_and_scale_one(dataset):
    pairs = dataset.pairs("train", "cpu")
    for values in (
        pairs.photometry.value[pairs.photometry.observed],
        pairs.photometry.time[pairs.photometry.observed],
        pairs.flux[pairs.observed],
        pairs.phase,
        pairs.wavelength,
        *pairs.parameters.T,
    ):
        assert values.mean() == pytest.approx(0, abs=1e-4)
        assert values.std(correction=0) == pytest.approx(1, abs=1e-4)


def test_test_events_do_not_touch_the_scaling(events, dataset):
    flux = events.spectra.log10_fnu.copy()
    flux[dataset.split["test"]] += 3
    other = make_dataset(replace(events, spectra=replace(events.spectra, log10_fnu=flux)), dataset.split)
    assert other.scaling == dataset.scaling


def test_unobserved_slots_are_zero_and_masked(dataset):
    pairs = dataset.pairs("train", "cpu")
    light_curves = dataset.part("train").light_curves
    np.testing.assert_array_equal(pairs.photometry.observed.numpy(), light_curves.observed)
    assert (pairs.photometry.value[~pairs.photometry.observed] == 0).all()
    assert (pairs.photometry.time[~pairs.photometry.observed] == 0).all()
    assert (pairs.flux[~pairs.observed] == 0).all()


def test_a_pair_is_the_light_curve_and_one_spectrum_of_one_event(dataset):
    pairs = dataset.pairs("train", "cpu")
    events, scaling = dataset.part("train"), dataset.scaling
    batch = pairs.take(torch.tensor([13, 0]))  # event 2, phase 3; event 0, phase 0
    photometry, spectrum = batch.photometry, batch.spectrum
    assert batch.event.tolist() == [2, 0]
    assert len(pairs) == 16 * 5
    mean, scale = scaling.log10_fnu
    expected = events.spectra.log10_fnu[2, 3]
    seen = ~np.isnan(expected)
    np.testing.assert_allclose(spectrum.value[0].numpy()[seen] * scale + mean, expected[seen], atol=1e-5)
    assert spectrum.phase[0] * scaling.phase[1] + scaling.phase[0] == pytest.approx(20, abs=1e-4)
    mean, scale = scaling.magnitude
    seen = events.light_curves.observed[2]
    magnitude = photometry.value[0].numpy()[seen] * scale + mean
    np.testing.assert_allclose(magnitude, events.light_curves.magnitude[2][seen], atol=1e-4)
    np.testing.assert_allclose(
        scaling.physical_parameters(batch.parameters.numpy()), events.parameters[[2, 0]], rtol=1e-5
    )


def test_hidden_points_are_not_observed(dataset):
    pairs = dataset.pairs("train", "cpu")
    index, shown = torch.tensor([13, 0]), torch.rand(2, 30) < 0.5
    observed = pairs.take(index).photometry.observed
    assert torch.equal(pairs.take(index, shown).photometry.observed, observed & shown)
    assert (observed & ~shown).any()


def test_the_scaling_survives_json(dataset):
    stored = json.loads(json.dumps(dataset.scaling.to_dict()))
    assert Scaling.from_dict(stored) == dataset.scaling


def test_the_digest_sees_events_and_split(events, dataset):
    other = split_events(len(events), seed=1)
    digests = {make_dataset(events, split).digest() for split in (dataset.split, dataset.split, other)}
    assert len(digests) == 2 and dataset.digest() in digests


def test_a_constant_parameter_is_no_division_by_zero(events, dataset):
    constant = replace(events, parameters=np.ones_like(events.parameters))
    assert (make_dataset(constant, dataset.split).pairs("train", "cpu").parameters == 0).all()


def test_a_dataset_comes_back_from_its_folder(events, dataset, tmp_path):
    write_dataset(tmp_path / "set", events, dataset.split)
    assert read_dataset(str(tmp_path / "set")).digest() == dataset.digest()
    (tmp_path / "set" / "split.json").unlink()
    with pytest.raises(FileNotFoundError, match=r"split\.json"):
        read_dataset(tmp_path / "set")


@pytest.mark.parametrize("kind", ["other events", "no digest", "no split"])
def test_a_split_of_other_events_is_refused(events, dataset, tmp_path, kind):
    """As after a kill between the two, or with files copied from two folders."""
    write_dataset(tmp_path, events, dataset.split)
    if kind == "other events":
        curves = replace(events.light_curves, magnitude=events.light_curves.magnitude + 2e-6)
        replace(events, light_curves=curves).save(tmp_path / "events.npz")
    else:
        split = {name: index.tolist() for name, index in dataset.split.items()}
        write_json(tmp_path / "split.json", split if kind == "no digest" else [1, 2])
    with pytest.raises(ValueError, match=r"split\.json: not the split of .*events\.npz; snlib simulate"):
        read_dataset(tmp_path)


def test_after_a_kill_events_and_split_are_of_one_dataset(events, tmp_path, killed_at_each_change):
    """Or it is noticed that they are not."""
    new = events.select(np.arange(5, 20))
    splits = [split_events(len(some), seed=0) for some in (events, new)]
    digests = [make_dataset(some, split).digest() for some, split in zip((events, new), splits, strict=True)]
    write_dataset(tmp_path, events, splits[0])
    found = []
    for _ in killed_at_each_change(lambda: write_dataset(tmp_path, new, splits[1])):
        try:
            found.append(read_dataset(tmp_path).digest())
        except ValueError as error:
            assert str(error).startswith(f"{tmp_path / 'split.json'}: not the split of ")
            found.append(None)
    assert found[0] == digests[0] and found[-1] == digests[1]
    assert set(found) == {*digests, None}
    assert found.index(None) > found.index(digests[0])


@pytest.mark.parametrize(
    "indices",
    [[0.0, 1.0], [0, 1.5], [True, 1], ["0", "1"], [[0, 1]], [None], 3, "01", {}, [10**30], [[0], [1, 2]]],
)
def test_indices_that_are_no_integers_are_refused(events, dataset, indices):
    split = {name: index.tolist() for name, index in dataset.split.items()}
    with pytest.raises(ValueError):
        make_dataset(events, split | {"test": indices})


def test_a_scaling_has_a_finite_mean_and_a_positive_scale_for_each_quantity(dataset):
    values = dataset.scaling.to_dict()
    for name, pair in values.items():
        bad = [None, [], [1.0], [1.0, 2.0, 3.0], "12", {"mean": 1.0}, 1.0]
        if name != "parameters":
            bad += [[math.nan, 1.0], [math.inf, 1.0], [0.0, 0.0], [0.0, -1.0], [0.0, math.nan], ["0", "1"]]
            bad += [[0.0, True], [False, 1.0], [0.0, 10**400], [None, 1.0]]
        else:
            bad += [pair[:5], [*pair, pair[0]], [*pair[:5], [0.0, 0.0]], [[math.nan, 1.0], *pair[1:]]]
        for one in bad:
            with pytest.raises(ValueError, match=f"scaling: .*{name if name != 'parameters' else ''}"):
                Scaling.from_dict(values | {name: one})


@pytest.mark.parametrize("values", [None, [], {}, "scaling", 1])
def test_what_is_no_scaling_at_all_is_refused(dataset, values):
    with pytest.raises(ValueError, match="scaling: expected the keys log10_fnu"):
        Scaling.from_dict(values)
    with pytest.raises(ValueError, match="scaling: expected the keys log10_fnu"):
        Scaling.from_dict(dataset.scaling.to_dict() | {"flux": [0.0, 1.0]})


def test_the_parts_are_taken_in_turn_from_a_permutation():
    """Training first, then validation, then test: what was held out must stay held out."""
    order = stream("split", 3).permutation(50)
    expected = {"train": order[:40], "validation": order[40:45], "test": order[45:]}
    for name, index in split_events(50, seed=3).items():
        np.testing.assert_array_equal(index, np.sort(expected.pop(name)))
    assert not expected


def test_a_point_of_the_last_day_is_kept(events):
    """Sixty days after peak belongs to what is used, and nothing later does."""
    phase_days = events.light_curves.phase_days.copy()
    phase_days[:, :3] = 60.0, np.nextafter(60.0, 61.0), -60.0
    magnitude = events.light_curves.magnitude.copy()
    magnitude[:, :3] = -18.0
    curves = LightCurves(phase_days, magnitude, events.light_curves.band)
    observed = without_late_points(replace(events, light_curves=curves)).light_curves.observed
    assert observed[:, 0].all() and not observed[:, 1].any() and observed[:, 2].all()
