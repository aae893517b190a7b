"""Predicted spectra beside observed ones: known shapes and levels, and what is committed of SN 2006ax."""

import numpy as np
import pandas as pd
import pytest

from snlib.files import DATA, read_json
from snlib.inference import OBSERVED_WEIGHTS
from snlib.replication.cache import file_digest
from snlib.replication.seen import beside, score_seen

REDSHIFT = 0.02
REST_AA = np.arange(3300.0, 8300.0, 5.0)
RESULTS = {name: DATA / "results" / name for name in ("supernova", "unlike_observed")}
# Dates in the names of the published files, as days of April 2006 less those of the peak, MJD 53827.03.
PHASES = (np.array([-4 - 0.71, 2.30, 28.224]) - (53827.03 - 53825)) / 1.01673


def seen(mjd=(55_000.0, 55_010.2)):
    """Flat predictions in F_lambda, within a factor of two."""
    one = pd.DataFrame({"wavelength_aa": REST_AA * (1 + REDSHIFT), "f_lambda": 1e-15})
    one = one.assign(low_90_f_lambda=0.5e-15, high_90_f_lambda=2e-15)
    nights = [one.assign(mjd=day, phase_days=(day - 55_000) / (1 + REDSHIFT)) for day in mjd]
    return pd.concat(nights, ignore_index=True)


def spectrum(flux, mjd=55_000.2):
    wavelength = np.arange(3300.0, 8600.0, 2.0)
    return pd.DataFrame({"mjd": mjd, "wavelength": wavelength, "flux": flux(wavelength)})


def test_a_spectrum_of_the_predicted_shape_has_no_error_at_any_level():
    (row,) = score_seen(seen(), spectrum(lambda x: np.full(len(x), 4e-17)), REDSHIFT).to_dict("records")
    assert row["shape_dex"] == pytest.approx(0, abs=1e-4) and row["coverage_90"] == 1
    assert row["scale"] == pytest.approx(25, rel=1e-3)
    assert row["width_90_dex"] == pytest.approx(np.log10(4)) and row["phase_days"] == 0
    assert row["n_pixels"] == np.sum((REST_AA >= 3500) & (REST_AA <= 8000))


def test_steps_in_the_flux_are_errors_in_shape_and_leave_the_interval():
    """Thirds of the pixels are as predicted, a factor of 1.5 brighter, and three times fainter."""
    edges = (1 + REDSHIFT) * np.array([5000.0, 6500.0])
    factors = np.array([1.5, 1.0, 1 / 3])
    flux = spectrum(lambda x: factors[np.searchsorted(edges, x)])
    (row,) = score_seen(seen(), flux, REDSHIFT).to_dict("records")
    assert row["shape_dex"] == pytest.approx(np.sqrt(np.mean(np.log10(factors) ** 2)), rel=0.01)
    assert row["coverage_90"] == pytest.approx(2 / 3, abs=0.01)


def test_the_nearest_night_counts_and_must_be_near():
    assert set(beside(seen(), 55_009.8)["mjd"]) == {55_010.2}
    with pytest.raises(ValueError, match=r"mjd: 55005 is 5\.0 days from the nearest prediction"):
        beside(seen(), 55_005.0)


@pytest.mark.parametrize("name", RESULTS)
def test_results_are_of_the_weights_that_are_shipped(name):
    weights = read_json(RESULTS[name] / "provenance.json")["weights"]
    assert weights == {"file": OBSERVED_WEIGHTS.name, "sha256": file_digest(OBSERVED_WEIGHTS)}


def test_phases_of_the_observed_spectra_are_those_of_their_published_dates():
    for _, rows in pd.read_csv(RESULTS["supernova"] / "spectra.csv").groupby("given"):
        np.testing.assert_allclose(rows["phase_days"], PHASES, atol=0.02)


def test_what_is_called_unlike_fits_worse_than_the_limit():
    limit = read_json(RESULTS["unlike_observed"] / "provenance.json")["most_misfit_mag"]
    learned = "SN" + pd.read_csv(DATA / "observed_supernovae.csv")["object_id"]
    for name in ("light_curves", "analytic"):
        table = pd.read_csv(RESULTS["unlike_observed"] / f"{name}.csv")
        assert (table["unlike"] == (table["misfit_mag"] > limit)).all()
        assert not set(table["object_id"]) & set(learned)
