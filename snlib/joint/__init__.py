"""Observed supernovae learned from: a transceiver that reads light curve and spectra as one sequence."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "build": ["make_examples"],
        "examples": ["Examples", "JointBatch", "OtherSpectra", "Points"],
        "carrying": ["CarryOver"],
        "forecast": ["ObservedForecaster", "misfits_mag"],
        "folds": ["HeldOut", "fine_tune", "pre_train", "predict_held_out"],
        "intervals": ["Widening", "cross_recalibrated"],
        "mean_supernova": ["MeanSupernova"],
        "model": ["JOINT", "JOINT_TUNED", "JointEncoder", "JointRecipe", "JointTransceiver"],
        "predict": ["JointForecaster"],
        "simulate": ["simulate_salt"],
        "surprises": ["Surprises", "find_surprises"],
    },
)
