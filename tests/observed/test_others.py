"""Means and nearest spectra of other supernovae, against spectra that are known by construction."""

import numpy as np
import pytest

from snlib.observed import mean_of_others, nearest_of_others, read_observed
from snlib.observed.others import local_mean
from tests.observed.small_table import arrays, write_table

RNG = np.random.default_rng(1)


def table(tmp_path, **changed):
    return read_observed(write_table(tmp_path / "observed.npz", **changed))


def test_a_local_mean_follows_a_line_in_phase():
    phase = RNG.uniform(-10, 30, 300)
    values = np.stack([2 + 0.05 * phase, -1 - 0.1 * phase], axis=1)
    at = np.array([0.0, 12.5])
    expected = np.stack([2 + 0.05 * at, -1 - 0.1 * at], axis=1)
    np.testing.assert_allclose(
        local_mean(phase[:, None], values, np.ones(300), at[:, None]), expected, atol=0.02
    )


def test_pixels_that_hardly_any_spectrum_has_are_left_out():
    values = np.ones((40, 2))
    values[1:, 1] = np.nan
    mean = local_mean(np.zeros((40, 1)), values, np.full(40, 0.4), np.zeros((1, 1)))
    assert mean[0, 0] == pytest.approx(1) and np.isnan(mean[0, 1])


def spectra_of_levels(levels, cut):
    """One shape at several levels; every second spectrum lacks its red part."""
    shape = np.sin(np.linspace(0, 6, 200))
    spectra = -12 + 0.2 * shape + np.asarray(levels)[:, None]
    if cut:
        spectra[::2, 120:] = np.nan
    return spectra.astype(np.float32)


@pytest.mark.parametrize("cut", [False, True])
def test_the_mean_keeps_its_shape_where_bright_spectra_end(tmp_path, cut):
    levels = np.tile([0.3, -0.3], 6)  # those that lack the red part are the bright ones
    phases = np.zeros(12, np.float32)
    observed = table(tmp_path, log10_fnu=spectra_of_levels(levels, cut), spectrum_phase_days=phases)
    predicted = mean_of_others(observed)
    expected = spectra_of_levels(np.zeros(12), False)
    np.testing.assert_allclose(predicted, expected, atol=1e-3)


def test_a_supernova_is_not_predicted_from_its_own_fold(tmp_path):
    fold, of_object = arrays()["fold"], arrays()["spectrum_object"]
    levels = np.where(fold[of_object] == 1, 0.5, 0.0)
    observed = table(tmp_path, log10_fnu=spectra_of_levels(levels, False))
    for predicted in (mean_of_others(observed), nearest_of_others(observed, np.zeros(6))):
        level = predicted.mean(1) - spectra_of_levels(np.zeros(12), False).mean(1)
        assert np.all(np.abs(level[levels > 0]) < 1e-3)  # the others are of level zero
    in_mean = mean_of_others(observed).mean(1) - spectra_of_levels(np.zeros(12), False).mean(1)
    assert np.all(in_mean[levels == 0] > 0.1)  # of which the bright ones are part


def test_the_nearest_is_near_in_each_quantity(tmp_path):
    """With all else equal, the spectrum comes from the supernova nearest in the one that differs."""
    base = {
        "salt3_x1": np.zeros(6, np.float32),
        "salt3_c": np.zeros(6, np.float32),
        "fold": np.arange(6, dtype=np.int8),
        "spectrum_phase_days": np.zeros(12, np.float32),
        "log10_fnu": spectra_of_levels(np.repeat(np.arange(6) / 10, 2), False),
    }
    ladder = np.array([0.0, 5.0, 1.0, 6.0, 2.8, 9.0])  # the nearest of each: 2, 3, 0, 1, 2, 3
    for name in ("salt3_x1", "salt3_c", "phase", "magnitude"):
        changed, magnitude = dict(base), np.zeros(6)
        if name == "phase":
            changed["spectrum_phase_days"] = np.repeat(ladder, 2).astype(np.float32)
        elif name == "magnitude":
            magnitude = ladder
        else:
            changed[name] = (ladder / 10).astype(np.float32)
        nearest = nearest_of_others(table(tmp_path, **changed), magnitude)
        level = (nearest.mean(1) - spectra_of_levels([0.0], False).mean()) * 10
        assert np.rint(level[::2]).tolist() == [2, 3, 0, 1, 2, 3], name


def test_a_spectrum_that_covers_too_little_is_not_taken(tmp_path):
    spectra = spectra_of_levels(np.zeros(12), False)
    spectra[1:, :60] = np.nan
    nearest = nearest_of_others(table(tmp_path, log10_fnu=spectra), np.zeros(6))
    assert np.isnan(nearest[0]).all() and np.isfinite(nearest[1:]).any(1).all()


def test_a_mean_can_be_linear_in_what_else_is_known(tmp_path):
    """Spectra redder by the colour of their supernova: their mean given the colour is that spectrum."""
    colour, of_object = arrays()["salt3_c"], arrays()["spectrum_object"]
    slope = np.linspace(-1, 1, 200)
    spectra = spectra_of_levels(np.zeros(12), False) + 2 * colour[of_object, None] * slope
    phases = np.zeros(12, np.float32)
    observed = table(tmp_path, log10_fnu=spectra.astype(np.float32), spectrum_phase_days=phases)
    features = 100 * colour[:, None]  # so large that hardly anything pulls the slope to zero
    predicted = mean_of_others(observed, features=features)
    np.testing.assert_allclose(predicted, spectra, atol=0.01)
    assert np.abs(mean_of_others(observed) - spectra).max() > 0.1


def test_a_model_that_is_right_but_for_a_smooth_error_is_mended(tmp_path):
    truth = spectra_of_levels(np.linspace(-0.3, 0.3, 12), False)
    observed = table(tmp_path, log10_fnu=truth, spectrum_phase_days=np.zeros(12, np.float32))
    wrong = truth + 0.1 * np.linspace(-1, 1, 200)
    np.testing.assert_allclose(mean_of_others(observed, wrong), truth, atol=2e-3)
