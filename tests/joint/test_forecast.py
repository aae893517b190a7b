"""Forecasts of a joint transceiver for objects of one's own."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from snlib.data.ragged import RaggedLightCurves
from snlib.joint import JointForecaster, ObservedForecaster, Widening
from snlib.joint.forecast import misfits_mag
from snlib.observed import KnownSpectra
from tests.joint.small_model import WAVELENGTH, flat_mean, small_model

RNG = np.random.default_rng(11)
PHASES = np.array([-10.0, 12.0])
AT = np.linspace(3500.0, 7900.0, 50)
WIDENING = Widening(np.array([-10.0, 30.0]), np.array([[1.3, 2.5], [1.3, 2.5]]))


def forecaster(**known):
    return ObservedForecaster(JointForecaster(small_model(carries=True)), WIDENING, 0.2, known)


def curves(brighter=0.0, keep=20):
    """Two light curves about the mean supernova; and one without a point."""
    phase = RNG.permutation(np.tile(np.linspace(-12, 40, 10), 2))
    band = np.tile(np.arange(5), 4)
    magnitude = -19 + 0.03 * phase + 0.1 * np.sin(np.arange(20)) - brighter
    place = np.repeat([0, 1], 10)
    names = np.array(["a", "b", "none"], dtype=object)
    columns = (place, phase, magnitude, band)
    return RaggedLightCurves.from_points(names, *(column[:keep] for column in columns))


def draws(forecaster, given, index=0, n=4, latent_only=False, seed=0):
    request = SimpleNamespace(phase_days=PHASES, n_samples=n, latent_only=latent_only)
    return forecaster.draws(given, index, request, AT, np.random.default_rng(seed))


def spectra(*phases, brighter=0.0, level=0.0):
    phases = np.array(phases)
    bumps = 0.1 * np.sin(WAVELENGTH / 200.0 + phases[:, None])
    return KnownSpectra(phases, flat_mean().spectra_at(phases) + bumps + brighter + level)


def test_draws_are_as_wide_as_the_widening_says():
    drawn = draws(forecaster(), given := curves(), n=4000).astype(float)
    plain = ObservedForecaster(forecaster().joint, Widening(np.zeros(1), np.array([[1.0, 1.645]])), 0.2)
    unscaled = draws(plain, given, n=4000).astype(float)
    middle, deviation = unscaled.mean(0), unscaled.std(0)
    away = np.abs(drawn - middle) / deviation
    assert (away <= 1.3).mean() == pytest.approx(0.6827, abs=0.01)
    assert (away <= 2.5).mean() == pytest.approx(0.9, abs=0.01)


def test_a_brighter_light_curve_gives_spectra_brighter_by_as_much():
    state = RNG.bit_generator.state
    before = draws(forecaster(), curves())
    RNG.bit_generator.state = state
    after = draws(forecaster(), curves(brighter=1.0))
    np.testing.assert_allclose(after - before, 0.4, atol=1e-4)


def test_known_spectra_are_heard_in_any_order_and_at_any_level():
    given, known = curves(), spectra(-8.0, 9.0)
    turned = KnownSpectra(known.phase_days[::-1], known.log10_fnu[::-1])
    levels = KnownSpectra(known.phase_days, known.log10_fnu + np.array([[3.0], [-2.0]]))
    found = draws(forecaster(a=known), given)
    for other in (turned, levels):
        np.testing.assert_allclose(draws(forecaster(a=other), given), found, atol=1e-4)
    assert np.abs(draws(forecaster(), given) - found).max() > 1e-3
    of_another = draws(forecaster(b=known), given)
    np.testing.assert_array_equal(of_another, draws(forecaster(), given))


def test_without_a_point_the_spectra_alone_tell():
    given = curves()
    nothing, something = (
        draws(forecaster(**known), given, index=2) for known in ({}, {"none": spectra(11.0)})
    )
    assert np.isfinite(nothing).all() and np.isfinite(something).all()
    assert np.abs(nothing - something).max() > 1e-3


def test_points_that_no_observed_supernova_has_do_not_matter():
    given = curves()
    phase, magnitude = given.phase_days.copy(), given.magnitude.copy()
    late = RaggedLightCurves.from_points(
        given.object_id,
        np.concatenate([np.repeat([0, 1], 10), [0]]),
        np.append(phase, 300.0),
        np.append(magnitude, -3.0),
        np.append(given.band, 2),
    )
    np.testing.assert_array_equal(draws(forecaster(), late), draws(forecaster(), given))


def test_about_each_object():
    given = curves()
    odd = RaggedLightCurves(
        given.object_id, given.start, given.phase_days, given.magnitude.copy(), given.band
    )
    odd.magnitude[:10] += np.where(np.arange(10) % 2, 3.0, -3.0)
    about = forecaster().about(odd)
    assert about["n_points"].tolist() == [10, 10, 0]
    assert about["unlike"][0] and not about["unlike"][2] and np.isnan(about["misfit_mag"][2])
    np.testing.assert_array_equal(about["misfit_mag"], misfits_mag(forecaster().joint, odd))
    assert about["misfit_mag"][0] > about["misfit_mag"][1] > 0


def test_what_decides_is_told_apart():
    texts = [one.decides() for one in (forecaster(), forecaster(a=spectra(3.0)), forecaster(a=spectra(3.1)))]
    assert len(set(texts)) == 3 and texts[1] == forecaster(a=spectra(3.0)).decides()


def test_it_has_no_latent_to_draw_from():
    with pytest.raises(ValueError, match="latent-only"):
        draws(forecaster(), curves(), latent_only=True)


def test_it_survives_the_disk(tmp_path):
    history = pd.DataFrame(columns=["step", "learning_rate", "train_loss", "validation_loss", "seconds"])
    forecaster().save(tmp_path / "x.safetensors", {"made": "here"}, history)
    read = ObservedForecaster.load(tmp_path / "x.safetensors")
    given = curves()
    np.testing.assert_array_equal(draws(read, given), draws(forecaster(), given))
    assert read.most_misfit_mag == 0.2


def test_weights_of_a_fold_are_refused(tmp_path):
    history = pd.DataFrame(columns=["step", "learning_rate", "train_loss", "validation_loss", "seconds"])
    forecaster().joint.save(tmp_path / "x.safetensors", {}, history)
    with pytest.raises(ValueError, match=r"x\.safetensors: expected the parts widening, most_misfit_mag"):
        ObservedForecaster.load(tmp_path / "x.safetensors")


def test_the_widening_is_what_was_missed_by():
    """Errors of twice the deviation are widened twice."""
    from snlib.joint import HeldOut

    n = 400
    deviation = np.full((n, 30), 0.05)
    wrong = 0.1 * RNG.standard_normal((n, 30))
    observed = SimpleNamespace(
        spectrum_object=np.arange(n),
        spectrum_phase_days=RNG.uniform(-12, 32, n),
        wavelength_aa=np.linspace(3600, 7900, 30),
        log10_fnu=np.zeros((n, 30)),
    )
    found = Widening.fit(HeldOut(wrong, deviation), observed)
    np.testing.assert_allclose(found.scales, np.tile([2.0, 3.29], (len(found.phase_days), 1)), rtol=0.08)
    assert Widening.from_dict(found.to_dict()).to_dict() == found.to_dict()
    distance = np.array([[0.5], [1.2], [1.645], [4.0], [-1.0]]).repeat(2, 1)[:, None]
    np.testing.assert_allclose(found(distance, np.zeros(1)), 2 * distance, rtol=0.08)
