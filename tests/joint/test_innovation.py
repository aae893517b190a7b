"""What is carried over from one spectrum to another, with shares that are set by hand."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from snlib.joint.examples import OtherSpectra
from snlib.joint.innovation import Innovation, at_wavelengths

WAVELENGTH = torch.linspace(-1.2, 1.6, 140)


def other_spectra(observed):
    shape = (*observed.shape[:2], len(WAVELENGTH))
    return OtherSpectra(torch.zeros(shape[:2]), WAVELENGTH, torch.zeros(shape), observed)


def asked(at):
    return SimpleNamespace(phase=torch.zeros(1), wavelength=at)


def with_shares(module, scores, shrinking):
    """Scores and shrinking of each known spectrum in place of the network's."""

    def shares(known_phase, spectrum):
        ones = torch.ones(*known_phase.shape, len(spectrum.wavelength))
        return torch.tensor(scores)[:, None] * ones[0], shrinking * ones

    module.shares = shares
    return module


def test_smooth_values_are_found_between_bins():
    at = torch.linspace(-1.0, 1.5, 57)
    values = torch.sin(2 * WAVELENGTH)[None, None]
    there, seen = at_wavelengths(values, torch.ones_like(values, dtype=torch.bool), WAVELENGTH, at)
    assert seen.all()
    np.testing.assert_allclose(there[0, 0], torch.sin(2 * at), atol=0.01)


def test_where_nothing_was_observed_nothing_is_carried_over():
    observed = (WAVELENGTH < 0).expand(1, 1, -1)
    at = torch.tensor([-0.5, 0.5])
    module = with_shares(Innovation(), [5.0], 0.5)
    change, left = module(torch.ones(1, 1, 140), other_spectra(observed), asked(at))
    share = 1 / (1 + np.exp(-5.0))  # against nothing, of score zero
    np.testing.assert_allclose(change[0], [share, 0.0], atol=1e-5)
    np.testing.assert_allclose(left[0], [1 - 0.9 * 0.5 * share, 1.0], atol=1e-5)


def test_several_spectra_share_what_is_carried_over():
    surprise = torch.stack([torch.full((140,), 1.0), torch.full((140,), -2.0)])[None]
    seen = torch.ones(1, 2, 140, dtype=torch.bool)
    module = with_shares(Innovation(), [np.log(3.0), np.log(1.0)], 0.0)
    change, left = module(surprise, other_spectra(seen), asked(torch.zeros(1)))
    assert change.item() == pytest.approx((3 * 1.0 + 1 * -2.0) / 5, abs=1e-5)
    assert left.item() == 1.0


def test_without_known_spectra_nothing_changes():
    seen = torch.zeros(2, 3, 140, dtype=torch.bool)
    spectrum = SimpleNamespace(phase=torch.zeros(2), wavelength=torch.linspace(-1, 1, 7))
    change, left = Innovation()(torch.ones(2, 3, 140), other_spectra(seen), spectrum)
    assert (change == 0).all() and (left == 1).all()
