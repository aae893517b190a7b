"""The filters of a survey, from a FITS file that is written here."""

import numpy as np
import pytest
from astropy.io import fits

from snlib.observed import read_kcor

WAVELENGTH_AA = np.arange(4000.0, 5001)
BOX = ((WAVELENGTH_AA >= 4400) & (WAVELENGTH_AA <= 4600)).astype(float)


def write(path, curve=BOX, name="B", offset=0.125):
    columns = [fits.Column("wavelength (A)", "E", array=WAVELENGTH_AA), fits.Column(name, "E", array=curve)]
    curves = fits.BinTableHDU.from_columns(columns, name="FilterTrans")
    columns = [
        fits.Column("Filter Name", "20A", array=["B"]),
        fits.Column("ZPoff(Primary)", "E", array=[offset]),
    ]
    zero = fits.BinTableHDU.from_columns(columns, name="ZPoff")
    fits.HDUList([fits.PrimaryHDU(), curves, zero]).writeto(path)
    return path


def test_a_filter_has_its_curve_and_its_offset(tmp_path):
    band = read_kcor(write(tmp_path / "kcor.fits"))["B"]
    assert band.zero_point_offset == 0.125 and band.effective_wavelength_aa == pytest.approx(4500)
    np.testing.assert_array_equal(band.transmission, BOX)


@pytest.mark.parametrize("wrong", [{"curve": 0 * BOX}, {"name": "V"}, {"offset": np.nan}])
def test_what_is_no_filter_is_refused(tmp_path, wrong):
    with pytest.raises(ValueError, match=r"kcor\.fits: "):
        read_kcor(write(tmp_path / "kcor.fits", **wrong))


def test_a_damaged_file_is_refused(tmp_path):
    path = write(tmp_path / "kcor.fits")
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(ValueError, match=r"kcor\.fits: "):
        read_kcor(path)
