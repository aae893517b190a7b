"""Make the table of observed supernovae.

From the repository's root, with ``pip install -e '.[observed]'``::

    git clone https://github.com/djones1040/SALTShaker
    python data/make_observed.py SALTSHAKER SALT3_FOLDER OBSERVED_NPZ

The light curves and spectra are those from which SALT3 was trained; README beside this file names the surveys
to cite.  The table is not committed, since their terms of redistribution are unclear.  Its supernovae and
their folds are listed in observed_supernovae.csv, so that what was judged in folds stays comparable.
"""

import argparse
import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from snlib.files import DATA
from snlib.files.writing import resumable
from snlib.observed import read_kcor, read_snana
from snlib.observed.table_making import TableMaker
from snlib.replication import digest

EXAMPLE = Path("examples") / "saltshaker-latest-training"
SAMPLE = "SALT3TRAIN_PanPlus"


def main():
    """Write the table, and say what was left out; after a kill the same command goes on."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("saltshaker", type=Path)
    parser.add_argument("salt3")
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    listed = pd.read_csv(DATA / "observed_supernovae.csv", dtype={"object_id": str})
    maker = TableMaker(given.salt3, dict(zip(listed["object_id"], listed["fold"].tolist(), strict=True)))
    made_from = repr((digest("survey"), given.saltshaker, given.salt3, maker.folds)).encode()
    with resumable(given.out, hashlib.sha256(made_from).hexdigest()[:16]) as file:
        maker.go_on(file)
        for supernova, passbands in with_spectra(given.saltshaker / EXAMPLE):
            if supernova.object_id not in maker:
                maker.add(supernova, passbands)
                maker.keep(file)
        arrays = maker.arrays()
        file.seek(0)
        np.savez_compressed(file, allow_pickle=False, **arrays)
        file.truncate()
    reasons = pd.Series([reason.split(": ", 1)[1] for reason in maker.left_out.values()]).value_counts()
    print(f"{len(arrays['object_id'])} supernovae, {len(arrays['spectrum_object'])} spectra; left out:")
    print(reasons.to_string())


def with_spectra(folder):
    """The supernovae that have spectra, with the filters of their survey."""
    files = sorted((folder / SAMPLE).glob(f"{SAMPLE}_*/*.dat.gz"))
    if not files:
        raise FileNotFoundError(f"{folder / SAMPLE}: no files of supernovae")
    passbands = {}
    for file in tqdm(files, desc="supernovae"):
        supernova = read_snana(file)
        if supernova.spectra:
            survey = file.parent.name.removeprefix(f"{SAMPLE}_")
            if survey not in passbands:
                passbands[survey] = read_kcor(folder / "kcor" / f"kcor_{survey}.fits")
            yield supernova, passbands[survey]


if __name__ == "__main__":
    main()
