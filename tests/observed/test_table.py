"""The table of observed supernovae is read as it is, or refused by the name of its file and of the array."""

import numpy as np
import pytest

from snlib.observed import read_observed
from tests.observed.small_table import N_OBJECTS, arrays, write_table


def test_numbers_come_back_and_bands_are_numbers(tmp_path):
    given, table = arrays(), read_observed(write_table(tmp_path / "observed.npz"))
    np.testing.assert_array_equal(table.log10_fnu, given["log10_fnu"].astype(float))
    np.testing.assert_array_equal(table.spectrum_object, given["spectrum_object"])
    assert list(table.light_curves.object_id) == list(given["object_id"])
    points = table.light_curves.padded([3])
    seen = points.observed[0]
    of_object = given["lc_object"] == 3
    order = np.argsort(points.phase_days[0, seen])
    np.testing.assert_allclose(points.phase_days[0, seen][order], given["lc_phase_days"][of_object])
    np.testing.assert_allclose(points.magnitude[0, seen][order], given["lc_magnitude"][of_object])
    assert "".join("ugrizy"[b] for b in points.band[0, seen][order]) == "ugrizugriz"


def test_late_and_uncertain_points_are_left_out(tmp_path):
    phase, error = arrays()["lc_phase_days"], arrays()["lc_magnitude_error"]
    phase[0], phase[1], error[2] = -18.5, 50.5, 0.25
    table = read_observed(write_table(tmp_path / "o.npz", lc_phase_days=phase, lc_magnitude_error=error))
    assert table.light_curves.n_points.tolist() == [7, *[10] * (N_OBJECTS - 1)]


def test_spectra_between_two_phases(tmp_path):
    table = read_observed(write_table(tmp_path / "observed.npz"))
    late = table.between(15, 20)
    assert late.spectrum_phase_days.tolist() == [20.0] * N_OBJECTS
    np.testing.assert_array_equal(late.log10_fnu, table.log10_fnu[1::2])
    assert len(late.object_id) == N_OBJECTS


GIVEN = arrays()


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("lc_band", None),
        ("fold", GIVEN["fold"][:-1]),
        ("salt3_x1", GIVEN["salt3_x1"][:-1]),
        ("salt3_c", np.full(N_OBJECTS, np.nan, np.float32)),
        ("lc_magnitude", GIVEN["lc_magnitude"][:-1]),
        ("lc_object", np.full(60, N_OBJECTS, np.int16)),
        ("spectrum_object", np.full(12, -1, np.int16)),
        ("lc_band", np.full(60, "B")),
        ("object_id", np.full(N_OBJECTS, "SN 1")),
        ("wavelength_aa", GIVEN["wavelength_aa"][::-1]),
        ("log10_fnu", GIVEN["log10_fnu"][:, :-1]),
        ("log10_fnu", GIVEN["log10_fnu"] + 12),
        ("log10_fnu", np.full_like(GIVEN["log10_fnu"], np.nan)),
        ("salt3_x1", np.full(N_OBJECTS, 99, np.float32)),
        ("fold", np.full(N_OBJECTS, -1, np.int8)),
        ("lc_magnitude", np.full(60, 1e9, np.float32)),
        ("lc_magnitude_error", np.full(60, -0.1, np.float32)),
        ("lc_phase_days", np.full(60, 53000, np.float32)),
        ("spectrum_phase_days", np.full(12, 53000, np.float32)),
        ("wavelength_aa", np.linspace(0.3, 0.8, 200, dtype=np.float32)),
    ],
)
def test_what_cannot_be_is_refused(tmp_path, name, values):
    path = write_table(tmp_path / "observed.npz", **{name: values})
    with pytest.raises(ValueError, match=rf"observed\.npz: field '{name}'"):
        read_observed(path)
