"""The reader of the published sample: on files of its format, broken in every way, and on the real ones."""

import numpy as np
import pytest

from snlib.data.published_sample import read_published_sample
from snlib.data.quantities import filename_from_parameters, parameters_from_filename
from snlib.simulation.grid import beyond_grid

NAMES = [
    "2.544e+00_1.330e+00_2.118e-01_1.110e+00_7.984e-03_2.000e+01.h5",
    "1.622e+00_1.398e+00_1.120e+00_2.210e-01_5.676e-02_2.400e+02.h5",
]
PHASES = [-10.0, 0.0, 10.0, 20.0, 30.0]
SAMPLES, PIXELS = 3, 8


def path_in(folder, batch=1):
    return folder / f"posterior_test_photometrycond_job0_batch{batch}_size10_Ia_Goldstein.npz"


@pytest.fixture
def rows():
    """Two models at five phases, as the authors store them: a row a spectrum, wavelengths descending."""
    rng = np.random.default_rng(0)
    n = len(NAMES) * len(PHASES)
    light_curve = {
        "photoflux": np.repeat(rng.uniform(-19, -15, (2, 60)), 5, axis=0),
        "phototime": np.repeat(rng.uniform(-15, 75, (2, 60)), 5, axis=0),
        "photomask": np.repeat((rng.random((2, 60)) < 0.7).astype(float), 5, axis=0),
        "photoband": np.tile(np.repeat(np.arange(6, dtype=np.int32), 10), (n, 1)),
    }
    return {
        "gt": rng.uniform(-13, -12, (n, PIXELS)),
        "wavelength": np.tile(np.linspace(8000, 3000, PIXELS, dtype=np.float32), (n, 1)),
        "mask": (rng.random((n, PIXELS)) < 0.9).astype(int),
        "phase": np.tile(PHASES, 2),
        "identity": np.repeat(NAMES, 5),
        "posterior_samples": rng.uniform(-13, -12, (n * SAMPLES, PIXELS)).astype(np.float32),
        **light_curve,
    }


@pytest.fixture
def folder(tmp_path, rows):
    np.savez(path_in(tmp_path), **rows)
    return tmp_path


def test_every_number_arrives_in_its_place(folder, rows):
    sample = read_published_sample(folder)
    events = sample.events
    assert list(events.object_id) == sorted(NAMES)
    assert (np.diff(events.spectra.wavelength_aa) > 0).all()
    for i, name in enumerate(events.object_id):
        for p, phase in enumerate(PHASES):
            row = int(np.flatnonzero((rows["identity"] == name) & (rows["phase"] == phase))[0])
            expected = np.where(rows["mask"][row] == 1, rows["gt"][row], np.nan)[::-1]
            np.testing.assert_array_equal(events.spectra.log10_fnu[i, p], expected)
            drawn = rows["posterior_samples"][row * SAMPLES : (row + 1) * SAMPLES, ::-1]
            np.testing.assert_array_equal(sample.diffusion_log10_fnu[i, :, p], drawn)
        np.testing.assert_array_equal(events.light_curves.observed[i], rows["photomask"][row] == 1)
        seen = events.light_curves.observed[i]
        np.testing.assert_array_equal(events.light_curves.magnitude[i][seen], rows["photoflux"][row][seen])
        np.testing.assert_array_equal(events.light_curves.phase_days[i][seen], rows["phototime"][row][seen])
    assert events.parameters[events.object_id == NAMES[0], 5] == 20


def test_the_order_of_rows_and_files_does_not_matter(folder, rows, tmp_path_factory):
    order = np.random.default_rng(1).permutation(10)
    shuffled = {name: values[order] for name, values in rows.items() if name != "posterior_samples"}
    shuffled["posterior_samples"] = (
        rows["posterior_samples"].reshape(10, SAMPLES, PIXELS)[order].reshape(-1, PIXELS)
    )
    other = tmp_path_factory.mktemp("other")
    np.savez(path_in(other, 7), **shuffled)
    a, b = read_published_sample(folder), read_published_sample(other)
    assert a.events.digest() == b.events.digest()
    np.testing.assert_array_equal(a.diffusion_log10_fnu, b.diffusion_log10_fnu)


def set_value(field, index, value):
    def change(rows):
        rows[field] = rows[field].copy()
        rows[field][index] = value

    return change


def replace_field(field, make):
    return lambda rows: rows.update({field: make(rows[field])})


def observe_all(rows):
    rows["photomask"] = np.ones_like(rows["photomask"])
    rows["mask"] = np.ones_like(rows["mask"])


def broken_light_curve(field, value):
    def change(rows):
        observe_all(rows)
        set_value(field, (slice(0, 5), 3), value)(rows)

    return change


def broken_spectrum(value):
    def change(rows):
        observe_all(rows)
        set_value("gt", (2, 3), value)(rows)

    return change


BROKEN = {
    "NaN in a spectrum": (broken_spectrum(np.nan), "field 'gt', model 2.544e"),
    "a spectrum that is not a log": (broken_spectrum(1e-12), "field 'gt'.*log10"),
    "NaN magnitude": (broken_light_curve("photoflux", np.nan), "field 'photoflux', model 2.544e"),
    "flux for magnitude": (broken_light_curve("photoflux", 3e4), "field 'photoflux'.*magnitude"),
    "times in MJD": (broken_light_curve("phototime", 59000.0), "field 'phototime'.*days from peak"),
    "infinite posterior sample": (
        set_value("posterior_samples", (3, 3), np.inf),
        "field 'posterior_samples'",
    ),
    "wavelengths in micron": (
        replace_field("wavelength", lambda w: w * 1e-4),
        "field 'wavelength'.*Angstrom",
    ),
    "different wavelengths": (set_value("wavelength", (4, 0), 8001.0), "field 'wavelength' differs"),
    "a wavelength twice": (
        set_value("wavelength", (slice(None), 1), 8000.0),
        "wavelength_aa: not strictly ascending",
    ),
    "unknown band": (set_value("photoband", (0, 0), 6), "unknown band 6"),
    "negative band": (set_value("photoband", (0, 0), -1), "unknown band -1"),
    "mask of halves": (replace_field("photomask", lambda m: m * 0.5), "field 'photomask' holds other values"),
    "boolean-like mask": (set_value("mask", (0, 0), 2), "field 'mask' holds other values"),
    "too few pixels": (
        replace_field("mask", lambda m: m[:, 1:]),
        r"field 'mask' has shape \(10, 7\), expected",
    ),
    "too few rows": (
        replace_field("phase", lambda p: p[1:]),
        r"field 'phase' has shape \(9,\), expected \(10,\)",
    ),
    "samples of other rows": (
        replace_field("posterior_samples", lambda s: s[:-1]),
        "'posterior_samples' has shape",
    ),
    "one-dimensional spectra": (replace_field("gt", np.ravel), "'gt'"),
    "text for numbers": (replace_field("gt", lambda g: g.astype(str)), "field 'gt' is of type"),
    "a phase missing": (set_value("phase", 1, 5.0), "field 'phase', model 2.544e"),
    "a phase twice": (set_value("phase", 1, -10.0), "field 'phase', model 2.544e"),
    "two light curves": (
        set_value("photoflux", (1, slice(None)), -17.5),
        "light curve differs between phases",
    ),
    "a name that says nothing": (replace_field("identity", lambda i: np.repeat(["a.h5", "b.h5"], 5)), "a.h5"),
    "masses that do not add up": (
        replace_field("identity", lambda i: np.repeat([NAMES[0].replace("1.330", "1.930"), NAMES[1]], 5)),
        "not the sum",
    ),
}


@pytest.mark.parametrize("change, message", BROKEN.values(), ids=BROKEN)
def test_broken_values_are_named(tmp_path, rows, change, message):
    change(rows)
    np.savez(path_in(tmp_path), **rows)
    with pytest.raises(ValueError, match=message) as error:
        read_published_sample(tmp_path)
    assert str(tmp_path) in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("field", ["gt", "photoband", "identity", "posterior_samples"])
def test_a_missing_field_is_named(tmp_path, rows, field):
    del rows[field]
    np.savez(path_in(tmp_path), **rows)
    with pytest.raises(ValueError, match=f"field '{field}' is missing"):
        read_published_sample(tmp_path)


def test_a_truncated_file_is_named(folder):
    path = path_in(folder)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ValueError, match=path.name):
        read_published_sample(folder)


def test_no_folder_and_an_empty_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such folder"):
        read_published_sample(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match="no file named posterior_test"):
        read_published_sample(tmp_path)


def test_a_model_in_two_files_is_named(folder, rows):
    np.savez(path_in(folder, batch=2), **rows)
    with pytest.raises(ValueError, match=r"batch2.*occurs in another file"):
        read_published_sample(folder)


# The real files.


@pytest.fixture(scope="module")
def sample(published_folder):
    return read_published_sample(published_folder)


def test_real_sample_has_the_published_shape(sample):
    events = sample.events
    n = len(events)
    assert n >= 60
    assert events.spectra.log10_fnu.shape == (n, 5, 982)
    assert sample.diffusion_log10_fnu.shape == (n, 50, 5, 982)
    assert events.light_curves.observed.sum(1).min() > 24  # the published code's selection


def test_real_file_names_are_read_and_written_again(sample):
    events = sample.events
    for name, parameters in zip(events.object_id, events.parameters, strict=True):
        assert filename_from_parameters(parameters) == name
        np.testing.assert_array_equal(parameters_from_filename(name), parameters)
    assert beyond_grid(events.parameters) == []  # the limits of the grid hold for all of them


def test_real_peak_magnitudes_are_those_of_type_ia_supernovae(sample):
    light_curves = sample.events.light_curves
    near_peak = (np.abs(light_curves.phase_days) < 5) & np.isin(light_curves.band, (1, 2))
    assert -20.5 < np.nanmedian(light_curves.magnitude[near_peak]) < -17.5


def test_real_spectra_and_light_curves_are_of_the_same_object(sample):
    """Synthetic r magnitude of the spectrum near peak against an observed r point within a day of it."""
    from speclite.filters import load_filter

    response = load_filter("lsst2016-r")
    spectra, light_curves = sample.events.spectra, sample.events.light_curves
    differences = []
    for i in range(len(sample.events)):
        at = (np.abs(light_curves.phase_days[i]) < 1) & (light_curves.band[i] == 2) & light_curves.observed[i]
        if at.any():
            fnu = 10 ** np.nan_to_num(spectra.log10_fnu[i, 1], nan=-30)
            flambda = fnu * 2.99792458e18 / spectra.wavelength_aa**2
            magnitude = response.get_ab_magnitude(flambda, spectra.wavelength_aa)
            differences.append(magnitude - light_curves.magnitude[i][at].mean())
    assert len(differences) > 10
    assert np.abs(differences).max() < 0.1


def test_real_diffusion_posterior_scores_as_computed_from_the_raw_files(sample, published_folder):
    """RMSE per phase straight from the arrays, without this package."""
    squares, counts = dict.fromkeys(PHASES, 0.0), dict.fromkeys(PHASES, 0)
    for path in published_folder.glob("*.npz"):
        with np.load(path, allow_pickle=False) as raw:
            mean = raw["posterior_samples"].reshape(len(raw["gt"]), -1, 982).mean(1)
            for row, phase in enumerate(raw["phase"]):
                valid = raw["mask"][row] == 1
                squares[phase] += ((mean - raw["gt"])[row][valid] ** 2).sum()
                counts[phase] += valid.sum()
    error = sample.diffusion_log10_fnu.mean(1) - sample.events.spectra.log10_fnu
    expected = [np.sqrt(squares[phase] / counts[phase]) for phase in PHASES]
    np.testing.assert_allclose(np.sqrt(np.nanmean(error**2, axis=(0, 2))), expected, rtol=1e-4)
