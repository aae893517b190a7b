"""Figures: each function draws into the axes that it is given, and loads nothing."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "light_curves": ["plot_light_curve"],
        "spectra": [
            "mean_and_bands",
            "plot_prediction",
            "plot_predictions",
            "plot_reconstruction",
            "plot_spectra",
            "plot_truth",
        ],
        "style": ["use_style"],
        "unlike": ["plot_misfits", "plot_roc"],
    },
)
