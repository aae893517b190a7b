"""Observed supernovae, brought to the rest frame, and what can be said of one from the others."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "apparent": ["ApparentLightCurves", "read_apparent"],
        "as_observed": ["write_as_observed"],
        "command": ["Given", "light_curves_at_rest"],
        "conversion": ["read_observed_light_curves"],
        "frames": ["distance_modulus_at", "observer_frame"],
        "kcor": ["Passband", "read_kcor"],
        "known_spectra": ["KnownSpectra", "read_known_spectra"],
        "objects": ["Objects", "read_objects"],
        "others": ["mean_of_others", "nearest_of_others"],
        "salt": ["Salt3", "fitted_spectra", "warped_spectra"],
        "salt_fit": ["SaltFit", "fit_salt"],
        "passbands": ["find_passband"],
        "snana": ["ObservedSpectrum", "ObservedSupernova", "read_snana"],
        "steps": ["Steps"],
        "table": ["ObservedSupernovae", "read_observed"],
    },
)
