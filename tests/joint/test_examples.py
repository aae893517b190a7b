"""What a joint transceiver is shown: residuals from the mean supernova, and what training adds to them."""

import numpy as np
import pytest
import torch

from snlib.joint.build import make_examples
from snlib.joint.examples import wavelength_place
from snlib.observed import read_observed
from tests.joint.small_model import WAVELENGTH, flat_mean
from tests.observed.small_table import N_OBJECTS, N_SPECTRA, arrays, write_table


@pytest.fixture
def observed(tmp_path):
    """Each supernova 0.1 dex brighter than the one before, in every band and at every wavelength."""
    brighter = 0.1 * np.arange(N_OBJECTS)
    given = arrays()
    mean_mag = -19 + 0.03 * given["lc_phase_days"]
    spectra = -0.4 * (-19 + 0.03 * given["spectrum_phase_days"] + 48.6) + brighter[given["spectrum_object"]]
    path = write_table(
        tmp_path / "observed.npz",
        lc_magnitude=(mean_mag - 2.5 * brighter[given["lc_object"]]).astype(np.float32),
        log10_fnu=np.tile(spectra[:, None], (1, len(WAVELENGTH))).astype(np.float32),
    )
    return read_observed(path)


def test_light_curve_and_spectra_are_in_one_unit(observed):
    """A supernova that is brighter by 0.1 dex is so in its magnitudes and in its spectra."""
    examples = make_examples(observed, flat_mean())
    expected = 0.1 * np.repeat(np.arange(N_OBJECTS), 2)
    light_curve = examples.photometry
    assert light_curve.observed.all()
    np.testing.assert_allclose(light_curve.value, np.tile(expected[:, None], (1, 10)), atol=1e-5)
    np.testing.assert_allclose(examples.flux[:, 0], np.tile(expected[:, None], (1, 200)), atol=1e-5)
    np.testing.assert_allclose(examples.binned.value[:, 0], np.tile(expected[:, None], (1, 33)), atol=1e-5)


def test_other_spectra_are_of_the_same_supernova_and_never_the_one_that_is_asked(observed):
    others = make_examples(observed, flat_mean()).others
    assert others[:, 0].tolist() == [i + 1 if i % 2 == 0 else i - 1 for i in range(N_SPECTRA)]
    assert others.shape[1] > 1 and (others[:, 1:] == -1).all()  # there are two of each


def test_with_a_part_of_the_spectra_others_are_of_that_part(observed):
    examples = make_examples(observed, flat_mean(), np.array([0, 3, 4, 5]))
    assert examples.others[:, 0].tolist() == [-1, -1, 3, 2]


def test_known_spectra_are_shown_and_no_others(observed):
    examples = make_examples(observed, flat_mean())
    index = np.array([0, 4])
    assert not examples.known(index)[1].observed.any()
    others = examples.known(index, np.array([[1], [-1]]))[1]
    assert others.observed[0].all() and not others.observed[1].any()
    np.testing.assert_allclose(others.phase[0], (20.0 - 10.0) / 12.0, atol=1e-6)
    of_bins = wavelength_place(WAVELENGTH[:198].reshape(33, 6).mean(1))
    np.testing.assert_allclose(others.wavelength, of_bins, atol=1e-6)


def test_long_light_curves_are_thinned_evenly(observed, tmp_path):
    days = np.linspace(-15, 45, 400).astype(np.float32)
    n = 400 * N_OBJECTS
    path = write_table(
        tmp_path / "long.npz",
        lc_object=np.repeat(np.arange(N_OBJECTS, dtype=np.int16), 400),
        lc_phase_days=np.tile(days, N_OBJECTS),
        lc_band=np.full(n, "r"),
        lc_magnitude=np.full(n, -19, np.float32),
        lc_magnitude_error=np.full(n, 0.02, np.float32),
    )
    light_curve, _ = make_examples(read_observed(path), flat_mean()).known(np.arange(2))
    kept = light_curve.phase_days[0].numpy()
    assert kept.shape == (96,)
    assert kept[[0, -1]] == pytest.approx([-15, 45], abs=1e-3)
    assert np.diff(np.sort(kept)).max() < 2 * 60 / 95


def test_pixels_far_from_the_rest_of_a_spectrum_are_left_out(observed):
    spectra = observed.log10_fnu.copy()
    spectra[0, 7] += 3.0
    changed = type(observed)(**vars(observed) | {"log10_fnu": spectra})
    seen = make_examples(changed, flat_mean()).observed
    assert not seen[0, 7] and seen.sum() == seen.numel() - 1


def batch(observed):
    return make_examples(observed, flat_mean()).take(torch.arange(N_SPECTRA))


def test_a_change_is_the_same_in_all_that_is_observed(observed):
    """Grey and reddening: the changed values differ from those before by the law of dust, everywhere."""
    from dust_extinction.parameter_averages import F99

    grey, reddening = torch.full((N_SPECTRA,), 0.05), torch.full((N_SPECTRA,), 0.2)
    zero = torch.zeros(N_SPECTRA)
    before = batch(observed)
    after = before.changed(grey, reddening, zero, torch.zeros_like(before.light_curve.value))
    law = F99(Rv=3.1)(1e4 / WAVELENGTH) * 3.1
    expected = 0.05 - 0.4 * 0.2 * law
    np.testing.assert_allclose((after.spectrum.value - before.spectrum.value)[0], expected, atol=1e-5)
    bins = after.others.observed[0, 0]
    difference = (after.others.value - before.others.value)[0, 0][bins]
    np.testing.assert_allclose(difference, expected[:198].reshape(33, 6).mean(1), atol=3e-4)
    of_bands = (after.light_curve.value - before.light_curve.value)[0].unique()
    assert len(of_bands) == 5 and of_bands.min() > expected.min() - 0.02 and of_bands.max() < 0.05


def test_a_shift_moves_light_curve_and_spectra_together(observed):
    before = batch(observed)
    zero, days = torch.zeros(N_SPECTRA), torch.full((N_SPECTRA,), 2.4)
    after = before.changed(zero, zero, days, torch.zeros_like(before.light_curve.value))
    for part in ("light_curve", "others", "spectrum"):
        moved = getattr(after, part).phase - getattr(before, part).phase
        np.testing.assert_allclose(moved, 0.2, atol=1e-6)  # places are twelfths of a day


def test_some_spectra_are_shown_by_chance(observed):
    """None where the first number is small, else those whose own number is below the second."""
    before = batch(observed)
    numbers = torch.zeros(N_SPECTRA, 5)
    numbers[:6, 0], numbers[6:, 0] = 0.3, 0.9
    numbers[:, 1], numbers[8:, 2] = 0.5, 0.7
    shown = before.with_some_spectra(numbers, alone=0.4).others.observed[:, 0].any(1)
    assert shown.tolist() == [False] * 6 + [True] * 2 + [False] * 4
