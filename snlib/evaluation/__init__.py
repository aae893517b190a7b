"""How good predictions and simulations are."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "bootstrap": ["interval"],
        "cadence_statistics": ["compare_cadences", "whole_light_curves"],
        "experts": ["DEAD_BELOW", "expert_scores"],
        "odd_light_curves": ["KINDS", "odd"],
        "score_table": ["score_events"],
        "scores": ["average_scores"],
        "surrogate_accuracy": ["accuracy", "cross_validate"],
        "unlike": ["FEW_POINTS", "fit_familiarity"],
    },
)
