"""Measure which observed light curves the weights `observed` call unlike those that they learned from.

From the repository's root::

    pip download --no-deps --no-binary :all: snpy==2.7.4
    git clone https://github.com/PantheonPlusSH0ES/DataRelease
    python data/judge_unlike_observed.py snpy-2.7.4.tar.gz DataRelease

Supernovae of the Carnegie Supernova Project that come as templates with SNooPy, but for those that weights
learned from; their reddening by the Milky Way and their redshift from the microwave background are those of
the clone.  Writes results/unlike_observed.  To be run when the weights are replaced.
"""

import argparse
import re
import tarfile
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from snlib import __version__
from snlib.data.ragged import RaggedLightCurves
from snlib.evaluation.odd_light_curves import KINDS
from snlib.files import DATA
from snlib.inference import OBSERVED_WEIGHTS
from snlib.joint import ObservedForecaster
from snlib.observed import distance_modulus_at, read_observed_light_curves
from snlib.random_streams import stream
from snlib.replication.cache import file_digest
from snlib.replication.kept_tables import keep_tables
from snlib.training.steps import use_one_core

BANDS, JD_TO_MJD = "uBVgri", 2453000.0 - 2400000.5
IN_SDIST, IN_CLONE = "snpy/CSPtemp", "Pantheon+_Data/1_DATA/photometry/CSPDR3_anthony"
TYPES = {  # Folatelli et al. 2013
    **dict.fromkeys(("SN2005ke", "SN2006mr"), "1991bg-like"),
    "SN2005A": "normal, behind much dust",
}
ANALYTIC = ("1991bg-like", "plateau (IIP)")


def main():
    """Write the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sdist")
    parser.add_argument("clone", type=Path)
    given = parser.parse_args()
    use_one_core()
    forecaster = ObservedForecaster.load(OBSERVED_WEIGHTS)
    learned = set(pd.read_csv(DATA / "observed_supernovae.csv")["object_id"])
    with tarfile.open(given.sdist) as sdist:
        curves = pd.Series(
            {
                name: at_rest(sdist, given.clone, name, row)
                for name, row in described(sdist).items()
                if name.removeprefix("SN") not in learned
            }
        )
    rows = [about(forecaster, one) for one in curves]
    seen = pd.DataFrame(rows, curves.index).rename_axis("object_id").reset_index()
    seen.insert(1, "type", seen["object_id"].map(TYPES).fillna("normal"))
    analytic = [
        {"kind": kind, "object_id": name, **about(forecaster, of_kind(kind, one, index))}
        for kind in ANALYTIC
        for index, (name, one) in enumerate(curves.items())
    ]
    made_from = {
        "weights": {"file": OBSERVED_WEIGHTS.name, "sha256": file_digest(OBSERVED_WEIGHTS)},
        "most_misfit_mag": forecaster.most_misfit_mag,
        "light_curves": file_digest(given.sdist),
        "snlib": __version__,
    }
    tables = {"light_curves": seen, "analytic": pd.DataFrame(analytic)}
    keep_tables(DATA / "results" / "unlike_observed", tables, made_from)


def described(sdist):
    """Redshift and peak of each supernova, which are in the table of its B templates."""
    lines = read(sdist, f"{IN_SDIST}/templates.dat")
    table = [[word.strip() for word in line.split(";")] for line in lines if not line.startswith("#")]
    return {row[0]: (row[2], float(row[4]) + JD_TO_MJD) for row in table if row[1:2] == ["B"]}


def at_rest(sdist, clone, name, row):
    """A light curve, brought to the rest frame as the command does it."""
    redshift, peak_mjd = row
    about = (clone / IN_CLONE / f"CSPDR3_{name.removeprefix('SN')}.DAT").read_text()
    ebv, cmb = (float(re.search(rf"{key}:\s*(\S+)", about)[1]) for key in ("MWEBV", "REDSHIFT_CMB"))
    lines = [f"{name} {redshift} 0 0"]
    for band in BANDS:
        lines += [f"filter {band}", *read(sdist, f"{IN_SDIST}/templates/{name}_{band}.dat")]
    known = {"object_id": name, "redshift": redshift, "ebv_mw": ebv, "peak_mjd": peak_mjd}
    known["distance_modulus"] = float(distance_modulus_at(cmb))
    with TemporaryDirectory() as folder, warnings.catch_warnings(action="ignore"):
        curve, objects = Path(folder, "curve.txt"), Path(folder, "objects.csv")
        curve.write_text("\n".join(lines) + "\n")
        pd.DataFrame([known]).to_csv(objects, index=False)
        return read_observed_light_curves(curve, objects)[0]


def of_kind(kind, curves, index):
    """A light curve of another type, at the same phases and in the same bands."""
    rng = stream("odd light curves", 0, list(KINDS).index(kind), index)
    phase, magnitude, band = KINDS[kind](curves.phase_days, curves.magnitude, curves.band, rng)
    place = np.zeros(len(phase), dtype=int)
    return RaggedLightCurves.from_points(curves.object_id, place, phase, magnitude, band)


def about(forecaster, curves):
    """What is said of one light curve."""
    return {name: values[0] for name, values in forecaster.about(curves).items()}


def read(sdist, name):
    """The lines of a file; none if there is no such file."""
    (root, *_), *_ = (one.split("/") for one in sdist.getnames())
    if f"{root}/{name}" not in sdist.getnames():
        return []
    return [
        line.strip()
        for line in sdist.extractfile(f"{root}/{name}").read().decode().splitlines()
        if line.strip()
    ]


if __name__ == "__main__":
    main()
