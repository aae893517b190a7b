"""Tables of the joint transceiver, from predictions and neighbours that are known by construction."""

from dataclasses import replace

import numpy as np
import pytest

from snlib.joint import HeldOut
from snlib.observed import Salt3, read_observed
from snlib.replication import joint_scores
from snlib.replication.joint_scores import BLEND, JOINT_NAME, WARPED, held_out_table, neighbour_table
from tests.observed.small_table import WAVELENGTH_AA, write_table
from tests.observed.test_salt import FlatSurface

RNG = np.random.default_rng(8)


@pytest.fixture
def observed(tmp_path):
    """Twelve supernovae with four spectra each, at 0, 2, 6 and 14 days."""
    small = read_observed(write_table(tmp_path / "observed.npz"))
    light_curves = small.light_curves.padded(np.tile(np.arange(6), 2))
    names = np.array([f"SN {i}" for i in range(12)], dtype=object)
    return replace(
        small,
        object_id=names,
        x1=np.linspace(-1, 1, 12),
        c=np.linspace(-0.1, 0.1, 12),
        fold=np.arange(12) % 3,
        light_curves=type(small.light_curves).from_padded(names, light_curves),
        spectrum_object=np.repeat(np.arange(12), 4),
        spectrum_phase_days=np.tile([0.0, 2.0, 6.0, 14.0], 12),
        log10_fnu=RNG.normal(-12, 0.05, (48, len(WAVELENGTH_AA))),
    )


def test_scores_of_the_joint_transceiver_are_of_its_predictions(observed):
    """A prediction that is off by .1 dex everywhere: raw .1, shape 0, and intervals that are scaled to it."""
    wrong = HeldOut(observed.log10_fnu + 0.1, np.full_like(observed.log10_fnu, 0.05))
    rows = held_out_table(observed, wrong, Salt3(FlatSurface()))
    mine = rows[rows["method"] == JOINT_NAME]
    np.testing.assert_allclose(mine["raw_dex"], 0.1, atol=1e-6)
    np.testing.assert_allclose(mine["shape_dex"], 0.0, atol=1e-6)
    np.testing.assert_allclose(mine["coverage_90"], 1.0)  # scaled by what was missed elsewhere: by .1 dex
    np.testing.assert_allclose(mine["width_90_dex"], 0.2, atol=1e-6)


def test_the_blend_lies_between_what_it_is_made_of(observed):
    """The mean of a right spectrum and a wrong one is half as wrong."""
    rows = held_out_table(
        observed, HeldOut(observed.log10_fnu, observed.log10_fnu * 0 + 1), Salt3(FlatSurface())
    )
    warped = rows[rows["method"] == WARPED].reset_index()
    of_blend = rows[rows["method"] == BLEND].reset_index()
    np.testing.assert_allclose(of_blend["raw_dex"], warped["raw_dex"] / 2, rtol=1e-6)
    np.testing.assert_allclose(of_blend["offset_dex"], warped["offset_dex"] / 2, rtol=1e-6)


def test_neighbours_are_of_the_same_supernova_and_separation(observed, monkeypatch):
    """The shape error of a supernova is its own and constant: carried over whole, nothing is left of it."""
    error = np.repeat(0.1 * np.sin(np.linspace(0, 3, 200) * np.arange(1, 13)[:, None]), 4, axis=0)
    cut = observed.log10_fnu.copy()
    cut[1::2, :30] = np.nan  # every second spectrum begins further in the red
    observed = replace(observed, log10_fnu=cut)
    truth = np.nan_to_num(cut, nan=-12.0)
    asked = []

    def told(models, table, known):
        asked.append(known[:, 0])
        return HeldOut(truth + np.where(known >= 0, 0.0, error), np.ones_like(truth))

    monkeypatch.setattr(joint_scores, "predict_held_out", told)
    rows = neighbour_table(observed, [], HeldOut(truth + error, np.ones_like(truth)))
    phase, of_object = observed.spectrum_phase_days, observed.spectrum_object
    for known, (nearest, farthest) in zip(asked, joint_scores.SEPARATIONS_DAYS, strict=True):
        there = known >= 0
        away = np.abs(phase - phase[known])[there]
        assert ((away >= nearest) & (away < farthest)).all() and there.any()
        assert (of_object[known] == of_object)[there].all()
    # 0-2, 2-6, 0-6 and 6-14, 0-14 and 2-14 days, both ways
    counts = rows.groupby("separation_days", sort=False).size().to_dict()
    assert counts == {"1 to 3": 24, "3 to 6": 24, "6 to 10": 36, "10 to 20": 36}
    assert (rows["plain_100_dex"] < 0.2 * rows["alone_dex"]).all()
    assert (rows["plain_50_dex"] > rows["plain_100_dex"]).all()
    np.testing.assert_allclose(rows["joint_dex"], 0.0, atol=1e-6)
    of_other_range = rows.groupby("separation_days")["other_range"].mean()
    assert of_other_range["1 to 3"] == 1.0 and 0 < of_other_range["6 to 10"] < 1
