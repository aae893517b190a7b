"""Features of spectra whose magnitudes, widths and depths are known."""

import astropy.units as u
import numpy as np
import pytest
from speclite.filters import load_filters

from snlib.data.quantities import LIGHT_AA_PER_S, SURFACE_WAVELENGTH_AA, WAVELENGTH_AA
from snlib.evaluation.features import ABSORPTIONS_AA, FEATURES, feature_scores, features
from snlib.evaluation.scores import PIT_COLUMNS
from snlib.simulation.grid import draw_parameters
from snlib.simulation.photometry import band_magnitudes
from snlib.simulation.surrogate import Surrogate

NAMES = list(FEATURES)
CENTRES = {"ca_ii_hk": (3640.0, 60.0, 0.7), "si_ii_6355": (6060.0, 70.0, 0.5)}


def measured(flambda):
    """Features by name, from F_lambda in any unit."""
    values = features(WAVELENGTH_AA, np.log10(flambda * WAVELENGTH_AA**2 / LIGHT_AA_PER_S))
    return dict(zip(NAMES, np.moveaxis(values, -1, 0), strict=True))


def with_lines():
    lines = [
        depth * np.exp(-0.5 * ((WAVELENGTH_AA - at) / width) ** 2) for at, width, depth in CENTRES.values()
    ]
    return 1 - sum(lines)


@pytest.fixture(scope="module")
def supernovae():
    """Noise-free log10 F_nu of shape (6, 5, 982)."""
    parameters = np.array([draw_parameters(np.random.default_rng(seed)) for seed in range(6)])
    return Surrogate.load().log10_fnu(parameters, np.array([-10.0, 0, 10, 20, 30]), WAVELENGTH_AA)


@pytest.mark.parametrize("line", CENTRES)
def test_a_gaussian_line_has_its_width_and_depth(line):
    _, width, depth = CENTRES[line]
    found = measured(with_lines())
    assert found[f"{line}_pew_aa"] == pytest.approx(depth * width * np.sqrt(2 * np.pi), rel=0.005)
    # A mean over 60 Å about the centre of a Gaussian
    x = np.linspace(-30, 30, 601)
    smooth = depth * np.exp(-0.5 * (x / width) ** 2).mean()
    assert found[f"{line}_depth"] == pytest.approx(smooth, abs=0.005)


def test_no_line_no_width():
    found = measured(2.0 - WAVELENGTH_AA / 9000)
    for line in ABSORPTIONS_AA:
        assert found[f"{line}_pew_aa"] == pytest.approx(0, abs=1e-8)
        assert found[f"{line}_depth"] == pytest.approx(0, abs=1e-10)


@pytest.mark.parametrize("tilt", [-0.8, 0.8, 3.0])
def test_widths_stay_when_the_continuum_is_tilted_and_scaled(tilt):
    slope = 7e5 * (1 + tilt * (WAVELENGTH_AA - 3000) / 5000)
    flat, tilted = measured(with_lines()), measured(slope * with_lines())
    for line in ABSORPTIONS_AA:
        assert tilted[f"{line}_pew_aa"] == pytest.approx(flat[f"{line}_pew_aa"], rel=0.01)
        assert tilted[f"{line}_depth"] == pytest.approx(flat[f"{line}_depth"], rel=0.01)


def test_brightness_changes_only_magnitudes(supernovae):
    change = features(WAVELENGTH_AA, supernovae + 0.4) - features(WAVELENGTH_AA, supernovae)
    for name, values in zip(NAMES, np.moveaxis(change, -1, 0), strict=True):
        np.testing.assert_allclose(values, -1.0 if name in ("g_mag", "r_mag") else 0.0, atol=1e-6)


def test_magnitudes_are_those_of_speclite(supernovae):
    unit = u.erg / u.s / u.cm**2 / u.AA
    flambda = 10**supernovae * LIGHT_AA_PER_S / WAVELENGTH_AA**2 * unit
    expected = load_filters("lsst2016-g", "lsst2016-r").get_ab_magnitudes(
        flambda.reshape(30, -1), WAVELENGTH_AA * u.AA
    )
    found = features(WAVELENGTH_AA, supernovae)
    for column, magnitudes in enumerate(expected.columns.values()):
        np.testing.assert_allclose(found[..., column], magnitudes.reshape(6, 5), atol=1e-6)
    np.testing.assert_allclose(found[..., 2], found[..., 0] - found[..., 1], atol=1e-12)


def test_magnitudes_are_those_of_the_light_curves():
    parameters = draw_parameters(np.random.default_rng(9))[None]
    whole = Surrogate.load().log10_fnu(parameters, np.array([0.0, 20.0]), SURFACE_WAVELENGTH_AA)
    inside = np.isin(SURFACE_WAVELENGTH_AA, WAVELENGTH_AA)
    np.testing.assert_allclose(
        features(WAVELENGTH_AA, whole[..., inside])[..., :2],
        band_magnitudes(SURFACE_WAVELENGTH_AA, whole)[..., 1:3],
        atol=1e-6,
    )


def test_flat_fnu_has_its_ab_magnitude_and_no_colour():
    found = features(WAVELENGTH_AA, np.full(982, -0.4 * (48.6 - 19.0)))
    np.testing.assert_allclose(found[:4], [-19, -19, 0, 0], atol=1e-3)


def test_colours_of_a_power_law():
    """log10 F_nu = 2 log10 wavelength: the means lie where their windows do."""
    log10_fnu = 2 * np.log10(WAVELENGTH_AA / 5000)
    found = features(WAVELENGTH_AA, log10_fnu)[NAMES.index("blue_minus_red_dex")]
    # Pixels are even in the logarithm, so each mean is that of the ends
    expected = np.log10(3300 * 3800) - np.log10(7150 * 7950)
    assert found == pytest.approx(expected, abs=1e-3)


def test_troughs_lie_between_their_shoulders(supernovae):
    """At maximum and ten days later."""
    depth = features(WAVELENGTH_AA, supernovae[:, 1:3])[..., [NAMES.index(f"{x}_depth") for x in CENTRES]]
    assert (depth > 0.2).all() and (depth < 1).all()


def test_short_gaps_are_bridged_and_long_ones_spoil_what_needs_them(supernovae):
    whole = features(WAVELENGTH_AA, supernovae[0])
    spectra = supernovae[0].copy()
    silicon = np.searchsorted(WAVELENGTH_AA, 6050.0)
    spectra[1, silicon : silicon + 5] = np.nan
    spectra[2, silicon : silicon + 6] = np.nan
    spectra[3, -6:] = np.nan
    spectra[4] = np.nan
    given = spectra.copy()
    found = features(WAVELENGTH_AA, spectra)
    np.testing.assert_array_equal(spectra, given)
    np.testing.assert_allclose(found[1], whole[1], rtol=0.02)
    spoiled = {NAMES[i] for i in np.flatnonzero(np.isnan(found[2]))}
    assert spoiled == {"r_mag", "g_minus_r_mag", "si_ii_6355_pew_aa", "si_ii_6355_depth"}
    np.testing.assert_array_equal(found[2][~np.isnan(found[2])], whole[2][~np.isnan(found[2])])
    np.testing.assert_array_equal(found[[0, 3]], whole[[0, 3]])  # nothing is measured in the last 47 Å
    assert np.isnan(found[4]).all()


def test_spectra_of_any_shape_each_by_itself(supernovae):
    table = features(WAVELENGTH_AA, supernovae)
    assert table.shape == (6, 5, len(FEATURES))
    np.testing.assert_allclose(table[4, 2], features(WAVELENGTH_AA, supernovae[4, 2]), rtol=1e-9)


def test_wavelengths_that_do_not_suffice_are_named():
    with pytest.raises(ValueError, match="3000-7000 Å"):
        features(np.linspace(3000, 7000, 50), np.zeros(50))
    with pytest.raises(ValueError, match="log10_fnu"):
        features(WAVELENGTH_AA, np.zeros((3, 5)))


def test_scores_of_features_are_theirs_alone():
    rng = np.random.default_rng(0)
    unit = 10.0 ** np.arange(-4, 4)
    samples, truth = rng.normal(size=(50, 2, 8)) * unit, np.zeros((2, 8))
    truth[1, 3] = np.nan
    table = feature_scores(samples, truth, [0.0, 10.0]).set_index(["phase_days", "feature"])
    np.testing.assert_allclose(table.loc[0.0, "width_68"] / (2 * unit), 1, atol=0.5)
    assert table.loc[(0.0, "r_mag"), "mse"] == pytest.approx(samples[:, 0, 1].mean() ** 2)
    assert table["n_pixels"].sum() == 15 and np.isnan(table.loc[(10.0, NAMES[3]), "crps"])
    assert table.loc[0.0, PIT_COLUMNS].sum(axis=1).to_numpy() == pytest.approx(1)
