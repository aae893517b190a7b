"""Spectra drawn from the prior and from posteriors: their diversity, and the detail they lose (Figure 5)."""

import numpy as np
import pandas as pd

from snlib.data.quantities import LIGHT_AA_PER_S
from snlib.inference.posteriors import from_light_curve, posterior_samples
from snlib.random_streams import stream

__all__ = [
    "SCALES_KM_S",
    "absorption_depth",
    "conditional_spectra",
    "generation_scores",
    "power_spectrum",
    "prior_spectra",
]

# Scales of structure along ln(wavelength), as velocities: broad features, lines, and less than a line.
SCALES_KM_S = {"broad": (20_000, 100_000), "lines": (5_000, 20_000), "fine": (0, 3_000)}
# The blended absorption that the paper points at, between the two maxima beside it.
_BLEND_AA, _SHOULDERS_AA, _HALF_WIDTH_AA = 4250.0, (3950.0, 4550.0), 50.0
_LIGHT_KM_S = LIGHT_AA_PER_S / 1e13


def prior_spectra(model, scaling, phase_days, wavelength_aa, n, seed):
    """Spectra decoded from samples of the prior p(z).

    Parameters
    ----------
    model : MMVAE
    scaling : snlib.data.scaling.Scaling
    phase_days : float
    wavelength_aa : ndarray, shape (L,)
    n, seed : int

    Returns
    -------
    ndarray, shape (n, L)
        log10 F_nu, the means of the likelihood.  With a larger n more follow, the first stay the same.
    """
    recipe, prior = model.recipe, model.prior()
    shape = 1, recipe.latent_tokens, recipe.latent_dim
    everywhere = type(prior)(prior.loc.expand(shape), prior.scale.expand(shape))
    where = np.array([phase_days]), wavelength_aa
    latent, _ = posterior_samples(
        everywhere, model.spectrum, scaling, *where, n, stream("prior samples", seed)
    )
    return latent[:, 0]


def conditional_spectra(model, scaling, events, phase_days, seed, device="cpu"):
    """One spectrum for each light curve, decoded from one sample of its posterior.

    Each light curve has a stream of its own, by its place among the events: its spectrum does not depend
    on the others.

    Parameters
    ----------
    model : MMVAE
        On `device`.
    scaling : snlib.data.scaling.Scaling
    events : Events
    phase_days : float
    seed : int
    device : str

    Returns
    -------
    ndarray, shape (N, L)
        log10 F_nu, the mean of the likelihood.
    """
    where = np.array([phase_days]), events.spectra.wavelength_aa
    spectra = []
    for index in range(len(events)):
        posterior = from_light_curve(model, scaling, events.select([index]), device)
        rng = stream("conditional samples", seed, index)
        latent, _ = posterior_samples(posterior, model.spectrum, scaling, *where, 1, rng)
        spectra.append(latent[0, 0])
    return np.stack(spectra)


def power_spectrum(log10_fnu, wavelength_aa):
    """Power of spectra against the scale of their structure.

    A straight line in ln(wavelength) is taken off and a Hann window put on; pixels without flux are
    filled by linear interpolation.

    Parameters
    ----------
    log10_fnu : ndarray, shape (N, L)
    wavelength_aa : ndarray, shape (L,)
        Evenly spaced in its logarithm.

    Returns
    -------
    scale_km_s : ndarray, shape (L // 2,)
        Wavelength of each oscillation along ln(wavelength), as a velocity; descending.
    power : ndarray, shape (N, L // 2)
        dex^2 an oscillation; the sum over all of them is the variance of the windowed spectrum.

    Raises
    ------
    ValueError
        If the wavelengths are not evenly spaced in their logarithm.
    """
    x = np.log(wavelength_aa)
    step = (x[-1] - x[0]) / (len(x) - 1)
    if np.abs(np.diff(x) / step - 1).max() > 0.01:
        raise ValueError("wavelength_aa: not evenly spaced in its logarithm")
    flux = np.stack([_filled(x, row) for row in log10_fnu])
    line = np.polynomial.polynomial.polyfit(x, flux.T, 1)
    window = np.hanning(len(x))
    flux = (flux - line[0][:, None] - line[1][:, None] * x) * window / np.sqrt(np.mean(window**2))
    n = len(x)
    amplitude = np.abs(np.fft.rfft(flux)[:, 1 : n // 2 + 1]) / n
    power = 2 * amplitude**2
    if n % 2 == 0:
        power[:, -1] /= 2  # the highest frequency has no partner
    return _LIGHT_KM_S * step * n / np.arange(1, n // 2 + 1), power


def _filled(x, row):
    seen = np.isfinite(row)
    return np.interp(x, x[seen], row[seen])


def absorption_depth(log10_fnu, wavelength_aa):
    """Depth of the blended absorption near 4250 Å: below the straight line between its shoulders.

    Each of the three levels is a mean over 100 Å; the shoulders, 3950 and 4550 Å, are where the mean
    spectrum of the simulations has its maxima ten days after peak.

    Parameters
    ----------
    log10_fnu : ndarray, shape (N, L)
    wavelength_aa : ndarray, shape (L,)

    Returns
    -------
    ndarray, shape (N,)
        In dex; negative where there is no absorption but a bump, NaN where a level has no pixels.
    """

    def level(centre_aa):
        near = np.abs(wavelength_aa - centre_aa) <= _HALF_WIDTH_AA
        return np.nanmean(log10_fnu[:, near], axis=1)

    return np.mean([level(shoulder) for shoulder in _SHOULDERS_AA], axis=0) - level(_BLEND_AA)


def generation_scores(spectra, wavelength_aa):
    """How much spectra differ from their mean, their power at each scale, and their blended absorption.

    Parameters
    ----------
    spectra : ndarray, shape (N, L)
        log10 F_nu.
    wavelength_aa : ndarray, shape (L,)

    Returns
    -------
    pandas.DataFrame
        A row a spectrum: ``variance_dex2``, its mean square distance from the mean spectrum times
        N / (N - 1), so that few and many spectra compare; ``power_<scale>_dex2`` for each of
        `SCALES_KM_S`; and ``blend_depth_dex``, see `absorption_depth`.
    """
    scale, power = power_spectrum(spectra, wavelength_aa)
    n = np.isfinite(spectra).sum(0)
    square = (spectra - np.nanmean(spectra, 0)) ** 2 * n / np.maximum(n - 1, 1)
    columns = {"variance_dex2": np.nanmean(square, axis=1)}
    for name, (low, high) in SCALES_KM_S.items():
        columns[f"power_{name}_dex2"] = power[:, (scale >= low) & (scale < high)].sum(1)
    return pd.DataFrame(columns | {"blend_depth_dex": absorption_depth(spectra, wavelength_aa)})
