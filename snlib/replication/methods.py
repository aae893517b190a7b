"""Every way of predicting the spectra of a supernova that the book compares, by its name."""

from functools import partial

import numpy as np

from snlib.data.published_sample import read_published_sample
from snlib.inference.embedding import retrieve_spectra
from snlib.inference.posteriors import (
    SpectrumPosterior,
    from_light_curve,
    from_spectra,
    mean_spectrum,
    spectrum_posteriors,
    summarise_samples,
)
from snlib.model.recipes import RECIPES

__all__ = ["predict_spectra", "predictions"]


def predict_spectra(run, events, recipes=tuple(RECIPES)):
    """The spectra of some test events, as each method predicts them.

    Parameters
    ----------
    run : snlib.replication.run.Run
    events : Events
        Of the run's test part.
    recipes : sequence of str
        Of the models.

    Yields
    ------
    method : str
        "mean spectrum"; for each recipe "MMVAE (recipe)" from light curves, "spectra-only VAE
        (recipe)" from the spectra themselves and "contrastive (recipe)", the spectra of the training
        event with the nearest light curve; and "diffusion" for the published sample.
    posteriors : dict of str to SpectrumPosterior
        By kind of interval: "latent" and "predictive", see `snlib.inference.posteriors.posterior_samples`;
        or "none" for a prediction without one.
    """
    dataset = run.dataset()
    train = dataset.part("train")

    def sampled(from_data, model, decoder):
        posterior_of = partial(from_data, model, dataset.scaling, device=run.device)
        n_samples = run.profile.n_posterior_samples
        return spectrum_posteriors(posterior_of, decoder, dataset.scaling, events, n_samples, run.seed)

    yield "mean spectrum", {"predictive": mean_spectrum(train, len(events))}
    for recipe in recipes:
        mmvae, vae, contrastive = (
            run.trained(name, recipe).model for name in ("mmvae", "spectrum-vae", "contrastive")
        )
        yield f"MMVAE ({recipe})", sampled(from_light_curve, mmvae, mmvae.spectrum)
        yield f"spectra-only VAE ({recipe})", sampled(from_spectra, vae, vae)
        nearest = retrieve_spectra(contrastive, dataset.scaling, train, events.light_curves, run.device)
        nothing = np.full_like(nearest, np.nan)
        yield f"contrastive ({recipe})", {"none": SpectrumPosterior(nearest, nothing, nothing)}
    if run.published_sample:
        samples = read_published_sample(run.published_sample).diffusion_log10_fnu
        place = {name: index for index, name in enumerate(dataset.events.object_id)}
        index = [place[name] for name in events.object_id]
        yield "diffusion", {"predictive": summarise_samples(samples[index], axis=1)}


def predictions(run, events, recipes=tuple(RECIPES)):
    """All that `predict_spectra` yields for a few events, at once.

    Returns
    -------
    dict of (str, str) to SpectrumPosterior
        By method and kind of interval.
    """
    return {
        (method, kind): posterior
        for method, posteriors in predict_spectra(run, events, recipes)
        for kind, posterior in posteriors.items()
    }
