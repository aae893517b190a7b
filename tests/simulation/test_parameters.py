"""The parameters of models in a table: what cannot be is refused, and what lies outside the grid is named."""

import warnings

import numpy as np
import pandas as pd
import pytest

from snlib.data.quantities import PARAMETERS
from snlib.simulation.grid import draw_parameters, kinetic_energy
from snlib.simulation.parameters import BeyondGridWarning, impossible, read_parameters

NAMES = [parameter.name for parameter in PARAMETERS]
MODEL = dict(zip(NAMES, [1.45, 1.2, 0.6, 0.56, 0.04, 50.0], strict=True))


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write models, each the same one with some changes, to models.csv."""
    monkeypatch.chdir(tmp_path)

    def write(*changes):
        pd.DataFrame([MODEL | change for change in changes]).to_csv("models.csv", index=False)
        return "models.csv"

    return write


def of_mass(ejecta, energy=None):
    """Changes to another ejecta mass, of the same make-up."""
    masses = {name: MODEL[name] * ejecta / 1.2 for name in NAMES[1:5]}
    return masses | {"kinetic_energy_1e51erg": energy or kinetic_energy(11000.0, ejecta)}


def refused(path):
    with pytest.raises(ValueError) as error, warnings.catch_warnings():
        warnings.simplefilter("error")
        read_parameters(path)
    return str(error.value)


def test_columns_may_stand_in_any_order_beside_others(write):
    path = write({}, {"mixing_passes": 20})
    pd.read_csv(path)[NAMES[::-1]].assign(name="a").to_csv(path, index=False)
    expected = np.tile(list(MODEL.values()), (2, 1))
    expected[1, 5] = 20
    np.testing.assert_array_equal(read_parameters(path), expected)


def test_models_drawn_from_the_grid_are_possible_and_inside(write):
    rng = np.random.default_rng(0)
    drawn = np.array([draw_parameters(rng) for _ in range(500)])
    path = write(*(dict(zip(NAMES, row, strict=True)) for row in drawn))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_allclose(read_parameters(path), drawn, rtol=1e-14)


def test_everything_outside_the_grid_is_listed_in_one_warning(write):
    path = write(
        {}, of_mass(3.0) | {"mixing_passes": 500}, {}, of_mass(1.2, energy=4.0), {"mixing_passes": 5}
    )
    with pytest.warns(BeyondGridWarning) as said:
        assert read_parameters(path).shape == (5, 6)
    assert [str(warning.message) for warning in said] == [
        "models.csv: extrapolated beyond the grid: row 2, ejecta_mass_msun: 3 is outside 0.7 to 2.5; "
        "row 2, mixing_passes: 500 is outside 10 to 300; "
        "row 4, kinetic velocity [km/s]: 1.831e+04 is outside 8000 to 14500; "
        "row 5, mixing_passes: 5 is outside 10 to 300"
    ]


@pytest.mark.parametrize(
    "change, words",
    [
        ({"kinetic_energy_1e51erg": -1}, "column 'kinetic_energy_1e51erg': -1, expected positive"),
        ({"kinetic_energy_1e51erg": 0}, "column 'kinetic_energy_1e51erg': 0, expected positive"),
        ({"ejecta_mass_msun": 0}, "column 'ejecta_mass_msun': 0, expected positive"),
        ({"ni56_mass_msun": 0}, "column 'ni56_mass_msun': 0, expected positive"),
        ({"ime_mass_msun": -0.1}, "column 'ime_mass_msun': -0.1, expected zero or positive"),
        ({"co_mass_msun": -0.1}, "column 'co_mass_msun': -0.1, expected zero or positive"),
        ({"mixing_passes": 0}, "column 'mixing_passes': 0, expected positive"),
        ({"mixing_passes": "nan"}, "column 'mixing_passes': 'nan' is not a finite number"),
        ({"mixing_passes": "1e999"}, "column 'mixing_passes': '1e999' is not a finite number"),
        (
            {"ni56_mass_msun": 1.3},
            "column 'ejecta_mass_msun': 1.2 is not the sum 1.9 of its Ni, IME and C/O masses",
        ),
        (
            {"kinetic_energy_1e51erg": 1100},
            "column 'kinetic_energy_1e51erg': 1100 is more than moves 1.2 Msun at the speed of light",
        ),
        (
            dict.fromkeys(NAMES[1:5], 1e308),
            "column 'ejecta_mass_msun': 1e+308 is not the sum inf of its Ni, IME and C/O masses",
        ),
    ],
)
def test_a_model_that_cannot_be_is_refused(write, change, words):
    assert refused(write({}, change)) == f"models.csv: row 2, {words}"


def test_all_faults_are_in_one_message_by_row(write):
    path = write(
        {"ni56_mass_msun": -1, "mixing_passes": "x"}, {}, {"ni56_mass_msun": 1}, {"co_mass_msun": -2}
    )
    assert refused(path) == (
        "models.csv: row 1, column 'mixing_passes': 'x' is not a finite number; "
        "row 1, column 'ni56_mass_msun': -1, expected positive; "
        "row 3, column 'ejecta_mass_msun': 1.2 is not the sum 1.6 of its Ni, IME and C/O masses; "
        "row 4, column 'co_mass_msun': -2, expected zero or positive"
    )


@pytest.mark.parametrize("n, more", [(10, ""), (1234, "; and 1,224 more")])
def test_long_lists_are_shortened_with_a_count(write, n, more):
    said = refused(write(*[{"mixing_passes": -1}] * n))
    assert said.endswith(f"; row 10, column 'mixing_passes': -1, expected positive{more}")
    assert said.count("expected positive") == 10


def test_without_unburnt_matter_a_model_can_be():
    assert impossible(np.array([[1.45, 1.2, 0.64, 0.56, 0.0, 50.0]])) == []
