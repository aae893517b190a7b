"""What spectra are worth that are predicted early, or from few points: the table of chapter 20."""

import pandas as pd

from snlib.evaluation.early import cuts, early_scores
from snlib.evaluation.score_table import score_events
from snlib.evaluation.scores import average_scores
from snlib.inference.samplers import draw_events, forecast_sampler
from snlib.replication.methods import sampler_of

__all__ = ["early_table"]

_N_EVENTS, _N_SAMPLES = 100, 100
_BY = ["cut", "value", "phase_days"]
_MEASURES = ["rmse_dex", "crps_dex", "coverage_68", "coverage_90", "width_90_dex"]
_MEASURES += ["coverage_68_error", "coverage_90_error"]


def early_table(run, forecaster):
    """Error, coverage and width of predicted spectra against what is left of the light curves.

    Parameters
    ----------
    run : snlib.replication.run.Run
        On surrogate events; the first hundred test events judge.
    forecaster : snlib.inference.forecast.Forecaster
        Trained on the run's training events.

    Returns
    -------
    pandas.DataFrame
        A row for each ``method`` ("MMVAE": the forecaster; "inversion"; "mean spectrum": some training
        spectra, whatever the light curve), ``cut``, ``value`` and ``phase_days``, with the columns
        ``rmse_dex, crps_dex, coverage_68, coverage_90, width_90_dex`` and, over events, the standard
        errors ``coverage_68_error`` and ``coverage_90_error``.
    """
    dataset = run.dataset()
    test = dataset.events.select(dataset.split["test"][:_N_EVENTS])
    samplers = {"MMVAE": forecast_sampler(forecaster), "inversion": sampler_of(run, "inversion")}
    tables = {}
    for name, sampler in samplers.items():
        scores = early_scores(sampler, test, run.seed, _N_SAMPLES)
        tables[name] = average_scores(scores[scores["interval"] == "predictive"], _BY)
    tables["mean spectrum"] = _whatever_the_light_curve(run, test)
    table = pd.concat([table.assign(method=name) for name, table in tables.items()], ignore_index=True)
    return table[["method", *_BY, *_MEASURES]]


def _whatever_the_light_curve(run, test):
    """The scores of the mean spectrum, the same at every cut."""
    drawn = draw_events(sampler_of(run, "mean spectrum"), test, _N_SAMPLES, run.seed)
    scores = average_scores(score_events(drawn, test), ["phase_days"])
    every = [(cut, float(value)) for cut, value, _ in cuts(test.select([0]), run.seed)]
    return pd.DataFrame(every, columns=_BY[:2]).merge(scores, how="cross")
