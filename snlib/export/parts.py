"""The parts of a model that are exported, each a function from physical units to physical units.

Standardisation is inside, in the very steps of `snlib.data.scaling.Scaling`.
"""

from dataclasses import replace

import torch
from torch import nn

from snlib.data.batches import Photometry, Spectrum
from snlib.export.ports import (
    FNU,
    LIGHT_CURVE,
    PHASE,
    POSITIONS,
    SPECTRUM,
    WAVELENGTHS,
    Port,
    distribution_ports,
)
from snlib.model.predictive import PredictiveMMVAE

__all__ = ["Part", "parts_of"]

_LAPLACE = "Laplace: exp(-|x - m| / s) / (2 s) of each number, with m its location or mean and s its scale"
_NORMAL = "normal, with the covariance factors factors^T + diag(scale^2) among the wavelengths of a spectrum"
_FNU_NAMES = ("log10_fnu_mean", "log10_fnu_scale")


class Part(nn.Module):
    """A part of a model with its scaling.

    Parameters
    ----------
    model : snlib.model.mmvae.MMVAE
    scaling : snlib.data.scaling.Scaling

    Attributes
    ----------
    inputs, outputs : tuple of Port
        What `forward` takes and gives, in this order.
    distribution : str
        What location and scale are of.
    attends_to_pixels : bool
        Whether its attention adds up all pixels of a spectrum.
    """

    distribution = _LAPLACE
    attends_to_pixels = False

    def __init__(self, model, scaling):
        super().__init__()
        self.model, self.scaling = model, scaling
        self.latent_axes = ("batch", model.recipe.latent_tokens, model.recipe.latent_dim)

    def z_score(self, name, values, observed=None):
        """Standardise physical numbers, in double precision; to 0 what is not observed."""
        # As tensors, for the exporter rounds Python's numbers to single precision.
        mean, scale = (torch.tensor(number, dtype=torch.float64) for number in getattr(self.scaling, name))
        z = ((values - mean) / scale).float()
        return z if observed is None else torch.where(observed, z, 0.0)

    def physical(self, name, likelihood):
        """Location and scale in physical units; of the first sample, which is the only one."""
        mean, scale = getattr(self.scaling, name)
        return mean + scale * likelihood.loc[0], scale * likelihood.scale[0]

    def light_curves(self, phase_days, band, magnitude, observed):
        """Standardised light curves."""
        return Photometry(
            self.z_score("time", phase_days, observed),
            torch.where(observed, band, 0),
            self.z_score("magnitude", magnitude, observed),
            observed,
        )

    def wanted_spectra(self, phase_days, wavelength_aa):
        """Where spectra are to be decoded; they hold no flux, which no decoder looks at."""
        wavelength = self.z_score("wavelength", wavelength_aa)
        none = torch.zeros_like(wavelength)[None]
        return Spectrum(self.z_score("phase", phase_days), wavelength, none, none.bool())


class _Encoder(Part):
    @property
    def outputs(self):
        names, of = (
            ("latent_location", "latent_scale"),
            "the posterior; that of nothing observed is the prior",
        )
        return distribution_ports(names, self.latent_axes, "", of)


class _PhotometryEncoder(_Encoder):
    inputs = LIGHT_CURVE

    def forward(self, phase_days, band, magnitude, observed):
        posterior = self.model.photometry.posterior(self.light_curves(phase_days, band, magnitude, observed))
        return posterior.loc, posterior.scale


class _SpectrumEncoder(_Encoder):
    inputs = SPECTRUM
    attends_to_pixels = True

    def forward(self, phase_days, wavelength_aa, log10_fnu, observed):
        posterior = self.model.spectrum.posterior(
            Spectrum(
                self.z_score("phase", phase_days),
                self.z_score("wavelength", wavelength_aa, observed),
                self.z_score("log10_fnu", log10_fnu, observed),
                observed,
            )
        )
        return posterior.loc, posterior.scale


class _Decoder(Part):
    @property
    def latent(self):
        return Port("latent", torch.float32, self.latent_axes, "", "a place in the latent space")


class _PhotometryDecoder(_Decoder):
    outputs = distribution_ports(
        ("magnitude_mean", "magnitude_scale"), POSITIONS[0].axes, "mag", "absolute AB magnitude"
    )

    @property
    def inputs(self):
        return (self.latent, *POSITIONS)

    def forward(self, latent, phase_days, band):
        time = self.z_score("time", phase_days)
        nothing = torch.zeros_like(time)
        light_curves = Photometry(time, band, nothing, nothing.bool())
        return self.physical("magnitude", self.model.photometry.likelihood(latent[None], light_curves))


class _SpectrumDecoder(_Decoder):
    outputs = distribution_ports(_FNU_NAMES, ("batch", "wavelengths"), FNU, "flux density")

    @property
    def inputs(self):
        return (self.latent, PHASE, WAVELENGTHS)

    def forward(self, latent, phase_days, wavelength_aa):
        spectra = self.wanted_spectra(phase_days, wavelength_aa)
        return self.physical("log10_fnu", self.model.spectrum.likelihood(latent[None], spectra))


class _Predictive(Part):
    distribution = _NORMAL
    inputs = (*LIGHT_CURVE, replace(PHASE, name="spectrum_phase_days"), WAVELENGTHS)

    @property
    def outputs(self):
        n_modes = self.model.errors.out.out_features - 1
        factors = ("batch", "wavelengths", n_modes)
        return (
            *distribution_ports(_FNU_NAMES, factors[:2], FNU, "flux density given the light curve"),
            Port("log10_fnu_factors", torch.float32, factors, FNU, "modes of error that the pixels share"),
        )

    def forward(self, phase_days, band, magnitude, observed, spectrum_phase_days, wavelength_aa):
        predictive = self.model.predictive(
            self.light_curves(phase_days, band, magnitude, observed),
            self.wanted_spectra(spectrum_phase_days, wavelength_aa),
        )
        mean, scale = self.scaling.log10_fnu
        return mean + scale * predictive.loc, scale * predictive.scale, scale * predictive.factors


_PARTS = {
    "photometry-encoder": _PhotometryEncoder,
    "spectrum-encoder": _SpectrumEncoder,
    "spectrum-decoder": _SpectrumDecoder,
    "photometry-decoder": _PhotometryDecoder,
}


def parts_of(model, scaling):
    """The parts of a model by their names.

    Parameters
    ----------
    model : snlib.model.mmvae.MMVAE
        On the CPU.
    scaling : snlib.data.scaling.Scaling
        Of the data that it was trained on.

    Returns
    -------
    dict of str to Part
        Encoder and decoder of each modality; of a `PredictiveMMVAE` also "predictive", from light curves to
        spectra with all their uncertainty.
    """
    kinds = _PARTS | ({"predictive": _Predictive} if isinstance(model, PredictiveMMVAE) else {})
    return {name: kind(model, scaling).eval() for name, kind in kinds.items()}
