"""The real grid's files: what is written is read again, and what is broken is named."""

from dataclasses import replace

import h5py
import numpy as np
import pytest

from snlib.data.quantities import SURFACE_PHASES_DAYS, SURFACE_WAVELENGTH_AA, filename_from_parameters
from snlib.simulation.photometry import band_magnitudes
from snlib.simulation.sedona import SedonaGrid, read_surface, write_surface
from snlib.simulation.simulator import simulate
from snlib.simulation.surrogate import Surrogate
from snlib.simulation.surrogate_grid import SurrogateGrid

PARAMETERS_OF_ONE = np.array([1.45, 1.2, 0.6, 0.56, 0.04, 50.0])
SIGMA_SB, PLANCK, LIGHT, BOLTZMANN = 5.670374e-5, 6.62607015e-27, 2.99792458e10, 1.380649e-16


def write(path, time_days, nu, luminosity):
    with h5py.File(path, "w") as file:
        file["time"], file["nu"], file["Lnu"] = np.asarray(time_days) * 86400, nu, luminosity
    return path


@pytest.fixture
def raw(tmp_path):
    """A file as Sedona writes it: frequencies ascending, double precision, brightest on day 18."""
    time = np.arange(1.0, 91.0)
    nu = 2.99792458e18 / np.geomspace(11100, 2400, 400)
    light_curve = np.exp(-0.5 * ((time - 18) / 12) ** 2)
    luminosity = 1e28 * light_curve[:, None] * (1 + 0.1 * np.sin(np.arange(400)))
    return write(tmp_path / filename_from_parameters(PARAMETERS_OF_ONE), time, nu, luminosity)


def test_a_file_is_read_in_physical_units(raw):
    surface = read_surface(raw)
    assert surface.object_id == raw.stem
    np.testing.assert_allclose(surface.parameters, PARAMETERS_OF_ONE)
    np.testing.assert_allclose(surface.phase_days, np.arange(-17.0, 73.0), atol=1e-9)
    assert (surface.wavelength_aa[0], surface.wavelength_aa[-1]) == pytest.approx((2400, 11100))
    with h5py.File(raw) as file:
        sphere = 4 * np.pi * (10 * 3.0856775814913673e18) ** 2
        expected = np.log10(file["Lnu"][17][::-1] / sphere)
    np.testing.assert_allclose(surface.log10_fnu[17], expected)


def test_frequencies_in_the_other_order_are_the_same_surface(raw, tmp_path):
    with h5py.File(raw) as file:
        nu, luminosity = file["nu"][()][::-1], file["Lnu"][()][:, ::-1]
    (tmp_path / "other").mkdir()
    other = write(tmp_path / "other" / raw.name, np.arange(1.0, 91.0), nu, luminosity)
    np.testing.assert_array_equal(read_surface(other).log10_fnu, read_surface(raw).log10_fnu)


def test_a_black_body_has_its_magnitudes(tmp_path):
    """L_nu = 4 pi^2 R^2 B_nu: the AB magnitude at the filters' wavelengths follows by hand."""
    wavelength = np.geomspace(2400, 11100, 2000)
    nu, temperature, radius = 2.99792458e18 / wavelength[::-1], 10_000.0, 1e15
    planck = 2 * PLANCK * nu**3 / LIGHT**2 / np.expm1(PLANCK * nu / (BOLTZMANN * temperature))
    luminosity = 4 * np.pi**2 * radius**2 * planck * np.array([0.5, 1.0, 0.5])[:, None]
    path = write(tmp_path / filename_from_parameters(PARAMETERS_OF_ONE), [1, 2, 3], nu, luminosity)
    surface = read_surface(path)
    magnitudes = band_magnitudes(surface.wavelength_aa, surface.log10_fnu)
    # F_nu = pi B_nu (R / 10 pc)^2, at the mean wavelength of the r band
    at_r = (
        2 * PLANCK * LIGHT / (6220e-8) ** 3 / np.expm1(PLANCK * LIGHT / (6220e-8 * BOLTZMANN * temperature))
    )
    expected = -2.5 * np.log10(np.pi * at_r * (radius / 3.0856775814913673e19) ** 2) - 48.6
    assert magnitudes[1, 2] == pytest.approx(expected, abs=0.02)
    np.testing.assert_allclose(magnitudes[0] - magnitudes[1], 2.5 * np.log10(2), atol=1e-6)


def test_stefan_boltzmann_through_the_file(tmp_path):
    """The luminosity of a black body over all frequencies is 4 pi R^2 sigma T^4."""
    nu, temperature, radius = np.geomspace(1e12, 1e17, 4000), 10_000.0, 1e15
    planck = 2 * PLANCK * nu**3 / LIGHT**2 / np.expm1(PLANCK * nu / (BOLTZMANN * temperature))
    luminosity = 4 * np.pi**2 * radius**2 * planck * np.array([0.5, 1.0, 0.5])[:, None]
    surface = read_surface(
        write(tmp_path / filename_from_parameters(PARAMETERS_OF_ONE), [1, 2, 3], nu, luminosity)
    )
    hz = 2.99792458e18 / surface.wavelength_aa
    flux = np.trapezoid(10 ** surface.log10_fnu[1][::-1], hz[::-1])
    expected = 4 * np.pi * radius**2 * SIGMA_SB * temperature**4
    assert flux * 4 * np.pi * (3.0856775814913673e19) ** 2 == pytest.approx(expected, rel=1e-4)


@pytest.fixture(scope="module")
def grid():
    return SurrogateGrid(Surrogate.load())


def test_exported_surrogates_are_read_back_to_single_precision(grid, tmp_path):
    surface = grid.surface(3, seed=0)
    again = read_surface(write_surface(surface, tmp_path))
    np.testing.assert_allclose(again.parameters, surface.parameters, rtol=6e-4)
    np.testing.assert_allclose(again.wavelength_aa, surface.wavelength_aa, rtol=1e-12)
    flux, expected = 10.0**again.log10_fnu, 10.0**surface.log10_fnu
    np.testing.assert_allclose(flux, expected, rtol=1e-6)  # zero flux stays zero
    brightest = (expected).sum(1).argmax()
    np.testing.assert_allclose(
        again.phase_days, surface.phase_days - surface.phase_days[brightest], atol=1e-9
    )


def test_events_from_files_are_those_of_the_surfaces(grid, tmp_path):
    """The same models as files: parameters, spectra and daily magnitudes survive."""
    surfaces = {}
    for i in range(4):
        surface = grid.surface(i, seed=5)
        surfaces[write_surface(surface, tmp_path).stem] = surface
    events = simulate(4, seed=7, grid=SedonaGrid(tmp_path))
    assert sorted(events.object_id) == sorted(surfaces)
    assert list(events.object_id) != sorted(surfaces)  # not by energy
    for name, spectra in zip(events.object_id, events.spectra.log10_fnu, strict=True):
        surface = surfaces[name]
        shift = surface.phase_days[(10.0**surface.log10_fnu).sum(1).argmax()]
        pixels = (SURFACE_WAVELENGTH_AA >= 3000) & (SURFACE_WAVELENGTH_AA <= 8000)
        row = int(np.flatnonzero(surface.phase_days == shift + 10)[0])
        middle = np.median([np.roll(surface.log10_fnu[row], k)[pixels] for k in (-1, 0, 1)], axis=0)
        np.testing.assert_allclose(spectra[2, 1:-1], middle[1:-1], atol=1e-5)


def test_event_i_is_the_same_file_whatever_the_number_of_events(grid, tmp_path):
    for i in range(5):
        write_surface(grid.surface(i, seed=5), tmp_path)
    five, two = (simulate(n, seed=1, grid=SedonaGrid(tmp_path)) for n in (5, 2))
    np.testing.assert_array_equal(two.light_curves.magnitude, five.light_curves.magnitude[:2])
    assert list(simulate(5, seed=2, grid=SedonaGrid(tmp_path)).object_id) != list(five.object_id)


def truncate(path):
    path.write_bytes(path.read_bytes()[:2000])


def edit(field, change):
    def damage(path):
        with h5py.File(path, "a") as file:
            values = file[field][()]
            del file[field]
            if (changed := change(values)) is not None:
                file[field] = changed

    return damage


def with_value(value):
    def change(values):
        values[(5,) * values.ndim] = value
        return values

    return change


@pytest.mark.parametrize(
    "damage, message",
    [
        (truncate, "not a readable HDF5 file, or not all of it"),
        (lambda path: path.write_text("no"), "not a readable HDF5 file"),
        (edit("Lnu", lambda v: None), "field 'Lnu' is missing"),
        (edit("nu", lambda v: v.astype("S")), "field 'nu' does not hold numbers"),
        (edit("Lnu", with_value(np.nan)), r"field 'Lnu' holds nan at \(5, 5\)"),
        (edit("Lnu", with_value(-1.0)), r"Lnu: -1 at \(5, 5\)"),
        (edit("Lnu", lambda v: v.T), r"expected time .* got time \(90,\)"),
        (edit("Lnu", lambda v: v[:17]), "got time"),
        (edit("time", lambda v: v[::-1]), "time: not three or more ascending"),
        (edit("time", lambda v: v / 86400), r"time: 1 at \(0,\) is not in 60 to .* seconds"),
        (edit("nu", lambda v: v / 1e12), "nu: .* Hz"),
        (edit("Lnu", lambda v: np.zeros_like(v)), "no peak within"),
        (edit("Lnu", lambda v: np.sort(v, axis=0)), "no peak within"),
    ],
)
def test_broken_files_are_named(raw, damage, message):
    damage(raw)
    with pytest.raises(ValueError, match=message) as error:
        read_surface(raw)
    assert str(raw) in str(error.value)


def test_a_repeated_frequency_is_refused(raw):
    edit("nu", lambda v: np.r_[v[1], v[1:]])(raw)
    with pytest.raises(ValueError, match="nu: a frequency occurs more than once"):
        read_surface(raw)


def test_misnamed_and_missing_files_are_named(raw, tmp_path):
    with pytest.raises(ValueError, match=r"model\.h5.*is not the name of a Sedona model"):
        read_surface(raw.rename(tmp_path / "model.h5"))
    with pytest.raises(FileNotFoundError, match="nothing"):
        read_surface(tmp_path / "nothing.h5")
    with pytest.raises(FileNotFoundError, match=r"no \*\.h5 file"):
        SedonaGrid(tmp_path / "empty")


def test_a_bad_file_among_good_ones_is_skipped_only_if_asked(grid, tmp_path):
    for i in range(3):
        write_surface(grid.surface(i, seed=5), tmp_path)
    bad = tmp_path / filename_from_parameters(PARAMETERS_OF_ONE)
    bad.write_bytes(b"not this one")
    with pytest.raises(ValueError, match=bad.name.replace("+", r"\+")):
        simulate(4, seed=0, grid=SedonaGrid(tmp_path))
    for workers in (1, 2):
        with pytest.warns(UserWarning, match=r"left out: .*not a readable HDF5 file"):
            events = simulate(4, seed=0, grid=SedonaGrid(tmp_path), workers=workers, skip_bad=True)
        assert len(events) == 3
        assert bad.stem not in events.object_id
    with pytest.raises(ValueError, match="5 events asked for, but there are 4 models"):
        simulate(5, seed=0, grid=SedonaGrid(tmp_path))


def test_models_that_end_early_are_refused(grid, tmp_path):
    surface = grid.surface(0, seed=5)
    upto = SURFACE_PHASES_DAYS < 25
    short = replace(surface, phase_days=surface.phase_days[upto], log10_fnu=surface.log10_fnu[upto])
    path = write_surface(short, tmp_path)
    with pytest.raises(ValueError, match=f"{path.stem.split('_')[0]}.*no step near".replace("+", r"\+")):
        simulate(1, seed=0, grid=SedonaGrid(tmp_path))


def test_surfaces_of_other_wavelengths_do_not_mix(raw, grid, tmp_path):
    write_surface(grid.surface(0, seed=5), tmp_path)
    with pytest.raises(ValueError, match="its wavelengths are not those of"):
        simulate(2, seed=0, grid=SedonaGrid(tmp_path))
