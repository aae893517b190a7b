"""The split, the scaling and the batches."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from snlib.data.dataset import make_dataset, read_dataset, split_events, write_dataset
from snlib.data.quantities import LAST_PHASE_DAYS
from snlib.data.scaling import Scaling


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
