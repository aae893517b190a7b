"""Spectra with honest intervals, from a light curve: a predictive MMVAE and its recalibration."""

from dataclasses import dataclass

import numpy as np
import torch

from snlib.data.batches import on
from snlib.data.scaling import Scaling
from snlib.inference.misfit import Familiarity, about_objects
from snlib.inference.posteriors import posterior_samples, spectrum_query
from snlib.inference.recalibration import Recalibration
from snlib.model.mmvae import MMVAE
from snlib.model.predictive import PredictiveMMVAE
from snlib.model.weights import SavedModel, load_model, save_model

__all__ = ["Forecaster"]


@dataclass(frozen=True)
class Forecaster:
    """A predictive MMVAE with the scaling of its data, the map that makes its intervals cover, and its limit.

    Attributes
    ----------
    model : MMVAE
        A `PredictiveMMVAE`; of another the likelihood, independent by pixel, stands for the errors.
    scaling : Scaling
    recalibration : Recalibration or None
    familiarity : Familiarity or None
        From where on a light curve is unlike those that the model was trained on.
    """

    model: MMVAE
    scaling: Scaling
    recalibration: Recalibration | None = None
    familiarity: Familiarity | None = None

    @torch.no_grad()
    def samples(self, light_curve, phase_days, wavelength_aa, n_samples, rng):
        """Draw spectra of one supernova.

        Parameters
        ----------
        light_curve : LightCurves
            With N = 1.
        phase_days : ndarray, shape (P,)
        wavelength_aa : ndarray, shape (L,)
        n_samples : int
            S.
        rng : numpy.random.Generator

        Returns
        -------
        ndarray of float32, shape (S, P, L)
            log10 of erg/s/cm^2/Hz at 10 pc.  The pixels of a spectrum err together; the spectra at
            different phases are drawn independently.
        """
        if isinstance(self.model, PredictiveMMVAE):
            predictive = self._predictive(light_curve, phase_days, wavelength_aa)
            drawn = predictive.expand(n_samples).draw(rng)
            samples, *moments = (x.cpu().numpy() for x in (self._dex(drawn), *self._moments(predictive)))
        else:
            where = (phase_days, wavelength_aa)
            samples, moments = self._draw_posterior(light_curve, *where, n_samples, rng)[1], None
        if self.recalibration is None:
            return samples
        return self.recalibration.apply(samples, phase_days, moments)

    def latent_samples(self, light_curve, phase_days, wavelength_aa, n_samples, rng):
        """Draw latents only, and decode them: as `samples`, without errors and recalibration."""
        return self._draw_posterior(light_curve, phase_days, wavelength_aa, n_samples, rng)[0]

    def _predictive(self, light_curve, phase_days, wavelength_aa):
        same = light_curve.select(np.zeros(len(phase_days), int))  # for each phase
        photometry = on(self.scaling.photometry(same), self.device)
        query = spectrum_query(self.scaling, phase_days, wavelength_aa, self.device)
        return self.model.predictive(photometry, query)

    def _dex(self, values):
        mean, unit = self.scaling.log10_fnu
        return mean + unit * values

    def _moments(self, predictive):
        return self._dex(predictive.loc), self.scaling.log10_fnu[1] * predictive.variance().sqrt()

    @torch.no_grad()
    def _draw_posterior(self, light_curve, *where):
        photometry = on(self.scaling.photometry(light_curve), self.device)
        posterior = self.model.photometry.posterior(photometry)
        return posterior_samples(posterior, self.model.spectrum, self.scaling, *where)

    def draws(self, curves, index, request, wavelength_aa, rng):
        """Draw spectra of one of many objects, as they are requested.

        Parameters
        ----------
        curves : snlib.data.ragged.RaggedLightCurves
        index : int
            Of the object.
        request : snlib.inference.predict.Request
        wavelength_aa : ndarray, shape (L,)
        rng : numpy.random.Generator

        Returns
        -------
        ndarray of float32, shape (S, P, L)
        """
        draw = self.latent_samples if request.latent_only else self.samples
        return draw(curves.padded([index]), request.phase_days, wavelength_aa, request.n_samples, rng)

    def about(self, curves):
        """What is said of each light curve; see `snlib.inference.misfit.about_objects`."""
        return about_objects(self, curves)

    def decides(self):
        """All but the weights that decides what is predicted, as text."""
        known = self.recalibration and self.recalibration.to_dict(), self.familiarity
        return repr((self.device.type, self.scaling, known))

    @property
    def device(self):
        """Where the weights lie."""
        return next(self.model.parameters()).device

    def save(self, path, provenance):
        """Write it to one file; see `snlib.model.weights.save_model`.

        Parameters
        ----------
        path : path
            Ends in ``.safetensors``.
        provenance : dict
            How model and recalibration were made.
        """
        more = {"recalibration": self.recalibration, "familiarity": self.familiarity}
        more = {name: value.to_dict() for name, value in more.items() if value is not None}
        save_model(path, SavedModel("predictive-mmvae", self.model, self.scaling, provenance, more=more))

    @classmethod
    def load(cls, path, device="cpu"):
        """Read what `save` wrote, or the weights of a plain MMVAE, which has no recalibration.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ValueError
            If the file is damaged, holds another model, or a predictive MMVAE without its recalibration; the
            message names the file.
        """
        saved = load_model(path, device)
        if not isinstance(saved.model, MMVAE):
            raise ValueError(f"{path}: weights of a {type(saved.model).__name__}, expected an MMVAE")
        known = {"recalibration": Recalibration, "familiarity": Familiarity}
        if isinstance(saved.model, PredictiveMMVAE) and "recalibration" not in saved.more:
            raise ValueError(f"{path}: no recalibration, which a predictive MMVAE needs")
        try:
            more = {name: known[name].from_dict(content) for name, content in saved.more.items()}
        except KeyError as error:
            raise ValueError(f"{path}: unknown part {error.args[0]!r}") from None
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from None
        return cls(saved.model.eval(), saved.scaling, **more)
