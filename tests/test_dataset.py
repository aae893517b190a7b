"""The split, the scaling and the batches."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from snlib.dataset import make_dataset
from snlib.grid import LAST_PHASE_DAYS


def test_parts_are_disjoint_and_complete(events, dataset):
    together = np.concatenate(list(dataset.split.values()))
    assert sorted(together) == list(range(len(events)))
    assert {name: len(part) for name, part in dataset.split.items()} == {
        "train": 16,
        "validation": 2,
        "test": 2,
    }


def test_the_split_follows_the_seed(events):
    first, again, other = (make_dataset(events, seed).split["test"] for seed in (0, 0, 1))
    assert (first == again).all()
    assert (first != other).any()


def test_too_few_events(events):
    with pytest.raises(ValueError, match="2 events are too few"):
        make_dataset(events.select(np.array([0, 1])), 0)


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
    ):
        assert values.mean() == pytest.approx(0, abs=1e-4)
        assert values.std(correction=0) == pytest.approx(1, abs=1e-4)


def test_test_events_do_not_touch_the_scaling(events, dataset):
    flux = events.spectra.log10_fnu.copy()
    flux[dataset.split["test"]] += 3
    other = make_dataset(replace(events, spectra=replace(events.spectra, log10_fnu=flux)), 0)
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
    photometry, spectrum = pairs.take(torch.tensor([13, 0]))  # event 2, phase 3; event 0, phase 0
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
