"""What the tables of results hold, made recipe by recipe: every model judged by all test events.

Each function gets a `snlib.replication.run.Run` and the name of a recipe, in some tables also "none" for what
depends on no model, and gives rows for one training of the models.
"""

import numpy as np
import pandas as pd

from snlib.evaluation.experts import EXPERTS, expert_scores
from snlib.evaluation.generation import conditional_spectra, generation_scores, prior_spectra
from snlib.evaluation.lengths import length_scores
from snlib.evaluation.masking import masked_distances, masking_scores
from snlib.evaluation.recovery import head_errors, mean_parameter_errors, parameter_errors
from snlib.evaluation.score_table import Curves, score_events
from snlib.evaluation.scores import PIT_COLUMNS
from snlib.inference.samplers import draw_events
from snlib.model.heads import HEAD_OF
from snlib.replication.methods import NO_RECIPE, compared

__all__ = [
    "GENERATED_AT_DAYS",
    "N_PRIOR",
    "OF_NO_RECIPE",
    "TABLES",
    "generated_spectra",
    "spectra_and_curves",
]

GENERATED_AT_DAYS = 10.0  # the phase of Figure 5
N_PRIOR = 200
_WITH_PARAMETERS = (
    *("mmvae", "contrastive"),
    *("photometry-regressor", "spectrum-regressor", "joint-regressor"),
)


def spectra_and_curves(run, recipe):
    """The scores of all that the paper compares, and the curves of Figure 4.

    Returns
    -------
    pandas.DataFrame
        ``model`` (see `snlib.replication.methods.compared`), and the columns of
        `snlib.evaluation.score_table.score_events` but for the identifier and the ranks.
    dict of str to ndarray, shape (P, L)
        By model, kind of interval and name, with "/" between them; see
        `snlib.evaluation.score_table.Curves`.
    """
    test, tables, drawn = run.dataset().part("test"), [], {}
    for method, sampler in compared(run, recipe):
        curves = Curves()
        samples = draw_events(sampler, test, run.profile.n_posterior_samples, run.training_seed)
        tables.append(score_events(samples, test, curves).drop(columns=["object_id", *PIT_COLUMNS]))
        tables[-1].insert(0, "model", method)
        drawn |= {
            f"{method}/{interval}/{name}": values.astype(np.float32)
            for interval, of_interval in curves.means().items()
            for name, values in of_interval.items()
        }
    return pd.concat(tables, ignore_index=True), drawn


def generated_spectra(run, recipe):
    """The spectra of Figure 5, `GENERATED_AT_DAYS` after peak.

    Returns
    -------
    dict of str to ndarray, shape (N, L)
        log10 F_nu by kind.  Of no recipe: "truth", the spectra of the test events.  Of a recipe: "prior",
        `N_PRIOR` samples; and "conditional", a sample for the light curve of each test event.
    """
    dataset, at, seed = run.dataset(), GENERATED_AT_DAYS, run.training_seed
    test, scaling = dataset.part("test"), dataset.scaling
    if recipe == NO_RECIPE:
        return {"truth": test.spectra.at_phase(at)}
    model, wavelength = run.trained("mmvae", recipe).model, test.spectra.wavelength_aa
    return {
        "prior": prior_spectra(model, scaling, at, wavelength, N_PRIOR, seed),
        "conditional": conditional_spectra(model, scaling, test, at, seed, run.device),
    }


def _spectra(run, recipe):
    return spectra_and_curves(run, recipe)[0]


def _generation(run, recipe):
    """`generation_scores` of `generated_spectra`."""
    wavelength = run.dataset().events.spectra.wavelength_aa
    spectra = generated_spectra(run, recipe)
    tables = {kind: generation_scores(values, wavelength) for kind, values in spectra.items()}
    return _of(recipe, pd.concat(tables, names=["kind", "sample"]).reset_index())


def _masking(run, recipe):
    """`snlib.evaluation.masking.masking_scores` of the MMVAE."""
    return _of_mmvae(masking_scores, run, recipe)


def _masked_distances(run, recipe):
    """`snlib.evaluation.masking.masked_distances` of the MMVAE."""
    return _of_mmvae(masked_distances, run, recipe)


def _of_mmvae(scores, run, recipe):
    model, n_samples = run.trained("mmvae", recipe).model, run.profile.n_posterior_samples
    return _of(recipe, scores(model, run.dataset(), n_samples, run.training_seed, run.device))


def _experts(run, recipe):
    """`snlib.evaluation.experts.expert_scores` of the MMVAE on all test events.

    A row an expert ("light curve" or "spectrum") and phase: ``recipe, expert, phase_days, rmse_dex``, and
    ``spread``, which is the same at all phases.
    """
    dataset = run.dataset()
    pairs = dataset.pairs("test", run.device)
    scores = expert_scores(run.trained("mmvae", recipe).model, pairs, dataset.scaling)
    rows = [
        {
            "expert": name.replace("_", " "),
            "phase_days": phase,
            "rmse_dex": scores[f"{name}_rmse_dex_{number}"],
            "spread": scores[f"{name}_spread"],
        }
        for name in EXPERTS
        for number, phase in enumerate(dataset.events.spectra.phase_days)
    ]
    return _of(recipe, pd.DataFrame(rows))


def _lengths(run, recipe):
    """`snlib.evaluation.lengths.length_scores` of the MMVAE."""
    return _of(recipe, length_scores(run.trained("mmvae", recipe).model, run.dataset(), run.device))


def _parameters(run, recipe):
    """Errors of the six parameters: those of the mean of the training events, or of the models' predictions.

    See `snlib.evaluation.recovery.parameter_errors` and `head_errors`.
    """
    dataset = run.dataset()
    if recipe == NO_RECIPE:
        return _of(recipe, mean_parameter_errors(dataset))
    models = {name: run.trained(name, recipe).model for name in _WITH_PARAMETERS if run.has(name, recipe)}
    tables = [parameter_errors(dataset, models, run.training_seed, run.device)]
    for name, of in HEAD_OF.items():
        if run.has(name, recipe):
            tables.append(head_errors(dataset, run.trained(name, recipe).model, *of, run.device))
    return _of(recipe, pd.concat(tables, ignore_index=True))


def _of(recipe, rows):
    rows.insert(0, "recipe", recipe)
    return rows


#: What makes each table of results: a function of a run and a recipe, which gives rows.
TABLES = {
    "spectra": _spectra,
    "masking": _masking,
    "masked_distances": _masked_distances,
    "experts": _experts,
    "lengths": _lengths,
    "generation": _generation,
    "parameters": _parameters,
}
OF_NO_RECIPE = ("spectra", "generation", "parameters")  # that say something of "none" too
