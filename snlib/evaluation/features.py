"""Statements about whole spectra: magnitudes, a colour, depths and widths of absorptions.

Each needs many pixels at once, so that samples are right about it only if they are right jointly.
"""

import numpy as np
from scipy.ndimage import label, uniform_filter1d

from snlib.data.quantities import LIGHT_AA_PER_S
from snlib.evaluation.scores import sample_scores, without_unit
from snlib.simulation.photometry import filter_weights

__all__ = ["ABSORPTIONS_AA", "FEATURES", "feature_scores", "features"]

# The six filters of a light curve need 3000-11000 Å; these two lie within the spectra.
_BANDS = ("g", "r")
# Shoulders, blue and red. Fixed, not the local maxima that observers seek: a maximum of noisy flux lies
# above the flux, and it jumps. At 0 and 10 d they bracket the troughs of all velocities of the grid.
ABSORPTIONS_AA = {
    "ca_ii_hk": ((3300.0, 3400.0), (3880.0, 3960.0)),
    "si_ii_6355": ((5720.0, 5820.0), (6300.0, 6420.0)),
}
_BLUE_AA, _RED_AA = (3300.0, 3800.0), (7150.0, 7950.0)
_TROUGH_AA = 60.0
_LONGEST_GAP = 5  # pixels; 1500 km/s, well below the width of a feature
# Names and units.
FEATURES = {
    "g_mag": "mag",
    "r_mag": "mag",
    "g_minus_r_mag": "mag",
    "blue_minus_red_dex": "dex",
    "ca_ii_hk_pew_aa": "Å",
    "ca_ii_hk_depth": "",
    "si_ii_6355_pew_aa": "Å",
    "si_ii_6355_depth": "",
}


def features(wavelength_aa, log10_fnu):
    """Measure spectra, those of a truth and those of samples alike.

    Gaps of up to five pixels are bridged by a straight line in log10 F_nu.

    Parameters
    ----------
    wavelength_aa : ndarray, shape (L,)
        Ascending, from 3300 Å or less to 7950 Å or more.
    log10_fnu : ndarray, shape (..., L)
        log10 of erg/s/cm^2/Hz at 10 pc; NaN where not observed.

    Returns
    -------
    ndarray, shape (..., F)
        In the order of `FEATURES`; NaN where a pixel that a feature needs is not observed.

        ``g_mag, r_mag, g_minus_r_mag``
            synthetic AB magnitudes through ``lsst2016-g`` and ``lsst2016-r``, and the colour;
        ``blue_minus_red_dex``
            mean log10 F_nu over 3300-3800 Å less that over 7150-7950 Å, on both sides of the filters;
        ``ca_ii_hk_pew_aa, si_ii_6355_pew_aa``
            pseudo-equivalent widths in Å: the integral of 1 - F/F_c between two shoulders
            (`ABSORPTIONS_AA`), with F per unit of wavelength and F_c the straight line through its means
            over the shoulders, as in the indices of Worthey et al. (1994, ApJS 94, 687) and, with
            shoulders at local maxima, in Silverman et al. (2012, MNRAS 425, 1819);
        ``ca_ii_hk_depth, si_ii_6355_depth``
            the largest 1 - F/F_c between the shoulders, of a running mean over 60 Å.

    Raises
    ------
    ValueError
        If the wavelengths do not cover all features, or do not fit the spectra.
    """
    wavelength_aa = np.asarray(wavelength_aa, dtype=float)
    if wavelength_aa.shape != log10_fnu.shape[-1:]:
        raise ValueError(f"log10_fnu: shape {log10_fnu.shape} for {wavelength_aa.shape} wavelengths")
    if wavelength_aa[0] > _BLUE_AA[0] or wavelength_aa[-1] < _RED_AA[1]:
        raise ValueError(
            f"wavelength_aa: {wavelength_aa[0]:.0f}-{wavelength_aa[-1]:.0f} Å, "
            f"but features need {_BLUE_AA[0]:.0f}-{_RED_AA[1]:.0f} Å"
        )
    log10_fnu = _bridged(np.asarray(log10_fnu, dtype=float))
    flambda = 10.0**log10_fnu * (LIGHT_AA_PER_S / wavelength_aa**2)
    weights = filter_weights(wavelength_aa, _BANDS, per_frequency=False)
    g, r = (-2.5 * np.log10(flambda[..., inside] @ weight) for inside, weight in weights)
    blue, red = (log10_fnu[..., _within(wavelength_aa, window)].mean(-1) for window in (_BLUE_AA, _RED_AA))
    values = {"g_mag": g, "r_mag": r, "g_minus_r_mag": g - r, "blue_minus_red_dex": blue - red}
    for name, shoulders in ABSORPTIONS_AA.items():
        values[f"{name}_pew_aa"], values[f"{name}_depth"] = _absorption(wavelength_aa, flambda, shoulders)
    return np.stack([values[name] for name in FEATURES], axis=-1)


def feature_scores(samples, truth, phase_days):
    """Scores of the features of the samples of one supernova.

    Parameters
    ----------
    samples : ndarray, shape (S, P, F)
    truth : ndarray, shape (P, F)
        See `features`.
    phase_days : ndarray, shape (P,)

    Returns
    -------
    pandas.DataFrame
        A row a phase and feature: ``phase_days, feature`` and the columns of
        `snlib.evaluation.scores.sample_scores`, whose names are without ``dex``: each is in the unit of its
        feature.  ``n_pixels`` is 1 or, where the truth has no such feature, 0.
    """
    rows = {"phase_days": phase_days, "feature": list(FEATURES)}
    return without_unit(sample_scores(samples[..., None], truth[..., None], rows))


def _within(wavelength_aa, window):
    return slice(*np.searchsorted(wavelength_aa, window))


def _absorption(wavelength_aa, flambda, shoulders):
    """Pseudo-equivalent width in Å and depth."""
    (x0, f0), (x1, f1) = (
        (wavelength_aa[at].mean(), flambda[..., at].mean(-1))
        for at in (_within(wavelength_aa, shoulder) for shoulder in shoulders)
    )
    between = _within(wavelength_aa, (shoulders[0][1], shoulders[1][0]))
    x = wavelength_aa[between]
    continuum = f0[..., None] + (f1 - f0)[..., None] * ((x - x0) / (x1 - x0))
    missing = 1 - flambda[..., between] / continuum
    width = max(1, round(_TROUGH_AA / np.diff(x).mean()))
    return np.trapezoid(missing, x, axis=-1), uniform_filter1d(missing, width, mode="nearest").max(-1)


def _bridged(log10_fnu):
    """Fill short gaps; what is at the ends stays as it is."""
    log10_fnu = log10_fnu.copy()
    pixel = np.arange(log10_fnu.shape[-1])
    for spectrum in log10_fnu.reshape(-1, len(pixel)):
        missing = np.isnan(spectrum)
        if missing.any() and not missing.all():
            gap, _ = label(missing)
            short = missing & (np.bincount(gap)[gap] <= _LONGEST_GAP)
            spectrum[short] = np.interp(
                pixel[short], pixel[~missing], spectrum[~missing], left=np.nan, right=np.nan
            )
    return log10_fnu
