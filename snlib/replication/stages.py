"""The rooms that decide the results of each stage: the pipeline and the caches go by them."""

import hashlib

from snlib.files import DATA

__all__ = ["STAGES", "digest"]

# Of each stage, given the results of the one before: folders and files below the repository's root.
STAGES = {
    "events": [
        "snlib/files.py",
        "snlib/data",
        "snlib/simulation",
        "data/surrogate.npz",
        "data/rubin_visits.npz",
    ],
    "training": ["snlib/files.py", "snlib/data", "snlib/model", "snlib/training"],
    "evaluation": ["snlib/inference", "snlib/evaluation", "snlib/replication"],
}


def digest(stage):
    """SHA-256 of the files that decide a stage's results."""
    sha = hashlib.sha256()
    for name in STAGES[stage]:
        path = DATA.parent / name
        for file in sorted(path.glob("*.py")) if path.is_dir() else [path]:
            sha.update(file.read_bytes())
    return sha.hexdigest()
