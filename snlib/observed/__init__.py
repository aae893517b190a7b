"""Observed supernovae, brought to the rest frame, and what can be said of one from the others."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "kcor": ["Passband", "read_kcor"],
        "others": ["mean_of_others", "nearest_of_others"],
        "salt": ["Salt3", "fitted_spectra"],
        "salt_fit": ["SaltFit", "fit_salt"],
        "snana": ["ObservedSpectrum", "ObservedSupernova", "read_snana"],
        "table": ["ObservedSupernovae", "read_observed"],
    },
)
