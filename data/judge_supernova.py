"""Lay spectra that are predicted for SN 2006ax beside observed ones, by the commands that anybody has.

From the repository's root::

    git clone https://github.com/msiebert1/kaepora
    python data/judge_supernova.py kaepora

The observed spectra are not committed, since no terms of redistribution were found; README beside this file
says whose they are.  Writes results/supernova: scores, and the figure of the chapter.
"""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from snlib import __version__
from snlib.cli import app
from snlib.figures.seen import plot_seen
from snlib.figures.style import use_style
from snlib.files import DATA, replacing
from snlib.inference import OBSERVED_WEIGHTS
from snlib.replication.cache import file_digest
from snlib.replication.kept_tables import keep_tables
from snlib.replication.seen import beside, score_seen

LIGHT_CURVE, OBJECTS = (DATA / "supernova" / name for name in ("SN2006ax.txt", "objects.csv"))
SPECTRA = {
    53820.29: "data/spectra/cfa/sn2006ax/sn2006ax-20060326.29-fast.flm",
    53827.30: "data/spectra/cfa/sn2006ax/sn2006ax-20060402.30-fast.flm",
    53853.224: "data/spectra/bsnip/sn2006ax-20060428.224-ui.flm",
}
ALONE, KNOWING = "light curve", "light curve and first spectrum"


def main():
    """Write the scores and the figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clone", type=Path)
    spectra = read(parser.parse_args().clone)
    known = pd.read_csv(OBJECTS).iloc[0]
    phases = (np.array(list(SPECTRA)) - known["peak_mjd"]) / (1 + known["redshift"])
    first = spectra[spectra["mjd"] == min(SPECTRA)]
    with TemporaryDirectory() as folder:
        first.to_csv(f"{folder}/first.csv", index=False)
        seen = {
            ALONE: predicted(folder, phases, ()),
            KNOWING: predicted(folder, phases, ("--spectra", f"{folder}/first.csv")),
        }
    scores = {name: score_seen(table, spectra, known["redshift"]) for name, table in seen.items()}
    table = pd.concat([rows.assign(given=name) for name, rows in scores.items()])
    made_from = {
        "weights": {"file": OBSERVED_WEIGHTS.name, "sha256": file_digest(OBSERVED_WEIGHTS)},
        "light_curve": file_digest(LIGHT_CURVE),
        "spectra": [Path(path).name for path in SPECTRA.values()],
        "snlib": __version__,
    }
    folder = DATA / "results" / "supernova"
    keep_tables(folder, {"spectra": table.drop(columns=["scale", "mjd"])}, made_from)
    with replacing(folder / "spectra.png") as temporary:
        draw(seen, spectra, scores[ALONE]["scale"], temporary)


def read(clone):
    """The observed spectra, as a table for ``--spectra``."""
    pixels = {mjd: np.loadtxt(clone / path, usecols=(0, 1)) for mjd, path in SPECTRA.items()}
    tables = [
        pd.DataFrame({"object_id": "SN2006ax", "mjd": mjd, "wavelength": of[:, 0], "flux": of[:, 1]})
        for mjd, of in pixels.items()
    ]
    return pd.concat(tables, ignore_index=True)


def predicted(folder, phases, more):
    """What the two commands give, as the observer would see it."""
    given = [str(LIGHT_CURVE), "--objects", str(OBJECTS), "--phases=" + ",".join(f"{x:.2f}" for x in phases)]
    out, seen = f"{folder}/predicted.csv", f"{folder}/seen.csv"
    app(["predict", *given, "--device", "cpu", "--out", out, *more], standalone_mode=False)
    app(["observe", out, "--out", seen], standalone_mode=False)
    return pd.read_csv(seen)


def draw(seen, spectra, scale, path):
    """Draw the spectra of each night, the observed ones at the level of the predicted."""
    use_style()
    figure, axes = plt.subplots(1, len(SPECTRA), figsize=(13, 4.2))
    for ax, (mjd, pixels), factor in zip(axes, spectra.groupby("mjd"), scale, strict=True):
        nights = {name: beside(table, mjd) for name, table in seen.items()}
        plot_seen(ax, nights, pixels.assign(flux=pixels["flux"] * factor))
    axes[0].set_ylabel("Flux density [10$^{-15}$ erg/s/cm²/Å]")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    figure.savefig(path, format="png", facecolor="white")


if __name__ == "__main__":
    main()
