"""Spectra of objects of one's own by a joint transceiver, from light curves and maybe known spectra."""

from dataclasses import dataclass, field, replace

import numpy as np
import torch

from snlib.data.batches import Spectrum
from snlib.data.ragged import RaggedLightCurves
from snlib.files.guard import require_number
from snlib.joint.build import N_OTHERS, make_examples
from snlib.joint.examples import wavelength_place
from snlib.joint.intervals import Widening
from snlib.joint.predict import NAME, JointForecaster
from snlib.model.weights import load_model
from snlib.observed.table import ObservedSupernovae

__all__ = ["ObservedForecaster", "misfits_mag"]

_FIRST_DAYS, _LAST_DAYS = -18.0, 50.0  # of points, as in `snlib.observed.table.read_observed`
_JUDGED_AA = (3500.0, 8000.0)
_FIRST_JUDGED_DAYS = -3.0
_MAG_A_DEX = 2.5
_PARTS = ("widening", "most_misfit_mag")


@dataclass(frozen=True)
class ObservedForecaster:
    """A joint transceiver, what makes its intervals cover, and what is known of the objects besides.

    Attributes
    ----------
    joint : snlib.joint.predict.JointForecaster
    widening : snlib.joint.intervals.Widening
    most_misfit_mag : float
        Light curves that fit worse are unlike observed supernovae.
    spectra : dict of str to snlib.observed.known_spectra.KnownSpectra
        By object, at the wavelengths of the mean supernova.
    """

    joint: JointForecaster
    widening: Widening
    most_misfit_mag: float
    spectra: dict = field(default_factory=dict)

    @property
    def model(self):
        """The network."""
        return self.joint.model

    @property
    def wavelength_aa(self):
        """Of known spectra, shape (L,)."""
        return self.joint.mean.wavelength_aa

    def knowing(self, spectra):
        """The same, with spectra of the objects.

        Returns
        -------
        ObservedForecaster
        """
        return replace(self, spectra=spectra)

    def decides(self):
        """All but the weights that decides what is predicted, as text."""
        known = [(name, vars(one)) for name, one in sorted(self.spectra.items())]
        with np.printoptions(threshold=np.inf):
            return repr((self.widening.to_dict(), self.most_misfit_mag, known))

    def about(self, curves):
        """``n_points``, ``misfit_mag`` and ``unlike``, as `snlib.inference.misfit.about_objects`."""
        misfit = misfits_mag(self.joint, curves)
        unlike = np.nan_to_num(misfit) > self.most_misfit_mag
        return {"n_points": curves.n_points, "misfit_mag": misfit, "unlike": unlike}

    def draws(self, curves, index, request, wavelength_aa, rng):
        """Draw spectra of one object.

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

        Raises
        ------
        ValueError
            If samples of a latent are requested.
        """
        if request.latent_only:
            raise ValueError("latent-only: a joint transceiver has no latent to draw from")
        phase_days = np.asarray(request.phase_days, dtype=float)
        predictive = self.predictive(curves, index, phase_days, wavelength_aa)
        location, deviation = predictive.loc.double().numpy(), predictive.variance().sqrt().double().numpy()
        drawn = predictive.expand(request.n_samples).draw(rng).double().numpy()
        away = self.widening((drawn - location) / deviation, phase_days)
        mean = _at_wavelengths(self.joint.mean.spectra_at(phase_days), self.wavelength_aa, wavelength_aa)
        return (mean + location + away * deviation).astype(np.float32)

    @torch.no_grad()
    def predictive(self, curves, index, phase_days, wavelength_aa):
        """The distribution of residuals from the mean supernova, before it is widened.

        Parameters
        ----------
        curves, index, wavelength_aa
            As of `draws`.
        phase_days : ndarray, shape (P,)

        Returns
        -------
        snlib.model.likelihoods.LowRankNormal
            Of shape (P, L).
        """
        known = self.spectra.get(str(curves.object_id[index]))
        of_known = np.empty(0) if known is None else known.phase_days
        spectra = np.zeros((len(phase_days), len(self.wavelength_aa)))
        if known is not None:
            spectra = np.concatenate([spectra, self._levelled(curves, index, known)])
        table = _one_object(curves, index, self.wavelength_aa, np.append(phase_days, of_known), spectra)
        examples, asked = make_examples(table, self.joint.mean), np.arange(len(phase_days))
        nearest = np.abs(phase_days[:, None] - of_known).argsort(axis=1, kind="stable")[:, :N_OTHERS]
        shown = None if known is None else len(asked) + nearest
        places = torch.from_numpy(wavelength_place(wavelength_aa)).float()
        query = Spectrum(examples.phase[asked], places, None, None)
        return self.model.predictive(*examples.known(asked, shown), query)

    def _levelled(self, curves, index, known):
        """Known spectra at the level that the light curve gives them."""
        table = _one_object(curves, index, self.wavelength_aa, known.phase_days, known.log10_fnu)
        expected, _ = self.joint.moments(
            make_examples(table, self.joint.mean), np.arange(len(table.log10_fnu))
        )
        first, last = _JUDGED_AA
        judged = (self.wavelength_aa >= first) & (self.wavelength_aa <= last)
        seen = np.where(
            judged | ~np.isfinite(known.log10_fnu[:, judged]).any(1)[:, None], known.log10_fnu, np.nan
        )
        return known.log10_fnu - np.nanmedian(seen - expected, axis=1, keepdims=True)

    def save(self, path, provenance, history):
        """Write it to one file, without the spectra; see `snlib.joint.predict.JointForecaster.save`."""
        more = {"widening": self.widening.to_dict(), "most_misfit_mag": self.most_misfit_mag}
        self.joint.save(path, provenance, history, more)

    @classmethod
    def load(cls, path):
        """Read what `save` wrote.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ValueError
            If the file is damaged or holds another model; the message names the file.
        """
        saved = load_model(path)
        joint, more = JointForecaster.of_saved(path, saved), saved.more
        if set(more) != set(_PARTS):
            raise ValueError(f"{path}: expected the parts {', '.join(_PARTS)} with the weights of a {NAME}")
        try:
            require_number("most_misfit_mag", more["most_misfit_mag"], above=0)
            return cls(joint, Widening.from_dict(more["widening"]), more["most_misfit_mag"])
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from None


@torch.no_grad()
def misfits_mag(joint, curves):
    """How far light curves are from what is decoded for them, after -3 d, in bands that spectra cover.

    Parameters
    ----------
    joint : snlib.joint.predict.JointForecaster
    curves : snlib.data.ragged.RaggedLightCurves
        N of them.

    Returns
    -------
    ndarray, shape (N,)
        Root mean square, in magnitudes; NaN where there is no such point.
    """
    misfit = np.full(len(curves), np.nan)
    for index in range(len(curves)):
        nothing = np.zeros((1, len(joint.mean.wavelength_aa)))
        table = _one_object(curves, index, joint.mean.wavelength_aa, np.zeros(1), nothing)
        light_curve, others = make_examples(table, joint.mean).known(np.arange(1))
        away = _MAG_A_DEX * joint.model.misfit_dex(light_curve, others)[0]
        away = away[light_curve.phase_days[0] > _FIRST_JUDGED_DAYS]
        away = away[torch.isfinite(away)]
        if len(away):
            misfit[index] = away.square().mean().sqrt().item()
    return misfit


def _one_object(curves, index, wavelength_aa, phase_days, log10_fnu):
    """A table of one supernova, with some spectra."""
    rows = slice(*curves.start[index : index + 2])
    phase, magnitude, band = (values[rows] for values in (curves.phase_days, curves.magnitude, curves.band))
    use = (phase >= _FIRST_DAYS) & (phase <= _LAST_DAYS)
    name, zero = curves.object_id[index : index + 1], np.zeros(1)
    place = np.zeros(int(use.sum()), dtype=int)
    return ObservedSupernovae(
        object_id=name,
        x1=zero,
        c=zero,
        fold=np.zeros(1, dtype=int),
        light_curves=RaggedLightCurves.from_points(name, place, phase[use], magnitude[use], band[use]),
        spectrum_object=np.zeros(len(phase_days), dtype=int),
        spectrum_phase_days=np.asarray(phase_days, dtype=float),
        wavelength_aa=wavelength_aa,
        log10_fnu=log10_fnu,
    )


def _at_wavelengths(spectra, wavelength_aa, at_aa):
    return np.array([np.interp(at_aa, wavelength_aa, one) for one in spectra])
