"""Light curves of surveys in absolute AB magnitudes through their own filters, each with SALT3 fitted to it.

From these the table of observed supernovae is made: their spectra are brought to the level that the light
curve has in the night, and their magnitudes to the filters of Rubin.
"""

from dataclasses import dataclass, replace

import numpy as np

from snlib.data.quantities import LIGHT_AA_PER_S
from snlib.observed.frames import distance_modulus_at, observer_frame
from snlib.observed.passbands import ab_magnitudes
from snlib.observed.rest_frame import View
from snlib.observed.salt import Salt3
from snlib.observed.salt_fit import SaltFit, fit_salt

__all__ = ["CalibratedLightCurve", "calibrate"]

_LIGHT_KM_PER_S = LIGHT_AA_PER_S / 1e13
#: Å at rest, at which SALT3 is computed here.
_MODEL_AA = np.arange(2000.0, 11000.0, 5.0)
_COVERED_AA = (2400.0, 10500.0)  # by SALT3: where a filter lies at rest, but for its faint wings
_FAINT_WING = 1e-4
_SIGMA, _MOST_RESIDUAL_MAG, _PHASE_DAYS = 5.0, 0.7, (-15.0, 48.0)
_FEWEST_POINTS, _NEAR_PEAK_DAYS, _EARLY_DAYS = 6, 12.0, 3.0
# Below this redshift, the peculiar velocity of an object spoils the distance from its redshift.
_NEAREST_FLOW = 0.01
# Tripp's relation: brightness of a supernova of x1 = c = 0, and how it changes with both.
_TRIPP = {"B": -19.36, "x1": -0.14, "c": 3.1}


@dataclass(frozen=True)
class CalibratedLightCurve:
    """Points of one supernova and the model of its spectrum.

    Attributes
    ----------
    object_id : str
    view : snlib.observed.rest_frame.View
    redshift_cosmology : float
        Of the Hubble flow.
    fit : snlib.observed.salt_fit.SaltFit
    salt : snlib.observed.salt.Salt3
    passbands : tuple of snlib.observed.kcor.Passband
    mjd, magnitude, error_mag, residual : ndarray, shape (T,)
        Ascending dates, apparent AB magnitudes, their errors, and what they are fainter than the model.
    band : ndarray of int, shape (T,)
        Index into `passbands`.
    """

    object_id: str
    view: View
    redshift_cosmology: float
    fit: SaltFit
    salt: Salt3
    passbands: tuple
    mjd: np.ndarray
    magnitude: np.ndarray
    error_mag: np.ndarray
    residual: np.ndarray
    band: np.ndarray

    @property
    def phase_days(self):
        """Days from peak at rest, shape (T,)."""
        return self.view.phase_days(self.mjd)

    def model(self, phase_days, wavelength_aa):
        """log10 F_nu of SALT3 at rest at ten parsecs, shape (P, L)."""
        modulus = self.view.distance_modulus + 2.5 * np.log10(self.fit.x0)
        return self.salt.log10_fnu(self.fit.x1, self.fit.c, phase_days, wavelength_aa) + 0.4 * modulus

    def seen(self, phase_days, ebv_mw):
        """The model as a telescope sees it: wavelengths (L,) and F_lambda (P, L)."""
        view = self.view
        model = self.model(phase_days, _MODEL_AA)
        return observer_frame(_MODEL_AA, model, view.redshift, view.distance_modulus, ebv_mw)

    def expected(self, ebv_mw):
        """Magnitudes of the model for each point, shape (T,); NaN where it has none."""
        expected = np.full(len(self.mjd), np.nan)
        for number, passband in enumerate(self.passbands):
            own = self.band == number
            if own.any():
                expected[own] = ab_magnitudes(*self.seen(self.phase_days[own], ebv_mw), passband)
        return expected

    def native_magnitudes(self):
        """Absolute AB magnitudes through the filters as they lie at rest, without dust, shape (T,)."""
        reddened, clean = self.expected(self.view.ebv_mw), self.expected(0.0)
        view = self.view
        return self.magnitude + clean - reddened - view.distance_modulus + 2.5 * np.log10(1 + view.redshift)

    def having(self, points):
        """The same with some of the points."""
        columns = ("mjd", "magnitude", "error_mag", "residual", "band")
        return replace(self, **{name: getattr(self, name)[points] for name in columns})


def calibrate(supernova, passbands, surfaces):
    """Fit SALT3 to a supernova of a survey, and put its points beside the fit.

    Parameters
    ----------
    supernova : snlib.observed.snana.ObservedSupernova
    passbands : dict of str to snlib.observed.kcor.Passband
        Of the survey.
    surfaces : path-like
        Folder with the surfaces of a release of SALT3.

    Returns
    -------
    CalibratedLightCurve

    Raises
    ------
    ModuleNotFoundError
        If sncosmo is not installed.
    ValueError
        If there are too few points, or the fit cannot be made or is poor; the message says which.
    """
    inside = {
        name: passband
        for name, passband in passbands.items()
        if _is_covered(passband, supernova.redshift_heliocentric)
    }
    fit = fit_salt(supernova, inside, surfaces)
    curve = _all_points(supernova, inside, fit, Salt3.load(surfaces))
    _require_good(curve)
    curve = replace(curve, residual=curve.magnitude - curve.expected(curve.view.ebv_mw))
    first, last = _PHASE_DAYS
    use = (curve.phase_days > first) & (curve.phase_days < last)
    use &= (curve.error_mag < 2.5 / np.log(10) / _SIGMA) & (np.abs(curve.residual) < _MOST_RESIDUAL_MAG)
    if use.sum() < _FEWEST_POINTS:
        raise ValueError(f"{supernova.object_id}: few good points")
    return curve.having(use)


def _is_covered(passband, redshift):
    inside = passband.wavelength_aa[passband.transmission > _FAINT_WING * passband.transmission.max()]
    return inside[0] / (1 + redshift) > _COVERED_AA[0] and inside[-1] / (1 + redshift) < _COVERED_AA[1]


def _all_points(supernova, passbands, fit, salt):
    """Those with a flux, in filters that are known, without residuals yet."""
    names = list(passbands)
    known = np.isin(supernova.filter_name, names)
    use = np.flatnonzero(known & (supernova.flux > 0))
    use = use[np.argsort(supernova.mjd[use], kind="stable")]
    band = np.array([names.index(name) for name in supernova.filter_name[use]], dtype=int)
    offset = np.array([passbands[name].zero_point_offset for name in names])
    flux, error = supernova.flux[use], supernova.flux_error[use]
    redshift, flow, modulus = _distance(supernova, fit)
    return CalibratedLightCurve(
        object_id=supernova.object_id,
        view=View(redshift, modulus, supernova.ebv_mw, fit.peak_mjd),
        redshift_cosmology=flow,
        fit=fit,
        salt=salt,
        passbands=tuple(passbands.values()),
        mjd=supernova.mjd[use],
        magnitude=supernova.zero_point[use] - offset[band] - 2.5 * np.log10(flux),
        error_mag=2.5 / np.log(10) * error / flux,
        residual=np.full(len(use), np.nan),
        band=band,
    )


def _distance(supernova, fit):
    """Redshift, that of the Hubble flow, and the distance modulus: of the flow, or Tripp's if near."""
    redshift = supernova.redshift_heliocentric
    flow = (1 + supernova.redshift_cmb) / (1 + supernova.peculiar_velocity / _LIGHT_KM_PER_S) - 1
    if flow > _NEAREST_FLOW:
        modulus = distance_modulus_at(flow) + 5 * np.log10((1 + redshift) / (1 + flow))
    else:
        apparent = 10.5 - 2.5 * np.log10(fit.x0)
        modulus = apparent - _TRIPP["B"] - _TRIPP["x1"] * fit.x1 - _TRIPP["c"] * fit.c
    return redshift, flow, float(modulus)


def _require_good(curve):
    """Refuse a fit of which peak, stretch or colour are hardly known."""
    fit, near = curve.fit, np.abs(curve.phase_days) < _NEAR_PEAK_DAYS
    good = (
        fit.errors["t0"] < 1.0
        and fit.errors["x1"] < 1.0
        and fit.errors["c"] < 0.12
        and abs(fit.x1) < 4.5
        and fit.c < 0.5
        and len(np.unique(curve.mjd[near].round())) >= 3
        and len(np.unique(curve.band[near])) >= 2
        and (curve.phase_days < _EARLY_DAYS).sum() >= 2
    )
    if not good:
        raise ValueError(f"{curve.object_id}: poor fit")
