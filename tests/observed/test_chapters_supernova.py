"""The light curve that a chapter begins with: read as its numbers are counted and dated by hand."""

import numpy as np
import pandas as pd
import pytest

from snlib.data.quantities import BANDS
from snlib.files import DATA
from snlib.observed import distance_modulus_at, read_observed_light_curves
from snlib.observed.published import read_published

FOLDER = DATA / "supernova"
LIGHT_CURVE, OBJECTS = FOLDER / "SN2006ax.txt", FOLDER / "objects.csv"
POINTS = {"u": 21, "B": 29, "V": 26, "g": 26, "r": 26, "i": 26, "Y": 36, "J": 33, "H": 25}
DIPOLE_KM_S, DIPOLE_RA_DEG, DIPOLE_DEC_DEG = 369.82, 167.942, -6.944  # Planck Collaboration 2020


def test_the_points_of_each_filter_are_all_read():
    band = (
        pd.Series(read_published(LIGHT_CURVE).points.columns["band"])
        .str.replace("csp-", "")
        .str.replace(" (SNooPy)", "")
    )
    assert band.value_counts().to_dict() == POINTS


def test_dates_are_counted_as_in_the_file():
    """Its first is 815.64, in days since JD 2453000."""
    mjd = np.asarray(read_published(LIGHT_CURVE).points.columns["mjd"], dtype=float)
    assert mjd[0] == pytest.approx(2453815.64 - 2400000.5)
    assert mjd.min() == pytest.approx(mjd[0], abs=0.011) and mjd.max() < 54000


def test_the_distance_is_that_of_the_redshift_seen_from_the_microwave_background():
    """The direction of the dipole, and the supernova's, as unit vectors."""
    _, redshift, ra, dec = LIGHT_CURVE.read_text().splitlines()[0].split()

    def towards(ra_deg, dec_deg):
        ra, dec = np.radians([float(ra_deg), float(dec_deg)])
        return np.array([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)])

    km_s = DIPOLE_KM_S * towards(DIPOLE_RA_DEG, DIPOLE_DEC_DEG) @ towards(ra, dec)
    seen = (1 + float(redshift)) * (1 + km_s / 299_792.458) - 1
    known = pd.read_csv(OBJECTS).iloc[0]
    assert known["redshift"] == float(redshift)
    assert known["distance_modulus"] == pytest.approx(distance_modulus_at(seen), abs=0.01)


@pytest.mark.filterwarnings("ignore")
def test_at_rest_it_is_as_bright_as_a_normal_type_ia():
    curves, (steps,) = read_observed_light_curves(LIGHT_CURVE, OBJECTS)
    of_r = curves.band == BANDS.index("r")
    near = np.abs(curves.phase_days) < 3
    assert curves.magnitude[of_r & near].mean() == pytest.approx(-19.2, abs=0.3)
    assert steps.peak_mjd == pytest.approx(53827.0, abs=0.5)  # Krisciunas et al. 2017: JD 2453827.2
