"""Every way of getting the spectra of a supernova from its light curve, by name.

A method is built from a source: a `snlib.replication.run.Run` or a `snlib.replication.folds.Fold`.  Both
have ``dataset()`` and ``trained(model, recipe)``, whose models are on ``device``; ``seen``, the events whose
own spectra may be known; ``surrogate`` and ``magnitude_scale``, to be inverted with; and ``published``, the
published sample.
"""

from snlib.inference.forecast import Forecaster
from snlib.inference.samplers import (
    diffusion_sampler,
    forecast_sampler,
    inversion_sampler,
    light_curve_sampler,
    mean_spectrum_sampler,
    retrieval_sampler,
    spectra_sampler,
    spectrum_posteriors,
    spectrum_retrieval_sampler,
)
from snlib.model.registry import new_model

__all__ = ["METHODS", "MODEL_OF", "NO_RECIPE", "SHOWN", "compared", "label", "predictions", "sampler_of"]

NO_RECIPE = "none"  # stands for a recipe where no model is asked


def _mean_spectrum(source, recipe):
    return mean_spectrum_sampler(source.seen)


def _mmvae(source, recipe):
    model = source.trained("mmvae", recipe).model
    return light_curve_sampler(model, source.dataset().scaling, source.device)


def _spectra_only(source, recipe):
    vae = source.trained("spectrum-vae", recipe).model
    return spectra_sampler(vae, source.dataset().scaling, source.device)


def _contrastive(source, recipe):
    dataset, model = source.dataset(), source.trained("contrastive", recipe).model
    return retrieval_sampler(model, dataset.scaling, dataset.part("train"), source.device)


def _nearest_spectrum(source, recipe):
    dataset, model = source.dataset(), source.trained("contrastive", recipe).model
    return spectrum_retrieval_sampler(model, dataset.scaling, dataset.part("train"), source.device)


def _predictive(source, recipe):
    model = source.trained("predictive-mmvae", recipe).model
    return forecast_sampler(Forecaster(model, source.dataset().scaling))


def _fine_tuned(source, recipe):
    """The predictive MMVAE, with the weights of the fine-tuned one where they have them in common."""
    trained, tuned = source.trained("predictive-mmvae", recipe).model, source.fine_tuned(recipe).model
    model = new_model("predictive-mmvae", trained.recipe, 0).to(source.device)
    model.load_state_dict(trained.state_dict() | tuned.state_dict())
    return forecast_sampler(Forecaster(model, source.dataset().scaling))


def _inversion(source, recipe):
    return inversion_sampler(source.surrogate, source.magnitude_scale)


def _diffusion(source, recipe):
    return diffusion_sampler(source.published)


# (source, recipe) -> sampler, see `snlib.inference.samplers`.
METHODS = {
    "mean spectrum": _mean_spectrum,
    "MMVAE": _mmvae,
    "spectra-only VAE": _spectra_only,
    "contrastive": _contrastive,
    "contrastive, nearest spectrum": _nearest_spectrum,
    "predictive MMVAE": _predictive,
    "fine-tuned MMVAE": _fine_tuned,  # of a fold only
    "inversion": _inversion,
    "diffusion": _diffusion,
}
# Of a recipe: the model that each needs.
MODEL_OF = {
    "MMVAE": "mmvae",
    "spectra-only VAE": "spectrum-vae",
    "contrastive": "contrastive",
    "contrastive, nearest spectrum": "contrastive",
}
SHOWN = ("MMVAE", "spectra-only VAE", "contrastive")  # in figures; in tables all


def sampler_of(source, method, recipe=None):
    """A way to draw spectra.

    Parameters
    ----------
    source : Run or Fold
    method : str
        A name in `METHODS`.
    recipe : str, optional
        Of the method's models, if it has any.

    Returns
    -------
    function
        See `snlib.inference.samplers`.

    Raises
    ------
    ValueError
        If there is no such method.
    """
    if method not in METHODS:
        raise ValueError(f"method is {method!r}, expected one of {list(METHODS)}")
    return METHODS[method](source, recipe)


def label(method, recipe):
    """How tables and figures name a method of a recipe: "MMVAE (text)"."""
    return f"{method} ({recipe})"


def compared(run, recipe, methods=tuple(MODEL_OF)):
    """The methods that the paper compares, one after the other.

    Parameters
    ----------
    run : snlib.replication.run.Run
    recipe : str
        Of the models, or "none" for the methods without one.
    methods : sequence of str
        Those of a recipe.

    Yields
    ------
    name : str
        Of no recipe: "mean spectrum", and "diffusion" for the published sample.  Of a recipe, where its
        models are trained with the run's seed: "MMVAE (recipe)" from light curves, "spectra-only VAE
        (recipe)" from the spectra themselves, "contrastive (recipe)", the spectra of the training event
        with the nearest light curve, and "contrastive, nearest spectrum (recipe)", at each phase the
        training spectrum nearest to the light curve.
    sampler : function
    """
    if recipe == NO_RECIPE:
        for method in ("mean spectrum", *(["diffusion"] if run.published_sample else [])):
            yield method, sampler_of(run, method)
    else:
        for method in methods:
            if run.has(MODEL_OF[method], recipe):
                yield label(method, recipe), sampler_of(run, method, recipe)


def predictions(run, events, recipes=None):
    """Means and 90 % intervals of some events, by all that the paper's figures show.

    Parameters
    ----------
    run : snlib.replication.run.Run
    events : Events
        Of the run's test part.
    recipes : sequence of str, optional
        By default those of the run.

    Returns
    -------
    dict of (str, str) to SpectrumPosterior
        By method (see `compared`; those of a recipe in `SHOWN`) and kind of interval.
    """
    return {
        (name, kind): posterior
        for recipe in (NO_RECIPE, *(run.recipes if recipes is None else recipes))
        for name, sampler in compared(run, recipe, SHOWN)
        for kind, posterior in spectrum_posteriors(
            sampler, events, run.profile.n_posterior_samples, run.training_seed
        ).items()
    }
