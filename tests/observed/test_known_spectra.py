"""Tables of observed spectra, against the way from the rest frame to the telescope."""

from dataclasses import fields

import numpy as np
import pandas as pd
import pytest

from snlib.observed import observer_frame, read_known_spectra
from snlib.observed.known_spectra import at_rest
from snlib.observed.steps import Steps

GRID = np.geomspace(3000.0, 8000.0, 400)
REDSHIFT, PEAK, EBV = 0.05, 55_000.0, 0.2


def steps(name, **changed):
    known = {"object_id": name, "redshift": REDSHIFT, "ebv_mw": EBV, "peak_mjd": PEAK} | changed
    return Steps(**{one.name: known.get(one.name, 0) for one in fields(Steps)})


def smooth(wavelength_aa):
    return -12 + 0.1 * np.sin(wavelength_aa / 300.0)


def rows(name, mjd, brighter=1.0):
    fine = np.linspace(3500.0, 7500.0, 4001)
    wavelength, f_lambda = observer_frame(fine, smooth(fine), REDSHIFT, 35.0, EBV)
    return pd.DataFrame(
        {"object_id": name, "mjd": mjd, "wavelength": wavelength, "flux": brighter * f_lambda}
    )


def write(folder, *tables):
    path = folder / "spectra.csv"
    pd.concat(tables).sample(frac=1, random_state=3).to_csv(path, index=False)
    return path


def test_the_way_back_to_the_rest_frame(tmp_path):
    path = write(tmp_path, rows("b", PEAK + 10.5), rows("a", PEAK - 4.2), rows("b", PEAK, 1e5))
    found = read_known_spectra(path, [steps("a"), steps("b")], GRID)
    assert set(found) == {"a", "b"}
    np.testing.assert_allclose(found["a"].phase_days, [-4.0])
    np.testing.assert_allclose(found["b"].phase_days, [0.0, 10.0])
    inside = (GRID > 3520) & (GRID < 7480)
    for spectrum in (*found["a"].log10_fnu, *found["b"].log10_fnu):
        assert np.isfinite(spectrum[inside]).all()
        assert np.isnan(spectrum[(GRID < 3480) | (GRID > 7520)]).all()
        away = spectrum[inside] - smooth(GRID[inside])
        np.testing.assert_allclose(away, away.mean(), atol=1e-3)
    np.testing.assert_allclose(np.diff(found["b"].log10_fnu, axis=0)[0, inside], -5, atol=1e-6)


def test_a_pixel_is_the_mean_flux_density_across_it():
    """Of a flat spectrum with a line that is narrower than a pixel."""
    wavelength = np.linspace(4000.0, 5000.0, 20_001)
    line = 3.0 * np.exp(-0.5 * ((wavelength - 4502.0) / 1.0) ** 2)
    grid = np.arange(4100.0, 4900.0, 40.0)
    found = 10 ** at_rest(wavelength, (1 + line) / wavelength**2, 0.0, 0.0, grid)
    continuum = 10 ** at_rest(wavelength, 1 / wavelength**2, 0.0, 0.0, grid)
    excess = found / continuum - 1
    assert excess[10] == pytest.approx(3.0 * np.sqrt(2 * np.pi) / 40.0, rel=0.01)
    np.testing.assert_allclose(np.delete(excess, 10), 0, atol=1e-6)


def test_objects_without_a_light_curve_or_a_peak_are_left_alone(tmp_path):
    path = write(tmp_path, rows("a", PEAK), rows("c", PEAK), rows("b", PEAK))
    found = read_known_spectra(path, [steps("a"), steps("b", peak_mjd=np.nan)], GRID)
    assert set(found) == {"a"}


def test_late_spectra_are_left_out_with_a_warning(tmp_path):
    path = write(tmp_path, rows("a", PEAK), rows("a", PEAK + 200))
    with pytest.warns(UserWarning, match="1 spectra are left out"):
        assert len(read_known_spectra(path, [steps("a")], GRID)["a"].phase_days) == 1


WRONG = {
    "object 'a', column 'mjd': 12": lambda t: t.assign(mjd=12.0),
    "object 'a', column 'wavelength_aa': 0.45": lambda t: t.assign(wavelength=0.45),
    "object 'a', column 'wavelength_aa': 5000 twice in a spectrum": lambda t: t.assign(wavelength=5000.0),
    "object 'a', column 'flux': 'bright' is not a number": lambda t: t.assign(flux="bright"),
    "no spectrum can be used, of 1 objects": lambda t: t.assign(object_id="other"),
    "flux": lambda t: t.drop(columns="flux"),
}


@pytest.mark.parametrize("message", WRONG)
def test_bad_tables_are_named(tmp_path, message):
    path = write(tmp_path, WRONG[message](rows("a", PEAK)))
    with pytest.raises(ValueError) as error:
        read_known_spectra(path, [steps("a")], GRID)
    assert str(path) in str(error.value) and message in str(error.value)
