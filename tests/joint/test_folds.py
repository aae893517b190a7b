"""Fine-tuning in folds: what is predicted was not learned from, and training learns."""

import numpy as np
import torch

from snlib.joint import fine_tune, predict_held_out
from snlib.joint import folds as module
from snlib.observed import read_observed
from tests.joint.small_model import SMALL, small_model
from tests.observed.small_table import N_SPECTRA, write_table


def table(tmp_path, **changed):
    return read_observed(write_table(tmp_path / "observed.npz", **changed))


def same(model, other):
    pairs = zip(model.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(torch.nan_to_num(a), torch.nan_to_num(b)) for a, b in pairs)


def test_spectra_of_the_left_out_fold_do_not_matter(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "JOINT_TUNED", SMALL)
    observed = table(tmp_path)
    own = observed.fold[observed.spectrum_object] == 1
    spectra = observed.log10_fnu.copy()
    spectra[own] += 0.5
    changed = type(observed)(**vars(observed) | {"log10_fnu": spectra})
    models = [fine_tune(small_model(), one, 1, n_steps=3, seed=0)[0] for one in (observed, changed)]
    assert same(*models)
    other = fine_tune(small_model(), changed, 2, n_steps=3, seed=0)[0]
    assert not same(other, fine_tune(small_model(), observed, 2, n_steps=3, seed=0)[0])


def test_each_spectrum_is_predicted_by_the_model_of_its_fold(tmp_path):
    observed, models = table(tmp_path), [small_model(seed) for seed in range(3)]
    held_out = predict_held_out(models, observed)
    fold = observed.fold[observed.spectrum_object]
    for number in range(3):
        alone = predict_held_out([models[number]] * 3, observed)
        mine = fold == number
        np.testing.assert_array_equal(held_out.mean[mine], alone.mean[mine])
        assert (held_out.mean[~mine] != alone.mean[~mine]).any(1).all()


def test_a_known_spectrum_is_that_of_the_same_row(tmp_path):
    observed, models = table(tmp_path), [small_model()] * 3
    alone = predict_held_out(models, observed)
    known = np.full((N_SPECTRA, 1), -1)
    known[4] = 5
    both = predict_held_out(models, observed, known)
    changed = (both.mean != alone.mean).any(1)
    assert changed.tolist() == [row == 4 for row in range(N_SPECTRA)]
