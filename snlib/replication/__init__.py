"""The book's own: runs, results, claims and verdicts, ablations, real models."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "ablations": ["ABLATIONS", "ablate"],
        "claims": ["CLAIMS"],
        "evaluated": ["EVALUATED"],
        "evidence": ["Evidence"],
        "folds": ["real_folds", "train_folds"],
        "parity": ["NUMBERS", "QUANTITIES", "STATES", "largest_differences"],
        "parameters": ["require_parameters"],
        "profiles": ["PROFILES", "Profile"],
        "real_results": ["write_real_results"],
        "readings": ["READINGS", "read_readings"],
        "results": ["write_results"],
        "run": ["Run", "open_run"],
        "shipping": ["ship"],
        "stages": ["digest"],
        "tables": ["TABLES"],
        "trained": ["train_or_load", "train_or_load_stack"],
    },
)
