"""Peak, stretch and colour of an observed light curve: a SALT3 fit by sncosmo."""

from dataclasses import dataclass

import numpy as np
from astropy.table import Table

from snlib.observed.salt import require_sncosmo, salt3_source

__all__ = ["SaltFit", "fit_salt"]

# Rest-frame effective wavelengths and days from the peak that the fit uses, and its error floor.
_WAVELENGTH_AA = (3300.0, 8000.0)
_PHASE_DAYS = (-18.0, 45.0)
_WINDOW_DAYS = (-25.0, 55.0)
_FLUX_FLOOR = 0.01


@dataclass(frozen=True)
class SaltFit:
    """What SALT3 says of a light curve.

    Attributes
    ----------
    peak_mjd : float
        Of the maximum in the B band.
    x0, x1, c : float
        Brightness, stretch and colour.
    errors : dict of str to float
        Standard errors, by the names in sncosmo: ``t0, x0, x1, c``.
    """

    peak_mjd: float
    x0: float
    x1: float
    c: float
    errors: dict


def _used(supernova, passbands):
    """Return which points, of shape (n_points,), the fit may use."""
    stretch = 1 + supernova.redshift_heliocentric
    effective = np.array(
        [
            passbands[name].effective_wavelength_aa / stretch if name in passbands else np.nan
            for name in supernova.filter_name
        ]
    )
    days = (supernova.mjd - supernova.peak_mjd) / stretch
    near = (days > _WINDOW_DAYS[0]) & (days < _WINDOW_DAYS[1])
    return near & (effective > _WAVELENGTH_AA[0]) & (effective < _WAVELENGTH_AA[1])


def fit_salt(supernova, passbands, surfaces):
    """Fit SALT3 to the light curve of a supernova, behind the dust of the Milky Way.

    Parameters
    ----------
    supernova : snlib.observed.snana.ObservedSupernova
    passbands : dict of str to snlib.observed.kcor.Passband
        Points in other filters are left out.
    surfaces : path-like
        Folder with ``salt3_template_0.dat`` and the other files of a release of SALT3.

    Returns
    -------
    SaltFit

    Raises
    ------
    ModuleNotFoundError
        If sncosmo is not installed.
    ValueError
        If fewer than eight points in two known filters lie within the model, or the fit finds no minimum.
    """
    sncosmo = require_sncosmo()
    used = _used(supernova, passbands)
    names = supernova.filter_name[used]
    if used.sum() < 8 or len(set(names)) < 2:
        raise ValueError(f"{supernova.object_id}: fewer than eight points in two filters for SALT3")
    bands = {}
    for name in set(names.tolist()):
        curve = passbands[name].transmission
        inside = np.flatnonzero(curve > 1e-4 * curve.max())
        part = slice(max(inside[0] - 1, 0), inside[-1] + 2)
        bands[name] = sncosmo.Bandpass(passbands[name].wavelength_aa[part], curve[part], name=name)
    offset = np.array([passbands[name].zero_point_offset for name in names])
    flux = supernova.flux[used]
    table = Table(
        {
            "time": supernova.mjd[used],
            "band": np.array([bands[name] for name in names], dtype=object),
            "flux": flux,
            "fluxerr": np.hypot(supernova.flux_error[used], _FLUX_FLOOR * np.abs(flux)),
            "zp": supernova.zero_point[used] - offset,
            "zpsys": ["ab"] * len(flux),
        }
    )
    dust = sncosmo.F99Dust(3.1)
    model = sncosmo.Model(salt3_source(surfaces), effects=[dust], effect_names=["mw"], effect_frames=["obs"])
    peak = supernova.peak_mjd
    model.set(z=supernova.redshift_heliocentric, mwebv=supernova.ebv_mw, t0=peak)
    bounds = {"t0": (peak - 8, peak + 8), "x1": (-5, 5), "c": (-0.5, 1.5)}
    free = ["t0", "x0", "x1", "c"]
    options = {"modelcov": True, "phase_range": _PHASE_DAYS, "guess_t0": False}
    try:
        result, fitted = sncosmo.fit_lc(table, model, free, bounds=bounds, **options)
    except (RuntimeError, sncosmo.fitting.DataQualityError) as error:
        raise ValueError(f"{supernova.object_id}: SALT3 cannot be fitted: {error}") from None
    return SaltFit(*(float(fitted[name]) for name in free), dict(result.errors))
