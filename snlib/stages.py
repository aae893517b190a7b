"""The files that decide the results of each stage: the pipeline and the caches go by them."""

import hashlib

from snlib.files import DATA

__all__ = ["STAGES", "digest"]

_MODULES = {
    "events": "files grid surfaces surrogate packets surrogate_grid visits photometry survey spectra events "
    "simulate published",
    "training": "recipes dataset transceiver likelihoods objectives variants vae mmvae predictive "
    "contrastive regression models draws streams steps training weights trained",
    "evaluation": "runs embedding posteriors evaluation methods masking generation recovery results",
}
# Of each stage, given the results of the one before.
STAGES = {stage: [f"snlib/{name}.py" for name in names.split()] for stage, names in _MODULES.items()}
STAGES["events"] += ["data/surrogate.npz", "data/rubin_visits.npz"]


def digest(stage):
    """SHA-256 of the files that decide a stage's results."""
    sha = hashlib.sha256()
    for name in STAGES[stage]:
        sha.update((DATA.parent / name).read_bytes())
    return sha.hexdigest()
