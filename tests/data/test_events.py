"""Events and their files; grid parameters and file names."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snlib.data import quantities
from snlib.data.events import Events, LightCurves, Spectra
from snlib.files import write_npz
from snlib.simulation import grid


def same(a, b):
    b_arrays = b.arrays()
    for name, values in a.arrays().items():
        np.testing.assert_array_equal(b_arrays[name], values, err_msg=name)
    return a.provenance == b.provenance


def test_save_and_load_return_the_same_events(events, tmp_path):
    events.save(tmp_path / "events.npz")
    assert same(Events.load(tmp_path / "events.npz"), events)
    assert [path.name for path in tmp_path.iterdir()] == ["events.npz"]


def test_the_digest_sees_every_number(events):
    for name, values in events.arrays().items():
        changed = {key: value.copy() for key, value in events.arrays().items()}
        changed[name].flat[-1] = "z" if values.dtype.kind == "U" else np.nan_to_num(values.flat[-1]) * 0 + 5
        other = Events(
            changed["object_id"],
            changed["parameters"],
            LightCurves(*(changed[f"light_curve_{key}"] for key in ("phase_days", "magnitude", "band"))),
            Spectra(
                np.sort(changed["spectrum_phase_days"]),
                np.sort(changed["wavelength_aa"]),
                changed["log10_fnu"],
            ),
            {},
        )
        assert other.digest() != events.digest(), name


def test_select_keeps_rows_together(events):
    index = np.array([7, 2])
    part = events.select(index)
    assert list(part.object_id) == ["event-7", "event-2"]
    np.testing.assert_array_equal(part.light_curves.magnitude, events.light_curves.magnitude[index])
    np.testing.assert_array_equal(part.spectra.log10_fnu, events.spectra.log10_fnu[index])


def at(values, place, value):
    """The values with another one at a place."""
    changed = values.copy()
    changed[place] = value
    return changed


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda e: replace(e.light_curves, band=e.light_curves.band + 6), "band: unknown band"),
        (
            lambda e: replace(e.light_curves, phase_days=e.light_curves.phase_days[:, 1:]),
            "phase_days: expected shape",
        ),
        (
            lambda e: replace(e.light_curves, phase_days=e.light_curves.phase_days * np.nan),
            "phase_days: not finite",
        ),
        (
            lambda e: replace(e.light_curves, magnitude=np.inf * e.light_curves.magnitude),
            "magnitude: infinite",
        ),
        (
            lambda e: replace(e.light_curves, magnitude=e.light_curves.magnitude[0]),
            "magnitude: expected shape",
        ),
        (
            lambda e: replace(e.spectra, wavelength_aa=e.spectra.wavelength_aa[::-1]),
            "wavelength_aa: not strictly",
        ),
        (lambda e: replace(e.spectra, log10_fnu=e.spectra.log10_fnu[:, :4]), "log10_fnu: expected shape"),
        (
            lambda e: replace(e.spectra, log10_fnu=-np.inf * np.ones_like(e.spectra.log10_fnu)),
            "log10_fnu: infinite",
        ),
        (lambda e: replace(e, object_id=np.array(["a"] * 20)), "object_id: .*a.* more than once"),
        (lambda e: replace(e, parameters=e.parameters[:, :5]), "parameters: expected shape"),
        (lambda e: replace(e, parameters=e.parameters * np.nan), "parameters: not finite"),
        (lambda e: replace(e, parameters=-e.parameters), "parameters: negative"),
        (lambda e: replace(e.light_curves, band=e.light_curves.band * 1.0), "band: of type float64"),
        (lambda e: replace(e.light_curves, band=e.light_curves.band < 3), "band: of type bool"),
        (lambda e: replace(e.light_curves, band=e.light_curves.band - 1), "band: unknown band"),
        (lambda e: replace(e.spectra, phase_days=e.spectra.phase_days + np.inf), "phase_days: not finite"),
        *(
            (
                lambda e, p=place, v=bad: replace(e.spectra, wavelength_aa=at(e.spectra.wavelength_aa, p, v)),
                "wave",
            )
            for place, bad in ((0, 0.0), (0, -1.0), (-1, np.inf), (3, np.nan))
        ),
        (lambda e: replace(e, object_id=e.object_id[1:]), "expected shape"),
    ],
)
def test_impossible_events_are_refused(events, change, message):
    with pytest.raises(ValueError, match=message):
        change(events)


def test_a_file_of_impossible_events_is_named(events, tmp_path):
    arrays = events.arrays() | {"light_curve_band": events.light_curves.band + 6}
    write_npz(tmp_path / "events.npz", provenance=np.array(json.dumps({})), **arrays)
    with pytest.raises(ValueError, match=r"events\.npz: band: unknown band"):
        Events.load(tmp_path / "events.npz")


def test_file_name_to_parameters():
    values = quantities.parameters_from_filename(
        "2.544e+00_1.330e+00_2.118e-01_1.110e+00_7.984e-03_2.000e+01.h5"
    )
    np.testing.assert_array_equal(values, [2.544, 1.330, 0.2118, 1.110, 0.007984, 20])


@pytest.mark.parametrize(
    "name",
    ["", "model.h5", "1.000e+00_1.000e+00_5.000e-01_4.000e-01_1.000e-01.h5",
     "1_1_5e-1_4e-1_1e-1_20.h5", "nan_1.000e+00_5.000e-01_4.000e-01_1.000e-01_2.000e+01.h5",
     "1.000e+00_1.000e+00_5.000e-01_4.000e-01_1.000e-01_2.000e+01.h5.tmp"],
)  # fmt: skip
def test_other_names_are_refused(name):
    with pytest.raises(ValueError, match="not the name of a Sedona model"):
        quantities.parameters_from_filename(name)


@given(st.integers(0, 2**32 - 1))
def test_drawn_models_can_exist_and_can_be_named(seed):
    energy, ejecta, nickel, ime, unburnt, mixing = values = grid.draw_parameters(np.random.default_rng(seed))
    assert (values[:4] > 0).all()
    assert 0 <= unburnt <= 0.07 * ejecta
    assert ejecta == pytest.approx(nickel + ime + unburnt)
    assert 7999 < grid.kinetic_velocity(energy, ejecta) < 14501
    assert 10 <= mixing <= 300
    name = "_".join(f"{value:.3e}" for value in values) + ".h5"
    np.testing.assert_allclose(quantities.parameters_from_filename(name), values, rtol=6e-4)


def test_kinetic_energy_against_astropy():
    from astropy import units as u

    expected = (0.5 * 1.4 * u.M_sun * (11000 * u.km / u.s) ** 2).to_value(1e51 * u.erg)
    assert grid.kinetic_energy(11000, 1.4) == pytest.approx(expected, rel=1e-4)
    assert grid.kinetic_velocity(expected, 1.4) == pytest.approx(11000, rel=1e-4)
