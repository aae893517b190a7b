"""Make the table of observed supernovae.

From the repository's root, with ``pip install -e '.[observed]'``::

    git clone https://github.com/djones1040/SALTShaker
    python data/make_observed.py SALTSHAKER SALT3_FOLDER OBSERVED_NPZ

The light curves and spectra are those from which SALT3 was trained; README beside this file names the surveys
to cite.  The table is not committed, since their terms of redistribution are unclear.  Its supernovae and
their folds are listed in observed_supernovae.csv, so that what was judged in folds stays comparable.
"""

import argparse
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from snlib.files import DATA, write_npz
from snlib.observed import read_kcor, read_snana
from snlib.observed.table_making import TableMaker

EXAMPLE = Path("examples") / "saltshaker-latest-training"
SAMPLE = "SALT3TRAIN_PanPlus"


def main():
    """Write the table, and say what was left out."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("saltshaker", type=Path)
    parser.add_argument("salt3")
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    listed = pd.read_csv(DATA / "observed_supernovae.csv", dtype={"object_id": str})
    maker = TableMaker(given.salt3, dict(zip(listed["object_id"], listed["fold"].tolist(), strict=True)))
    for supernova, passbands in with_spectra(given.saltshaker / EXAMPLE):
        maker.add(supernova, passbands)
    arrays = maker.arrays()
    write_npz(given.out, **arrays)
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
