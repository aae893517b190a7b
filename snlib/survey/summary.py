"""Predicted spectra in short: mean and 90 % interval where they are wanted, magnitudes and line features."""

import numpy as np
import pyarrow as pa

from snlib.data.quantities import WAVELENGTH_AA
from snlib.evaluation.features import FEATURES, features
from snlib.inference.misfit import about_objects
from snlib.inference.predict import predict_object
from snlib.inference.samples import Samples

__all__ = ["FEWEST_SAMPLES", "nearest_pixels", "summary_table"]

#: Of fewer the ends of a 90 % interval are beyond the outermost.
FEWEST_SAMPLES = 19

_HALF_A_PIXEL = 0.0005  # of the wavelength
_ENDS = ("mean", "low_90", "high_90")


def nearest_pixels(wavelength_aa):
    """The pixels of predicted spectra that are nearest to some wavelengths.

    Parameters
    ----------
    wavelength_aa : ndarray, shape (K,)

    Returns
    -------
    ndarray of int
        Ascending, each once; into `snlib.data.quantities.WAVELENGTH_AA`.

    Raises
    ------
    ValueError
        If one lies outside.
    """
    first, last = WAVELENGTH_AA[[0, -1]]
    for one in wavelength_aa:
        if not first * (1 - _HALF_A_PIXEL) <= one <= last * (1 + _HALF_A_PIXEL):
            raise ValueError(f"wavelengths: {one:g} is outside {first:.0f} to {last:.0f} Angstrom")
    return np.unique([np.argmin(np.abs(WAVELENGTH_AA - one)) for one in wavelength_aa])


def summary_table(forecaster, curves, request, pixels):
    """Sum up the spectra that are predicted for each light curve; no sample is kept.

    Parameters
    ----------
    forecaster : snlib.inference.forecast.Forecaster
    curves : snlib.data.ragged.RaggedLightCurves
        Of N objects.
    request : snlib.inference.predict.Request
        At P phases.
    pixels : ndarray of int, shape (K,)
        See `nearest_pixels`.

    Returns
    -------
    pyarrow.Table, N rows
        The columns of `snlib.inference.misfit.about_objects`, and two nested ones, structs of lists:
        ``spectra`` with P K values each of ``phase_days, wavelength_aa, mean_log10_fnu, low_90_log10_fnu,
        high_90_log10_fnu`` (erg/s/cm^2/Hz at 10 pc), and ``features`` with those of
        `snlib.evaluation.features.features` at each phase: ``phase_days, feature, mean, low_90, high_90``.
    """
    n_phases, shape = len(request.phase_days), (len(_ENDS), len(curves), -1)
    of_spectra, of_features = [], []
    for index in range(len(curves)):
        samples = predict_object(forecaster, curves, request, index)
        of_spectra.append(Samples(samples[..., pixels]).summary())
        of_features.append(Samples(features(WAVELENGTH_AA, samples)).summary())
    spectra, measured = (
        np.array(one, np.float32).swapaxes(0, 1).reshape(shape) for one in (of_spectra, of_features)
    )
    phase_days = np.asarray(request.phase_days, np.float32)
    nested = {
        "spectra": {
            "phase_days": np.repeat(phase_days, len(pixels)),
            "wavelength_aa": np.tile(WAVELENGTH_AA[pixels].astype(np.float32), n_phases),
            **{f"{end}_log10_fnu": values for end, values in zip(_ENDS, spectra, strict=True)},
        },
        "features": {
            "phase_days": np.repeat(phase_days, len(FEATURES)),
            "feature": np.tile(np.array(list(FEATURES), dtype=object), n_phases),
            **dict(zip(_ENDS, measured, strict=True)),
        },
    }
    about = about_objects(forecaster, curves)
    about["misfit_mag"] = pa.array(about["misfit_mag"], from_pandas=True)
    return pa.table(about | {name: _nested(fields, len(curves)) for name, fields in nested.items()})


def _nested(fields, n):
    """A struct of lists: of each field the values of each object, or those that all have."""
    lists = []
    for values in fields.values():
        length = values.shape[-1]
        offsets = pa.array(np.arange(n + 1, dtype=np.int32) * length)
        flat = np.tile(values, n) if values.ndim == 1 else values.ravel()
        lists.append(pa.ListArray.from_arrays(offsets, pa.array(flat, from_pandas=True)))
    return pa.StructArray.from_arrays(lists, list(fields))
