"""Observed supernovae, brought to the rest frame, and what can be said of one from the others."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "others": ["mean_of_others", "nearest_of_others"],
        "salt": ["Salt3", "fitted_spectra"],
        "table": ["ObservedSupernovae", "read_observed"],
    },
)
