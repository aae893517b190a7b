"""Tables of results that say the same of each recipe: hidden points, experts and parameters."""

import pandas as pd

from snlib.evaluation.experts import EXPERTS, expert_scores
from snlib.evaluation.masking import masked_distances, masking_scores
from snlib.evaluation.recovery import mean_parameter_errors, parameter_errors
from snlib.model.recipes import RECIPES

__all__ = ["experts_table", "masked_distances_table", "masking_table", "parameters_table"]

_WITH_PARAMETERS = ("mmvae", "contrastive", "photometry-regressor", "spectrum-regressor")


def masking_table(run):
    """`snlib.evaluation.masking.masking_scores` of the MMVAE of each recipe, from a `Run`."""
    return _joined({recipe: _of_mmvae(masking_scores, run, recipe) for recipe in RECIPES})


def masked_distances_table(run):
    """`snlib.evaluation.masking.masked_distances` of the MMVAE of each recipe."""
    return _joined({recipe: _of_mmvae(masked_distances, run, recipe) for recipe in RECIPES})


def experts_table(run):
    """`snlib.evaluation.experts.expert_scores` of the MMVAE of each recipe on all test events.

    A row an expert ("light curve" or "spectrum") and phase: ``recipe, expert, phase_days, rmse_dex``, and
    ``spread``, which is the same at all phases.
    """
    dataset = run.dataset()
    pairs, phase_days = dataset.pairs("test", run.device), dataset.events.spectra.phase_days
    tables = {}
    for recipe in RECIPES:
        scores = expert_scores(run.trained("mmvae", recipe).model, pairs, dataset.scaling)
        tables[recipe] = pd.DataFrame(
            {
                "expert": name.replace("_", " "),
                "phase_days": phase,
                "rmse_dex": scores[f"{name}_rmse_dex_{number}"],
                "spread": scores[f"{name}_spread"],
            }
            for name in EXPERTS
            for number, phase in enumerate(phase_days)
        )
    return _joined(tables)


def parameters_table(run):
    """`snlib.evaluation.recovery.parameter_errors` of each recipe, and those of the training mean."""
    dataset, tables = run.dataset(), {}
    tables["none"] = mean_parameter_errors(dataset)
    for recipe in RECIPES:
        models = {name: run.trained(name, recipe).model for name in _WITH_PARAMETERS}
        tables[recipe] = parameter_errors(dataset, models, run.seed, run.device)
    return _joined(tables)


def _of_mmvae(scores, run, recipe):
    model, n_samples = run.trained("mmvae", recipe).model, run.profile.n_posterior_samples
    return scores(model, run.dataset(), n_samples, run.seed, run.device)


def _joined(tables):
    return pd.concat(tables, names=["recipe"]).reset_index("recipe").reset_index(drop=True)
