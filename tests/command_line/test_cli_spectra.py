"""``snlib predict`` with observed spectra of the same objects."""

import numpy as np
import pandas as pd
import pytest

from snlib.inference import OBSERVED_WEIGHTS, find_weights
from snlib.joint import JointForecaster, ObservedForecaster, Widening
from snlib.observed import observer_frame
from tests.joint.small_model import WAVELENGTH, flat_mean, small_model

REDSHIFT, MODULUS, PEAK = 0.05, 36.7, 55_000.0
SKY = ("--objects", "objects.csv", "--zero-point", "31.4")
PREDICT = ("predict", "curves.csv", "--phases=0", "--samples", "3", "--weights", "joint.safetensors")
WIDENING = Widening(np.zeros(1), np.array([[1.0, 1.645]]))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Two objects, a spectrum of the second, and a small model."""
    monkeypatch.delenv("SNLIB_SALT3", raising=False)
    phase = np.tile(np.arange(-5.0, 25.0, 5.0), 2)
    magnitude = -19.0 + phase / 30 + MODULUS - 2.5 * np.log10(1 + REDSHIFT)
    curves = {"object_id": np.repeat(["a", "b"], 6), "mjd": PEAK + phase * (1 + REDSHIFT)}
    curves |= {"filter": np.tile(["ztfr", "PS1-g"], 6), "flux": 10 ** (-0.4 * (magnitude - 31.4))}
    pd.DataFrame(curves).to_csv(tmp_path / "curves.csv", index=False)
    objects = {"redshift": REDSHIFT, "distance_modulus": MODULUS, "peak_mjd": PEAK, "ebv_mw": 0.0}
    pd.DataFrame({"object_id": ["a", "b"]} | objects).to_csv(tmp_path / "objects.csv", index=False)
    log10_fnu = flat_mean().spectra_at(np.array([3.0]))[0] + 0.2 * np.sin(WAVELENGTH / 200.0)
    wavelength, flux = observer_frame(WAVELENGTH, log10_fnu, REDSHIFT, MODULUS)
    spectrum = {"object_id": "b", "mjd": PEAK + 3 * (1 + REDSHIFT), "wavelength": wavelength, "flux": flux}
    pd.DataFrame(spectrum).to_csv(tmp_path / "spectra.csv", index=False)
    forecaster = ObservedForecaster(JointForecaster(small_model(carries=True)), WIDENING, 0.3)
    history = pd.DataFrame(columns=["step", "learning_rate", "train_loss", "validation_loss", "seconds"])
    forecaster.save(tmp_path / "joint.safetensors", {}, history)
    return tmp_path


def samples(path):
    with np.load(path) as archive:
        assert archive["samples"].shape == (2, 3, 1, 982) and np.isfinite(archive["samples"]).all()
        return archive["samples"]


def test_a_spectrum_tells_of_its_own_object_only(snlib, folder):
    """In any unit of flux."""
    assert snlib(*PREDICT, *SKY, "--out", "without.npz")[0] == 0
    code, said = snlib(*PREDICT, *SKY, "--spectra", "spectra.csv", "--out", "with.npz")
    assert code == 0, said
    without, known = samples(folder / "without.npz"), samples(folder / "with.npz")
    np.testing.assert_array_equal(known[0], without[0])
    assert np.abs(known[1] - without[1]).max() > 1e-3
    table = pd.read_csv(folder / "spectra.csv")
    table.assign(flux=1e15 * table["flux"]).to_csv(folder / "spectra.csv", index=False)
    assert snlib(*PREDICT, *SKY, "--spectra", "spectra.csv", "--out", "other.npz")[0] == 0
    np.testing.assert_allclose(samples(folder / "other.npz"), known, atol=1e-4)


def test_the_bump_of_a_spectrum_comes_back(snlib, folder):
    """Three days later, in part, where an untrained network writes nothing."""
    for name in ("without", "with"):
        more = ("--spectra", "spectra.csv") if name == "with" else ()
        assert snlib(*PREDICT, "--seed", "4", *SKY, *more, "--out", f"{name}.npz")[0] == 0
    change = (samples(folder / "with.npz") - samples(folder / "without.npz")).mean((1, 2))[1]
    wavelength = np.load(folder / "with.npz")["wavelength_aa"]
    inside = (wavelength > 3600) & (wavelength < 7700)
    bump = np.sin(wavelength / 200.0)
    assert np.corrcoef(change[inside], bump[inside])[0, 1] > 0.6


@pytest.mark.parametrize(
    "more, message",
    [
        (("--spectra", "none.csv"), "none.csv: no such file"),
        (("--spectra", "objects.csv"), "objects.csv: "),
        (("--spectra", "spectra.csv", "--weights", "large"), "spectra.csv: these weights read no spectra"),
        (("--latent-only",), "latent-only: a joint transceiver has no latent"),
    ],
)
def test_bad_input_is_named_and_nothing_is_written(snlib, folder, more, message):
    before = sorted(folder.iterdir())
    code, said = snlib(*PREDICT, *SKY, *more, "--device", "cpu", "--out", "x.npz")
    assert code == 2 and said.splitlines()[-1].startswith(f"snlib: {message}"), said
    assert sorted(folder.iterdir()) == before


@pytest.fixture
def at_rest(folder):
    """The name of a table of light curves over days from peak."""
    rows = {"object_id": "a", "phase_days": [0.0, 5.0], "band": ["g", "r"], "magnitude": -19.0}
    pd.DataFrame(rows).to_csv(folder / "rest.csv", index=False)
    return "rest.csv"


def test_spectra_need_observed_light_curves(snlib, at_rest):
    code, said = snlib("predict", at_rest, *PREDICT[2:], "--spectra", "spectra.csv", "--out", "x.npz")
    assert (code, said) == (
        2,
        "snlib: spectra.csv: spectra have dates, so that light curves must have them too\n",
    )


def test_observed_light_curves_have_weights_of_their_own(snlib, folder, at_rest, monkeypatch):
    """By default, unless others are given; and those of the book for light curves at rest."""
    asked = []

    def load(path):
        asked.append(path)
        raise ValueError("enough")

    monkeypatch.setattr("snlib.joint.command.load_joint", load)
    for more in (("curves.csv", *SKY), ("curves.csv", *SKY, "--weights", "large"), (at_rest,)):
        code, said = snlib("predict", *more, "--out", "x.npz")
        assert code == 2 and said.splitlines()[-1] == "snlib: enough"
    assert asked == [OBSERVED_WEIGHTS, find_weights("large"), find_weights("large")]
