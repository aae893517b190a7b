"""How well the model describes a light curve that it is given, and whether that is unlike simulated ones.

The MMVAE decodes light curves as well as spectra.  What it decodes where the posterior of a light curve lies
is what it takes this light curve for: points that are far from it were not understood, and the spectrum that
is predicted from them is worth nothing.
"""

import warnings
from dataclasses import asdict, dataclass, fields

import numpy as np
import torch

from snlib.data.batches import on
from snlib.data.ragged import RaggedLightCurves
from snlib.files.guard import require_number

__all__ = ["FIRST_JUDGED_DAYS", "Familiarity", "about_objects", "misfit_columns", "misfits"]

#: Earlier points, of models that begin to shine, scatter by a magnitude among the simulations themselves.
FIRST_JUDGED_DAYS = -3.0
_USUAL_POINTS = 4  # that each light curve is taken to have besides, so that one odd point does not decide
# Of light curves that are decoded together: larger parts are no faster, and memory is kept for each shape.
_MOST_SLOTS = 1 << 12


@dataclass(frozen=True)
class Familiarity:
    """From which surprise on a light curve is called unlike those that the model was trained on.

    Attributes
    ----------
    limit : float
        Of the surprise; see `misfits`.
    false_alarm : float
        The share of simulated light curves, none of them seen in training, beyond the limit.
    n_light_curves : int
        From which it was taken.

    Raises
    ------
    ValueError
        If one of them is not a number or cannot be; the message names it.
    """

    limit: float
    false_alarm: float
    n_light_curves: int

    def __post_init__(self):
        require_number("limit", self.limit, above=0)
        require_number("false_alarm", self.false_alarm, above=0, below=1)
        require_number("n_light_curves", self.n_light_curves, integer=True, at_least=1)

    to_dict = asdict

    @classmethod
    def from_dict(cls, content):
        """Read what `to_dict` gave, also by way of JSON.

        Raises
        ------
        ValueError
            If it has not just these fields, or one cannot be; the message names it.
        """
        names = {field.name for field in fields(cls)}
        if not isinstance(content, dict) or set(content) != names:
            raise ValueError(f"familiarity: expected the fields {', '.join(sorted(names))}")
        return cls(**content)


@torch.no_grad()
def misfits(forecaster, curves, location=None):
    """Compare light curves with what the photometry decoder makes of their posteriors.

    With m the n magnitudes after `FIRST_JUDGED_DAYS`, and m̂ and b the locations and scales that are decoded
    for them at the location of the posterior given the whole light curve, the surprise is
    ``sqrt((4 + Σ ((m̂ − m) / b)²) / (4 + n))``: the root of their mean square misfit in units of its usual
    size, with four points added that fit as they should.

    Parameters
    ----------
    forecaster : snlib.inference.forecast.Forecaster
    curves : RaggedLightCurves or LightCurves
        N of them.
    location : ndarray, shape (N, tokens, dim), optional
        Of their posteriors, where it is known; see `snlib.inference.embedding.embed`.

    Returns
    -------
    misfit_mag : ndarray, shape (N,)
        Root mean square of m̂ − m; NaN where there is no such point.
    surprise : ndarray, shape (N,)
        1 where there is no such point.
    """
    model, scaling = forecaster.model.photometry, forecaster.scaling
    device, curves = forecaster.device, _ragged(curves)
    n_judged, squares, scaled_squares = np.zeros((3, len(curves)))
    for index in curves.batches(_MOST_SLOTS):
        some = curves.padded(index)
        photometry = on(scaling.photometry(some), device)
        if location is None:
            z = model.posterior(photometry).loc
        else:
            z = torch.from_numpy(location[index]).to(device)
        likelihood = model.likelihood(z[None], photometry)
        distance = (likelihood.loc[0] - photometry.value).double().cpu().numpy()
        judged = some.observed & (some.phase_days > FIRST_JUDGED_DAYS)
        n_judged[index] = judged.sum(1)
        squares[index] = (distance**2).sum(1, where=judged)
        scale = likelihood.scale[0].double().cpu().numpy()
        scaled_squares[index] = ((distance / scale) ** 2).sum(1, where=judged)
    with np.errstate(invalid="ignore"):  # 0 / 0 where nothing is judged
        misfit_mag = scaling.magnitude[1] * np.sqrt(squares / n_judged)
    return misfit_mag, np.sqrt((_USUAL_POINTS + scaled_squares) / (_USUAL_POINTS + n_judged))


def misfit_columns(forecaster, curves, location=None):
    """What is said of each light curve beside a prediction: how badly it fits, and whether it is unlike.

    Warns where the weights have no `Familiarity`, and nothing can be called unlike.

    Parameters
    ----------
    forecaster, curves, location
        As in `misfits`.

    Returns
    -------
    dict of str to ndarray, shape (N,)
        ``misfit_mag``, see `misfits`, and ``unlike``, of bool: false where no point is judged.
    """
    misfit_mag, surprise = misfits(forecaster, curves, location)
    if forecaster.familiarity is None:
        warnings.warn(
            "these weights have no limit of familiarity, so that 'unlike' is false for every object, "
            "whatever its misfit_mag",
            stacklevel=2,
        )
        unlike = np.zeros(len(surprise), bool)
    else:
        unlike = (surprise > forecaster.familiarity.limit) & np.isfinite(misfit_mag)
    return {"misfit_mag": misfit_mag, "unlike": unlike}


def about_objects(forecaster, curves, location=None):
    """The columns that stand beside each prediction and embedding.

    Parameters
    ----------
    forecaster, curves, location
        As in `misfits`.

    Returns
    -------
    dict of str to ndarray, shape (N,)
        ``n_points``, the number of points of a light curve, and those of `misfit_columns`.
    """
    curves = _ragged(curves)
    return {"n_points": curves.n_points} | misfit_columns(forecaster, curves, location)


def _ragged(curves):
    """The same light curves end to end, so that neither order nor empty slots make a difference."""
    if isinstance(curves, RaggedLightCurves):
        return curves
    return RaggedLightCurves.from_padded(np.arange(len(curves.magnitude)), curves)
