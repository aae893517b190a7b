"""From physical units to z-scores and back.

Only here is anything known of standardisation: everything before speaks days, Angstrom, magnitudes and
log10 erg/s/cm^2/Hz, everything behind z-scores.
"""

from dataclasses import asdict, dataclass, fields

import numpy as np
import torch

from snlib.data.batches import Photometry
from snlib.data.quantities import PARAMETERS
from snlib.files.guard import require_number

__all__ = ["Scaling"]


@dataclass(frozen=True)
class Scaling:
    """Mean and standard deviation of each quantity over the training events.

    Attributes
    ----------
    time, magnitude, phase, wavelength, log10_fnu : tuple of float
        (mean, standard deviation) in days, mag, days, Angstrom and dex.
    parameters : tuple of six such pairs
        In the order and units of `snlib.data.quantities.PARAMETERS`.

    Raises
    ------
    ValueError
        If one of them is no such pair of finite numbers, or a standard deviation is not positive; the
        message names it.
    """

    time: tuple[float, float]
    magnitude: tuple[float, float]
    phase: tuple[float, float]
    wavelength: tuple[float, float]
    log10_fnu: tuple[float, float]
    parameters: tuple[tuple[float, float], ...]

    def __post_init__(self):
        pairs = {one.name: getattr(self, one.name) for one in fields(self)}
        parameters = pairs.pop("parameters")
        if not isinstance(parameters, tuple) or len(parameters) != len(PARAMETERS):
            raise ValueError(f"scaling: parameters: expected {len(PARAMETERS)} pairs of numbers")
        pairs |= {parameter.name: pair for parameter, pair in zip(PARAMETERS, parameters, strict=True)}
        for name, pair in pairs.items():
            if not isinstance(pair, tuple) or len(pair) != 2:
                raise ValueError(f"scaling: {name}: expected a pair of numbers")
            require_number(f"scaling: mean of {name}", pair[0])
            require_number(f"scaling: standard deviation of {name}", pair[1], above=0)

    @classmethod
    def from_dict(cls, values):
        """Build a scaling from what `to_dict` gave, also by way of JSON.

        Parameters
        ----------
        values : dict

        Returns
        -------
        Scaling

        Raises
        ------
        ValueError
            If a key is unknown or missing, or a value cannot be; the message names it.
        """
        names = {one.name for one in fields(cls)}
        if not isinstance(values, dict) or set(values) != names:
            raise ValueError(f"scaling: expected the keys {', '.join(sorted(names))}")
        return cls(**{name: _tuples(value) for name, value in values.items()})

    to_dict = asdict

    @classmethod
    def fit(cls, events):
        """Take the scaling from what is observed in `events`.

        Parameters
        ----------
        events : snlib.data.events.Events
            For training.

        Returns
        -------
        Scaling
            The standard deviation of a constant counts as 1.
        """

        def moments(values):
            return float(np.nanmean(values)), float(np.nanstd(values)) or 1.0  # of a constant

        light_curves, spectra = events.light_curves, events.spectra
        return cls(
            moments(np.where(light_curves.observed, light_curves.phase_days, np.nan)),
            moments(light_curves.magnitude),
            moments(spectra.phase_days),
            moments(spectra.wavelength_aa),
            moments(spectra.log10_fnu),
            tuple(moments(values) for values in events.parameters.T),
        )

    def standardise(self, name, values):
        """From physical values to z-scores.

        Parameters
        ----------
        name : str
            A field of the scaling.
        values : array-like
            In its unit; NaN where there is none.  Parameters have shape (..., 6).

        Returns
        -------
        Tensor of float32, of the same shape
            0 where NaN.
        """
        mean, scale = np.transpose(getattr(self, name))
        return torch.from_numpy(np.nan_to_num((np.asarray(values, float) - mean) / scale).astype(np.float32))

    def physical_parameters(self, z_scores):
        """From z-scores of parameters back to physical values.

        Parameters
        ----------
        z_scores : ndarray, shape (..., 6)

        Returns
        -------
        ndarray, shape (..., 6)
            In the order and units of `snlib.data.quantities.PARAMETERS`.
        """
        mean, scale = np.transpose(self.parameters)
        return mean + scale * z_scores

    def photometry(self, light_curves):
        """Standardise light curves.

        Parameters
        ----------
        light_curves : snlib.data.events.LightCurves
            Of shape (N, T).

        Returns
        -------
        Photometry
            On the CPU.
        """
        return Photometry(
            time=self.standardise("time", np.where(light_curves.observed, light_curves.phase_days, np.nan)),
            band=torch.from_numpy(light_curves.band.astype(np.int64)),
            value=self.standardise("magnitude", light_curves.magnitude),
            observed=torch.from_numpy(light_curves.observed),
        )


def _tuples(value):
    """Lists within lists, as JSON has them, as tuples."""
    return tuple(map(_tuples, value)) if isinstance(value, (list, tuple)) else value
