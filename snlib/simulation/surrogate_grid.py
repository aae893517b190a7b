"""The embedded grid: as many models as wanted, drawn from the surrogate."""

from dataclasses import dataclass

import numpy as np

from snlib.data.quantities import (
    FAINTEST_MAGNITUDE,
    SPECTRUM_PHASES_DAYS,
    SURFACE_PHASES_DAYS,
    SURFACE_WAVELENGTH_AA,
)
from snlib.random_streams import stream
from snlib.simulation.grid import draw_parameters
from snlib.simulation.packets import with_packet_noise
from snlib.simulation.surfaces import Surface
from snlib.simulation.surrogate import Surrogate

__all__ = ["SurrogateGrid"]


@dataclass(frozen=True)
class SurrogateGrid:
    """Models drawn from the surrogate, each with a character and a noise of its own.

    Attributes
    ----------
    surrogate : Surrogate
    residuals : bool
        Add what five numbers do not explain, drawn like the residuals of unseen real models.
    noise : bool
        Add the Monte Carlo noise of radiative transfer; see `snlib.simulation.packets`.
    """

    surrogate: Surrogate
    residuals: bool = True
    noise: bool = True
    faintest_magnitude = FAINTEST_MAGNITUDE
    n_models = np.inf

    def describe(self):
        """Where the models come from, for the provenance of events.

        Returns
        -------
        dict
            JSON.
        """
        return {"source": "surrogate", "residuals": self.residuals, "packet_noise": self.noise}

    def surface(self, index, seed):
        """Draw the model of event `index`; it depends on the seed and the index only.

        Parameters
        ----------
        index, seed : int

        Returns
        -------
        Surface
            Daily from -20 to +60 d.
        """
        rng = stream("models", seed, index)
        parameters = draw_parameters(rng)
        # Drawn in any case, so that the same model can be seen with residuals and without.
        amplitudes = rng.standard_normal((1, len(self.surrogate.residuals)))
        log10_fnu = self.surrogate.log10_fnu(
            parameters[None],
            SURFACE_PHASES_DAYS,
            SURFACE_WAVELENGTH_AA,
            amplitudes if self.residuals else None,
        )[0]
        if self.noise:
            log10_packets = np.interp(SURFACE_PHASES_DAYS, SPECTRUM_PHASES_DAYS, self.surrogate.log10_packets)
            log10_fnu = with_packet_noise(log10_fnu, SURFACE_WAVELENGTH_AA, parameters[2], log10_packets, rng)
        name = f"surrogate-{seed}-{index:06d}"
        return Surface(name, parameters, SURFACE_PHASES_DAYS, SURFACE_WAVELENGTH_AA, log10_fnu)
