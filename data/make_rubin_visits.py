"""Make rubin_visits.npz: the visits of Rubin's simulated survey that light curves are drawn from.

The table comes from the wheel of redback 1.20.0 (91 MB). From the repository's root::

    pip download --no-deps redback==1.20.0
    python data/make_rubin_visits.py --wheel redback-1.20.0-py3-none-any.whl
"""

import argparse
import hashlib
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd

from snlib.data.quantities import BANDS
from snlib.files import DATA, write_npz
from snlib.simulation.survey import SURVEY_DAYS, WINDOW_DAYS
from snlib.simulation.visits import load_visits

WHEEL_SHA256 = "28714f978a4627167dbf5d7073872d908b6942fcfb2dbfbbf57729d7b88c5a94"
TABLE = "redback/tables/rubin_baseline_v3.0_10yrs.tar.gz"


def sha256(path):
    """SHA-256 of a file, as 64 hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_table(wheel):
    """Read the survey from the wheel.

    Returns
    -------
    pandas.DataFrame
        Columns _ra, _dec (radians), expMJD (days), filter (``lsstu`` to ``lssty``), fiveSigmaDepth
        (AB magnitudes), in time order.
    """
    columns = ["_ra", "_dec", "expMJD", "filter", "fiveSigmaDepth"]
    with zipfile.ZipFile(wheel) as archive, archive.open(TABLE) as member:
        # A gzipped CSV, not a tar, whatever its name says.
        table = pd.read_csv(member, compression="gzip", usecols=columns)
    return table.sort_values("expMJD", kind="stable")


def pack(table):
    """Pack the visits that a light curve can hold as integers that compress well.

    These are the visits of the first half of the survey, where the windows start, and of one
    window more.

    Returns
    -------
    dict of ndarray
        The fields that `snlib.simulation.visits.load_visits` reads.
    """
    days = (table["expMJD"] - table["expMJD"].iloc[0]).to_numpy()
    keep = days <= SURVEY_DAYS / 2 + WINDOW_DAYS
    table = table[keep]

    def integers(values, dtype):
        return np.rint(np.asarray(values)).astype(dtype)

    return {
        "mjd_start": table["expMJD"].iloc[0],
        # Rounded before the differences are taken, so that errors do not add up.
        "mjd_step": np.diff(integers(days[keep] / 1e-4, np.uint32), prepend=np.uint32(0)),
        "ra_centideg": integers(100 * np.degrees(table["_ra"]), np.uint16) % 36_000,
        "dec_centideg": integers(100 * np.degrees(table["_dec"]), np.int16),
        "band": integers(table["filter"].map({f"lsst{band}": b for b, band in enumerate(BANDS)}), np.uint8),
        "depth_centimag": integers(100 * table["fiveSigmaDepth"], np.uint16),
    }


def main():
    """Check the wheel, write the file and print what a record of it needs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--wheel", type=Path, required=True, help="redback-1.20.0-py3-none-any.whl")
    parser.add_argument("--out", type=Path, default=DATA / "rubin_visits.npz", help="default: %(default)s")
    arguments = parser.parse_args()
    if not arguments.wheel.is_file():
        sys.exit(f"{arguments.wheel}: no such file")
    if sha256(arguments.wheel) != WHEEL_SHA256:
        sys.exit(f"{arguments.wheel}: SHA-256 is not that of redback 1.20.0, {WHEEL_SHA256}")
    write_npz(arguments.out, **pack(read_table(arguments.wheel)))
    visits = load_visits(arguments.out)
    size = arguments.out.stat().st_size
    print(f"{arguments.out}: {len(visits.mjd)} visits, {size} bytes, SHA-256 {sha256(arguments.out)}")


if __name__ == "__main__":
    main()
