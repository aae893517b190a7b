"""The catalog that is made for the chapter on surveys: what is read of it is what was simulated."""

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from snlib.data.quantities import BANDS, SURFACE_WAVELENGTH_AA
from snlib.observed.command import Given
from snlib.replication.rubin_catalog import ODD, rubin_catalog, write_parts
from snlib.simulation import Surrogate, simulate
from snlib.simulation.photometry import band_magnitudes
from snlib.survey.forms import AsObserved

N = 12


@pytest.fixture(scope="module")
def events():
    return simulate(N, 3)


@pytest.fixture(scope="module")
def made(events):
    return rubin_catalog(Surrogate.load(), events, seed=1)


def test_the_light_curves_at_rest_are_those_of_the_surrogate(made, events):
    """Within noise, and what the interpolation between filters errs at these redshifts."""
    catalog, odd = made
    form = AsObserved(Given(columns="rubin-dp1"))
    packed = form.pack("c", catalog, form.layout("c", catalog.schema, ()))
    curves = form.at_rest("c", packed).curves
    away = []
    for index in np.flatnonzero(odd == ""):
        own = slice(*curves.start[index : index + 2])
        phase, band = curves.phase_days[own], curves.band[own]
        spectra = Surrogate.load().log10_fnu(events.parameters[[index]], phase, SURFACE_WAVELENGTH_AA)[0]
        expected = band_magnitudes(SURFACE_WAVELENGTH_AA, spectra)[np.arange(len(phase)), band]
        good = (phase > -5) & (phase < 30) & np.isin(band, [1, 2, 3])
        away.append((curves.magnitude[own] - expected)[good])
    away = np.concatenate(away)
    assert len(away) > 10 and abs(away.mean()) < 0.03 and np.median(np.abs(away)) < 0.05


def test_what_is_odd_is_odd_in_that_way(made, events):
    catalog, odd = made
    plain = rubin_catalog(Surrogate.load(), events, seed=1)
    assert plain[0].equals(catalog)  # a seed says all
    assert {name: (odd == name).sum() for name in ODD} == ODD and (odd == "").sum() == N - sum(ODD.values())
    redshift = catalog["redshift"].to_numpy()
    assert redshift[odd != "a wrong redshift"].max() <= 0.02 < redshift[odd == "a wrong redshift"].max()


def test_forced_photometry_holds_the_host_on_visit_images_only(made):
    nested = made[0]["diaObjectForcedSource"].combine_chunks()
    fields = {field.name: nested.field(field.name).flatten().to_numpy(False) for field in nested.type}
    good = ~fields["psfDiffFlux_flag"].astype(bool)
    np.testing.assert_allclose(fields["psfFlux"][good] - fields["psfDiffFlux"][good], 4e4)
    assert set(fields["band"]) <= set(BANDS) and (fields["psfDiffFluxErr"][good] > 0).all()


def test_parts_are_the_catalog(tmp_path, made):
    paths = write_parts(tmp_path / "c", made[0], 5)
    assert [path.name for path in paths] == [f"part-{number}.parquet" for number in range(5)]
    assert pa.concat_tables([parquet.read_table(path) for path in paths]).equals(made[0])
